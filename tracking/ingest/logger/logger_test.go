package logger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/coldchain"
)

// A made-up export in the shape of Berlinger's, with a log.
const fridgeTag = "\xef\xbb\xbfDevice: Q-tag Fridge-tag 2 L\r\nVers: 0.5\r\nSensor: 1\r\nConf:\r\n Serial: 990000000001\r\n Zone: 0.00\r\n" +
	" Alarm:\r\n  0:\r\n   T AL: -0.5, t AL: 60\r\n  1:\r\n   T AL: +8.0, t AL: 600\r\n Logging Interval: 5\r\nHist:\r\n TS Actv: 2031-03-01 08:00\r\n" +
	" 1:\r\n  Date: 2031-03-03\r\n  Min T: +9.0, TS Min T: 00:10\r\n  Max T: +11.0, TS Max T: 04:57\r\n  Avrg T: +9.5\r\n  Alarm:\r\n   0:\r\n    t Acc: 0\r\n" +
	"   1:\r\n    t Acc: 300, TS A: 00:00, C A: 0\r\n  Int Sensor timeout:\r\n   t AccST: 0\r\n  Events: 0\r\n" +
	" 2:\r\n  Date: 2031-03-02\r\n  Min T: --.-, TS Min T: 00:00\r\n  Max T: +10.5, TS Max T: 23:57\r\n  Avrg T: +6.0\r\n  Alarm:\r\n   0:\r\n    t Acc: 0\r\n" +
	"   1:\r\n    t Acc: 720, TS A: 22:00, C A: 1\r\n  Ext Sensor timeout:\r\n   t AccST: 21, TS ST: 14:04\r\n  Checked:\r\n   TS AM: 09:00\r\n" +
	"Data:\r\n\tyyyy-MM-dd hh:mm\tT\tOut of limits\r\n\t2031-03-01 08:00\t4.5\t\r\n\t2031-03-01 08:05\t-0.5\tx\r\n\t2031-03-01 08:10\t--.-\tx\r\n\tgarbage\t1\t\r\n\t2031-03-01 08:15\tx\t\r\n" +
	"Cert:\r\n Vers: 1.0\r\n Serial: 1\r\nSig: 00\r\n"

func TestFridgeTagIsRead(t *testing.T) {
	r, err := Read(strings.NewReader(fridgeTag))
	if err != nil {
		t.Fatal(err)
	}
	at := func(minute int) time.Time { return time.Date(2031, 3, 1, 8, minute, 0, 0, time.UTC) }
	if want := []coldchain.Point{{At: at(0), Temp: 4_500}, {At: at(5), Temp: -500}}; !slices.Equal(r.Rows, want) {
		t.Errorf("rows %v", r.Rows)
	}
	if r.Device != "Q-tag Fridge-tag 2 L" || r.Serial != "990000000001" || !r.Local || r.Skipped != 2 || !slices.Equal(r.Unplugged, []time.Time{at(10)}) {
		t.Errorf("got %+v", r)
	}
	if len(r.Days) != 2 || r.Days[0].Date != "2031-03-02" || r.Days[0].Known || !r.Days[1].Known || r.Days[1].Mean != 9_500 || r.Days[0].Unplugged != 21*time.Minute {
		t.Errorf("days %+v", r.Days)
	}
	if want := []Limit{{0, -500, time.Hour}, {1, 8_000, 10 * time.Hour}}; !slices.Equal(r.Limits, want) {
		t.Errorf("limits %+v", r.Limits)
	}
}

func TestDailyAlarmsMergeOverMidnight(t *testing.T) {
	r, err := Read(strings.NewReader(fridgeTag))
	if err != nil {
		t.Fatal(err)
	}
	spells := Spells(r)
	if len(spells) != 1 || spells[0].Beyond != 1020*time.Minute || spells[0].Cold ||
		!spells[0].Start.Equal(time.Date(2031, 3, 2, 12, 0, 0, 0, time.UTC)) || !spells[0].End.Equal(time.Date(2031, 3, 3, 5, 0, 0, 0, time.UTC)) {
		t.Errorf("spells %+v", spells)
	}
}

