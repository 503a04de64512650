package supplier_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
)

// ubl is an OrderResponse of our own making, with prefixes that nobody else uses.
func ubl(code, head string, lines ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<r:OrderResponse xmlns:r="urn:oasis:names:specification:ubl:schema:xsd:OrderResponse-2" xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:b="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
 <b:CustomizationID>urn:fdc:peppol.eu:poacc:trns:order_response:3</b:CustomizationID>
 <b:ID>OR-81</b:ID><b:SalesOrderID>SO-9</b:SalesOrderID><b:IssueDate>2026-03-02</b:IssueDate>
 <b:OrderResponseCode>` + code + `</b:OrderResponseCode><b:Note>Thank you.</b:Note><b:DocumentCurrencyCode>EUR</b:DocumentCurrencyCode>
 <a:OrderReference><b:ID>2026-0007</b:ID></a:OrderReference>` + head + strings.Join(lines, "") + `
</r:OrderResponse>`
}

func ublLine(no int, status, rest string) string {
	return fmt.Sprintf(`<a:OrderLine><a:LineItem><b:ID>L%d</b:ID><b:LineStatusCode>%s</b:LineStatusCode>%s<a:Item><b:Name>Gloves</b:Name></a:Item></a:LineItem><a:OrderLineReference><b:LineID>%d</b:LineID></a:OrderLineReference></a:OrderLine>`, no, status, rest, no)
}

func promised(day string) string {
	return `<a:Delivery><a:PromisedDeliveryPeriod><b:StartDate>` + day + `</b:StartDate><b:EndDate>` + day + `</b:EndDate></a:PromisedDeliveryPeriod></a:Delivery>`
}

// cxml is a ConfirmationRequest of our own making.
func cxml(kind string, items ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.014/Fulfill.dtd">
<cXML payloadID="c-5@medi.example" timestamp="2026-03-02T10:00:00+01:00"><Header><Sender><Credential domain="DUNS"><Identity>1</Identity><SharedSecret> s3cret </SharedSecret></Credential></Sender></Header>
<Request><ConfirmationRequest><ConfirmationHeader type="` + kind + `" noticeDate="2026-03-02T10:00:00+01:00" confirmID="SO-9"><Comments>Thank you.</Comments></ConfirmationHeader>
<OrderReference orderID="2026-0007"><DocumentReference payloadID="order-2026-0007.1@st-anna.wardwatch"/></OrderReference>` + strings.Join(items, "") + `</ConfirmationRequest></Request></cXML>`
}

func cxmlItem(no int, statuses ...string) string {
	return fmt.Sprintf(`<ConfirmationItem quantity="8" lineNumber="%d"><UnitOfMeasure>PK</UnitOfMeasure>%s</ConfirmationItem>`, no, strings.Join(statuses, ""))
}

func cxmlStatus(kind string, quantity int, attrs, inside string) string {
	return fmt.Sprintf(`<ConfirmationStatus type="%s" quantity="%d" %s><UnitOfMeasure>PK</UnitOfMeasure>%s</ConfirmationStatus>`, kind, quantity, attrs, inside)
}

func on(text string) inventory.Date {
	day, err := inventory.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return day
}

func line(no int, says reorder.Says, quantity, price int64, day, note string) reorder.ReplyLine {
	l := reorder.ReplyLine{No: no, Says: says, Quantity: quantity, Price: price, Expected: on(day), Note: note}
	if price >= 0 {
		l.Base = 1
	}
	return l
}

