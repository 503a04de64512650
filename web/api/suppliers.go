package api

import (
	"context"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// LateLine is a line of an order that should have come by now.
type LateLine struct {
	Order        string               `json:"order"`
	Supplier     inventory.SupplierID `json:"supplier"`
	SupplierName string               `json:"supplier_name"`
	Line         int                  `json:"line"`
	Item         inventory.ItemID     `json:"item"`
	ItemName     string               `json:"item_name"`
	Unit         string               `json:"unit"`
	Place        inventory.PlaceID    `json:"place"`
	Outstanding  int64                `json:"outstanding" doc:"In units of issue."`
	Expected     Day                  `json:"expected"`
	DaysLate     int                  `json:"days_late"`
}

func (a *API) lateLines(ctx context.Context, _ hospital.Actor, _ None) (List[LateLine], error) {
	today, out := a.Stock.Today(a.Now()), List[LateLine]{Items: []LateLine{}}
	late, err := a.Desk.Store.Late(ctx, today)
	for _, o := range late {
		for _, l := range o.LateLines(today) {
			out.Items = append(out.Items, LateLine{Order: o.Number, Supplier: o.Supplier.ID, SupplierName: o.Supplier.Name, Line: l.No, Item: l.Item.ID, ItemName: l.Item.Name,
				Unit: l.Item.Unit, Place: l.Place.ID, Outstanding: l.Outstanding(), Expected: dayOf(o.ExpectedOf(l)), DaysLate: int(today - o.ExpectedOf(l))})
		}
	}
	return out, err
}

// Supplier is how a supplier did in the last 365 days.
type Supplier struct {
	ID         inventory.SupplierID `json:"id"`
	Name       string               `json:"name"`
	Currency   string               `json:"currency"`
	LeadDays   int                  `json:"lead_days" doc:"As it was agreed."`
	Orders     int                  `json:"orders"`
	Deliveries int                  `json:"deliveries"`
	OnTime     int                  `json:"on_time" doc:"Deliveries by the day that was expected."`
	MeanDays   float64              `json:"mean_days" doc:"From order to delivery."`
	MostDays   int                  `json:"most_days"`
	Ordered    int64                `json:"ordered" doc:"Units of issue of lines that are over, as are the next two."`
	Came       int64                `json:"came"`
	Returned   int64                `json:"returned"`
	LateNow    int                  `json:"late_now" doc:"Orders of which something is late today."`
	Invoices   int                  `json:"invoices"`
	Mismatched int                  `json:"mismatched" doc:"Invoices that did not fit what came and was agreed."`
	Sendings   int                  `json:"sendings" doc:"Tries to send an order."`
	Failed     int                  `json:"failed" doc:"Of those, the ones that failed."`
}

// performanceDays is how far back it is looked how suppliers did.
const performanceDays = 365

func (a *API) suppliers(ctx context.Context, _ hospital.Actor, _ None) (List[Supplier], error) {
	today, out := a.Stock.Today(a.Now()), List[Supplier]{Items: []Supplier{}}
	all, err := a.Desk.Store.Performances(ctx, today-performanceDays, today)
	for _, s := range all {
		out.Items = append(out.Items, wireSupplier(s))
	}
	return out, err
}

func wireSupplier(s reorder.Performance) Supplier {
	return Supplier{ID: s.Supplier.ID, Name: s.Supplier.Name, Currency: s.Supplier.Currency, LeadDays: s.Supplier.LeadDays, Orders: s.Orders, Deliveries: s.Deliveries, OnTime: s.OnTime,
		MeanDays: s.MeanDays, MostDays: s.MostDays, Ordered: s.Ordered, Came: s.Came, Returned: s.Returned, LateNow: s.LateNow, Invoices: s.Invoices, Mismatched: s.Mismatched,
		Sendings: s.Sendings, Failed: s.Failed}
}
