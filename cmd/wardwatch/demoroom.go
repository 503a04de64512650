package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/simulate"
)

// room has something of each kind that the storeroom knows stand there at the start:
// packs, a kanban shelf, a PAR, a plan of counts, and goods that are not ours.
func (s *shelves) room(ctx context.Context) error {
	room := &inventory.Storeroom{Stock: s.stock, Store: db.Storeroom{DB: s.together}, Now: s.clock.Now}
	var quiet []simulate.Item // used least: they disturb no story
	for _, item := range s.drawing.Items {
		if !strings.HasPrefix(item.Place, "f-") && item.Maximum == 0 {
			quiet = append(quiet, item)
		}
	}
	slices.SortStableFunc(quiet, func(a, b simulate.Item) int { return cmp.Compare(a.Daily, b.Daily) })
	for i, refill := range []policy.Refill{{Kind: policy.Kanban, Bins: 2, BinSize: 20}, {Kind: policy.Par, Maximum: 40, ReviewDays: 7}, {Kind: policy.RS, ReviewDays: 14}} {
		if i >= len(quiet) {
			break
		}
		id := inventory.ItemID(quiet[i].ID)
		if err := s.desk.SetRefill(ctx, s.actor(hospital.SupplyManager), reorder.Spot{Item: id, Place: inventory.PlaceID(quiet[i].Place)}, refill); err != nil {
			return err
		}
		for name, units := range map[string]int64{"box": 10, "case": 100} {
			if err := room.SetPacking(ctx, s.actor(hospital.SupplyManager), inventory.Packing{Item: id, Name: name, Units: units}); err != nil {
				return err
			}
		}
	}
	return errors.Join(s.consign(ctx, room), room.PlanCounts(ctx))
}

// consign has one item of the central shelves lie on a ward that belongs to its
// supplier until it is used.
func (s *shelves) consign(ctx context.Context, room *inventory.Storeroom) error {
	manager := s.actor(hospital.SupplyManager)
	for _, item := range s.drawing.Items {
		id := inventory.ItemID(item.ID)
		elsewhere := slices.IndexFunc(s.drawing.Items, func(other simulate.Item) bool {
			return other.Place != item.Place && !strings.HasPrefix(other.Place, "f-")
		})
		if item.Maximum == 0 || strings.HasPrefix(item.Place, "f-") || elsewhere < 0 {
			continue
		}
		known, err := s.stock.Store.FindItem(ctx, id)
		if err != nil || known.Supplier == "" {
			return err
		}
		place := inventory.PlaceID(s.drawing.Items[elsewhere].Place)
		err = room.SetConsignment(ctx, manager, id, place, known.Supplier)
		if errors.Is(err, hospital.ErrInvalid) {
			continue // something of it lies there
		}
		if err == nil {
			err = s.stock.Receive(ctx, manager, inventory.Receiving{Item: id, Place: place, Number: "K1207", Expiry: s.stock.Today(s.clock.Now()) + 400, Quantity: 12, Why: "on consignment"})
		}
		if err == nil {
			err = s.stock.Use(ctx, s.actor(hospital.Nurse), inventory.Taking{Item: id, Place: place, Quantity: 3, Source: "scan"})
		}
		return err
	}
	return nil
}
