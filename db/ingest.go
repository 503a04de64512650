package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
)

// Devices keeps what is known of gateways and of devices that nobody has enrolled,
// and what was refused. It is ingest's BookStore.
type Devices struct{ *DB }

var _ ingest.BookStore = Devices{}

// DevicesTopic is announced when refusals or unknown devices have changed,
// GatewaysTopic when a gateway was heard.
const (
	DevicesTopic  = "devices"
	GatewaysTopic = "gateways"
)

// Remember reads the clocks' offsets and the gateways' other names.
func (d Devices) Remember(ctx context.Context) (ingest.Remembered, error) {
	known := ingest.Remembered{Offsets: map[hospital.GatewayID]time.Duration{}, Aliases: map[hospital.GatewayID]hospital.GatewayID{}}
	const qOffsets = `
		SELECT id, clock_offset
		FROM gateway_states
		WHERE clock_offset <> 0`
	rows, err := d.Query(ctx, qOffsets)
	if err != nil {
		return known, err
	}
	defer rows.Close()
	for rows.Next() {
		var id hospital.GatewayID
		var offset int64
		if err := rows.Scan(&id, &offset); err != nil {
			return known, err
		}
		known.Offsets[id] = time.Duration(offset) * time.Millisecond
	}
	if err := rows.Err(); err != nil {
		return known, err
	}
	aliases, err := d.Aliases(ctx)
	for name, gateway := range aliases {
		known.Aliases[name] = gateway
	}
	if err != nil {
		return known, err
	}
	known.Names, err = d.names(ctx)
	return known, err
}

// names are what devices' short names stand for, those said last.
func (d Devices) names(ctx context.Context) ([]ingest.Name, error) {
	const q = `
		SELECT sender, name, means
		FROM device_names
		ORDER BY said_at DESC, sender, name
		LIMIT 0 + $1`
	rows, err := d.Query(ctx, q, ingest.MaxNames)
	return gather(rows, err, func(rows *sql.Rows) (n ingest.Name, err error) {
		return n, rows.Scan(&n.Sender, &n.Name, &n.Means)
	})
}

func noteName(ctx context.Context, tx *Tx, n ingest.Name) error {
	const q = `
		INSERT INTO device_names (sender, name, means, said_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (sender, name) DO UPDATE
		SET means = excluded.means, said_at = excluded.said_at`
	_, err := tx.Exec(ctx, q, n.Sender, n.Name, n.Means, ms(tx.Now()))
	return err
}

// Aliases are the gateways' other names.
func (d Devices) Aliases(ctx context.Context) (map[hospital.GatewayID]hospital.GatewayID, error) {
	aliases := map[hospital.GatewayID]hospital.GatewayID{}
	const q = `
		SELECT name, gateway
		FROM gateway_aliases`
	rows, err := d.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, gateway hospital.GatewayID
		if err := rows.Scan(&name, &gateway); err != nil {
			return nil, err
		}
		aliases[name] = gateway
	}
	return aliases, rows.Err()
}

// Note writes a page of the book.
func (d Devices) Note(ctx context.Context, notes ingest.Notes) error {
	err := d.InTx(ctx, func(tx *Tx) error {
		for _, g := range notes.Gateways {
			if err := noteGateway(ctx, tx, g); err != nil {
				return err
			}
		}
		for id, status := range notes.Links {
			if err := noteLink(ctx, tx, id, status); err != nil {
				return err
			}
		}
		for _, s := range notes.Strangers {
			if err := noteStranger(ctx, tx, s); err != nil {
				return err
			}
		}
		for _, r := range notes.Refusals {
			if err := noteRefusal(ctx, tx, r); err != nil {
				return err
			}
		}
		for _, n := range notes.Names {
			if err := noteName(ctx, tx, n); err != nil {
				return err
			}
		}
		return trimNotes(ctx, tx, notes)
	})
	if err != nil {
		return fmt.Errorf("note what devices do: %w", err)
	}
	return nil
}

func noteGateway(ctx context.Context, tx *Tx, g ingest.GatewayState) error {
	const q = `
		INSERT INTO gateway_states (id, format, first_heard, last_heard, clock_offset, clock_at,
			messages, sightings, readings, refused, status)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO UPDATE SET
			format = CASE WHEN excluded.format <> '' THEN excluded.format ELSE gateway_states.format END,
			last_heard = MAX(gateway_states.last_heard, excluded.last_heard),
			clock_offset = excluded.clock_offset,
			clock_at = CASE WHEN excluded.clock_at > 0 THEN excluded.clock_at ELSE gateway_states.clock_at END,
			messages = gateway_states.messages + excluded.messages,
			sightings = gateway_states.sightings + excluded.sightings,
			readings = gateway_states.readings + excluded.readings,
			refused = gateway_states.refused + excluded.refused,
			status = CASE WHEN excluded.status <> '' THEN excluded.status ELSE gateway_states.status END`
	_, err := tx.Exec(ctx, q, g.ID, g.Format, ms(g.FirstHeard), ms(g.LastHeard), g.Offset.Milliseconds(), ms(g.ClockAt),
		g.Messages, g.Sightings, g.Readings, g.Refused, g.Status)
	return err
}

// noteLink changes the status of a gateway that was heard before.
func noteLink(ctx context.Context, tx *Tx, id hospital.GatewayID, status gateway.Status) error {
	const q = `
		UPDATE gateway_states
		SET status = $2
		WHERE id = $1`
	tx.Announce(GatewaysTopic)
	_, err := tx.Exec(ctx, q, id, status)
	return err
}

