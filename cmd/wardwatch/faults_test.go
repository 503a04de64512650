package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"wardwatch/db"
)

// Faults from outside, each against the real program: what it acknowledged is there
// afterwards, once, and verify --deep finds nothing. WARDWATCH_FAULTS=long does the
// same for longer and with more.
func long() bool { return os.Getenv("WARDWATCH_FAULTS") == "long" }

// swing is for how long the small hospital's fridge is cold, and then as long too warm: long
// enough for an excursion, so that each fault meets some that run.
const swing = 20 * time.Minute

// oneProbe is a reading of the small hospital's probe.
func oneProbe(at int64) map[string]any {
	celsius := 4.5
	if at/swing.Milliseconds()%2 == 1 {
		celsius = 12.5
	}
	return map[string]any{"sensor": "c4000000000a", "channel": "probe", "celsius": celsius, "at": at}
}

// posted is what POST /ingest answers.
type posted struct {
	status   int
	again    bool // it was sent more than once; what was stored although the answer came late is known then
	Accepted int
	Rejected []struct{ Reason string }
}

func postBody(s *server, token string, body []byte) (p posted, err error) {
	request, err := http.NewRequest(http.MethodPost, s.http+"/ingest", bytes.NewReader(body))
	if err != nil {
		return p, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Timeout: patience}).Do(request)
	if err != nil {
		return p, err
	}
	defer answer.Body.Close()
	p.status = answer.StatusCode
	text, err := io.ReadAll(answer.Body)
	if err == nil && p.status == http.StatusOK {
		err = json.Unmarshal(text, &p)
	}
	return p, err
}

// tell posts as a gateway does: told to keep its readings and to send them again, it does.
func tell(s *server, token string, body []byte) (p posted, err error) {
	for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		again := p.status != 0
		if p, err = postBody(s, token, body); err != nil || p.status != http.StatusTooManyRequests || time.Since(begun) > patience {
			p.again = again
			return p, err
		}
	}
}

// took says whether a telling was taken in, all n readings of it.
func (p posted) took(n int) bool {
	return p.status == http.StatusOK && (p.Accepted == n || p.again && len(p.Rejected) == 0)
}

func bodyOf(t *testing.T, readings ...any) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]any{"readings": readings})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// ring tells of a fridge that is too warm now.
func ring(t *testing.T, s *server, token string) {
	t.Helper()
	var told []any
	for minute := range int64(18) {
		told = append(told, map[string]any{"sensor": "c4000000000a", "channel": "probe", "celsius": 12.5, "at": time.Now().UnixMilli() - (17-minute)*60_000})
	}
	if answer, err := tell(s, token, bodyOf(t, told...)); err != nil || !answer.took(len(told)) {
		t.Errorf("a fridge that is too warm now: %+v, %v: %s", answer, err, s.said)
	}
}

// afterwards sees to it that the house still rings and its store is still kept, stops the
// server and looks at what is left.
func afterwards(t *testing.T, s *server, token, path string, acknowledged []int64, k *keeper) {
	t.Helper()
	ring(t, s, token)
	k.settle(s.http)
	s.pager.settle(s, "sqlite:"+path)
	settled := time.Now()
	s.stop(t)
	k.check(path)
	s.pager.check(path, settled)
	stored := storedReadings(t, path)
	for _, at := range acknowledged {
		if stored[at] != 1 {
			t.Fatalf("the reading of %d was acknowledged and is stored %d times", at, stored[at])
		}
	}
	sound(t, path)
	kept, err := db.Inspect(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	var excursions, rang int
	const q = `SELECT (SELECT count(*) FROM excursions WHERE withdrawn = 0), (SELECT count(*) FROM alarms WHERE kind = 'too warm')`
	if err := kept.QueryRow(t.Context(), q).Scan(&excursions, &rang); err != nil || excursions == 0 || rang != 1 {
		t.Errorf("the fridge that was too warm before and is too warm now has %d excursions and %d alarms, %v", excursions, rang, err)
	}
}

// warmSince tells of a fridge that has been too warm until start for as long as it takes to ring.
func warmSince(t *testing.T, s *server, token string) (start int64) {
	t.Helper()
	ago := time.Now().Add(-6 * time.Hour).UnixMilli()
	start = ago - ago%(2*swing).Milliseconds() + swing.Milliseconds()
	var told []any
	for range 17 {
		told = append(told, oneProbe(start))
		start += time.Minute.Milliseconds()
	}
	if answer, err := tell(s, token, bodyOf(t, told...)); err != nil || !answer.took(len(told)) {
		t.Fatalf("%+v, %v: %s", answer, err, s.said)
	}
	return start
}

// faulty is a small hospital whose server runs, whose fridge is too warm, whose pager has been
// called and does not answer yet, and in whose store the keeper is at work.
func faulty(t *testing.T) (s *server, token, path string, start int64, k *keeper) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ward.db")
	token = furnishFile(t, "sqlite:"+path)
	s, start, k = openWarm(t, token, path)
	return s, token, path, start, k
}

