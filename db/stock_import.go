package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// applyStock takes in suppliers, items with their levels, places and opening
// stock. What is there already with the same content is left alone, and opening
// stock is booked once.
func applyStock(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	a := &stockImport{ctx: ctx, tx: stockTx{tx}, doc: doc}
	for _, section := range []func() error{a.suppliers, a.places, a.items, a.substitutesLater, a.supply, a.opening} {
		if err := section(); err != nil {
			return nil, fmt.Errorf("import stock: %w", err)
		}
	}
	return a.changes, nil
}

type stockImport struct {
	ctx     context.Context
	tx      stockTx
	doc     document.Document
	changes []document.Change
}

// put stores one thing when it is new or differs: stored is its present content
// as JSON, "" when there is none.
func (a *stockImport) put(path, thing, stored string, wanted any, save func() error) error {
	now, err := json.Marshal(wanted)
	if err != nil {
		return err
	}
	what := document.Add
	switch stored {
	case string(now):
		what = document.Same
	case "":
	default:
		what = document.Alter
	}
	a.changes = append(a.changes, document.Change{Path: path, What: what, Thing: thing})
	if what == document.Same {
		return nil
	}
	if err := save(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// asJSON is a stored thing as JSON, "" when there is none.
func asJSON(thing any, err error) (string, error) {
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, hospital.ErrUnknown) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(thing)
	return string(text), err
}

func (a *stockImport) suppliers() error {
	const read = `
		SELECT id, name, email, currency, account, lead_days, minimum_minor
		FROM suppliers
		WHERE id = $1`
	const save = `
		INSERT INTO suppliers (id, name, email, currency, account, lead_days, minimum_minor)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, currency = excluded.currency,
			account = excluded.account, lead_days = excluded.lead_days, minimum_minor = excluded.minimum_minor`
	for i, d := range a.doc.Suppliers {
		if err := a.tx.pace.On(1); err != nil {
			return err
		}
		s := inventory.Supplier{ID: inventory.SupplierID(d.ID), Name: d.Name, Email: d.Email, Currency: d.Currency,
			Account: d.Account, LeadDays: d.LeadDays, Minimum: d.MinimumMinor}
		var is inventory.Supplier
		stored, err := asJSON(&is, a.tx.QueryRow(a.ctx, read, d.ID).Scan(&is.ID, &is.Name, &is.Email, &is.Currency, &is.Account, &is.LeadDays, &is.Minimum))
		if err != nil {
			return err
		}
		err = a.put(fmt.Sprintf("/suppliers/%d", i), "supplier "+d.Name, stored, s, func() error {
			_, err := a.tx.Exec(a.ctx, save, s.ID, s.Name, s.Email, s.Currency, s.Account, s.LeadDays, s.Minimum)
			return err
		})
		if err == nil {
			err = a.supplierTerms(fmt.Sprintf("/suppliers/%d", i), d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *stockImport) places() error {
	const save = `
		INSERT INTO stock_places (id, name, room, unit, fridge)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, room = excluded.room, unit = excluded.unit, fridge = excluded.fridge`
	for i, d := range a.doc.Places {
		if err := a.tx.pace.On(1); err != nil {
			return err
		}
		p := inventory.Place{ID: inventory.PlaceID(d.ID), Name: d.Name, Room: d.Room, Unit: d.Unit}
		if err := json.Unmarshal([]byte(fmt.Sprintf("%q", d.Fridge)), &p.Fridge); err != nil {
			return err
		}
		stored, err := asJSON(a.tx.Place(a.ctx, p.ID))
		if err != nil {
			return err
		}
		err = a.put(fmt.Sprintf("/places/%d", i), "place "+d.Name, stored, p, func() error {
			_, err := a.tx.Exec(a.ctx, save, p.ID, p.Name, p.Room, p.Unit, p.Fridge)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *stockImport) items() error {
	for i, d := range a.doc.Items {
		if err := a.tx.pace.On(1); err != nil {
			return err
		}
		item := itemOf(d)
		stored, err := asJSON(a.tx.Item(a.ctx, item.ID))
		if err != nil {
			return err
		}
		err = a.put(fmt.Sprintf("/items/%d", i), "item "+d.Name, stored, item, func() error { return a.tx.saveItem(a.ctx, item) })
		if err != nil {
			return err
		}
		if err := a.breaks(fmt.Sprintf("/items/%d", i), d); err != nil {
			return err
		}
		if err := a.keeping(fmt.Sprintf("/items/%d/beyond_use", i), item, d); err != nil {
			return err
		}
		for j, level := range d.Levels {
			if err := a.level(fmt.Sprintf("/items/%d/levels/%d", i, j), d, level); err != nil {
				return err
			}
		}
	}
	return nil
}

func itemOf(d document.Item) inventory.Item {
	item := inventory.Item{ID: inventory.ItemID(d.ID), Name: d.Name, Unit: d.UnitOfIssue, GTIN: asGTIN(d.GTIN), Pack: max(int64(d.Pack), 1),
		Supplier: inventory.SupplierID(d.Supplier), SupplierCode: d.SupplierCode, Price: d.PriceMinor, LeastPacks: int64(d.MinimumPacks),
		ReviewDays: d.ReviewDays, ShelfLife: d.ShelfLifeDays, Criticality: d.Criticality, Storage: d.Storage}
	for _, s := range d.Stability {
		item.Stability = append(item.Stability, inventory.Stability{FromCelsius: s.FromCelsius, ToCelsius: s.ToCelsius, Hours: s.Hours, Source: s.Source, Single: s.Single, Then: inventory.Then(s.Then)})
	}
	return item
}

func (a *stockImport) level(path string, item document.Item, level document.Level) error {
	const read = `
		SELECT place, minimum, maximum
		FROM stock_levels
		WHERE item = $1 AND place = $2`
	const save = `
		INSERT INTO stock_levels (item, place, minimum, maximum)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (item, place) DO UPDATE SET minimum = excluded.minimum, maximum = excluded.maximum`
	const due = `
		INSERT INTO stock_due (item, place)
		VALUES ($1, $2)
		ON CONFLICT (item, place) DO NOTHING`
	var is document.Level
	stored, err := asJSON(&is, a.tx.QueryRow(a.ctx, read, item.ID, level.Place).Scan(&is.Place, &is.Minimum, &is.Maximum))
	if err != nil {
		return err
	}
	return a.put(path, "level of "+item.Name+" at "+level.Place, stored, level, func() error {
		if err := a.notOtherwise(path, item, level); err != nil {
			return err
		}
		if _, err := a.tx.Exec(a.ctx, save, item.ID, level.Place, level.Minimum, level.Maximum); err != nil {
			return err
		}
		_, err := a.tx.Exec(a.ctx, due, item.ID, level.Place)
		return err
	})
}

// notOtherwise refuses another level for a place that is refilled in another way.
func (a *stockImport) notOtherwise(path string, item document.Item, level document.Level) error {
	is, err := ordersTx{a.tx}.Refill(a.ctx, reorder.Spot{Item: inventory.ItemID(item.ID), Place: inventory.PlaceID(level.Place)})
	if err == nil && is.Kind != policy.ByUse && is.Kind != policy.MinMax {
		err = document.Faults{{Path: path, Says: fmt.Sprintf("This place is refilled by %s. Say so under refills, or change it on the item's page.", is.Kind)}}
	}
	return err
}

// opening books what a place held when the hospital was taken in, once for each lot and place.
func (a *stockImport) opening() error {
	const booked = `
		SELECT COUNT(*)
		FROM stock_movements
		WHERE lot = $1 AND place = $2 AND kind = 'opening'`
	by := hospital.Job("import")
	today := inventory.DateOf(a.tx.Now(), hospital.Site{Zone: a.doc.Site.Zone}.Location())
	for i, d := range a.doc.Stock {
		if err := a.tx.pace.On(1); err != nil {
			return err
		}
		expiry, err := inventory.ParseDate(string(d.Expiry))
		if err != nil {
			return fmt.Errorf("/stock/%d: %w", i, err)
		}
		lot, err := a.tx.EnsureLot(a.ctx, inventory.ItemID(d.Item), strings.TrimSpace(d.Lot), expiry)
		if err != nil {
			return fmt.Errorf("/stock/%d: %w", i, err)
		}
		var times int
		if err := a.tx.QueryRow(a.ctx, booked, lot.ID, d.Place).Scan(&times); err != nil {
			return err
		}
		stored := ""
		if times > 0 || d.Quantity == 0 {
			stored = `"booked"`
		}
		err = a.put(fmt.Sprintf("/stock/%d", i), fmt.Sprintf("%d of %s, lot %s, at %s", d.Quantity, d.Item, d.Lot, d.Place), stored, "booked", func() error {
			return a.tx.Append(a.ctx, inventory.Movement{At: a.tx.Now(), Day: today, Kind: inventory.Opening, Item: lot.Item, Lot: lot.ID,
				Place: inventory.PlaceID(d.Place), Free: d.Quantity, By: by.ID, ByName: by.Name, Why: "opening stock", Source: "import"})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
