package main

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
)

// orderSent is an order of the small hospital that is with its supplier.
func orderSent(t *testing.T, h *house, manager visitor) reorder.Order {
	t.Helper()
	ctx := t.Context()
	nurse := newVisitor(t, h, "asks", hospital.Pharmacist, nil)
	places, err := h.parts.Stock.Store.Places(ctx)
	if err != nil {
		t.Fatal(err)
	}
	id, err := h.reorders.Ask(ctx, nurse.person.Actor(), reorder.Spot{Item: "mmr", Place: places[0].ID}, 20, "a clinic")
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.reorders.Approve(ctx, manager.person.Actor(), reorder.Answer{ID: id, Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	o, err := h.reorders.Store.FindOrder(ctx, p.Order)
	if err == nil {
		err = h.reorders.Send(ctx, manager.person.Actor(), o.Number, o.Version)
	}
	if err == nil {
		o, err = h.reorders.Store.FindOrder(ctx, p.Order)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// deliver posts a file as a supplier's program does.
func deliver(h *house, token string, file string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/suppliers/answers", strings.NewReader(file))
	r.Header.Set("Content-Type", "application/xml")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer := httptest.NewRecorder()
	h.door.ServeHTTP(answer, r)
	return answer
}

// A supplier's program answers an order with its token; who shows another is turned
// away; what departs waits on the order's page, where a person decides.
func TestASupplierAnswersOverHTTP(t *testing.T) {
	h, _ := wholeHouse(t)
	manager := newVisitor(t, h, "manager", hospital.SupplyManager, nil)
	o := orderSent(t, h, manager)
	tokens := h.parts.People.Keys
	_, secret, err := tokens.AddSupplier(t.Context(), atTheConsole, "its program", string(o.Supplier.ID))
	if err != nil {
		t.Fatal(err)
	}
	_, gateways, err := tokens.Add(t.Context(), atTheConsole, "a gateway", "")
	if err != nil {
		t.Fatal(err)
	}
	peppol := func(number, code, lines string) string {
		return `<OrderResponse><ID>` + number + `</ID><OrderResponseCode>` + code + `</OrderResponseCode><OrderReference><ID>` + o.Number + `</ID></OrderReference>` + lines + `</OrderResponse>`
	}
	less := `<OrderLine><LineItem><ID>1</ID><LineStatusCode>3</LineStatusCode><Quantity unitCode="XPK">1</Quantity></LineItem></OrderLine>`
	for name, c := range map[string]struct {
		token, file string
		want        int
	}{"no token": {"", peppol("1", "AP", ""), 401}, "a gateway's token": {gateways.Reveal(), peppol("1", "AP", ""), 401}, "no XML": {secret.Reveal(), "hello", 422},
		"too large": {secret.Reveal(), peppol("1", "AP", strings.Repeat(" ", supplier.MaxAnswer)), 413}} {
		if got := deliver(h, c.token, c.file); got.Code != c.want {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if _, err := tokens.Check(t.Context(), secret.Reveal()); err == nil {
		t.Error("a supplier's token delivers readings")
	}
	for range 2 {
		if got := deliver(h, secret.Reveal(), peppol("1", "AP", "")); got.Code != 200 || !strings.Contains(got.Body.String(), `"status":"applied"`) {
			t.Errorf("yes: %d %s", got.Code, got.Body)
		}
	}
	cxml := `<cXML payloadID="c-1"><Header><Sender><Credential><SharedSecret>` + secret.Reveal() + `</SharedSecret></Credential></Sender></Header><Request><ConfirmationRequest><ConfirmationHeader type="detail"/><OrderReference orderID="` + o.Number +
		`"/><ConfirmationItem lineNumber="1"><ConfirmationStatus type="detail" quantity="1"><UnitOfMeasure>PK</UnitOfMeasure></ConfirmationStatus></ConfirmationItem></ConfirmationRequest></Request></cXML>`
	if got := deliver(h, "", cxml); got.Code != 200 || !strings.Contains(got.Body.String(), `<Status code="200"`) {
		t.Errorf("cXML: %d %s", got.Code, got.Body)
	}
	if got := deliver(h, "", strings.Replace(cxml, secret.Reveal(), "ww_wrong", 1)); got.Code != 200 || !strings.Contains(got.Body.String(), `<Status code="401"`) {
		t.Errorf("cXML of a stranger: %d %s", got.Code, got.Body)
	}

	page := manager.ask("GET", "/orders/"+o.Number).Body.String()
	for _, want := range []string{"answers", "To decide", "instead of 20", "Accept what it says", "Less"} {
		if !strings.Contains(page, want) {
			t.Errorf("the order's page does not say %q", want)
		}
	}
	if list := manager.ask("GET", "/orders/answers").Body.String(); !strings.Contains(list, o.Number) {
		t.Error("the list of answers lacks the order")
	}
	waiting, err := h.reorders.Store.RepliesWaiting(t.Context(), 9)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%+v %v", waiting, err)
	}
	at := "/orders/answers/" + strconv.FormatInt(int64(waiting[0].ID), 10)
	if file := manager.ask("GET", at+"/file"); file.Body.String() != cxml {
		t.Error("the file is not as it came")
	}
	if back := manager.send("POST", at, "decision=refuse&version=1&why="); back.Code != 422 && back.Code != 409 || !strings.Contains(back.Body.String(), "Accept what it says") {
		t.Errorf("a refusal without a reason: %d", back.Code)
	}
	now, err := h.reorders.Store.FindOrder(t.Context(), o.Number)
	if err != nil {
		t.Fatal(err)
	}
	if done := manager.send("POST", at, "decision=accept&why=fine&version="+strconv.FormatInt(now.Version, 10)); done.Code != http.StatusSeeOther {
		t.Errorf("accept: %d %s", done.Code, done.Body)
	}
	if now, err = h.reorders.Store.FindOrder(t.Context(), o.Number); err != nil || now.Lines[0].Ordered-now.Lines[0].Cancelled != now.Lines[0].Pack {
		t.Errorf("accepted: %+v %v", now.Lines, err)
	}

	if got := bring(t, manager, o.Number, peppol("2", "CA", less)); got.Code != http.StatusSeeOther {
		t.Errorf("a file that a person brings: %d %s", got.Code, got.Body)
	}
	if got := bring(t, manager, o.Number, strings.Replace(peppol("3", "AP", ""), o.Number, "2020-0001", 1)); got.Code != 422 || !strings.Contains(got.Body.String(), "This answer is about order 2020-0001") {
		t.Errorf("a file about another order: %d", got.Code)
	}
	if _, _, err := tokens.AddSupplier(t.Context(), manager.person.Actor(), "mine", string(o.Supplier.ID)); err == nil {
		t.Error("a supply manager made a token that changes orders")
	}
	if err := h.reorders.KnownSupplier(t.Context(), inventory.SupplierID("nobody")); err == nil {
		t.Error("a token for a supplier that there is not")
	}
}

// bring uploads a file on an order's page.
func bring(t *testing.T, v visitor, number, file string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "answer.xml")
	if err == nil {
		_, err = part.Write([]byte(file))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/orders/"+number+"/answers", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(&http.Cookie{Name: "ward", Value: v.secret.Reveal()})
	answer := httptest.NewRecorder()
	v.house.door.ServeHTTP(answer, r)
	return answer
}
