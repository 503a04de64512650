package api

import (
	"cmp"
	"context"
	"slices"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

func (a *API) supplyRoutes() []Operation {
	if a.Desk == nil || a.Storeroom == nil {
		return nil
	}
	see, manage := hospital.SeeStock, hospital.ManageItems
	return []Operation{
		does(a, get, "/stock/:item/settings", see, "How an item is refilled, what its packs are called, and where it is not ours.", a.settings),
		does(a, post, "/stock/:item/refill", hospital.ApproveOrders, "Says how a place is refilled with an item from now on.", a.setRefill),
		does(a, post, "/stock/:item/packs", manage, "Has a name stand for so many units of an item from now on.", a.setPacking),
		does(a, post, "/stock/:item/consignment", manage, "Says whose an item at a place is, while nothing of it lies there.", a.setConsignment),
		does(a, get, "/cabinets", see, "Places whose RFID reader books what is taken out and what comes back.", a.cabinets),
		does(a, post, "/cabinets", manage, "Has a reader read a place from now on.", a.setCabinet),
		does(a, get, "/budgets", hospital.SeePrices, "Budgets of the last and the next 366 days, with what became of them.", a.budgets),
		does(a, post, "/budgets", hospital.ManageHospital, "Adds a budget, or changes one that has a number.", a.setBudget),
	}
}

// ItemSettings is what people have set of an item.
type ItemSettings struct {
	Item      inventory.ItemID `json:"item"`
	Refills   []Refill         `json:"refills" doc:"By place; what is not named here is refilled by its level or by its use."`
	Packs     []Packing        `json:"packs" doc:"The smallest first."`
	Consigned []Consigned      `json:"consigned"`
}

// Refill is how a place is refilled with an item.
type Refill struct {
	Place      inventory.PlaceID `json:"place"`
	Kind       policy.Kind       `json:"kind,omitempty" doc:"Absent: by a level that was set, or by its use."`
	Minimum    int64             `json:"minimum,omitempty" doc:"Of min/max."`
	Maximum    int64             `json:"maximum,omitempty" doc:"Of min/max, or the par."`
	ReviewDays int               `json:"review_days,omitempty" doc:"Between two looks, of par and (R,S)."`
	Bins       int64             `json:"bins,omitempty" doc:"Of kanban."`
	BinSize    int64             `json:"bin_size,omitempty" doc:"Units of issue in a bin."`
}

// Packing is what people call so many units.
type Packing struct {
	Name  string `json:"name"`
	Units int64  `json:"units" doc:"Units of issue in one; 0 withdraws the name."`
	GTIN  string `json:"gtin,omitempty" doc:"Of the pack itself."`
}

// Consigned is a place where an item belongs to a supplier until it is used.
type Consigned struct {
	Place    inventory.PlaceID    `json:"place"`
	Supplier inventory.SupplierID `json:"supplier,omitempty" doc:"Absent: it is ours."`
}

func (a *API) settings(ctx context.Context, _ hospital.Actor, in ItemIn) (out ItemSettings, err error) {
	out = ItemSettings{Item: in.ID, Refills: []Refill{}, Packs: []Packing{}, Consigned: []Consigned{}}
	if _, err := a.Stock.Store.FindItem(ctx, in.ID); err != nil {
		return out, err
	}
	refills, err := a.Desk.Store.Refills(ctx)
	if err != nil {
		return out, err
	}
	for spot, r := range refills {
		if spot.Item == in.ID {
			r = r.Plain()
			out.Refills = append(out.Refills, Refill{Place: spot.Place, Kind: r.Kind, Minimum: r.Minimum, Maximum: r.Maximum, ReviewDays: r.ReviewDays, Bins: r.Bins, BinSize: r.BinSize})
		}
	}
	slices.SortFunc(out.Refills, func(a, b Refill) int { return cmp.Compare(a.Place, b.Place) })
	packs, err := a.Storeroom.Store.Packings(ctx, in.ID)
	if err != nil {
		return out, err
	}
	for _, p := range packs {
		out.Packs = append(out.Packs, Packing{p.Name, p.Units, p.GTIN})
	}
	owned, err := a.Storeroom.Store.Consignments(ctx)
	for _, c := range owned {
		if c.Item.ID == in.ID {
			out.Consigned = append(out.Consigned, Consigned{c.Place.ID, c.Supplier.ID})
		}
	}
	return out, err
}

// RefillIn says how a place is refilled.
type RefillIn struct {
	ItemIn
	Refill
}

func (a *API) setRefill(ctx context.Context, by hospital.Actor, in RefillIn) (ItemSettings, error) {
	wanted := policy.Refill{Kind: in.Kind, Minimum: in.Minimum, Maximum: in.Maximum, ReviewDays: in.ReviewDays, Bins: in.Bins, BinSize: in.BinSize}
	if err := a.Desk.SetRefill(ctx, by, reorder.Spot{Item: in.ID, Place: in.Place}, wanted.Plain()); err != nil {
		return ItemSettings{}, err
	}
	return a.settings(ctx, by, in.ItemIn)
}

// PackingIn names a pack.
type PackingIn struct {
	ItemIn
	Packing
}

func (a *API) setPacking(ctx context.Context, by hospital.Actor, in PackingIn) (ItemSettings, error) {
	if err := a.Storeroom.SetPacking(ctx, by, inventory.Packing{Item: in.ID, Name: in.Name, Units: in.Units, GTIN: in.GTIN}); err != nil {
		return ItemSettings{}, err
	}
	return a.settings(ctx, by, in.ItemIn)
}

// ConsignedIn says whose an item at a place is.
type ConsignedIn struct {
	ItemIn
	Consigned
}

func (a *API) setConsignment(ctx context.Context, by hospital.Actor, in ConsignedIn) (ItemSettings, error) {
	if in.Supplier != "" {
		if err := a.Desk.KnownSupplier(ctx, in.Supplier); err != nil {
			return ItemSettings{}, err
		}
	}
	if err := a.Storeroom.SetConsignment(ctx, by, in.ID, in.Place, in.Supplier); err != nil {
		return ItemSettings{}, err
	}
	return a.settings(ctx, by, in.ItemIn)
}

// Cabinet is a place whose reader reads all that is in it.
type Cabinet struct {
	Place   inventory.PlaceID  `json:"place"`
	Gateway hospital.GatewayID `json:"gateway,omitempty" doc:"Absent: it is no cabinet any more."`
}

func (a *API) cabinets(ctx context.Context, _ hospital.Actor, _ None) (List[Cabinet], error) {
	all, err := a.Storeroom.Store.Cabinets(ctx)
	out := List[Cabinet]{Items: []Cabinet{}}
	for _, c := range all {
		out.Items = append(out.Items, Cabinet{c.Place.ID, c.Gateway})
	}
	return out, err
}

func (a *API) setCabinet(ctx context.Context, by hospital.Actor, in Cabinet) (List[Cabinet], error) {
	if err := a.Storeroom.SetCabinet(ctx, by, in.Place, in.Gateway); err != nil {
		return List[Cabinet]{}, err
	}
	return a.cabinets(ctx, by, None{})
}

// Budget is what a unit, or the whole hospital, may spend from one day to another.
type Budget struct {
	ID        reorder.BudgetID `json:"id"`
	Version   int64            `json:"version" doc:"Rises with each change. Send it back with one."`
	Name      string           `json:"name"`
	Unit      hospital.UnitID  `json:"unit,omitempty" doc:"Absent: the whole hospital."`
	From      Day              `json:"from"`
	Until     Day              `json:"until" doc:"The last day."`
	Amount    Money            `json:"amount"`
	Spent     Money            `json:"spent" doc:"Worth of what came in."`
	Committed Money            `json:"committed" doc:"Worth of what was approved and may still come."`
	SetBy     string           `json:"set_by"`
}

// budgetDays is how far back and ahead budgets are told.
const budgetDays = 366

func (a *API) budgets(ctx context.Context, _ hospital.Actor, _ None) (List[Budget], error) {
	today := a.Stock.Today(a.Now())
	all, err := a.Desk.Store.Budgets(ctx, today-budgetDays, today+budgetDays)
	out := List[Budget]{Items: []Budget{}}
	for _, b := range all {
		money := func(minor int64) Money { return Money{minor, b.Currency} }
		out.Items = append(out.Items, Budget{ID: b.ID, Version: b.Version, Name: b.Name, Unit: b.Unit, From: dayOf(b.From), Until: dayOf(b.Until),
			Amount: money(b.Amount), Spent: money(b.Spent), Committed: money(b.Committed), SetBy: b.SetName})
	}
	return out, err
}

// BudgetIn is a budget as it is to be.
type BudgetIn struct {
	ID      reorder.BudgetID `json:"id,omitempty" doc:"The one to change; absent: a new one."`
	Version int64            `json:"version,omitempty" doc:"The version that was looked at. Another one is refused with 409."`
	Name    string           `json:"name"`
	Unit    hospital.UnitID  `json:"unit,omitempty" doc:"Absent: the whole hospital."`
	From    Day              `json:"from"`
	Until   Day              `json:"until" doc:"The last day."`
	Amount  Money            `json:"amount"`
}

func (a *API) setBudget(ctx context.Context, by hospital.Actor, in BudgetIn) (none List[Budget], err error) {
	b := reorder.Budget{ID: in.ID, Version: in.Version, Name: in.Name, Unit: in.Unit, Currency: in.Amount.Currency, Amount: in.Amount.Minor}
	if b.From, err = inventory.ParseDate(string(in.From)); err == nil {
		b.Until, err = inventory.ParseDate(string(in.Until))
	}
	if err != nil {
		return none, wrong("Give the days like 2027-03-31.")
	}
	if _, err := a.Desk.SetBudget(ctx, by, b); err != nil {
		return none, err
	}
	return a.budgets(ctx, by, None{})
}
