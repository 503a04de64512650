// Package ingest is the way in: it takes the messages of gateways from whichever
// transport, and hands what they say to those who keep it.
//
// The path of data: a transport (package mqtt, POST /ingest) knows who sends and
// calls Intake.Take → gateway.Decode → is this sender allowed to say so, and when
// was it → sightings into a bounded queue (full: the oldest go, counted), readings
// into a group that is written in one transaction → only then the sender's done is
// called. Readings are never dropped: when they can't be taken, Take waits and then
// says ErrBusy, and the sender keeps them.
//
// What can't be taken is refused record by record, counted, and noted in the Book
// with a reason that an administrator can read; so are gateways, tags and sensors
// that nobody has enrolled.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
)

// Limits of what waits inside.
const (
	// MaxWaitingSightings is how many sightings may wait before the oldest are dropped.
	MaxWaitingSightings = 100_000
	// crowd is how many sightings may wait before whoever brings more waits, too, and reads no
	// further meanwhile: a sighting that waits takes 160 bytes, one in a message not yet read none.
	crowd = 8_192
	// crowdPatience is how long anybody waits for that: beyond it the newest are wanted
	// more than the oldest, which go.
	crowdPatience = 2 * time.Second
	// MaxWaitingReadings is how many readings may wait, or be on their way to disk,
	// before senders have to wait. It is more than one message can hold.
	MaxWaitingReadings = 20_000
	// maxGroup is how many readings are written together at most.
	maxGroup = 2_000
	// maxHandover is how many sightings are handed over at once.
	maxHandover = 2_048
)

// What a sender can do about a refusal of the whole message.
var (
	// ErrUnreadable: nothing in the message can be read; sending it again is no use.
	ErrUnreadable = errors.New("the message can't be read")
	// ErrForeign: the sender may not speak for the gateway that the message names.
	ErrForeign = errors.New("the message speaks for another gateway")
	// ErrBusy: readings can't be taken now; send the message again later.
	ErrBusy = errors.New("readings can't be taken just now; send them again")
)

// Sights takes sightings; it returns fast, keeps its own bounds, and does not keep the
// slice, which is used again.
type Sights interface {
	Sight(ctx context.Context, sightings []tracking.Sighting) error
}

// Observes writes readings; it returns once they are durable, an outcome for each.
type Observes interface {
	Observe(ctx context.Context, readings []coldchain.Reading) ([]coldchain.Outcome, error)
}

// TakesSigns writes what devices say of doors, the mains, batteries and probes; it
// returns once that is durable.
type TakesSigns interface {
	Sign(ctx context.Context, signs []coldchain.Sign) error
}

// Tokens says whose a token is: a gateway, or with an empty id a program that may
// speak for every gateway of the hospital. Its error is a hospital.ErrForbidden when
// there is no such token or it was revoked.
type Tokens interface {
	Check(ctx context.Context, secret string) (hospital.GatewayID, error)
}

// Enrolled says whether an identity is a tag of this hospital.
type Enrolled interface {
	Enrolled(identity string) bool
}

// Parts is what an Intake is made of.
type Parts struct {
	Sights   Sights
	Observes Observes
	// Signs may be nil: then what devices say beside their readings is passed by.
	Signs TakesSigns
	// Enrolled may be nil: then no tag is ever listed as unknown.
	Enrolled Enrolled
	Register *hospital.Register
	Book     *Book
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  prometheus.Registerer
}

// Intake takes messages. Its methods may be called by any goroutine; Run must be running.
type Intake struct {
	Parts
	clocks *Clocks
	meters meters
	seen   counters

	room      *semaphore.Weighted // a unit for each reading that waits
	parcels   chan *parcel
	sightings queue
}

// parcel is the readings and signs of one message on their way to disk.
type parcel struct {
	readings []coldchain.Reading
	origins  []gateway.Origin
	signs    []coldchain.Sign
	receipt  Receipt
	source   string
	done     func(Receipt, error)
}

// weight is how much of the room a parcel takes.
func (p *parcel) weight() int64 { return int64(len(p.readings) + len(p.signs)) }

// Receipt is what became of one message.
type Receipt struct {
	Accepted   int
	Duplicates int
	Rejected   []Rejected
}

// Rejected is one record that was not taken. Sightings and readings of the
// canonical envelope are numbered each from 0.
type Rejected struct {
	Index  int
	Reason string
}

