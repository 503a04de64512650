package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFloorPlanIsADryRunUntilItIsApplied(t *testing.T) {
	folder := t.TempDir()
	base, plan := "sqlite:"+filepath.Join(folder, "w.db"), filepath.Join(folder, "plan.geojson")
	ward := `{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"type":"corridor","name":"Hall","id":1},"geometry":{"type":"Polygon","coordinates":[[[0,0],[20,0],[20,3],[0,3],[0,0]]]}},
		{"type":"Feature","properties":{"type":"ward","name":"Bay 1","id":2},"geometry":{"type":"Polygon","coordinates":[[[0,3],[8,3],[8,9],[0,9],[0,3]]]}}]}`
	if err := os.WriteFile(plan, []byte(ward), 0o600); err != nil {
		t.Fatal(err)
	}
	house := `{"format":"wardwatch-hospital/1","site":{"id":"s","name":"St Anne","zone":"UTC"},"buildings":[{"id":"b","name":"Main"}]}`
	ask := func(code int, stdin string, says []string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		got := run(process{ctx: t.Context(), stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr}, append([]string{"import"}, args...), nil)
		out, errs := stdout.String(), stderr.String()
		for _, want := range says {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%v lacks %q: %s%s", args, want, out, errs)
			}
		}
		if got != code {
			t.Errorf("%v: exit %d, want %d: %s%s", args, got, code, out, errs)
		}
	}
	ask(exitFault, "", []string{"import hospital"}, "floorplan", "--db", base, "--floor", "w4", plan)
	ask(exitDone, house, nil, "hospital", "--db", base, "--apply", "-")
	ask(exitUsage, "", []string{"--floor ID"}, "floorplan", "--db", base, plan)
	ask(exitDone, "", []string{"20.0 by 9.0 metres, 2 rooms", "3 would be added", "dry run"}, "floorplan", "--db", base, "--floor", "w4", plan)
	ask(exitDone, ward, []string{"room Bay 1", "3 were added"}, "floorplan", "--db", base, "--floor", "w4", "--name", "4 West", "--level", "4", "--apply", "-")
	ask(exitDone, "", []string{"0 were added, 0 changed, 5 are the same"}, "floorplan", "--db", base, "--floor", "w4", "--apply", plan)
	ask(exitFault, "{}", []string{"FeatureCollection"}, "floorplan", "--db", base, "--floor", "w4", "-")
	ask(exitFault, "", []string{`no building "x"`}, "floorplan", "--db", base, "--floor", "w4", "--building", "x", plan)
}
