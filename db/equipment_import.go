package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital/document"
)

// applyEquipment brings assets and their tags to what a document says. An asset
// that the document does not name stays; its place and status always do.
func applyEquipment(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	var changes []document.Change
	for i, asset := range doc.Assets {
		if err := tx.pace.On(1); err != nil {
			return nil, err
		}
		what, err := applyAsset(ctx, tx, asset)
		if err != nil {
			return nil, fmt.Errorf("import asset %s: %w", asset.ID, err)
		}
		altered, err := applyPapers(ctx, tx, asset, doc.Site.Hospital().Location())
		if err != nil {
			return nil, err
		}
		if altered && what == document.Same {
			what = document.Alter
		}
		changes = append(changes, document.Change{Path: fmt.Sprintf("/assets/%d", i), What: what,
			Thing: strings.TrimSpace(asset.Kind + " " + asset.ID)})
	}
	return changes, nil
}

func applyAsset(ctx context.Context, tx *Tx, asset document.Asset) (string, error) {
	before, err := readAsset(ctx, tx, tracking.AssetID(asset.ID))
	unknown := errors.Is(err, tracking.ErrUnknownAsset)
	if err != nil && !unknown {
		return "", err
	}
	tags := identities(asset.Tags)
	same := before.Kind == asset.Kind && before.Name == asset.Name && before.Model == asset.Model &&
		before.Serial == asset.Serial && before.Unit == asset.Unit && slices.Equal(before.Tags, tags)
	if same && !unknown {
		return document.Same, nil
	}
	if err := writeAsset(ctx, tx, asset, tags); err != nil {
		return "", err
	}
	tx.Announce("asset/" + asset.ID)
	if unknown {
		return document.Add, nil
	}
	return document.Alter, nil
}

// identities lists every name that the tags are heard under, sorted.
func identities(tags []document.Tag) []string {
	var all []string
	for _, tag := range tags {
		all = append(append(all, tag.ID), tag.Also...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func writeAsset(ctx context.Context, tx *Tx, asset document.Asset, tags []string) error {
	const q = `
		INSERT INTO assets (id, kind, name, model, serial, unit_id)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE
		SET kind = excluded.kind, name = excluded.name, model = excluded.model,
		    serial = excluded.serial, unit_id = excluded.unit_id`
	if _, err := tx.Exec(ctx, q, asset.ID, asset.Kind, asset.Name, asset.Model, asset.Serial, asset.Unit); err != nil {
		return err
	}
	const kind = `
		INSERT INTO asset_kinds (kind)
		VALUES ($1)
		ON CONFLICT (kind) DO NOTHING`
	if _, err := tx.Exec(ctx, kind, asset.Kind); err != nil {
		return err
	}
	if err := writeTags(ctx, tx, tracking.AssetID(asset.ID), tags); err != nil {
		return err
	}
	return writeWords(ctx, tx, asset, tags)
}

// writeTags makes these the asset's identities. A tag that another asset bore moves over.
func writeTags(ctx context.Context, tx *Tx, id tracking.AssetID, tags []string) error {
	const clear = `
		DELETE FROM asset_tags
		WHERE asset_id = $1`
	if _, err := tx.Exec(ctx, clear, id); err != nil {
		return err
	}
	const add = `
		INSERT INTO asset_tags (identity, asset_id)
		VALUES ($1, $2)
		ON CONFLICT (identity) DO UPDATE
		SET asset_id = excluded.asset_id`
	for _, tag := range tags {
		if _, err := tx.Exec(ctx, add, tag, id); err != nil {
			return err
		}
	}
	return nil
}

func writeWords(ctx context.Context, tx *Tx, asset document.Asset, tags []string) error {
	const clear = `
		DELETE FROM asset_words
		WHERE asset_id = $1`
	if _, err := tx.Exec(ctx, clear, asset.ID); err != nil {
		return err
	}
	const add = `
		INSERT INTO asset_words (word, asset_id)
		VALUES ($1, $2)
		ON CONFLICT (word, asset_id) DO NOTHING`
	words := tracking.Words(strings.Join(append([]string{asset.ID, asset.Kind, asset.Name, asset.Model, asset.Serial}, tags...), " "))
	for _, word := range words {
		if _, err := tx.Exec(ctx, add, word, asset.ID); err != nil {
			return err
		}
	}
	return nil
}
