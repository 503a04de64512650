package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// ErrEmpty says that there is no hospital to describe yet.
var ErrEmpty = errors.New("the database holds no hospital yet")

// Describe writes the stored hospital as a document, which taken in again
// changes nothing. Opening stock is not in it: it was booked once. ErrEmpty when
// no hospital was imported yet.
func (h Hospital) Describe(ctx context.Context, by hospital.Actor) (doc document.Document, err error) {
	if err := by.Need(hospital.ManageHospital); err != nil {
		return doc, err
	}
	err = h.InTx(ctx, func(tx *Tx) error {
		doc, err = describe(ctx, tx)
		return err
	})
	if err != nil {
		return doc, fmt.Errorf("describe the hospital: %w", err)
	}
	return doc, nil
}

func describe(ctx context.Context, tx *Tx) (document.Document, error) {
	doc := document.Document{Format: document.Format}
	directory, err := loadDirectory(ctx, tx)
	if err != nil {
		return doc, err
	}
	if directory == nil {
		return doc, ErrEmpty
	}
	doc.Site = document.SiteOf(directory.Site)
	for _, b := range directory.Buildings {
		doc.Buildings = append(doc.Buildings, document.Building{ID: b.ID, Name: b.Name})
	}
	for _, f := range directory.Floors {
		doc.Floors = append(doc.Floors, document.Floor(f))
	}
	for _, u := range directory.Units {
		doc.Units = append(doc.Units, document.Unit{ID: u.ID, Name: u.Name})
	}
	for _, r := range directory.Rooms {
		doc.Rooms = append(doc.Rooms, document.Room(r))
	}
	for _, g := range directory.Gateways {
		doc.Gateways = append(doc.Gateways, document.Gateway(g))
	}
	for _, section := range []func(context.Context, *Tx, *document.Document) error{
		describeAssets, describePapers, describeParLevels, describePlans, describeProfiles, describeFridges, describeColdChain, describeSuppliers, describePlaces, describeItems, describeSubstitutes, describeTerms, describeSupply, describePeople, describeFences,
	} {
		if err := section(ctx, tx, &doc); err != nil {
			return doc, err
		}
	}
	return doc, nil
}

func describeAssets(ctx context.Context, tx *Tx, doc *document.Document) error {
	const qTags = `
		SELECT asset_id, identity
		FROM asset_tags
		ORDER BY asset_id, identity`
	rows, err := tx.Query(ctx, qTags)
	pairs, err := gather(rows, err, func(rows *sql.Rows) (p [2]string, err error) { return p, rows.Scan(&p[0], &p[1]) })
	if err != nil {
		return err
	}
	tags := map[string][]string{}
	for _, pair := range pairs {
		tags[pair[0]] = append(tags[pair[0]], pair[1])
	}
	const q = `
		SELECT id, kind, name, model, serial, unit_id
		FROM assets
		ORDER BY id`
	rows, err = tx.Query(ctx, q)
	doc.Assets, err = gather(rows, err, func(rows *sql.Rows) (a document.Asset, err error) {
		err = rows.Scan(&a.ID, &a.Kind, &a.Name, &a.Model, &a.Serial, &a.Unit)
		if ids := tags[a.ID]; len(ids) > 0 {
			a.Tags = []document.Tag{{ID: ids[0], Also: ids[1:]}}
		}
		return a, err
	})
	return err
}

func describeFridges(ctx context.Context, tx *Tx, doc *document.Document) error {
	type probe struct {
		fridge string
		sensor document.Sensor
	}
	const qSensors = `
		SELECT fridge, sensor, channel, name
		FROM sensors
		WHERE fridge IS NOT NULL
		ORDER BY id`
	rows, err := tx.Query(ctx, qSensors)
	probes, err := gather(rows, err, func(rows *sql.Rows) (p probe, err error) {
		return p, rows.Scan(&p.fridge, &p.sensor.ID, &p.sensor.Channel, &p.sensor.Name)
	})
	if err != nil {
		return err
	}
	const q = `
		SELECT id, name, profile, room, unit, model, serial
		FROM fridges
		ORDER BY id`
	rows, err = tx.Query(ctx, q)
	doc.Fridges, err = gather(rows, err, func(rows *sql.Rows) (f document.Fridge, err error) {
		err = rows.Scan(&f.ID, &f.Name, &f.Profile, &f.Room, &f.Unit, &f.Model, &f.Serial)
		for _, p := range probes {
			if p.fridge == f.ID {
				f.Sensors = append(f.Sensors, p.sensor)
			}
		}
		return f, err
	})
	if err != nil {
		return err
	}
	return describeFridgeAssets(ctx, tx, doc)
}

