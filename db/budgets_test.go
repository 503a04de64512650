package db_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/document"
)

var administrator = hospital.Actor{ID: "ada", Name: "Ada", Roles: []hospital.Role{hospital.Administrator}}

// lowGloves is a pharmacy whose gloves are due: 8 packs, 36.00 EUR, proposal 1.
func lowGloves(t *testing.T) *pharmacy {
	t.Helper()
	p := open(t)
	p.must(p.stock.Use(t.Context(), nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(t.Context()))
	return p
}

func (p *pharmacy) budget() reorder.Budget {
	p.t.Helper()
	today := p.stock.Today(p.now())
	all, err := p.desk.Store.Budgets(p.t.Context(), today, today)
	p.must(err)
	if len(all) != 1 {
		p.t.Fatalf("%d budgets", len(all))
	}
	return all[0]
}

// What uses a budget up to the cent needs one person, a cent more needs two; the
// order is committed when it is approved, spent as it comes in, and free again
// where it will not come.
func TestABudgetToTheCent(t *testing.T) {
	for _, c := range []struct {
		amount int64
		two    bool
	}{{3600, false}, {3599, true}} {
		p, ctx := lowGloves(t), t.Context()
		quarter := reorder.Budget{Name: "First quarter", Currency: "EUR", From: day("2026-01-01"), Until: day("2026-03-31"), Amount: c.amount}
		_, err := p.desk.SetBudget(ctx, administrator, quarter)
		p.must(err)
		if _, err := p.desk.SetBudget(ctx, manager, quarter); !errors.Is(err, hospital.ErrForbidden) {
			t.Errorf("who approves sets the budget: %v", err)
		}
		if _, err := p.desk.SetBudget(ctx, administrator, reorder.Budget{Name: "again", Currency: "EUR", From: day("2026-03-31"), Until: day("2026-04-30")}); !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("two budgets share a day: %v", err)
		}
		open := p.open()
		p.must(p.desk.WithBudgets(ctx, open))
		if len(open[0].OverBudget) > 0 != c.two {
			t.Errorf("36.00 of %d: %v", c.amount, open[0].OverBudget)
		}
		got, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: open[0].ID, Version: 1})
		p.must(err)
		if (got.Status == reorder.HalfApproved) != c.two {
			t.Fatalf("36.00 of %d: %s", c.amount, got.Status)
		}
		if c.two {
			ofWard := hospital.Actor{ID: "wim", Name: "Wim", Roles: second.Roles, Limits: hospital.Limits{hospital.SupplyManager: {"ward-a"}}}
			if _, err := got.Approve(ofWard, p.desk.Limits); !errors.Is(err, hospital.ErrForbidden) {
				t.Errorf("somebody of one ward breaks the hospital's budget: %v", err)
			}
			got, err = p.desk.Approve(ctx, second, reorder.Answer{ID: got.ID, Version: got.Version})
			p.must(err)
		}
		if b := p.budget(); b.Committed != 3600 || b.Spent != 0 || b.Left() != c.amount-3600 {
			t.Errorf("approved: %+v", b)
		}
		o, err := p.desk.Store.FindOrder(ctx, got.Order)
		p.must(err)
		p.must(p.desk.Send(ctx, manager, o.Number, o.Version))
		p.must(p.desk.Receive(ctx, pharmacist, reorder.Receipt{Number: o.Number, Version: o.Version + 1, Parts: []reorder.Part{{Line: o.Lines[0].ID, Quantity: 200}}}))
		if b := p.budget(); b.Committed != 2700 || b.Spent != 900 {
			t.Errorf("part came in: %+v", b)
		}
		p.must(p.desk.CloseShort(ctx, manager, o.Number, o.Version+2, "discontinued"))
		if b := p.budget(); b.Committed != 0 || b.Spent != 900 {
			t.Errorf("the rest will not come: %+v", b)
		}
	}
}

