package db

import (
	"context"
	"fmt"
	"math"
	"strings"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/audit"
)

// Trail reads the audit trail; it is an audit.Store.
type Trail struct{ *DB }

var _ audit.Store = Trail{}

// Record adds one line of its own.
func (t Trail) Record(ctx context.Context, deed hospital.Deed) error {
	return t.InTx(ctx, func(tx *Tx) error { return tx.Record(ctx, deed) })
}

// Lines are up to limit lines older than before that the filter wants, the newest first.
func (t Trail) Lines(ctx context.Context, f audit.Filter, before int64, limit int) ([]audit.Line, error) {
	const q = `
		SELECT seq, at, actor, actor_name, what, on_thing, why, before, after
		FROM audit
		WHERE seq < $1
			AND ($2 = '' OR lower(actor) LIKE $2 ESCAPE '\' OR lower(actor_name) LIKE $2 ESCAPE '\')
			AND ($3 = '' OR what LIKE $3 ESCAPE '\')
			AND ($4 = '' OR on_thing LIKE $4 ESCAPE '\')
			AND at >= $5 AND at < $6
		ORDER BY seq DESC
		LIMIT 0 + $7`
	if before <= 0 {
		before = math.MaxInt64
	}
	until := int64(math.MaxInt64)
	if !f.Until.IsZero() {
		until = ms(f.Until)
	}
	rows, err := t.Query(ctx, q, before, like("%", strings.ToLower(f.Who)), like("", f.Deed), like("", f.Thing), ms(f.From), until, limit)
	lines, err := scanAll(rows, err, scanAuditLine)
	if err != nil {
		return nil, fmt.Errorf("read audit trail: %w", err)
	}
	return lines, nil
}

// like is a pattern for text that is searched for as it stands; empty for no text.
func like(lead, text string) string {
	if text == "" {
		return ""
	}
	return lead + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
