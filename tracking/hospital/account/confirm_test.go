package account_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

func (l *lodge) sign(ctx context.Context, by hospital.Actor, proof hospital.Proof) error {
	content, err := hospital.ContentOf("a record")
	if err != nil {
		return err
	}
	return l.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Sign(ctx, by, hospital.Signing{Subject: "order/1", Meaning: hospital.Approved, Content: content, Proof: proof})
		return err
	})
}

func TestSigningTakesThePasswordAgain(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t).Actor()
	if _, err := l.Confirm(t.Context(), nora, account.Again{Password: another}, ward); !errors.Is(err, hospital.ErrInvalid) || hospital.Sentence(err) == "" {
		t.Fatalf("a wrong password: %v", err)
	}
	if !slices.Contains(l.audit(t), "account.confirm-refused person/nora") {
		t.Errorf("the attempt is not in the trail: %q", l.audit(t))
	}
	proof, err := l.Confirm(t.Context(), nora, account.Again{Password: good}, ward)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.sign(t.Context(), nora, proof); err != nil {
		t.Fatal(err)
	}
	if proof, err = l.Confirm(t.Context(), nora, account.Again{Password: good}, ward); err != nil {
		t.Fatal(err)
	}
	l.pass(account.ProofTime)
	if err := l.sign(t.Context(), nora, proof); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("with an old proof: %v", err)
	}
}

func TestSigningTakesTheCodeTooWhereSheHasOne(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t).Actor()
	if err := l.BeginTwoStep(t.Context(), nora, account.Again{Password: good}, ward); err != nil {
		t.Fatal(err)
	}
	second, err := l.TwoStep(t.Context(), nora)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.ConfirmTwoStep(t.Context(), nora, account.CodeAt(second, l.now())); err != nil {
		t.Fatal(err)
	}
	l.pass(time.Minute)
	code := account.CodeAt(second, l.now())
	for name, again := range map[string]account.Again{"no code": {Password: good}, "another code": {Password: good, Code: "000000"}, "the code alone": {Code: code}} {
		if proof, err := l.Confirm(t.Context(), nora, again, ward); !errors.Is(err, hospital.ErrInvalid) || proof != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	proof, err := l.Confirm(t.Context(), nora, account.Again{Password: good, Code: code}, ward)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.sign(t.Context(), nora, proof); err != nil {
		t.Error(err)
	}
	if _, err := l.Confirm(t.Context(), nora, account.Again{Password: good, Code: code}, ward); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("a code twice: %v", err)
	}
}

func TestProgramsDoNotSign(t *testing.T) {
	l := newLodge(t)
	for _, by := range []hospital.Actor{hospital.Job("night"), {ID: "token:t-1", Name: "reports", Roles: []hospital.Role{hospital.Pharmacist}}} {
		if _, err := l.Confirm(t.Context(), by, account.Again{Password: good}, ward); !errors.Is(err, hospital.ErrForbidden) {
			t.Errorf("%s: %v", by.ID, err)
		}
	}
}

// Guessing at a signature is slowed as guessing at a sign-in is.
func TestGuessingAtASignatureIsSlowed(t *testing.T) {
	l := newLodge(t)
	nora := l.nora(t).Actor()
	for range 6 {
		if _, err := l.Confirm(t.Context(), nora, account.Again{Password: another}, ward); err == nil {
			t.Fatal("a wrong password is good for a signature")
		}
	}
	if _, err := l.Confirm(t.Context(), nora, account.Again{Password: good}, ward); !errors.Is(err, account.ErrTooMany) {
		t.Errorf("the seventh: %v", err)
	}
}
