package web

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"wardwatch/tracking/coldchain/report"
	"wardwatch/views"
)

const (
	// maxPaperRows is how many rows go on paper; who wants more takes the CSV or Excel file.
	maxPaperRows = 2000
	// The measures of an A4 page on its side, in millimetres.
	paperMargin, paperWidth, paperLine, paperBottom = 12.0, 273.0, 3.8, 194.0
	// paperSize is the letters' size in points, paperSmall the smallest; paperGap the white beside a cell's text. A column is
	// at most paperWidest wide for its own sake, and a word longer than paperWord is broken.
	paperSize, paperSmall, paperGap, paperWidest, paperWord = 7.5, 5.0, 2.4, 90.0, 45.0
)

// paperHead is what stands above a table on paper: what it is, and by what it was narrowed.
type paperHead struct{ title, chosen string }

func (h paperHead) draw(pdf *fpdf.Fpdf, text func(string) string, p report.Paper) {
	pdf.SetFont("Helvetica", "B", 14)
	pdf.CellFormat(0, 9, text(p.Word(h.title)), "", 1, "L", false, 0, "")
	if h.chosen != "" {
		pdf.SetFont("Helvetica", "", 9)
		pdf.MultiCell(0, 4.5, text(views.UntwistText(h.chosen)), "", "L", false)
		pdf.Ln(1.5)
	}
}

// writePDF writes the sheet as a table on paper, with the day, the reader and the site in
// its foot. Letters outside Windows-1252 are drawn as a full stop.
func (s sheet) writePDF(w io.Writer, head paperHead, p report.Paper) error {
	zone := p.Site.Location()
	pdf := fpdf.New("L", "mm", "A4", "")
	pdf.SetCreationDate(p.At.UTC())
	pdf.SetModificationDate(p.At.UTC())
	pdf.SetCatalogSort(true)
	pdf.SetTitle(p.Word(head.title), true)
	pdf.SetSubject(head.chosen, true)
	pdf.SetAuthor(p.Site.Name, true)
	pdf.SetMargins(paperMargin, paperMargin, paperMargin)
	pdf.SetAutoPageBreak(false, 0)
	text := pdf.UnicodeTranslatorFromDescriptor("")
	pdf.AliasNbPages("")
	pdf.SetFooterFunc(func() {
		pdf.SetY(-14)
		pdf.SetFont("Helvetica", "", 7.5)
		made := fmt.Sprintf("%s · %s · Wardwatch %s", p.Site.Name, p.Word("made "+p.At.In(zone).Format("2 Jan 2006 15:04 MST")+" by "+p.By), p.Version)
		if p.Demo {
			made = p.Word("DEMO, nothing here is real") + " · " + made
		}
		pdf.CellFormat(paperWidth-30, 4, text(made), "T", 0, "L", false, 0, "")
		pdf.CellFormat(30, 4, text(p.Word("page "+strconv.Itoa(pdf.PageNo())+" of {nb}")), "T", 0, "R", false, 0, "")
	})
	table := paperTable{pdf: pdf}
	for _, c := range s.columns {
		table.titles = append(table.titles, text(c.title))
	}
	for row, err := range within(maxPaperRows, s.rows) {
		if err != nil {
			return err
		}
		cells := make([]string, len(row))
		for i, cell := range row {
			said, err := paperCell(cell, p.Word)
			if err != nil {
				return err
			}
			cells[i] = text(said)
		}
		table.add(cells, row)
	}
	pdf.AddPage()
	head.draw(pdf, text, p)
	table.draw()
	return pdf.Output(w)
}

// paperTable is a table on paper, its texts in the letters of the page. Nothing is cut off:
// what is wider than its column goes on below, and a row that is taller than what is left of
// a page goes to the next.
type paperTable struct {
	pdf    *fpdf.Fpdf
	titles []string
	sides  []side // of each column
	rows   [][]string
	size   float64 // of the letters, in points
	widths []float64
}

// side is where a column's texts stand: numbers at its right, one digit under the other.
type side int

const (
	unsaid side = iota // nothing stands in it yet
	ofNumbers
	ofTexts
)

func (s side) align() string {
	if s == ofNumbers {
		return "R"
	}
	return "L"
}

// add puts a row below the others; held is what its cells hold. The line that says that the
// rest was cut off is no column's.
func (t *paperTable) add(cells []string, held []any) {
	t.rows = append(t.rows, cells)
	if len(held) < len(t.titles) {
		return
	}
	if t.sides == nil {
		t.sides = make([]side, len(t.titles))
	}
	for i, cell := range held[:len(t.titles)] {
		switch cell.(type) {
		case int64, fraction:
			t.sides[i] = max(t.sides[i], ofNumbers)
		default:
			if cells[i] != "" {
				t.sides[i] = ofTexts
			}
		}
	}
}

// align is on which side the texts of a column stand.
func (t *paperTable) align(i, of int) string {
	if i >= len(t.sides) || of < len(t.titles) {
		return ofTexts.align()
	}
	return t.sides[i].align()
}

