package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"wardwatch/tracking"
)

// Bearer is the asset that has one of the numbers, else the one that bears one of
// the tags; false when none does.
func (e Equipment) Bearer(ctx context.Context, numbers []tracking.AssetID, tags []string) (tracking.AssetID, bool, error) {
	id, known, err := e.firstOf(ctx, `SELECT id FROM assets WHERE id IN `, `id`, asStrings(numbers))
	if err == nil && !known {
		id, known, err = e.firstOf(ctx, `SELECT asset_id FROM asset_tags WHERE identity IN `, `asset_id`, tags)
	}
	if err != nil {
		return "", false, fmt.Errorf("who bears a code: %w", err)
	}
	return id, known, nil
}

func (e Equipment) firstOf(ctx context.Context, choose, order string, codes []string) (id tracking.AssetID, known bool, err error) {
	if len(codes) == 0 {
		return "", false, nil
	}
	var q strings.Builder
	q.WriteString(choose)
	args := among(&q, nil, codes)
	q.WriteString(` ORDER BY ` + order + ` LIMIT 1`)
	err = e.QueryRow(ctx, q.String(), args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return id, err == nil, err
}

func asStrings[S ~string](values []S) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}
