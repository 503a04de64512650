package logger

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
)

// readBerlinger reads the text export of Berlinger's Fridge-tag 2, 2 L, Ultra Low
// and Q-tag: nested "key: value" lines by indentation, one fact or several
// separated by commas on a line, then a table of tab-separated rows.
func readBerlinger(from io.Reader) (Recording, error) {
	b := berlinger{Recording: Recording{Format: "berlinger", Local: true}}
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(strings.TrimPrefix(lines.Text(), "\ufeff"), "\r ")
		if strings.HasPrefix(line, "\t") {
			if err := b.row(n, line); err != nil {
				return Recording{}, err
			}
			continue
		}
		b.fact(n, line)
	}
	if err := lines.Err(); err != nil {
		return Recording{}, err
	}
	if b.Device == "" {
		return Recording{}, fmt.Errorf("%w: it names no device", ErrFormat)
	}
	b.endDay()
	slices.Reverse(b.Days) // the file begins with the newest
	return b.Recording, nil
}

type berlinger struct {
	Recording
	path []string // the keys above the current line, by indentation
	day  *Day
}

// fact takes one line of keys and values.
func (b *berlinger) fact(n int, line string) {
	text := strings.TrimLeft(line, " ")
	depth := len(line) - len(text)
	key, value, found := strings.Cut(text, ":")
	if !found {
		return
	}
	b.path = append(b.path[:min(depth, len(b.path))], key)
	if len(b.path) < 1 {
		return
	}
	switch {
	case len(b.path) == 1 && key == "Device":
		b.Device = strings.TrimSpace(value)
	case b.under("Conf") && key == "Serial":
		b.Serial = strings.TrimSpace(value)
	case b.under("Conf", "Alarm") && len(b.path) == 4:
		b.limit(b.path[2], facts(text))
	case b.under("Hist"):
		b.history(n, key, text)
	case len(b.path) == 1:
		b.endDay()
	}
}

// under is true when the line stands below these keys.
func (b *berlinger) under(keys ...string) bool {
	return len(b.path) > len(keys) && slices.Equal(b.path[:len(keys)], keys)
}

// facts reads "t Acc: 366, TS A: 00:00, C A: 0".
func facts(text string) map[string]string {
	all := map[string]string{}
	for _, part := range strings.Split(text, ", ") {
		if key, value, found := strings.Cut(part, ":"); found {
			all[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return all
}

func (b *berlinger) limit(index string, said map[string]string) {
	i, err := strconv.Atoi(index)
	temp, known := celsius(said["T AL"])
	minutes, err2 := strconv.Atoi(said["t AL"])
	if err != nil || err2 != nil || !known {
		return // a limit that is switched off
	}
	b.Limits = append(b.Limits, Limit{Index: i, Temp: temp, Duration: time.Duration(minutes) * time.Minute})
}

// history takes the lines of the daily summaries.
func (b *berlinger) history(n int, key, text string) {
	said := facts(text)
	switch {
	case key == "Date":
		b.endDay()
		b.day = &Day{Date: said["Date"], Beyond: map[int]DayAlarm{}}
	case b.day == nil:
	case key == "Min T":
		b.day.Min, b.day.Known = b.extreme(n, said["Min T"])
	case key == "Max T":
		b.day.Max, _ = b.extreme(n, said["Max T"])
	case key == "Avrg T":
		b.day.Mean, _ = b.extreme(n, said["Avrg T"])
	case key == "t Acc" && len(b.path) == 5 && b.path[2] == "Alarm":
		b.alarmOfDay(b.path[3], said)
	case key == "t AccST":
		if minutes, err := strconv.Atoi(said["t AccST"]); err == nil && minutes > 0 {
			b.day.Unplugged += time.Duration(minutes) * time.Minute
		}
	}
}

func (b *berlinger) extreme(_ int, text string) (coldchain.MilliCelsius, bool) { return celsius(text) }

func (b *berlinger) alarmOfDay(index string, said map[string]string) {
	i, err := strconv.Atoi(index)
	minutes, err2 := strconv.Atoi(said["t Acc"])
	if err != nil || err2 != nil || minutes < 0 || minutes > 25*60 {
		return
	}
	alarm := DayAlarm{Beyond: time.Duration(minutes) * time.Minute, RangAt: -1}
	if at, err := time.Parse("15:04", said["TS A"]); err == nil {
		alarm.RangAt = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	b.day.Beyond[i] = alarm
}

// endDay keeps the day that was being read. One whose date can't be read is none.
func (b *berlinger) endDay() {
	if b.day == nil {
		return
	}
	if _, err := time.Parse(time.DateOnly, b.day.Date); err == nil {
		b.Days = append(b.Days, *b.day)
	}
	b.day = nil
}

// row takes a line of the table: time, temperature, mark.
func (b *berlinger) row(n int, line string) error {
	if len(b.path) == 0 || b.path[0] != "Data" {
		return nil // the marker table has other columns
	}
	cells := strings.Split(strings.TrimLeft(line, "\t"), "\t")
	if len(cells) < 2 || strings.HasPrefix(cells[0], "yyyy") {
		return nil
	}
	at, err := time.Parse("2006-01-02 15:04", cells[0])
	if err != nil {
		b.skip(n, fmt.Sprintf("%.30q is no time", cells[0]))
		return nil
	}
	if strings.HasPrefix(cells[1], "--") {
		b.Unplugged = append(b.Unplugged, at)
		return nil
	}
	temp, known := celsius(cells[1])
	if !known {
		b.skip(n, fmt.Sprintf("%.30q is no temperature", cells[1]))
		return nil
	}
	if len(b.Rows) == MaxRows {
		return ErrTooLarge
	}
	b.Rows = append(b.Rows, coldchain.Point{At: at, Temp: temp})
	return nil
}

// celsius reads "+4.0" and "-16.8"; false for "--.-", an empty cell and what is no temperature.
func celsius(text string) (coldchain.MilliCelsius, bool) {
	value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(value > -273.15 && value < 2000) {
		return 0, false
	}
	return coldchain.FromCelsius(value), true
}