// Sam is away and Priya stands in: her session has the right for those days, the
// trail says in whose place, and neither what Sam asked for nor the second approval
// of what was approved for Sam is hers to give.
func TestAStandInApprovesForThoseDaysAndNotForTheRequester(t *testing.T) {
	p, ctx := open(t), t.Context()
	doc := stockDocument
	doc.People = []document.Person{{ID: "sam", Name: "Sam", Email: "sam@st-anna.example", Roles: []hospital.Role{hospital.SupplyManager}},
		{ID: "priya", Name: "Priya", Email: "priya@st-anna.example", Roles: []hospital.Role{hospital.Pharmacist}},
		{ID: "nora", Name: "Nora", Email: "nora@st-anna.example", Roles: []hospital.Role{hospital.Nurse}}}
	_, err := (db.Hospital{DB: p.db}).Import(ctx, hospital.Job("import"), doc, true)
	p.must(err)
	priya := func() hospital.Actor {
		t.Helper()
		var hash account.Hash
		hash[0] = 7
		people := db.Accounts{DB: p.db}
		p.must(people.InTx(ctx, func(tx account.Tx) error {
			p.must(tx.EndSession(ctx, hash))
			return tx.StartSession(ctx, account.Session{Hash: hash, Person: "priya", StartedAt: tx.Now(), SeenAt: tx.Now()})
		}))
		_, person, err := people.Session(ctx, hash)
		p.must(err)
		return person.Actor()
	}
	week := reorder.Deputy{Away: "sam", StandsIn: "priya", From: day("2026-03-03"), Until: day("2026-03-04"), Why: "holiday"}
	for name, wrong := range map[string]func() error{
		"a nurse names one for Sam":   func() error { return p.desk.StandIn(ctx, nora, week) },
		"a nurse, who sees no orders": func() error { s := week; s.StandsIn = "nora"; return p.desk.StandIn(ctx, manager, s) },
		"herself":                     func() error { s := week; s.StandsIn = "sam"; return p.desk.StandIn(ctx, manager, s) },
		"from yesterday on":           func() error { s := week; s.From -= 3; return p.desk.StandIn(ctx, manager, s) },
		"for more than a quarter":     func() error { s := week; s.Until = s.From + reorder.MaxAway; return p.desk.StandIn(ctx, manager, s) },
		"without a reason":            func() error { s := week; s.Why = " "; return p.desk.StandIn(ctx, manager, s) },
		"who has no right to give away": func() error {
			s := week
			s.Away, s.StandsIn = "priya", "sam"
			return p.desk.StandIn(ctx, pharmacist, s)
		},
	} {
		if err := wrong(); !errors.Is(err, hospital.ErrInvalid) && !errors.Is(err, hospital.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.must(p.desk.StandIn(ctx, manager, week))
	if priya().May(hospital.ApproveOrders) {
		t.Error("she approves before its first day")
	}
	p.pass(15 * time.Hour) // 00:00 in Berlin
	if !priya().May(hospital.ApproveOrders) {
		t.Fatal("she does not approve on its first day")
	}
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	p.desk.Limits.Alone = 1000
	half, err := p.desk.Approve(ctx, priya(), reorder.Answer{ID: p.open()[0].ID, Version: 1})
	p.must(err)
	if half.Status != reorder.HalfApproved || half.FirstName != "Priya for Sam" || half.FirstFor != "sam" {
		t.Errorf("approved: %+v", half)
	}
	if _, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: half.ID, Version: half.Version}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("Sam approves what was approved in her place: %v", err)
	}
	_, err = p.desk.Approve(ctx, second, reorder.Answer{ID: half.ID, Version: half.Version})
	p.must(err)
	p.desk.Limits.Alone = 0
	asked, err := p.desk.Ask(ctx, manager, reorder.Spot{Item: "swabs", Place: "store"}, 120, "flu season")
	p.must(err)
	if _, err := p.desk.Approve(ctx, priya(), reorder.Answer{ID: asked, Version: 1}); !errors.Is(err, hospital.ErrForbidden) || !strings.Contains(hospital.Sentence(err), "Sam asked for this") {
		t.Errorf("Sam's stand-in approves what Sam asked for: %v", err)
	}
	p.pass(48 * time.Hour) // the day after its last
	if priya().May(hospital.ApproveOrders) {
		t.Error("she approves after its last day")
	}
	const q = `
		SELECT group_concat(what || ' ' || after, char(10))
		FROM audit`
	var said string
	p.must(p.db.QueryRow(ctx, q).Scan(&said))
	for _, want := range []string{"stand-in.name", `"in_place_of":"sam"`} {
		if !strings.Contains(said, want) {
			t.Errorf("the trail lacks %s:\n%s", want, said)
		}
	}
}

// One that is ended early ends at once, by those whom it concerns.
func TestAStandInIsEndedEarly(t *testing.T) {
	p, ctx := open(t), t.Context()
	doc := stockDocument
	doc.People = []document.Person{{ID: "sam", Name: "Sam", Email: "sam@st-anna.example", Roles: []hospital.Role{hospital.SupplyManager}},
		{ID: "mo", Name: "Mo", Email: "mo@st-anna.example", Roles: []hospital.Role{hospital.SupplyManager}}}
	_, err := (db.Hospital{DB: p.db}).Import(ctx, hospital.Job("import"), doc, true)
	p.must(err)
	p.must(p.desk.StandIn(ctx, manager, reorder.Deputy{Away: "sam", StandsIn: "mo", From: day("2026-03-02"), Until: day("2026-03-09"), Why: "ill"}))
	all, err := p.desk.Store.Deputies(ctx, 10)
	p.must(err)
	if err := p.desk.EndStandIn(ctx, nora, all[0].ID); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse ends it: %v", err)
	}
	p.must(p.desk.EndStandIn(ctx, second, all[0].ID))
	if err := p.desk.EndStandIn(ctx, manager, all[0].ID); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("it ends twice: %v", err)
	}
	if all, err = p.desk.Store.Deputies(ctx, 10); err != nil || all[0].On(p.stock.Today(p.now())) || all[0].EndedName != "Mo" {
		t.Errorf("it goes on: %+v, %v", all, err)
	}
}

func day(text string) inventory.Date {
	d, err := inventory.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}
