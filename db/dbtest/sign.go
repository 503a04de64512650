package dbtest

import (
	"crypto/rand"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
)

// Proof is a proof with which a test's actor can sign once; she gets an account if she has none.
func Proof(t testing.TB, d *db.DB, by hospital.Actor) hospital.Proof {
	t.Helper()
	proof := hospital.Proof(rand.Text())
	err := d.InTx(t.Context(), func(tx *db.Tx) error {
		const q = `
			INSERT INTO people (id, name, email)
			VALUES ($1, $2, lower($1) || '@linden.example')
			ON CONFLICT (id) DO NOTHING`
		if _, err := tx.Exec(t.Context(), q, by.ID, by.Name); err != nil {
			return err
		}
		return tx.AddProof(t.Context(), by.ID, proof, tx.Now().Add(time.Minute))
	})
	if err != nil {
		t.Fatal(err)
	}
	return proof
}