// New is an Intake that has taken over what the Book remembers.
func New(parts Parts) *Intake {
	in := &Intake{
		Parts:     parts,
		clocks:    parts.Book.clocks,
		meters:    newMeters(parts.Metrics),
		seen:      counters{last: map[coldchain.SensorKey]counted{}},
		room:      semaphore.NewWeighted(MaxWaitingReadings),
		parcels:   make(chan *parcel, MaxWaitingReadings),
		sightings: newQueue(MaxWaitingSightings),
	}
	in.meterQueues()
	return in
}

// Take takes one message from a sender whose token is for gateway from; empty for a
// program. On error nothing was taken and done is never called. Else done is called
// once, when all that the receipt names is durable; perhaps before Take returns,
// perhaps by another goroutine, and it must not block. Its error is never the
// message's fault: send it again.
//
// Take waits for room until ctx ends (where sightings wait, a little), and keeps nothing
// of the message's body.
func (in *Intake) Take(ctx context.Context, from hospital.GatewayID, m gateway.Message, done func(Receipt, error)) error {
	if m.Gateway == "" {
		m.Gateway = from
	}
	m.Names, m.Room = in.names(from, m), in.sightings.room()
	batch, err := gateway.Decode(m)
	if err != nil {
		in.sightings.giveBack(m.Room)
		in.refuseWhole(m, batch, from, err)
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return in.TakeBatch(ctx, from, m, batch, done)
}

// names is what the sender's devices have said of their names.
func (in *Intake) names(from hospital.GatewayID, m gateway.Message) gateway.Names {
	return spokenNames{in.Book.names, from, func() {
		in.Book.Refuse(Refusal{At: m.ReceivedAt, Gateway: from, Source: m.Source, Topic: m.Topic, Records: 1,
			Reason: "its devices have more short names than are remembered here; those beyond can't be read"})
	}}
}

// TakeBatch is Take for what was decoded already, from the message m; its sightings and
// the message's room are the intake's from then on.
func (in *Intake) TakeBatch(ctx context.Context, from hospital.GatewayID, m gateway.Message, batch gateway.Batch, done func(Receipt, error)) error {
	s := &sorting{intake: in, message: m, batch: &batch, from: from}
	if err := s.check(); err != nil {
		in.sightings.giveBack(m.Room)
		return err
	}
	if n := s.weight(); n > 0 && in.room.Acquire(ctx, n) != nil {
		in.meters.busy.Inc()
		in.sightings.giveBack(m.Room)
		return ErrBusy
	}
	s.note()
	s.receipt.Accepted = len(s.sightings)
	if s.weight() > 0 { // before its sightings, which may have to wait
		in.parcels <- &parcel{readings: s.readings, origins: s.origins, signs: s.signs, receipt: s.receipt, source: m.Source, done: done}
	}
	in.keep(ctx, part{s.sightings, m.Room})
	if s.weight() == 0 {
		done(s.receipt, nil)
	}
	return nil
}

// keep keeps sightings until they are handed over, when no crowd is before them.
func (in *Intake) keep(ctx context.Context, p part) {
	if len(p.sightings) > 0 {
		in.sightings.calm(ctx, crowdPatience)
	}
	in.meters.dropped.Add(float64(in.sightings.put(p)))
}

// refuseWhole notes a message that could not be read at all.
func (in *Intake) refuseWhole(m gateway.Message, b gateway.Batch, from hospital.GatewayID, err error) {
	in.meters.refused.WithLabelValues("unreadable").Inc()
	in.Book.Refuse(Refusal{At: m.ReceivedAt, Gateway: cmpOr(from, b.Gateway), Source: m.Source, Topic: m.Topic,
		Reason: err.Error(), Records: 1, Sample: sample(m.Body)})
}

// TurnAway notes a sender without a good token: the name that it gave itself, if any,
// and where it sent from.
func (in *Intake) TurnAway(source, name, remote, why string) {
	in.meters.refused.WithLabelValues("sender").Inc()
	now := in.Now()
	id := hospital.GatewayID(gateway.Identity(name))
	in.Book.Refuse(Refusal{At: now, Gateway: id, Source: source, Reason: "turned away at the door: " + why, Records: 1})
	in.Book.Stranger(Stranger{Kind: GatewayStranger, ID: string(id), LastHeard: now, Says: "knocked from " + remote + " without a good token"})
}

func cmpOr(a, b hospital.GatewayID) hospital.GatewayID {
	if a != "" {
		return a
	}
	return b
}

// Run carries what was taken to those who keep it, until ctx ends; then it hands
// over what still waits and returns. Stop the transports first.
func (in *Intake) Run(ctx context.Context) error {
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		in.handOver(ctx)
	}()
	in.write(ctx)
	<-finished
	return nil
}