// openWarm has the server of a furnished hospital run, its fridge be too warm, its pager be called
// and the keeper be at work.
func openWarm(t *testing.T, token, path string) (s *server, start int64, k *keeper) {
	t.Helper()
	k = newKeeper(t, "sqlite:"+path)
	s = newPager(t).serve("sqlite:" + path)
	start = warmSince(t, s, token)
	ring(t, s, token)
	s.pager.ring()
	k.begin(s.http)
	return s, start, k
}

// Another process holds the database for a while: whoever posts waits, or is told to
// come again, and nothing that was acknowledged is missing.
func TestAnotherProcessHoldsTheDatabase(t *testing.T) {
	t.Parallel()
	s, token, path, start, k := faulty(t)
	other, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	hold := 500 * time.Millisecond
	if long() {
		hold = 15 * time.Second // longer than our own patience with it
	}
	if _, err := other.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	s.pager.answer()
	k.until(&k.tried, 1)
	var acknowledged []int64
	var mu sync.Mutex
	var posting sync.WaitGroup
	for i := range int64(8) {
		posting.Go(func() {
			at := start + i*1000
			for begun := time.Now(); time.Since(begun) < 2*patience; {
				answer, err := postBody(s, token, bodyOf(t, oneProbe(at)))
				if err == nil && answer.status == http.StatusOK {
					mu.Lock()
					acknowledged = append(acknowledged, at)
					mu.Unlock()
					return
				}
				if err == nil && answer.status != http.StatusTooManyRequests && answer.status < 500 {
					t.Errorf("while the database is held it answers %d", answer.status)
				}
				time.Sleep(100 * time.Millisecond) // as a gateway does
			}
		})
	}
	released := time.AfterFunc(hold, func() { _, _ = other.Exec(`ROLLBACK`) })
	defer released.Stop()
	if answer, err := http.Get(s.http + "/healthz"); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("while the database is held nobody is at home: %v", err)
	} else {
		_ = answer.Body.Close()
	}
	posting.Wait()
	if len(acknowledged) != 8 {
		t.Errorf("%d of 8 readings were taken in the end", len(acknowledged))
	}
	_ = other.Close()
	afterwards(t, s, token, path, acknowledged, k)
}

// Gateways send each field wrong, lie about the time by years, repeat everything: the
// good record beside the bad one is taken, nothing is taken twice, nobody falls over.
func TestGatewaysThatLie(t *testing.T) {
	t.Parallel()
	s, token, path, start, k := faulty(t)
	var acknowledged []int64
	at := start
	bad := []map[string]any{
		{"sensor": "", "celsius": 4}, {"sensor": 7, "celsius": 4}, {"celsius": 4}, {"sensor": strings.Repeat("x", 5000), "celsius": 4},
		{"sensor": "c4000000000a", "channel": "probe", "celsius": "warm"}, {"sensor": "c4000000000a", "channel": "probe", "celsius": nil},
		{"sensor": "c4000000000a", "channel": "probe", "celsius": 4000}, {"sensor": "c4000000000a", "channel": "probe", "celsius": -400},
		{"sensor": "c4000000000a", "channel": "probe", "celsius": 1e300}, {"sensor": "c4000000000a", "channel": "probe"},
		{"sensor": "c4000000000a", "channel": "probe", "celsius": 4, "at": "yesterday"}, {"sensor": "c4000000000a", "channel": "probe", "celsius": 4, "at": -1},
		{"sensor": "c4000000000a", "channel": "probe", "celsius": 4, "at": 9e18}, {"sensor": "c4000000000a", "channel": "probe", "celsius": 4, "at": []int{1}},
		{"sensor": "c4000000000a", "channel": "probe", "celsius": 4, "at": time.Now().AddDate(7, 0, 0).UnixMilli()},
		{"sensor": "c4000000000a", "channel": "probe", "celsius": 4, "at": time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC).UnixMilli()},
		{"sensor": "nobody-knows-me", "celsius": 4}, {"sensor": "c4000000000a", "channel": strings.Repeat("c", 500), "celsius": 4},
	}
	for _, wrong := range bad {
		at += 1000
		for range 2 { // and again
			answer, err := postBody(s, token, bodyOf(t, wrong, oneProbe(at)))
			if err != nil || answer.status >= 500 {
				t.Fatalf("%.100v: %d, %v: %s", wrong, answer.status, err, s.said)
			}
			if answer.status == http.StatusOK && answer.Accepted == 1 {
				acknowledged = append(acknowledged, at)
			}
		}
	}
	if len(acknowledged) < len(bad)*2/3 {
		t.Errorf("only %d of %d good readings were taken beside bad ones", len(acknowledged), len(bad))
	}
	for _, body := range []string{"", "{", "[]", "null", "7", `{"readings":{}}`, `{"readings":[[]]}`, strings.Repeat("[", 100_000), "\x00\xff"} {
		if answer, err := postBody(s, token, []byte(body)); err != nil || answer.status >= 500 {
			t.Errorf("%.40q: %d, %v", body, answer.status, err)
		}
	}
	afterwards(t, s, token, path, acknowledged, k)
}

