package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/document"
)

// keeper keeps the store while a fault lasts: she takes, receives, counts and approves what is
// proposed, over the doors that people use, and remembers what she was answered. What was not
// answered she asks again, under the same key, as a phone does.
type keeper struct {
	t      *testing.T
	cookie string
	lot    string // of the gloves

	deeds    int              // how many she has thought of
	booked   map[string]int64 // what a deed that was answered changed, by its key
	waiting  *stockDeed       // not answered yet
	approved map[int64]bool   // proposals

	tried, answered atomic.Int64
	leave, left     chan struct{}
}

// stockDeed is a form of the gloves' page.
type stockDeed struct {
	key, what string
	quantity  int64 // in the form
	change    int64 // of the stock
}

const (
	// fullShelf is how many pairs of gloves there are at first: more than all faults together take.
	fullShelf = 1_000_000
	// keeperWord is what the keeper signs in with.
	keeperWord  = "tiger-lamp-cloud-seven"
	keeperEmail = "kim@store.example"
)

// store is what the keeper keeps: one item at one place, that must be ordered as soon as any is taken.
func store(site document.Site) document.Document {
	return document.Document{Format: document.Format, Site: site,
		Suppliers: []document.Supplier{{ID: "medi", Name: "Medi", Email: "orders@medi.example", Currency: "EUR", LeadDays: 3}},
		Places:    []document.Place{{ID: "store", Name: "Store"}},
		Items: []document.Item{{ID: "gloves", Name: "Gloves", UnitOfIssue: "pair", Pack: 100, Supplier: "medi", PriceMinor: 450,
			Levels: []document.Level{{Place: "store", Minimum: fullShelf, Maximum: fullShelf + 100}}}},
		Stock: []document.Lot{{Item: "gloves", Place: "store", Quantity: fullShelf}}}
}

