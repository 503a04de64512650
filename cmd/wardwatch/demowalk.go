package main

import (
	"context"
	"sort"
	"time"

	"wardwatch/db"
	"wardwatch/tracking"
	"wardwatch/tracking/fleet"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/simulate"
)

// walk writes down where the equipment went in the last days, as the tracker
// would have: the gateways that heard it then are not asked again.
func (p *past) walk(ctx context.Context) error {
	places := map[tracking.AssetID]tracking.Place{}
	return db.Equipment{DB: p.together}.InTx(ctx, func(tx tracking.Tx) error {
		for _, stay := range p.world.Stays() {
			if err := p.arrive(ctx, tx, places, stay); err != nil {
				return err
			}
		}
		for _, asset := range p.drawing.Assets {
			id := tracking.AssetID(asset.ID)
			if place := places[id]; place.Known() {
				place.SeenAt, place.BatteryPct = p.lastHeard(asset, place), tracking.NoBattery
				if err := tx.SetPlace(ctx, id, place); err != nil {
					return err
				}
			}
		}
		return p.breakSome(ctx, tx)
	})
}

// breakSome marks a few pieces as broken: they wait in the biomedical engineer's list.
func (p *past) breakSome(ctx context.Context, tx tracking.Tx) error {
	by := p.actor(hospital.BiomedicalEngineer).Name
	for _, broken := range []struct {
		id   tracking.AssetID
		note string
	}{{"p-007", "Display stays dark; spare part ordered."}, {"s-004", "Alarm for occlusion comes too late."}, {"m-003", "Cuff hose leaks."}} {
		if err := tx.SetStatus(ctx, broken.id, tracking.Broken, by, broken.note, p.start.Add(-5*time.Hour)); err != nil {
			return err
		}
	}
	return nil
}

// statusesFor is how far back the changes of status go, as the moves do.
const statusesFor = 4 * 24 * time.Hour

// lastHeard is when a gateway last heard the asset before the first page.
func (p *past) lastHeard(asset simulate.Asset, place tracking.Place) time.Time {
	if simulate.Silent(asset) || asset.Format == simulate.Passive {
		return place.Since
	}
	return p.start
}

// arrive notes one arrival and gives the asset the status of the room.
func (p *past) arrive(ctx context.Context, tx tracking.Tx, places map[tracking.AssetID]tracking.Place, stay simulate.Stay) error {
	id, before := tracking.AssetID(stay.Asset), places[tracking.AssetID(stay.Asset)]
	room, _ := p.register.Current().Room(stay.Room)
	move := tracking.Move{Asset: id, Kind: tracking.Movement, From: before.Room, FromFloor: before.Floor, To: room.ID, ToFloor: room.Floor,
		At: stay.At, Confidence: 0.93, Why: "radio"}
	if !before.Known() {
		move.Kind = tracking.Arrival
	}
	if before.Room != room.ID {
		if err := tx.AddMove(ctx, move); err != nil {
			return err
		}
		places[id] = tracking.Place{Room: room.ID, Floor: room.Floor, Since: stay.At, SeenAt: stay.At, Confidence: 0.93, Why: "radio"}
	}
	if p.start.Sub(stay.At) > statusesFor {
		return nil
	}
	was, err := tx.Status(ctx, id)
	if err != nil {
		return err
	}
	if status, changes := was.Entering(room.Kind); changes {
		return tx.SetStatus(ctx, id, status, "", "", stay.At)
	}
	return nil
}

// fleetHistory is how far back the use of equipment was added up, before the moves that are kept begin.
const fleetHistory = 28 * 24 * time.Hour

// fleetDay is what one day before the kept moves added up to.
type fleetDay struct {
	day     string
	summary fleet.Summary
	states  map[tracking.AssetID]fleet.State
}

// earlierDays adds up the days before the kept moves from what the equipment did then,
// by the rule that adds up every day: of so long ago only the sums are shown.
func (p *past) earlierDays(pieces map[tracking.AssetID]fleet.Piece) []fleetDay {
	directory := p.register.Current()
	events := p.earlierEvents(directory)
	if len(events) == 0 {
		return nil
	}
	zone := directory.Site.Location()
	y, m, d := events[0].At.In(zone).Date()
	last := events[len(events)-1].At
	var days []fleetDay
	states := map[tracking.AssetID]fleet.State{}
	for day := time.Date(y, m, d, 0, 0, 0, 0, zone); ; day = day.AddDate(0, 0, 1) {
		end := day.AddDate(0, 0, 1)
		if end.After(last) {
			return days // the kept moves begin within this day: the clerk adds it up
		}
		n := sort.Search(len(events), func(i int) bool { return !events[i].At.Before(end) })
		var summary fleet.Summary
		summary, states = fleet.Fold(pieces, states, events[:n], day, end, fleet.RoomsOf(directory))
		days = append(days, fleetDay{day.Format(time.DateOnly), summary, states})
		events = events[n:]
	}
}

// earlierEvents are the arrivals of the equipment before the kept moves and what the
// rooms made of its status, oldest first.
func (p *past) earlierEvents(directory *hospital.Directory) []fleet.Event {
	var events []fleet.Event
	for _, stay := range p.world.EarlierStays(p.start.Add(-fleetHistory)) {
		room, _ := directory.Room(stay.Room)
		event := fleet.Event{Asset: tracking.AssetID(stay.Asset), Kind: tracking.Movement, At: stay.At, To: room.ID}
		events = append(events, event)
		if status, says := tracking.StatusFromRoom(room.Kind); says {
			event.Kind, event.Status = tracking.Marked, status
			events = append(events, event)
		}
	}
	return events
}

// addUp keeps the sums of the earlier days, and has the clerk add up those since.
func (p *past) addUp(ctx context.Context) error {
	ledger := db.Fleet{DB: p.together}
	for _, d := range <-p.earlier {
		if err := ledger.KeepDay(ctx, d.day, d.summary, d.states); err != nil {
			return err
		}
	}
	return (&fleet.Clerk{Ledger: ledger, Register: p.register}).CatchUp(ctx, p.start)
}
