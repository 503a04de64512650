package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wardwatch/db"
	"wardwatch/db/dbtest"
)

// asProgram makes this test binary act as the program itself, so that a test can kill it.
const asProgram = "ACT_AS_WARDWATCH"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// server is the real program in a process of its own, with a folder for what it keeps for itself.
type server struct {
	process *exec.Cmd
	http    string
	mqtt    string
	folder  string
	said    *lockedBuffer
	pager   *pager // whom it calls; nil: nobody
}

// patience is how long a test waits for what should come at once, on a machine that has much
// else to do, and longStart for a program that begins, under the race detector and beside
// others, with thirty days behind it. Nothing waits that long when all is well.
const (
	patience  = 2 * time.Minute
	longStart = 3 * time.Minute
)

func startServer(t *testing.T, database string, more ...string) *server {
	t.Helper()
	return startProgram(t, append([]string{"serve", "--db", database}, more...)...)
}

// startProgram runs a command that serves, on free ports, and waits until it is ready.
func startProgram(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{said: &lockedBuffer{}, folder: t.TempDir()}
	s.process = s.program(append(args, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")...)
	s.process.Stderr = s.said
	out, err := s.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.kill() })
	late := time.AfterFunc(longStart, func() { _ = s.process.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "ready http=%s mqtt=%s", &s.http, &s.mqtt); err == nil {
			return s
		}
	}
	t.Fatalf("the server never was ready: %s", s.said)
	return nil
}

// program is the command line args, to be run in a process of its own.
func (s *server) program(args ...string) *exec.Cmd {
	process := exec.Command(os.Args[0], args...)
	process.Env = []string{asProgram + "=1", "HOME=" + s.folder, "TMPDIR=" + s.folder, "TZ=UTC"}
	return process
}

// kill ends the process as a power cut would.
func (s *server) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// stop ends it as an operator would.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.process.Wait(); err != nil {
		t.Errorf("the server did not end well: %v: %s", err, s.said)
	}
}

// acknowledged collects which readings the server has promised to keep.
type acknowledged struct {
	mu     sync.Mutex
	at     map[int64]bool
	enough chan struct{}
	want   int
}

func (a *acknowledged) add(at ...int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range at {
		a.at[one] = true
	}
	if len(a.at) >= a.want {
		a.want = 1 << 30
		close(a.enough)
	}
}

func TestKilledInTheMiddleOfIngestNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ward.db")
	database := "sqlite:" + path
	token := furnishFile(t, database)
	first := time.Now().Add(-6 * time.Hour).UTC().Truncate(time.Second).UnixMilli()
	kept := map[int64]bool{}
	for round := range int64(3) {
		s := startServer(t, database)
		got := &acknowledged{at: map[int64]bool{}, enough: make(chan struct{}), want: 400}
		// Two sources at once, on either side of the round's own stretch of time.
		start := first + round*4_000_000
		go publishReadings(s, token, start, got)
		go postReadings(s, token, start+2_000_000, got)
		select {
		case <-got.enough:
		case <-time.After(patience):
			s.kill()
			t.Fatalf("too few readings were acknowledged: %d: %s", len(got.at), s.said)
		}
		s.kill()
		got.mu.Lock()
		for at := range got.at {
			kept[at] = true
		}
		got.mu.Unlock()
	}
	s := startServer(t, database)
	s.stop(t)
	missing, stored := 0, storedReadings(t, path)
	for at := range kept {
		if stored[at] != 1 {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("of %d acknowledged readings %d are not there exactly once", len(kept), missing)
	}
	t.Logf("%d readings were acknowledged in three lives, %d are stored", len(kept), len(stored))
	sound(t, path)
}

// reading is one canonical message with one reading at the given millisecond.
func reading(at int64) []byte {
	body, _ := json.Marshal(map[string]any{"readings": []any{map[string]any{
		"sensor": "c4000000000a", "channel": "probe", "celsius": 4.0 + float64(at/1000%10)/10, "at": at}}})
	return body
}

// publishReadings publishes a reading a second of the past over MQTT with QoS 1, many at a time, until the server dies.
func publishReadings(s *server, token string, start int64, got *acknowledged) {
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + s.mqtt).SetClientID("gw-01").SetUsername("gw-01").
		SetPassword(token).SetAutoReconnect(false).SetConnectTimeout(patience))
	if c := client.Connect(); !c.WaitTimeout(patience) || c.Error() != nil {
		return
	}
	type sent struct {
		at    int64
		token paho.Token
	}
	waiting := make(chan sent, 64)
	go func() {
		defer close(waiting)
		for i := range int64(1900) {
			at := start + i*1000
			if !client.IsConnected() {
				return
			}
			waiting <- sent{at, client.Publish("wardwatch/v1/gw-01/readings", 1, false, reading(at))}
		}
	}()
	for one := range waiting {
		if !one.token.WaitTimeout(patience) || one.token.Error() != nil || !client.IsConnectionOpen() {
			continue
		}
		got.add(one.at)
	}
}

// postReadings posts readings one by one until the server dies.
func postReadings(s *server, token string, start int64, got *acknowledged) {
	for i := range int64(1900) {
		at := start + i*1000
		r, err := http.NewRequest(http.MethodPost, s.http+"/ingest", bytes.NewReader(reading(at)))
		if err != nil {
			return
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return
		}
		var said struct{ Accepted int }
		err = json.NewDecoder(answer.Body).Decode(&said)
		_ = answer.Body.Close()
		if err == nil && answer.StatusCode == http.StatusOK && said.Accepted == 1 {
			got.add(at)
		}
	}
}

// storedReadings counts what the file holds, by the millisecond of measurement.
func storedReadings(t *testing.T, path string) map[int64]int {
	t.Helper()
	fridges := db.Fridges{DB: dbtest.OpenAt(t, path, db.Options{})}
	watched, err := fridges.Watched(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stored := map[int64]int{}
	for _, w := range watched {
		points, err := fridges.Points(t.Context(), w.Sensor.ID, time.UnixMilli(0), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			stored[p.At.UnixMilli()]++
		}
	}
	return stored
}
