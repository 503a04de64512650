package db

import (
	"context"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

// maxLetGo is how many rows of one kind go in one change: other changes wait meanwhile.
const maxLetGo = 5_000

// letGo is what need not be kept for ever: not a record itself, but what was done
// about one. Records (the audit trail, readings, the ledger, signatures) have triggers
// that refuse it.
var letGo = []struct {
	name  string
	query string
}{
	// Messages about alarms that somebody closed, but for fridges whose lots still wait
	// for a pharmacist's decision: there they are evidence.
	{"notices", `
		DELETE FROM notices
		WHERE id IN (
			SELECT n.id
			FROM notices n
			JOIN alarms a ON a.id = n.alarm
			WHERE a.closed_at < $1
				AND n.status IN ('sent', 'failed', 'stopped')
				AND NOT EXISTS (
					SELECT 1
					FROM stock_holds h
					WHERE h.decision = '' AND h.withdrawn = 0 AND a.subject = 'fridge/' || h.fridge)
			ORDER BY n.id
			LIMIT 0 + $2)`},
	{"days that jobs ran for", `
		DELETE FROM job_runs
		WHERE (name, local_date) IN (
			SELECT name, local_date
			FROM job_runs
			WHERE ran_at < $1
			LIMIT 0 + $2)`},
	{"client certificates that have ended", `
		DELETE FROM client_certificates
		WHERE fingerprint IN (
			SELECT fingerprint
			FROM client_certificates
			WHERE max(ends_at, last_shown) < $1
			LIMIT 0 + $2)`},
	{"messages that were refused", `
		DELETE FROM refusals
		WHERE id IN (
			SELECT id
			FROM refusals
			WHERE at < $1
			LIMIT 0 + $2)`},
}

// LetGo deletes what is older than an instant and need not be kept, and answers with
// how many rows of each kind went. What is held stays, whatever its age.
func (d *DB) LetGo(ctx context.Context, by hospital.Actor, before time.Time) (gone map[string]int64, err error) {
	gone = map[string]int64{}
	for _, kind := range letGo {
		for more := true; more; {
			n := int64(0)
			err := d.InTx(ctx, func(tx *Tx) error {
				result, err := tx.Exec(ctx, kind.query, ms(before), maxLetGo)
				if err != nil {
					return err
				}
				if n, err = result.RowsAffected(); err != nil || n == 0 {
					return err
				}
				return tx.Record(ctx, hospital.Deed{By: by, What: "retention.let-go", On: "records", Why: "older than " + before.UTC().Format(time.DateOnly),
					After: fmt.Sprintf(`{"%s":%d}`, kind.name, n)})
			})
			if err != nil {
				return gone, fmt.Errorf("let go %s: %w", kind.name, err)
			}
			if n > 0 {
				gone[kind.name] += n
			}
			more = n == maxLetGo
		}
	}
	return gone, nil
}
