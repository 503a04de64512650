package db_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// proofOf is a fresh proof that a person has shown again who she is.
func (w *coldWard) proofOf(id hospital.PersonID) hospital.Proof {
	w.t.Helper()
	proof := hospital.Proof(rand.Text())
	if err := w.db.InTx(w.t.Context(), func(tx *db.Tx) error {
		return tx.AddProof(w.t.Context(), id, proof, w.at.Add(2*time.Minute))
	}); err != nil {
		w.t.Fatal(err)
	}
	return proof
}

func refusedWith(err error, kind error, says string) bool {
	return errors.Is(err, kind) && strings.Contains(hospital.Sentence(err), says)
}

// A case is closed once all is noted, decided and signed; what late data changes opens it again, and the signature shows as void.
func TestACaseIsClosedBySignatureAndLateDataOpensItAgain(t *testing.T) {
	w := newColdWard(t)
	w.exec(`INSERT INTO people (id, name, email) VALUES ('p-pat', 'Pat Farmer', 'pat@lindenhof.example')`)
	ctx := t.Context()
	w.live(4, 9, 9.4, 9.4, 9.2, 9)
	id := w.excursions()[0].ID
	if _, err := w.monitor.CloseCase(ctx, pat, id, nil, w.proofOf("p-pat")); !refusedWith(err, hospital.ErrInvalid, "not over yet") {
		t.Errorf("closing while it runs: %v", err)
	}
	w.live(5, 5, 5)
	if err := w.monitor.TakeStep(ctx, pat, id, coldchain.StepMaker, " "); !refusedWith(err, hospital.ErrInvalid, "whom you called") {
		t.Errorf("the maker's step without a note: %v", err)
	}
	if err := w.monitor.TakeStep(ctx, pat, id, "prayer", "x"); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("a step that is none: %v", err)
	}
	for _, step := range coldchain.Steps() {
		if _, err := w.monitor.CloseCase(ctx, pat, id, nil, w.proofOf("p-pat")); !refusedWith(err, hospital.ErrInvalid, "checklist is not complete") {
			t.Errorf("closing before %s: %v", step, err)
		}
		w.at = w.at.Add(time.Second)
		if err := w.monitor.TakeStep(ctx, pat, id, step, "noted"); err != nil {
			t.Fatal(err)
		}
	}
	undecided := []coldchain.CaseLot{{Item: "Influenza", Lot: "A1"}}
	if _, err := w.monitor.CloseCase(ctx, pat, id, undecided, w.proofOf("p-pat")); !refusedWith(err, hospital.ErrInvalid, "Lot A1 of Influenza still waits") {
		t.Errorf("closing with an undecided lot: %v", err)
	}
	lots := []coldchain.CaseLot{{Item: "Influenza", Lot: "A1", Decision: "discarded by Pat: too warm"}}
	if _, err := w.monitor.CloseCase(ctx, pat, id, lots, "no proof"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("closing without showing who she is: %v", err)
	}
	w.at = w.at.Add(time.Second)
	signed, err := w.monitor.CloseCase(ctx, pat, id, lots, w.proofOf("p-pat"))
	if err != nil || signed.Name != "Pat Farmer" || signed.Subject != w.excursions()[0].Subject() {
		t.Fatalf("signed %+v, %v", signed, err)
	}
	told, err := w.monitor.CaseOf(ctx, w.excursions()[0], lots)
	if err != nil || !told.Closed() {
		t.Fatalf("the case is %+v, %v", told, err)
	}
	if _, err := w.monitor.CloseCase(ctx, pat, id, lots, w.proofOf("p-pat")); !refusedWith(err, hospital.ErrInvalid, "closed already") {
		t.Errorf("closing twice: %v", err)
	}

	late := coldReading(coldNoon.Add(12*time.Minute), 14) // between the first two warm readings
	w.at = w.at.Add(time.Minute)
	w.observe(late)
	after := w.excursions()[0]
	if after.ID != id || after.Revision != 1 || after.Max != 14_000 {
		t.Fatalf("after late data: %+v", after)
	}
	if told, err = w.monitor.CaseOf(ctx, after, lots); err != nil || told.Closed() || len(told.Signed) != 1 || len(told.Steps) != 4 {
		t.Errorf("after late data the case is closed: %v; it has %d signatures and %d steps, %v", told.Closed(), len(told.Signed), len(told.Steps), err)
	}
}

func TestWhatTheSiteAsksForIsKeptAndRefusedWhereItCantBe(t *testing.T) {
	w := newColdWard(t)
	ctx := t.Context()
	if p, err := w.monitor.Policy(ctx); err != nil || p.ChecksADay != 1 || p.SecondRelease {
		t.Errorf("before anybody said: %+v, %v", p, err)
	}
	nurse := hospital.Actor{ID: "n", Name: "Nia", Roles: []hospital.Role{hospital.Nurse}}
	if err := w.monitor.SetPolicy(ctx, nurse, coldchain.Policy{ChecksADay: 2}, "x"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse: %v", err)
	}
	if err := w.monitor.SetPolicy(ctx, pat, coldchain.Policy{ChecksADay: 3}, "x"); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("three checks: %v", err)
	}
	if err := w.monitor.SetPolicy(ctx, pat, coldchain.Policy{ChecksADay: 2, SecondRelease: true}, "VFC asks for it"); err != nil {
		t.Fatal(err)
	}
	if p, err := w.monitor.Policy(ctx); err != nil || p.ChecksADay != 2 || !p.SecondRelease || p.By != "Pat" {
		t.Errorf("it is %+v, %v", p, err)
	}
}

