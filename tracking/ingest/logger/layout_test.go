package logger

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAPersonsChoiceOfColumnsIsFollowed(t *testing.T) {
	at := time.Date(2031, 3, 1, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		text   string
		layout Layout
	}{
		"month first":             {"when,t\n03/01/2031 08:00,-0.5\n", Layout{Time: 0, TimeOfDay: -1, Temp: 1, Clock: "mdy"}},
		"day first, twelve hours": {"n,t,when\n1,31.1,1/3/2031 8:00 am\n", Layout{Time: 2, TimeOfDay: -1, Temp: 1, Clock: "dmy", Fahrenheit: true}},
		"year first":              {"2031/3/1 08:00:00;-0,5\n", Layout{Time: 0, TimeOfDay: -1, Temp: 1, Clock: "ymd", Comma: true}},
		"two columns":             {"d\tt\tv\n2031-03-01\t08:00\t-0.5\n", Layout{Time: 0, TimeOfDay: 1, Temp: 2, Clock: AnyClock}},
	} {
		r, err := ReadAs(strings.NewReader(c.text), c.layout)
		if err != nil || len(r.Rows) != 1 || !r.Rows[0].At.Equal(at) || r.Rows[0].Temp != -500 || !r.Local {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		again, err := ParseLayout(c.layout.String())
		if err != nil || again != c.layout {
			t.Errorf("%s: remembered as %+v, %v", name, again, err)
		}
	}
	if _, err := ReadAs(strings.NewReader("a,b\n2031-03-01 08:00,4\n"), Layout{Time: 0, TimeOfDay: -1, Temp: 7, Clock: AnyClock}); !errors.Is(err, ErrLayout) {
		t.Errorf("a column that is not there: %v", err)
	}
	for _, l := range []Layout{{Time: 0, Temp: 0, TimeOfDay: -1, Clock: AnyClock}, {Time: -1, Temp: 1, TimeOfDay: -1, Clock: AnyClock}, {Temp: 1, TimeOfDay: -1, Clock: "moon"}, {Temp: 1000, TimeOfDay: -1, Clock: AnyClock}} {
		if !errors.Is(l.Check(), ErrLayout) {
			t.Errorf("%+v was taken", l)
		}
	}
}

func TestAGuessIsMadeOnlyWhereOneReadingFits(t *testing.T) {
	for text, want := range map[string]string{
		"time,temp\n2031-03-01 08:00,4\n":    AnyClock,
		"time,temp\n31/03/2031 08:00,4\n":    "dmy",
		"time,temp\n03/31/2031 08:00,4\n":    "mdy",
		"time,temp\n03/04/2031 08:00,4\n":    AnyClock, // nobody can tell: the person chooses
		"time,temp\n2031/03/04 08:00:00,4\n": "ymd",
	} {
		table, err := Look(strings.NewReader(text))
		if err != nil || table.Guess.Clock != want {
			t.Errorf("%q: %q, %v", text, table.Guess.Clock, err)
		}
	}
	for _, text := range []string{"", "hello", "a\nb\n"} {
		if _, err := Look(strings.NewReader(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add("time,temp\n2031-03-01 08:00,4\n", `{"time":0,"time_of_day":-1,"temp":1,"clock":"any"}`)
	f.Add("Zeit;x\n1.3.2031 08:00;-0,5\n", `{"time":0,"time_of_day":-1,"temp":1,"clock":"dmy","comma":true}`)
	f.Fuzz(func(t *testing.T, text, layout string) {
		table, err := Look(strings.NewReader(text))
		if err == nil && (len(table.Rows) == 0 || len(table.Columns) < 2 || len(table.Columns) > shownColumns) {
			t.Fatalf("%+v", table)
		}
		l, err := ParseLayout(layout)
		if err != nil {
			return
		}
		r, err := ReadAs(strings.NewReader(text), l)
		if err == nil && len(r.Rows) == 0 {
			t.Fatal("it was read and holds nothing")
		}
	})
}
