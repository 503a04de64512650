package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/notify"
)

// pager is whom a hospital calls while a fault lasts: a webhook's other side, which keeps
// its first caller waiting until a test has it answer. What became of that call is known
// first when the fault is on.
type pager struct {
	t       *testing.T
	url     string
	called  chan struct{} // closed by the first call
	first   sync.Once
	ready   chan struct{} // closed once it answers
	answers sync.Once

	mu    sync.Mutex
	heard map[string]int  // how often, by the notice's key
	rungs map[rung]string // the key under which a rung was heard of
}

// rung is a step of an alarm's ladder; one way leads to the pager, so it hears of each once.
type rung struct {
	Alarm notify.AlarmID
	Step  int
}

func newPager(t *testing.T) *pager {
	p := &pager{t: t, called: make(chan struct{}), ready: make(chan struct{}), heard: map[string]int{}, rungs: map[rung]string{}}
	server := httptest.NewServer(p)
	p.url = server.URL
	t.Cleanup(func() {
		p.answer()
		server.Close()
	})
	return p
}

// ServeHTTP takes a notice.
func (p *pager) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	var of rung
	if err := json.NewDecoder(r.Body).Decode(&of); err != nil {
		p.t.Errorf("the pager is told what it can't read: %v", err)
	}
	key := r.Header.Get("Idempotency-Key")
	p.mu.Lock()
	if other := p.rungs[of]; other != "" && other != key {
		p.t.Errorf("the pager hears of rung %d of alarm %d under two keys, %s and %s", of.Step, of.Alarm, other, key)
	}
	p.rungs[of] = key
	p.heard[key]++
	p.mu.Unlock()
	p.first.Do(func() { close(p.called) })
	select {
	case <-p.ready:
	case <-r.Context().Done(): // the house has waited long enough, and will call again
	}
}

// answer has it answer, from now on at once.
func (p *pager) answer() { p.answers.Do(func() { close(p.ready) }) }

// serve starts a house that calls it.
func (p *pager) serve(database string) *server {
	p.t.Helper()
	s := startServer(p.t, database, "--webhook-url", p.url, "--webhook-secret", "s")
	s.pager = p
	return s
}

// ring waits until it is called.
func (p *pager) ring() {
	p.t.Helper()
	select {
	case <-p.called:
	case <-time.After(patience):
		p.t.Fatal("nobody calls the pager, and a fridge is too warm")
	}
}

// settle waits until a house that is well has nothing left to send.
func (p *pager) settle(s *server, database string) {
	p.t.Helper()
	p.settleBy(time.Now, database, s.said)
}

// settleBy is settle of a house with a clock of its own, and what it says.
func (p *pager) settleBy(now func() time.Time, database string, said fmt.Stringer) {
	p.t.Helper()
	p.answer()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) { // the dispatcher may be another process: nothing else tells of it
		due := noticesDue(p.t, database, now())
		if due == 0 {
			return
		}
		if time.Since(begun) > patience {
			p.t.Fatalf("%d notices that are due do not go out: %s", due, said)
		}
	}
}

// noticesDue counts notices that fell due by a time and have no outcome yet.
func noticesDue(t *testing.T, database string, at time.Time) (n int) {
	t.Helper()
	d, err := db.Inspect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const q = `SELECT count(*) FROM notices WHERE status IN ('waiting', 'sending') AND due_at <= $1`
	if err := d.QueryRow(t.Context(), q, at.UnixMilli()).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// notices are all that a house has kept of what was, or is to be, sent.
func (p *pager) notices(path string) []notify.Notice {
	p.t.Helper()
	d, err := db.Inspect(p.t.Context(), "sqlite:"+path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer d.Close()
	all, err := db.Alarms{DB: d}.Sent(p.t.Context(), 0, 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

func keyOf(n notify.Notice) string { return fmt.Sprintf("wardwatch-notice-%d", n.ID) }

// reread has it know no more than a house that was put back: what was sent since gets its
// number and its rung once more.
func (p *pager) reread(path string) {
	p.t.Helper()
	notices := p.notices(path)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard, p.rungs = map[string]int{}, map[rung]string{}
	for _, n := range notices {
		if n.Tries > 0 {
			p.heard[keyOf(n)] = n.Tries
		}
	}
}

// check looks at every notice of a house that was stopped once all that was due had gone out:
// each was sent, or stopped for a reason, or its time has not come; the pager heard of it
// as often as the house says that it tried, which is once where the pager answered in time.
func (p *pager) check(path string, settled time.Time) {
	p.t.Helper()
	notices := p.notices(path)
	p.mu.Lock()
	defer p.mu.Unlock()
	sent, known := 0, map[string]bool{}
	for _, n := range notices {
		key := keyOf(n)
		known[key] = true
		said := n.Outcome != ""
		switch {
		case n.Status == notify.Sent && said && p.heard[key] == n.Tries:
			sent++
		case n.Status == notify.Stopped && said && p.heard[key] == n.Tries:
		case n.Status == notify.Waiting && n.DueAt.After(settled) && p.heard[key] == 0:
		default:
			p.t.Errorf("rung %d of alarm %d, due %s, is %s (%q) after %d tries, and the pager was called %d times", n.Step, n.Alarm, n.DueAt, n.Status, n.Outcome, n.Tries, p.heard[key])
		}
	}
	for key, times := range p.heard {
		if !known[key] {
			p.t.Errorf("the pager was told %d times of %s, which is not there", times, key)
		}
	}
	if sent == 0 {
		p.t.Errorf("of %d notices none was sent", len(notices))
	}
}
