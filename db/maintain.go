package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/maintain"
)

// Maintenance keeps plans, work, repairs, recalls and rentals of equipment.
type Maintenance struct{ *DB }

var _ maintain.Store = Maintenance{}

// readsMaintenance asks for what is kept, in or outside of a change.
type readsMaintenance struct{ asker }

// maintainTx is a change in progress.
type maintainTx struct {
	*Tx
	readsMaintenance
}

// Query is the change's own: its reads see its writes.
func (tx maintainTx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.Tx.Query(ctx, query, args...)
}

// QueryRow is the change's own.
func (tx maintainTx) QueryRow(ctx context.Context, query string, args ...any) Row {
	return tx.Tx.QueryRow(ctx, query, args...)
}

// InTx runs change in a transaction and returns once it is durable.
func (m Maintenance) InTx(ctx context.Context, change func(maintain.Tx) error) error {
	return m.DB.InTx(ctx, func(tx *Tx) error { return change(maintainTx{tx, readsMaintenance{tx}}) })
}

func (m Maintenance) read() readsMaintenance { return readsMaintenance{m.DB} }

// Piece is one asset with its papers.
func (m Maintenance) Piece(ctx context.Context, id tracking.AssetID) (maintain.Piece, error) {
	return m.read().Piece(ctx, id)
}

// Pieces are those of a selection, by number.
func (m Maintenance) Pieces(ctx context.Context, s maintain.Selection, limit int) ([]maintain.Piece, error) {
	return m.read().Pieces(ctx, s, limit)
}

// Plans are those in force, by model and name.
func (m Maintenance) Plans(ctx context.Context) ([]maintain.Plan, error) { return m.read().Plans(ctx) }

// LastWork is the last work that passed, by piece and plan.
func (m Maintenance) LastWork(ctx context.Context) (map[maintain.WorkKey]maintain.Last, error) {
	return m.read().LastWork(ctx)
}

// Recall is one recall.
func (m Maintenance) Recall(ctx context.Context, id maintain.RecallID) (maintain.Recall, error) {
	return m.read().Recall(ctx, id)
}

// Ticks are the pieces that a recall is done with.
func (m Maintenance) Ticks(ctx context.Context, id maintain.RecallID) (map[tracking.AssetID]maintain.Tick, error) {
	return m.read().Ticks(ctx, id)
}

// Steps are the newest step of each piece.
func (m Maintenance) Steps(ctx context.Context) (map[tracking.AssetID]maintain.Step, error) {
	return m.read().Steps(ctx)
}

const selectPiece = `
	SELECT ` + assetColumns + `,
		COALESCE(p.lot, ''), COALESCE(p.in_service, 0), COALESCE(p.last_service, 0), COALESCE(p.rented_from, ''), COALESCE(p.due_back, 0),
		COALESCE(u.used_ms, 0), COALESCE(u.in_use_since, 0)
	FROM assets a
	LEFT JOIN asset_papers p ON p.asset = a.id
	LEFT JOIN asset_usage u ON u.asset = a.id`

// paperedRow scans a piece: the asset's columns, then those of its papers.
type paperedRow struct {
	row   scanner
	extra []any
}

func (p paperedRow) Scan(into ...any) error { return p.row.Scan(append(into, p.extra...)...) }

func scanPiece(row scanner) (maintain.Piece, error) {
	var p maintain.Piece
	var inService, lastService, dueBack, used, since int64
	asset, err := scanAsset(paperedRow{row, []any{&p.Lot, &inService, &lastService, &p.RentedFrom, &dueBack, &used, &since}})
	p.Asset, p.InService, p.LastService, p.DueBack = asset, fromMS(inService), fromMS(lastService), fromMS(dueBack)
	p.Used, p.InUseSince = time.Duration(used)*time.Millisecond, fromMS(since)
	return p, err
}

