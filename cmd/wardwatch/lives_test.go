package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
)

// lives is how often the server is killed: a few times in every run of the tests, as
// often as somebody likes with WARDWATCH_LIVES=100 go test ./cmd/wardwatch -run Lives.
func lives(t *testing.T) int {
	t.Helper()
	if said := os.Getenv("WARDWATCH_LIVES"); said != "" {
		n, err := strconv.Atoi(said)
		if err != nil || n < 1 || n > 1000 {
			t.Fatalf("WARDWATCH_LIVES=%s is not between 1 and 1000", said)
		}
		return n
	}
	return 3
}

// longestLife is how long a server lives at most before it is killed: long enough for
// answersALife of the first answers that it gives, however slow the machine is.
const (
	longestLife  = 900 * time.Millisecond
	answersALife = 5
)

// ward is a hospital whose server is killed again and again, seen from outside: what
// its gateways were promised, what its people were answered, what its pager was sent.
type ward struct {
	t        *testing.T
	database string
	path     string
	token    string
	cookie   string
	pager    *httptest.Server
	mail     string
	seed     uint64

	mu      sync.Mutex
	kept    map[string]map[int64]bool // sensor → measured at: acknowledged readings; true once they were found after a death
	warmed  map[string]bool           // fridges whose warmth was acknowledged
	acked   map[notify.AlarmID]bool   // alarms whose acknowledgement was answered
	called  map[string]int            // the pager, by the notice's key
	letters int

	keeper *keeper
}

func wardFridge(i int) string { return fmt.Sprintf("f-%03d", i) }
func wardProbe(i int) string  { return fmt.Sprintf("probe-%03d", i) }

// fridgesEach is how many fridges warm in each life.
const fridgesEach = 3

// Kill -9 at random instants during ingest, acknowledging and notifying: nothing that
// was promised is lost, nothing is doubled, every notice goes out, no ladder is stuck.
func TestLivesThatEndAtAnyInstantLoseNothing(t *testing.T) {
	t.Parallel()
	n := lives(t)
	w := newWard(t, n)
	chance := rand.New(rand.NewPCG(w.seed, 1))
	longest := max(longestLife, answersALife*w.firstAnswer())
	for life := range n {
		w.live(life, time.Duration(chance.Float64()*float64(longest)))
	}
	w.rest()
	w.checkReadings(w.database, true)
	w.checkAlarms()
	w.keeper.check(w.path)
	if code, out, errs := commandLine(t, nil, "verify", "--deep", "--db", w.database); code != exitDone {
		t.Errorf("verify --deep found a fault: %s%s", out, errs)
	}
	total := 0
	for _, of := range w.kept {
		total += len(of)
	}
	twice := 0
	for _, times := range w.called {
		if times > 1 {
			twice++
		}
	}
	t.Logf("seed %d: %d lives, %d readings acknowledged, %d alarms of %d fridges, %d acknowledged, %d notices to the pager (%d of them again, under the same key), %d letters, %d changes of stock, %d proposals approved",
		w.seed, n, total, len(w.warmed), len(w.warmed), len(w.acked), len(w.called), twice, w.letters, len(w.keeper.booked), len(w.keeper.approved))
}

func newWard(t *testing.T, n int) *ward {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ward.db")
	w := &ward{t: t, path: path, database: "sqlite:" + path, seed: rand.Uint64(), kept: map[string]map[int64]bool{},
		warmed: map[string]bool{}, acked: map[notify.AlarmID]bool{}, called: map[string]int{}}
	if said := os.Getenv("WARDWATCH_SEED"); said != "" {
		w.seed, _ = strconv.ParseUint(said, 10, 64)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("repeat the instants with WARDWATCH_SEED=%d", w.seed)
		}
	})
	w.openPager()
	w.openPost()
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "Killed", Zone: "Europe/Berlin"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}}, Floors: []document.Floor{{ID: "f", Building: "b", Name: "Ground", WidthMetres: 10, HeightMetres: 10}},
		Rooms:    []document.Room{{ID: "r", Floor: "f", Name: "Store", Kind: hospital.PatientRoom}},
		Gateways: []document.Gateway{{ID: "gw-01", Name: "Gateway", Make: "canonical", Room: "r"}}}
	for i := range n*fridgesEach + 2 { // the last two are never warm
		doc.Fridges = append(doc.Fridges, document.Fridge{ID: wardFridge(i), Name: "Fridge " + wardFridge(i), Profile: "refrigerator",
			Sensors: []document.Sensor{{ID: wardProbe(i)}}})
	}
	w.furnish(doc)
	w.keeper = newKeeper(t, w.database)
	code, out, errs := commandLine(t, nil, "token", "add", "gateway", "--gateway", "gw-01", "--db", w.database)
	if code != exitDone {
		t.Fatal(errs)
	}
	_, w.token, _ = strings.Cut(strings.TrimSpace(out), "\t")
	return w
}

