package db_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/notify/email"
	"wardwatch/tracking/notify/webhook"
)

// pager is a webhook's other side, which remembers what it was sent and can be down.
type pager struct {
	mu     sync.Mutex
	answer int
	keys   []string
	called chan struct{}
}

func (p *pager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append(p.keys, r.Header.Get("Idempotency-Key"))
	w.WriteHeader(p.answer)
	select {
	case p.called <- struct{}{}:
	default: // nobody waits for it
	}
}

// tower is a house with alarms, a ladder of two rungs and a pager at its end.
type tower struct {
	t      *testing.T
	at     time.Time
	kept   db.Alarms
	ladder notify.Ladder
	desk   notify.Desk
	pager  *pager
}

func newTower(t *testing.T) *tower {
	w := &tower{t: t, at: coldNoon, pager: &pager{answer: http.StatusOK, called: make(chan struct{}, 1)}}
	server := httptest.NewServer(w.pager)
	t.Cleanup(server.Close)
	now := func() time.Time { return w.at }
	w.kept = db.Alarms{DB: dbtest.Open(t, db.Options{Now: now})}
	w.ladder = notify.Ladder{Steps: []notify.Step{{After: 0}, {After: 15 * time.Minute}}, Ways: []notify.Way{notify.Webhook},
		Webhook: server.URL, Silence: time.Hour}
	w.desk = notify.Desk{Store: w.kept, Ladder: w.ladder, Now: now}
	return w
}

// dispatcher is a new one each time, as after a restart.
func (w *tower) dispatcher() *notify.Dispatcher {
	return &notify.Dispatcher{Outbox: w.kept, Now: func() time.Time { return w.at }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Ways: map[notify.Way]notify.Sender{notify.Webhook: webhook.Poster{Now: func() time.Time { return w.at }}}}
}