// Piece is one asset with its papers.
func (r readsMaintenance) Piece(ctx context.Context, id tracking.AssetID) (maintain.Piece, error) {
	const q = selectPiece + `
		WHERE a.id = $1`
	piece, err := scanPiece(r.QueryRow(ctx, q, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = tracking.ErrUnknownAsset
	}
	if err != nil {
		return piece, fmt.Errorf("piece %s: %w", id, err)
	}
	return piece, nil
}

// Pieces are those of a selection, by number.
func (r readsMaintenance) Pieces(ctx context.Context, s maintain.Selection, limit int) ([]maintain.Piece, error) {
	q := selectPiece + `
		WHERE ($1 = 'null' OR a.model IN (SELECT value FROM json_each($1))) AND ($2 = '' OR p.lot = $2) AND ($3 = '' OR a.status = $3)
			AND ($4 = 0 OR p.rented_from <> '') AND ` + named("a.unit_id", "$6", s.Unit) + `
		ORDER BY a.id
		LIMIT 0 + $5`
	models, err := json.Marshal(s.Models)
	if err != nil {
		return nil, err
	}
	rows, err := r.Query(ctx, q, string(models), s.Lot, s.Status, s.Rented, limit, s.Unit)
	pieces, err := scanAll(rows, err, scanPiece)
	if err != nil {
		return nil, fmt.Errorf("pieces of %+v: %w", s, err)
	}
	return pieces, nil
}

// Plans are those in force, by model and name.
func (r readsMaintenance) Plans(ctx context.Context) ([]maintain.Plan, error) {
	const q = `
		SELECT id, name, model, lot, every_days, every_hours, calibration
		FROM service_plans
		WHERE ended_at = 0
		ORDER BY model, name, id`
	rows, err := r.Query(ctx, q)
	return collect(rows, err, func(p *maintain.Plan) []any {
		return []any{&p.ID, &p.Name, &p.Model, &p.Lot, &p.EveryDays, &p.EveryHours, &p.Calibration}
	})
}

// LastWork is the last work that passed, by piece and plan.
func (r readsMaintenance) LastWork(ctx context.Context) (map[maintain.WorkKey]maintain.Last, error) {
	const q = `
		SELECT w.asset, w.plan, MAX(w.at), w.used_ms
		FROM service_work w
		JOIN service_plans p ON p.id = w.plan AND p.ended_at = 0
		WHERE w.result = 'passed'
		GROUP BY w.asset, w.plan`
	return lastWork(r.Query(ctx, q))
}

// LastWorkOf is LastWork of the pieces that a unit owns: for each piece and plan its last
// work alone is read, however many years there are of it.
func (m Maintenance) LastWorkOf(ctx context.Context, unit hospital.UnitID) (map[maintain.WorkKey]maintain.Last, error) {
	const q = `
		SELECT w.asset, w.plan, w.at, w.used_ms
		FROM assets a
		JOIN service_plans p ON p.model = a.model AND p.ended_at = 0
		JOIN service_work w ON w.id = (SELECT l.id FROM service_work l
			WHERE l.asset = a.id AND l.plan = p.id AND l.result = 'passed'
			ORDER BY l.at DESC, l.id DESC
			LIMIT 1)
		WHERE a.unit_id = $1`
	return lastWork(m.Query(ctx, q, unit))
}

func lastWork(rows *sql.Rows, err error) (map[maintain.WorkKey]maintain.Last, error) {
	if err != nil {
		return nil, fmt.Errorf("last work: %w", err)
	}
	defer rows.Close()
	last := map[maintain.WorkKey]maintain.Last{}
	for rows.Next() {
		var key maintain.WorkKey
		var at, used int64
		if err := rows.Scan(&key.Asset, &key.Plan, &at, &used); err != nil {
			return nil, fmt.Errorf("last work: %w", err)
		}
		last[key] = maintain.Last{At: fromMS(at), Used: time.Duration(used) * time.Millisecond}
	}
	return last, rows.Err()
}

const selectEquipmentRecall = `
	SELECT id, title, reference, model, lot, from_serial, to_serial, opened_at, opened_by, closed_at, closed_by
	FROM equipment_recalls`

func scanEquipmentRecall(row scanner) (maintain.Recall, error) {
	var r maintain.Recall
	var opened, closed int64
	err := row.Scan(&r.ID, &r.Title, &r.Reference, &r.Model, &r.Lot, &r.FromSerial, &r.ToSerial, &opened, &r.OpenedBy, &closed, &r.ClosedBy)
	r.OpenedAt, r.ClosedAt = fromMS(opened), fromMS(closed)
	return r, err
}

// Recall is one recall.
func (r readsMaintenance) Recall(ctx context.Context, id maintain.RecallID) (maintain.Recall, error) {
	const q = selectEquipmentRecall + `
		WHERE id = $1`
	recall, err := scanEquipmentRecall(r.QueryRow(ctx, q, id))
	return found(recall, err)(maintain.ErrUnknown, fmt.Sprintf("recall %d", id))
}

// Ticks are the pieces that a recall is done with.
func (r readsMaintenance) Ticks(ctx context.Context, id maintain.RecallID) (map[tracking.AssetID]maintain.Tick, error) {
	const q = `
		SELECT asset, at, by_name, outcome
		FROM equipment_recall_ticks
		WHERE recall = $1`
	rows, err := r.Query(ctx, q, id)
	all, err := scanAll(rows, err, func(row scanner) (t maintain.Tick, err error) {
		var at int64
		err = row.Scan(&t.Asset, &at, &t.By, &t.Outcome)
		t.At = fromMS(at)
		return t, err
	})
	ticks := map[tracking.AssetID]maintain.Tick{}
	for _, tick := range all {
		ticks[tick.Asset] = tick
	}
	return ticks, err
}

// Steps are the newest step of each piece.
func (r readsMaintenance) Steps(ctx context.Context) (map[tracking.AssetID]maintain.Step, error) {
	const q = `
		SELECT asset, at, stage, by_name, note
		FROM repair_steps
		WHERE id IN (SELECT MAX(id) FROM repair_steps GROUP BY asset)`
	return newestSteps(r.Query(ctx, q))
}

// StepsOf are the newest step of each piece that a unit owns.
func (m Maintenance) StepsOf(ctx context.Context, unit hospital.UnitID) (map[tracking.AssetID]maintain.Step, error) {
	const q = `
		SELECT s.asset, s.at, s.stage, s.by_name, s.note
		FROM assets a
		JOIN repair_steps s ON s.id = (SELECT MAX(id) FROM repair_steps WHERE asset = a.id)
		WHERE a.unit_id = $1`
	return newestSteps(m.Query(ctx, q, unit))
}

func newestSteps(rows *sql.Rows, err error) (map[tracking.AssetID]maintain.Step, error) {
	all, err := scanAll(rows, err, func(row scanner) (s maintain.Step, err error) {
		var at int64
		err = row.Scan(&s.Asset, &at, &s.Stage, &s.By, &s.Note)
		s.At = fromMS(at)
		return s, err
	})
	steps := map[tracking.AssetID]maintain.Step{}
	for _, step := range all {
		steps[step.Asset] = step
	}
	return steps, err
}

// Models are all models of equipment, by name.
func (m Maintenance) Models(ctx context.Context) ([]string, error) {
	const q = `
		SELECT DISTINCT model
		FROM assets
		WHERE model <> ''
		ORDER BY model`
	rows, err := m.Query(ctx, q)
	return scanAll(rows, err, func(row scanner) (model string, err error) { return model, row.Scan(&model) })
}

// Recalls are all, the open ones first, the newest first.
func (m Maintenance) Recalls(ctx context.Context, limit int) ([]maintain.Recall, error) {
	const q = selectEquipmentRecall + `
		ORDER BY (CASE closed_at WHEN 0 THEN 0 ELSE 1 END), id DESC
		LIMIT 0 + $1`
	rows, err := m.Query(ctx, q, limit)
	return scanAll(rows, err, scanEquipmentRecall)
}

// WorkOn is what was done on a piece, the newest first.
func (m Maintenance) WorkOn(ctx context.Context, id tracking.AssetID, limit int) ([]maintain.Work, error) {
	const q = `
		SELECT w.asset, w.plan, p.name, w.at, w.by_name, w.result, w.certificate, w.note, w.used_ms, w.signature
		FROM service_work w
		JOIN service_plans p ON p.id = w.plan
		WHERE w.asset = $1
		ORDER BY w.at DESC, w.id DESC
		LIMIT 0 + $2`
	rows, err := m.Query(ctx, q, id, limit)
	return scanAll(rows, err, func(row scanner) (w maintain.Work, err error) {
		var at, used int64
		err = row.Scan(&w.Asset, &w.Plan, &w.PlanName, &at, &w.By, &w.Result, &w.Certificate, &w.Note, &used, &w.Signed)
		w.At, w.Used = fromMS(at), time.Duration(used)*time.Millisecond
		return w, err
	})
}

// marksAtOnce is how many marks one fold of use reads.
const marksAtOnce = 5000

// FollowUse folds the timeline's new marks into how long pieces were in use.
func (m Maintenance) FollowUse(ctx context.Context) (more bool, err error) {
	err = m.DB.InTx(ctx, func(tx *Tx) error {
		const q = `
			SELECT id, asset_id, at, status
			FROM asset_moments
			WHERE id > (SELECT moment FROM asset_usage_upto) AND kind = 'mark'
			ORDER BY id
			LIMIT 0 + $1`
		type mark struct {
			id     int64
			asset  tracking.AssetID
			at     int64
			status tracking.Status
		}
		rows, err := tx.Query(ctx, q, marksAtOnce)
		marks, err := collect(rows, err, func(m *mark) []any { return []any{&m.id, &m.asset, &m.at, &m.status} })
		if err != nil || len(marks) == 0 {
			return err
		}
		for _, m := range marks {
			if err := foldUse(ctx, tx, m.asset, m.at, m.status == tracking.InUse); err != nil {
				return err
			}
		}
		more = len(marks) == marksAtOnce
		const upto = `
			UPDATE asset_usage_upto
			SET moment = $1`
		_, err = tx.Exec(ctx, upto, marks[len(marks)-1].id)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("follow use: %w", err)
	}
	return more, nil
}

// foldUse adds the time since the piece came into use when it is put out of use.
func foldUse(ctx context.Context, tx *Tx, asset tracking.AssetID, at int64, inUse bool) error {
	const q = `
		INSERT INTO asset_usage (asset, used_ms, in_use_since)
		VALUES ($1, 0, CASE WHEN $3 = 1 THEN $2 ELSE 0 END)
		ON CONFLICT (asset) DO UPDATE SET
			used_ms = used_ms + CASE WHEN $3 = 0 AND in_use_since > 0 AND $2 > in_use_since THEN $2 - in_use_since ELSE 0 END,
			in_use_since = CASE WHEN $3 = 0 THEN 0 WHEN in_use_since > 0 THEN in_use_since ELSE $2 END`
	_, err := tx.Exec(ctx, q, asset, at, inUse)
	return err
}

// AddPlan adds a plan.
func (tx maintainTx) AddPlan(ctx context.Context, p maintain.Plan) (id maintain.PlanID, err error) {
	const q = `
		INSERT INTO service_plans (name, model, lot, every_days, every_hours, calibration)
		VALUES ($1, $2, $3, $4, $5, $6)
		RETURNING id`
	err = tx.QueryRow(ctx, q, p.Name, p.Model, p.Lot, p.EveryDays, p.EveryHours, p.Calibration).Scan(&id)
	return id, err
}

// EndPlan takes a plan off.
func (tx maintainTx) EndPlan(ctx context.Context, id maintain.PlanID) error {
	const q = `
		UPDATE service_plans
		SET ended_at = $2
		WHERE id = $1 AND ended_at = 0`
	done, err := tx.Exec(ctx, q, id, ms(tx.Now()))
	if err != nil {
		return err
	}
	return oneRow(done, maintain.ErrUnknown)
}

// AddWork appends to the work done.
func (tx maintainTx) AddWork(ctx context.Context, w maintain.Work) error {
	const q = `
		INSERT INTO service_work (asset, plan, at, by_name, result, certificate, note, used_ms, signature)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	_, err := tx.Exec(ctx, q, w.Asset, w.Plan, ms(w.At), w.By, w.Result, w.Certificate, w.Note, w.Used.Milliseconds(), w.Signed)
	return err
}

// AddStep appends to a repair.
func (tx maintainTx) AddStep(ctx context.Context, s maintain.Step) error {
	const q = `
		INSERT INTO repair_steps (asset, at, stage, by_name, note)
		VALUES ($1, $2, $3, $4, $5)`
	_, err := tx.Exec(ctx, q, s.Asset, ms(s.At), s.Stage, s.By, s.Note)
	return err
}

// SetStatus sets a piece's status on a person's word.
func (tx maintainTx) SetStatus(ctx context.Context, id tracking.AssetID, status tracking.Status, by, note string) error {
	return equipmentTx{tx.Tx}.SetStatus(ctx, id, status, by, note, tx.Now())
}

// AddRecall opens a recall.
func (tx maintainTx) AddRecall(ctx context.Context, r maintain.Recall) (id maintain.RecallID, err error) {
	const q = `
		INSERT INTO equipment_recalls (title, reference, model, lot, from_serial, to_serial, opened_at, opened_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		RETURNING id`
	err = tx.QueryRow(ctx, q, r.Title, r.Reference, r.Model, r.Lot, r.FromSerial, r.ToSerial, ms(r.OpenedAt), r.OpenedBy).Scan(&id)
	return id, err
}

// CloseRecall ends a recall.
func (tx maintainTx) CloseRecall(ctx context.Context, id maintain.RecallID, by string) error {
	const q = `
		UPDATE equipment_recalls
		SET closed_at = $2, closed_by = $3
		WHERE id = $1 AND closed_at = 0`
	done, err := tx.Exec(ctx, q, id, ms(tx.Now()), by)
	if err != nil {
		return err
	}
	return oneRow(done, maintain.ErrClosed)
}

// AddTick is false when the piece was ticked off before.
func (tx maintainTx) AddTick(ctx context.Context, id maintain.RecallID, t maintain.Tick) (bool, error) {
	const q = `
		INSERT INTO equipment_recall_ticks (recall, asset, at, by_name, outcome)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (recall, asset) DO NOTHING`
	done, err := tx.Exec(ctx, q, id, t.Asset, ms(t.At), t.By, t.Outcome)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// ReturnRental notes that a rented piece went back, and forgets its rental.
func (tx maintainTx) ReturnRental(ctx context.Context, p maintain.Piece, by, note string) error {
	const q = `
		INSERT INTO rental_returns (asset, rented_from, due_back, at, by_name, note)
		VALUES ($1, $2, $3, $4, $5, $6)`
	if _, err := tx.Exec(ctx, q, p.ID, p.RentedFrom, ms(p.DueBack), ms(tx.Now()), by, note); err != nil {
		return err
	}
	const end = `
		UPDATE asset_papers
		SET rented_from = '', due_back = 0
		WHERE asset = $1`
	_, err := tx.Exec(ctx, end, p.ID)
	return err
}

// Assign gives a tag to a piece, taking it from the one that bears it.
func (tx maintainTx) Assign(ctx context.Context, id tracking.AssetID, tag string) (from tracking.AssetID, err error) {
	const qBearer = `
		SELECT asset_id
		FROM asset_tags
		WHERE identity = $1`
	err = tx.QueryRow(ctx, qBearer, tag).Scan(&from)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	if from == id {
		return from, nil
	}
	const qTag = `
		INSERT INTO asset_tags (identity, asset_id)
		VALUES ($1, $2)
		ON CONFLICT (identity) DO UPDATE SET asset_id = excluded.asset_id`
	if _, err := tx.Exec(ctx, qTag, tag, id); err != nil {
		return from, err
	}
	const qForget = `
		DELETE FROM asset_words
		WHERE asset_id = $1 AND word = $2`
	const qWord = `
		INSERT INTO asset_words (word, asset_id)
		VALUES ($1, $2)
		ON CONFLICT (word, asset_id) DO NOTHING`
	for _, word := range tracking.Words(strings.ToLower(tag)) {
		if _, err := tx.Exec(ctx, qForget, from, word); err != nil {
			return from, err
		}
		if _, err := tx.Exec(ctx, qWord, word, id); err != nil {
			return from, err
		}
	}
	return from, bumpHospital(ctx, tx.Tx)
}
