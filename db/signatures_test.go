package db_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
)

// disposition is a record that somebody signs.
type disposition struct {
	Lot, Outcome string
	Doses        int
}

func contentOf(t *testing.T, record any) hospital.Content {
	t.Helper()
	content, err := hospital.ContentOf(record)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// notary is a house with a clock that the test sets and a pharmacist who signs.
type notary struct {
	*db.DB
	at   atomic.Int64
	faye hospital.Actor
}

func newNotary(t *testing.T) *notary {
	t.Helper()
	n := &notary{faye: hospital.Actor{ID: "faye", Name: "Faye Marsh", Roles: []hospital.Role{hospital.Pharmacist}}}
	n.at.Store(time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC).UnixMilli())
	n.DB = dbtest.Open(t, db.Options{Now: func() time.Time { return time.UnixMilli(n.at.Load()) }})
	importing(t, n.DB, linden(t), true)
	return n
}

func (n *notary) pass(d time.Duration) { n.at.Add(d.Milliseconds()) }

func (n *notary) sign(ctx context.Context, by hospital.Actor, s hospital.Signing) (signed hospital.Signature, err error) {
	err = n.InTx(ctx, func(tx *db.Tx) (err error) {
		signed, err = tx.Sign(ctx, by, s)
		return err
	})
	return signed, err
}

func TestASignatureIsBoundToItsRecord(t *testing.T) {
	n := newNotary(t)
	record := disposition{"A1", "release", 40}
	signing := hospital.Signing{Subject: "excursion/e-1", Meaning: hospital.Released, Content: contentOf(t, record),
		Proof: dbtest.Proof(t, n.DB, n.faye), Why: "within its budget"}
	if _, err := n.sign(t.Context(), n.faye, signing); err != nil {
		t.Fatal(err)
	}
	all, err := n.Signatures(t.Context(), "excursion/e-1")
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	got := all[0]
	several, err := n.SignaturesOf(t.Context(), []string{"excursion/e-1", "excursion/e-2"})
	if err != nil || len(several) != 1 || !slices.Equal(several["excursion/e-1"], all) {
		t.Errorf("of several at once: %v, %v", several, err)
	}
	if got.Name != "Faye Marsh" || got.Person != "faye" || got.Meaning != hospital.Released || got.Why != "within its budget" || got.Seq != 1 {
		t.Errorf("got %+v", got)
	}
	if !got.At.Equal(time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC)) || got.Zone != "Europe/Berlin" || got.Local != "2026-07-02T00:30:00+02:00" {
		t.Errorf("signed at %s, %s in %s", got.At, got.Local, got.Zone)
	}
	if !got.Stands(contentOf(t, record)) {
		t.Error("the signature does not stand over the record that was signed")
	}
	record.Doses = 41
	if got.Stands(contentOf(t, record)) {
		t.Error("the signature stands over a record that was changed")
	}
	var after string
	if err := n.QueryRow(t.Context(), `SELECT after FROM audit WHERE what = 'signature.sign' AND on_thing = 'excursion/e-1'`).Scan(&after); err != nil || !strings.Contains(after, got.ID) {
		t.Errorf("the trail says %q, %v", after, err)
	}
}

func TestAProofIsGoodForOneSignatureOfItsPerson(t *testing.T) {
	n := newNotary(t)
	omar := hospital.Actor{ID: "omar", Name: "Omar Lind", Roles: []hospital.Role{hospital.Pharmacist}}
	dbtest.Proof(t, n.DB, omar)
	signing := hospital.Signing{Subject: "excursion/e-1", Meaning: hospital.Decided, Content: contentOf(t, disposition{Lot: "A1"})}

	refused := func(why string, by hospital.Actor, s hospital.Signing) {
		t.Helper()
		if _, err := n.sign(t.Context(), by, s); !errors.Is(err, hospital.ErrForbidden) || hospital.Sentence(err) == "" {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("without a proof", n.faye, signing)
	signing.Proof = dbtest.Proof(t, n.DB, n.faye)
	refused("with somebody else's", omar, signing)
	refused("as a job", hospital.Job("night"), signing)
	if _, err := n.sign(t.Context(), n.faye, signing); err != nil {
		t.Fatal(err)
	}
	refused("a second time", n.faye, signing)
	signing.Proof = dbtest.Proof(t, n.DB, n.faye)
	n.pass(time.Minute)
	refused("too late", n.faye, signing)
	if all, err := n.Signatures(t.Context(), signing.Subject); err != nil || len(all) != 1 {
		t.Errorf("%d signatures, %v", len(all), err)
	}
}

// What fails after the signature leaves neither it nor a used proof behind.
func TestASignatureFallsWithItsDeed(t *testing.T) {
	n := newNotary(t)
	signing := hospital.Signing{Subject: "order/1", Meaning: hospital.Approved, Content: contentOf(t, "ten boxes"), Proof: dbtest.Proof(t, n.DB, n.faye)}
	failed := errors.New("the deed failed")
	err := n.InTx(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Sign(t.Context(), n.faye, signing); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if all, err := n.Signatures(t.Context(), "order/1"); err != nil || len(all) != 0 {
		t.Errorf("%v, %v stayed", all, err)
	}
	if _, err := n.sign(t.Context(), n.faye, signing); err != nil {
		t.Error(err)
	}
}

func TestNothingIsSignedWhenTheClockWentBackwards(t *testing.T) {
	n := newNotary(t)
	signing := hospital.Signing{Subject: "order/1", Meaning: hospital.Approved, Content: contentOf(t, "ten boxes")}
	proof := func() hospital.Signing { signing.Proof = dbtest.Proof(t, n.DB, n.faye); return signing }
	if _, err := n.sign(t.Context(), n.faye, proof()); err != nil {
		t.Fatal(err)
	}
	n.pass(-time.Millisecond)
	if _, err := n.sign(t.Context(), n.faye, proof()); !errors.Is(err, hospital.ErrClock) {
		t.Errorf("a millisecond back: %v", err)
	}
	n.pass(time.Millisecond)
	if _, err := n.sign(t.Context(), n.faye, proof()); err != nil {
		t.Errorf("at the same instant: %v", err)
	}

	// The clock ran a year ahead for a while; somebody looks after it and says so.
	n.pass(365 * 24 * time.Hour)
	if _, err := n.sign(t.Context(), n.faye, proof()); err != nil {
		t.Fatal(err)
	}
	n.pass(-365 * 24 * time.Hour)
	if _, err := n.sign(t.Context(), n.faye, proof()); !errors.Is(err, hospital.ErrClock) {
		t.Errorf("a year back: %v", err)
	}
	if err := n.AcceptClock(t.Context(), n.faye, "mended"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a pharmacist took the clock as right: %v", err)
	}
	if err := n.AcceptClock(t.Context(), hospital.Job("console"), "the battery was changed"); err != nil {
		t.Fatal(err)
	}
	signed, err := n.sign(t.Context(), n.faye, proof())
	if err != nil || signed.Seq != 4 {
		t.Errorf("after the clock was set right: %+v, %v", signed, err)
	}
}

func TestSignaturesAreNeverChangedOrDeleted(t *testing.T) {
	n := newNotary(t)
	signing := hospital.Signing{Subject: "order/1", Meaning: hospital.Approved, Content: contentOf(t, "ten boxes"), Proof: dbtest.Proof(t, n.DB, n.faye)}
	if _, err := n.sign(t.Context(), n.faye, signing); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{`UPDATE signatures SET name = 'Somebody'`, `DELETE FROM signatures`} {
		err := n.InTx(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(t.Context(), q); return err })
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", q, err)
		}
	}
}
