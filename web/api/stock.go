package api

import (
	"context"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// Item is something that is held, with how much of it there is in the whole hospital.
type Item struct {
	ID          inventory.ItemID     `json:"id"`
	Name        string               `json:"name"`
	Unit        string               `json:"unit" doc:"Of issue: \"dose\", \"piece\". Every quantity is in this unit."`
	Pack        int64                `json:"pack" doc:"How many units one orderable pack holds."`
	Supplier    inventory.SupplierID `json:"supplier,omitempty"`
	Criticality string               `json:"criticality,omitempty" doc:"vital, essential or desirable."`
	Storage     string               `json:"storage,omitempty" doc:"The temperature profile that it must be kept at; absent for room temperature."`
	OnHand      int64                `json:"on_hand" doc:"All that lies anywhere."`
	Usable      int64                `json:"usable" doc:"What may be given out today."`
	Held        int64                `json:"held" doc:"Kept from use until a pharmacist decides."`
	Expired     int64                `json:"expired"`
	NextExpiry  Day                  `json:"next_expiry,omitempty" doc:"The first expiry of usable stock."`
	OnOrder     int64                `json:"on_order"`
	Proposed    int64                `json:"proposed"`
	Low         bool                 `json:"low" doc:"A place is at or under its reorder point."`
	DaysLeft    *float64             `json:"days_left,omitempty" doc:"At the place where it is least; absent when it is not known."`
}

func wireItem(l inventory.Line) Item {
	return Item{ID: l.Item.ID, Name: l.Item.Name, Unit: l.Item.Unit, Pack: l.Item.Pack, Supplier: l.Item.Supplier, Criticality: l.Item.Criticality,
		Storage: l.Item.Storage, OnHand: l.OnHand, Usable: l.Usable(), Held: l.Held, Expired: l.Expired, NextExpiry: dayOf(l.NextDay),
		OnOrder: l.OnOrder, Proposed: l.Proposed, Low: l.Low, DaysLeft: daysLeft(l.DaysLeft)}
}

// daysLeft is none where there is no end in sight.
func daysLeft(days float64) *float64 {
	if days < 0 {
		return nil
	}
	return &days
}

// ItemsIn chooses items.
type ItemsIn struct {
	Text   string           `query:"q" doc:"Part of a name or identifier, or a GTIN."`
	Filter inventory.Filter `query:"show" doc:"Only those that run low, expire soon, are held or have expired."`
	Part
}

func (a *API) items(ctx context.Context, _ hospital.Actor, in ItemsIn) (none List[Item], err error) {
	s := inventory.ItemSelection{Query: inventory.Query{Text: in.Text, Filter: in.Filter, Today: a.Stock.Today(a.Now())}}
	if err := keysOf(in.Cursor, "stock", (*string)(&s.After)); err != nil {
		return none, err
	}
	lines, err := a.Lists.Items(ctx, s, in.limit()+1)
	return listOf(in.Part, "stock", lines, func(l inventory.Line) []string { return []string{string(l.Item.ID)} }, wireItem), err
}

// ItemIn names an item.
type ItemIn struct {
	ID inventory.ItemID `path:"item" json:"-"`
}

// ItemDetail is an item with its lots and its outlook.
type ItemDetail struct {
	ID           inventory.ItemID `json:"id"`
	Name         string           `json:"name"`
	Unit         string           `json:"unit"`
	GTIN         string           `json:"gtin,omitempty"`
	Pack         int64            `json:"pack"`
	SupplierCode string           `json:"supplier_code,omitempty"`
	Criticality  string           `json:"criticality,omitempty"`
	Storage      string           `json:"storage,omitempty"`
	Lots         []Lot            `json:"lots" doc:"What lies where, that first which expires first."`
	Outlooks     []Outlook        `json:"outlooks" doc:"How each place stands, as the reorder desk last saw it."`
}

// Lot is what one place holds of one lot.
type Lot struct {
	Lot       inventory.LotID   `json:"lot"`
	Number    string            `json:"number,omitempty" doc:"As printed on the box."`
	Expiry    Day               `json:"expiry,omitempty" doc:"Usable through the end of this day; absent when it does not expire."`
	Item      inventory.ItemID  `json:"item"`
	ItemName  string            `json:"item_name"`
	Unit      string            `json:"unit"`
	Place     inventory.PlaceID `json:"place"`
	PlaceName string            `json:"place_name"`
	Usable    int64             `json:"usable"`
	Held      int64             `json:"held"`
	Expired   int64             `json:"expired"`
}

func wireLot(today inventory.Date) func(inventory.Shelved) Lot {
	return func(b inventory.Shelved) Lot {
		return Lot{Lot: b.Lot.ID, Number: b.Lot.Number, Expiry: dayOf(b.Lot.Expiry), Item: b.Lot.Item, ItemName: b.ItemName, Unit: b.Unit,
			Place: b.Place, PlaceName: b.PlaceName, Usable: b.Usable(today), Held: b.Held, Expired: b.Expired(today)}
	}
}

// Outlook is how one place stands with an item.
type Outlook struct {
	Place    inventory.PlaceID `json:"place"`
	Usable   int64             `json:"usable"`
	Position int64             `json:"position" doc:"Usable, less what will expire unused, plus what is on order and proposed."`
	Reorder  int64             `json:"reorder_point"`
	Target   int64             `json:"target"`
	PerDay   float64           `json:"per_day" doc:"The forecast of its use."`
	DaysLeft *float64          `json:"days_left,omitempty"`
	Basis    string            `json:"basis" doc:"Where the reorder point comes from."`
}

func (a *API) item(ctx context.Context, _ hospital.Actor, in ItemIn) (none ItemDetail, err error) {
	store := a.Stock.Store
	item, err := store.FindItem(ctx, in.ID)
	if err != nil {
		return none, err
	}
	out := ItemDetail{ID: item.ID, Name: item.Name, Unit: item.Unit, GTIN: item.GTIN, Pack: item.Pack, SupplierCode: item.SupplierCode,
		Criticality: item.Criticality, Storage: item.Storage, Lots: []Lot{}, Outlooks: []Outlook{}}
	balances, err := store.Balances(ctx, in.ID)
	if err != nil {
		return none, err
	}
	names, err := a.placeNames(ctx)
	if err != nil {
		return none, err
	}
	wire := wireLot(a.Stock.Today(a.Now()))
	for _, b := range balances {
		out.Lots = append(out.Lots, wire(inventory.Shelved{Balance: b, ItemName: item.Name, Unit: item.Unit, PlaceName: names[b.Place]}))
	}
	outlooks, err := store.Outlooks(ctx, in.ID)
	for _, o := range outlooks {
		out.Outlooks = append(out.Outlooks, Outlook{Place: o.Place, Usable: o.Usable, Position: o.Position, Reorder: o.Reorder, Target: o.Target,
			PerDay: o.PerDay, DaysLeft: daysLeft(o.DaysLeft), Basis: o.Basis})
	}
	return out, err
}

func (a *API) placeNames(ctx context.Context) (map[inventory.PlaceID]string, error) {
	places, err := a.Stock.Store.Places(ctx)
	names := make(map[inventory.PlaceID]string, len(places))
	for _, place := range places {
		names[place.ID] = place.Name
	}
	return names, err
}

// LedgerIn names an item and a part of its ledger.
type LedgerIn struct {
	ItemIn
	From time.Time `query:"from" doc:"At this time or later."`
	To   time.Time `query:"to" doc:"Before this time."`
	Part
}

// Movement is one line of the ledger: it is never altered.
type Movement struct {
	Seq      int64             `json:"seq"`
	At       time.Time         `json:"at"`
	Kind     inventory.Kind    `json:"kind"`
	Item     inventory.ItemID  `json:"item"`
	Lot      inventory.LotID   `json:"lot"`
	Number   string            `json:"lot_number,omitempty"`
	Place    inventory.PlaceID `json:"place"`
	Other    inventory.PlaceID `json:"other_place,omitempty" doc:"Of a move: the other end."`
	Quantity int64             `json:"quantity" doc:"The change of what lies there."`
	Free     int64             `json:"free" doc:"The change of what may be used."`
	Held     int64             `json:"held" doc:"The change of what is kept from use."`
	By       string            `json:"by"`
	Why      string            `json:"why,omitempty"`
	Source   string            `json:"source"`
	Ref      string            `json:"ref,omitempty" doc:"What it belongs to: an order's number, an excursion."`
}

func (a *API) ledger(ctx context.Context, _ hospital.Actor, in LedgerIn) (none List[Movement], err error) {
	if _, err := a.Stock.Store.FindItem(ctx, in.ID); err != nil {
		return none, err
	}
	s := inventory.LedgerSelection{Item: in.ID, From: in.From, To: in.To}
	list := "ledger of " + string(in.ID)
	if err := keysOf(in.Cursor, list, &s.Before); err != nil {
		return none, err
	}
	entries, err := a.Lists.Ledger(ctx, s, in.limit()+1)
	return listOf(in.Part, list, entries, func(e inventory.Entry) []string { return []string{number(e.Seq)} },
		func(e inventory.Entry) Movement {
			return Movement{Seq: e.Seq, At: e.At, Kind: e.Kind, Item: e.Item, Lot: e.Lot, Number: e.LotNumber, Place: e.Place, Other: e.Other,
				Quantity: e.Quantity(), Free: e.Free, Held: e.Held, By: e.ByName, Why: e.Why, Source: e.Source, Ref: e.Ref}
		}), err
}

// LotsIn chooses lots.
type LotsIn struct {
	Item      inventory.ItemID  `query:"item"`
	Place     inventory.PlaceID `query:"place"`
	Held      bool              `query:"held" doc:"Only where some is held."`
	ExpiresBy Day               `query:"expires_by" doc:"Only lots that expire on this day or before."`
	Part
}

func (a *API) lots(ctx context.Context, _ hospital.Actor, in LotsIn) (none List[Lot], err error) {
	day, err := inventory.ParseDate(string(in.ExpiresBy))
	if err != nil {
		return none, wrong("expires_by is no day like 2026-03-31.")
	}
	s := inventory.LotSelection{Item: in.Item, Place: in.Place, Held: in.Held, ExpiresBy: day}
	if err := keysOf(in.Cursor, "lots", (*string)(&s.AfterLot), (*string)(&s.AfterPlace)); err != nil {
		return none, err
	}
	lots, err := a.Lists.Lots(ctx, s, in.limit()+1)
	return listOf(in.Part, "lots", lots, func(b inventory.Shelved) []string { return []string{string(b.Lot.ID), string(b.Place)} },
		wireLot(a.Stock.Today(a.Now()))), err
}

// HoldsIn chooses holds.
type HoldsIn struct {
	Fridge coldchain.FridgeID `query:"fridge" doc:"Because of an excursion in this fridge; of all when absent."`
}

// Hold keeps a lot at one place from use because of an excursion.
type Hold struct {
	ID        inventory.HoldID      `json:"id"`
	Excursion coldchain.ExcursionID `json:"excursion"`
	Fridge    coldchain.FridgeID    `json:"fridge" doc:"Where the excursion was."`
	Item      inventory.ItemID      `json:"item"`
	ItemName  string                `json:"item_name"`
	Lot       inventory.LotID       `json:"lot"`
	Number    string                `json:"lot_number,omitempty"`
	Expiry    Day                   `json:"expiry,omitempty"`
	Place     inventory.PlaceID     `json:"place" doc:"Where the stock is."`
	Quantity  int64                 `json:"quantity" doc:"Held there now."`
	PlacedAt  time.Time             `json:"placed_at"`
	Withdrawn bool                  `json:"withdrawn" doc:"Late data showed that the excursion never was one; it still waits for a decision."`
}

func (a *API) holds(ctx context.Context, _ hospital.Actor, in HoldsIn) (List[Hold], error) {
	held, err := a.Stock.Store.HeldLots(ctx, in.Fridge)
	out := List[Hold]{Items: []Hold{}}
	for _, h := range held {
		out.Items = append(out.Items, Hold{ID: h.ID, Excursion: h.Excursion, Fridge: h.Fridge, Item: h.Item, ItemName: h.ItemName, Lot: h.Lot,
			Number: h.LotNumber, Expiry: dayOf(h.Expiry), Place: h.Place, Quantity: h.Waiting, PlacedAt: h.PlacedAt, Withdrawn: h.Withdrawn})
	}
	return out, err
}
