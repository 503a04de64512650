package db

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
)

// EachSituation is reorder.Reader: it reads each table once and puts the rows
// together in memory, which is many times faster than asking spot by spot.
func (o Orders) EachSituation(ctx context.Context, since inventory.Date, look func(reorder.Situation)) error {
	s := &sweep{ctx: ctx, db: o.DB, today: since + reorder.HistoryDays, spots: map[reorder.Spot]*reorder.Situation{}}
	like, err := allSubstitutes(ctx, o)
	if err != nil {
		return fmt.Errorf("look at all stock: %w", err)
	}
	s.like = like
	for _, read := range []func() error{s.goods, s.breaks, func() error { return s.refills(o) }, s.levels, s.balances, func() error { return s.use(since) }, s.orders, s.holds, s.deliveries, s.empties, s.methods} {
		if err := read(); err != nil {
			return fmt.Errorf("look at all stock: %w", err)
		}
	}
	order := make([]reorder.Spot, 0, len(s.spots))
	for spot := range s.spots {
		order = append(order, spot)
	}
	slices.SortFunc(order, func(a, b reorder.Spot) int { return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.Place, b.Place)) })
	for _, spot := range order {
		look(s.complete(spot))
	}
	return nil
}

type sweep struct {
	ctx       context.Context
	db        *DB
	items     map[inventory.ItemID]inventory.Item
	places    map[inventory.PlaceID]inventory.Place
	suppliers map[inventory.SupplierID]inventory.Supplier
	levelled  map[inventory.ItemID]bool // some place has a level
	took      map[inventory.SupplierID][]float64
	like      map[inventory.ItemID][]inventory.ItemID
	today     inventory.Date
	spots     map[reorder.Spot]*reorder.Situation
}

func (s *sweep) at(spot reorder.Spot) *reorder.Situation {
	found := s.spots[spot]
	if found == nil {
		found = &reorder.Situation{}
		s.spots[spot] = found
	}
	return found
}

func (s *sweep) complete(spot reorder.Spot) reorder.Situation {
	situation := *s.spots[spot]
	situation.Item, situation.Place = s.items[spot.Item], s.places[spot.Place]
	if like := s.like[spot.Item]; len(like) > 0 && situation.New(s.today) {
		if other := s.spots[reorder.Spot{Item: like[0], Place: spot.Place}]; other != nil {
			situation = situation.StartedFrom(s.items[like[0]], *other)
		}
	}
	situation.Supplier = s.suppliers[situation.Item.Supplier]
	situation.Took = s.took[situation.Supplier.ID]
	situation.OrderedFor = situation.HasLevel || !s.levelled[spot.Item] || situation.Refill.Kind != policy.ByUse
	return situation
}

// each calls take after each row was read into what into names.
func (s *sweep) each(q string, args []any, into []any, take func()) error {
	rows, err := s.db.Query(s.ctx, q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		take()
	}
	return rows.Err()
}

func (s *sweep) goods() error {
	s.items, s.places, s.suppliers = map[inventory.ItemID]inventory.Item{}, map[inventory.PlaceID]inventory.Place{}, map[inventory.SupplierID]inventory.Supplier{}
	const items = `
		SELECT id, name, unit, pack, COALESCE(supplier, ''), supplier_code, price_minor, least_packs, review_days, shelf_life, criticality, storage
		FROM stock_items`
	var i inventory.Item
	err := s.each(items, nil, []any{&i.ID, &i.Name, &i.Unit, &i.Pack, &i.Supplier, &i.SupplierCode, &i.Price, &i.LeastPacks, &i.ReviewDays,
		&i.ShelfLife, &i.Criticality, &i.Storage}, func() { s.items[i.ID] = i })
	if err != nil {
		return err
	}
	const places = `
		SELECT id, name, room, unit, fridge
		FROM stock_places`
	var p inventory.Place
	if err := s.each(places, nil, placeColumns(&p), func() { s.places[p.ID] = p }); err != nil {
		return err
	}
	const suppliers = `
		SELECT id, name, email, currency, account, lead_days, minimum_minor, calendar, channel
		FROM suppliers`
	var u inventory.Supplier
	return s.each(suppliers, nil, append([]any{&u.ID, &u.Name, &u.Email, &u.Currency, &u.Account, &u.LeadDays, &u.Minimum}, termsColumns(&u)...), func() { s.suppliers[u.ID] = u })
}

func (s *sweep) refills(o Orders) error {
	all, err := o.Refills(s.ctx)
	for spot, r := range all {
		s.at(spot).Refill = r
	}
	return err
}

func (s *sweep) levels() error {
	const q = `
		SELECT item, place, minimum, maximum
		FROM stock_levels`
	s.levelled = map[inventory.ItemID]bool{}
	var spot reorder.Spot
	var minimum, maximum int64
	return s.each(q, nil, []any{&spot.Item, &spot.Place, &minimum, &maximum}, func() {
		at := s.at(spot)
		at.HasLevel, at.Minimum, at.Maximum = true, minimum, maximum
		s.levelled[spot.Item] = true
	})
}

