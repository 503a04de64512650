package db_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/notify/email"
	"wardwatch/tracking/notify/sms"
	"wardwatch/tracking/notify/webhook"
)

// tarPit takes connections and never says a word.
func tarPit(t *testing.T) (address string, caught <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan struct{}, 100)
	done := make(chan struct{})
	var held []net.Conn
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			held = append(held, conn)
			came <- struct{}{}
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
		for _, conn := range held {
			_ = conn.Close()
		}
	})
	return listener.Addr().String(), came
}

// noted is an outbox that tells of each outcome.
type noted struct {
	db.Alarms
	outcomes chan notify.Notice
}

func (n noted) Done(ctx context.Context, notice notify.Notice) error {
	err := n.Alarms.Done(ctx, notice)
	n.outcomes <- notice
	return err
}

// The mail server and the webhook take every connection and never answer. Text
// messages go out all the same while both hang; whoever answers one of them stops
// every way; and what hung was noted, to be tried again, with nothing stuck.
func TestAMailServerAndAWebhookThatHangKeepNobodyWaiting(t *testing.T) {
	mail, mailed := tarPit(t)
	hook, hooked := tarPit(t)
	texts := make(chan string, 10)
	modem := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		texts <- string(text)
	}))
	defer modem.Close()
	gateway, err := sms.New(sms.Settings{URL: modem.URL, Body: "{to} {text} {answer}"})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return coldNoon }
	kept := db.Alarms{DB: dbtest.Open(t, db.Options{Now: now})}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(kept.DB.InTx(t.Context(), func(tx *db.Tx) error {
		for _, q := range []string{`INSERT INTO people (id, name, email) VALUES ('p-1', 'Nia', 'nia@ward.example'), ('p-2', 'Pat', 'pat@ward.example'), ('p-3', 'Ola', 'ola@ward.example')`,
			`INSERT INTO person_roles (person, role) VALUES ('p-1', 'nurse'), ('p-2', 'nurse'), ('p-3', 'nurse')`} {
			if _, err := tx.Exec(t.Context(), q); err != nil {
				return err
			}
		}
		return nil
	}))
	ladder := notify.Ladder{Steps: []notify.Step{{Roles: []hospital.Role{hospital.Nurse}}}, Ways: notify.Ways(), Webhook: "http://" + hook + "/", Numbers: []string{"+491700000001"}, Silence: time.Hour}
	var alarm notify.Alarm
	must(kept.InTx(t.Context(), func(tx notify.Tx) (err error) {
		alarm, err = notify.Raise(t.Context(), tx, ladder, notify.Trouble{Kind: "too warm", Subject: "fridge/f-1", Name: "Fridge 1", Text: "9.4 °C", Severity: notify.Serious, By: hospital.Job("test")})
		return err
	}))
	out := noted{kept, make(chan notify.Notice, 100)}
	dispatcher := &notify.Dispatcher{Outbox: out, Now: now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), URL: "http://ward.example", Ways: map[notify.Way]notify.Sender{
		notify.Email: email.Server{Address: mail, From: "ward@ward.example"}, notify.Webhook: webhook.Poster{Now: now}, notify.SMS: gateway}}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = dispatcher.Run(ctx) })
	for range 3 { // all three mails hang at once, none behind another
		<-mailed
	}
	<-hooked
	link := regexp.MustCompile(`/answer/([A-Z0-9]+)`).FindStringSubmatch(<-texts)
	if link == nil {
		t.Fatal("the text message carries no link")
	}
	if n := <-out.outcomes; n.Way != notify.SMS || n.Status != notify.Sent {
		t.Fatalf("the first outcome is %+v", n)
	}
	desk := notify.Desk{Store: kept, Ladder: ladder, Now: now}
	_, err = desk.AcknowledgeByLink(t.Context(), notify.Link(link[1]), notify.Answer{Reason: notify.OnIt})
	must(err)
	stop() // the house is told to stop while both hang: it does not wait for them
	running.Wait()
	notices, err := kept.Notices(t.Context(), alarm.ID)
	must(err)
	for _, n := range notices {
		if n.DueAt.After(coldNoon) {
			continue // the ladder that begins anew if it goes on when the acknowledgement has run out
		}
		if want := map[bool]notify.Status{true: notify.Sent, false: notify.Stopped}[n.Way == notify.SMS]; n.Status != want {
			t.Errorf("%s to %s is %s, want %s", n.Way, n.To, n.Status, want)
		}
	}
	soundDeep(t, kept.DB)
}

// soundDeep sees to it that verify --deep finds nothing.
func soundDeep(t *testing.T, d *db.DB) {
	t.Helper()
	report, err := d.VerifyDeep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if fault := report.FirstFault(); fault != nil {
		t.Errorf("verify --deep: %v", fault)
	}
}

// A try at a server that never answers ends by itself and is put off; the house does not forget it.
func TestATryThatHangsEndsAndIsPutOff(t *testing.T) {
	mail, _ := tarPit(t)
	hook, _ := tarPit(t)
	w := newTower(t)
	w.ladder.Webhook = "http://" + hook + "/"
	w.ladder.Ways = append(w.ladder.Ways, notify.Email)
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(nil, w.kept.DB.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO people (id, name, email) VALUES ('p-1', 'Nia', 'nia@ward.example')`)
		return err
	}))
	must(nil, w.kept.DB.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO person_roles (person, role) VALUES ('p-1', 'nurse')`)
		return err
	}))
	w.ladder.Steps[0].Roles = []hospital.Role{hospital.Nurse}
	alarm := w.raise(notify.Serious)
	d := w.dispatcher()
	d.Patience = 20 * time.Millisecond
	d.Ways[notify.Email] = email.Server{Address: mail, From: "ward@ward.example"}
	must(d.SendDue(t.Context()))
	notices, err := w.kept.Notices(t.Context(), alarm.ID)
	must(nil, err)
	tried := 0
	for _, n := range notices {
		if n.Step == 0 && n.Status == notify.Waiting && n.Tries == 1 && n.TryAt.After(w.at) && n.Outcome != "" {
			tried++
		}
	}
	if tried != 2 {
		t.Errorf("after a try at each that hung: %+v", notices)
	}
	soundDeep(t, w.kept.DB)
}