// handOver passes sightings on.
func (in *Intake) handOver(ctx context.Context) {
	working := context.WithoutCancel(ctx)
	for {
		sightings := in.sightings.take(ctx, maxHandover)
		if len(sightings) == 0 {
			return
		}
		switch err := in.Sights.Sight(working, sightings); {
		case errors.Is(err, tracking.ErrBusy): // older ones had to go, and whoever drops them counts them
			in.Log.Warn("the tracker is behind", "error", err)
		case err != nil:
			in.meters.dropped.Add(float64(len(sightings)))
			in.Log.Error("sightings were not taken", "count", len(sightings), "error", err)
		}
	}
}

// write writes readings in groups: while one is on its way to disk the next gathers by itself.
func (in *Intake) write(ctx context.Context) {
	for {
		select {
		case first := <-in.parcels:
			in.writeGroup(ctx, in.gather(first))
		case <-ctx.Done():
			select {
			case first := <-in.parcels:
				in.writeGroup(ctx, in.gather(first))
			default:
				return
			}
		}
	}
}

func (in *Intake) gather(first *parcel) []*parcel {
	group, readings := []*parcel{first}, len(first.readings)
	for readings < maxGroup {
		select {
		case p := <-in.parcels:
			group, readings = append(group, p), readings+len(p.readings)
		default:
			return group
		}
	}
	return group
}

// writeGroup writes the parcels together; when that fails, each alone, so that one
// that can't be written costs its neighbours nothing.
func (in *Intake) writeGroup(ctx context.Context, group []*parcel) {
	working := context.WithoutCancel(ctx)
	all, signs := group[0].readings, group[0].signs
	if len(group) > 1 {
		all, signs = nil, nil
		for _, p := range group {
			all, signs = append(all, p.readings...), append(signs, p.signs...)
		}
	}
	started := time.Now()
	outcomes, err := in.observe(working, all)
	if err == nil && len(signs) > 0 {
		err = in.Signs.Sign(working, signs) // once more, the readings would be duplicates
	}
	in.meters.writing.Observe(time.Since(started).Seconds())
	if err != nil && len(group) > 1 {
		for _, p := range group {
			in.writeGroup(ctx, []*parcel{p})
		}
		return
	}
	for _, p := range group {
		if err == nil {
			in.settle(p, outcomes[:len(p.readings)])
			outcomes = outcomes[len(p.readings):]
		} else {
			in.meters.unwritten.Add(float64(len(p.readings)))
		}
		in.room.Release(p.weight())
		p.done(p.receipt, err)
	}
}

func (in *Intake) observe(ctx context.Context, readings []coldchain.Reading) ([]coldchain.Outcome, error) {
	if len(readings) == 0 {
		return nil, nil
	}
	outcomes, err := in.Observes.Observe(ctx, readings)
	if err == nil && len(outcomes) != len(readings) {
		err = fmt.Errorf("%d outcomes for %d readings", len(outcomes), len(readings))
	}
	return outcomes, err
}

// settle turns the outcomes of a parcel's readings into its receipt.
func (in *Intake) settle(p *parcel, outcomes []coldchain.Outcome) {
	for i, o := range outcomes {
		reading := p.readings[i]
		in.meters.readings.WithLabelValues(string(o.Verdict)).Inc()
		switch o.Verdict {
		case coldchain.Accepted:
			p.receipt.Accepted++
			in.seen.note(reading, p.origins[i].Counter)
		case coldchain.Duplicate:
			p.receipt.Duplicates++
			if in.seen.passedOn(reading) {
				continue
			}
			in.Book.Refuse(Refusal{At: reading.ReceivedAt, Gateway: reading.Gateway, Source: p.source, Records: 1,
				Reason: "sensor " + reading.Key().String() + ": the record holds a reading of this moment already; the first one stays"})
		default:
			p.receipt.Rejected = append(p.receipt.Rejected, Rejected{Index: p.origins[i].Record, Reason: o.Reason})
			in.refuseReading(p, reading, o.Reason)
		}
	}
}

func (in *Intake) refuseReading(p *parcel, reading coldchain.Reading, reason string) {
	in.meters.refused.WithLabelValues("reading").Inc()
	if reason == coldchain.ReasonUnknownSensor {
		return // listed for adoption by those who refused it
	}
	in.Book.Refuse(Refusal{At: reading.ReceivedAt, Gateway: reading.Gateway, Source: p.source,
		Reason: "sensor " + reading.Key().String() + ": " + reason, Records: 1})
}
