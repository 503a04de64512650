package db

import (
	"context"
	"fmt"
)

// Verify says whether every balance is the sum of its movements; the error names
// the first that is not.
func (s Stock) Verify(ctx context.Context) error {
	const q = `
		SELECT lot, place, SUM(free), SUM(held)
		FROM (
			SELECT lot, place, free, held FROM stock_movements
			UNION ALL
			SELECT lot, place, -free, -held FROM stock_balances
		) AS both
		GROUP BY lot, place
		HAVING SUM(free) <> 0 OR SUM(held) <> 0
		ORDER BY lot, place
		LIMIT 1`
	rows, err := s.Query(ctx, q)
	if err != nil {
		return fmt.Errorf("verify stock: %w", err)
	}
	defer rows.Close()
	if rows.Next() {
		var lot, place string
		var free, held int64
		if err := rows.Scan(&lot, &place, &free, &held); err != nil {
			return fmt.Errorf("verify stock: %w", err)
		}
		return fmt.Errorf("the balance of lot %s at %s differs from its ledger by %d free and %d held", lot, place, -free, -held)
	}
	return rows.Err()
}
