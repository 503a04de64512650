package web

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/coldchain/report"
	"wardwatch/tracking/hospital"
)

func oneRow(cells ...any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) { yield(cells, nil) }
}

func TestAFileSaysNumbersAsThePageDoes(t *testing.T) {
	s := sheet{columns: []column{{"In range %", 10}, {"Known %", 10}, {"Nearly none", 10}, {"Highest", 10}, {"Nothing", 10}},
		rows: oneRow(shareKept(0.9999, 1), shareKept(0.99773, 0), rounded(-0.04, 1), degrees(coldchain.MilliCelsius(8008)), rounded(math.NaN(), 1))}
	var text bytes.Buffer
	if err := s.writeCSV(&text); err != nil {
		t.Fatal(err)
	}
	if _, row, _ := strings.Cut(text.String(), "\n"); strings.TrimSpace(row) != "99.9,99,0.0,8.008," {
		t.Errorf("as text: %q", row)
	}
	var file bytes.Buffer
	if err := s.writeXLSX(&file, "test"); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = book.Close() })
	for cell, want := range map[string][2]string{"A2": {"99.9", "99.9"}, "B2": {"99", "99"}, "C2": {"0", "0.0"}, "D2": {"8.008", "8.008"}, "E2": {"", ""}} {
		held, err1 := book.GetCellValue("test", cell, excelize.Options{RawCellValue: true})
		shown, err2 := book.GetCellValue("test", cell)
		kind, err3 := book.GetCellType("test", cell)
		if err := errors.Join(err1, err2, err3); err != nil || held != want[0] || shown != want[1] {
			t.Errorf("%s holds %q and shows %q, want %q: %v", cell, held, shown, want, err)
		}
		if kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString {
			t.Errorf("%s is a text: nobody can add it up", cell)
		}
	}
}

func TestACellThatNoFileKnowsIsRefused(t *testing.T) {
	for _, cell := range []any{3.5, 7, float32(1)} {
		s := func() sheet { return sheet{columns: []column{{"A", 10}}, rows: oneRow(cell)} }
		if s().writeCSV(&bytes.Buffer{}) == nil || s().writeXLSX(&bytes.Buffer{}, "test") == nil {
			t.Errorf("%T is written", cell)
		}
	}
}

// paperTexts are the texts of a PDF, line by line as they are drawn.
func paperTexts(t *testing.T, file []byte) (texts []string) {
	t.Helper()
	for _, page := range paperPages(t, file) {
		for _, said := range regexp.MustCompile(`\(((?:[^()\\]|\\.)*)\) ?Tj`).FindAllStringSubmatch(page, -1) {
			texts = append(texts, said[1])
		}
	}
	return texts
}

// paperPages are the pages of a PDF as they are drawn.
func paperPages(t *testing.T, file []byte) (pages []string) {
	t.Helper()
	for _, part := range regexp.MustCompile(`(?s)stream\r?\n(.*?)endstream`).FindAllSubmatch(file, -1) {
		r, err := zlib.NewReader(bytes.NewReader(part[1]))
		if err != nil {
			continue // a picture, not a page
		}
		page, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, string(page))
	}
	return pages
}

// Somebody who holds a sheet of paper can't make a column wider.
func TestNothingIsCutOffOnPaper(t *testing.T) {
	const note = "Compressor tripped on the night of the storm; the technician reset it and stayed until it was cold again."
	columns, cells := []column{}, []any{}
	for i := range 16 {
		columns = append(columns, column{fmt.Sprintf("Acknowledged column %d (UTC)", i), 10})
		cells = append(cells, time.Date(2026, 11, 22, 13, 20+i, 0, 0, time.UTC))
	}
	columns, cells = append(columns, column{"Note", 10}), append(cells, note+strings.Repeat(" Then again.", 400)+" Last of all.")
	s := sheet{columns: columns, rows: oneRow(cells...)}
	var file bytes.Buffer
	if err := s.writePDF(&file, paperHead{title: "Alarms"}, report.Paper{Site: hospital.Site{Zone: "UTC"}}); err != nil {
		t.Fatal(err)
	}
	texts := paperTexts(t, file.Bytes())
	said := strings.Join(strings.Fields(strings.Join(texts, " ")), " ")
	for i := range 16 {
		if clock := fmt.Sprintf("13:%d", 20+i); !slices.Contains(texts, clock) {
			t.Errorf("%s is not there", clock)
		}
	}
	for _, word := range append(strings.Fields(note), "Last") {
		if !slices.ContainsFunc(texts, func(line string) bool { return slices.Contains(strings.Fields(line), word) }) {
			t.Errorf("%q is not there", word)
		}
	}
	if strings.Contains(said, "…") || strings.Contains(said, "\x85") {
		t.Error("something is cut off")
	}
	if n := strings.Count(strings.Join(texts, "\n"), "Alarms\n"); n != 1 {
		t.Errorf("%d headings", n)
	}
}

func TestColumnsShareThePage(t *testing.T) {
	for _, c := range []struct{ least, want, widths []float64 }{
		{[]float64{10, 10}, []float64{10, 30}, []float64{10, 90}}, // who has more to say gets what is left
		{[]float64{10, 30}, []float64{10, 30}, []float64{25, 75}}, // all is said: as their words
		{[]float64{100, 300}, []float64{100, 900}, []float64{25, 75}},
	} {
		if widths := share(c.least, c.want, 100); !slices.Equal(widths, c.widths) {
			t.Errorf("%v, %v share %v", c.least, c.want, widths)
		}
	}
}
