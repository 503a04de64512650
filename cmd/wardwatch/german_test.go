package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/coldchain/report"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/notify/sms"
	"wardwatch/tracking/notify/webhook"
)

// postbag keeps what it is given, and hands it on to a real webhook.
type postbag struct {
	webhook.Poster
	messages []notify.Message
}

func (p *postbag) Send(ctx context.Context, m notify.Message) error {
	p.messages = append(p.messages, m)
	return p.Poster.Send(ctx, m)
}

// TestWhatLeavesAGermanHouseIsGerman: a house whose document says "de" sends its messages and
// orders in German, and who does not choose reads her files and papers so. What people typed
// stays, and so does what is signed.
func TestWhatLeavesAGermanHouseIsGerman(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	doc, err := db.Hospital{DB: o.house.db}.Describe(t.Context(), hospital.Job("test"))
	if err != nil {
		t.Fatal(err)
	}
	doc.Site.Language = "de"
	document := hospitalDocument{o.house}
	if _, err := document.Import(t.Context(), hospital.Job("test"), doc, true, nil); err != nil {
		t.Fatal(err)
	}
	o.moveTo("P-001", "f1-clean", "f1")
	o.warm()
	mustSay := func(what, said string, all ...string) {
		t.Helper()
		for _, text := range all {
			if !strings.Contains(said, text) {
				t.Errorf("%s does not say %q:\n%s", what, text, said)
			}
		}
	}

	m, posted := o.ring(t)
	if m.Subject != "Released vaccines: zu warm, ernst" {
		t.Errorf("the subject is %q", m.Subject)
	}
	mustSay("the message", m.Body, "Released vaccines\n9,4 °C, Grenze 8,0 °C\nSeit 4. Mai 2026", "Hier quittieren: https://ward.example/answer/", "Ansehen: https://")
	mustSay("the text message", sms.Text(m), "Released vaccines: zu warm, ernst. 9,4 °C, Grenze 8,0 °C. https://ward.example/")
	m.Step = 1
	mustSay("the second text message", sms.Text(m), "Noch hat niemand quittiert.")
	mustSay("the webhook", posted, `"message":"Released vaccines: zu warm, ernst"`, `"kind":"too warm"`, `"severity":"serious"`, `"text":"9,4 °C, Grenze 8,0 °C"`)

	order := reorder.Order{Number: "2026-0007", Supplier: inventory.Supplier{Name: "Total", Account: "K-77", Currency: "EUR"}, Expected: inventory.DateOf(o.at, time.UTC),
		Lines: []reorder.Line{{No: 1, Item: inventory.Item{Name: "Gloves", Unit: "pair"}, Place: inventory.Place{Name: "Store"}, Pack: 100, Price: 123450, Ordered: 800}}}
	paper, err := o.house.reorders.Paper(order, o.house.register.Current().Site, o.at)
	if err != nil {
		t.Fatal(err)
	}
	mustSay("the order", drawnText(t, paper), "Bestellung 2026-0007", "Gew?nscht bis", "Unsere Kundennummer", "4. Mai 2026", "An|Total|", "Liefern an Store", "1.234,50", "Summe, EUR", "Seite 1 von 1", "Bitte best?tigen Sie")
	if got := o.house.reorders.Say("Please confirm this change."); got != "Bitte bestätigen Sie diese Änderung." {
		t.Errorf("letters say %q", got)
	}

	if titles := o.table(hospital.Nurse, "/files/equipment.csv")[0]; titles[0] != "Nummer" || titles[7] != "Status von" {
		t.Errorf("the table's titles are %q", titles)
	}
	pump := o.book(hospital.Nurse, "/files/equipment.xlsx")
	mustSay("the workbook", strings.Join(pump[0], "|")+strings.Join(pump[1], "|"), "Batterie %", "|Frei|", "|frisch|")
	mustSay("the list on paper", drawnText(t, o.keep(hospital.Pharmacist, "/files/alarms.pdf").Body.Bytes()), "Alarme", "|zu|warm|", "|9,5 ?C, Grenze|8,0 ?C|", "|aktiv|", "erstellt 4. Mai 2026", "Seite 1 von 1")
	if titles := o.table(hospital.SupplyManager, "/files/items.csv")[0]; titles[0] != "id" || titles[1] != "name" {
		t.Errorf("what an import reads has the titles %q", titles)
	}
	mustSay("the case", drawnText(t, o.keep(hospital.Pharmacist, "/excursions/1/case.pdf").Body.Bytes()), "Abweichung 1", "Bekannte Zeit", "Mittl. kinet. Temp.", "Sofortma?nahmen", "Elektronische Unterschriften")
	mustSay("the label", drawnText(t, o.keep(hospital.Pharmacist, "/excursions/1/label.pdf").Body.Bytes()), "NICHT VERWENDEN", "zu warm seit 4. Mai 2026")
	o.signedStays(t)
}

