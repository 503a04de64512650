package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twoRooms writes a recording of our own: a minute in the bay, then a minute in
// the store, as two receivers hear it.
func twoRooms(t *testing.T) (gateways, observations, truth string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var heard strings.Builder
	heard.WriteString("ts_ms,gateway,tag,rssi\n")
	for second := range 120 {
		at, bay, store := int64(1_700_000_000_000+second*1000), -60, -80
		if second >= 60 {
			bay, store = -80, -60
		}
		fmt.Fprintf(&heard, "%d,g-bay,pump,%d\n%d,g-store,pump,%d\n", at, bay+second%3, at+20, store-second%3)
	}
	return write("g.json", `{"g-bay":{"room":"bay","xy":[2,2]},"g-store":{"room":"store","xyz":[14,2,1]}}`),
		write("obs.csv", heard.String()),
		write("truth.csv", "tag,from_ms,to_ms,room\npump,1700000000000,1700000059999,bay\npump,1700000060000,1700000119999,store\n")
}

func runLocate(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(process{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}, append([]string{"locate"}, args...), nil)
	return code, out.String(), errs.String()
}

func TestRecordingIsReplayedAndScored(t *testing.T) {
	t.Parallel()
	gateways, observations, truth := twoRooms(t)
	for _, training := range [][]string{nil, {"--train", observations, "--truth", truth}} {
		args := append([]string{"--gateways", gateways, "--observe", observations, "--score", truth}, training...)
		code, stdout, stderr := runLocate(t, args...)
		if code != exitDone {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		if lines[0] != "ts_ms,tag,room,confidence" || len(lines) < 118 || !strings.Contains(lines[30], ",pump,bay,") || !strings.Contains(lines[len(lines)-1], ",pump,store,") {
			t.Errorf("%d lines, the first %q, the last %q", len(lines), lines[0], lines[len(lines)-1])
		}
		var score locateScore
		if err := json.Unmarshal([]byte(stderr), &score); err != nil {
			t.Fatalf("the summary is no JSON: %v: %s", err, stderr)
		}
		if score.Accuracy < 0.95 || score.FlapsPerHour > 0 || score.Steps != 120 || score.SightingsPerSecond <= 0 {
			t.Errorf("score %+v", score)
		}
	}
}

func TestLocateSaysWhatIsWrong(t *testing.T) {
	gateways, observations, truth := twoRooms(t)
	bad := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(bad, []byte("ts_ms,gateway,tag,rssi\nnow,g,t,-60\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"half of the training":  {[]string{"--gateways", gateways, "--observe", observations, "--train", observations}, exitUsage, "go together"},
		"nothing to observe":    {[]string{"--gateways", gateways}, exitUsage, "--observe"},
		"no such file":          {[]string{"--gateways", gateways, "--observe", "nowhere.csv"}, exitFault, "nowhere.csv"},
		"a time in words":       {[]string{"--gateways", gateways, "--observe", bad}, exitFault, "line 2"},
		"truth for a recording": {[]string{"--gateways", gateways, "--observe", truth}, exitFault, "ts_ms"},
		"gateways in CSV":       {[]string{"--gateways", truth, "--observe", observations}, exitFault, "gateways"},
	} {
		if code, _, stderr := runLocate(t, c.args...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, %q", name, code, stderr)
		}
	}
}
