package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/simulate"
)

// The supply department in the past: the reorder run looks at everything every
// third day, and the manager says yes to what it proposes. Of the last run some
// proposals still wait on the first page.
const (
	runEvery        = 3
	lastRun         = 1  // days before the start
	leftToday       = 5  // proposals that the manager has not come to
	itemsLeftBehind = 12 // kinds of goods that a closed ward has left somewhere
	weeksBefore     = 44 // of use that were taken in from the books of before
	dailyBefore     = 28 // days of it that are known by the day
)

// shelves is the stock of the past: what was used, ordered and delivered, and
// what the pharmacist decided of lots that an excursion had held.
type shelves struct {
	*past
	stock    *inventory.Stock
	follower *inventory.Follower
	desk     *reorder.Desk
	orders   db.Orders
	demand   *simulate.Demand
	lots     int
	invoices int
}

func (p *past) shelves() *shelves {
	stock := &inventory.Stock{Store: db.Stock{DB: p.together}, Register: p.register}
	orders := db.Orders{DB: p.together}
	return &shelves{past: p, stock: stock, orders: orders,
		follower: &inventory.Follower{Chain: db.Fridges{DB: p.together}, Stock: stock, Log: p.log},
		desk:     &reorder.Desk{Store: orders, Stock: stock, Register: p.register, Now: p.clock.Now, Paper: supplier.Paper, Log: p.log},
		demand:   simulate.NewDemand(p.drawing, p.command.Seed, p.start)}
}

// agenda is what happened on each day, by the hospital's own clock.
func (s *shelves) agenda() []event {
	var agenda []event
	for ago := int(demoHistory.Hours() / 24); ago >= 0; ago-- {
		day := s.start.AddDate(0, 0, -ago).In(s.drawing.Site.Location())
		hour := func(h, m int) time.Time {
			return time.Date(day.Year(), day.Month(), day.Day(), h, m, 0, 0, day.Location()).UTC()
		}
		agenda = append(agenda, event{hour(9, 0), s.decide}, event{hour(11, 0), s.receive})
		if ago%runEvery == lastRun {
			last := ago == lastRun
			if last {
				agenda = append(agenda, event{hour(5, 0), s.leaveBehind})
			}
			agenda = append(agenda, event{hour(6, 0), s.desk.Nightly},
				event{hour(10, 0), func(ctx context.Context) error { return s.approve(ctx, last) }}, event{hour(10, 30), s.send})
			if last { // of the days before, the ledger tells
				agenda = append(agenda, event{hour(6, 1), s.stock.KeepHealth})
			}
		}
		for _, use := range s.demand.Day(day) {
			agenda = append(agenda, event{use.At, func(ctx context.Context) error { return s.use(ctx, use) }})
		}
	}
	begin := s.start.Add(-demoHistory)
	return slices.DeleteFunc(agenda, func(e event) bool { return e.at.Before(begin) || !e.at.Before(s.start) })
}

// before takes in the use that lay before the ledger, as a hospital does on its
// first day, so that forecasts rest on something. Its old books are kept by the
// week, those of the last weeks by the day.
func (s *shelves) before(ctx context.Context) error {
	type line struct {
		item string
		day  inventory.Date
	}
	sums := map[line]inventory.PastUse{}
	begin := s.start.Add(-demoHistory)
	for ago := weeksBefore * 7; ago >= 1; ago-- {
		booked := begin.AddDate(0, 0, -ago)
		uses := s.demand.Day(booked)
		if ago > dailyBefore {
			booked = booked.AddDate(0, 0, -(weeksBefore*7-ago)%7)
		}
		for _, use := range uses {
			key := line{use.Item, s.stock.Today(booked)}
			sums[key] = inventory.PastUse{Item: inventory.ItemID(use.Item), Place: inventory.PlaceID(use.Place), Day: key.day, Quantity: sums[key].Quantity + use.Quantity}
		}
	}
	_, err := db.Stock{DB: s.together}.ImportPastUse(ctx, hospital.Job("import"), slices.Collect(maps.Values(sums)), true)
	return err
}

