package db_test

import (
	"context"
	"sync/atomic"
	"testing"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
)

// BenchmarkChange measures one small audited change, made durable: alone, and
// with many hands sharing commits. The ratio of the two is what group commit gains.
func BenchmarkChange(b *testing.B) {
	deed := hospital.Deed{By: hospital.Job("bench"), What: "bench.write", On: "thing/1"}
	change := func(tx *db.Tx) error { return tx.Record(context.Background(), deed) }
	b.Run("alone", func(b *testing.B) {
		d := dbtest.Open(b, db.Options{})
		for b.Loop() {
			if err := d.InTx(b.Context(), change); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("many hands", func(b *testing.B) {
		d := dbtest.Open(b, db.Options{})
		var failed atomic.Pointer[error]
		b.SetParallelism(128)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := d.InTx(b.Context(), change); err != nil {
					failed.Store(&err)
				}
			}
		})
		if err := failed.Load(); err != nil {
			b.Fatal(*err)
		}
	})
}