// Each form says the same in its own words, and is read alike.
func TestAnswersAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		file     string
		says     reorder.Says
		expected string
		lines    []reorder.ReplyLine
	}{
		"Peppol: it has the order":      {ubl("AB", ""), reorder.SaysSeen, "", nil},
		"Peppol: as ordered, on a day":  {ubl("AP", promised("2026-03-06")), reorder.SaysYes, "2026-03-06", nil},
		"BIS 28A: as ordered":           {ubl("29", ""), reorder.SaysYes, "", nil},
		"Peppol: no":                    {ubl("RE", ""), reorder.SaysNo, "", nil},
		"BIS 28A: no":                   {ubl("27", ""), reorder.SaysNo, "", nil},
		"Peppol: less, later, dearer":   {ubl("CA", "", ublLine(1, "3", `<b:Quantity unitCode="XPK">6.00</b:Quantity>`+promised("2026-03-09")+`<a:Price><b:PriceAmount currencyID="EUR">4.6</b:PriceAmount></a:Price>`)), reorder.SaysChanged, "", []reorder.ReplyLine{line(1, reorder.SaysChanged, 6, 46000, "2026-03-09", "")}},
		"Peppol: a part later":          {ubl("30", "", ublLine(1, "3", `<b:Quantity unitCode="XPK">6</b:Quantity><b:MaximumBackorderQuantity unitCode="XPK">2</b:MaximumBackorderQuantity>`)), reorder.SaysChanged, "", []reorder.ReplyLine{line(1, reorder.SaysChanged, 8, -1, "", "2 later.")}},
		"Peppol: a line split in two":   {ubl("CA", "", ublLine(1, "3", `<b:Quantity unitCode="XPK">6</b:Quantity>`+promised("2026-03-05")), ublLine(1, "1", `<b:Quantity unitCode="XPK">2</b:Quantity>`+promised("2026-03-12"))), reorder.SaysChanged, "", []reorder.ReplyLine{line(1, reorder.SaysChanged, 8, -1, "2026-03-12", "2 Gloves")}},
		"Peppol: a line refused":        {ubl("CA", "", ublLine(1, "5", ""), ublLine(2, "7", "")), reorder.SaysChanged, "", []reorder.ReplyLine{line(1, reorder.SaysYes, -1, -1, "", ""), line(2, reorder.SaysNo, -1, -1, "", "")}},
		"Peppol: something else":        {ubl("CA", "", `<a:OrderLine><a:LineItem><b:ID>1</b:ID><b:LineStatusCode>3</b:LineStatusCode></a:LineItem><a:SellerSubstitutedLineItem><a:Item><b:Name>Gloves, vinyl</b:Name></a:Item></a:SellerSubstitutedLineItem></a:OrderLine>`), reorder.SaysChanged, "", []reorder.ReplyLine{line(1, reorder.SaysNo, -1, -1, "", "Instead: Gloves, vinyl")}},
		"Peppol: in pieces, of hundred": {ubl("CA", "", ublLine(2, "3", `<b:Quantity unitCode="C62">50</b:Quantity><a:Price><b:PriceAmount>3</b:PriceAmount><b:BaseQuantity unitCode="C62">100</b:BaseQuantity></a:Price>`)), reorder.SaysChanged, "", []reorder.ReplyLine{{No: 2, Says: reorder.SaysChanged, Quantity: 50, Pieces: true, Price: 30000, Base: 100, PerPiece: true}}},
		"cXML: yes":                     {cxml("accept"), reorder.SaysYes, "", nil},
		"cXML: no":                      {cxml("reject"), reorder.SaysNo, "", nil},
		"cXML: by line": {cxml("detail", cxmlItem(1, cxmlStatus("detail", 6, `deliveryDate="2026-03-05T12:00:00+01:00"`, `<ItemIn quantity="6"><ItemDetail><UnitPrice><Money currency="EUR">4.60</Money></UnitPrice></ItemDetail></ItemIn>`), cxmlStatus("backordered", 2, `deliveryDate="2026-03-12"`, "")), cxmlItem(2, cxmlStatus("accept", 3, "", ""))),
			reorder.SaysChanged, "", []reorder.ReplyLine{line(1, reorder.SaysChanged, 8, 46000, "2026-03-12", "2 later."), line(2, reorder.SaysYes, 3, -1, "", "")}},
		"cXML: a part refused": {cxml("except", cxmlItem(1, cxmlStatus("accept", 6, "", ""), cxmlStatus("reject", 2, "", "<Comments>discontinued</Comments>"))),
			reorder.SaysChanged, "", []reorder.ReplyLine{line(1, reorder.SaysChanged, 6, -1, "", "discontinued 2 refused.")}},
	} {
		r, err := supplier.ReadAnswer([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Order != "2026-0007" || r.Number == "" || r.Reference != "SO-9" || r.Note != "Thank you." || r.Says != c.says || r.Expected != on(c.expected) || !reflect.DeepEqual(r.Lines, c.lines) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if got := supplier.SharedSecret([]byte(cxml("accept"))); got != "s3cret" {
		t.Errorf("shared secret %q", got)
	}
}

// What can't be read is refused with a sentence, and never half taken.
func TestAnswersThatAreRefused(t *testing.T) {
	long := strings.Repeat(" ", supplier.MaxAnswer-len(ubl("AP", "")))
	if _, err := supplier.ReadAnswer([]byte(ubl("AP", "") + long)); err != nil {
		t.Errorf("of the largest size: %v", err)
	}
	many := make([]string, 2000)
	for i := range many {
		many[i] = ublLine(i+1, "5", "")
	}
	if _, err := supplier.ReadAnswer([]byte(ubl("CA", "", many...))); err != nil {
		t.Errorf("as many lines as may be: %v", err)
	}
	for name, file := range map[string]string{
		"too large":         ubl("AP", "") + long + " ",
		"a line too many":   ubl("CA", "", append(many, ublLine(2001, "5", ""))...),
		"empty":             "",
		"a page":            "<html><body>Sign in</body></html>",
		"an invoice":        `<Invoice><ID>1</ID></Invoice>`,
		"broken":            strings.TrimSuffix(ubl("AP", ""), "</r:OrderResponse>"),
		"two at once":       ubl("AP", "") + "<more/>",
		"no code":           ubl("", ""),
		"no order":          strings.Replace(ubl("AP", ""), "2026-0007", "", 1),
		"no number":         strings.Replace(ubl("AP", ""), "OR-81", " ", 1),
		"another code":      ubl("CA", "", ublLine(1, "8", "")),
		"half a pack":       ubl("CA", "", ublLine(1, "3", `<b:Quantity unitCode="XPK">6.5</b:Quantity>`)),
		"kilograms":         ubl("CA", "", ublLine(1, "3", `<b:Quantity unitCode="KGM">6</b:Quantity>`)),
		"less than nothing": ubl("CA", "", ublLine(1, "3", `<b:Quantity unitCode="XPK">-6</b:Quantity>`)),
		"a huge number":     ubl("CA", "", ublLine(1, "3", `<b:Quantity unitCode="XPK">99999999</b:Quantity>`)),
		"no day":            ubl("AP", promised("soon")),
		"packs and pieces":  ubl("CA", "", ublLine(1, "3", `<b:Quantity unitCode="XPK">6</b:Quantity>`), ublLine(1, "1", `<b:Quantity unitCode="C62">2</b:Quantity>`)),
		"another cXML":      `<cXML payloadID="1"><Request><OrderRequest/></Request></cXML>`,
		"no type":           cxml("perhaps"),
		"no status":         cxml("detail", cxmlItem(1, cxmlStatus("maybe", 1, "", ""))),
		"no price":          cxml("detail", cxmlItem(1, cxmlStatus("detail", 1, "", `<UnitPrice><Money currency="EUR">free</Money></UnitPrice>`))),
		"an entity":         `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + strings.Replace(ubl("AP", ""), "Thank you.", "&x;", 1)[38:],
	} {
		if r, err := supplier.ReadAnswer([]byte(file)); !errors.Is(err, hospital.ErrInvalid) || hospital.Sentence(err) == "" {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}

// Whatever comes is refused with a sentence or is whole, and its numbers stay within bounds.
func FuzzReadAnswer(f *testing.F) {
	for _, seed := range []string{ubl("CA", promised("2026-03-06"), ublLine(1, "3", `<b:Quantity unitCode="C62">6</b:Quantity><b:MaximumBackorderQuantity>1</b:MaximumBackorderQuantity><a:Price><b:PriceAmount>4.6</b:PriceAmount><b:BaseQuantity>10</b:BaseQuantity></a:Price>`)),
		cxml("detail", cxmlItem(1, cxmlStatus("detail", 6, `deliveryDate="2026-03-05T12:00:00+01:00"`, `<UnitPrice><Money currency="EUR">4.60</Money></UnitPrice>`), cxmlStatus("reject", 2, "", "")))} {
		f.Add([]byte(seed))
	}
	o := order()
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := supplier.ReadAnswer(file)
		if err != nil {
			if !errors.Is(err, hospital.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		if r.Number == "" || r.Order == "" || len(r.Lines) > 2000 {
			t.Fatalf("%+v", r)
		}
		for _, d := range r.Against(o) {
			if d.Quantity < 0 || d.Price < 0 {
				t.Fatalf("%+v", d)
			}
		}
		supplier.SharedSecret(file)
		supplier.IsCXML(file)
	})
}
