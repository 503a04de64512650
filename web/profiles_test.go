package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

// fields are a form as its page was drawn, changed by pairs of name and value.
func fields(page string, pairs ...string) url.Values {
	form := url.Values{}
	for _, input := range strings.Split(page, "<input")[1:] {
		tag, _, _ := strings.Cut(input, ">")
		name, value := attribute(tag, "name"), attribute(tag, "value")
		if name != "" && !strings.Contains(tag, `type="checkbox"`) {
			form.Set(name, value)
		}
	}
	for _, choice := range strings.Split(page, "<select")[1:] {
		tag, rest, _ := strings.Cut(choice, ">")
		for _, option := range strings.Split(rest, "<option")[1:] {
			head, _, _ := strings.Cut(option, ">")
			if strings.Contains(head, "selected") {
				form.Set(attribute(tag, "name"), attribute(head, "value"))
			}
			if strings.Contains(option, "</select>") {
				break
			}
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func attribute(tag, name string) string {
	_, rest, found := strings.Cut(tag, " "+name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return strings.NewReplacer("&#34;", `"`, "&amp;", "&", "&#39;", "'", "&lt;", "<", "&gt;", ">").Replace(value)
}

func TestAPharmacistMakesAProfileOfTheHospitalsOwn(t *testing.T) {
	p := openPharmacy(t)
	p.shows("/profiles", "Refrigerator by WHO PQS", "Vaccine shipment by WHO PQS", "CDC Vaccine Storage and Handling Toolkit", "Copy", "1 fridge judged by it")
	p.warm(5, 7, 7.2, 7.4, 7.1, 7.3, 7, 5, 5, 5) // never over 8
	form := p.shows("/profiles/new?copy=refrigerator", "New profile")

	tight := fields(form, "id", "insulin", "name", "Insulin <fridge>", "rule0-limit", "6,5", "fridge", "f-1", "do", "preview")
	if w := p.post("/profiles", tight); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "would have rung 1 time; rang 0 times") || !strings.Contains(w.Body.String(), "Insulin &lt;fridge&gt;") {
		t.Fatalf("the preview answers %d: %s", w.Code, w.Body.String())
	}
	for _, wrong := range []struct{ field, typed, says string }{
		{"id", "Insulin!", "short name in small letters"}, {"id", "freezer", "already"}, {"low", "warm", "no number"}, {"low", "9", "begins at"},
		{"source", " ", "needs a name, and a source"}, {"rule0-minutes", "-5", "negative"}, {"from", "2020-01-01T08:00", "begin in the past"},
		{"from", "soon", "can&#39;t be read"}, {"why", "", "few words why"},
	} {
		bad := fields(form, "id", "insulin", "why", "label of the maker", "do", "save", wrong.field, wrong.typed)
		if w := p.post("/profiles", bad); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), wrong.says) {
			t.Errorf("%s %q answers %d, not %q", wrong.field, wrong.typed, w.Code, wrong.says)
		}
	}
	tight.Set("do", "save")
	tight.Set("why", "label of the maker")
	if w := p.post("/profiles", tight); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/profiles/insulin" {
		t.Fatalf("saving answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/profiles/insulin", "Rings over 6.5 °C for 15 min", "Version 1", "label of the maker")

	if w := p.post("/fridges/f-1/profile", url.Values{"profile": {"insulin"}, "why": {""}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("no reason answers %d", w.Code)
	}
	if w := p.post("/fridges/f-1/profile", url.Values{"profile": {"insulin"}, "why": {"holds insulin now"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("giving it answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/fridges/f-1", "Limits: Insulin &lt;fridge&gt;", "None so far.") // what was judged before stays as it was
	p.warm(7, 7, 7, 7, 7)
	p.shows("/fridges/f-1", "Too warm", `data-excursion="1"`)
	p.shows("/alarms", "limit 6.5 °C")

	later := p.at.Add(2 * time.Hour).In(time.FixedZone("CEST", 7200)).Format("2006-01-02T15:04")
	wide := fields(p.shows("/profiles/insulin"), "rule0-limit", "9", "from", later, "why", "too tight", "do", "save")
	if w := p.post("/profiles/insulin", wide); w.Code != http.StatusSeeOther {
		t.Fatalf("the next version answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/profiles/insulin", "Begins later", "Rings over 6.5 °C", "Version 2")
	for range 24 {
		p.warm(7)
	}
	p.shows("/profiles/insulin", "Rings over 9.0 °C")
	p.shows("/fridges/f-1", "In range", "Over", "2 h") // it ended when the new version began
	p.who = person("Nia", hospital.Nurse)
	if page := p.shows("/profiles/insulin"); strings.Contains(page, `value="save"`) {
		t.Error("a nurse is offered to change a profile")
	}
	if w := p.post("/profiles/insulin", wide); w.Code != http.StatusForbidden {
		t.Errorf("a nurse's change answers %d", w.Code)
	}
}