// newKeeper gives a hospital that is there a store and its keeper.
func newKeeper(t *testing.T, database string) *keeper {
	t.Helper()
	d, err := db.Open(t.Context(), database, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	known, err := (db.Hospital{DB: d}).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	site := document.Site{ID: known.Site.ID, Name: known.Site.Name, Zone: known.Site.Zone}
	if _, err := (db.Hospital{DB: d}).Import(t.Context(), hospital.Job("test"), store(site), true); err != nil {
		t.Fatal(err)
	}
	k := &keeper{t: t, booked: map[string]int64{}, approved: map[int64]bool{}}
	if err := d.QueryRow(t.Context(), `SELECT id FROM stock_lots WHERE item = 'gloves'`).Scan(&k.lot); err != nil {
		t.Fatal(err)
	}
	porter, err := newPorter(d)
	if err != nil {
		t.Fatal(err)
	}
	person := hospital.Person{Name: "Kim", Email: keeperEmail, Roles: []hospital.Role{hospital.SupplyManager}}
	_, link, err := porter.Add(t.Context(), atTheConsole, person)
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := porter.Redeem(t.Context(), link, account.Newcomer{Password: keeperWord}, account.Origin{Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	k.cookie = "ward=" + secret.Reveal()
	return k
}

// ask is an answer to the keeper; false when there was none, or the house says that it can't now.
func (k *keeper) ask(method, house, path, kind string, body []byte) (status int, text []byte, ok bool) {
	request, err := http.NewRequest(method, house+path, bytes.NewReader(body))
	if err != nil {
		k.t.Error(err)
		return 0, nil, false
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Cookie", k.cookie)
	request.Header.Set("Origin", house)
	client := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, false
	}
	defer answer.Body.Close()
	var said bytes.Buffer
	if _, err := said.ReadFrom(answer.Body); err != nil {
		return 0, nil, false
	}
	for _, cookie := range answer.Cookies() {
		if path == "/sign-in" && cookie.Name == "ward" {
			k.cookie = "ward=" + cookie.Value
		}
	}
	if strings.HasPrefix(answer.Header.Get("Location"), "/sign-in") || answer.StatusCode == http.StatusUnauthorized {
		k.signIn(house)
		return answer.StatusCode, nil, false
	}
	return answer.StatusCode, said.Bytes(), answer.StatusCode < 500 && answer.StatusCode != http.StatusTooManyRequests
}

// signIn is for a keeper whose session is over.
func (k *keeper) signIn(house string) {
	form := url.Values{"email": {keeperEmail}, "password": {keeperWord}}
	k.ask(http.MethodPost, house, "/sign-in", "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// next is what she does next: twice she takes some, then some come in, then she counts
// and finds five more than the ledger has.
func (k *keeper) next() *stockDeed {
	k.deeds++
	d := &stockDeed{key: fmt.Sprintf("deed-%d", k.deeds)}
	switch k.deeds % 4 {
	case 1, 2:
		d.what, d.quantity, d.change = "use", 60, -60
	case 3:
		d.what, d.quantity, d.change = "receive", 30, 30
	default:
		d.what, d.quantity, d.change = "count", k.shelf()+5, 5
	}
	return d
}

// shelf is how much lies there after all that was answered.
func (k *keeper) shelf() int64 {
	left := int64(fullShelf)
	for _, change := range k.booked {
		left += change
	}
	return left
}

// work does one deed, or asks again for the one that was not answered. It is false when
// the house does not answer, or can't now.
func (k *keeper) work(house string) bool {
	if k.waiting == nil {
		k.waiting = k.next()
	}
	k.tried.Add(1)
	d := k.waiting
	form := url.Values{"quantity": {fmt.Sprint(d.quantity)}, "place": {"store"}, "key": {d.key}, "why": {d.key}}
	if d.what == "count" {
		form.Set("lot", k.lot)
	}
	status, text, ok := k.ask(http.MethodPost, house, "/stock/gloves/"+d.what, "application/x-www-form-urlencoded", []byte(form.Encode()))
	if !ok {
		return false
	}
	if status != http.StatusSeeOther {
		k.t.Errorf("%s of %d pairs is answered %d: %.300s", d.what, d.quantity, status, text)
		return false
	}
	k.booked[d.key], k.waiting = d.change, nil
	k.answered.Add(1)
	return k.approve(house)
}

// approve approves what is proposed. Whose answer got lost is found approved the next time.
func (k *keeper) approve(house string) bool {
	type proposal struct {
		ID, Version int64
		Status      string
	}
	var list struct{ Items []proposal }
	_, text, ok := k.ask(http.MethodGet, house, "/api/v1/proposals?item=gloves&limit=20", "application/json", nil)
	if !ok {
		return false
	}
	if err := json.Unmarshal(text, &list); err != nil {
		k.t.Errorf("what is proposed: %v: %.300s", err, text)
		return false
	}
	for _, p := range list.Items {
		if p.Status == "approved" {
			k.approved[p.ID] = true
		}
		if p.Status != "waiting" {
			continue
		}
		status, text, ok := k.ask(http.MethodPost, house, fmt.Sprintf("/api/v1/proposals/%d/approve", p.ID), "application/json", fmt.Appendf(nil, `{"version":%d}`, p.Version))
		switch {
		case !ok:
			return false
		case status == http.StatusOK:
			k.approved[p.ID] = true
		case status != http.StatusConflict: // it was raised meanwhile, because more was taken
			k.t.Errorf("proposal %d is approved and the answer is %d: %.300s", p.ID, status, text)
		}
	}
	return true
}

// begin has her work in a running house until she is told to end.
func (k *keeper) begin(house string) {
	leave, left := make(chan struct{}), make(chan struct{})
	k.leave, k.left = leave, left
	go func() {
		defer close(left)
		for {
			select {
			case <-leave:
				return
			default:
				if !k.work(house) {
					time.Sleep(20 * time.Millisecond) // as long as it takes to press the button again
				}
			}
		}
	}()
	k.t.Cleanup(k.end)
}

// end has her leave, with what was not answered in her hands.
func (k *keeper) end() {
	if k.leave != nil {
		close(k.leave)
		<-k.left
		k.leave = nil
	}
}

// until waits for the keeper to have tried, or been answered, this often more than by now.
func (k *keeper) until(often *atomic.Int64, more int64) {
	k.t.Helper()
	want := often.Load() + more
	for begun := time.Now(); often.Load() < want; time.Sleep(5 * time.Millisecond) { // she says nothing else
		if time.Since(begun) > patience {
			k.t.Fatalf("the keeper got no further than %d deeds and %d answers", k.tried.Load(), k.answered.Load())
		}
	}
}

// keep has her do some more deeds, in a house that is well.
func (k *keeper) keep(house string, deeds int64) {
	k.t.Helper()
	want := k.answered.Load() + deeds
	for begun := time.Now(); k.answered.Load() < want; {
		if !k.work(house) && time.Since(begun) > patience {
			k.t.Fatalf("the keeper got no further than %d deeds and %d answers", k.tried.Load(), k.answered.Load())
		}
	}
}

// settle has her ask again for what was not answered, and do each of her deeds in a house
// that is well until something was ordered.
func (k *keeper) settle(house string) {
	k.t.Helper()
	k.end()
	for begun := time.Now(); k.waiting != nil || k.deeds < 4 || len(k.approved) == 0; {
		if !k.work(house) && time.Since(begun) > patience {
			k.t.Fatalf("of the keeper's %d deeds %d were answered, and %d proposals approved", k.deeds, len(k.booked), len(k.approved))
		}
	}
}

// learned has her end, and is what she was answered by then.
func (k *keeper) learned() (until answers) {
	k.end()
	return answers{maps.Clone(k.booked), maps.Clone(k.approved)}
}

// answers are deeds and approvals that were answered.
type answers struct {
	booked   map[string]int64
	approved map[int64]bool
}

// reread has her read in a ledger that was put back: what was answered until the copy was
// begun is in it, and what is not in it she forgets.
func (k *keeper) reread(path string, until answers) {
	k.t.Helper()
	d, err := db.Inspect(k.t.Context(), "sqlite:"+path)
	if err != nil {
		k.t.Fatal(err)
	}
	defer d.Close()
	there := k.ledger(d)
	if k.waiting != nil {
		k.booked[k.waiting.key], k.waiting = k.waiting.change, nil // carried out or not, the ledger knows
	}
	maps.DeleteFunc(k.booked, func(key string, _ int64) bool { return len(there[key]) == 0 })
	for key := range until.booked {
		if _, is := k.booked[key]; !is {
			k.t.Errorf("%s was answered before the copy was made and is not in it", key)
		}
	}
	k.approved = until.approved
}

// check looks whether the ledger has each deed that was answered, once, and nothing that
// nobody did; that they add up to what lies there; that whatever was approved is ordered
// once; and that one proposal at most waits.
func (k *keeper) check(path string) {
	k.t.Helper()
	d, err := db.Inspect(k.t.Context(), "sqlite:"+path)
	if err != nil {
		k.t.Fatal(err)
	}
	defer d.Close()
	booked := k.ledger(d)
	var want int64 = fullShelf
	for key, changes := range booked {
		asked, answered := k.booked[key]
		if !answered && k.waiting != nil && key == k.waiting.key {
			asked, answered = k.waiting.change, true // carried out, and the answer was lost
		}
		if !answered || len(changes) != 1 || changes[0] != asked {
			k.t.Errorf("the ledger has %v of %s, which changed %d and was answered: %t", changes, key, asked, answered)
		}
		want += asked
	}
	for key := range k.booked {
		if len(booked[key]) == 0 {
			k.t.Errorf("%s was answered and is not in the ledger", key)
		}
	}
	var left, open int64
	const q = `
		SELECT (SELECT sum(free) FROM stock_balances WHERE item = 'gloves'),
			(SELECT count(*) FROM proposals WHERE open = 1 AND item = 'gloves')`
	if err := d.QueryRow(k.t.Context(), q).Scan(&left, &open); err != nil {
		k.t.Fatal(err)
	}
	if left != want || open > 1 {
		k.t.Errorf("%d pairs lie there of %d, %d proposals wait", left, want, open)
	}
	k.checkOrdered(d)
}

// ledger is what the ledger says of the gloves' changes, by the key of the deed.
func (k *keeper) ledger(d *db.DB) map[string][]int64 {
	k.t.Helper()
	const q = `
		SELECT why, free
		FROM stock_movements
		WHERE item = 'gloves' AND kind <> 'opening'
		ORDER BY seq`
	rows, err := d.Query(k.t.Context(), q)
	if err != nil {
		k.t.Fatal(err)
	}
	defer rows.Close()
	booked := map[string][]int64{}
	for rows.Next() {
		var key string
		var change int64
		if err := rows.Scan(&key, &change); err != nil {
			k.t.Fatal(err)
		}
		booked[key] = append(booked[key], change)
	}
	if err := rows.Err(); err != nil {
		k.t.Fatal(err)
	}
	return booked
}

// checkOrdered looks whether each proposal whose approval was answered is on one line of one order.
func (k *keeper) checkOrdered(d *db.DB) {
	k.t.Helper()
	const q = `SELECT count(*) FROM order_lines l JOIN proposals p ON p.id = l.proposal WHERE p.id = $1 AND p.status = 'approved'`
	for id := range k.approved {
		var lines int
		if err := d.QueryRow(k.t.Context(), q, id).Scan(&lines); err != nil {
			k.t.Fatal(err)
		}
		if lines != 1 {
			k.t.Errorf("proposal %d was approved and is on %d lines of orders", id, lines)
		}
	}
}
