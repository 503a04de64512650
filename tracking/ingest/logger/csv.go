package logger

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"

	"bufio"
)

// columns says where a CSV file has its time and temperature.
type columns struct {
	time, temp int
	fahrenheit bool
	comma      bool // numbers have a decimal comma
}

// names of columns as loggers and people write them, in lower case, best first.
var (
	timeNames = []string{"time", "timestamp", "datetime", "date/time", "date time", "date_time", "measured_at", "timestamp_local", "time_utc", "ts", "at", "date"}
	tempNames = []string{"celsius", "temperature", "temp", "temperature_c", "temp_c", "temperature (°c)", "temperature(°c)", "temp (°c)", "°c", "c", "value"}
)

// csvOf is a reader of rows separated by comma, semicolon or tab, and which of them it is.
func csvOf(from *bufio.Reader) (*csv.Reader, rune, error) {
	start, err := from.Peek(512)
	if err != nil && len(start) == 0 {
		return nil, 0, fmt.Errorf("%w: it is empty", ErrFormat)
	}
	if strings.HasPrefix(string(start), "\ufeff") {
		_, _ = from.Discard(3) // peeked just now
	}
	rows := csv.NewReader(from)
	rows.Comma = separator(string(start))
	rows.FieldsPerRecord, rows.ReuseRecord, rows.LazyQuotes, rows.TrimLeadingSpace = -1, true, true, true
	return rows, rows.Comma, nil
}

// readCSV reads rows of time and temperature, with or without a header. Columns are
// found by their names, else they are the first two.
func readCSV(from *bufio.Reader) (Recording, error) {
	rows, comma, err := csvOf(from)
	if err != nil {
		return Recording{}, err
	}
	r := Recording{Format: "csv", Local: true}
	first, err := rows.Read()
	for ; err != nil && !errors.Is(err, io.EOF); first, err = rows.Read() {
		parse, wrong := errors.AsType[*csv.ParseError](err)
		if !wrong {
			return Recording{}, err
		}
		r.skip(parse.Line, parse.Err.Error())
	}
	if err == nil {
		at, header := columnsOf(first, comma)
		l := Layout{Time: at.time, TimeOfDay: -1, Temp: at.temp, Clock: AnyClock, Fahrenheit: at.fahrenheit, Comma: at.comma}
		if !header {
			line, _ := rows.FieldPos(0)
			err = r.take(line, first, l)
		}
		if err == nil {
			err = r.all(rows, l)
		}
		if err != nil {
			return Recording{}, err
		}
	}
	if len(r.Rows) == 0 {
		return Recording{}, fmt.Errorf("%w: no row of it has a time and a temperature", ErrFormat)
	}
	return r, nil
}

func separator(start string) rune {
	line, _, _ := strings.Cut(start, "\n")
	for _, candidate := range []rune{';', '\t'} {
		if strings.ContainsRune(line, candidate) {
			return candidate
		}
	}
	return ','
}

// columnsOf finds the columns; header is false when the first row is a reading itself.
func columnsOf(cells []string, comma rune) (at columns, header bool) {
	at = columns{time: 0, temp: 1, comma: comma == ';'}
	if len(cells) > 1 {
		if _, _, err := readTime(cells[0]); err == nil {
			return at, false
		}
	}
	at.time, at.temp = named(cells, timeNames), named(cells, tempNames)
	if at.temp < 0 {
		at.temp = containing(cells, "temp")
	}
	if at.time < 0 {
		at.time = max(containing(cells, "time"), 0)
	}
	if at.temp < 0 {
		at.temp = 1
	}
	if at.temp < len(cells) {
		name := strings.ToLower(cells[at.temp])
		at.fahrenheit = strings.Contains(name, "°f") || strings.Contains(name, "fahrenheit") || strings.HasSuffix(name, "_f")
	}
	return at, true
}

// named is the first column that has one of the names; -1 when none has.
func named(cells, names []string) int {
	for _, name := range names {
		for i, cell := range cells {
			if strings.ToLower(strings.TrimSpace(cell)) == name {
				return i
			}
		}
	}
	return -1
}

func containing(cells []string, part string) int {
	for i, cell := range cells {
		if strings.Contains(strings.ToLower(cell), part) {
			return i
		}
	}
	return -1
}

func (r *Recording) take(line int, cells []string, at Layout) error {
	when, local, err := at.when(cells)
	if err == nil && at.Temp >= len(cells) {
		err = errors.New("it has too few columns")
	}
	if err != nil {
		r.skip(line, err.Error())
		return nil
	}
	text := strings.TrimSpace(cells[at.Temp])
	if at.Comma {
		text = strings.Replace(text, ",", ".", 1)
	}
	if strings.HasPrefix(text, "--") {
		r.Unplugged = append(r.Unplugged, when)
		return nil
	}
	temp, known := celsius(text)
	if known && at.Fahrenheit {
		temp = coldchain.MilliCelsius(math.Round((float64(temp) - 32_000) / 1.8))
	}
	if !known {
		r.skip(line, fmt.Sprintf("%.30q is no temperature", text))
		return nil
	}
	if len(r.Rows) == MaxRows {
		return ErrTooLarge
	}
	r.Local = r.Local && local
	r.Rows = append(r.Rows, coldchain.Point{At: when, Temp: temp})
	return nil
}

// Layouts of times, those with an offset first. A date with dots is day first; one
// with slashes is refused, because nobody can tell which comes first.
var (
	zonedLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05.999-0700", "2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04Z07:00"}
	localLayouts = []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05.999", "2.1.2006 15:04", "2.1.2006 15:04:05"}
)

// readTime reads a time as loggers write it; local is true when it does not say its offset.
func readTime(text string) (at time.Time, local bool, err error) {
	text = strings.TrimSpace(text)
	for _, layout := range localLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true, nil
		}
	}
	for _, layout := range zonedLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), false, nil
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 900_000_000 {
		if n < 100_000_000_000 {
			return time.Unix(n, 0).UTC(), false, nil
		}
		return time.UnixMilli(n).UTC(), false, nil
	}
	return time.Time{}, false, fmt.Errorf("%.30q is no time", text)
}