// furnish takes the hospital in, with a pharmacist who has signed in.
func (w *ward) furnish(doc document.Document) {
	w.t.Helper()
	kept, err := db.Open(w.t.Context(), w.database, db.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer kept.Close()
	if _, err := (db.Hospital{DB: kept}).Import(w.t.Context(), hospital.Job("test"), doc, true); err != nil {
		w.t.Fatal(err)
	}
	secret := account.Secret("a-secret-of-a-browser-that-nobody-else-has")
	w.cookie = "ward=" + secret.Reveal()
	err = db.Accounts{DB: kept}.InTx(w.t.Context(), func(tx account.Tx) error {
		pat := hospital.Person{ID: "pat", Name: "Pat", Email: "pat@wards.example", Roles: []hospital.Role{hospital.Pharmacist}}
		if err := tx.PutPerson(w.t.Context(), pat); err != nil {
			return err
		}
		return tx.StartSession(w.t.Context(), account.Session{Hash: secret.Hash(), Person: "pat", StartedAt: tx.Now(), SeenAt: tx.Now()})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// openPager is the webhook's other side; openPost is a real mail server.
func (w *ward) openPager() {
	w.pager = httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.called[r.Header.Get("Idempotency-Key")]++
		answer.WriteHeader(http.StatusOK)
	}))
	w.t.Cleanup(w.pager.Close)
}

func (w *ward) openPost() {
	server := smtp.NewServer(wardPost{w})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	w.t.Cleanup(func() { _ = server.Close(); <-done })
	w.mail = listener.Addr().String()
}

type wardPost struct{ w *ward }

func (p wardPost) NewSession(*smtp.Conn) (smtp.Session, error) { return p, nil }
func (wardPost) Reset()                                        {}
func (wardPost) Logout() error                                 { return nil }
func (wardPost) Mail(string, *smtp.MailOptions) error          { return nil }
func (wardPost) Rcpt(string, *smtp.RcptOptions) error          { return nil }
func (p wardPost) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.w.letters++
	return err
}

func (w *ward) serve() *server {
	return startServer(w.t, w.database, "--webhook-url", w.pager.URL, "--webhook-secret", "s", "--smtp", w.mail)
}

// firstAnswer is how long a server that has just begun takes to take in a reading. It is killed at once.
func (w *ward) firstAnswer() time.Duration {
	w.t.Helper()
	s := w.serve()
	begun := time.Now()
	for probe := wardProbe(len(w.probes()) - 1); !w.post(s, probe, 5, begun.Add(-25*time.Hour).UnixMilli()); {
		if time.Since(begun) > patience {
			w.t.Fatalf("no reading is taken: %s", s.said)
		}
	}
	took := time.Since(begun)
	s.kill()
	return took
}

// live is one life of the server, from ready to the power cut.
func (w *ward) live(life int, length time.Duration) {
	s := w.serve()
	cut := time.AfterFunc(length, func() { _ = s.process.Process.Kill() })
	defer cut.Stop()
	quiet := len(w.probes())
	var busy sync.WaitGroup
	start := time.Now().Add(-24*time.Hour).UnixMilli() + int64(life)*60_000
	busy.Go(func() { w.tell(s, wardProbe(quiet-1), start) })
	busy.Go(func() { w.tell(s, wardProbe(quiet-2), start) })
	busy.Go(func() {
		for i := range fridgesEach {
			w.warm(s, life*fridgesEach+i)
		}
	})
	busy.Go(func() { w.answer(s) })
	busy.Go(func() {
		for w.keeper.work(s.http) {
		}
	})
	busy.Wait()
	s.kill()
	w.checkDeath(life)
}

