package web

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"wardwatch/tracking/coldchain/report"
	"wardwatch/views"
)

const (
	// maxPaperRows is how many rows go on paper; who wants more takes the CSV or Excel file.
	maxPaperRows = 2000
	// The measures of an A4 page on its side, in millimetres.
	paperMargin, paperWidth, paperLine, paperBottom = 12.0, 273.0, 5.0, 190.0
	// paperChar is about how wide a letter is in 7.5 points.
	paperChar = 1.42
)

// writePDF writes the sheet as a table on paper, with the day, the reader and the site in
// its foot. Letters outside Windows-1252 are drawn as a full stop.
func (s sheet) writePDF(w io.Writer, title string, p report.Paper) error {
	zone := p.Site.Location()
	pdf := fpdf.New("L", "mm", "A4", "")
	pdf.SetCreationDate(p.At.UTC())
	pdf.SetModificationDate(p.At.UTC())
	pdf.SetCatalogSort(true)
	pdf.SetTitle(p.Word(title), true)
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
	widths := s.paperWidths()
	draw := func(style string, cells []string) {
		pdf.SetFont("Helvetica", style, 7.5)
		for i, cell := range cells {
			pdf.CellFormat(widths[min(i, len(widths)-1)], paperLine, text(cutTo(cell, widths[min(i, len(widths)-1)])), "B", 0, "L", false, 0, "")
		}
		pdf.Ln(paperLine)
	}
	titles := make([]string, len(s.columns))
	for i, c := range s.columns {
		titles[i] = c.title
	}
	pdf.AddPage()
	pdf.SetFont("Helvetica", "B", 14)
	pdf.CellFormat(0, 9, text(p.Word(title)), "", 1, "L", false, 0, "")
	draw("B", titles)
	for row, err := range within(maxPaperRows, s.rows) {
		if err != nil {
			return err
		}
		if pdf.GetY() > paperBottom {
			pdf.AddPage()
			draw("B", titles)
		}
		cells := make([]string, len(row))
		for i, cell := range row {
			if cells[i], err = paperCell(cell, p.Word); err != nil {
				return err
			}
		}
		draw("", cells)
	}
	return pdf.Output(w)
}

// paperWidths shares the page among the columns as their widths say.
func (s sheet) paperWidths() []float64 {
	sum := 0.0
	for _, c := range s.columns {
		sum += c.width
	}
	widths := make([]float64, len(s.columns))
	for i, c := range s.columns {
		widths[i] = c.width / sum * paperWidth
	}
	return widths
}

// cutTo shortens a text to about what a column holds.
func cutTo(text string, width float64) string {
	runes, most := []rune(text), int(width/paperChar)
	if len(runes) <= most {
		return text
	}
	return string(runes[:max(most-1, 0)]) + "…"
}

// paperCell is a cell as people read it: times in UTC, as the columns say.
func paperCell(cell any, say func(string) string) (string, error) {
	switch v := cell.(type) {
	case ours:
		return say(string(v)), nil
	case string:
		return views.UntwistText(v), nil
	case time.Time:
		if v.IsZero() {
			return "", nil
		}
		return v.UTC().Format("2006-01-02 15:04"), nil
	}
	text, err := textCell(cell)
	return say(text), err
}