// Connections are cut in the middle of a frame, stay half open, speak no MQTT at all:
// a gateway beside them is served as if nothing were.
func TestWiresThatBreak(t *testing.T) {
	t.Parallel()
	s, token, path, start, k := faulty(t)
	wires := 50
	if long() {
		wires = 2000
	}
	for i := range wires {
		wire, err := net.Dial("tcp", s.mqtt)
		if err != nil {
			t.Fatal(err)
		}
		whole := []byte("\x10\x14\x00\x04MQTT\x04\xc2\x00\x01\x00\x01x\x00\x01y\x00\x01z")
		_, _ = wire.Write([][]byte{whole[:i%len(whole)], []byte("GET / HTTP/1.1\r\n\r\n"), {0x32, 0xff, 0xff, 0xff, 0xff, 0xff}, {}}[i%4])
		if i%3 > 0 {
			_ = wire.Close()
		} else {
			defer wire.Close() // half open to the end
		}
	}
	got := &acknowledged{at: map[int64]bool{}, enough: make(chan struct{}), want: 200}
	go publishReadings(s, token, start, got)
	select {
	case <-got.enough:
	case <-time.After(patience):
		t.Fatalf("beside broken wires only %d readings were acknowledged: %s", len(got.at), s.said)
	}
	k.until(&k.answered, 4)
	got.mu.Lock()
	var kept []int64
	for at := range got.at {
		kept = append(kept, at)
	}
	got.mu.Unlock()
	afterwards(t, s, token, path, kept, k)
}

// A crowd opens sockets at once, more than one may hold: those beyond the limit are
// told so, the house stays up for everybody else, and verify --deep finds nothing.
func TestACrowdAtTheDoor(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--size", "small")
	crowd := 200
	if long() {
		crowd = 10_000
	}
	var let, turned, broken atomic.Int64
	var knocking sync.WaitGroup
	gate := make(chan struct{}, 256)
	var sockets sync.Map
	for range crowd {
		knocking.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			socket, answer, err := (&websocket.Dialer{HandshakeTimeout: patience}).Dial("ws"+strings.TrimPrefix(d.http, "http")+"/live?topics=alarms", http.Header{"Origin": {d.http}})
			switch {
			case err == nil:
				let.Add(1)
				sockets.Store(socket, true)
			case answer != nil && answer.StatusCode == http.StatusTooManyRequests:
				turned.Add(1)
			default:
				broken.Add(1)
			}
		})
	}
	knocking.Wait()
	defer sockets.Range(func(socket, _ any) bool { _ = socket.(*websocket.Conn).Close(); return true })
	if let.Load() == 0 || turned.Load() == 0 || broken.Load() > 0 {
		t.Errorf("of %d sockets %d were let in, %d told that there are too many, %d broken off", crowd, let.Load(), turned.Load(), broken.Load())
	}
	if answer, err := http.Get(d.http + "/coldchain"); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("with a crowd at the door: %v, %v", answer, err)
	} else {
		_ = answer.Body.Close()
	}
	kept, err := filepath.Glob(filepath.Join(d.folder, "wardwatch-demo-*", "*.db"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("the demo keeps what it knows in %v, %v", kept, err)
	}
	sound(t, kept[0])
	d.end(t)
}

