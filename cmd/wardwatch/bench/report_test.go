package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func reported(rows ...Row) *Report {
	r := &Report{Version: "1", Go: "go1", CPUs: 2, Begun: time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)}
	for _, row := range rows {
		row.judge()
		r.Rows = append(r.Rows, row)
	}
	return r
}

func TestAFigureIsHeldAgainstItsBar(t *testing.T) {
	for name, c := range map[string]struct {
		row Row
		met bool
	}{
		"just enough":      {Row{Value: 40_000, Bar: 40_000, More: true}, true},
		"too little":       {Row{Value: 39_999, Bar: 40_000, More: true}, false},
		"just in time":     {Row{Value: 100, Bar: 100}, true},
		"too late":         {Row{Value: 100.1, Bar: 100}, false},
		"ratio enough":     {Row{Value: 45, Beside: 100, Bar: 0.45, OfRatio: true, More: true}, true},
		"ratio too small":  {Row{Value: 44, Beside: 100, Bar: 0.45, OfRatio: true, More: true}, false},
		"nothing promised": {Row{Value: 1}, true},
	} {
		r := reported(c.row)
		if r.Rows[0].Met != c.met || (len(r.Missed()) == 0) != c.met {
			t.Errorf("%s: met %v", name, r.Rows[0].Met)
		}
	}
}

func TestTheTableSaysWhatWasMissed(t *testing.T) {
	var out bytes.Buffer
	r := reported(Row{Scenario: "readings", What: "acknowledged", Value: 1234567, Unit: "/s", Beside: 2469134, BesideWhat: "raw", More: true, OfRatio: true, Bar: 0.6},
		Row{Scenario: "live", What: "p99", Value: 51.27, Unit: "ms", Bar: 250})
	if err := r.Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1,234,567 /s", "2,469,134 raw", "0.50", "≥ 0.60 of it, MISSED", "51.3 ms", "≤ 250, met"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
	if r.Bars() != 2 {
		t.Errorf("%d bars", r.Bars())
	}
}

// What was kept is read back, and comparing names what became better, worse, new and gone.
func TestComparingTwoRuns(t *testing.T) {
	before := reported(Row{Scenario: "a", What: "rate", Value: 100, Unit: "/s", More: true}, Row{Scenario: "a", What: "wait", Value: 100, Unit: "ms"},
		Row{Scenario: "a", What: "share", Value: 50, Beside: 100, Unit: "/s", More: true}, Row{Scenario: "a", What: "old", Value: 1, Unit: "s"})
	after := reported(Row{Scenario: "a", What: "rate", Value: 80, Unit: "/s", More: true}, Row{Scenario: "a", What: "wait", Value: 80, Unit: "ms"},
		Row{Scenario: "a", What: "share", Value: 25, Beside: 50, Unit: "/s", More: true}, Row{Scenario: "a", What: "fresh", Value: 1, Unit: "s"})
	var kept, out bytes.Buffer
	if err := before.Write(&kept); err != nil {
		t.Fatal(err)
	}
	read, err := Read(&kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := Compare(&out, read, after); err != nil {
		t.Fatal(err)
	}
	for line, words := range map[string][]string{"rate": {"-20 %", "WORSE"}, "wait": {"-20 %", "better"}, "share": {"+0 % of the limit", "as before"}, "fresh": {"new"}, "old": {"gone"}} {
		found := ""
		for l := range strings.Lines(out.String()) {
			if strings.Contains(l, " "+line+" ") {
				found = l
			}
		}
		for _, word := range words {
			if !strings.Contains(found, word) {
				t.Errorf("%s: %q lacks %q", line, found, word)
			}
		}
	}
	if _, err := Read(strings.NewReader(`{"rows":7}`)); err == nil {
		t.Error("something else was read as a report")
	}
}

func TestWhatCannotBeMeasuredIsRefused(t *testing.T) {
	fine := Options{Size: Size{Tags: 1, Gateways: 1, Fridges: 1, Publishers: 1, Browsers: 1}, Stored: 1}
	for name, change := range map[string]func(*Options){
		"no tags":          func(o *Options) { o.Size.Tags = 0 },
		"too many tags":    func(o *Options) { o.Size.Tags = MaxTags + 1 },
		"too many sockets": func(o *Options) { o.Size.Browsers = MaxBrowsers + 1 },
		"too much stored":  func(o *Options) { o.Stored = MaxStored + 1 },
		"no such thing":    func(o *Options) { o.Only = []string{"everything"} },
	} {
		o := fine
		change(&o)
		if _, err := Run(context.Background(), o); !errors.Is(err, ErrAsked) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := fine.check(); err != nil {
		t.Error(err)
	}
}

// What one scenario could not do costs the others nothing: an hour of measuring has a table
// even so, and says what is missing from it.
func TestAScenarioThatFailsCostsTheOthersNothing(t *testing.T) {
	broken := errors.New("the server answers 429")
	all := []scenario{
		{"first", true, func(context.Context, *run) error { return broken }},
		{"not asked for", false, func(context.Context, *run) error { t.Error("it ran"); return nil }},
		{"second", true, func(_ context.Context, r *run) error { r.add(Row{What: "pages", Value: 7, Unit: "/s"}); return nil }},
	}
	r := &run{Options: Options{Says: io.Discard}, report: &Report{}}
	err := r.measure(t.Context(), all)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "measure first") {
		t.Errorf("the first failed, and it is told as %v", err)
	}
	if len(r.report.Rows) != 1 || r.report.Rows[0].Scenario != "second" {
		t.Errorf("the second was measured, and the report has %+v", r.report.Rows)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := r.measure(ended, all); err != nil || len(r.report.Rows) != 1 {
		t.Errorf("somebody ended it, and it went on: %v, %+v", err, r.report.Rows)
	}
}

func TestPercentiles(t *testing.T) {
	l := &latencies{}
	if l.at(0.99) != 0 {
		t.Error("nothing took time")
	}
	for i := range 100 {
		l.add(time.Duration(100-i) * time.Millisecond)
	}
	if l.at(0.50) != 51 || l.at(0.99) != 100 || l.at(1) != 100 || l.n() != 100 {
		t.Errorf("p50 %v, p99 %v of %d", l.at(0.50), l.at(0.99), l.n())
	}
}

func TestStolenTimeIsTheEighthOfTheFirstLine(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"cpu  4705 356 584 3699 23 23 0 150 7 3\ncpu0 2 1 1 1 1 1 1 9 0 0\n": 1500 * time.Millisecond,
		"cpu  4705 356 584 3699 23 23 0\n":                                   0, // an old kernel
		"cpu0 2 1 1 1 1 1 1 9 0 0\n":                                         0,
		"":                                                                   0,
	} {
		if got := stolenIn(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
