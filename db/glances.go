package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/coldchain"
)

// Habits are what is learnt of streams; where nothing is, a stream is left out.
func (f Fridges) Habits(ctx context.Context) (map[coldchain.SensorID]coldchain.Habit, error) {
	const q = `
		SELECT sensor, ` + habitColumns + `
		FROM probe_habits`
	habits := map[coldchain.SensorID]coldchain.Habit{}
	rows, err := f.Query(ctx, q)
	_, err = scanAll(rows, err, func(row scanner) (id coldchain.SensorID, err error) {
		h, err := scanHabit(row, &id)
		habits[id] = h
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("habits of sensors: %w", err)
	}
	return habits, nil
}

// PointsWithin are the readings of stretches, of each stream oldest first.
func (f Fridges) PointsWithin(ctx context.Context, stretches []coldchain.Stretch) (map[coldchain.SensorID][]coldchain.Point, error) {
	const q = `
		SELECT r.sensor, r.measured_at, r.temp_mc
		FROM json_each($1) s
		CROSS JOIN readings r ON r.sensor = s.value ->> 0 AND r.measured_at >= s.value ->> 1 AND r.measured_at < s.value ->> 2`
	points := map[coldchain.SensorID][]coldchain.Point{}
	err := f.within(ctx, q, stretches, time.Time.UnixMilli, func(row scanner) error {
		var id coldchain.SensorID
		var at int64
		var p coldchain.Point
		err := row.Scan(&id, &at, &p.Temp)
		p.At = fromMS(at)
		points[id] = append(points[id], p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("readings of %d stretches: %w", len(stretches), err)
	}
	inOrder(points, func(a, b coldchain.Point) int { return a.At.Compare(b.At) })
	return points, nil
}

// HoursWithin are the summaries of the hours that begin within stretches, of each stream oldest first.
func (f Fridges) HoursWithin(ctx context.Context, stretches []coldchain.Stretch) (map[coldchain.SensorID][]coldchain.Hour, error) {
	const q = `
		SELECT h.sensor, h.hour, h.min_mc, h.max_mc, h.sum_mc, h.points
		FROM json_each($1) s
		CROSS JOIN reading_hours h ON h.sensor = s.value ->> 0 AND h.hour >= s.value ->> 1 AND h.hour < s.value ->> 2`
	hours := map[coldchain.SensorID][]coldchain.Hour{}
	err := f.within(ctx, q, stretches, firstHour, func(row scanner) error {
		var id coldchain.SensorID
		var hour int64
		var h coldchain.Hour
		err := row.Scan(&id, &hour, &h.Min, &h.Max, &h.Sum, &h.Points)
		h.Start = time.Unix(hour*3600, 0).UTC()
		hours[id] = append(hours[id], h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hours of %d stretches: %w", len(stretches), err)
	}
	inOrder(hours, func(a, b coldchain.Hour) int { return a.Start.Compare(b.Start) })
	return hours, nil
}

// inOrder sorts each stream's rows, which come as they lie in the table: sorted already,
// though nobody promises it, and to have SQLite sort all of them once more takes as long
// as reading them.
func inOrder[T any](of map[coldchain.SensorID][]T, compare func(a, b T) int) {
	for _, rows := range of {
		if !slices.IsSortedFunc(rows, compare) {
			slices.SortFunc(rows, compare)
		}
	}
}

// firstHour is the number of the first whole hour that begins at a time or after it.
func firstHour(at time.Time) int64 { return (at.Unix() + 3599) / 3600 }

// within asks for rows of stretches, whose ends are written as numbers of the query's unit.
func (f Fridges) within(ctx context.Context, q string, stretches []coldchain.Stretch, unit func(time.Time) int64, take func(scanner) error) error {
	var asked [][3]int64
	for _, s := range stretches {
		if s.To.After(s.From) {
			asked = append(asked, [3]int64{int64(s.Sensor), unit(s.From), unit(s.To)})
		}
	}
	if len(asked) == 0 {
		return nil
	}
	text, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	rows, err := f.Query(ctx, q, string(text))
	_, err = scanAll(rows, err, func(row scanner) (struct{}, error) { return struct{}{}, take(row) })
	return err
}
