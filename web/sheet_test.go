package web

import (
	"bytes"
	"errors"
	"iter"
	"math"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"wardwatch/tracking/coldchain"
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
