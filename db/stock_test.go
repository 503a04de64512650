package db_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

var (
	nora       = hospital.Actor{ID: "nora", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}}
	pharmacist = hospital.Actor{ID: "priya", Name: "Priya", Roles: []hospital.Role{hospital.Pharmacist}}
	manager    = hospital.Actor{ID: "sam", Name: "Sam", Roles: []hospital.Role{hospital.SupplyManager}}
	second     = hospital.Actor{ID: "mo", Name: "Mo", Roles: []hospital.Role{hospital.SupplyManager}}
)

// pharmacy is a small hospital with its stock, whose clock the test turns.
type pharmacy struct {
	t      testing.TB
	db     *db.DB
	stock  *inventory.Stock
	desk   *reorder.Desk
	follow *inventory.Follower
	chain  *chain

	mu sync.Mutex
	at time.Time
}

// chain is a cold chain that says what the test has it say.
type chain struct{ events []coldchain.Event }

func (c *chain) Events(_ context.Context, seq int64, limit int) ([]coldchain.Event, error) {
	var out []coldchain.Event
	for _, e := range c.events {
		if e.Seq > seq && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (p *pharmacy) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

func (p *pharmacy) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = p.at.Add(d)
}

var stockDocument = document.Document{
	Format: document.Format, Site: document.Site{ID: "st-anna", Name: "St Anna", Zone: "Europe/Berlin"},
	Suppliers: []document.Supplier{
		{ID: "medi", Name: "Medi & Söhne", Email: "orders@medi.example", Currency: "EUR", Account: "K-77", LeadDays: 3, MinimumMinor: 2000},
		{ID: "vax", Name: "Vax Direct", Email: "orders@vax.example", Currency: "EUR", LeadDays: 5},
	},
	Places: []document.Place{{ID: "store", Name: "Central store"}, {ID: "fridge-1", Name: "Pharmacy fridge 1", Fridge: "f-01"},
		{ID: "fridge-2", Name: "Pharmacy fridge 2", Fridge: "f-02"}},
	Items: []document.Item{
		{ID: "flu", Name: "Influenza vaccine", UnitOfIssue: "dose", GTIN: "4000000000013", Pack: 10, Supplier: "vax", PriceMinor: 12050, Criticality: "vital",
			Storage: "refrigerator", Levels: []document.Level{{Place: "fridge-1", Minimum: 20, Maximum: 60}},
			Stability: []document.Stability{{FromCelsius: 8, ToCelsius: 15, Hours: 3, Source: "maker's leaflet"}}},
		{ID: "gloves", Name: "Gloves, nitrile, M", UnitOfIssue: "pair", Pack: 100, Supplier: "medi", PriceMinor: 450, MinimumPacks: 2,
			Levels: []document.Level{{Place: "store", Minimum: 300, Maximum: 1000}}},
		{ID: "swabs", Name: "Swabs", UnitOfIssue: "piece", Pack: 50, Supplier: "medi", PriceMinor: 300},
	},
	Stock: []document.Lot{
		{Item: "flu", Place: "fridge-1", Lot: "A1", Expiry: "2026-03-10", Quantity: 30},
		{Item: "flu", Place: "fridge-1", Lot: "B2", Expiry: "2026-09-30", Quantity: 20},
		{Item: "gloves", Place: "store", Quantity: 500},
		{Item: "swabs", Place: "store", Quantity: 400},
	},
}

func open(t *testing.T) *pharmacy { return openPharmacy(t) }

func openPharmacy(t testing.TB) *pharmacy {
	t.Helper()
	p := &pharmacy{t: t, at: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), chain: &chain{}}
	p.db = dbtest.Open(t, db.Options{Now: p.now})
	if _, err := (db.Hospital{DB: p.db}).Import(t.Context(), hospital.Job("import"), stockDocument, true); err != nil {
		t.Fatal(err)
	}
	register := hospital.NewRegister(hospital.NewDirectory(hospital.Site{ID: "st-anna", Name: "St Anna", Zone: "Europe/Berlin"}, nil, nil, nil, nil, nil))
	p.stock = &inventory.Stock{Store: db.Stock{DB: p.db}, Register: register}
	p.desk = &reorder.Desk{Store: db.Orders{DB: p.db}, Stock: p.stock, Register: register, Now: p.now,
		Paper: func(o reorder.Order, _ hospital.Site, _ time.Time) ([]byte, error) {
			return []byte("%PDF " + o.Number), nil
		}}
	p.follow = &inventory.Follower{Chain: p.chain, Stock: p.stock}
	return p
}

