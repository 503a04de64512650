package health

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/notify"
)

const (
	// checkEvery is how often devices are looked at.
	checkEvery = 10 * time.Second
	// MaxTags bounds the tags that one look takes up.
	MaxTags = 5000
)

// Store is where devices and alarms are kept.
type Store interface {
	InTx(context.Context, func(notify.Tx) error) error
	GatewayStates(context.Context) ([]ingest.GatewayState, error)
	// AtRisk are assets whose tag is silent, was never heard or has at most pct of its battery left.
	AtRisk(ctx context.Context, pct, limit int) ([]tracking.Asset, error)
	// HeardLast counts the assets that each gateway heard last.
	HeardLast(context.Context) (map[hospital.GatewayID]int, error)
	// Ongoing are the alarms of the kinds that have neither returned nor been closed.
	Ongoing(ctx context.Context, kinds []notify.Kind) ([]notify.Alarm, error)
}

// Keeper looks after devices.
type Keeper struct {
	Store    Store
	Register *hospital.Register
	// Heard is when the tracker last heard a gateway in this life of the server.
	Heard tracking.GatewayHeard
	// Ladder is who is told of an alarm.
	Ladder func() notify.Ladder
	Now    func() time.Time
	Log    *slog.Logger
	Began  time.Time

	mu    sync.Mutex
	count map[hospital.GatewayID]sample // of the look before the last
	last  map[hospital.GatewayID]sample
}

// sample is how much a gateway had said at a time.
type sample struct {
	at        time.Time
	sightings int64
}

var keeper = hospital.Job("devices")

// Run looks every few seconds until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := k.Check(ctx); err != nil && ctx.Err() == nil {
			k.Log.Error("devices could not be looked at; it is tried again", "error", err)
		}
	}
}

// Check compares what is wrong with the alarms that go on.
func (k *Keeper) Check(ctx context.Context) error {
	devices, ongoing, err := k.devices(ctx)
	if err != nil {
		return fmt.Errorf("look at devices: %w", err)
	}
	rang := func(kind notify.Kind, subject string) bool { _, ok := ongoing[key{kind, subject}]; return ok }
	wanted := Troubles(devices, rang, k.Now())
	over := ongoing
	var fresh []notify.Trouble
	for _, t := range wanted {
		alarm, rings := ongoing[key{t.Kind, t.Subject}]
		if !rings || alarm.Severity < t.Severity {
			fresh = append(fresh, t)
		}
		delete(over, key{t.Kind, t.Subject})
	}
	return k.store(ctx, fresh, over, devices)
}

type key struct {
	kind    notify.Kind
	subject string
}