// checkDeath looks at a copy of what a life left behind, so that the next one finds it
// as the power cut left it: looking would tidy the log of what was written last.
func (w *ward) checkDeath(life int) {
	w.t.Helper()
	copied := filepath.Join(w.t.TempDir(), "ward.db")
	for _, part := range []string{"", "-wal"} {
		text, err := os.ReadFile(w.path + part)
		if err == nil {
			err = os.WriteFile(copied+part, text, 0o600)
		}
		if err != nil && !(part != "" && errors.Is(err, fs.ErrNotExist)) {
			w.t.Fatal(err)
		}
	}
	if code, out, errs := commandLine(w.t, nil, "verify", "--deep", "--db", "sqlite:"+copied); code != exitDone {
		w.t.Errorf("after life %d verify --deep found a fault: %s%s", life, out, errs)
	}
	w.checkReadings("sqlite:"+copied, false)
	w.keeper.check(copied)
}

// probes are all the sensors there are.
func (w *ward) probes() (all []string) {
	for i := range lives(w.t)*fridgesEach + 2 {
		all = append(all, wardProbe(i))
	}
	return all
}

// tell posts one reading after the other until the server has gone: each a millisecond after the
// one before, so that no life, however fast its machine, comes to what the next one tells.
func (w *ward) tell(s *server, probe string, start int64) {
	for at := start; ; at++ {
		if !w.post(s, probe, 5, at) {
			return
		}
	}
}

// warm tells of a fridge that has been too warm for twenty-five minutes, all at once.
func (w *ward) warm(s *server, fridge int) {
	now := time.Now().UnixMilli()
	var at []int64
	for minute := int64(25); minute >= 0; minute-- {
		at = append(at, now-minute*60_000)
	}
	if w.post(s, wardProbe(fridge), 12.5, at...) {
		w.mu.Lock()
		w.warmed[wardFridge(fridge)] = true
		w.mu.Unlock()
	}
}

