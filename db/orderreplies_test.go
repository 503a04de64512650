package db_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
)

// answering is sentOrder to a supplier who takes orders by a channel and answers.
func answering(t *testing.T) (*pharmacy, func() reorder.Order) {
	t.Helper()
	p, find := sentOrder(t)
	p.desk.Answer, p.desk.File, p.desk.ChangeFile = supplier.ReadAnswer, supplier.File, supplier.ChangeFile
	p.must(p.db.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE suppliers SET channel = '{"format":"peppol","url":"https://orders.medi.example/in","our_id":"0088:1","their_id":"0088:2"}' WHERE id = 'medi'`)
		return err
	}))
	return p, find
}

// response is a Peppol OrderResponse about an order.
func response(order, number, code, lines string) []byte {
	return []byte(`<OrderResponse><ID>` + number + `</ID><SalesOrderID>SO-9</SalesOrderID><OrderResponseCode>` + code + `</OrderResponseCode><DocumentCurrencyCode>EUR</DocumentCurrencyCode>
<OrderReference><ID>` + order + `</ID></OrderReference>` + lines + `</OrderResponse>`)
}

func responseLine(packs, price, day string) string {
	return `<OrderLine><LineItem><ID>1</ID><LineStatusCode>3</LineStatusCode><Quantity unitCode="XPK">` + packs + `</Quantity><Delivery><PromisedDeliveryPeriod><EndDate>` + day +
		`</EndDate></PromisedDeliveryPeriod></Delivery><Price><PriceAmount currencyID="EUR">` + price + `</PriceAmount></Price></LineItem></OrderLine>`
}

// A supplier's program says that it has the order, then yes, twice; and what it says is
// noted as confirmed once.
func TestASupplierSaysYes(t *testing.T) {
	p, find := answering(t)
	ctx, robot := t.Context(), hospital.Job("supplier medi")
	take := func(from inventory.SupplierID, file []byte) (reorder.Reply, error) {
		return p.desk.TakeReply(ctx, robot, from, reorder.ByHTTPS, file)
	}
	number, version := find().Number, find().Version
	seen, err := take("medi", response(number, "A-1", "AB", ""))
	p.must(err)
	if seen.Status != reorder.ReplyNoted || find().Version != version {
		t.Errorf("it only says that it has the order: %+v", seen)
	}
	yes := response(number, "A-2", "AP", `<Delivery><PromisedDeliveryPeriod><EndDate>2026-03-04</EndDate></PromisedDeliveryPeriod></Delivery>`)
	for range 3 {
		r, err := take("medi", yes)
		p.must(err)
		if r.Status != reorder.ReplyApplied {
			t.Errorf("%+v", r)
		}
	}
	said, err := p.desk.Store.SaidOf(ctx, number)
	p.must(err)
	if o := find(); len(said) != 1 || said[0].Kind != reorder.Confirmed || said[0].Reference != "SO-9" || o.ExpectedOf(o.Lines[0]).String() != "2026-03-04" || o.Outstanding() != 800 {
		t.Errorf("said %+v, order %+v", said, find())
	}
	for name, c := range map[string]struct {
		from inventory.SupplierID
		file []byte
		want error
	}{
		"another answer of that number": {"medi", response(number, "A-2", "RE", ""), hospital.ErrStale},
		"another supplier's":            {"vax", response(number, "A-3", "RE", ""), hospital.ErrUnknown},
		"of no order":                   {"medi", response("2026-0999", "A-3", "RE", ""), hospital.ErrUnknown},
		"in another currency":           {"medi", bytes.Replace(response(number, "A-3", "RE", ""), []byte("EUR"), []byte("USD"), 1), hospital.ErrInvalid},
	} {
		if _, err := take(c.from, c.file); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.desk.TakeReply(ctx, pharmacist, "", reorder.ByUpload, yes); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("by who only receives: %v", err)
	}
	p.must(p.desk.CloseShort(ctx, manager, number, find().Version, "not needed"))
	late, err := take("medi", response(number, "A-4", "RE", ""))
	p.must(err)
	if late.Status != reorder.ReplyNoted || late.Why == "" {
		t.Errorf("after the order was closed: %+v", late)
	}
	_, err = p.db.VerifyDeep(ctx)
	p.must(err)
}

// What departs from the order waits; a newer answer overtakes it; refused, the order
// stands and the supplier is told by its channel; accepted, it is as the supplier says,
// and what will not come may be proposed anew.
func TestASupplierSaysSomethingElse(t *testing.T) {
	p, find := answering(t)
	ctx, number := t.Context(), find().Number
	take := func(file []byte) reorder.Reply {
		t.Helper()
		r, err := p.desk.TakeReply(ctx, manager, "", reorder.ByUpload, file)
		p.must(err)
		return r
	}
	first := take(response(number, "B-1", "RE", ""))
	second := take(response(number, "B-2", "CA", responseLine("6", "4.60", "2026-03-09")))
	waiting, err := p.desk.Store.RepliesWaiting(ctx, 10)
	p.must(err)
	if first.Status != reorder.ReplyWaiting || len(waiting) != 1 || waiting[0].ID != second.ID || find().Outstanding() != 800 {
		t.Fatalf("waiting: %+v", waiting)
	}
	d := waiting[0].Against(find())[0]
	if d.Quantity != 600 || d.Was != 800 || d.Price != 460 || d.Expected.String() != "2026-03-09" || !d.Less() || !d.Later() || !d.Dearer() {
		t.Errorf("beside the order: %+v", d)
	}
	if err := p.desk.DecideReply(ctx, manager, first.ID, find().Version, true, ""); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("the first was overtaken: %v", err)
	}
	for name, err := range map[string]error{
		"no reason to refuse":    p.desk.DecideReply(ctx, manager, second.ID, find().Version, false, " "),
		"no reason for the rise": p.desk.DecideReply(ctx, manager, second.ID, find().Version, true, ""),
	} {
		if !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := p.desk.DecideReply(ctx, manager, second.ID, find().Version-1, true, "yes"); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("the order has changed: %v", err)
	}
	p.must(p.desk.DecideReply(ctx, manager, second.ID, find().Version, false, "the price was agreed"))
	mail, err := p.desk.Store.MailOf(ctx, number)
	p.must(err)
	if len(mail) != 2 || mail[0].Way != reorder.ByHTTPS || mail[0].FileName != "order-"+number+"-change-1.xml" || !strings.Contains(mail[0].Body, "B-2 is not accepted: the price was agreed.") {
		t.Errorf("the supplier is told: %+v", mail[0])
	}
	if find().Outstanding() != 800 || find().Lines[0].Price != 450 {
		t.Error("a refused answer changed the order")
	}
	third := take(response(number, "B-3", "CA", responseLine("9", "4.60", "2026-03-09")+`<OrderLine><LineItem><ID>7</ID><LineStatusCode>1</LineStatusCode><Item><Name>Masks</Name></Item></LineItem></OrderLine>`))
	p.must(p.desk.DecideReply(ctx, manager, third.ID, find().Version, true, "new list"))
	if o := find(); o.Outstanding() != 800 || o.Lines[0].Price != 460 || o.ExpectedOf(o.Lines[0]).String() != "2026-03-09" || len(o.Lines) != 1 {
		t.Errorf("more than was ordered is not taken: %+v", o)
	}
	no := take(response(number, "B-4", "RE", ""))
	p.must(p.desk.DecideReply(ctx, manager, no.ID, find().Version, true, ""))
	if o := find(); o.Status != reorder.Closed || o.Outstanding() != 0 {
		t.Errorf("nothing comes: %+v", o)
	}
	p.must(p.desk.Nightly(ctx))
	if len(p.open()) == 0 {
		t.Error("what will not come is not proposed anew")
	}
	_, err = p.db.VerifyDeep(ctx)
	p.must(err)
}

// An order that changes after it left is told of by a file that names the message
// before it, and that waits until that one has left.
func TestAChangeGoesTheWayOfItsOrder(t *testing.T) {
	p, find := answering(t)
	ctx, orders := t.Context(), db.Orders{DB: p.db}
	amend := func(packs int64) {
		t.Helper()
		o := find()
		p.must(p.desk.Amend(ctx, manager, reorder.Confirmation{Number: o.Number, Version: o.Version, Why: "a ward closes", Lines: []reorder.LineTerms{{Line: o.Lines[0].ID, Quantity: packs * 100}}}))
	}
	amend(6)
	var files []string
	for range 3 {
		m, due, err := orders.TakeMail(ctx, p.now())
		p.must(err)
		if !due {
			break
		}
		if _, ahead, _ := orders.TakeMail(ctx, p.now()); ahead {
			t.Fatal("a change overtakes its order")
		}
		files = append(files, string(m.File))
		m.Status, m.SentAt = reorder.MailSent, p.now()
		p.must(orders.SaveMail(ctx, m))
	}
	if len(files) != 2 {
		t.Fatalf("%d messages", len(files))
	}
	for _, want := range []string{"<OrderChange ", "<cbc:SequenceNumberID>1</cbc:SequenceNumberID>", "<cbc:LineStatusCode>3</cbc:LineStatusCode>", `<cbc:Quantity unitCode="XPK">6</cbc:Quantity>`, "advanced_ordering:3", "<cbc:Note>a ward closes</cbc:Note>"} {
		if !strings.Contains(files[1], want) {
			t.Errorf("the change lacks %s:\n%s", want, files[1])
		}
	}
	p.must(p.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE suppliers SET channel = json_set(channel, '$.format', 'cxml') WHERE id = 'medi'`)
		return err
	}))
	amend(5)
	amend(0)
	for i, want := range [][]string{{`type="update"`, `orderVersion="3"`, `quantity="5"`, "<DocumentReference payloadID=\"order-" + find().Number + ".change-1."}, {`type="delete"`, `orderVersion="4"`, ".change-2."}} {
		m, due, err := orders.TakeMail(ctx, p.now())
		p.must(err)
		if !due {
			t.Fatalf("change %d is not due", i+2)
		}
		for _, w := range want {
			if !strings.Contains(string(m.File), w) {
				t.Errorf("change %d lacks %s:\n%s", i+2, w, m.File)
			}
		}
		m.Status, m.SentAt = reorder.MailSent, p.now()
		p.must(orders.SaveMail(ctx, m))
	}
}
