package db_test

import (
	"fmt"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
)

// largeStore is 20,000 items at five places each, a third of which run low.
func largeStore(b *testing.B) *pharmacy {
	b.Helper()
	p := openPharmacy(b)
	err := p.db.InTx(b.Context(), func(tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO stock_places (id, name, room, unit, fridge)
				SELECT 'p' || value, 'Place ' || value, '', '', '' FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 5) SELECT value FROM n)`,
			`INSERT INTO stock_items (id, name, unit, gtin, pack, supplier, supplier_code, price_minor, least_packs, review_days, shelf_life, criticality, storage, stability)
				SELECT 'i' || value, 'Item ' || value, 'piece', '', 10, 'medi', '', 100, 0, 0, 0, '', '', 'null' FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 20000) SELECT value FROM n)`,
			`INSERT INTO stock_summaries (item, name) SELECT id, name FROM stock_items WHERE id LIKE 'i%'`,
			`INSERT INTO stock_lots (id, item, number, expiry) SELECT 'l' || id, id, 'L', 30000 FROM stock_items WHERE id LIKE 'i%'`,
			`INSERT INTO stock_levels (item, place, minimum, maximum) SELECT i.id, p.id, 20, 60 FROM stock_items i, stock_places p WHERE i.id LIKE 'i%' AND p.id LIKE 'p%'`,
			`INSERT INTO stock_balances (lot, place, item, free, held) SELECT 'l' || l.item, l.place, l.item, abs(random() % 60), 0 FROM stock_levels l WHERE l.item LIKE 'i%'`,
			`INSERT INTO stock_use (item, place, day, quantity) SELECT l.item, l.place, 20500 + d.value * 3, 1 + abs(random() % 4) FROM stock_levels l, (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 8) SELECT value FROM n) d WHERE l.item LIKE 'i%'`,
		} {
			if _, err := tx.Exec(b.Context(), q); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func BenchmarkNightlyOver100000Spots(b *testing.B) {
	p := largeStore(b)
	if err := p.desk.Nightly(b.Context()); err != nil { // the first night raises what waited for years
		b.Fatal(err)
	}
	for b.Loop() {
		if err := p.desk.Nightly(b.Context()); err != nil {
			b.Fatal(err)
		}
		p.pass(24 * time.Hour)
	}
}

func BenchmarkListOf20000Items(b *testing.B) {
	p := largeStore(b)
	if err := p.desk.Nightly(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := p.stock.Store.Lines(b.Context(), inventory.Query{Today: p.stock.Today(p.now())}); err != nil {
			b.Fatal(err)
		}
	}
}
