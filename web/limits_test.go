package web

import (
	"fmt"
	"testing"
	"time"
)

func TestAskingTooOftenCostsWhoAsksAlone(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for kind, limit := range workLimits {
		var l limiters
		for i := range limit.burst {
			if wait := l.wait(kind, "nora", at); wait != 0 {
				t.Fatalf("%s: number %d waits %s", kind, i, wait)
			}
		}
		wait := l.wait(kind, "nora", at)
		if wait <= 0 || wait > limit.every {
			t.Errorf("%s: one more waits %s", kind, wait)
		}
		if l.wait(kind, "omar", at) != 0 {
			t.Errorf("%s: another one waits too", kind)
		}
		if l.wait(kind, "nora", at.Add(limit.every)) != 0 {
			t.Errorf("%s: she waits longer than she was told", kind)
		}
	}
}

func TestTheMemoryOfWhoAskedIsBounded(t *testing.T) {
	var l limiters
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for i := range 2*maxLimited + 1 {
		l.wait(searching, fmt.Sprint(i), at)
		if len(l.who) > maxLimited {
			t.Fatalf("%d are remembered", len(l.who))
		}
	}
}

func TestWhichRoutesAreLimited(t *testing.T) {
	for path, want := range map[string]kindOfWork{"/search": searching, "/search/answers": searching, "/api/v1/assets": asking, "/admin/audit/export": exporting,
		"/fridges/:id/report.pdf": exporting, "/stock.csv": exporting, "/": "", "/fridges/:id": ""} {
		if got := kindOf(path); got != want {
			t.Errorf("%s is %q", path, got)
		}
	}
}
