package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
)

// past is the thirty days before the demo's first page. They are lived through
// event by event with the clock set to each moment, through the services that a
// running house uses, in one large transaction.
type past struct {
	*demo
	together *db.DB
	register *hospital.Register
	// earlier is what the fleet's days before the kept moves added up to, worked out
	// beside the rest.
	earlier chan []fleetDay
}

// event is something that happened at an instant of the past.
type event struct {
	at time.Time
	do func(context.Context) error
}

// takeIn imports the drawing through the importer that every hospital uses, and
// lives through the time since.
func (d *demo) takeIn(ctx context.Context) (err error) {
	kept, err := db.Open(ctx, d.dsn, db.Options{Now: d.clock.Now, Log: d.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	d.clock.set(d.start.Add(-demoHistory))
	doc := d.drawing.Document(d.clock.Now())
	withCarrier(&doc)
	withCabinet(&doc)
	if _, err := (db.Hospital{DB: kept}).Import(ctx, hospital.Job("demo"), doc, true); err != nil {
		return err
	}
	d.world = <-d.born
	return kept.Together(ctx, func(together *db.DB) error {
		directory, err := db.Hospital{DB: together}.Load(ctx)
		if err != nil {
			return err
		}
		return (&past{demo: d, together: together, register: hospital.NewRegister(directory)}).live(ctx)
	})
}

// live goes through the agenda in the order of time.
func (p *past) live(ctx context.Context) error {
	pieces, err := db.Fleet{DB: p.together}.Pieces(ctx)
	if err != nil {
		return err
	}
	p.earlier = make(chan []fleetDay, 1)
	var aside sync.WaitGroup
	defer aside.Wait()
	aside.Go(func() { p.earlier <- p.earlierDays(pieces) })
	stock := p.shelves()
	if err := stock.allot(ctx); err != nil {
		return err
	}
	if err := stock.before(ctx); err != nil {
		return fmt.Errorf("history before the ledger: %w", err)
	}
	cold := p.fridges(stock.follow)
	cold.stock = stock.stock
	agenda := slices.Concat(cold.agenda(), cold.carrierAgenda(), stock.agenda())
	agenda = append(agenda, event{p.start, p.walk}, event{p.start, p.service}, event{p.start, p.addUp}, event{p.start, stock.emptyShelf}, event{p.start, stock.room}, event{p.start, stock.fillCabinet}, event{p.start, stock.answered}, event{p.start, stock.keepings}, event{p.start, cold.equip}, event{p.start, stock.coldDelivery}, event{p.start, p.giveTokens})
	slices.SortStableFunc(agenda, func(a, b event) int { return a.at.Compare(b.at) })
	for _, e := range agenda {
		p.clock.set(e.at)
		if err := e.do(ctx); err != nil {
			return fmt.Errorf("history at %s: %w", e.at.Format(time.DateTime), err)
		}
	}
	return ctx.Err()
}

// actor is the made-up person who works as a role.
func (d *demo) actor(role hospital.Role) hospital.Actor {
	for _, person := range d.drawing.People {
		if slices.Contains(person.Roles, role) {
			return person.Actor()
		}
	}
	return hospital.Job("demo")
}
