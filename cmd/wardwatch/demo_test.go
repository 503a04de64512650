package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/simulate"
)

func TestThePrintedHospitalCanBeImported(t *testing.T) {
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
type runningDemo struct {
	url, mqtt string
	stop      context.CancelFunc
	ended     chan int
	errs      *bytes.Buffer
}

func startDemo(t *testing.T, args ...string) *runningDemo {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	d := &runningDemo{stop: stop, ended: make(chan int, 1), errs: &bytes.Buffer{}}
	go func() {
		all := append([]string{"demo", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"}, args...)
		d.ended <- run(process{ctx: ctx, stdin: strings.NewReader(""), stdout: write, stderr: d.errs}, all, nil)
		_ = write.Close()
	}()
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("no ready line: exit %d, %s", <-d.ended, d.errs)
	}
	for _, part := range strings.Fields(line) {
		if url, ok := strings.CutPrefix(part, "http="); ok {
			d.url = url
		}
		if address, ok := strings.CutPrefix(part, "mqtt="); ok {
			d.mqtt = address
		}
	}
	t.Cleanup(stop)
	return d
}

// end stops the demo as SIGTERM does and sees that nothing is left of it.
func (d *runningDemo) end(t *testing.T) {
	t.Helper()
	d.stop()
	select {
	case code := <-d.ended:
		if code != exitDone {
			t.Errorf("exit %d: %s", code, d.errs)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the demo did not end within 10 s")
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "wardwatch-demo-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTheDemoComesUpAndLeavesNothingBehind(t *testing.T) {
	d := startDemo(t, "--size", "small")
	answer, err := http.Get(d.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("/readyz answers %s", answer.Status)
	}
	d.end(t)
}

// What the demo's thirty days left in the database is what a real month would
// have: the audit chain is whole, the ledger's sum is the stock, and a replay of
// all readings finds the very same excursions.
func TestTheDemosPastStandsUpToADeepCheck(t *testing.T) {
	drawing := simulate.Draw(simulate.Hospital)
	d := &demo{command: demoCommand{Seed: 3, Speed: 1}, drawing: drawing, start: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC),
		clock: &demoClock{}, born: make(chan *simulate.World, 1), log: newLog(io.Discard, 0), dsn: "sqlite:" + filepath.Join(t.TempDir(), "demo.db")}
	d.born <- simulate.NewWorld(drawing, simulate.Options{Seed: 3, Start: d.start, History: demoHistory, Story: demoStory()})
	if err := d.takeIn(t.Context()); err != nil {
		t.Fatal(err)
	}
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