func noteStranger(ctx context.Context, tx *Tx, s ingest.Stranger) error {
	const q = `
		INSERT INTO strangers (kind, id, gateway, first_heard, last_heard, times_heard, says)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (kind, id) DO UPDATE SET
			gateway = excluded.gateway,
			last_heard = excluded.last_heard,
			times_heard = strangers.times_heard + excluded.times_heard,
			says = excluded.says`
	_, err := tx.Exec(ctx, q, s.Kind, s.ID, s.Gateway, ms(s.FirstHeard), ms(s.LastHeard), s.TimesHeard, s.Says)
	return err
}

func noteRefusal(ctx context.Context, tx *Tx, r ingest.Refusal) error {
	const q = `
		INSERT INTO refusals (at, gateway, source, topic, reason, records, sample)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	_, err := tx.Exec(ctx, q, ms(r.At), r.Gateway, r.Source, r.Topic, r.Reason, max(r.Records, 1), r.Sample)
	return err
}

// trimNotes keeps the lists bounded and says what changed.
func trimNotes(ctx context.Context, tx *Tx, notes ingest.Notes) error {
	if len(notes.Gateways) > 0 {
		const q = `
			DELETE FROM gateway_states
			WHERE id IN (
				SELECT s.id
				FROM gateway_states s
				WHERE NOT EXISTS (SELECT 1 FROM gateways g WHERE g.id = s.id)
				ORDER BY s.last_heard DESC, s.id
				LIMIT -1 OFFSET $1)`
		if _, err := tx.Exec(ctx, q, ingest.MaxStrangers); err != nil {
			return err
		}
		tx.Announce(GatewaysTopic)
	}
	if len(notes.Refusals) > 0 {
		const q = `
			DELETE FROM refusals
			WHERE id <= (SELECT MAX(id) FROM refusals) - $1`
		if _, err := tx.Exec(ctx, q, ingest.MaxRefusals); err != nil {
			return err
		}
		tx.Announce(DevicesTopic)
	}
	if len(notes.Names) > 0 {
		const q = `
			DELETE FROM device_names
			WHERE (sender, name) IN (
				SELECT sender, name
				FROM device_names
				ORDER BY said_at DESC, sender, name
				LIMIT -1 OFFSET $1)`
		if _, err := tx.Exec(ctx, q, ingest.MaxNames); err != nil {
			return err
		}
	}
	if len(notes.Strangers) > 0 {
		const q = `
			DELETE FROM strangers
			WHERE (kind, id) IN (
				SELECT kind, id FROM (
					SELECT kind, id, ROW_NUMBER() OVER (PARTITION BY kind ORDER BY last_heard DESC, id) AS place
					FROM strangers) AS ordered
				WHERE place > $1)`
		if _, err := tx.Exec(ctx, q, ingest.MaxStrangers); err != nil {
			return err
		}
		tx.Announce(DevicesTopic)
	}
	return nil
}

// GatewayStates are all gateways that were ever heard, by name.
func (d Devices) GatewayStates(ctx context.Context) ([]ingest.GatewayState, error) {
	const q = `
		SELECT id, format, first_heard, last_heard, clock_offset, clock_at, messages, sightings, readings, refused, status
		FROM gateway_states
		ORDER BY id`
	rows, err := d.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (g ingest.GatewayState, err error) {
		var first, last, offset, clock int64
		err = rows.Scan(&g.ID, &g.Format, &first, &last, &offset, &clock, &g.Messages, &g.Sightings, &g.Readings, &g.Refused, &g.Status)
		g.FirstHeard, g.LastHeard, g.ClockAt = fromMS(first), fromMS(last), fromMS(clock)
		g.Offset = time.Duration(offset) * time.Millisecond
		return g, err
	})
}

// Strangers are devices of a kind that nobody has enrolled or dismissed, those heard last first.
func (d Devices) Strangers(ctx context.Context, kind ingest.StrangerKind, limit int) ([]ingest.Stranger, error) {
	const q = `
		SELECT s.kind, s.id, s.gateway, s.first_heard, s.last_heard, s.times_heard, s.says
		FROM strangers s
		WHERE s.kind = $1
			AND s.dismissed_at = 0
			AND (s.kind <> 'gateway' OR NOT EXISTS (SELECT 1 FROM gateway_aliases a WHERE a.name = s.id)
				AND NOT EXISTS (SELECT 1 FROM gateways g WHERE g.id = s.id))
			AND (s.kind <> 'tag' OR NOT EXISTS (SELECT 1 FROM asset_tags t WHERE t.identity = s.id))
		ORDER BY s.last_heard DESC, s.times_heard DESC, s.id
		LIMIT 0 + $2`
	rows, err := d.Query(ctx, q, kind, limit)
	return gather(rows, err, func(rows *sql.Rows) (s ingest.Stranger, err error) {
		var first, last int64
		err = rows.Scan(&s.Kind, &s.ID, &s.Gateway, &first, &last, &s.TimesHeard, &s.Says)
		s.FirstHeard, s.LastHeard = fromMS(first), fromMS(last)
		return s, err
	})
}

// Refusals are the newest refusals before the one with id before; 0: from the newest.
func (d Devices) Refusals(ctx context.Context, before int64, limit int) ([]ingest.Refusal, error) {
	const q = `
		SELECT id, at, gateway, source, topic, reason, records, sample
		FROM refusals
		WHERE $1 = 0 OR id < $1
		ORDER BY id DESC
		LIMIT 0 + $2`
	rows, err := d.Query(ctx, q, before, limit)
	return gather(rows, err, func(rows *sql.Rows) (r ingest.Refusal, err error) {
		var at int64
		err = rows.Scan(&r.ID, &at, &r.Gateway, &r.Source, &r.Topic, &r.Reason, &r.Records, &r.Sample)
		r.At = fromMS(at)
		return r, err
	})
}