// post sends readings and says whether they were acknowledged, every one.
func (w *ward) post(s *server, probe string, celsius float64, at ...int64) bool {
	readings := make([]any, len(at))
	for i, one := range at {
		readings[i] = map[string]any{"sensor": probe, "channel": "probe", "celsius": celsius, "at": one}
	}
	body, _ := json.Marshal(map[string]any{"readings": readings})
	var said struct{ Accepted int }
	if !w.ask(s, http.MethodPost, "/ingest", body, &said) {
		return false
	}
	if said.Accepted != len(at) {
		w.t.Errorf("%s: %d readings of %d were taken", probe, said.Accepted, len(at))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept[probe] == nil {
		w.kept[probe] = map[int64]bool{}
	}
	for _, one := range at {
		w.kept[probe][one] = false
	}
	return true
}

// ask asks the server as the gateway or as the pharmacist; false when it has gone or says no.
func (w *ward) ask(s *server, method, path string, body []byte, into any) bool {
	request, err := http.NewRequest(method, s.http+path, bytes.NewReader(body))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/json")
	if path == "/ingest" {
		request.Header.Set("Authorization", "Bearer "+w.token)
	} else {
		request.Header.Set("Cookie", w.cookie)
		request.Header.Set("Origin", s.http)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK && json.NewDecoder(answer.Body).Decode(into) == nil
}

type wardAlarm struct {
	ID      notify.AlarmID
	Waits   bool
	Version int
}

// answer acknowledges every other alarm that waits, until the server has gone.
func (w *ward) answer(s *server) {
	for {
		var list struct{ Items []wardAlarm }
		if !w.ask(s, http.MethodGet, "/api/v1/alarms?limit=100", nil, &list) {
			return
		}
		for _, a := range list.Items {
			if !a.Waits || a.ID%2 == 0 {
				continue
			}
			body, _ := json.Marshal(map[string]any{"reason": "on-it", "version": a.Version})
			var after wardAlarm
			if w.ask(s, http.MethodPost, fmt.Sprintf("/api/v1/alarms/%d/acknowledge", a.ID), body, &after) {
				w.mu.Lock()
				w.acked[a.ID] = true
				w.mu.Unlock()
			}
		}
	}
}

// rest is a last, long life: all that fell due goes out, and the house is told to stop.
func (w *ward) rest() {
	w.t.Helper()
	s := w.serve()
	w.keeper.settle(s.http)
	for deadline := time.Now().Add(patience); ; {
		due := noticesDue(w.t, w.database, time.Now())
		if due == 0 {
			break
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%d notices that are due do not go out: %s", due, s.said)
		}
		time.Sleep(50 * time.Millisecond) // the dispatcher is another process: nothing else tells of it
	}
	s.stop(w.t)
}

// checkReadings: every acknowledged reading is stored, once; the table can't hold one twice.
// Those that were found after an earlier death are looked for again only if it says so.
func (w *ward) checkReadings(database string, again bool) {
	w.t.Helper()
	d, err := db.Inspect(w.t.Context(), database)
	if err != nil {
		w.t.Fatal(err)
	}
	defer d.Close()
	const q = `SELECT count(*) FROM readings r JOIN sensors s ON s.id = r.sensor WHERE s.sensor = $1 AND r.measured_at = $2`
	missing, all := 0, 0
	for probe, at := range w.kept {
		for one, found := range at {
			if found && !again {
				continue
			}
			var n int
			if err := d.QueryRow(w.t.Context(), q, probe, one).Scan(&n); err != nil {
				w.t.Fatal(err)
			}
			if all++; n != 1 {
				missing++
			}
			at[one] = true
		}
	}
	if missing > 0 || all == 0 && again {
		w.t.Errorf("of %d acknowledged readings %d are not there exactly once", all, missing)
	}
}

// checkAlarms: each warm fridge has one alarm with a whole ladder; one that is acknowledged
// is acknowledged and tells nobody; what says that it was sent has arrived, and what
// arrived is known.
func (w *ward) checkAlarms() {
	w.t.Helper()
	d, err := db.Inspect(w.t.Context(), w.database)
	if err != nil {
		w.t.Fatal(err)
	}
	defer d.Close()
	kept, known := db.Alarms{DB: d}, map[string]bool{}
	for i := range lives(w.t)*fridgesEach + 2 { // one may be warm whose gateway was never answered
		fridge := wardFridge(i)
		alarms, err := kept.AlarmsOf(w.t.Context(), "fridge/"+fridge, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		warm := 0
		for _, a := range alarms {
			if a.Kind == "too warm" {
				warm++
			}
			w.checkLadder(kept, a, known)
		}
		if warm > 1 || w.warmed[fridge] && warm == 0 {
			w.t.Errorf("%s has been too warm and has %d alarms: %+v", fridge, warm, alarms)
		}
	}
	for key := range w.called {
		if !known[key] {
			w.t.Errorf("the pager was told of %s, which is not there", key)
		}
	}
}

func (w *ward) checkLadder(kept db.Alarms, alarm notify.Alarm, known map[string]bool) {
	w.t.Helper()
	notices, err := kept.Notices(w.t.Context(), alarm.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.acked[alarm.ID] && alarm.Ack.By != "pat" {
		w.t.Errorf("alarm %d was acknowledged and does not know it", alarm.ID)
	}
	rungs := map[int]bool{}
	for _, n := range notices {
		rungs[n.Step] = true
		key := keyOf(n)
		known[key] = true
		switch {
		case n.Way == notify.Webhook && n.Status == notify.Sent && w.called[key] == 0:
			w.t.Errorf("notice %d of alarm %d says that it was sent, and nobody was told", n.ID, alarm.ID)
		case n.Status == notify.Failed:
			w.t.Errorf("notice %d of alarm %d failed: %s", n.ID, alarm.ID, n.Outcome)
		case !alarm.Ack.At.IsZero() && n.Status == notify.Waiting && n.DueAt.Before(alarm.Ack.Until):
			w.t.Errorf("notice %d waits although alarm %d is acknowledged until %v", n.ID, alarm.ID, alarm.Ack.Until)
		}
	}
	if want := len(notify.DefaultLadder().Steps); len(notices) > 0 && len(rungs) != want {
		w.t.Errorf("alarm %d has %d rungs of %d", alarm.ID, len(rungs), want)
	}
}
