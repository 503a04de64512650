package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/parlevel"
)

// applyParLevels brings levels to what a document says. A level that the document
// does not name stays.
func applyParLevels(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	var changes []document.Change
	for i, l := range doc.ParLevels {
		if err := tx.pace.On(1); err != nil {
			return nil, err
		}
		what, err := applyParLevel(ctx, parTx{tx}, parlevel.Level{Unit: l.Unit, Kind: l.Kind, Target: l.Target, Critical: l.Critical})
		if err != nil {
			return nil, fmt.Errorf("import level of %s in %s: %w", l.Kind, l.Unit, err)
		}
		changes = append(changes, document.Change{Path: fmt.Sprintf("/par_levels/%d", i), What: what, Thing: l.Kind + " in " + string(l.Unit)})
	}
	if len(changes) > 0 {
		tx.Announce(parlevel.Topic)
	}
	return changes, nil
}

func applyParLevel(ctx context.Context, tx parTx, l parlevel.Level) (string, error) {
	const q = `
		SELECT target
		FROM par_levels
		WHERE unit = $1 AND kind = $2`
	var target int
	err := tx.QueryRow(ctx, q, l.Unit, l.Kind).Scan(&target)
	unknown := errors.Is(err, sql.ErrNoRows)
	if err != nil && !unknown {
		return "", err
	}
	changed, err := tx.SetLevel(ctx, l)
	switch {
	case err != nil:
		return "", err
	case unknown:
		return document.Add, nil
	case changed:
		return document.Alter, nil
	}
	return document.Same, nil
}

func describeParLevels(ctx context.Context, tx *Tx, doc *document.Document) error {
	const q = `
		SELECT unit, kind, target, critical
		FROM par_levels
		ORDER BY unit, kind`
	rows, err := tx.Query(ctx, q)
	doc.ParLevels, err = collect(rows, err, func(l *document.ParLevel) []any { return []any{&l.Unit, &l.Kind, &l.Target, &l.Critical} })
	return err
}
