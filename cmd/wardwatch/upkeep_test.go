package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// mayGrow sets how many pages the database may have, as a disk that fills up or is cleared would.
func mayGrow(t *testing.T, h *house, pages int) {
	t.Helper()
	err := h.db.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fill writes until nothing more can be stored.
func fill(t *testing.T, h *house) {
	t.Helper()
	for size := 500; size > 0; {
		err := h.db.InTx(t.Context(), func(tx *db.Tx) error {
			return tx.Record(t.Context(), hospital.Deed{By: hospital.Job("test"), What: "test.fill", On: "disk", Why: strings.Repeat("long ", size)})
		})
		if err != nil {
			size /= 2
		}
	}
}

func (v visitor) see(path string) (int, string) {
	answer := v.ask(http.MethodGet, path)
	return answer.Code, answer.Body.String()
}

func TestAFullDiskIsSaidEverywhereAndReadingsAreRefusedUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	importSmallHospital(t, "sqlite:"+filepath.Join(folder, "w.db"))
	h, _ := open(t, "sqlite:"+filepath.Join(folder, "w.db"))
	token := furnish(t, h)
	nurse := visitors(t, h)[0]
	reading := func(minute int) string {
		return fmt.Sprintf(`{"readings":[{"sensor":"probe-1","channel":"probe","celsius":4.2,"at":"%s"}]}`, time.Now().Add(-time.Duration(minute)*time.Minute).Format(time.RFC3339))
	}
	if status, said := post(t, h, token, reading(10)); status != http.StatusOK {
		t.Fatal(status, said)
	}
	mayGrow(t, h, 1)
	fill(t, h)
	acknowledged, status := kept(t, h), 0
	for minute := 20; minute < 2000 && status != http.StatusTooManyRequests; minute++ { // the last room within a page still takes some
		if status, _ = post(t, h, token, reading(minute)); status == http.StatusOK {
			acknowledged++
		}
	}
	if status != http.StatusTooManyRequests || kept(t, h) != acknowledged {
		t.Errorf("the last was answered %d; %d are kept of %d that were acknowledged", status, kept(t, h), acknowledged)
	}
	if status, said := nurse.see("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(said, `"storage":"not ready: disk full"`) || !strings.Contains(said, `"database":"ready"`) {
		t.Errorf("readyz: %d %s", status, said)
	}
	if status, said := nurse.see("/alarms"); status != http.StatusOK || !strings.Contains(said, "Nothing can be saved: disk full.") {
		t.Errorf("a page: %d, without the strip", status)
	}
	if status, said := excused(t.Context(), h.pages.Addr().String(), "/metrics"); !strings.Contains(said, `wardwatch_storage_trouble{trouble="disk full"} 1`) {
		t.Errorf("metrics: %d", status)
	}
	if answer := nurse.ask(http.MethodPost, "/sign-out"); answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "must make room") {
		t.Errorf("a form: %d %s", answer.Code, answer.Body.String())
	}
	mayGrow(t, h, 1_000_000)
	// A reading that is new in any case: one that is known already is a change of nothing, and proves no disk.
	if status, said := post(t, h, token, reading(5)); status != http.StatusOK {
		t.Errorf("once there is room: %d %s", status, said)
	}
	if status, said := nurse.see("/readyz"); status != http.StatusOK {
		t.Errorf("once there is room: %d %s", status, said)
	}
	if _, said := nurse.see("/alarms"); strings.Contains(said, "Nothing can be saved") {
		t.Error("the strip stays")
	}
	sound(t, filepath.Join(folder, "w.db"))
}