func (p *pharmacy) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// holds says what places hold of an item: on hand, held, usable.
func (p *pharmacy) holds(item inventory.ItemID) (onHand, held, usable int64) {
	p.t.Helper()
	all, err := p.stock.Store.Balances(p.t.Context(), item)
	p.must(err)
	for _, b := range all {
		onHand += b.OnHand()
		held += b.Held
		usable += b.Usable(p.stock.Today(p.now()))
	}
	return onHand, held, usable
}

func (p *pharmacy) expect(item inventory.ItemID, onHand, held, usable int64) {
	p.t.Helper()
	if a, b, c := p.holds(item); a != onHand || b != held || c != usable {
		p.t.Errorf("%s: on hand %d, held %d, usable %d; want %d, %d, %d", item, a, b, c, onHand, held, usable)
	}
}

func (p *pharmacy) open() []reorder.Proposal {
	p.t.Helper()
	all, err := p.desk.Store.OpenProposals(p.t.Context())
	p.must(err)
	return all
}

// sound checks that the balances are the ledger's sum.
func (p *pharmacy) sound() {
	p.t.Helper()
	p.must((db.Stock{DB: p.db}).Verify(context.Background()))
}

func TestImportingStockTwiceChangesNothing(t *testing.T) {
	p := open(t)
	changes, err := (db.Hospital{DB: p.db}).Import(t.Context(), hospital.Job("import"), stockDocument, true)
	p.must(err)
	for _, c := range changes {
		if c.What != document.Same {
			t.Errorf("%s %s: %s", c.Path, c.Thing, c.What)
		}
	}
	p.expect("flu", 50, 0, 50)
	p.sound()
}

func TestTheFirstToExpireGoesFirstAndExpiredStockNever(t *testing.T) {
	p, ctx := open(t), t.Context()
	take := inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 35}
	p.must(p.stock.Use(ctx, nora, take))
	all, err := p.stock.Store.Balances(ctx, "flu")
	p.must(err)
	if len(all) != 1 || all[0].Lot.Number != "B2" || all[0].Free != 15 {
		t.Errorf("left: %+v", all)
	}
	p.must(p.stock.Return(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 5}))
	p.at = time.Date(2026, 3, 10, 22, 59, 0, 0, time.UTC) // 23:59 in Berlin, the last day of A1
	p.expect("flu", 20, 0, 20)
	p.pass(2 * time.Minute)
	p.expect("flu", 20, 0, 15)
	if err := p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 16}); !errors.Is(err, inventory.ErrShort) ||
		!strings.Contains(hospital.Sentence(err), "Only 15 can be used here, 5 have expired") {
		t.Errorf("using expired stock: %v", err)
	}
	if err := p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 1}); !errors.Is(err, inventory.ErrUnusable) {
		t.Errorf("using an expired lot: %v", err)
	}
	if err := p.stock.Discard(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 5, Why: "expired"}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse discards: %v", err)
	}
	p.must(p.stock.Discard(ctx, pharmacist, inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 5, Why: "expired"}))
	p.expect("flu", 15, 0, 15)
	p.sound()
}

func TestTheLastBoxIsTakenOnce(t *testing.T) {
	p, ctx := open(t), t.Context()
	var taken, short int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			err := p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 50})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				taken++
			case errors.Is(err, inventory.ErrShort):
				short++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if taken != 10 || short != 40 {
		t.Errorf("%d of 10 boxes taken, %d told", taken, short)
	}
	p.expect("gloves", 0, 0, 0)
	p.sound()
}

func TestARequestSentTwiceActsOnce(t *testing.T) {
	p, ctx := open(t), t.Context()
	for range 3 {
		p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 7, Key: "scan-1"}))
	}
	p.expect("gloves", 493, 0, 493)
}

