package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Lessons lists the lessons that count of a room (empty: of every room): those that
// were taught, newest first, then those that were confirmed in passing.
func (e Equipment) Lessons(ctx context.Context, room hospital.RoomID, limit int) ([]tracking.Lesson, error) {
	const q = `
		SELECT id, room_id, asset_id, by_name, at, steps, alive, kind, said, visit
		FROM room_lessons
		WHERE ($1 = '' OR room_id = $1) AND undone_at = 0
		ORDER BY (CASE kind WHEN 'taught' THEN 0 ELSE 1 END), at DESC, id DESC
		LIMIT 0 + $2`
	rows, err := e.Query(ctx, q, room, limit)
	if err != nil {
		return nil, fmt.Errorf("read lessons: %w", err)
	}
	defer rows.Close()
	var lessons []tracking.Lesson
	for rows.Next() {
		var l tracking.Lesson
		var at int64
		var steps, alive, visit []byte
		if err := rows.Scan(&l.ID, &l.Room, &l.Asset, &l.By, &at, &steps, &alive, &l.Kind, &l.Said, &visit); err != nil {
			return nil, fmt.Errorf("read lessons: %w", err)
		}
		if err := json.Unmarshal(steps, &l.Steps); err != nil {
			return nil, fmt.Errorf("read steps of lesson %d: %w", l.ID, err)
		}
		if err := json.Unmarshal(alive, &l.Alive); err != nil {
			return nil, fmt.Errorf("read gateways of lesson %d: %w", l.ID, err)
		}
		if len(visit) > 0 {
			l.Visit = new(tracking.Visit)
			if err := json.Unmarshal(visit, l.Visit); err != nil {
				return nil, fmt.Errorf("read visit of lesson %d: %w", l.ID, err)
			}
		}
		l.At = fromMS(at)
		lessons = append(lessons, l)
	}
	return lessons, rows.Err()
}

// TaughtRooms counts the lessons that count and were given on purpose, by room.
func (e Equipment) TaughtRooms(ctx context.Context) (map[hospital.RoomID]int, error) {
	const q = `
		SELECT room_id, COUNT(*)
		FROM room_lessons
		WHERE undone_at = 0 AND kind = 'taught'
		GROUP BY room_id`
	rows, err := e.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("count lessons: %w", err)
	}
	defer rows.Close()
	counts := make(map[hospital.RoomID]int)
	for rows.Next() {
		var room hospital.RoomID
		var n int
		if err := rows.Scan(&room, &n); err != nil {
			return nil, fmt.Errorf("count lessons: %w", err)
		}
		counts[room] = n
	}
	return counts, rows.Err()
}

// AddLesson keeps a lesson.
func (tx equipmentTx) AddLesson(ctx context.Context, l tracking.Lesson) error {
	steps, err := json.Marshal(l.Steps)
	if err != nil {
		return fmt.Errorf("add lesson of room %s: %w", l.Room, err)
	}
	alive, err := json.Marshal(l.Alive)
	if err != nil {
		return fmt.Errorf("add lesson of room %s: %w", l.Room, err)
	}
	var visit []byte
	if l.Visit != nil {
		if visit, err = json.Marshal(l.Visit); err != nil {
			return fmt.Errorf("add lesson of room %s: %w", l.Room, err)
		}
	}
	const q = `
		INSERT INTO room_lessons (room_id, asset_id, by_name, at, steps, alive, kind, said, visit)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	if _, err := tx.Exec(ctx, q, l.Room, l.Asset, l.By, ms(l.At), string(steps), string(alive), l.Kind, l.Said, string(visit)); err != nil {
		return fmt.Errorf("add lesson of room %s: %w", l.Room, err)
	}
	return nil
}

// UndoLesson takes a room's lesson back.
func (tx equipmentTx) UndoLesson(ctx context.Context, room hospital.RoomID, lesson int64, by string, at time.Time) error {
	const q = `
		UPDATE room_lessons
		SET undone_by = $3, undone_at = $4
		WHERE id = $1 AND room_id = $2 AND undone_at = 0`
	done, err := tx.Exec(ctx, q, lesson, room, by, ms(at))
	if err != nil {
		return fmt.Errorf("undo lesson %d: %w", lesson, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("lesson %d of room %s: %w", lesson, room, hospital.ErrUnknown)
	}
	return nil
}