// ring sends an alarm's first message.
func (o *office) ring(t *testing.T) (notify.Message, string) {
	t.Helper()
	var posted string
	pager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posted = string(body)
	}))
	t.Cleanup(pager.Close)
	ladder := notify.DefaultLadder(notify.Webhook)
	ladder.Webhook = pager.URL
	kept := db.Alarms{DB: o.house.db}
	err := kept.InTx(t.Context(), func(tx notify.Tx) error {
		_, err := notify.Raise(t.Context(), tx, ladder, notify.Trouble{Kind: coldchain.KindWarm, Subject: "fridge/other", Name: "Released vaccines", Text: "9.4 °C, limit 8.0 °C", Severity: notify.Serious, By: hospital.Job("test")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	bag := &postbag{Poster: webhook.Poster{Now: o.house.now}}
	d := notify.Dispatcher{Outbox: kept, Ways: map[notify.Way]notify.Sender{notify.Webhook: bag}, Now: o.house.now, URL: "https://ward.example", Say: o.house.says, Log: slog.New(slog.DiscardHandler)}
	if _, err := d.SendDue(t.Context()); err != nil || len(bag.messages) != 1 {
		t.Fatalf("%d messages, %v", len(bag.messages), err)
	}
	return bag.messages[0], posted
}

// signedStays draws a signed case in two languages: the signature stands in both, and its
// printed meaning is the only thing that is said in another way.
func (o *office) signedStays(t *testing.T) {
	t.Helper()
	content, err := hospital.ContentOf(struct{ Decision string }{"released by Pia: short"})
	if err != nil {
		t.Fatal(err)
	}
	told := report.Case{Lots: []report.Lot{{Item: "None", Lot: "A1", Decision: "released by Pia: short"}},
		Work: coldchain.Case{Content: content, Signed: []hospital.Signature{{ID: "sig-1", Name: "Pia", At: o.at, Content: content}}}}
	for _, say := range []func(string) string{nil, o.house.says} {
		paper, err := report.Excursion(told, report.Paper{Site: o.house.register.Current().Site, At: o.at, Say: say})
		if err != nil {
			t.Fatal(err)
		}
		text := drawnText(t, paper)
		if strings.Contains(text, "VOID") || strings.Contains(text, "UNG?LTIG") || !strings.Contains(text, "|None|A1|") || strings.Contains(text, "freigegeben von Pia: short") != (say != nil) {
			t.Errorf("a signed case says\n%s", text)
		}
	}
}

// drawnText is all that a PDF says, "?" for letters beyond ASCII.
func drawnText(t *testing.T, file []byte) string {
	t.Helper()
	var all strings.Builder
	for _, page := range paperTexts(t, file) {
		all.WriteString(strings.Join(page, "|") + "|")
	}
	if all.Len() == 0 {
		t.Fatalf("it is no PDF of ours: %.200s", file)
	}
	return all.String()
}