func (s *sweep) balances() error {
	const q = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot`
	var b inventory.Balance
	return s.each(q, nil, []any{&b.Lot.ID, &b.Lot.Item, &b.Lot.Number, &b.Lot.Expiry, &b.Place, &b.Free, &b.Held}, func() {
		at := s.at(reorder.Spot{Item: b.Lot.Item, Place: b.Place})
		if b.OnHand() > 0 {
			at.Shelf = append(at.Shelf, b)
		}
	})
}

func (s *sweep) use(since inventory.Date) error {
	const first = `
		SELECT item, place, MIN(day)
		FROM stock_use
		GROUP BY item, place`
	var spot reorder.Spot
	var day inventory.Date
	if err := s.each(first, nil, []any{&spot.Item, &spot.Place, &day}, func() { s.at(spot).FirstUse = day }); err != nil {
		return err
	}
	const q = `
		SELECT item, place, day, quantity
		FROM stock_use
		WHERE day >= $1
		ORDER BY item, place, day`
	var quantity int64
	return s.each(q, []any{since}, []any{&spot.Item, &spot.Place, &day, &quantity}, func() {
		at := s.at(spot)
		at.Use = append(at.Use, reorder.DayUse{Day: day, Quantity: quantity})
	})
}

func (s *sweep) orders() error {
	const ordered = `
		SELECT item, place, SUM(ordered - received - cancelled)
		FROM order_lines
		WHERE received + cancelled < ordered
		GROUP BY item, place`
	var spot reorder.Spot
	var n int64
	if err := s.each(ordered, nil, []any{&spot.Item, &spot.Place, &n}, func() { s.at(spot).OnOrder = n }); err != nil {
		return err
	}
	const carried = `
		SELECT item, to_place, SUM(quantity), 0
		FROM transfers
		WHERE status = 'asked'
		GROUP BY item, to_place
		UNION ALL
		SELECT item, from_place, 0, SUM(quantity)
		FROM transfers
		WHERE status = 'asked'
		GROUP BY item, from_place`
	var reserved int64
	if err := s.each(carried, nil, []any{&spot.Item, &spot.Place, &n, &reserved}, func() {
		s.at(spot).OnOrder += n
		s.at(spot).Reserved += reserved
	}); err != nil {
		return err
	}
	const open = `
		SELECT item, place, quantity
		FROM proposals
		WHERE status IN ('waiting', 'half approved')`
	if err := s.each(open, nil, []any{&spot.Item, &spot.Place, &n}, func() { s.at(spot).Open = &reorder.Proposal{Quantity: n} }); err != nil {
		return err
	}
	const quiet = `
		SELECT item, place, until
		FROM reorder_quiet`
	var until inventory.Date
	return s.each(quiet, nil, []any{&spot.Item, &spot.Place, &until}, func() { s.at(spot).QuietUntil = until })
}

func (s *sweep) holds() error {
	const q = `
		SELECT DISTINCT item, place, 'excursion ' || excursion || ' in ' || COALESCE((SELECT f.name FROM fridges f WHERE f.id = fridge), fridge)
		FROM stock_holds
		WHERE decision = ''`
	var spot reorder.Spot
	var name sql.NullString
	return s.each(q, nil, []any{&spot.Item, &spot.Place, &name}, func() {
		at := s.at(spot)
		at.Excursions = append(at.Excursions, name.String)
	})
}

func (s *sweep) deliveries() error {
	const q = `
		SELECT supplier, days
		FROM (SELECT supplier, arrived_day - sent_day AS days, ROW_NUMBER() OVER (PARTITION BY supplier ORDER BY id DESC) AS nth FROM deliveries)
		WHERE nth <= $1
		ORDER BY supplier, nth`
	s.took = map[inventory.SupplierID][]float64{}
	var id inventory.SupplierID
	var days float64
	return s.each(q, []any{reorder.DeliveriesKept}, []any{&id, &days}, func() { s.took[id] = append(s.took[id], days) })
}

func (s *sweep) empties() error {
	const q = `
		SELECT item, place, since, until
		FROM stock_empty
		ORDER BY item, place, since`
	var spot reorder.Spot
	var e reorder.Stretch
	return s.each(q, nil, []any{&spot.Item, &spot.Place, &e.Since, &e.Until}, func() {
		if at := s.spots[spot]; at != nil {
			at.Empty = append(at.Empty, e)
		}
	})
}

func (s *sweep) methods() error {
	const q = `
		SELECT item, place, choice
		FROM stock_methods`
	var spot reorder.Spot
	var choice jsonText
	var wrong error
	err := s.each(q, nil, []any{&spot.Item, &spot.Place, &choice}, func() {
		if at := s.spots[spot]; at != nil {
			wrong = errors.Join(wrong, json.Unmarshal(choice.raw, &at.Choice))
		}
	})
	return errors.Join(err, wrong)
}
