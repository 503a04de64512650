package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
)

var _ ingest.DeskStore = Devices{}

// devicesTx is a change to devices in progress.
type devicesTx struct{ *Tx }

// Change runs a change to devices in a transaction and returns once it is durable.
func (d Devices) Change(ctx context.Context, change func(ingest.DeskTx) error) error {
	return d.InTx(ctx, func(tx *Tx) error { return change(devicesTx{tx}) })
}

// StrangeSensors are the sensors that wait for adoption.
func (d Devices) StrangeSensors(ctx context.Context) ([]coldchain.StrangeSensor, error) {
	return Fridges(d).Strange(ctx)
}

// Fridges are all fridges, by name.
func (d Devices) Fridges(ctx context.Context) ([]coldchain.Fridge, error) {
	return Fridges(d).Fridges(ctx)
}

// Stranger is one that is listed.
func (tx devicesTx) Stranger(ctx context.Context, kind ingest.StrangerKind, id string) (ingest.Stranger, error) {
	const q = `
		SELECT kind, id, gateway, times_heard, says
		FROM strangers
		WHERE kind = $1 AND id = $2`
	var s ingest.Stranger
	err := tx.QueryRow(ctx, q, kind, id).Scan(&s.Kind, &s.ID, &s.Gateway, &s.TimesHeard, &s.Says)
	if errors.Is(err, sql.ErrNoRows) {
		return s, ingest.ErrUnknownStranger
	}
	return s, err
}

// Dismiss takes a stranger off the list.
func (tx devicesTx) Dismiss(ctx context.Context, kind ingest.StrangerKind, id string) error {
	const q = `
		UPDATE strangers
		SET dismissed_at = $3
		WHERE kind = $1 AND id = $2`
	_, err := tx.Exec(ctx, q, kind, id, ms(tx.Now()))
	return err
}

// Adopted forgets a stranger.
func (tx devicesTx) Adopted(ctx context.Context, kind ingest.StrangerKind, id string) error {
	const q = `
		DELETE FROM strangers
		WHERE kind = $1 AND id = $2`
	_, err := tx.Exec(ctx, q, kind, id)
	return err
}

// AddGateway adds a gateway behind those that the hospital has.
func (tx devicesTx) AddGateway(ctx context.Context, g hospital.Gateway) error {
	const q = `
		SELECT COALESCE(MAX(ordinal), 0) + 1
		FROM gateways`
	var ordinal int
	if err := tx.QueryRow(ctx, q).Scan(&ordinal); err != nil {
		return err
	}
	if err := putGateway(ctx, tx.Tx, g, ordinal); err != nil {
		return err
	}
	return bumpHospital(ctx, tx.Tx)
}

// AddAlias gives a gateway another name; a name that another gateway had moves over.
func (tx devicesTx) AddAlias(ctx context.Context, name, id hospital.GatewayID, by hospital.PersonID) error {
	const q = `
		INSERT INTO gateway_aliases (name, gateway, created_at, created_by)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET gateway = excluded.gateway, created_at = excluded.created_at, created_by = excluded.created_by`
	_, err := tx.Exec(ctx, q, name, id, ms(tx.Now()), by)
	return err
}

// Enrol gives an asset a tag. The hospital's version counts on, so that whoever keeps
// a copy of the tags reads them anew.
func (tx devicesTx) Enrol(ctx context.Context, tag string, asset tracking.AssetID) error {
	if _, err := readAsset(ctx, tx.Tx, asset); err != nil {
		return err
	}
	const qBearer = `
		SELECT asset_id
		FROM asset_tags
		WHERE identity = $1`
	var bearer tracking.AssetID
	switch err := tx.QueryRow(ctx, qBearer, tag).Scan(&bearer); {
	case err == nil && bearer == asset:
		return nil
	case err == nil:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Asset %s bears this tag already.", bearer))
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	const qTag = `
		INSERT INTO asset_tags (identity, asset_id)
		VALUES ($1, $2)`
	if _, err := tx.Exec(ctx, qTag, tag, asset); err != nil {
		return err
	}
	const qWord = `
		INSERT INTO asset_words (word, asset_id)
		VALUES ($1, $2)
		ON CONFLICT (word, asset_id) DO NOTHING`
	for _, word := range tracking.Words(strings.ToLower(tag)) {
		if _, err := tx.Exec(ctx, qWord, word, asset); err != nil {
			return err
		}
	}
	return bumpHospital(ctx, tx.Tx)
}