// leaveBehind has a ward that is closing bring what it no longer needs to a shelf
// where nobody uses it, so that proposals have something to offer before buying.
func (s *shelves) leaveBehind(ctx context.Context) error {
	busiest := slices.SortedFunc(slices.Values(s.drawing.Items), func(a, b simulate.Item) int { return cmp.Compare(b.Daily, a.Daily) })
	for _, item := range busiest[:min(len(busiest), itemsLeftBehind)] {
		elsewhere := slices.IndexFunc(s.drawing.Items, func(other simulate.Item) bool {
			return other.Place != item.Place && !strings.HasPrefix(other.Place, "f-")
		})
		if elsewhere < 0 || strings.HasPrefix(item.Place, "f-") {
			continue
		}
		err := s.stock.Receive(ctx, s.actor(hospital.SupplyManager), inventory.Receiving{Item: inventory.ItemID(item.ID),
			Place: inventory.PlaceID(s.drawing.Items[elsewhere].Place), Number: "Z" + strings.ToUpper(item.ID[:1]) + "77",
			Expiry: s.stock.Today(s.clock.Now()) + 50, Quantity: int64(item.Daily*4) + 1, Why: "a ward was closed"})
		if err != nil {
			return err
		}
	}
	return nil
}

// follow holds the lots of a fridge where an excursion has begun.
func (s *shelves) follow(ctx context.Context) error {
	_, err := s.follower.CatchUp(ctx)
	return err
}

// use takes what there is: a ward that finds the shelf half empty takes the rest.
func (s *shelves) use(ctx context.Context, use simulate.Use) error {
	taking := inventory.Taking{Item: inventory.ItemID(use.Item), Place: inventory.PlaceID(use.Place), Quantity: use.Quantity, Source: "scan"}
	err := s.stock.Use(ctx, s.actor(hospital.Nurse), taking)
	if !errors.Is(err, inventory.ErrShort) {
		return err
	}
	if taking.Quantity, err = s.usable(ctx, taking.Item, taking.Place); err != nil || taking.Quantity == 0 {
		return err
	}
	return s.stock.Use(ctx, s.actor(hospital.Nurse), taking)
}

func (s *shelves) usable(ctx context.Context, item inventory.ItemID, place inventory.PlaceID) (int64, error) {
	balances, err := s.stock.Store.Balances(ctx, item)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, b := range balances {
		if b.Place == place {
			sum += b.Usable(s.stock.Today(s.clock.Now()))
		}
	}
	return sum, nil
}

// approve says yes to what waits; a large amount needs the second manager too. On
// the last day a few are left, and those for the fridge that is about to fail.
func (s *shelves) approve(ctx context.Context, last bool) error {
	for _, person := range s.drawing.People {
		if !slices.Contains(person.Roles, hospital.SupplyManager) {
			continue
		}
		waiting, err := s.orders.OpenProposals(ctx)
		if err != nil {
			return err
		}
		for i, p := range waiting {
			if last && (i < leftToday || string(p.Place.ID) == demoStory().Fridge) {
				continue
			}
			if _, err := s.desk.Approve(ctx, person.Actor(), reorder.Answer{ID: p.ID, Version: p.Version}); err != nil {
				return err
			}
		}
	}
	return nil
}

// send sends the drafts; their letters had left the house long before the first page.
func (s *shelves) send(ctx context.Context) error {
	if err := s.desk.SendDrafts(ctx); err != nil {
		return err
	}
	for {
		mail, due, err := s.orders.TakeMail(ctx, s.clock.Now())
		if err != nil || !due {
			return err
		}
		mail.Status, mail.SentAt = reorder.MailSent, s.clock.Now()
		if err := s.orders.SaveMail(ctx, mail); err != nil {
			return err
		}
	}
}