func TestTheLedgerRefusesToBeRewritten(t *testing.T) {
	p := open(t)
	for _, q := range []string{`UPDATE stock_movements SET free = 1`, `DELETE FROM stock_movements`} {
		err := p.db.InTx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), q)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", q, err)
		}
	}
}

func TestACountNeedsAReasonWhereItDiffers(t *testing.T) {
	p, ctx := open(t), t.Context()
	count := inventory.Counting{Taking: inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-2", Quantity: 20}}
	p.must(p.stock.Count(ctx, pharmacist, count))
	count.Quantity = 18
	if err := p.stock.Count(ctx, pharmacist, count); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("without reason: %v", err)
	}
	count.Why = "two broken"
	p.must(p.stock.Count(ctx, pharmacist, count))
	p.expect("flu", 48, 0, 48)
	p.sound()
}

func excursion(seq int64, kind coldchain.EventKind, id coldchain.ExcursionID, fridge coldchain.FridgeID) coldchain.Event {
	e := coldchain.Excursion{ID: id, Fridge: fridge, Rule: "warm", Direction: coldchain.TooWarm, Start: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)}
	if kind != coldchain.ExcursionBegan {
		e.End = e.Start.Add(time.Hour)
	}
	return coldchain.Event{Seq: seq, Kind: kind, Fridge: fridge, Excursion: e}
}

// The chain: an excursion holds the lots, usable stock falls, a proposal follows
// and names it; a pharmacist decides each lot.
func TestAnExcursionHoldsTheLotsAndAReorderFollows(t *testing.T) {
	p, ctx := open(t), t.Context()
	if _, err := p.desk.Consider(ctx); err != nil || len(p.open()) != 0 {
		t.Fatalf("all is well, yet: %v %v", err, p.open())
	}
	p.chain.events = append(p.chain.events, excursion(1, coldchain.ExcursionBegan, 12, "f-01"))
	for range 2 {
		_, err := p.follow.CatchUp(ctx)
		p.must(err)
	}
	p.expect("flu", 50, 50, 0)
	if err := p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 1}); !strings.Contains(hospital.Sentence(err), "50 more are held") {
		t.Errorf("held stock was used: %v", err)
	}
	// what comes into the failing fridge is held with the rest
	p.must(p.stock.Receive(ctx, pharmacist, inventory.Receiving{Item: "flu", Place: "fridge-1", Number: "C3", Expiry: inventory.DateOf(p.at, time.UTC) + 200, Quantity: 10}))
	p.expect("flu", 60, 60, 0)
	for range 2 {
		_, err := p.desk.Consider(ctx)
		p.must(err)
	}
	proposals := p.open()
	if len(proposals) != 1 || proposals[0].Quantity != 60 || proposals[0].Cause != "excursion" || !strings.Contains(proposals[0].Reason, "60 are held since excursion 12 in f-01") {
		t.Fatalf("proposals %+v", proposals)
	}
	held, err := p.stock.Store.HeldLots(ctx, "f-01")
	p.must(err)
	if len(held) != 3 || held[0].Waiting != 30 || held[0].ItemName != "Influenza vaccine" {
		t.Fatalf("held %+v", held)
	}
	if err := p.stock.Decide(ctx, manager, held[0].ID, inventory.ReleaseLot, "x"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a supply manager decides: %v", err)
	}
	if err := p.stock.Decide(ctx, pharmacist, held[0].ID, inventory.ReleaseLot, " "); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("without reason: %v", err)
	}
	p.must(p.stock.Decide(ctx, pharmacist, held[0].ID, inventory.ReleaseLot, "maker's data: 24 h at 15 °C"))
	p.must(p.stock.Decide(ctx, pharmacist, held[1].ID, inventory.DiscardLot, "frozen"))
	if err := p.stock.Decide(ctx, pharmacist, held[1].ID, inventory.ReleaseLot, "again"); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("decided twice: %v", err)
	}
	p.expect("flu", 40, 10, 30)
	// the same event once more, as after a restart with an older cursor, holds nothing again
	p.chain.events = append(p.chain.events, excursion(2, coldchain.ExcursionBegan, 12, "f-01"), excursion(3, coldchain.ExcursionEnded, 12, "f-01"))
	_, err = p.follow.CatchUp(ctx)
	p.must(err)
	p.expect("flu", 40, 10, 30)
	p.sound()
}

