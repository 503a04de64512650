package db_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/notify/email"
)

// echo is a mail server on a bare wire that answers one command twice, "." being a letter's end.
type echo struct {
	twice string

	mu      sync.Mutex
	letters int
}

// open answers at an address until the test ends.
func (e *echo) open(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	busy.Go(func() {
		for {
			wire, err := listener.Accept()
			if err != nil {
				return
			}
			busy.Go(func() { e.talk(wire) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); busy.Wait() })
	return listener.Addr().String()
}

func (e *echo) talk(wire net.Conn) {
	defer wire.Close()
	_ = wire.SetDeadline(time.Now().Add(10 * time.Second))
	say := func(command, answer string) {
		if command == e.twice {
			answer += answer
		}
		_, _ = io.WriteString(wire, answer)
	}
	say("", "220 office\r\n")
	inLetter := false
	for lines := bufio.NewScanner(wire); lines.Scan(); {
		command, _, _ := strings.Cut(lines.Text(), " ")
		switch {
		case inLetter && command == ".":
			inLetter = false
			e.mu.Lock()
			e.letters++
			e.mu.Unlock()
			say(command, "250 taken\r\n")
		case inLetter:
		case command == "DATA":
			inLetter = true
			say(command, "354 go on\r\n")
		case command == "QUIT":
			say(command, "221 bye\r\n")
			return
		default:
			say(command, "250 well\r\n")
		}
	}
}

func (e *echo) taken() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.letters
}

// gloved has gloves ordered and the order handed to the outbox.
func gloved(t *testing.T, p *pharmacy) (number string) {
	t.Helper()
	ctx := t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	open := p.open()[0]
	approved, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: open.ID, Version: open.Version})
	p.must(err)
	draft, err := p.desk.Store.FindOrder(ctx, approved.Order)
	p.must(err)
	p.must(p.desk.Send(ctx, manager, draft.Number, draft.Version))
	return draft.Number
}

