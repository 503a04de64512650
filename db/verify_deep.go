package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// deepChecks are what VerifyDeep looks at besides: that what the house has promised
// of alarms, orders and readings is so, row by row.
func (d *DB) deepChecks() []check {
	return []check{
		{"hours", d.verifyHours},
		{"excursions", d.verifyExcursions},
		{"revisions", d.verifyRevisions},
		{"readings let go", d.verifyLetGo},
		{"readings", d.verifyReadings},
		{"proposals", d.verifyProposals},
		{"orders", d.verifyOrders},
		{"ladders", d.verifyLadders},
		{"signatures", d.verifySignatures},
	}
}

// none runs a query that finds a fault: no row is well, and the fault is told in the
// words of the format, which takes the row's columns as text.
func (d *DB) none(ctx context.Context, q, format string, columns int, args ...any) (fault, err error) {
	texts := make([]sql.NullString, columns)
	into, words := make([]any, columns), make([]any, columns)
	for i := range texts {
		into[i] = &texts[i]
	}
	err = d.QueryRow(ctx, q, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		words[i] = text.String
	}
	return fmt.Errorf(format, words...), nil
}

// counted is how many rows a query counts, in words.
func (d *DB) counted(ctx context.Context, q, format string) (string, error) {
	var n int64
	err := d.QueryRow(ctx, q).Scan(&n)
	return fmt.Sprintf(format, n), err
}

// fault is a query that finds what is wrong, the format that tells it, and the number of its columns.
type faultQuery struct {
	q, says string
	columns int
}

// look asks for the faults one after the other; the first ends it.
func (d *DB) look(ctx context.Context, faults []faultQuery, count, format string) (says string, fault, err error) {
	for _, f := range faults {
		if fault, err := d.none(ctx, f.q, f.says, f.columns); fault != nil || err != nil {
			return "", fault, err
		}
	}
	says, err = d.counted(ctx, count, format)
	return says, nil, err
}

// verifyRevisions: what an excursion was before is kept for each time that it was revised.
func (d *DB) verifyRevisions(ctx context.Context) (says string, fault, err error) {
	return d.look(ctx, []faultQuery{{`
		SELECT e.id, e.revision, (SELECT count(*) FROM excursion_revisions r WHERE r.excursion = e.id)
		FROM excursions e
		WHERE e.revision <> (SELECT count(*) FROM excursion_revisions r WHERE r.excursion = e.id)
		LIMIT 1`, "excursion %s was revised %s times and %s former versions are kept", 3}},
		`SELECT count(*) FROM excursion_revisions`, "%d former versions of excursions")
}

// verifyReadings: readings and what belongs to them hang together; the tables don't
// declare it because the check would cost every reading.
func (d *DB) verifyReadings(ctx context.Context) (says string, fault, err error) {
	return d.look(ctx, []faultQuery{
		{`
		SELECT r.sensor
		FROM (SELECT DISTINCT sensor FROM readings) r
		LEFT JOIN sensors s ON s.id = r.sensor
		WHERE s.id IS NULL
		LIMIT 1`, "there are readings of sensor %s, which is not there", 1},
		{`
		SELECT r.origin
		FROM (SELECT DISTINCT origin FROM readings) r
		LEFT JOIN reading_origins o ON o.id = r.origin
		WHERE o.id IS NULL
		LIMIT 1`, "there are readings that came by way %s, which is not there", 1},
		{`
		SELECT c.sensor, c.measured_at
		FROM reading_clocks c
		LEFT JOIN readings r ON r.sensor = c.sensor AND r.measured_at = c.measured_at
		WHERE r.sensor IS NULL
		LIMIT 1`, "a device's own time is kept of sensor %s at %s, and the reading is not there", 2},
	}, `SELECT count(*) FROM sensors`, "of %d sensors, with where they came from")
}

// verifyProposals: one open proposal for an item and a place, and each approved one is ordered once.
func (d *DB) verifyProposals(ctx context.Context) (says string, fault, err error) {
	return d.look(ctx, []faultQuery{
		{`
		SELECT item, place, count(*)
		FROM proposals
		WHERE status IN ('waiting', 'half approved')
		GROUP BY item, place
		HAVING count(*) > 1
		LIMIT 1`, "%s for %s has %[3]s open proposals", 3},
		{`
		SELECT p.id, p.status, count(l.id)
		FROM proposals p
		LEFT JOIN order_lines l ON l.proposal = p.id
		GROUP BY p.id
		HAVING count(l.id) > 1 OR count(l.id) = 1 AND p.status <> 'approved'
		LIMIT 1`, "proposal %s is %s and stands on %s lines of orders", 3},
		{`
		SELECT l.id, p.id
		FROM order_lines l
		JOIN proposals p ON p.id = l.proposal
		WHERE l.item <> p.item OR l.place <> p.place OR l.number <> COALESCE(p.order_number, '')
		LIMIT 1`, "line %s of an order is not what proposal %s asked for", 2},
	}, `SELECT count(*) FROM proposals WHERE status IN ('waiting', 'half approved')`, "%d are open, one for an item and a place")
}

