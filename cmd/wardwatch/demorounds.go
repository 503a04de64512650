package main

import (
	"context"
	"fmt"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

const (
	// roundHour is when the made-up pharmacist looks at the fridges, by the site's clock.
	roundHour = 8
	// missedEvery is how many looks there are for each one that was forgotten.
	missedEvery = 29
)

// nextRound is when fridges are looked at next after a time: every day, though
// people come on workdays alone.
func (f *fridges) nextRound(after time.Time) time.Time {
	zone := f.register.Current().Site.Location()
	at := after.In(zone)
	round := time.Date(at.Year(), at.Month(), at.Day(), roundHour, 0, 0, 0, zone)
	if !round.After(after) {
		round = time.Date(at.Year(), at.Month(), at.Day()+1, roundHour, 0, 0, 0, zone)
	}
	return round
}

// rounds are the looks at every fridge on each workday, but for the few that were
// forgotten and the days on which one had been out of range: its case says more.
func (f *fridges) rounds() (agenda []event) {
	asked := 0
	for at := f.nextRound(f.start.Add(-demoHistory + 12*time.Hour)); at.Before(f.start); at = f.nextRound(at) {
		if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
			continue
		}
		for _, fridge := range f.drawing.Fridges {
			if asked++; asked%missedEvery == 0 {
				continue
			}
			agenda = append(agenda, event{at.Add(time.Minute), func(ctx context.Context) error { return f.lookAt(ctx, coldchain.FridgeID(fridge.ID)) }})
		}
	}
	return agenda
}

// lookAt notes what a fridge shows, with a word on what was done when it was not in range.
func (f *fridges) lookAt(ctx context.Context, id coldchain.FridgeID) error {
	at := f.clock.Now() // the instant of the look: a minute before, it may have been in range yet
	check, err := f.monitor.NextCheck(ctx, id, at)
	if err != nil {
		return err
	}
	fridge, err := db.Fridges{DB: f.together}.Fridge(ctx, id)
	if err != nil {
		return err
	}
	note := ""
	if profile := fridge.JudgedBy(at); check.Points == 0 || !profile.InBand(check.Min) || !profile.InBand(check.Max) {
		note = "See its case."
	}
	if _, err := f.monitor.Look(ctx, f.actor(hospital.Pharmacist), id, note); err != nil {
		return fmt.Errorf("look at %s: %w", id, err)
	}
	return nil
}
