package web

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"wardwatch/tracking/coldchain"
	"wardwatch/views"
)

const (
	// maxSheetRows is how many rows a file holds at most; its last line then says so.
	maxSheetRows = 200_000
	// sheetPart is how many rows are read at once.
	sheetPart = 500
	// dayAndTime is how spreadsheets show an instant.
	dayAndTime = "yyyy-mm-dd hh:mm:ss"
)

// sheet is a table as a file: a row is read when it is written, so that the whole
// is never in memory. A cell is a string, an int64, a fraction, a time.Time (told in
// UTC, as the column's title says), nil, or ours.
type sheet struct {
	columns []column
	rows    iter.Seq2[[]any, error]
}

type column struct {
	title string
	width float64 // in characters
}

// fraction is a cell with a number that has a part behind its point, and as many decimals
// as people read of it: a page that says 99.7 % and a file that says 99.77314175571324 %
// look like two measurements.
type fraction struct {
	value    float64
	decimals int
}

// rounded is v to so many decimals; a number that is none is an empty cell.
func rounded(v float64, decimals int) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	scale := math.Pow10(decimals)
	return fraction{math.Round(v*scale)/scale + 0, decimals} // + 0: no "-0.0"
}

// shareKept is a share in percent, rounded down as the pages do: 99.98 % kept is never told as whole.
func shareKept(share float64, decimals int) any {
	scale := math.Pow10(decimals)
	return rounded(math.Floor(100*share*scale)/scale, decimals)
}

// degrees are a temperature to the thousandth, as it was measured: a file is the record,
// and 8.008 °C is over a limit of 8 °C.
func degrees(t coldchain.MilliCelsius) any { return rounded(t.Celsius(), 3) }

// money is an amount of minor units.
func money(minor int64) any { return rounded(float64(minor)/100, 2) }

// hours are a length of time to the tenth of an hour.
func hours(d time.Duration) any { return rounded(d.Hours(), 1) }

func (f fraction) String() string { return strconv.FormatFloat(f.value, 'f', f.decimals, 64) }

// format is how spreadsheets show it: "0.0".
func (f fraction) format() string {
	if f.decimals == 0 {
		return "0"
	}
	return "0." + strings.Repeat("0", f.decimals)
}

// ours is a cell that says a word of ours: a state, a kind, a sentence. It is worded as
// its reader reads; what people typed is a string, and stays.
type ours string

// in is the sheet with its titles and what is ours worded.
func (s sheet) in(say func(string) string) sheet {
	columns := slices.Clone(s.columns)
	for i, c := range columns {
		if c.title != strings.ToLower(c.title) { // small letters are a field's name, which an import reads
			columns[i].title = say(c.title)
		}
	}
	return sheet{columns: columns, rows: func(yield func([]any, error) bool) {
		for row, err := range s.rows {
			for i, cell := range row {
				if word, is := cell.(ours); is {
					row[i] = say(string(word))
				}
			}
			if !yield(row, err) {
				return
			}
		}
	}}
}

// within bounds the rows; the line that ends a file that was cut off says so.
func within(limit int, rows iter.Seq2[[]any, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		n := 0
		for row, err := range rows {
			if n++; n > limit && err == nil {
				yield([]any{ours(fmt.Sprintf("Cut off after %d rows. Choose a shorter time.", limit))}, nil)
				return
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// inParts reads a long list part by part, each after the last line of the part before.
func inParts[T any](read func(last *T, limit int) ([]T, error), cells func(T) [][]any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		var last *T
		for {
			part, err := read(last, sheetPart)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, line := range part {
				for _, row := range cells(line) {
					if !yield(row, nil) {
						return
					}
				}
			}
			if len(part) < sheetPart {
				return
			}
			last = &part[len(part)-1]
		}
	}
}

// row is the cells of a line that is one row.
func row(cells ...any) [][]any { return [][]any{cells} }

// writeCSV writes the sheet as comma-separated text.
func (s sheet) writeCSV(w io.Writer) error {
	var titles []string
	for _, c := range s.columns {
		titles = append(titles, c.title)
	}
	file, err := newCSV(w, titles...)
	if err != nil {
		return err
	}
	for row, err := range s.rows {
		if err != nil {
			return err
		}
		cells := make([]string, len(row))
		for i, cell := range row {
			if cells[i], err = textCell(cell); err != nil {
				return err
			}
		}
		if err := file.Write(cells); err != nil {
			return err
		}
	}
	file.Flush()
	return file.Error()
}

// textCell is a cell as text; only what somebody may have typed is kept from being a formula.
func textCell(cell any) (string, error) {
	switch v := cell.(type) {
	case nil:
		return "", nil
	case string:
		return plainRow(v)[0], nil
	case ours:
		return string(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case fraction:
		return v.String(), nil
	case time.Time:
		if v.IsZero() {
			return "", nil
		}
		return v.UTC().Format(time.RFC3339), nil
	}
	return "", errNoCell(cell)
}

// errNoCell is the mistake of whoever made the row: better no file than one that keeps a column empty.
func errNoCell(cell any) error { return fmt.Errorf("a file has no cell for a %T", cell) }

// writeXLSX writes the sheet as an Excel workbook with its titles fixed at the top.
// Texts are texts there, whatever they begin with.
func (s sheet) writeXLSX(w io.Writer, name string) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	if err := book.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	looks := cellLooks{book: book, known: map[string]int{}}
	lines, err := s.begin(book, name)
	if err != nil {
		return err
	}
	n := 1
	for row, err := range s.rows {
		if err != nil {
			return err
		}
		cells := make([]any, len(row))
		for i, cell := range row {
			if cells[i], err = looks.cell(cell); err != nil {
				return err
			}
		}
		n++
		if err := lines.SetRow("A"+strconv.Itoa(n), cells); err != nil {
			return err
		}
	}
	if err := lines.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

// begin writes the titles.
func (s sheet) begin(book *excelize.File, name string) (*excelize.StreamWriter, error) {
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	lines, err := book.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	titles := make([]any, len(s.columns))
	for i, c := range s.columns {
		titles[i] = excelize.Cell{StyleID: bold, Value: c.title}
		if err := lines.SetColWidth(i+1, i+1, c.width); err != nil {
			return nil, err
		}
	}
	if err := lines.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	return lines, lines.SetRow("A1", titles)
}

// cellLooks are the number formats of a workbook, each made when it is first wanted.
type cellLooks struct {
	book  *excelize.File
	known map[string]int
}

func (l cellLooks) cell(cell any) (any, error) {
	switch v := cell.(type) {
	case string:
		return views.UntwistText(v), nil
	case ours:
		return string(v), nil
	case time.Time:
		if v.IsZero() {
			return nil, nil
		}
		return l.as(dayAndTime, v.UTC().Truncate(time.Second))
	case fraction:
		return l.as(v.format(), v.value)
	case nil, int64:
		return v, nil
	}
	return nil, errNoCell(cell)
}

// as is a value shown in a format.
func (l cellLooks) as(format string, value any) (any, error) {
	id, known := l.known[format]
	if !known {
		var err error
		if id, err = l.book.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return nil, err
		}
		l.known[format] = id
	}
	return excelize.Cell{StyleID: id, Value: value}, nil
}