func (w *tower) raise(severity notify.Severity) notify.Alarm {
	w.t.Helper()
	var raised notify.Alarm
	err := w.kept.InTx(context.Background(), func(tx notify.Tx) (err error) {
		raised, err = notify.Raise(context.Background(), tx, w.ladder, notify.Trouble{Kind: "too warm", Subject: "fridge/f-1", Name: "Fridge 1",
			Text: "9.4 °C", Severity: severity, By: hospital.Job("test")})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return raised
}

// send lets the dispatcher work off what is due and says how often the pager was called in all.
func (w *tower) send() int {
	w.t.Helper()
	for {
		tried, err := w.dispatcher().SendDue(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		if tried == 0 {
			break
		}
	}
	w.pager.mu.Lock()
	defer w.pager.mu.Unlock()
	return len(w.pager.keys)
}

func TestTheLadderClimbsUntilSomebodyAcknowledges(t *testing.T) {
	w := newTower(t)
	alarm := w.raise(notify.Serious)
	if n := w.send(); n != 1 {
		t.Fatalf("the first rung made %d calls", n)
	}
	w.raise(notify.Serious) // still the same trouble
	if n := w.send(); n != 1 {
		t.Fatalf("the same trouble called again: %d", n)
	}
	w.at = w.at.Add(15 * time.Minute)
	if n := w.send(); n != 2 {
		t.Fatalf("after a quarter of an hour: %d calls", n)
	}
	if _, err := w.desk.Acknowledge(t.Context(), pat, alarm.ID, notify.Answer{Reason: notify.OnIt}); err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(59 * time.Minute)
	if n := w.send(); n != 2 {
		t.Fatalf("called during the silence: %d", n)
	}
	w.at = w.at.Add(time.Minute)
	if n := w.send(); n != 3 {
		t.Fatalf("the silence ended and the trouble goes on: %d calls", n)
	}
}

func TestWorseTroubleRingsAnew(t *testing.T) {
	w := newTower(t)
	alarm := w.raise(notify.Serious)
	w.send()
	if _, err := w.desk.Acknowledge(t.Context(), pat, alarm.ID, notify.Answer{Reason: notify.OnIt}); err != nil {
		t.Fatal(err)
	}
	worse := w.raise(notify.Critical)
	if worse.ID != alarm.ID || worse.Life(w.at) != notify.Active {
		t.Errorf("got %+v", worse)
	}
	if n := w.send(); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestAPagerThatIsDownIsTriedAgainAndGivenUpInTheEnd(t *testing.T) {
	w := newTower(t)
	w.ladder.Steps = w.ladder.Steps[:1]
	w.pager.answer = http.StatusServiceUnavailable
	alarm := w.raise(notify.Serious)
	if n := w.send(); n != 1 {
		t.Fatalf("%d calls", n)
	}
	for range 20 {
		w.at = w.at.Add(30 * time.Minute)
		w.send()
	}
	notices, err := w.kept.Notices(t.Context(), alarm.ID)
	if err != nil || len(notices) != 1 || notices[0].Status != notify.Failed || notices[0].Tries != notify.MaxTries {
		t.Errorf("notices %+v, %v", notices, err)
	}
	if n := w.send(); n != notify.MaxTries {
		t.Errorf("%d calls, want %d", n, notify.MaxTries)
	}
	for _, key := range w.pager.keys {
		if key != w.pager.keys[0] {
			t.Errorf("one notice went out under two names: %v", w.pager.keys)
		}
	}
}

// A dispatcher that died after it had taken a notice loses nothing: the notice
// comes again when its time is up, and not before.
func TestADispatcherThatDiesLosesNoNotice(t *testing.T) {
	w := newTower(t)
	w.ladder.Steps = w.ladder.Steps[:1]
	w.raise(notify.Serious)
	taken, err := w.kept.Claim(t.Context(), notify.Webhook, 10, 5*time.Minute)
	if err != nil || len(taken) != 1 {
		t.Fatalf("taken %+v, %v", taken, err)
	}
	if n := w.send(); n != 0 {
		t.Errorf("two dispatchers have one notice: %d calls", n)
	}
	w.at = w.at.Add(5 * time.Minute)
	if n := w.send(); n != 1 {
		t.Errorf("after the lease: %d calls", n)
	}
}

// A house that starts after a crash does not wait for the dead one's lease: what
// was cut off goes out at once, under its own number.
func TestWhatWasCutOffIsSentWhenTheHouseStarts(t *testing.T) {
	w := newTower(t)
	w.ladder.Steps = w.ladder.Steps[:1]
	alarm := w.raise(notify.Serious)
	if taken, err := w.kept.Claim(t.Context(), notify.Webhook, 10, time.Hour); err != nil || len(taken) != 1 {
		t.Fatalf("taken %+v, %v", taken, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	d := w.dispatcher()
	wake := make(chan struct{}, 1)
	d.Wake = wake
	go func() { done <- d.Run(ctx) }()
	<-w.pager.called // this test would wait for the lease without it
	w.raise(notify.Critical)
	wake <- struct{}{}
	<-w.pager.called // what is claimed is noted before the next is: the first one's outcome is there
	stop()
	<-done
	notices, err := w.kept.Notices(t.Context(), alarm.ID)
	if err != nil || len(notices) == 0 || notices[0].Status != notify.Sent {
		t.Errorf("%+v, %v", notices, err)
	}
}

// Somebody acknowledges while a notice is on its way: nothing is sent after it.
func TestAcknowledgingStopsWhatIsBeingSent(t *testing.T) {
	w := newTower(t)
	w.pager.answer = http.StatusServiceUnavailable
	alarm := w.raise(notify.Serious)
	taken, err := w.kept.Claim(t.Context(), notify.Webhook, 10, 5*time.Minute)
	if err != nil || len(taken) != 1 {
		t.Fatal(err)
	}
	if _, err := w.desk.Acknowledge(t.Context(), pat, alarm.ID, notify.Answer{Reason: notify.OnIt}); err != nil {
		t.Fatal(err)
	}
	failed := taken[0].Notice
	failed.Status, failed.Tries, failed.TryAt = notify.Waiting, 1, w.at.Add(time.Second)
	if err := w.kept.Done(t.Context(), failed); err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(50 * time.Minute)
	if n := w.send(); n != 0 {
		t.Errorf("%d calls after the acknowledgement", n)
	}
}

func TestRunSendsByItselfAndEnds(t *testing.T) {
	w := newTower(t)
	w.raise(notify.Serious)
	ctx, stop := context.WithCancel(t.Context())
	wake := make(chan struct{}, 1)
	d := w.dispatcher()
	d.Wake = wake
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	<-w.pager.called
	stop()
	if err := <-ended; err != context.Canceled {
		t.Errorf("ended with %v", err)
	}
}

// letterbox is a mail server's backend that keeps whom it was given letters for.
type letterbox struct {
	mu sync.Mutex
	to []string
}

func (l *letterbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &letter{box: l}, nil }

type letter struct{ box *letterbox }

func (*letter) Reset()                               {}
func (*letter) Logout() error                        { return nil }
func (*letter) Mail(string, *smtp.MailOptions) error { return nil }
func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.box.mu.Lock()
	defer l.box.mu.Unlock()
	l.box.to = append(l.box.to, to)
	return nil
}
func (*letter) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func (l *letterbox) got() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	to := slices.Clone(l.to)
	slices.Sort(to)
	return to
}

// A warm fridge, the people table and a real mail server: the first rung goes to
// nurses and pharmacists, the next ones up, nobody twice in a rung, and nobody who has left.
func TestThePeopleOfEachRungGetTheirMail(t *testing.T) {
	box := &letterbox{}
	server := smtp.NewServer(box)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	defer func() {
		_ = server.Close()
		<-served
	}()

	w := newTower(t)
	w.ladder = notify.DefaultLadder(notify.Email)
	w.desk.Ladder = w.ladder
	err = w.kept.DB.InTx(t.Context(), func(tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO people (id, name, email, disabled_at) VALUES ('n', 'Nia', 'nia@h.example', NULL), ('p', 'Pia', 'pia@h.example', NULL),
				('g', 'Gus', 'gus@h.example', 1), ('a', 'Ada', 'ada@h.example', NULL)`,
			`INSERT INTO person_roles (person, role) VALUES ('n', 'nurse'), ('p', 'nurse'), ('p', 'pharmacist'), ('g', 'pharmacist'), ('a', 'administrator')`,
		} {
			if _, err := tx.Exec(t.Context(), q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	send := func() []string {
		t.Helper()
		d := w.dispatcher()
		d.Ways = map[notify.Way]notify.Sender{notify.Email: email.Server{Address: listener.Addr().String(), From: "wardwatch@h.example"}}
		if _, err := d.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		return box.got()
	}
	alarm := w.raise(notify.Serious)
	if got := send(); !slices.Equal(got, []string{"nia@h.example", "pia@h.example"}) {
		t.Fatalf("the first rung reached %v", got)
	}
	w.at = w.at.Add(30 * time.Minute)
	if got := send(); !slices.Equal(got, []string{"ada@h.example", "nia@h.example", "pia@h.example", "pia@h.example"}) {
		t.Fatalf("half an hour later it had reached %v", got)
	}
	notices, err := w.kept.Notices(t.Context(), alarm.ID)
	if err != nil || len(notices) != 4 {
		t.Fatalf("%d notices, %v", len(notices), err)
	}
	for _, n := range notices {
		if n.Status != notify.Sent {
			t.Errorf("notice to %s is %s: %s", n.To, n.Status, n.Outcome)
		}
	}
}