func (k *Keeper) store(ctx context.Context, fresh []notify.Trouble, over map[key]notify.Alarm, d Devices) error {
	for which := range over {
		if which.kind == coldchain.KindGateway { // the cold chain's own to return
			delete(over, which)
		}
	}
	if len(fresh)+len(over) == 0 {
		return nil
	}
	err := k.Store.InTx(ctx, func(tx notify.Tx) error {
		for _, t := range fresh {
			t.By = keeper
			if _, err := notify.Raise(ctx, tx, k.Ladder(), t); err != nil {
				return err
			}
		}
		for which := range over {
			if err := notify.Return(ctx, tx, keeper, which.kind, which.subject); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep %d troubles of devices: %w", len(fresh)+len(over), err)
	}
	return nil
}

// devices gathers what the rules look at, and the alarms that go on.
func (k *Keeper) devices(ctx context.Context) (Devices, map[key]notify.Alarm, error) {
	d := Devices{Directory: k.Register.Current(), Began: k.Began}
	alarms, err := k.Store.Ongoing(ctx, append(Kinds(), coldchain.KindGateway))
	if err != nil {
		return d, nil, err
	}
	ongoing := make(map[key]notify.Alarm, len(alarms))
	for _, a := range alarms {
		ongoing[key{a.Kind, a.Subject}] = a
	}
	states, err := k.Store.GatewayStates(ctx)
	if err != nil {
		return d, nil, err
	}
	k.sample(states)
	counts, err := k.Store.HeardLast(ctx)
	if err != nil {
		return d, nil, err
	}
	d.Gateways = k.gateways(d.Directory, states, counts)
	for i, g := range d.Gateways {
		_, d.Gateways[i].Told = ongoing[key{coldchain.KindGateway, "gateway/" + string(g.ID)}]
	}
	assets, err := k.Store.AtRisk(ctx, FullBatteryPct, MaxTags)
	if err != nil {
		return d, nil, err
	}
	at := k.Now()
	heard := heardOf(d.Gateways)
	for _, a := range assets {
		d.Tags = append(d.Tags, Tag{Asset: a.ID, Name: a.Name, Kind: a.Kind, Place: a.Place,
			Silence: tracking.SilenceOf(a.Place, at, heard), HasBattery: a.Place.Known() && a.Place.BatteryPct != tracking.NoBattery})
	}
	return d, ongoing, nil
}

func heardOf(gateways []Gateway) tracking.GatewayHeard {
	last := make(map[hospital.GatewayID]time.Time, len(gateways))
	for _, g := range gateways {
		last[g.ID] = g.LastHeard
	}
	return func(id hospital.GatewayID) time.Time { return last[id] }
}

func (k *Keeper) gateways(d *hospital.Directory, states []ingest.GatewayState, counts map[hospital.GatewayID]int) []Gateway {
	known := make(map[hospital.GatewayID]ingest.GatewayState, len(states))
	for _, s := range states {
		known[s.ID] = s
	}
	gateways := make([]Gateway, len(d.Gateways))
	for i, g := range d.Gateways {
		room, _ := d.Room(g.Room)
		s := known[g.ID]
		gateways[i] = Gateway{Gateway: g, Floor: room.Floor, LastHeard: s.LastHeard, Offset: s.Offset, Tags: counts[g.ID]}
		if heard := k.Heard(g.ID); heard.After(s.LastHeard) {
			gateways[i].LastHeard = heard
		}
	}
	return gateways
}

// leastSpan is how far apart two samples must lie for a rate.
const leastSpan = 5 * time.Second

func (k *Keeper) sample(states []ingest.GatewayState) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := k.Now()
	if k.last == nil {
		k.last = map[hospital.GatewayID]sample{}
	}
	for _, s := range states { // all share one instant
		if before, ok := k.last[s.ID]; ok && at.Sub(before.at) < leastSpan {
			return
		}
	}
	k.count, k.last = k.last, make(map[hospital.GatewayID]sample, len(states))
	for _, s := range states {
		k.last[s.ID] = sample{at, s.Sightings}
	}
}

// Rate is how many sightings a minute a gateway brought between the last two
// looks; false while there are not two.
func (k *Keeper) Rate(id hospital.GatewayID) (float64, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before, ok := k.count[id]
	now, is := k.last[id]
	if !ok || !is || !now.at.After(before.at) {
		return 0, false
	}
	return float64(now.sightings-before.sightings) / now.at.Sub(before.at).Minutes(), true
}

// Worklist is what to mend, the nearest to a room (empty: to the actor's unit) first.
func (k *Keeper) Worklist(ctx context.Context, by hospital.Actor, from hospital.RoomID) ([]Job, error) {
	if err := by.Need(hospital.SeeDevices); err != nil {
		return nil, err
	}
	devices, _, err := k.devices(ctx)
	if err != nil {
		return nil, fmt.Errorf("worklist: %w", err)
	}
	walk := tracking.NewWalk(devices.Directory, tracking.UnitRooms(devices.Directory, by.Unit)...)
	if _, ok := devices.Directory.Room(from); ok {
		walk = tracking.NewWalk(devices.Directory, from)
	}
	return Worklist(devices, walk, k.Now()), nil
}
