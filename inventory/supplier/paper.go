// Package supplier sends orders out: it draws the paper or writes the file that a
// supplier gets, and carries it there.
//
//	                                                     ┌─▶ Server (SMTP, with a PDF)
//	reorder.Desk.Send ─▶ Mail in the outbox ─▶ Dispatcher┼─▶ Poster (HTTPS) ── Peppol BIS Order 3
//	                                                     └─▶ Folder (SFTP)  ── or cXML OrderRequest
//
// A message is claimed in the outbox before it is sent, and every try is kept. A
// letter whose connection breaks at the very end may or may not have arrived:
// then a person is asked, and nothing is sent again by itself. What goes through a
// channel is tried again, because every try has the same number, name and bytes:
// the supplier can tell that it is the same order.
package supplier

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// Widths of the table's columns in millimetres; an A4 page has 180 between its margins.
var columns = []struct {
	title string
	width float64
	align string
}{{"No.", 10, "R"}, {"Item", 68, "L"}, {"Your number", 26, "L"}, {"Packs", 14, "R"}, {"Pack of", 26, "L"}, {"Price", 17, "R"}, {"Amount", 19, "R"}}

const (
	margin     = 15.0
	lineHeight = 6.0
	// pageEnd is where a new page begins, in millimetres from the top of an A4 page.
	pageEnd = 270.0
)

// Paper draws an order as a PDF, in English, the same bytes for the same order and instant.
// Letters outside Windows-1252 are drawn as a full stop.
func Paper(o reorder.Order, site hospital.Site, at time.Time) ([]byte, error) {
	return PaperIn(func(text string) string { return text })(o, site, at)
}

// PaperIn is Paper in the words of say.
func PaperIn(say func(string) string) func(reorder.Order, hospital.Site, time.Time) ([]byte, error) {
	return func(o reorder.Order, site hospital.Site, at time.Time) ([]byte, error) {
		return paper(o, site, at, say)
	}
}

func paper(o reorder.Order, site hospital.Site, at time.Time, say func(string) string) ([]byte, error) {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(at)
	pdf.SetModificationDate(at)
	pdf.SetCatalogSort(true)
	pdf.SetTitle(say("Order "+o.Number), true)
	pdf.SetAuthor(site.Name, true)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(false, margin)
	d := drawing{pdf: pdf, say: say, text: pdf.UnicodeTranslatorFromDescriptor("")}
	pdf.SetFooterFunc(func() {
		pdf.SetY(-margin)
		d.font("", 8)
		d.cell(0, 4, say("Order "+o.Number)+" · "+say(fmt.Sprintf("page %d of {nb}", pdf.PageNo())), "C", false)
	})
	pdf.AliasNbPages("")
	pdf.AddPage()
	d.head(o, site, at)
	d.lines(o)
	d.foot(o)
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("draw order %s: %w", o.Number, err)
	}
	return out.Bytes(), nil
}

type drawing struct {
	pdf  *fpdf.Fpdf
	say  func(string) string // in the paper's language
	text func(string) string // as the font has it
}

func (d drawing) font(style string, size float64) { d.pdf.SetFont("Helvetica", style, size) }

func (d drawing) cell(width, height float64, text, align string, newLine bool) {
	after := 0
	if newLine {
		after = 1
	}
	d.pdf.CellFormat(width, height, d.text(text), "", after, align, false, 0, "")
}

func (d drawing) head(o reorder.Order, site hospital.Site, at time.Time) {
	d.font("B", 16)
	d.cell(0, 10, d.say("Purchase order")+" "+o.Number, "L", true)
	d.font("", 10)
	zone := site.Location()
	for _, line := range [][2]string{{"From", site.Name}, {"To", o.Supplier.Name}, {"", o.Supplier.Email}, {"Our customer number", o.Supplier.Account},
		{"Date", d.say(at.In(zone).Format("2 January 2006"))}, {"Wanted by", o.Expected.String()}} {
		if line[1] == "" {
			continue
		}
		d.cell(45, lineHeight, d.say(line[0]), "L", false)
		d.cell(0, lineHeight, line[1], "L", true)
	}
	d.pdf.Ln(4)
}

func (d drawing) tableHead() {
	d.font("B", 9)
	for i, c := range columns {
		d.cell(c.width, lineHeight, d.say(c.title), c.align, i == len(columns)-1)
	}
	y := d.pdf.GetY()
	d.pdf.Line(margin, y, margin+180, y)
	d.font("", 9)
}

func (d drawing) lines(o reorder.Order) {
	d.tableHead()
	place := ""
	for _, l := range o.Lines {
		if d.pdf.GetY() > pageEnd-3*lineHeight {
			d.pdf.AddPage()
			d.tableHead()
		}
		name := d.pdf.SplitText(d.text(l.Item.Name), columns[1].width-2)
		first := ""
		if len(name) > 0 {
			first = name[0]
		}
		row := []string{fmt.Sprint(l.No), first, l.Item.SupplierCode, fmt.Sprint(l.Packs()), fmt.Sprintf("%d %s", l.Pack, d.say(l.Item.Unit)),
			d.say(amount(l.Price)), d.say(amount(l.Cost()))}
		for i, c := range columns {
			text := row[i]
			if i != 1 {
				text = d.text(text)
			}
			d.pdf.CellFormat(c.width, lineHeight, text, "", 0, c.align, false, 0, "")
		}
		d.pdf.Ln(lineHeight)
		for _, more := range name[min(1, len(name)):] {
			d.pdf.CellFormat(columns[0].width, lineHeight, "", "", 0, "L", false, 0, "")
			d.pdf.CellFormat(columns[1].width, lineHeight, more, "", 1, "L", false, 0, "")
		}
		if l.Place.Name != place || l.Item.GTIN != "" {
			d.font("", 8)
			d.cell(columns[0].width, 4, "", "L", false)
			d.cell(0, 4, strings.TrimSuffix(d.say("Deliver to")+" "+l.Place.Name+" · GTIN "+l.Item.GTIN, " · GTIN "), "L", true)
			d.font("", 9)
			place = l.Place.Name
		}
	}
}

func (d drawing) foot(o reorder.Order) {
	y := d.pdf.GetY() + 1
	d.pdf.Line(margin, y, margin+180, y)
	d.pdf.SetY(y + 1)
	d.font("B", 10)
	d.cell(130, lineHeight+1, d.say("Total")+", "+o.Supplier.Currency, "R", false)
	d.cell(50, lineHeight+1, d.say(strings.TrimSuffix(o.Total().String(), " "+o.Supplier.Currency)), "R", true)
	d.pdf.Ln(4)
	d.font("", 9)
	d.cell(0, lineHeight, d.say("Please confirm this order and its delivery date, and print the order number on the delivery note."), "L", true)
}

func amount(minor int64) string {
	return strings.TrimSuffix(inventory.Money{Minor: minor}.String(), " ")
}
