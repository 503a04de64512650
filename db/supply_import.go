package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// How places are refilled, packs, cabinets, goods that are not ours and budgets, as the
// hospital document has them. What it does not name stays as it is; what the domain
// refuses of it is a fault at its path.

// supply takes them in once every item and place of the document is there.
func (a *stockImport) supply() error {
	for _, section := range []func() error{a.readers, a.settings, a.budgets} {
		if err := section(); err != nil {
			return err
		}
	}
	return nil
}

// readers has cabinets read by their readers.
func (a *stockImport) readers() error {
	const read = `
		SELECT gateway
		FROM stock_cabinets
		WHERE place = $1`
	for i, d := range a.doc.Places {
		if d.Reader == "" {
			continue
		}
		var is hospital.GatewayID
		stored, err := asJSON(&is, a.tx.QueryRow(a.ctx, read, d.ID).Scan(&is))
		if err != nil {
			return err
		}
		err = a.put(fmt.Sprintf("/places/%d/reader", i), "reader of "+d.Name, stored, d.Reader, func() error {
			a.tx.Announce("cabinets")
			return storeroomTx{a.tx}.SetCabinet(a.ctx, inventory.PlaceID(d.ID), d.Reader)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settings are those of each item.
func (a *stockImport) settings() error {
	for i, d := range a.doc.Items {
		path := fmt.Sprintf("/items/%d", i)
		for j, p := range d.Packs {
			if err := a.packing(fmt.Sprintf("%s/packs/%d", path, j), d, p); err != nil {
				return err
			}
		}
		for j, r := range d.Refills {
			if err := a.refill(fmt.Sprintf("%s/refills/%d", path, j), d, r); err != nil {
				return err
			}
		}
		for j, c := range d.Consigned {
			if err := a.consigned(fmt.Sprintf("%s/consigned/%d", path, j), d, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// packing adds a version of a pack where it means another number, or bears another GTIN.
func (a *stockImport) packing(path string, item document.Item, d document.Packing) error {
	const read = `
		SELECT name, units, gtin
		FROM stock_packings p
		WHERE p.item = $1 AND p.name = $2 AND ` + counting
	wanted := document.Packing{Name: strings.ToLower(strings.TrimSpace(d.Name)), Units: d.Units, GTIN: asGTIN(d.GTIN)}
	var is document.Packing
	stored, err := asJSON(&is, a.tx.QueryRow(a.ctx, read, item.ID, wanted.Name).Scan(&is.Name, &is.Units, &is.GTIN))
	if err != nil {
		return err
	}
	return a.put(path, wanted.Name+" of "+item.Name, stored, wanted, func() error {
		a.tx.Announce("stock/" + item.ID)
		return storeroomTx{a.tx}.AddPacking(a.ctx, inventory.Packing{Item: inventory.ItemID(item.ID), Name: wanted.Name, Units: wanted.Units, GTIN: wanted.GTIN,
			At: a.tx.Now(), By: hospital.Job("import").Name})
	})
}

// refill says how a place is refilled; what follows from it is proposed by the next run.
func (a *stockImport) refill(path string, item document.Item, d document.Refill) error {
	wanted := policy.Refill{Kind: policy.Kind(d.Kind), Minimum: d.Minimum, Maximum: d.Maximum, ReviewDays: d.ReviewDays, Bins: d.Bins, BinSize: d.BinSize}.Plain()
	if fault := wanted.Fault(); fault != "" {
		return document.Faults{{Path: path, Says: fault}}
	}
	desk, spot := ordersTx{a.tx}, reorder.Spot{Item: inventory.ItemID(item.ID), Place: inventory.PlaceID(d.Place)}
	is, err := desk.Refill(a.ctx, spot)
	if err != nil {
		return err
	}
	wanted.Since = int(inventory.DateOf(a.tx.Now(), hospital.Site{Zone: a.doc.Site.Zone}.Location()))
	stored := ""
	if is.Kind != policy.ByUse {
		if is.Periodic() && is.ReviewDays == wanted.ReviewDays {
			wanted.Since = is.Since
		}
		if !wanted.Periodic() {
			wanted.Since = is.Since // nothing is counted from it
		}
		if stored, err = asJSON(is.Plain(), nil); err != nil {
			return err
		}
	}
	return a.put(path, "how "+item.Name+" is refilled at "+d.Place, stored, wanted, func() error {
		a.tx.Announce("stock", "stock/"+item.ID)
		return errors.Join(desk.SaveRefill(a.ctx, spot, wanted), desk.MarkDue(a.ctx, []reorder.Spot{spot}))
	})
}

// consigned says whose the item at a place is; it changes on an empty shelf alone.
func (a *stockImport) consigned(path string, item document.Item, d document.Consigned) error {
	const read = `
		SELECT place, supplier
		FROM stock_consignments
		WHERE item = $1 AND place = $2`
	var is document.Consigned
	stored, err := asJSON(&is, a.tx.QueryRow(a.ctx, read, item.ID, d.Place).Scan(&is.Place, &is.Supplier))
	if err != nil {
		return err
	}
	var fault error
	err = a.put(path, "whose "+item.Name+" at "+d.Place+" is", stored, d, func() error {
		fault = inventory.ConsignIn(a.ctx, storeroomTx{a.tx}, inventory.ItemID(item.ID), inventory.PlaceID(d.Place), inventory.SupplierID(d.Supplier))
		return fault
	})
	if fault != nil {
		return faulty(path, fault)
	}
	return err
}

// budgets of units; one of the same unit, currency and first day is changed.
func (a *stockImport) budgets() error {
	for i, d := range a.doc.Budgets {
		path := fmt.Sprintf("/budgets/%d", i)
		wanted := reorder.Budget{Name: d.Name, Unit: d.Unit, Currency: d.Currency, Amount: d.AmountMinor, SetName: hospital.Job("import").Name}
		var err error
		if wanted.From, err = inventory.ParseDate(string(d.From)); err == nil {
			wanted.Until, err = inventory.ParseDate(string(d.Until))
		}
		if err != nil {
			return document.Faults{{Path: path, Says: "Give the first and the last day of the period."}}
		}
		touching, err := ordersTx{a.tx}.Budgets(a.ctx, wanted.From, wanted.Until)
		if err != nil {
			return err
		}
		stored := ""
		for _, b := range touching {
			if b.Unit != wanted.Unit || b.Currency != wanted.Currency || b.From != wanted.From {
				continue
			}
			wanted.ID, wanted.Version = b.ID, b.Version
			if stored, err = asJSON(budgetSaid(b), nil); err != nil {
				return err
			}
		}
		if err := wanted.Beside(touching); err != nil {
			return faulty(path, err)
		}
		err = a.put(path, "budget "+d.Name, stored, budgetSaid(wanted), func() error {
			_, err := ordersTx{a.tx}.SaveBudget(a.ctx, wanted)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func budgetSaid(b reorder.Budget) document.Budget {
	return document.Budget{Name: b.Name, Unit: b.Unit, Currency: b.Currency, From: document.Date(b.From.String()), Until: document.Date(b.Until.String()), AmountMinor: b.Amount}
}

// describeSupply puts them into a document that has its items and places.
func describeSupply(ctx context.Context, tx *Tx, doc *document.Document) error {
	readers, err := pairsOf(ctx, tx, `
		SELECT place, '', gateway
		FROM stock_cabinets`)
	if err != nil {
		return err
	}
	for i := range doc.Places {
		for _, r := range readers[doc.Places[i].ID] {
			doc.Places[i].Reader = hospital.GatewayID(r[1])
		}
	}
	consigned, err := pairsOf(ctx, tx, `
		SELECT item, place, supplier
		FROM stock_consignments
		ORDER BY item, place`)
	if err != nil {
		return err
	}
	packs, refills, err := settingsOf(ctx, tx)
	if err != nil {
		return err
	}
	for i := range doc.Items {
		item := &doc.Items[i]
		for _, c := range consigned[item.ID] {
			item.Consigned = append(item.Consigned, document.Consigned{Place: c[0], Supplier: c[1]})
		}
		item.Packs, item.Refills = packs[item.ID], refills[item.ID]
		item.Levels = withoutRefills(item.Levels, item.Refills)
	}
	return describeBudgets(ctx, tx, doc)
}

// pairsOf reads rows of a key and two texts.
func pairsOf(ctx context.Context, tx *Tx, q string) (map[string][][2]string, error) {
	rows, err := tx.Query(ctx, q)
	all, err := collect(rows, err, func(row *[3]string) []any { return []any{&row[0], &row[1], &row[2]} })
	byKey := map[string][][2]string{}
	for _, row := range all {
		byKey[row[0]] = append(byKey[row[0]], [2]string{row[1], row[2]})
	}
	return byKey, err
}

// settingsOf are the packs of all items that count now, and how their places are refilled.
func settingsOf(ctx context.Context, tx *Tx) (packs map[string][]document.Packing, refills map[string][]document.Refill, err error) {
	const qPacks = selectPacking + `
		WHERE ` + counting + `
		ORDER BY p.item, p.units, p.name`
	rows, err := tx.Query(ctx, qPacks)
	counted, err := scanAll(rows, err, scanPacking)
	packs = map[string][]document.Packing{}
	for _, p := range counted {
		packs[string(p.Item)] = append(packs[string(p.Item)], document.Packing{Name: p.Name, Units: p.Units, GTIN: p.GTIN})
	}
	if err != nil {
		return nil, nil, err
	}
	const qRefills = selectRefill + `
		ORDER BY r.item, r.place`
	rows, err = tx.Query(ctx, qRefills)
	refills = map[string][]document.Refill{}
	_, err = scanAll(rows, err, func(row scanner) (r policy.Refill, err error) {
		spot, r, err := scanRefill(row)
		r = r.Plain()
		refills[string(spot.Item)] = append(refills[string(spot.Item)], document.Refill{Place: string(spot.Place), Kind: string(r.Kind),
			Minimum: r.Minimum, Maximum: r.Maximum, ReviewDays: r.ReviewDays, Bins: r.Bins, BinSize: r.BinSize})
		return r, err
	})
	return packs, refills, err
}

// withoutRefills leaves out the levels that follow from how a place is refilled.
func withoutRefills(levels []document.Level, refills []document.Refill) (left []document.Level) {
	said := map[string]bool{}
	for _, r := range refills {
		said[r.Place] = true
	}
	for _, l := range levels {
		if !said[l.Place] {
			left = append(left, l)
		}
	}
	return left
}

func describeBudgets(ctx context.Context, tx *Tx, doc *document.Document) error {
	const q = `
		SELECT name, unit, currency, from_day, until_day, amount_minor
		FROM budgets
		ORDER BY from_day, unit, currency, id`
	rows, err := tx.Query(ctx, q)
	all, err := collect(rows, err, func(b *reorder.Budget) []any {
		return []any{&b.Name, &b.Unit, &b.Currency, &b.From, &b.Until, &b.Amount}
	})
	for _, b := range all {
		doc.Budgets = append(doc.Budgets, budgetSaid(b))
	}
	return err
}
