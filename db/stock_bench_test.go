package db_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
)

// BenchmarkMovement books uses over a ledger of a million movements, or of as many
// as WARDWATCH_MOVEMENTS says, and tells how long one takes at p99. The bar is 5 ms
// with ten million.
func BenchmarkMovement(b *testing.B) {
	p := openPharmacy(b)
	stored := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("WARDWATCH_MOVEMENTS")); err == nil {
		stored = n
	}
	const part = 500_000
	for from := 0; from < stored; from += part {
		p.must(p.db.InTx(b.Context(), func(tx *db.Tx) error {
			q := fmt.Sprintf(`
				INSERT INTO stock_movements (at, day, kind, item, lot, place, free, held, actor, actor_name, why, source, ref, other)
				SELECT 1767225600000 + value * 1000, 20454 + value / 20000, CASE WHEN value %% 2 = 0 THEN 'receive' ELSE 'use' END,
					CASE value %% 3 WHEN 0 THEN 'gloves' WHEN 1 THEN 'swabs' ELSE 'flu' END,
					CASE value %% 3 WHEN 0 THEN 'lot-3' WHEN 1 THEN 'lot-4' ELSE 'lot-2' END, 'store', CASE WHEN value %% 2 = 0 THEN 1 ELSE -1 END, 0, 'nora', 'Nora', '', 'scan', '', ''
				FROM (WITH RECURSIVE n(value) AS (SELECT %d UNION ALL SELECT value + 1 FROM n WHERE value < %d) SELECT value FROM n)`, from, min(from+part, stored)-1)
			_, err := tx.Exec(b.Context(), q)
			return err
		}))
	}
	p.must(p.stock.Receive(b.Context(), manager, inventory.Receiving{Item: "gloves", Place: "store", Quantity: 5_000_000, Number: "big"}))
	// What was just written is gigabytes that the kernel still writes out; beside that every
	// flush waits, which says nothing of a ledger that grew over years.
	if err := exec.CommandContext(b.Context(), "sync").Run(); err != nil {
		b.Log("not settled before measuring:", err)
	}
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		p.must(p.stock.Use(b.Context(), nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 1, Key: strconv.Itoa(len(took))}))
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[(len(took)-1)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(stored), "stored")
}