// While nothing can be stored, who comes is let in and who is signed in stays so, to see what
// is wrong; once it can be, the session and its line in the trail are stored.
func TestPeopleSeeWhatIsWrongWhileNothingCanBeStored(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	inside := newVisitor(t, h, "inside", hospital.Administrator, nil)
	newVisitor(t, h, "outside", hospital.Administrator, nil)
	mayGrow(t, h, 1)
	fill(t, h)
	stranger := visitor{house: h, name: "stranger"}
	if answer := stranger.send(http.MethodPost, "/sign-in", "email=outside@linden.example&password=wrong"); answer.Code != http.StatusServiceUnavailable {
		t.Errorf("a wrong password: %d", answer.Code)
	}
	if status, said := stranger.see("/sign-in"); status != http.StatusOK || !strings.Contains(said, "Nothing can be saved: disk full.") {
		t.Errorf("the sign-in page: %d, without what is wrong", status)
	}
	answer := stranger.send(http.MethodPost, "/sign-in", "email=outside@linden.example&password=tiger-lamp-cloud-seven")
	if answer.Code != http.StatusSeeOther {
		t.Fatalf("a right password: %d %s", answer.Code, answer.Body)
	}
	for _, cookie := range answer.Result().Cookies() {
		if cookie.Name == "ward" {
			stranger.secret = account.Secret(cookie.Value)
		}
	}
	if status, said := stranger.see("/admin/health"); status != http.StatusOK || !strings.Contains(said, "disk full") {
		t.Errorf("who came in: %d", status)
	}
	mayGrow(t, h, 1_000_000)
	skew, _ := skews.Load(h)
	skew.(*atomic.Int64).Add(int64(2 * time.Minute))
	if status, _ := stranger.see("/admin/health"); status != http.StatusOK {
		t.Errorf("once there is room: %d", status)
	}
	if _, said := inside.see("/admin/audit?deed=account.sign-in&who=outside"); !strings.Contains(said, "signed in while nothing could be stored") {
		t.Error("the trail does not tell of it")
	}
	if answer := stranger.send(http.MethodPost, "/sign-out", ""); answer.Code != http.StatusSeeOther {
		t.Errorf("signing out: %d", answer.Code)
	}
	if status, _ := stranger.see("/admin/health"); status != http.StatusSeeOther {
		t.Errorf("after signing out: %d", status)
	}
	err := h.db.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), "PRAGMA query_only = true")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 6 { // an hour, with a look every ten minutes: longer than a session lives unused
		skew.(*atomic.Int64).Add(int64(10 * time.Minute))
		if status, said := inside.see("/admin/health"); status != http.StatusOK || !strings.Contains(said, "read-only") {
			t.Fatalf("who is signed in: %d", status)
		}
	}
}

// A database that can't be opened makes no crash loop: whoever comes is told, and
// once a sound file stands there, the house opens by itself.
func TestADamagedDatabaseIsExcusedUntilItIsRestored(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, sound := filepath.Join(folder, "w.db"), filepath.Join(folder, "sound.db")
	importSmallHospital(t, "sqlite:"+file)
	if err := db.Backup(t.Context(), file, sound, db.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	s := serveCommand{config: config{HTTP: address, MQTT: "127.0.0.1:0", DB: "sqlite:" + file}}
	opened := make(chan *house, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	go func() {
		h, err := s.open(ctx, newLog(io.Discard, 0), 300*time.Millisecond)
		if err != nil {
			t.Error(err)
		}
		opened <- h
	}()
	for path, want := range map[string]string{"/": "wardwatch restore", "/readyz": `{"database":"not ready: database damaged"}`, "/ingest": `"status":503`} {
		if status, said := excused(ctx, address, path); status != http.StatusServiceUnavailable || !strings.Contains(said, want) {
			t.Errorf("%s: %d %s", path, status, said)
		}
	}
	if status, _ := excused(ctx, address, "/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
	if _, err := db.Restore(t.Context(), file, sound, db.CopyOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	h := <-opened
	if h == nil {
		t.Fatal("it never opened")
	}
	if h.register.Current().Site.Name == "" {
		t.Error("it opened on nothing")
	}
	if err := h.close(); err != nil {
		t.Error(err)
	}
}

// excused asks until somebody answers: between two tries nobody does.
func excused(ctx context.Context, address, path string) (int, string) {
	for ctx.Err() == nil {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			continue
		}
		said, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		return answer.StatusCode, string(said)
	}
	return 0, ""
}
