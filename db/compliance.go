package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
)

// CasesWithin counts the excursions that touched a time and were not withdrawn, by fridge.
func (f Fridges) CasesWithin(ctx context.Context, from, to time.Time) (map[coldchain.FridgeID]coldchain.Cases, error) {
	const q = `
		SELECT e.fridge, count(*), coalesce(sum(NOT EXISTS (SELECT 1 FROM signatures g WHERE g.subject = 'excursion/' || e.id)), 0)
		FROM excursions e
		WHERE e.withdrawn = 0 AND e.start_at < $2 AND (e.end_at IS NULL OR e.end_at > $1)
		GROUP BY e.fridge`
	all := map[coldchain.FridgeID]coldchain.Cases{}
	rows, err := f.Query(ctx, q, ms(from), ms(to))
	_, err = scanAll(rows, err, func(row scanner) (id coldchain.FridgeID, err error) {
		var c coldchain.Cases
		err = row.Scan(&id, &c.Excursions, &c.Open)
		all[id] = c
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("excursions of all fridges: %w", err)
	}
	return all, nil
}

// ExcursionsOf are excursions by their numbers; one that is not there is left out.
func (f Fridges) ExcursionsOf(ctx context.Context, ids []coldchain.ExcursionID) (map[coldchain.ExcursionID]coldchain.Excursion, error) {
	const q = `
		SELECT ` + excursionColumns + `
		FROM excursions e
		JOIN main.sensors s ON s.id = e.sensor
		WHERE e.id IN (SELECT value FROM json_each($1))`
	text, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := f.Query(ctx, q, string(text))
	excursions, err := scanAll(rows, err, scanExcursion)
	if err != nil {
		return nil, fmt.Errorf("%d excursions: %w", len(ids), err)
	}
	all := make(map[coldchain.ExcursionID]coldchain.Excursion, len(excursions))
	for _, e := range excursions {
		all[e.ID] = e
	}
	return all, nil
}

// ChecksWithin are the checks of from <= At < to by fridge, oldest first.
func (f Fridges) ChecksWithin(ctx context.Context, from, to time.Time) (map[coldchain.FridgeID][]coldchain.Check, error) {
	const q = `
		SELECT ` + checkColumns + `
		FROM fridge_checks
		WHERE fridge IN (SELECT f.id FROM fridges f) AND at >= $1 AND at < $2
		ORDER BY fridge, at, id`
	rows, err := f.Query(ctx, q, ms(from), ms(to))
	checks, err := scanAll(rows, err, scanCheck)
	if err != nil {
		return nil, fmt.Errorf("checks of all fridges: %w", err)
	}
	all := map[coldchain.FridgeID][]coldchain.Check{}
	for _, c := range checks {
		all[c.Fridge] = append(all[c.Fridge], c)
	}
	return all, nil
}
