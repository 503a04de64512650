package db_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/notify/sms"
)

// modem is a gateway for text messages that refuses until it is told otherwise.
type modem struct {
	*httptest.Server
	mu     sync.Mutex // several are sent at once
	status int
	sent   []string
}

func newModem(t *testing.T) *modem {
	t.Helper()
	m := &modem{status: http.StatusServiceUnavailable}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.sent = append(m.sent, string(body)+" "+r.Header.Get("Idempotency-Key"))
		w.WriteHeader(m.status)
	}))
	t.Cleanup(m.Close)
	return m
}

func TestAnAlarmGoesToTelephonesUntilSomebodyAnswers(t *testing.T) {
	w, m := newColdWard(t), newModem(t)
	w.exec(`INSERT INTO people (id, name, email) VALUES ('p-nia', 'Nia', 'nia@ward.example'), ('p-pat', 'Pat', 'pat@ward.example')`)
	w.exec(`INSERT INTO person_roles (person, role) VALUES ('p-nia', 'nurse'), ('p-pat', 'pharmacist')`)
	kept := db.Alarms{DB: w.db}
	gateway, err := sms.New(sms.Settings{URL: m.URL, Body: "{to}: {text}"})
	if err != nil {
		t.Fatal(err)
	}
	ladder := notify.DefaultLadder(notify.SMS)
	ladder.Numbers = []string{"+491700000001"}
	w.desk = notify.Desk{Store: kept, Ladder: ladder, Phones: kept, Now: func() time.Time { return w.at }}
	nia := hospital.Actor{ID: "p-nia", Name: "Nia", Roles: []hospital.Role{hospital.Nurse}}
	if err := w.desk.SetPhone(t.Context(), nia, "0170 1"); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("no number: %v", err)
	}
	if err := w.desk.SetPhone(t.Context(), nia, "+49 170 1234567"); err != nil {
		t.Fatal(err)
	}
	if number, err := w.desk.Phone(t.Context(), nia); err != nil || number != "+491701234567" {
		t.Errorf("kept %q, %v", number, err)
	}
	var alarm notify.Alarm
	err = kept.InTx(t.Context(), func(tx notify.Tx) (err error) {
		alarm, err = notify.Raise(t.Context(), tx, ladder, notify.Trouble{Kind: "too warm", Subject: "fridge/f-1", Name: "Fridge 1", Text: "9.4 °C, limit 8.0 °C", Severity: notify.Serious, By: hospital.Job("test")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	dispatcher := &notify.Dispatcher{Outbox: kept, Ways: map[notify.Way]notify.Sender{notify.SMS: gateway}, Now: func() time.Time { return w.at }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	send := func() {
		t.Helper()
		if _, err := dispatcher.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	send()
	if len(m.sent) != 2 {
		t.Fatalf("tried %q", m.sent)
	}
	send() // before the back-off is over nothing is tried
	m.status = http.StatusAccepted
	w.at = w.at.Add(time.Minute)
	send()
	send() // what was taken is not sent again
	if len(m.sent) != 4 || !slices.Contains(m.sent, "+491701234567: Fridge 1: too warm, serious. 9.4 °C, limit 8.0 °C. wardwatch-notice-1") || !slices.Equal(slices.Sorted(slices.Values(m.sent[:2])), slices.Sorted(slices.Values(m.sent[2:]))) {
		t.Fatalf("sent %q", m.sent)
	}
	notices, err := kept.Notices(t.Context(), alarm.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notices[:2] {
		if n.Way != notify.SMS || n.Status != notify.Sent || n.Tries != 2 || n.DoneAt.IsZero() {
			t.Errorf("noted %+v", n)
		}
	}
	if _, err := w.desk.Acknowledge(t.Context(), nia, alarm.ID, notify.Answer{Reason: notify.OnIt}); err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(40 * time.Minute)
	send()
	if len(m.sent) != 4 {
		t.Errorf("after the answer: %q", m.sent[4:])
	}
	if err := w.desk.SetPhone(t.Context(), nia, " "); err != nil {
		t.Fatal(err)
	}
	if number, err := w.desk.Phone(t.Context(), nia); err != nil || number != "" {
		t.Errorf("forgotten: %q, %v", number, err)
	}
}
