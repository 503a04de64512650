package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/simulate"
)

const (
	// demoTick is how often the made-up gateways send, by the real clock.
	demoTick = 500 * time.Millisecond
	// demoStep is the least that passes between two sendings by the hospital's clock.
	demoStep = time.Second
	// farBehind is how many sendings the world may be late before it leaves some out.
	farBehind = 20
	// lowAfter is when a shelf falls to its reorder point, by the hospital's clock.
	lowAfter = 12 * time.Second
)

// giveTokens makes a token for every gateway, as an administrator would.
func (p *past) giveTokens(ctx context.Context) error {
	keys := account.NewKeys(db.Accounts{DB: p.together}, p.clock.Now)
	p.tokens = make(map[hospital.GatewayID]account.Secret, len(p.drawing.Gateways))
	for _, g := range p.drawing.Gateways {
		_, secret, err := keys.Add(ctx, p.actor(hospital.Administrator), g.Name, g.ID)
		if err != nil {
			return err
		}
		p.tokens[g.ID] = secret
	}
	return nil
}

func (d *demo) login(gateway hospital.GatewayID) simulate.Login {
	return simulate.Login{User: string(gateway), Password: d.tokens[gateway].Reveal()}
}

// publish lets the world go on with the clock and sends what its gateways say,
// each over a connection of its own.
func (d *demo) publish(ctx context.Context) error {
	fleet, err := simulate.Dial(ctx, d.house.brokerAddress(), d.drawing.Gateways, d.login)
	if err != nil {
		return err
	}
	defer fleet.Close()
	tick := time.NewTicker(demoTick)
	defer tick.Stop()
	for {
		if err := d.sendUntilNow(ctx, fleet, d.step()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case wish := <-d.wishes:
			wish()
		case <-tick.C:
		}
	}
}

// step is how much passes between two sendings by the hospital's clock.
func (d *demo) step() time.Duration {
	return max(demoStep, time.Duration(float64(demoTick)*d.clock.pace()))
}

// sendUntilNow catches up with the clock, one step at a time.
func (d *demo) sendUntilNow(ctx context.Context, fleet *simulate.Fleet, step time.Duration) error {
	if behind := d.clock.Now().Sub(d.world.Now()); behind > farBehind*step {
		d.log.Warn("the made-up hospital can't keep up with its clock; try a lower --speed", "behind", behind)
		d.world.Step(behind - step)
	}
	for !d.world.Now().Add(step).After(d.clock.Now()) {
		messages := slices.Concat(d.world.Step(step), d.standbyProbes(), d.cabinetReads())
		for _, dead := range d.world.Dead() {
			fleet.Cut(dead)
		}
		if err := fleet.Send(ctx, messages); err != nil && ctx.Err() == nil {
			d.log.Warn("made-up gateways could not send", "error", err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// useStock takes from the shelves what the wards use, as the clock goes on.
func (d *demo) useStock(ctx context.Context) error {
	demand := simulate.NewDemand(d.drawing, d.command.Seed, d.start)
	tick := time.NewTicker(demoTick)
	defer tick.Stop()
	for {
		uses := demand.Until(d.clock.Now())
		if d.last != nil && d.clock.Now().Sub(d.start) >= lowAfter {
			uses, d.last = append(uses, *d.last), nil
		}
		for _, use := range uses {
			if err := d.take(ctx, use); err != nil && ctx.Err() == nil && !errors.Is(err, hospital.ErrInvalid) {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// take is one taking from a shelf, by the rules of every taking.
func (d *demo) take(ctx context.Context, use simulate.Use) error {
	stock := inventory.Stock{Store: db.Stock{DB: d.house.db}, Register: d.house.register}
	return stock.Use(ctx, d.actor(hospital.Nurse), inventory.Taking{Item: inventory.ItemID(use.Item), Place: inventory.PlaceID(use.Place),
		Quantity: use.Quantity, Source: "scan"})
}