// leftOnce holds that there is one order of one line, one message of it in the outbox and
// that in this state, and nothing that verify --deep finds.
func leftOnce(t *testing.T, p *pharmacy, number string, want reorder.MailStatus, attempts int) {
	t.Helper()
	written, err := db.Orders{DB: p.db}.MailOf(t.Context(), number)
	p.must(err)
	if len(written) != 1 || written[0].Status != want || written[0].Attempts != attempts || written[0].SentAt.IsZero() != (want != reorder.MailSent) {
		t.Errorf("the outbox says %+v, want one message, %s at try %d", written, want, attempts)
	}
	var orders, lines int
	p.must(p.db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM purchase_orders), (SELECT count(*) FROM order_lines)`).Scan(&orders, &lines))
	if orders != 1 || lines != 1 {
		t.Errorf("there are %d orders of %d lines, want one of one", orders, lines)
	}
	soundDeep(t, p.db)
}

// A mail server answers a letter's end twice, or its beginning: the order's letter is there
// once at most, the outbox says so or that it is unsure, and neither hours nor a restart
// send it again.
func TestAnOrderLeavesOnceByAMailServerThatAnswersTwice(t *testing.T) {
	for twice, want := range map[string]reorder.MailStatus{".": reorder.MailSent, "DATA": reorder.MailUnsure} {
		p, ctx := open(t), t.Context()
		number := gloved(t, p)
		office := &echo{twice: twice}
		out := supplier.Dispatcher{Outbox: db.Orders{DB: p.db}, Now: p.now, Log: slog.New(slog.DiscardHandler),
			Sender: supplier.Server{Address: office.open(t), From: "supply@st-anna.example"}}
		for i, most := range []int{1, 0, 0} {
			if tried, err := out.SendDue(ctx); tried != most || err != nil {
				t.Errorf("%q answered twice, look %d: %d tries, %v", twice, i, tried, err)
			}
			p.pass(3 * time.Hour)
			p.must(db.Orders{DB: p.db}.Doubt(ctx))
		}
		if n := office.taken(); n > 1 || want == reorder.MailSent && n != 1 {
			t.Errorf("%q answered twice: the supplier got %d letters", twice, n)
		}
		leftOnce(t, p, number, want, 1)
	}
}

// losing is an outbox that loses the first outcome: the power fails between the answer and its note.
type losing struct {
	db.Orders
	lost *bool
}

var errPower = errors.New("the power failed")

func (l losing) SaveMail(ctx context.Context, m reorder.Mail) error {
	if !*l.lost {
		*l.lost = true
		return errPower
	}
	return l.Orders.SaveMail(ctx, m)
}

// A supplier takes an order over HTTPS and answers it twice on the same line; the power
// fails before the answer is noted, so it is delivered once more, under the same key and
// answered twice again: one order is there, at the supplier and here.
func TestAnOrderIsTakenOnceByASupplierThatAnswersTwice(t *testing.T) {
	var mu sync.Mutex
	posts, taken := 0, map[string]bool{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		key := r.Header.Get("Idempotency-Key")
		mu.Lock()
		posts++
		status := map[bool]int{false: http.StatusOK, true: http.StatusConflict}[taken[key]]
		taken[key] = true
		mu.Unlock()
		wire, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer wire.Close()
		_, _ = io.WriteString(wire, strings.Repeat(fmt.Sprintf("HTTP/1.1 %d Well\r\nContent-Length: 2\r\n\r\nok", status), 2))
		_ = wire.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.Copy(io.Discard, wire) // until the house hangs up on what was said too much
	}))
	t.Cleanup(server.Close)
	p, ctx := withTerms(t, server.URL), t.Context()
	number := gloved(t, p)
	kept := db.Orders{DB: p.db}
	out := supplier.Dispatcher{Outbox: losing{kept, new(bool)}, Now: p.now, Log: slog.New(slog.DiscardHandler), Go: []reorder.Way{reorder.ByHTTPS},
		Sender: supplier.Ways{reorder.ByHTTPS: supplier.Poster{Client: server.Client()}}}
	if _, err := out.SendDue(ctx); !errors.Is(err, errPower) {
		t.Fatalf("the first outcome was noted: %v", err)
	}
	for range 3 {
		p.must(kept.Doubt(ctx))
		p.pass(time.Hour)
		_, err := out.SendDue(ctx)
		p.must(err)
	}
	mu.Lock()
	if posts != 2 || len(taken) != 1 || taken[""] {
		t.Errorf("the supplier heard %d times of the orders %v", posts, taken)
	}
	mu.Unlock()
	leftOnce(t, p, number, reorder.MailSent, 2)
}

// A mail server that answers an alarm's letter twice has it once, and so says the outbox.
func TestANoticeLeavesOnceByAMailServerThatAnswersTwice(t *testing.T) {
	w := newTower(t)
	w.ladder.Ways, w.ladder.Steps = []notify.Way{notify.Email}, []notify.Step{{Roles: []hospital.Role{hospital.Nurse}}}
	err := w.kept.DB.InTx(t.Context(), func(tx *db.Tx) error {
		for _, q := range []string{`INSERT INTO people (id, name, email) VALUES ('p-1', 'Nia', 'nia@ward.example')`, `INSERT INTO person_roles (person, role) VALUES ('p-1', 'nurse')`} {
			if _, err := tx.Exec(t.Context(), q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	alarm := w.raise(notify.Serious)
	office := &echo{twice: "."}
	d := w.dispatcher()
	d.Ways[notify.Email] = email.Server{Address: office.open(t), From: "ward@ward.example"}
	for range 3 {
		if _, err := d.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.at = w.at.Add(10 * time.Minute)
	}
	notices, err := w.kept.Notices(t.Context(), alarm.ID)
	if err != nil || len(notices) != 1 || notices[0].Status != notify.Sent || notices[0].Tries != 1 || office.taken() != 1 {
		t.Errorf("%d letters, notices %+v, %v", office.taken(), notices, err)
	}
	soundDeep(t, w.kept.DB)
}