// verifyOrders: an order is in the state that its lines give it, and what was sent
// left once, with its paper.
func (d *DB) verifyOrders(ctx context.Context) (says string, fault, err error) {
	return d.look(ctx, []faultQuery{
		{`
		SELECT o.number, o.status
		FROM purchase_orders o
		JOIN order_lines l ON l.number = o.number
		GROUP BY o.number
		HAVING o.status = 'closed' AND sum(l.open) > 0 OR o.status IN ('draft', 'sent') AND sum(l.received) > 0
			OR o.status = 'part received' AND sum(l.open) = 0
		LIMIT 1`, "order %s is %s, and its lines say otherwise", 2},
		{`
		SELECT m.number, count(*)
		FROM order_mail m
		WHERE m.status = 'sent'
		GROUP BY m.number, m.change_no
		HAVING count(*) > 1
		LIMIT 1`, "order %s left the house %s times", 2},
		{`
		SELECT o.number
		FROM purchase_orders o
		WHERE o.status = 'draft' AND EXISTS (SELECT 1 FROM order_mail m WHERE m.number = o.number)
		LIMIT 1`, "order %s is a draft and is on its way out", 1},
		{`
		SELECT number
		FROM order_mail
		WHERE status = 'sent' AND (sent_at IS NULL OR length(paper) = 0)
		LIMIT 1`, "order %s was sent without a time or a paper", 1},
	}, `SELECT count(*) FROM purchase_orders`, "%d are in the state that their lines give them")
}

// stuckAfter is how much later than a notice others may have gone out before it counts as stuck.
const stuckAfter = time.Hour

// verifyLadders: no notice waits for ever, none goes on where somebody has answered.
func (d *DB) verifyLadders(ctx context.Context) (says string, fault, err error) {
	stuck, err := d.none(ctx, `
		SELECT n.id, n.alarm
		FROM notices n
		WHERE n.status IN ('waiting', 'sending')
			AND EXISTS (SELECT 1 FROM notices l WHERE l.status = 'sent' AND l.done_at > n.try_at + $1)
		LIMIT 1`, "notice %s of alarm %s is stuck: later ones have gone out long since", 2, stuckAfter.Milliseconds())
	if stuck != nil || err != nil {
		return "", stuck, err
	}
	return d.look(ctx, []faultQuery{
		{`
		SELECT n.id, a.id
		FROM notices n
		JOIN alarms a ON a.id = n.alarm
		WHERE n.status = 'waiting' AND (a.returned_at IS NOT NULL OR a.closed_at IS NOT NULL)
		LIMIT 1`, "notice %s still waits although the trouble of alarm %s is over", 2},
		{`
		SELECT n.id, a.id
		FROM notices n
		JOIN alarms a ON a.id = n.alarm
		WHERE n.status = 'waiting' AND a.ack_at IS NOT NULL AND n.due_at < a.ack_until
		LIMIT 1`, "notice %s still waits although alarm %s is acknowledged for longer", 2},
		{`
		SELECT id
		FROM notices
		WHERE status IN ('sent', 'failed') AND (done_at IS NULL OR tries < 1)
		LIMIT 1`, "notice %s is over and nobody knows when, or it was never tried", 1},
		{`
		SELECT a.id
		FROM alarms a
		WHERE a.returned_at IS NULL AND a.closed_at IS NULL AND a.ack_at IS NULL
			AND EXISTS (SELECT 1 FROM notices n WHERE n.alarm = a.id)
			AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.alarm = a.id AND n.status <> 'stopped')
		LIMIT 1`, "alarm %s goes on, nobody has acknowledged it, and its whole ladder was stopped", 1},
	}, `SELECT count(*) FROM alarms WHERE closed_at IS NULL`, "%d alarms are open, none is stuck")
}

// verifySignatures: each signature names a person of whom the trail tells.
func (d *DB) verifySignatures(ctx context.Context) (says string, fault, err error) {
	return d.look(ctx, []faultQuery{{`
		SELECT s.id, s.person
		FROM signatures s
		WHERE s.person = '' OR NOT EXISTS (SELECT 1 FROM audit a WHERE a.actor = s.person)
		LIMIT 1`, "signature %s is by %s, whom the audit trail does not know", 2}},
		`SELECT count(*) FROM signatures`, "%d, each by somebody the trail knows")
}
