package db

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// trail is the end of the audit chain as one group of changes sees it; it is
// read when the first deed is recorded, because another process may have added to it.
type trail struct {
	read bool
	seq  int64
	hash []byte
}

// Record adds a line to the audit trail, in the transaction of the change it
// tells of. Each line's hash covers the line and the hash before it.
func (tx *Tx) Record(ctx context.Context, deed hospital.Deed) error {
	if err := tx.readTrail(ctx); err != nil {
		return fmt.Errorf("record %s: %w", deed.What, err)
	}
	line := auditLine{seq: tx.trail.seq + 1, at: ms(tx.now), actor: string(deed.By.ID), actorName: deed.By.Name, what: deed.What,
		on: deed.On, why: deed.Why, before: deed.Before, after: deed.After, previous: tx.trail.hash}
	hash := line.sum()
	const q = `
		INSERT INTO audit (seq, at, actor, actor_name, what, on_thing, why, before, after, previous, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	if _, err := tx.Exec(ctx, q, line.seq, line.at, line.actor, line.actorName, line.what,
		line.on, line.why, line.before, line.after, line.previous, hash); err != nil {
		return fmt.Errorf("record %s: %w", deed.What, err)
	}
	tx.trail.seq, tx.trail.hash = line.seq, hash
	return nil
}

func (tx *Tx) readTrail(ctx context.Context) error {
	if tx.trail.read {
		return nil
	}
	const q = `
		SELECT seq, hash
		FROM audit
		ORDER BY seq DESC
		LIMIT 1`
	err := tx.QueryRow(ctx, q).Scan(&tx.trail.seq, &tx.trail.hash)
	if errors.Is(err, sql.ErrNoRows) {
		tx.trail.hash, err = []byte{}, nil
	}
	tx.trail.read = err == nil
	return err
}

// auditLine is a line of the trail as it is stored.
type auditLine struct {
	seq, at                                        int64
	actor, actorName, what, on, why, before, after string
	previous                                       []byte
}

// sum is the line's hash: SHA-256 of its numbers in big-endian order and of its
// texts, each after its length, so that no two lines share a spelling.
func (l auditLine) sum() []byte {
	var b bytes.Buffer
	number := func(n int64) {
		var eight [8]byte
		binary.BigEndian.PutUint64(eight[:], uint64(n))
		b.Write(eight[:])
	}
	number(l.seq)
	number(l.at)
	for _, text := range []string{l.actor, l.actorName, l.what, l.on, l.why, l.before, l.after, string(l.previous)} {
		number(int64(len(text)))
		b.WriteString(text)
	}
	hash := sha256.Sum256(b.Bytes())
	return hash[:]
}

// Anchor is the end of the trail at some time: whoever keeps it outside the house
// can tell later whether the trail was cut short or written anew.
type Anchor struct {
	Seq  int64
	Hash []byte
}

// String is "1234:9f86d0…", in hexadecimal.
func (a Anchor) String() string { return fmt.Sprintf("%d:%x", a.Seq, a.Hash) }

// ParseAnchor reads what String wrote.
func ParseAnchor(text string) (Anchor, error) {
	seq, hash, _ := strings.Cut(text, ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	sum, wrong := hex.DecodeString(hash)
	if err != nil || wrong != nil || n < 0 || len(sum) != sha256.Size && n > 0 {
		return Anchor{}, fmt.Errorf("%q is no anchor of an audit trail, such as 1234:9f86d081…", text)
	}
	return Anchor{Seq: n, Hash: sum}, nil
}

// AuditAnchor is the end of the trail as it stands; the zero Anchor when it is empty.
func (d *DB) AuditAnchor(ctx context.Context) (a Anchor, err error) {
	const q = `
		SELECT seq, hash
		FROM audit
		ORDER BY seq DESC
		LIMIT 1`
	err = d.QueryRow(ctx, q).Scan(&a.Seq, &a.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return Anchor{}, nil
	}
	if err != nil {
		return Anchor{}, fmt.Errorf("read the end of the audit trail: %w", err)
	}
	return a, nil
}

// HoldsAnchor is an error when the trail does not hold the line that an anchor was taken of.
func (d *DB) HoldsAnchor(ctx context.Context, a Anchor) error {
	if a.Seq == 0 {
		return nil
	}
	const q = `
		SELECT hash
		FROM audit
		WHERE seq = $1`
	var hash []byte
	err := d.QueryRow(ctx, q, a.Seq).Scan(&hash)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("audit line %d is not there: the trail was cut short", a.Seq)
	case err != nil:
		return fmt.Errorf("look for audit line %d: %w", a.Seq, err)
	case !bytes.Equal(hash, a.Hash):
		return fmt.Errorf("audit line %d is another than the anchor was taken of: the trail was written anew", a.Seq)
	}
	return nil
}

// VerifyAudit walks the audit trail and returns its length, with an error that
// names the first line that was changed, removed or put in afterwards.
func (d *DB) VerifyAudit(ctx context.Context) (lines int64, err error) {
	const q = `
		SELECT seq, at, actor, actor_name, what, on_thing, why, before, after, previous, hash
		FROM audit
		ORDER BY seq`
	rows, err := d.Query(ctx, q)
	if err != nil {
		return 0, fmt.Errorf("verify audit trail: %w", err)
	}
	defer rows.Close()
	previous := []byte{}
	for rows.Next() {
		var line auditLine
		var hash []byte
		if err := rows.Scan(&line.seq, &line.at, &line.actor, &line.actorName, &line.what,
			&line.on, &line.why, &line.before, &line.after, &line.previous, &hash); err != nil {
			return lines, fmt.Errorf("verify audit trail: %w", err)
		}
		if line.seq != lines+1 || !bytes.Equal(line.previous, previous) || !bytes.Equal(line.sum(), hash) {
			return lines, fmt.Errorf("audit line %d of %s does not follow from the line before it: the trail was changed",
				line.seq, fromMS(line.at).Format(time.RFC3339))
		}
		lines, previous = line.seq, hash
	}
	return lines, rows.Err()
}
