package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital/document"
)

// A supplier's calendar and channel are kept as the hospital document has them.

// termsColumns are read by every query that reads a supplier, in this order.
func termsColumns(s *inventory.Supplier) []any {
	return []any{calendarText{&s.Calendar}, channelText{&s.Channel}}
}

// calendarText scans a stored calendar.
type calendarText struct{ into *inventory.Calendar }

// Scan is sql.Scanner.
func (c calendarText) Scan(stored any) error {
	text, err := storedText(stored)
	if err != nil || string(text) == "null" {
		*c.into = inventory.Calendar{}
		return err
	}
	var d document.Calendar
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	*c.into = calendarOf(d)
	return nil
}

// channelText scans a stored channel.
type channelText struct{ into *inventory.Channel }

// Scan is sql.Scanner.
func (c channelText) Scan(stored any) error {
	text, err := storedText(stored)
	if err != nil || string(text) == "null" {
		*c.into = inventory.Channel{}
		return err
	}
	var d document.Channel
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	*c.into = inventory.Channel{Format: inventory.Format(d.Format), URL: d.URL, OurID: d.OurID, TheirID: d.TheirID, HostKey: d.HostKey, Answers: d.Answers}
	return nil
}

func storedText(stored any) ([]byte, error) {
	switch text := stored.(type) {
	case string:
		return []byte(text), nil
	case []byte:
		return text, nil
	}
	return nil, fmt.Errorf("%T is no text", stored)
}