func describeSuppliers(ctx context.Context, tx *Tx, doc *document.Document) error {
	const q = `
		SELECT id, name, email, currency, account, lead_days, minimum_minor
		FROM suppliers
		ORDER BY id`
	rows, err := tx.Query(ctx, q)
	doc.Suppliers, err = gather(rows, err, func(rows *sql.Rows) (s document.Supplier, err error) {
		return s, rows.Scan(&s.ID, &s.Name, &s.Email, &s.Currency, &s.Account, &s.LeadDays, &s.MinimumMinor)
	})
	return err
}

func describePlaces(ctx context.Context, tx *Tx, doc *document.Document) error {
	const q = `
		SELECT id, name, room, fridge, unit
		FROM stock_places
		ORDER BY id`
	rows, err := tx.Query(ctx, q)
	doc.Places, err = gather(rows, err, func(rows *sql.Rows) (p document.Place, err error) {
		return p, rows.Scan(&p.ID, &p.Name, &p.Room, &p.Fridge, &p.Unit)
	})
	return err
}

func describeItems(ctx context.Context, tx *Tx, doc *document.Document) error {
	type level struct {
		item string
		document.Level
	}
	const qLevels = `
		SELECT item, place, minimum, maximum
		FROM stock_levels
		ORDER BY item, place`
	rows, err := tx.Query(ctx, qLevels)
	stored, err := gather(rows, err, func(rows *sql.Rows) (l level, err error) {
		return l, rows.Scan(&l.item, &l.Place, &l.Minimum, &l.Maximum)
	})
	if err != nil {
		return err
	}
	levels := map[string][]document.Level{}
	for _, l := range stored {
		levels[l.item] = append(levels[l.item], l.Level)
	}
	const q = `
		SELECT id, name, unit, gtin, pack, COALESCE(supplier, ''), supplier_code, price_minor,
			least_packs, review_days, shelf_life, criticality, storage, stability
		FROM stock_items
		ORDER BY id`
	rows, err = tx.Query(ctx, q)
	doc.Items, err = gather(rows, err, func(rows *sql.Rows) (i document.Item, err error) {
		var stability []byte
		if err := rows.Scan(&i.ID, &i.Name, &i.UnitOfIssue, &i.GTIN, &i.Pack, &i.Supplier, &i.SupplierCode, &i.PriceMinor,
			&i.MinimumPacks, &i.ReviewDays, &i.ShelfLifeDays, &i.Criticality, &i.Storage, &stability); err != nil {
			return i, err
		}
		i.Levels = levels[i.ID]
		i.Stability, err = stabilityOf(stability)
		return i, err
	})
	if err != nil {
		return err
	}
	return describeClocks(ctx, tx, doc)
}

func stabilityOf(stored []byte) ([]document.Stability, error) {
	var bands []inventory.Stability
	if err := json.Unmarshal(stored, &bands); err != nil {
		return nil, err
	}
	var said []document.Stability
	for _, b := range bands {
		said = append(said, document.Stability{FromCelsius: b.FromCelsius, ToCelsius: b.ToCelsius, Hours: b.Hours, Source: b.Source, Single: b.Single, Then: string(b.Then)})
	}
	return said, nil
}

func describePeople(ctx context.Context, tx *Tx, doc *document.Document) error {
	const q = `
		SELECT ` + personColumns + `
		FROM people p
		WHERE p.disabled_at IS NULL
		ORDER BY p.id`
	rows, err := tx.Query(ctx, q)
	doc.People, err = gather(rows, err, func(rows *sql.Rows) (document.Person, error) {
		p, err := scanPerson(rows.Scan)
		return document.Person{ID: p.ID, Name: p.Name, Email: p.Email, Roles: p.Roles, Unit: p.Unit}, err
	})
	return err
}