func (t *paperTable) draw() {
	t.size = paperSize
	if needed := t.measure(); needed > paperWidth { // many columns: smaller letters rather than broken words
		gaps := paperGap * float64(len(t.titles))
		t.size = max(paperSize*(paperWidth-gaps)/(needed-gaps), paperSmall)
		t.measure()
	}
	t.head()
	t.pdf.SetFont("Helvetica", "", t.size)
	for _, cells := range t.rows {
		t.row(cells)
	}
}

func (t *paperTable) head() {
	t.pdf.SetFont("Helvetica", "B", t.size)
	t.row(t.titles)
}

// measure gives each column the width of its widest word first, and shares what is left
// among those that hold more than a word. It tells how wide all these words are.
func (t *paperTable) measure() (needed float64) {
	least, want := make([]float64, len(t.titles)), make([]float64, len(t.titles))
	look := func(cells []string) {
		for i, cell := range cells[:min(len(cells), len(want))] {
			if len(cells) < len(want) {
				break // the line that says that the rest was cut off spans them all
			}
			want[i] = max(want[i], min(t.pdf.GetStringWidth(cell)+paperGap, paperWidest))
			for word := range strings.FieldsSeq(cell) {
				least[i] = max(least[i], min(t.pdf.GetStringWidth(word)+paperGap, paperWord))
			}
		}
	}
	t.pdf.SetFont("Helvetica", "B", t.size)
	look(t.titles)
	t.pdf.SetFont("Helvetica", "", t.size)
	for _, cells := range t.rows {
		look(cells)
	}
	t.widths = share(least, want, paperWidth)
	for _, width := range least {
		needed += width
	}
	return needed
}

// share shares a width among columns that need at least so much each and want so much.
func share(least, want []float64, width float64) []float64 {
	needed, wished := 0.0, 0.0
	for i := range least {
		needed, wished = needed+least[i], wished+want[i]-least[i]
	}
	widths := make([]float64, len(least))
	for i := range least {
		switch left := width - needed; {
		case left <= 0:
			widths[i] = least[i] * width / needed
		case wished <= 0:
			widths[i] = least[i] * width / needed
		default:
			widths[i] = least[i] + left*(want[i]-least[i])/wished
		}
	}
	return widths
}

// row draws a row's cells beside one another; one that is taller than half a page may go on
// over the next.
func (t *paperTable) row(cells []string) {
	lines, tall := make([][][]byte, len(cells)), 1
	for i, cell := range cells {
		lines[i] = t.pdf.SplitLines([]byte(cell), t.width(i, len(cells)))
		tall = max(tall, len(lines[i]))
	}
	if t.pdf.GetY()+float64(tall)*paperLine > paperBottom && t.pdf.GetY() > paperBottom/2 {
		t.next()
	}
	for from := 0; from < tall; {
		to := min(from+int((paperBottom-t.pdf.GetY())/paperLine), tall)
		if to <= from {
			t.next()
			continue
		}
		t.part(lines, from, to, to == tall)
		from = to
	}
}

// part draws some lines of a row, one cell after the other: in that order a PDF is read out
// and copied.
func (t *paperTable) part(cells [][][]byte, from, to int, ends bool) {
	begin, top := t.pdf.GetXY()
	left := begin
	for i, lines := range cells {
		for n := from; n < to; n++ {
			line, border := "", ""
			if n < len(lines) {
				line = string(lines[n])
			}
			if ends && n == to-1 {
				border = "B"
			}
			t.pdf.SetXY(left, top+float64(n-from)*paperLine)
			t.pdf.CellFormat(t.width(i, len(cells)), paperLine, line, border, 0, t.align(i, len(cells)), false, 0, "")
		}
		left += t.width(i, len(cells))
	}
	t.pdf.SetXY(begin, top+float64(to-from)*paperLine)
}

// width is that of a column; a row of one cell spans the page.
func (t *paperTable) width(i, of int) float64 {
	if of < len(t.widths) {
		return paperWidth / float64(of)
	}
	return t.widths[i]
}

// next begins a page, under the titles again.
func (t *paperTable) next() {
	t.pdf.AddPage()
	t.head()
	t.pdf.SetFont("Helvetica", "", t.size)
}

var valueAndUnit = regexp.MustCompile(`(\d) (°C|°F|%|(?:h|min|s|kg|g|l|ml|doses?|packs?|pieces?|tests?|days?|hours?|minutes?|Dosis|Dosen|Packung(?:en)?|Tagen?|Stunden?|Minuten?)\b)`)

// together binds a value to its unit: no line ends between them.
func together(text string) string { return valueAndUnit.ReplaceAllString(text, "$1\u00a0$2") }

// paperCell is a cell as people read it: times in UTC, as the columns say.
func paperCell(cell any, say func(string) string) (string, error) {
	switch v := cell.(type) {
	case ours:
		return together(say(string(v))), nil
	case string:
		return together(views.UntwistText(v)), nil
	case time.Time:
		if v.IsZero() {
			return "", nil
		}
		return v.UTC().Format("2006-01-02 15:04"), nil
	}
	text, err := textCell(cell)
	return say(text), err
}
