package report

import (
	"bytes"
	"fmt"
	"image/color"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"

	"wardwatch/tracking/coldchain"
)

// ClockLabel is what stands on the label of a vial or box that was opened, thawed or mixed.
type ClockLabel struct {
	Item, Lot     string
	Done          string // "thawed"
	DoneAt, UseBy time.Time
	By            string
	// Link is what its QR code holds: the page of what it stands on.
	Link   string
	Copies int
}

// A label is 50 by 25 millimetres, as label printers at the point of care take them.
const (
	labelWidth, labelHeight = 50.0, 25.0
	labelMargin, labelCode  = 1.5, 15.0
)

// ClockLabels draws labels, one a page.
func ClockLabels(l ClockLabel, p Paper) ([]byte, error) {
	pdf := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "mm", Size: fpdf.SizeType{Wd: labelWidth, Ht: labelHeight}})
	pdf.SetCreationDate(p.At.UTC())
	pdf.SetModificationDate(p.At.UTC())
	pdf.SetCatalogSort(true)
	pdf.SetTitle(p.Word("Use by "+l.UseBy.Format(time.DateTime)), true)
	pdf.SetMargins(labelMargin, labelMargin, labelMargin)
	pdf.SetAutoPageBreak(false, 0)
	s := p.on(pdf)
	for range max(l.Copies, 1) {
		pdf.AddPage()
		if err := s.clockLabel(l, p.Demo); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("draw label: %w", err)
	}
	return out.Bytes(), nil
}

func (s *sheet) clockLabel(l ClockLabel, demo bool) error {
	width := labelWidth - 3*labelMargin - labelCode
	text := func(style string, size, height float64, said string) {
		s.font(style, size)
		for size > 5 && s.pdf.GetStringWidth(s.text(said)) > width {
			size -= 0.5
			s.font(style, size)
		}
		s.pdf.CellFormat(width, height, s.text(said), "", 2, "L", false, 0, "")
	}
	item := typed(l.Item)
	if demo {
		item = "DEMO " + item
	}
	s.pdf.SetXY(labelMargin, labelMargin)
	text("B", 8, 3.6, item)
	text("", 7, 3.2, "Lot "+typed(l.Lot))
	text("", 7, 3.2, fmt.Sprintf("%s %s, %s", s.word(l.Done), s.word(l.DoneAt.In(s.zone).Format("2 Jan 15:04")), typed(coldchain.Initials(l.By))))
	text("B", 8, 4, "USE BY")
	width = labelWidth - 2*labelMargin
	text("B", 14, 7, l.UseBy.In(s.zone).Format("2 Jan 2006 15:04"))
	return s.code(l.Link, labelWidth-labelMargin-labelCode, labelMargin)
}

// code draws a QR code with its corner at x and y.
func (s *sheet) code(said string, x, y float64) error {
	code, err := qr.Encode(said, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("draw label: %w", err)
	}
	size := code.Bounds().Dx()
	module := labelCode / float64(size)
	s.pdf.SetFillColor(0, 0, 0)
	for row := range size {
		for column := range size {
			if dark(code.At(column, row)) {
				s.pdf.Rect(x+float64(column)*module, y+float64(row)*module, module, module, "F")
			}
		}
	}
	return nil
}

func dark(c color.Color) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
