package main

import (
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/simulate"
)

func TestThePrintedHospitalCanBeImported(t *testing.T) {
	t.Parallel()
	for _, size := range []string{"small", "hospital", "campus"} {
		code, out, errs := commandLine(t, nil, "demo", "--size", size, "--print-hospital")
		if code != exitDone {
			t.Fatalf("exit %d: %s", code, errs)
		}
		if _, err := document.Read(strings.NewReader(out)); err != nil {
			t.Errorf("%s: %v", size, err)
		}
	}
}

func TestTheDemoRefusesWhatCannotBe(t *testing.T) {
	for _, args := range [][]string{{"--speed", "0"}, {"--speed", "-1"}, {"--speed", "4000"}, {"--size", "village"}, {"--db", "sqlite:real.db"}} {
		if code, _, errs := commandLine(t, nil, append([]string{"demo"}, args...)...); code != exitUsage {
			t.Errorf("%v: exit %d, said %q", args, code, errs)
		}
	}
}

// runningDemo is a demo started as from the command line, on free ports.
type runningDemo struct{ *server }

func startDemo(t *testing.T, args ...string) *runningDemo {
	t.Helper()
	return &runningDemo{startProgram(t, append([]string{"demo"}, args...)...)}
}

// end stops the demo as SIGTERM does and sees that nothing is left of it.
func (d *runningDemo) end(t *testing.T) {
	t.Helper()
	late := time.AfterFunc(longStart, func() { _ = d.process.Process.Kill() })
	defer late.Stop()
	d.stop(t)
	if left, _ := filepath.Glob(filepath.Join(d.folder, "wardwatch-demo-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// drawDemo is a demo that will start at a fixed instant; nothing of it runs.
func drawDemo(t *testing.T, size simulate.Size, args ...string) *demo {
	t.Helper()
	parsed := &program{}
	parser, err := kong.New(parsed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"demo"}, args...)); err != nil {
		t.Fatal(err)
	}
	return newDemo(parsed.Demo, simulate.Draw(size), time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC), newLog(io.Discard, 0), t.TempDir())
}

// pastDemo is a demo that has lived through its thirty days; nothing of it runs.
func pastDemo(t *testing.T, size simulate.Size, args ...string) *demo {
	t.Helper()
	d := drawDemo(t, size, args...)
	d.bear()
	if err := d.takeIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// story is what the fridges of a demo with a seed went through before its first page.
func story(t *testing.T, seed string) []simulate.Temperature {
	t.Helper()
	d := drawDemo(t, simulate.Small, "--seed", seed)
	d.bear()
	return (<-d.born).Record()
}

// --seed 7 tells the story of seed 7, again and again, and another seed another one.
func TestTheSeedDecidesTheDemosStory(t *testing.T) {
	t.Parallel()
	one, again, other := story(t, "7"), story(t, "7"), story(t, "8")
	if len(one) == 0 || !slices.Equal(one, again) {
		t.Errorf("seed 7 gave %d readings, then %d, and not the same", len(one), len(again))
	}
	if slices.Equal(one, other) {
		t.Error("seed 8 tells the story of seed 7")
	}
}

// The fridge that the newcomer is promised rings half a minute after the first page.
func TestTheDemosStoryIsWhatTheInvitationPromises(t *testing.T) {
	story := demoStory()
	if story.RingAfter < 20*time.Second || story.RingAfter > 35*time.Second {
		t.Errorf("the fridge rings after %v", story.RingAfter)
	}
	if story.CutAfter < story.RingAfter || story.RepairAfter < time.Minute {
		t.Errorf("the gateway is cut after %v, the fridge mended after %v", story.CutAfter, story.RepairAfter)
	}
	fridge := ""
	for _, f := range simulate.Draw(simulate.Small).Fridges {
		if f.ID == story.Fridge {
			fridge = f.Name
		}
	}
	if !strings.Contains(invitation, strings.ToLower(fridge[:1])+fridge[1:]) {
		t.Errorf("the invitation does not name %q, which fails", fridge)
	}
}

// What the demo's thirty days left in the database is what a real month would
// have: the audit chain is whole, the ledger's sum is the stock, and a replay of
// all readings finds the very same excursions.
func TestTheDemosPastStandsUpToADeepCheck(t *testing.T) {
	t.Parallel()
	d := pastDemo(t, simulate.Hospital, "--seed", "3")
	kept, err := db.Open(t.Context(), d.dsn, db.Options{Now: d.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	report, err := kept.VerifyDeep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := report.FirstFault(); err != nil {
		t.Error(err)
	}
	if err := (db.Stock{DB: kept}).Verify(t.Context()); err != nil {
		t.Error(err)
	}
	for fridge, least := range map[string]int{"f-04": 1, "f-05": 1, "f-09": 1, "f-11": 1} {
		excursions, err := db.Fridges{DB: kept}.Excursions(t.Context(), coldchain.FridgeID(fridge), 10)
		if err != nil || len(excursions) < least {
			t.Errorf("%s: %d past excursions, %v", fridge, len(excursions), err)
		}
	}
	open, err := db.Alarms{DB: kept}.OpenAlarms(t.Context())
	if err != nil || len(open) > 0 {
		t.Errorf("%d alarms are open before the story begins, %v", len(open), err)
	}
}
