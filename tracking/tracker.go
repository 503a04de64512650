package tracking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// TrackerOptions of a Tracker; the zero value is ready for use.
type TrackerOptions struct {
	// Now is the hospital's clock; time.Now when nil.
	Now func() time.Time
	// Log receives what an operator should know; slog.Default when nil.
	Log *slog.Logger
	// Shards is how many goroutines share the assets; as many as processors when 0.
	Shards int
}

// Tracker keeps each asset's filter state and stores what comes of it. State is
// sharded by asset, and each shard has one goroutine that owns it: an asset's
// tags (a beacon and an RFID label, say) feed one filter.
type Tracker struct {
	register *hospital.Register
	store    Store
	now      func() time.Time
	log      *slog.Logger
	shards   []*shard
	book     atomic.Pointer[book]
	reload   sync.Mutex
	scratch  sync.Pool
	lessons  chan finished
	// confirmed says that people confirmed something of which the model knows nothing yet.
	confirmed atomic.Bool

	classesMu sync.Mutex
	classes   map[hospital.RoomID]Class // the last of each room
	tours     map[AssetID]Tour          // the last with each asset

	counted counters
}

type counters struct{ taken, strange, dropped, moves, failed atomic.Uint64 }

// Counts is how much a Tracker has done since it began.
type Counts struct {
	// Taken sightings are of enrolled tags, Strange ones of tags that nobody
	// enrolled; Dropped had to make room for newer ones.
	Taken, Strange, Dropped uint64
	// Moves were decided; Failed transactions are tried again.
	Moves, Failed uint64
}

// NewTracker begins with what the store remembers. Run it, then hand it sightings.
func NewTracker(ctx context.Context, register *hospital.Register, store Store, options TrackerOptions) (*Tracker, error) {
	t := &Tracker{register: register, store: store, now: options.Now, log: cmp.Or(options.Log, slog.Default()),
		lessons: make(chan finished, lessonsWaiting), classes: make(map[hospital.RoomID]Class), tours: make(map[AssetID]Tour)}
	if t.now == nil {
		t.now = time.Now
	}
	t.scratch.New = func() any { return new(batches) }
	for range cmp.Or(options.Shards, runtime.GOMAXPROCS(0)) {
		t.shards = append(t.shards, newShard(t))
	}
	return t, t.Reload(ctx)
}

// Reload reads the hospital and its enrolled tags anew. Call it after an import
// and after any change of a tag; states of assets that stay are kept.
func (t *Tracker) Reload(ctx context.Context) error {
	t.reload.Lock()
	defer t.reload.Unlock()
	roster, err := t.store.Roster(ctx)
	if err != nil {
		return fmt.Errorf("reload tracker: %w", err)
	}
	lessons, err := t.store.Lessons(ctx, "", MaxLessons)
	if err != nil {
		return fmt.Errorf("reload tracker: %w", err)
	}
	fresh := newBook(t.register.Current(), roster, lessons, len(t.shards), t.book.Load())
	t.book.Store(fresh)
	for i, s := range t.shards {
		s.adopt(pages{book: fresh, places: t.placesOf(fresh, roster, i)})
	}
	return nil
}

func (t *Tracker) placesOf(b *book, roster []Asset, shard int) map[int32]held {
	places := make(map[int32]held)
	for _, asset := range roster {
		if index := b.byAsset[asset.ID]; int(b.homes[index]) == shard {
			places[index] = hold(asset.Place)
		}
	}
	return places
}

// Run works until ctx ends; it then finishes what waits in the queues and stores it.
func (t *Tracker) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range t.shards {
		group.Go(func() error { return s.run(ctx) })
	}
	group.Go(func() error { return t.learn(ctx) })
	return errors.Join(group.Wait(), t.learnRest(context.WithoutCancel(ctx)))
}

// batches is scratch space to sort sightings by shard.
type batches struct{ byShard [][]heard }

// Sight hands over what gateways heard and returns at once. Tags that nobody
// enrolled are counted and forgotten: nobody's telephone is followed. It is
// ErrBusy when older sightings had to be dropped to make room.
func (t *Tracker) Sight(_ context.Context, sightings []Sighting) error {
	b := t.book.Load()
	sorted := t.scratch.Get().(*batches)
	defer t.scratch.Put(sorted)
	if sorted.byShard == nil {
		sorted.byShard = make([][]heard, len(t.shards))
	}
	for i := range sightings {
		s := &sightings[i]
		at := s.ReceivedAt
		if at.IsZero() {
			at = t.now()
		}
		if c := b.clocks[s.Gateway]; c != nil {
			c.set(at)
		}
		asset, enrolled := b.bearer(s)
		if !enrolled {
			t.counted.strange.Add(1)
			continue
		}
		shard := b.homes[asset]
		sorted.byShard[shard] = append(sorted.byShard[shard], b.lookUp(s, asset, at))
	}
	return t.hand(sorted)
}