// Yesterday's backup is put back. While the server runs it is refused; then what came
// since is gone, what was there is whole, and the gateway's history closes the gap.
func TestYesterdaysBackupIsPutBack(t *testing.T) {
	t.Parallel()
	s, token, path, start, k := faulty(t)
	database, backup := "sqlite:"+path, filepath.Join(t.TempDir(), "yesterday.db")
	for i := range int64(20) {
		if answer, err := tell(s, token, bodyOf(t, oneProbe(start+i*1000))); err != nil || !answer.took(1) {
			t.Fatal(answer, err)
		}
	}
	k.until(&k.answered, 4)
	until := k.learned()
	k.begin(s.http)
	if code, _, errs := commandLine(t, nil, "backup", backup, "--db", database); code != exitDone {
		t.Fatal(errs)
	}
	for i := range int64(20) {
		if answer, err := tell(s, token, bodyOf(t, oneProbe(start+(20+i)*1000))); err != nil || !answer.took(1) {
			t.Fatal(answer, err)
		}
	}
	if code, _, errs := commandLine(t, nil, "restore", backup, "--force", "--db", database); code != exitFault || !strings.Contains(errs, "in use") {
		t.Errorf("restored under a running server: exit %d, %s", code, errs)
	}
	k.until(&k.answered, 4)
	k.end()
	s.stop(t)
	if code, _, errs := commandLine(t, nil, "restore", backup, "--force", "--db", database); code != exitDone {
		t.Fatal(errs)
	}
	k.reread(path, until)
	s.pager.reread(path)
	s = s.pager.serve(database)
	k.begin(s.http)
	var acknowledged []int64
	for i := range int64(40) { // the gateway tells its whole history again
		at := start + i*1000
		answer, err := tell(s, token, bodyOf(t, oneProbe(at)))
		if err != nil || answer.status != http.StatusOK || !answer.again && (answer.Accepted == 1) != (i >= 20) {
			t.Fatalf("reading %d: %+v, %v", i, answer, err)
		}
		acknowledged = append(acknowledged, at)
	}
	afterwards(t, s, token, path, acknowledged, k)
}

// smallDisk is a file system of a few megabytes; the test is skipped where none can be mounted.
func smallDisk(t *testing.T, megabytes int) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+strconv.Itoa(megabytes)+"m", "tmpfs", folder).CombinedOutput(); err != nil {
		t.Skipf("no small disk can be mounted here, which takes root: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", folder).Run() })
	return folder
}

// The disk fills up: readings are refused, not lost; what was acknowledged is there;
// once there is room again everything goes on by itself.
func TestAFullDiskIsWaitedOut(t *testing.T) {
	t.Parallel()
	folder := smallDisk(t, 32)
	path := filepath.Join(folder, "ward.db")
	token := furnishFile(t, "sqlite:"+path)
	k := newKeeper(t, "sqlite:"+path)
	s := newPager(t).serve("sqlite:" + path)
	start := warmSince(t, s, token)
	ring(t, s, token)
	s.pager.ring()
	k.begin(s.http)
	var kept []int64
	send := func(i int64) bool {
		answer, err := postBody(s, token, bodyOf(t, oneProbe(start+i*100)))
		if err == nil && answer.status == http.StatusOK && answer.Accepted == 1 {
			kept = append(kept, start+i*100)
		}
		return err == nil && answer.status == http.StatusOK
	}
	if !send(0) {
		t.Fatalf("nothing is taken: %s", s.said)
	}
	filler := filepath.Join(folder, "filler")
	_ = os.WriteFile(filler, make([]byte, 32<<20), 0o600) // as much as there is room for
	refused := 0
	for i := int64(1); i < 5000 && refused < 5; i++ {
		if !send(i) {
			refused++
		}
	}
	if refused == 0 {
		t.Error("a full disk was not noticed")
	}
	s.pager.answer()
	k.until(&k.tried, 3)
	if answer, err := http.Get(s.http + "/healthz"); err != nil {
		t.Errorf("nobody is at home: %v: %s", err, s.said)
	} else {
		_ = answer.Body.Close()
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(2 * patience)
	for i := int64(6000); !send(i); i++ {
		if time.Now().After(deadline) {
			t.Fatalf("with room again nothing is taken: %s", s.said)
		}
		time.Sleep(200 * time.Millisecond) // as a gateway does
	}
	afterwards(t, s, token, path, kept, k)
}
