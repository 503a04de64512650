package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func runExcursions(t *testing.T, stdin string, args ...string) (code int, out judged, said string) {
	t.Helper()
	var stdout, stderr strings.Builder
	code = run(process{ctx: t.Context(), stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr}, append([]string{"excursions"}, args...), nil)
	if stdout.Len() > 0 {
		if err := json.Unmarshal([]byte(stdout.String()), &out); err != nil {
			t.Fatalf("%v in %s", err, stdout.String())
		}
	}
	return code, out, stderr.String()
}

func TestARecordingIsJudgedFromTheCommandLine(t *testing.T) {
	const recording = "time,celsius\n2031-03-01 23:30,5\n2031-03-01 23:40,9\n2031-03-01 23:50,9.5\n2031-03-02 00:00,9.2\n2031-03-02 00:10,5\n2031-03-02 00:20,5\n2031-03-02 00:30,5\n2031-03-02 04:00,5\n"
	code, out, said := runExcursions(t, recording, "-")
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, said)
	}
	if out.Readings != 8 || len(out.Gaps) != 1 || out.Gaps[0].Minutes != 189 || len(out.Days) != 2 || out.Days[0].Date != "2031-03-01" || out.Days[0].MinutesAbove != 20 || out.Days[1].MinutesAbove != 10 {
		t.Errorf("got %+v", out)
	}
	if len(out.Excursions) != 1 || out.Excursions[0].Rule != "warm" || out.Excursions[0].Known != 30 || *out.Excursions[0].Max != 9.5 ||
		out.Excursions[0].Start != "2031-03-01T23:40:00Z" || *out.Excursions[0].End != "2031-03-02T00:10:00Z" {
		t.Errorf("excursions %+v", out.Excursions)
	}
	own := filepath.Join(t.TempDir(), "own.json")
	const profile = `{"id":"own","low_celsius":2,"high_celsius":8,"interval_minutes":10,"rules":[{"name":"hour","direction":"too warm","limit_celsius":8,"minutes":60}]}`
	if err := os.WriteFile(own, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, said := runExcursions(t, recording, "--profile", own, "-"); code != exitDone || out.Profile != "own" || len(out.Excursions) != 0 {
		t.Errorf("exit %d: %s %+v", code, said, out.Excursions)
	}
}

func TestWrongRecordingsAndProfilesAreNamed(t *testing.T) {
	if code, _, said := runExcursions(t, "hello", "-"); code != exitFault || !strings.Contains(said, "not a file of a supported logger") {
		t.Errorf("exit %d: %s", code, said)
	}
	if code, _, said := runExcursions(t, "", "--profile", "cellar", "-"); code != exitUsage || !strings.Contains(said, "refrigerator, freezer, ultracold") {
		t.Errorf("exit %d: %s", code, said)
	}
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"low_celsius":2,"high_celsius":8,"limit":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, said := runExcursions(t, "", "--profile", bad, "-"); code != exitUsage || !strings.Contains(said, "limit") {
		t.Errorf("exit %d: %s", code, said)
	}
}

// A real logger's recording against the device's own daily statistics, where it is at hand.
func TestDaysAgreeWithTheDevicesOwn(t *testing.T) {
	folder := ""
	for _, beside := range []string{"../../../shared", "../../../../shared"} { // beside the module, or beside its worktrees
		folder = filepath.Join(beside, "data", "temperature")
		if _, err := os.Stat(folder); err == nil {
			break
		}
	}
	truth, err := os.Open(filepath.Join(folder, "fridgetag2l_daily_truth.csv"))
	if err != nil {
		t.Skip("the real recording is not on this machine")
	}
	defer truth.Close()
	code, out, said := runExcursions(t, "", filepath.Join(folder, "fridgetag2l_readings.csv"))
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, said)
	}
	days := map[string]judgedDay{}
	for _, day := range out.Days {
		days[day.Date] = day
	}
	rows, err := csv.NewReader(truth).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, row := range rows[2:] { // the first day is not a whole one
		number := func(name string) float64 {
			v, err := strconv.ParseFloat(row[column[name]], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		day := days[row[0]]
		for _, c := range []struct {
			what      string
			got, want float64
			tolerance float64
		}{
			{"min", day.Min, number("min_c"), 0.3}, {"max", day.Max, number("max_c"), 0.5}, {"mean", day.Mean, number("avg_c"), 0.2},
			{"minutes above", day.MinutesAbove, number("alarm1_min"), 10}, {"minutes below", day.MinutesBelow, number("alarm0_min"), 10},
		} {
			if d := c.got - c.want; d > c.tolerance+1e-9 || d < -c.tolerance-1e-9 {
				t.Errorf("%s: %s is %.2f, the device says %.2f", row[0], c.what, c.got, c.want)
			}
		}
	}
}