func calendarOf(d document.Calendar) inventory.Calendar {
	c := inventory.Calendar{OrderDays: weekdays(d.OrderDays), DeliveryDays: weekdays(d.DeliveryDays), WorkingDays: d.WorkingDays}
	if at, err := time.Parse("15:04", d.CutOff); err == nil {
		c.CutOff = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	for _, day := range d.Holidays {
		if at, ok := day.Time(); ok {
			c.Holidays = append(c.Holidays, inventory.DateOf(at, time.UTC))
		}
	}
	return c
}

func weekdays(names []string) (days []time.Weekday) {
	for _, name := range names {
		if i := slices.Index(document.Weekdays(), name); i >= 0 {
			days = append(days, time.Weekday(i))
		}
	}
	return days
}

// asStored is a part of the document as it is kept.
func asStored(part any) (string, error) {
	text, err := json.Marshal(part)
	return string(text), err
}

// supplierTerms stores what a document says of a supplier's calendar and channel.
func (a *stockImport) supplierTerms(path string, d document.Supplier) error {
	const read = `
		SELECT calendar, channel
		FROM suppliers
		WHERE id = $1`
	const save = `
		UPDATE suppliers
		SET calendar = $1, channel = $2
		WHERE id = $3`
	calendar, err := asStored(d.Calendar)
	if err != nil {
		return err
	}
	channel, err := asStored(d.Channel)
	if err != nil {
		return err
	}
	var is [2]string
	if err := a.tx.QueryRow(a.ctx, read, d.ID).Scan(&is[0], &is[1]); err != nil {
		return err
	}
	if is == [2]string{calendar, channel} {
		return nil
	}
	return a.put(path, "terms of "+d.Name, fmt.Sprint(is), [2]string{calendar, channel}, func() error {
		_, err := a.tx.Exec(a.ctx, save, calendar, channel, d.ID)
		return err
	})
}

// breaks stores the lower prices of larger orders.
func (a *stockImport) breaks(path string, d document.Item) error {
	is, err := priceBreaks(a.ctx, a.tx, inventory.ItemID(d.ID))
	if err != nil {
		return err
	}
	wanted := make([]inventory.PriceBreak, len(d.PriceBreaks))
	for i, b := range d.PriceBreaks {
		wanted[i] = inventory.PriceBreak{Packs: b.Packs, Price: b.PriceMinor}
	}
	if slices.Equal(is, wanted) {
		return nil
	}
	stored := ""
	if len(is) > 0 {
		if stored, err = asStored(is); err != nil {
			return err
		}
	}
	return a.put(path+"/price_breaks", "price breaks of "+d.Name, stored, wanted, func() error {
		return setBreaks(a.ctx, a.tx.Tx, inventory.ItemID(d.ID), wanted)
	})
}

// setBreaks puts an item's price breaks in the place of those that there are.
func setBreaks(ctx context.Context, tx *Tx, item inventory.ItemID, breaks []inventory.PriceBreak) error {
	const clear = `
		DELETE FROM price_breaks
		WHERE item = $1`
	const add = `
		INSERT INTO price_breaks (item, packs, price_minor)
		VALUES ($1, $2, $3)`
	if _, err := tx.Exec(ctx, clear, item); err != nil {
		return err
	}
	for _, b := range breaks {
		if _, err := tx.Exec(ctx, add, item, b.Packs, b.Price); err != nil {
			return err
		}
	}
	return nil
}

// SetPrices is reorder.Tx.
func (tx ordersTx) SetPrices(ctx context.Context, item inventory.ItemID, price int64, breaks []inventory.PriceBreak) error {
	const q = `
		UPDATE stock_items
		SET price_minor = $1
		WHERE id = $2`
	if _, err := tx.Exec(ctx, q, price, item); err != nil {
		return err
	}
	return setBreaks(ctx, tx.Tx, item, breaks)
}

// PricesOf is reorder.Reader.
func (o Orders) PricesOf(ctx context.Context, id inventory.ItemID) (inventory.Item, inventory.Supplier, error) {
	item, err := Stock(o).FindItem(ctx, id)
	if err != nil {
		return item, inventory.Supplier{}, err
	}
	if item.Breaks, err = priceBreaks(ctx, o, id); err != nil || item.Supplier == "" {
		return item, inventory.Supplier{}, err
	}
	supplier, err := o.SupplierNamed(ctx, item.Supplier)
	return item, supplier, err
}

// priceBreaks are an item's, from the fewest packs up.
func priceBreaks(ctx context.Context, from asker, item inventory.ItemID) ([]inventory.PriceBreak, error) {
	const q = `
		SELECT packs, price_minor
		FROM price_breaks
		WHERE item = $1
		ORDER BY packs`
	rows, err := from.Query(ctx, q, item)
	return collect(rows, err, func(b *inventory.PriceBreak) []any { return []any{&b.Packs, &b.Price} })
}

// breaks reads all of them.
func (s *sweep) breaks() error {
	const q = `
		SELECT item, packs, price_minor
		FROM price_breaks
		ORDER BY item, packs`
	var id inventory.ItemID
	var b inventory.PriceBreak
	return s.each(q, nil, []any{&id, &b.Packs, &b.Price}, func() {
		item := s.items[id]
		item.Breaks = append(item.Breaks, b)
		s.items[id] = item
	})
}

// describeTerms puts calendars, channels and price breaks into a document that has its suppliers and items.
func describeTerms(ctx context.Context, tx *Tx, doc *document.Document) error {
	const terms = `
		SELECT id, calendar, channel
		FROM suppliers
		WHERE calendar <> 'null' OR channel <> 'null'`
	rows, err := tx.Query(ctx, terms)
	all, err := collect(rows, err, func(row *[3]string) []any { return []any{&row[0], &row[1], &row[2]} })
	if err != nil {
		return err
	}
	for _, row := range all {
		i := slices.IndexFunc(doc.Suppliers, func(s document.Supplier) bool { return s.ID == row[0] })
		if i < 0 {
			continue
		}
		if err := json.Unmarshal([]byte(row[1]), &doc.Suppliers[i].Calendar); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(row[2]), &doc.Suppliers[i].Channel); err != nil {
			return err
		}
	}
	return describeBreaks(ctx, tx, doc)
}

func describeBreaks(ctx context.Context, tx *Tx, doc *document.Document) error {
	type one struct {
		item string
		document.PriceBreak
	}
	const q = `
		SELECT item, packs, price_minor
		FROM price_breaks
		ORDER BY item, packs`
	rows, err := tx.Query(ctx, q)
	all, err := collect(rows, err, func(b *one) []any { return []any{&b.item, &b.Packs, &b.PriceMinor} })
	if err != nil {
		return err
	}
	byItem := map[string][]document.PriceBreak{}
	for _, b := range all {
		byItem[b.item] = append(byItem[b.item], b.PriceBreak)
	}
	for i := range doc.Items {
		doc.Items[i].PriceBreaks = byItem[doc.Items[i].ID]
	}
	return nil
}

// SendingsOf is reorder.Reader.
func (o Orders) SendingsOf(ctx context.Context, number string) ([]reorder.Sending, error) {
	const q = `
		SELECT attempt, at, way, recipient, outcome, trouble
		FROM order_sendings
		WHERE number = $1
		ORDER BY id DESC`
	rows, err := o.Query(ctx, q, number)
	return scanAll(rows, err, func(row scanner) (s reorder.Sending, err error) {
		var at int64
		err = row.Scan(&s.Attempt, &at, &s.Way, &s.Recipient, &s.Outcome, &s.Trouble)
		s.At = fromMS(at)
		return s, err
	})
}
