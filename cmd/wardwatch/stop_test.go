package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Told to stop in the middle of the day, with gateways sending, pages being asked for and
// the store being kept, the server ends well, says how long that took, and keeps what it promised.
func TestToldToStopUnderLoadItEndsWell(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ward.db")
	database := "sqlite:" + path
	token := furnishFile(t, database)
	k := newKeeper(t, database)
	s := startServer(t, database)
	k.begin(s.http)
	got := &acknowledged{at: map[int64]bool{}, enough: make(chan struct{}), want: 400}
	start := time.Now().Add(-6 * time.Hour).UTC().Truncate(time.Second).UnixMilli()
	go publishReadings(s, token, start, got)
	go postReadings(s, token, start+4_000_000, got)
	go lookAtPages(s)
	select {
	case <-got.enough:
	case <-time.After(patience):
		t.Fatalf("too few readings were acknowledged: %d: %s", len(got.at), s.said)
	}
	k.until(&k.answered, 4)
	late := time.AfterFunc(longStart, func() { _ = s.process.Process.Kill() })
	defer late.Stop()
	told := time.Now()
	s.stop(t)
	t.Logf("it ended %v after it was told to", time.Since(told).Round(time.Millisecond))
	for _, left := range []string{path + "-wal", path + "-shm"} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s is left behind: the database was not closed", filepath.Base(left))
		}
	}
	stored := storedReadings(t, path)
	got.mu.Lock()
	defer got.mu.Unlock()
	for at := range got.at {
		if stored[at] != 1 {
			t.Fatalf("the reading of %d was acknowledged and is stored %d times", at, stored[at])
		}
	}
	k.end()
	k.check(path)
	sound(t, path)
}

// furnishFile makes a small hospital's database, with a token for one gateway.
func furnishFile(t *testing.T, database string) (token string) {
	t.Helper()
	if code, _, errs := commandLine(t, nil, "import", "hospital", smallHospital, "--apply", "--db", database); code != exitDone {
		t.Fatal(errs)
	}
	code, out, errs := commandLine(t, nil, "token", "add", "probe gateway", "--gateway", "gw-01", "--db", database)
	if code != exitDone {
		t.Fatal(errs)
	}
	_, token, _ = strings.Cut(strings.TrimSpace(out), "\t")
	return token
}

// lookAtPages asks for pages until the server has gone.
func lookAtPages(s *server) {
	for {
		answer, err := http.Get(s.http + "/sign-in")
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
}
