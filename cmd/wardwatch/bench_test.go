package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wardwatch/cmd/wardwatch/bench"
)

// The instrument itself: a short run against the real program measures everything
// that a long one does. What it finds in so short a time is no figure.
func TestBenchMeasuresTheRealProgram(t *testing.T) {
	t.Parallel()
	s := &server{folder: t.TempDir()}
	kept := filepath.Join(s.folder, "run.json")
	var said, log bytes.Buffer
	measure := s.program("bench", "--program", os.Args[0], "--for", "100ms", "--mixed", "1s", "--sizes", "1", "--tags", "60", "--gateways", "10", "--fridges", "5",
		"--publishers", "6", "--browsers", "10", "--stored", "20000", "--json", kept, "--only", strings.Join(bench.Scenarios(), ","))
	measure.Stdout, measure.Stderr = &said, &log
	ended := measure.Run()
	out := said.String()
	report, err := readReport(kept)
	if err != nil {
		t.Fatalf("%v, %v: %s%s", ended, err, &said, &log)
	}
	for _, scenario := range bench.Scenarios() {
		if !slices.ContainsFunc(report.Rows, func(r bench.Row) bool { return r.Scenario == scenario }) {
			t.Errorf("nothing was measured of %s", scenario)
		}
	}
	for _, row := range report.Rows {
		if strings.HasSuffix(row.Unit, "/s") && row.Value <= 0 {
			t.Errorf("%s: %s is %v", row.Scenario, row.What, row.Value)
		}
		if !strings.Contains(out, row.What) {
			t.Errorf("the table lacks %q", row.What)
		}
	}
	code, out, errs := commandLine(t, nil, "bench", "compare", kept, kept)
	if code != exitDone || strings.Contains(out, "WORSE") || !strings.Contains(out, "as before") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if left, _ := filepath.Glob(filepath.Join(s.folder, "wardwatch-bench-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBenchRefusesWhatItCannotMeasure(t *testing.T) {
	for _, args := range [][]string{{"--only", "happiness"}, {"--tags", "0"}, {"--browsers", "1000000"}, {"compare", "no-such.json", "no-such.json"}} {
		if code, _, errs := commandLine(t, nil, append([]string{"bench"}, args...)...); code != exitUsage {
			t.Errorf("%v: exit %d, said %q", args, code, errs)
		}
	}
}