func TestHeldStockMovesToACoolPlaceAndStaysHeld(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.chain.events = append(p.chain.events, excursion(1, coldchain.ExcursionBegan, 12, "f-01"))
	_, err := p.follow.CatchUp(ctx)
	p.must(err)
	p.must(p.stock.Move(ctx, nora, inventory.Moving{Taking: inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 30, Why: "fridge fails"}, To: "fridge-2"}))
	p.expect("flu", 50, 50, 0)
	held, err := p.stock.Store.HeldLots(ctx, "")
	p.must(err)
	if len(held) != 2 || held[1].PlaceName != "Pharmacy fridge 2" || held[1].Excursion != 12 || held[1].Waiting != 30 {
		t.Fatalf("held %+v", held)
	}
	p.must(p.stock.Decide(ctx, pharmacist, held[1].ID, inventory.ReleaseLot, "short and mild"))
	p.expect("flu", 50, 20, 30)
	p.sound()
}

func TestTwoExcursionsNeedTwoReleases(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.chain.events = []coldchain.Event{excursion(1, coldchain.ExcursionBegan, 12, "f-01"), excursion(2, coldchain.ExcursionEnded, 12, "f-01"),
		excursion(3, coldchain.ExcursionBegan, 13, "f-01")}
	_, err := p.follow.CatchUp(ctx)
	p.must(err)
	held, err := p.stock.Store.HeldLots(ctx, "")
	p.must(err)
	if len(held) != 4 {
		t.Fatalf("%d holds", len(held))
	}
	for _, h := range held {
		if h.Lot == "lot-1" && h.Excursion == 12 {
			p.must(p.stock.Decide(ctx, pharmacist, h.ID, inventory.ReleaseLot, "mild"))
			p.expect("flu", 50, 50, 0)
		}
	}
	for _, h := range held {
		if h.Lot == "lot-1" && h.Excursion == 13 {
			p.must(p.stock.Decide(ctx, pharmacist, h.ID, inventory.ReleaseLot, "mild too"))
		}
	}
	p.expect("flu", 50, 20, 30)
}

// Every excursion spends what the maker allows, to the minute, all together.
func TestExcursionsSpendTheStabilityOfALot(t *testing.T) {
	p, ctx := open(t), t.Context()
	ended := func(seq int64, id coldchain.ExcursionID, known, possible time.Duration, peak coldchain.MilliCelsius) coldchain.Event {
		e := excursion(seq, coldchain.ExcursionEnded, id, "f-01")
		e.Excursion.Known, e.Excursion.Possible, e.Excursion.Max = known, possible, peak
		return e
	}
	p.chain.events = []coldchain.Event{excursion(1, coldchain.ExcursionBegan, 12, "f-01"), ended(2, 12, time.Hour, 65*time.Minute+time.Second, 9400),
		excursion(3, coldchain.ExcursionBegan, 13, "f-01")}
	_, err := p.follow.CatchUp(ctx)
	p.must(err)
	budget := func() inventory.Budget {
		held, err := p.stock.Store.HeldLots(ctx, "")
		p.must(err)
		return held[0].Budget()
	}
	if b := budget(); !b.Within() || b.Bands[0].Left != 3*time.Hour-66*time.Minute {
		t.Errorf("after the first: %+v", b)
	}
	p.chain.events = append(p.chain.events, ended(4, 13, 2*time.Hour, 2*time.Hour, 14000))
	_, err = p.follow.CatchUp(ctx)
	p.must(err)
	if b := budget(); b.Within() || b.Bands[0].Left != -6*time.Minute {
		t.Errorf("after the second: %+v", b)
	}
	// late data show that the second was shorter and warmer than the maker speaks of
	late := ended(5, 13, time.Hour, time.Hour, 17000)
	late.Kind = coldchain.ExcursionRevised
	p.chain.events = append(p.chain.events, late)
	_, err = p.follow.CatchUp(ctx)
	p.must(err)
	if b := budget(); b.Within() || len(b.Unknown) != 1 || b.Bands[0].Left != 114*time.Minute {
		t.Errorf("after the revision: %+v", b)
	}
}
