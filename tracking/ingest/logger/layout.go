package logger

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Layout says how a CSV file is to be read, as a person chose it once for a device.
type Layout struct {
	// Time and Temp are columns, from 0. TimeOfDay is the column of the time where the
	// date stands alone in Time; negative: there is none.
	Time      int `json:"time"`
	TimeOfDay int `json:"time_of_day"`
	Temp      int `json:"temp"`
	// Clock is one of Clocks.
	Clock      string `json:"clock"`
	Fahrenheit bool   `json:"fahrenheit,omitempty"`
	// Comma: numbers have a decimal comma.
	Comma bool `json:"comma,omitempty"`
}

// Clock is a way to write times.
type Clock struct {
	Name, Example string
	layouts       []string
}

// AnyClock reads every way that can't be mistaken for another.
const AnyClock = "any"

// Clocks are the ways to write times that a person can choose from. Day and month of a
// date with slashes can't be told apart by looking: a person must say.
func Clocks() []Clock {
	return []Clock{
		{AnyClock, "2026-05-04 10:00, with or without an offset; seconds since 1970", nil},
		{"dmy", "04/05/2026 10:00, the day first", []string{"2/1/2006 15:04:05", "2/1/2006 15:04", "2-1-2006 15:04:05", "2-1-2006 15:04", "2.1.2006 15:04:05", "2.1.2006 15:04", "2/1/2006 3:04:05 PM", "2/1/2006 3:04 PM", "2/1/06 15:04:05", "2/1/06 15:04"}},
		{"mdy", "05/04/2026 10:00, the month first", []string{"1/2/2006 15:04:05", "1/2/2006 15:04", "1-2-2006 15:04:05", "1-2-2006 15:04", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM", "1/2/06 15:04:05", "1/2/06 15:04"}},
		{"ymd", "2026/05/04 10:00", []string{"2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2 3:04:05 PM", "2006/1/2 3:04 PM"}},
	}
}

// maxColumn is the last column that can be chosen.
const maxColumn = 99

// ErrLayout: the columns can't be read so.
var ErrLayout = errors.New("the file can't be read with these columns")

// Check says whether a layout can be.
func (l Layout) Check() error {
	known := slices.ContainsFunc(Clocks(), func(c Clock) bool { return c.Name == l.Clock })
	if !known || min(l.Time, l.Temp) < 0 || max(l.Time, l.Temp, l.TimeOfDay) > maxColumn || l.Time == l.Temp || l.TimeOfDay == l.Temp || l.TimeOfDay == l.Time {
		return ErrLayout
	}
	return nil
}

// String is the layout as it is remembered; ParseLayout reads it.
func (l Layout) String() string {
	text, err := json.Marshal(l)
	if err != nil {
		return ""
	}
	return string(text)
}

// ParseLayout reads what String wrote.
func ParseLayout(text string) (Layout, error) {
	var l Layout
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return Layout{}, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	return l, l.Check()
}

// Table is the beginning of a CSV file as a person sees it.
type Table struct {
	Columns []string // the first row, or numbers where it is a reading itself
	Rows    [][]string
	// Guess is how the file reads by its columns' names.
	Guess Layout
}

// Limits of what is shown of a file.
const (
	shownRows    = 6
	shownColumns = 20
	shownCell    = 40
)

// IsCSV says whether a file is none whose layout is fixed.
func IsCSV(start []byte) bool {
	return !bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))), []byte("Device:"))
}

// Look reads the beginning of a CSV file and guesses how to read it.
func Look(from io.Reader) (Table, error) {
	rows, comma, err := csvOf(bufio.NewReaderSize(from, maxLine))
	if err != nil {
		return Table{}, err
	}
	var t Table
	for len(t.Rows) < shownRows {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if _, wrong := errors.AsType[*csv.ParseError](err); wrong {
			continue
		}
		if err != nil {
			return Table{}, err
		}
		if t.Columns == nil {
			at, header := columnsOf(cells, comma)
			t.Guess = Layout{Time: at.time, TimeOfDay: -1, Temp: at.temp, Clock: AnyClock, Fahrenheit: at.fahrenheit, Comma: at.comma}
			t.Columns = shown(cells)
			if header {
				continue
			}
			for i := range t.Columns {
				t.Columns[i] = "Column " + strconv.Itoa(i+1)
			}
		}
		t.Rows = append(t.Rows, shown(cells))
	}
	if len(t.Rows) == 0 || len(t.Columns) < 2 {
		return Table{}, fmt.Errorf("%w: it is no table", ErrFormat)
	}
	t.Guess.Clock = t.guessClock()
	return t, nil
}

// guessClock chooses a way to write times only when one alone reads every row.
func (t Table) guessClock() string {
	var fitting []string
	for _, clock := range Clocks() {
		l := t.Guess
		l.Clock = clock.Name
		fits := true
		for _, row := range t.Rows {
			_, _, err := l.when(row)
			fits = fits && err == nil
		}
		if fits {
			fitting = append(fitting, clock.Name)
		}
	}
	if len(fitting) == 1 || slices.Contains(fitting, AnyClock) {
		return fitting[0]
	}
	return AnyClock
}

func shown(cells []string) []string {
	kept := make([]string, min(len(cells), shownColumns))
	for i := range kept {
		kept[i] = strings.TrimSpace(strings.ToValidUTF8(cells[i], "?"))
		if utf8.RuneCountInString(kept[i]) > shownCell {
			kept[i] = string([]rune(kept[i])[:shownCell]) + "…"
		}
	}
	return kept
}

// when reads a row's time; local is true when it does not say its offset.
func (l Layout) when(cells []string) (at time.Time, local bool, err error) {
	if max(l.Time, l.TimeOfDay) >= len(cells) {
		return time.Time{}, false, errors.New("it has too few columns")
	}
	text := strings.TrimSpace(cells[l.Time])
	if l.TimeOfDay >= 0 {
		text += " " + strings.TrimSpace(cells[l.TimeOfDay])
	}
	if l.Clock == AnyClock {
		return readTime(text)
	}
	for _, clock := range Clocks() {
		if clock.Name != l.Clock {
			continue
		}
		for _, layout := range clock.layouts {
			if at, err := time.Parse(layout, strings.ToUpper(text)); err == nil {
				return at, true, nil
			}
		}
	}
	return time.Time{}, false, fmt.Errorf("%.30q is no time", text)
}

// ReadAs reads a CSV file by a layout. A row that holds no reading, such as a header, is
// skipped and told of.
func ReadAs(from io.Reader, l Layout) (Recording, error) {
	if err := l.Check(); err != nil {
		return Recording{}, err
	}
	rows, _, err := csvOf(bufio.NewReaderSize(&bounded{from: from, left: MaxFile}, maxLine))
	if err != nil {
		return Recording{}, fmt.Errorf("read logger file: %w", err)
	}
	r := Recording{Format: "csv", Local: true}
	if err := r.all(rows, l); err != nil {
		return Recording{}, fmt.Errorf("read logger file: %w", err)
	}
	if len(r.Rows) == 0 {
		return r, fmt.Errorf("read logger file: %w: no row of it has a time and a temperature there", ErrLayout)
	}
	return r, nil
}

// all reads every row.
func (r *Recording) all(rows *csv.Reader, l Layout) error {
	for {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if parse, wrong := errors.AsType[*csv.ParseError](err); wrong {
			r.skip(parse.Line, parse.Err.Error())
			continue
		}
		if err != nil {
			return err
		}
		line, _ := rows.FieldPos(0)
		if err := r.take(line, cells, l); err != nil {
			return err
		}
	}
}