func TestTheNearestFridgeThatIsInRangeIsOfferedFirst(t *testing.T) {
	w := newColdWard(t)
	for _, f := range [][3]string{{"f-2", "far", "refrigerator"}, {"f-3", "ward-a", "refrigerator"}, {"f-4", "ward-a", "freezer"}, {"f-5", "ward-a", "refrigerator"}} {
		w.exec(`INSERT INTO fridges (id, name, profile, unit) VALUES ($1, $1, $3, $2)`, f[0], f[1], f[2])
		w.attach("probe-"+f[0], coldchain.FridgeID(f[0]))
	}
	w.exec(`UPDATE fridges SET unit = 'ward-a' WHERE id = 'f-1'`)
	w.at = w.at.Add(5 * time.Minute)
	send := func(sensor string, celsius float64) {
		r := coldReading(w.at, celsius)
		r.Sensor = sensor
		w.observe(r)
	}
	send("aabbccddee01", 12)
	send("probe-f-2", 5)
	send("probe-f-3", 4)
	send("probe-f-4", -20)
	send("probe-f-5", 9)
	refuges, err := w.monitor.Refuges(t.Context(), "f-1", w.at)
	if err != nil || len(refuges) != 2 || refuges[0].Fridge.ID != "f-3" || refuges[1].Fridge.ID != "f-2" {
		t.Errorf("offered %v, %v", refuges, err)
	}
	if _, err := w.monitor.Refuges(t.Context(), "none", w.at); !errors.Is(err, coldchain.ErrUnknownFridge) {
		t.Errorf("a fridge that is none: %v", err)
	}
}

// Where the site asks for it, one person's release changes nothing until another
// gives the lot free too; each signs, and a decision without a signature is none.
func TestAHeldLotIsReleasedByTwoPeopleWhoSign(t *testing.T) {
	p, ctx := open(t), t.Context()
	w := &coldWard{t: t, db: p.stock.Store.(db.Stock).DB, at: p.at}
	for _, who := range []string{"priya", "paul"} {
		w.exec(`INSERT INTO people (id, name, email) VALUES ($1, $1, $1 || '@lindenhof.example') ON CONFLICT DO NOTHING`, who)
	}
	w.exec(`INSERT INTO cold_policies (version, second_release, checks_a_day, at, by, by_name, why) VALUES (1, 1, 1, 1, 'x', 'X', 'asked for')`)
	p.stock.Signed = true
	p.chain.events = append(p.chain.events, excursion(1, coldchain.ExcursionBegan, 12, "f-01"))
	_, err := p.follow.CatchUp(ctx)
	p.must(err)
	held, err := p.stock.Store.HeldLots(ctx, "f-01")
	p.must(err)
	id, paul := held[0].ID, hospital.Actor{ID: "paul", Name: "Paul", Roles: []hospital.Role{hospital.Pharmacist}}
	release := func(by hospital.Actor, proof hospital.Proof) (bool, error) {
		return p.stock.Judge(ctx, by, id, inventory.Judgement{Decision: inventory.ReleaseLot, Why: "mild", Proof: proof})
	}
	if _, err := release(pharmacist, ""); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("without a signature: %v", err)
	}
	if waits, err := release(pharmacist, w.proofOf("priya")); err != nil || !waits {
		t.Fatalf("the first release: %v, %v", waits, err)
	}
	p.expect("flu", 50, 50, 0)
	if again, err := p.stock.Store.HeldLots(ctx, "f-01"); err != nil || again[0].First != "Priya" {
		t.Errorf("the page says that %q has released it, %v", again[0].First, err)
	}
	if _, err := release(pharmacist, w.proofOf("priya")); !refusedWith(err, hospital.ErrInvalid, "Somebody else must") {
		t.Errorf("the same person twice: %v", err)
	}
	if _, err := release(paul, w.proofOf("priya")); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("with another's proof: %v", err)
	}
	if waits, err := release(paul, w.proofOf("paul")); err != nil || waits {
		t.Fatalf("the second release: %v, %v", waits, err)
	}
	p.expect("flu", 50, 20, 30)
	signed, err := p.stock.Store.Signatures(ctx, held[0].Subject())
	p.must(err)
	if len(signed) != 2 || signed[0].Meaning != hospital.Released || signed[1].Meaning != hospital.Reviewed {
		t.Fatalf("signed %+v", signed)
	}
	content, err := held[0].Signable(inventory.ReleaseLot, "mild")
	p.must(err)
	if !signed[0].Stands(content) || !signed[1].Stands(content) {
		t.Error("the signatures are not of this decision")
	}
	p.sound()
}