func (t *Tracker) hand(sorted *batches) error {
	dropped := 0
	for i, hs := range sorted.byShard {
		if len(hs) > 0 {
			t.counted.taken.Add(uint64(len(hs)))
			dropped += t.shards[i].queue.put(hs)
			sorted.byShard[i] = hs[:0]
		}
	}
	if dropped > 0 {
		t.counted.dropped.Add(uint64(dropped))
		return fmt.Errorf("%d sightings: %w", dropped, ErrBusy)
	}
	return nil
}

func (b *book) lookUp(s *Sighting, asset int32, at time.Time) heard {
	h := heard{book: b, atMS: at.UnixMilli(), asset: asset, receiver: locate.NoRoom,
		certain: b.certain(s), battery: int8(max(min(s.BatteryPct, 100), NoBattery))}
	if receiver, ok := b.model.Receiver(string(s.Gateway)); ok {
		h.receiver = int16(receiver)
	}
	if h.certain != locate.NoRoom {
		h.doorway, h.readMS = b.reads[s.Gateway] == hospital.ReadsDoorway, h.atMS
		if !s.At.IsZero() {
			h.readMS = s.At.UnixMilli()
		}
	}
	if s.HasRSSI {
		h.dbm = float32(s.RSSIdBm)
	} else if h.certain == locate.NoRoom {
		h.receiver = locate.NoRoom // heard, but nobody knows how loudly
	}
	h.movements, h.counts = int32(min(max(s.Movements, 0), math.MaxInt32)), s.HasMovements
	if s.Moving != nil {
		h.motion = locate.Resting
		if *s.Moving {
			h.motion = locate.Moving
		}
	}
	return h
}

// GatewayAlive notes that a gateway gave a sign of life without a sighting.
func (t *Tracker) GatewayAlive(id hospital.GatewayID, at time.Time) {
	if c := t.book.Load().clocks[id]; c != nil {
		c.set(at)
	}
}

// GatewayHeard is when a gateway last gave a sign of life; zero for never.
func (t *Tracker) GatewayHeard(id hospital.GatewayID) time.Time {
	if c := t.book.Load().clocks[id]; c != nil {
		return c.time()
	}
	return time.Time{}
}

// Enrolled says whether any asset bears the identity.
func (t *Tracker) Enrolled(identity string) bool {
	_, ok := t.book.Load().byTag[identity]
	return ok
}

// Counts is how much has been done so far.
func (t *Tracker) Counts() Counts {
	c := &t.counted
	return Counts{Taken: c.taken.Load(), Strange: c.strange.Load(), Dropped: c.dropped.Load(), Moves: c.moves.Load(), Failed: c.failed.Load()}
}

// Waiting is how many sightings stand in the queues.
func (t *Tracker) Waiting() int {
	n := 0
	for _, s := range t.shards {
		n += s.queue.waiting()
	}
	return n
}

// confirm and doubt tell the filter what a person said, after it was stored; was
// is the place that she spoke of.
func (t *Tracker) confirm(id AssetID, was Place, room hospital.RoomID, by hospital.Actor, at time.Time) {
	t.tell(word{asset: id, room: room, at: at, class: passing(FoundHere, was, room, by, at)})
}

func (t *Tracker) doubt(id AssetID, was Place, by hospital.Actor, at time.Time) {
	t.tell(word{asset: id, doubtedBy: by.Name, at: at, class: passing(FoundAway, was, was.Room, by, at)})
}

// passing is what a person teaches by her word on where an asset is. Gateways had
// an answer only where nobody and no reader had the last word.
func passing(kind LessonKind, was Place, room hospital.RoomID, by hospital.Actor, at time.Time) *class {
	c := &class{room: room, by: by, kind: kind, untilMS: at.Add(ListenFor).UnixMilli()}
	if was.Why == locate.Radio.String() && !was.Doubted() && was.GoneAt.IsZero() {
		c.said = was.Room
	}
	return c
}

func (t *Tracker) tell(w word) {
	b := t.book.Load()
	if index, ok := b.byAsset[w.asset]; ok {
		t.shards[b.homes[index]].say(w)
	}
}