func TestCSVInItsManyShapes(t *testing.T) {
	at := time.Date(2031, 3, 1, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		text  string
		local bool
	}{
		"header":          {"time,celsius\n2031-03-01 08:00,-0.5\n", true},
		"no header":       {"2031-03-01 08:00:00,-0.5\n", true},
		"other columns":   {"humidity,temperature,timestamp\n40,-0.5,2031-03-01T09:00:00+0100\n", false},
		"semicolons":      {"Zeit;Temperature (°C)\n1.3.2031 08:00;-0,5\n", true},
		"fahrenheit":      {"time,temp (°F)\n2031-03-01 08:00,31.1\n", true},
		"epoch":           {"ts,value\n1930118400,-0.5\n", false},
		"milliseconds":    {"ts\tvalue\n1930118400000\t-0.5\n", false},
		"mark and quotes": {"\xef\xbb\xbf\"time\",\"celsius\"\r\n\"2031-03-01T08:00:00Z\",\"-0.5\"\r\n", false},
	} {
		r, err := Read(strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(r.Rows) != 1 || !r.Rows[0].At.Equal(at) || r.Rows[0].Temp != -500 || r.Local != c.local {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestARowThatHoldsNothingCostsOnlyItself(t *testing.T) {
	r, err := Read(strings.NewReader("time,celsius\n2031-03-01 08:00,4\nnonsense\n2031-03-01 08:05,\n03/04/2031 08:00,4\n2031-03-01 08:10,5\n"))
	if err != nil || len(r.Rows) != 2 || r.Skipped != 3 || len(r.Faults) != 3 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWhatIsNoLoggerFileIsRefused(t *testing.T) {
	for _, text := range []string{"", "hello", "a,b\nc,d\n", "\x00\x01\x02"} {
		if r, err := Read(strings.NewReader(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q gave %+v, %v", text, r, err)
		}
	}
	endless := io.MultiReader(strings.NewReader("time,celsius\n"), &repeated{row: "2031-03-01 08:00,4.0" + strings.Repeat(" ", maxLine-64) + "\n"})
	if _, err := Read(endless); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an endless file gave %v", err)
	}
}

// repeated is a file without an end: one row, again and again.
type repeated struct {
	row string
	at  int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.row[r.at:])
	r.at = (r.at + n) % len(r.row)
	return n, nil
}

func TestOneRowTooManyIsRefused(t *testing.T) {
	full := Recording{Rows: make([]coldchain.Point, MaxRows-1, MaxRows)}
	cells, at := []string{"2031-03-01 08:00", "4.0"}, Layout{Time: 0, TimeOfDay: -1, Temp: 1, Clock: AnyClock}
	if err := full.take(2, cells, at); err != nil || len(full.Rows) != MaxRows {
		t.Fatalf("row %d gave %v", len(full.Rows), err)
	}
	if err := full.take(3, cells, at); !errors.Is(err, ErrTooLarge) {
		t.Errorf("row %d gave %v", MaxRows+1, err)
	}
}

func TestALoggersOwnClockIsPlacedInItsZone(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine has no time zones")
	}
	r, err := Read(strings.NewReader("time,celsius\n2031-03-30 01:55,4\n2031-03-30 02:30,4\n2031-03-30 03:35,4\n"))
	if err != nil {
		t.Fatal(err)
	}
	placed := r.In(zone)
	for i, want := range []string{"00:55", "01:30", "01:35"} {
		if got := placed.Rows[i].At.Format("15:04"); got != want {
			t.Errorf("row %d is at %s UTC, want %s: a time that the clock change skips must not be lost", i, got, want)
		}
	}
}

// In autumn a clock shows one hour twice. A file goes one way, so its rows tell which time
// is meant: none is lost, none is put beside another, whatever the order of the file.
func TestTheHourThatComesTwiceIsKeptTwice(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine has no time zones")
	}
	at := func(zone *time.Location, clock ...string) (instants []string) {
		file := "time,celsius\n"
		for i, c := range clock {
			file += fmt.Sprintf("2031-10-26 %s,%d\n", c, i)
		}
		r, err := Read(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range r.In(zone).Rows {
			instants = append(instants, row.At.Format("15:04"))
		}
		return instants
	}
	for _, c := range []struct {
		name        string
		zone        *time.Location
		clock, want []string
	}{
		{"forward", berlin, []string{"01:30", "02:00", "02:30", "02:00", "02:30", "03:00"}, []string{"23:30", "00:00", "00:30", "01:00", "01:30", "02:00"}},
		{"backward", berlin, []string{"03:00", "02:30", "02:00", "02:30", "02:00", "01:30"}, []string{"02:00", "01:30", "01:00", "00:30", "00:00", "23:30"}},
		{"every hour", berlin, []string{"01:15", "02:15", "02:15", "03:15"}, []string{"23:15", "00:15", "01:15", "02:15"}},
		{"a row twice", berlin, []string{"02:10", "02:10", "02:20"}, []string{"00:10", "00:10", "00:20"}},
		{"a clock that nobody moves", time.FixedZone("UTC+01:00", 3600), []string{"01:30", "02:30", "03:30"}, []string{"00:30", "01:30", "02:30"}},
	} {
		if got := at(c.zone, c.clock...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Real exports, where they are at hand; none of them is part of this project.
func TestRealExports(t *testing.T) {
	folder, text := "", []byte(nil)
	for _, beside := range []string{"../../../../shared", "../../../../../shared"} { // beside the module, or beside its worktrees
		folder = filepath.Join(beside, "samples", "loggers")
		var err error
		if text, err = os.ReadFile(filepath.Join(folder, "expected.json")); err == nil {
			break
		}
	}
	if text == nil {
		t.Skip("real exports of loggers are not on this machine")
	}
	var expected map[string]struct {
		Device, Serial string
		LogRows        int      `json:"log_rows"`
		Missing        []string `json:"missing_rows"`
		Mean           float64  `json:"mean_c"`
		MKT            float64  `json:"mkt_c_dH_83144"`
		Days           []struct {
			Date, Min, Max, Avg string
			Beyond              map[string][]any `json:"tAcc"`
		} `json:"days_newest_first"`
	}
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	for name, want := range expected {
		file, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		r, err := Read(bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Device != want.Device || r.Serial != want.Serial || len(r.Rows)+len(r.Unplugged) != want.LogRows || len(r.Unplugged) != len(want.Missing) || r.Skipped != 0 {
			t.Errorf("%s: %s %s, %d rows, %d unplugged, %d skipped", name, r.Device, r.Serial, len(r.Rows), len(r.Unplugged), r.Skipped)
		}
		if len(r.Days) != len(want.Days) {
			t.Errorf("%s: %d days, want %d", name, len(r.Days), len(want.Days))
			continue
		}
		for i, day := range want.Days {
			got := r.Days[len(r.Days)-1-i]
			low, _ := celsius(day.Min)
			high, _ := celsius(day.Max)
			if got.Date != day.Date || got.Min != low || got.Max != high {
				t.Errorf("%s: day %+v, want %+v", name, got, day)
			}
			for index, alarm := range got.Beyond {
				if beyond := day.Beyond[string(rune('0'+index))]; len(beyond) > 0 && alarm.Beyond.Minutes() != beyond[0] {
					t.Errorf("%s %s: alarm %d for %v, want %v", name, day.Date, index, alarm.Beyond, beyond)
				}
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(fridgeTag))
	f.Add([]byte("time;celsius\n1.3.2031 08:00;-0,5\n"))
	f.Add([]byte("Device:\n\t\t\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) && !strings.Contains(err.Error(), "token too long") {
				t.Errorf("an error that nobody can act on: %v", err)
			}
			return
		}
		Spells(r.In(time.UTC))
	})
}