// receive books the deliveries that are due, each line in one new lot.
func (s *shelves) receive(ctx context.Context) error {
	sent, err := s.orders.Orders(ctx, reorder.Sent, 100)
	if err != nil {
		return err
	}
	today := s.stock.Today(s.clock.Now())
	for _, o := range sent {
		if o.Expected > today {
			continue
		}
		if o, err = s.orders.FindOrder(ctx, o.Number); err != nil {
			return err
		}
		receipt := reorder.Receipt{Number: o.Number, Version: o.Version}
		for _, line := range o.Lines {
			s.lots++
			receipt.Parts = append(receipt.Parts, reorder.Part{Line: line.ID, Quantity: line.Outstanding(),
				Lot: fmt.Sprintf("R%02d%04d", 10+s.lots%80, 1000+s.lots), Expiry: today + inventory.Date(s.life(line.Item.ID)*4/5)})
		}
		if err := s.desk.Receive(ctx, s.actor(hospital.SupplyManager), receipt); err != nil {
			return err
		}
		if err := s.charge(ctx, o.Number); err != nil {
			return err
		}
	}
	return nil
}

// life is how many days a fresh delivery of an item lasts.
func (s *shelves) life(id inventory.ItemID) int {
	i := slices.IndexFunc(s.drawing.Items, func(item simulate.Item) bool { return item.ID == string(id) })
	return s.drawing.Items[i].ShelfLifeDays
}

// decide is the pharmacist's morning: lots that were held go back on the shelf or away.
func (s *shelves) decide(ctx context.Context) error {
	for _, fridge := range s.drawing.Fridges {
		held, err := s.stock.Store.HeldLots(ctx, coldchain.FridgeID(fridge.ID))
		if err != nil {
			return err
		}
		for i, lot := range held {
			decision, why := inventory.ReleaseLot, "Within the maker's stability data for this excursion."
			if fridge.ID == "f-11" && i == 0 {
				decision, why = inventory.DiscardLot, "Was frozen: the maker says discard."
			}
			err := s.stock.Decide(ctx, s.actor(hospital.Pharmacist), lot.ID, decision, why)
			if err == nil && decision == inventory.ReleaseLot {
				if err = s.stock.Decide(ctx, s.second(hospital.Pharmacist), lot.ID, decision, "Read the same data: agreed."); errors.Is(err, hospital.ErrStale) {
					err = nil // one was enough then
				}
			}
			if err != nil && !errors.Is(err, hospital.ErrStale) { // a discard settles every hold of its lot
				return err
			}
		}
	}
	return nil
}

// stockLeft is how far above its reorder point the shelf of the story stands at the start.
const stockLeft = 4

// emptyShelf leaves one shelf just above the reorder point that people set for
// it: what is taken there next, while somebody watches, makes a reorder due.
func (s *shelves) emptyShelf(ctx context.Context) error {
	for _, item := range s.drawing.Items {
		id, place := inventory.ItemID(item.ID), inventory.PlaceID(item.Place)
		left, err := s.usable(ctx, id, place)
		if err != nil {
			return err
		}
		surplus := left - item.Minimum - stockLeft
		if item.Maximum == 0 || strings.HasPrefix(item.Place, "f-") || surplus <= 0 || s.comes(ctx, item.Name) {
			continue
		}
		s.log.Info("a shelf will run low", "item", item.Name, "left", left-surplus, "reorder", item.Minimum)
		s.last = &simulate.Use{Item: item.ID, Place: item.Place, Quantity: stockLeft + 1}
		return s.stock.Use(ctx, s.actor(hospital.SupplyManager), inventory.Taking{Item: id, Place: place, Quantity: surplus,
			Why: "ward cupboards filled up", Source: "scan"})
	}
	return nil
}

// comes says whether more of an item is on order or proposed already.
func (s *shelves) comes(ctx context.Context, name string) bool {
	lines, _, err := s.stock.Store.Lines(ctx, inventory.Query{Text: name, Today: s.stock.Today(s.clock.Now())})
	return err != nil || len(lines) != 1 || lines[0].OnOrder+lines[0].Proposed > 0
}
