package tracking

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

const (
	// maxBatch is how many sightings are filtered before what they moved is stored.
	maxBatch = 8192
	// settleEvery is how often open steps are looked at; sweepEvery how often the
	// silent are looked for, and how often "last seen" is stored.
	settleEvery = 250 * time.Millisecond
	sweepEvery  = 2 * time.Second
	// maxSeen bounds how many "last seen" one sweep stores; the others take their turn.
	maxSeen = 500
	// seenEvery is how old a stored "last seen" may grow while nothing else of a place
	// changes: what stands still and is heard every second is not stored every few. It is
	// well below FreshFor.
	seenEvery = 30 * time.Second
	// maxUnstored bounds the moves kept while the database refuses them.
	maxUnstored = 20_000
)

// tracked is one asset in the hands of its shard: half a KiB, with what its state points to.
type tracked struct {
	state   locate.State
	door    *doorwork // nil: no reader of a room or a doorway has read it
	place   held
	seenMS  int64
	loudest float32 // of the step that is open
	open    bool    // a step waits to be settled
	heard   bool    // since its place was stored
	stale   bool    // place differs from what is stored, by more than when it was heard
	class   *class  // the room that it teaches just now
	// certainMS is when it came to another room, or certainly stood in this one: a
	// doubt from before is over, and not yet forgotten where it is stored.
	certainMS int64
}

// pages are what a shard needs of a new book: its assets' stored places.
type pages struct {
	book   *book
	places map[int32]held
}

// word is what a person said of an asset's place.
type word struct {
	asset     AssetID
	room      hospital.RoomID
	doubtedBy string // who did not find it; empty when she did
	at        time.Time
	class     *class
}

// shard owns the state of its assets. Only run's goroutine touches what is below the line.
type shard struct {
	tracker *Tracker
	queue   *queue
	mu      sync.Mutex
	fresh   *pages
	words   []word

	// ----
	book     *book
	filter   *locate.Filter
	assets   []*tracked // by the book's index; nil for other shards' assets
	opened   []int32
	passing  []int32 // assets in a doorway
	taught   []int32 // assets that teach a room just now
	moves    []Move
	offline  []int    // receivers that were silent at the last sweep
	topics   []string // to announce though nothing moved
	batch    []heard
	began    time.Time
	sweeping int
}

func newShard(t *Tracker) *shard {
	return &shard{tracker: t, queue: newQueue(MaxQueued)}
}

func (s *shard) adopt(p pages) {
	s.mu.Lock()
	s.fresh = &p
	s.mu.Unlock()
	s.nudge()
}

func (s *shard) say(w word) {
	s.mu.Lock()
	s.words = append(s.words, w)
	s.mu.Unlock()
	s.nudge()
}

func (s *shard) nudge() {
	select {
	case s.queue.wake <- struct{}{}:
	default:
	}
}

func (s *shard) run(ctx context.Context) error {
	settle, sweep := time.NewTicker(settleEvery), time.NewTicker(sweepEvery)
	defer settle.Stop()
	defer sweep.Stop()
	s.began = s.tracker.now()
	s.turn()
	for {
		select {
		case <-ctx.Done():
			return s.finish(context.WithoutCancel(ctx))
		case <-s.queue.wake:
			s.drain(ctx)
		case <-settle.C:
			s.settle(s.tracker.now())
			s.ring(s.tracker.now())
			s.keep(ctx, time.Time{})
		case <-sweep.C:
			now := s.tracker.now()
			s.sweep(now)
			s.keep(ctx, now)
		}
	}
}

// finish takes what still waits and stores all of it.
func (s *shard) finish(ctx context.Context) error {
	s.drain(ctx)
	s.settle(s.tracker.now().Add(time.Hour)) // every open step, however young
	s.ring(s.tracker.now())
	for i := range s.assets {
		if t := s.assets[i]; t != nil && (t.stale || t.heard) {
			return s.store(ctx, s.staleOnes(time.Time{}, math.MaxInt))
		}
	}
	return s.store(ctx, nil)
}

// drain works through the queue, storing after each batch.
func (s *shard) drain(ctx context.Context) {
	for {
		s.turn()
		s.listen()
		s.batch = s.queue.take(s.batch[:0], maxBatch)
		for i := range s.batch {
			s.take(&s.batch[i])
		}
		s.keep(ctx, time.Time{})
		if len(s.batch) < maxBatch {
			s.batch = calm(s.batch, keptBatch)
			return
		}
	}
}

// turn goes over to a new book, when there is one.
func (s *shard) turn() {
	s.mu.Lock()
	fresh := s.fresh
	s.fresh = nil
	s.mu.Unlock()
	if fresh == nil {
		return
	}
	old, oldBook := s.assets, s.book
	s.book, s.offline = fresh.book, nil
	s.filter = locate.NewFilter(s.book.model)
	s.filter.Offline(s.book.offline(s.tracker.now()))
	s.assets, s.opened, s.taught = make([]*tracked, len(s.book.assets)), s.opened[:0], s.taught[:0]
	s.passing = s.passing[:0]
	for index, place := range fresh.places {
		t := known(old, oldBook, s.book.assets[index])
		if t == nil {
			t = &tracked{place: place}
		}
		t.open, t.door = false, nil
		t.state = s.restored(t.place)
		t.seenMS = max(t.seenMS, t.place.storedMS)
		if t.class != nil {
			s.taught = append(s.taught, index)
		}
		s.assets[index] = t
	}
}

// known is an asset as the shard has held it since the book before; nil when it is new. It
// goes on being used: two of each would be a tenth of a gigabyte in a large house.
func known(assets []*tracked, in *book, id AssetID) *tracked {
	if in == nil {
		return nil
	}
	was, ok := in.byAsset[id]
	if !ok {
		return nil
	}
	return assets[was]
}

func (s *shard) restored(p held) locate.State {
	room, ok := s.book.model.Room(string(p.room))
	if !ok {
		return locate.NewState()
	}
	state := s.filter.Restore(room, float64(p.confidence), p.storedMS, p.sinceMS)
	if p.doubted() {
		s.filter.Doubt(&state, p.doubtedMS)
	}
	return state
}

// listen takes what people said.
func (s *shard) listen() {
	s.mu.Lock()
	words := s.words
	s.words = nil
	s.mu.Unlock()
	for _, w := range words {
		index, ok := s.book.byAsset[w.asset]
		if !ok || s.assets[index] == nil {
			continue
		}
		t := s.assets[index]
		if w.class != nil && w.class.tour != nil {
			s.follow(index, t, w.class)
			continue
		}
		if w.class != nil && (t.class == nil || w.class.kind == Taught) {
			t.class = w.class
			s.taught = append(s.taught, index)
		}
		if w.class != nil && w.class.kind == Taught {
			continue
		}
		if w.doubtedBy != "" {
			s.filter.Doubt(&t.state, w.at.UnixMilli())
			t.place.doubtedMS, t.place.confidence = w.at.UnixMilli(), 0
			t.stale = true
		} else if room, ok := s.book.model.Room(string(w.room)); ok {
			s.filter.Place(&t.state, room, locate.Confirmed, w.at.UnixMilli())
			t.seenMS = max(t.seenMS, w.at.UnixMilli()) // by a person
			s.stand(t, w.room, t.state.Answer())
			t.place.goneMS = 0
		}
	}
}

// find is the asset that a queued sighting is of; nil when it is not enrolled any more.
func (s *shard) find(h *heard) *tracked {
	if h.book != s.book {
		if s.turn(); h.book != s.book && !s.translate(h) {
			return nil
		}
	}
	return s.assets[h.asset]
}

// translate looks a sighting of another book up in this one.
func (s *shard) translate(h *heard) bool {
	index, ok := s.book.byAsset[h.book.assets[h.asset]]
	if !ok {
		return false
	}
	h.asset = index
	if h.receiver != locate.NoRoom {
		receiver, ok := s.book.model.Receiver(h.book.model.ReceiverID(int(h.receiver)))
		if !ok {
			return false
		}
		h.receiver = int16(receiver)
	}
	if h.certain != locate.NoRoom {
		room, ok := s.book.model.Room(h.book.model.RoomID(int(h.certain)))
		if !ok {
			return false
		}
		h.certain = int16(room)
	}
	return true
}

// take runs one sighting through the filter.
func (s *shard) take(h *heard) {
	t := s.find(h)
	if t == nil {
		return
	}
	t.heard = true
	t.seenMS = max(t.seenMS, h.atMS)
	if h.battery != NoBattery {
		t.place.batteryPct, t.place.batteryMS = h.battery, h.atMS
	}
	switch {
	case h.motion != locate.MotionUnknown:
		t.state.Feel(h.motion)
	case h.counts:
		t.state.Count(h.movements, h.atMS)
	}
	switch {
	case h.doorway:
		if t.atDoor().passage.read(h) {
			s.passing = append(s.passing, h.asset)
		}
		s.heardBy(t, h)
		if !t.door.passage.beside(t.state.Answer().Room) { // which way it goes is not known yet, but it is here
			s.read(h.asset, t, h.certain, h.atMS)
		}
	case h.certain != locate.NoRoom:
		if t.atDoor().portal.admits(h.certain, h.dbm, h.atMS) {
			s.heardBy(t, h)
			s.read(h.asset, t, h.certain, h.atMS)
		}
	case h.receiver != locate.NoRoom:
		if t.class != nil && h.atMS <= t.class.untilMS && len(t.class.heard) < t.class.most() {
			t.class.heard = append(t.class.heard, locate.Observation{AtMS: h.atMS, Receiver: s.book.model.ReceiverID(int(h.receiver)), DBm: float64(h.dbm)})
		}
		event, changed := s.filter.Sight(&t.state, int(h.receiver), float64(h.dbm), h.atMS)
		if !t.open {
			t.open, t.loudest = true, float32(math.Inf(-1))
			s.opened = append(s.opened, h.asset)
		}
		s.heardBy(t, h)
		if changed || t.back() {
			s.moved(h.asset, t, t.answerOf(event, changed))
		}
	}
}

// read puts an asset into a room on a reader's word; one that is older than what is
// known is left out.
func (s *shard) read(index int32, t *tracked, room int16, atMS int64) {
	s.filter.Place(&t.state, int(room), locate.RoomRead, atMS)
	if a := t.state.Answer(); a.Room == room && a.Why == locate.RoomRead {
		s.moved(index, t, a)
	}
}

// pass ends the passages whose antennas have been silent for a while.
func (s *shard) pass(at time.Time) {
	s.passing = slices.DeleteFunc(s.passing, func(index int32) bool {
		t := s.assets[index]
		passage := &t.door.passage
		if !passage.over(at.UnixMilli()) {
			return false
		}
		if to := passage.to(); to != locate.NoRoom {
			s.read(index, t, to, max(passage.lastMS, t.state.Answer().AtMS)) // a beacon may have been heard since
		}
		passage.open = false
		return true
	})
}

// atDoor is what doorways and portals know of the asset; few are ever read by one.
func (t *tracked) atDoor() *doorwork {
	if t.door == nil {
		t.door = new(doorwork)
	}
	return t.door
}

// back says whether an asset that was given up is heard again where it was.
func (t *tracked) back() bool {
	a := t.state.Answer()
	return t.place.goneMS != 0 && a.Room != locate.NoRoom && a.AtMS > t.place.goneMS
}

func (t *tracked) answerOf(event locate.Event, changed bool) locate.Answer {
	if changed {
		return event.Answer
	}
	return t.state.Answer()
}

func (s *shard) heardBy(t *tracked, h *heard) {
	if h.receiver != locate.NoRoom && (h.dbm >= t.loudest || t.place.gateway == "") {
		t.loudest = h.dbm
		t.place.gateway = hospital.GatewayID(s.book.model.ReceiverID(int(h.receiver)))
	}
}

// settle closes the steps that have lasted long enough.
func (s *shard) settle(at time.Time) {
	kept := s.opened[:0]
	for _, index := range s.opened {
		t := s.assets[index]
		if !s.filter.Due(&t.state, at.UnixMilli()) {
			kept = append(kept, index)
			continue
		}
		t.open = false
		if event, changed := s.filter.Settle(&t.state); changed || t.back() {
			s.moved(index, t, t.answerOf(event, changed))
		}
	}
	s.opened = kept
	s.pass(at)
}

// moved turns an answer of the filter into a move, if the asset was held to be elsewhere.
func (s *shard) moved(index int32, t *tracked, a locate.Answer) {
	if a.Room == locate.NoRoom {
		t.place.confidence, t.place.why = 0, OutsideMap
		return
	}
	room := s.book.room(int(a.Room))
	was, gone := t.place.room, t.place.goneMS != 0
	if room == was && !gone {
		s.stand(t, room, a)
		return
	}
	move := Move{Asset: s.book.assets[index], Kind: Movement, From: was, To: room, FromFloor: s.book.floorOf(was),
		ToFloor: s.book.floorOf(room), At: time.UnixMilli(a.AtMS).UTC(), Confidence: float64(a.Confidence), Why: a.Why.String()}
	if gone || was == "" {
		move.Kind = Arrival
	}
	t.place.goneMS = 0
	s.stand(t, room, a)
	s.decided(move)
}

func (s *shard) decided(move Move) {
	s.tracker.counted.moves.Add(1)
	if len(s.moves) == maxUnstored {
		s.tracker.log.Error("the database refuses moves; the oldest is dropped", "asset", s.moves[0].Asset)
		s.moves = append(s.moves[:0], s.moves[1:]...)
	}
	s.moves = append(s.moves, move)
}

// stand brings an asset's place up to date with an answer.
func (s *shard) stand(t *tracked, room hospital.RoomID, a locate.Answer) {
	p := &t.place
	if room != p.room {
		p.sinceMS = a.AtMS
	}
	if room != p.room || a.Why == locate.RoomRead || a.Why == locate.Confirmed {
		p.doubtedMS = 0
		t.certainMS = max(t.certainMS, a.AtMS)
	}
	p.room, p.second, p.why, p.heard = room, s.book.room(int(a.Second)), a.Why.String(), a.Heard
	p.confidence, p.secondConfidence = a.Confidence, a.SecondConfidence
	t.stale = true
}

// sweep looks for assets and gateways that fell silent.
func (s *shard) sweep(at time.Time) {
	offline := s.book.offline(at)
	s.filter.Offline(offline)
	s.darken(offline)
	for index, t := range s.assets {
		if t == nil || t.place.room == "" || t.place.goneMS != 0 {
			continue
		}
		patience := LostFor
		if t.place.byOneRead() {
			if !s.emptied(t, at) {
				continue
			}
			patience = OutFor
		}
		silentSince := time.UnixMilli(t.seenMS)
		if silentSince.Before(s.began) {
			silentSince = s.began // while nobody listened, nobody was silent
		}
		if at.Sub(silentSince) >= patience {
			s.departed(int32(index), t, at)
		}
	}
}

// emptied says whether an asset was last read by a cabinet that goes on reading: it
// reads all that stands in it, so what it does not read has been taken out.
func (s *shard) emptied(t *tracked, at time.Time) bool {
	gateway := t.place.gateway
	return t.place.why == locate.RoomRead.String() && s.book.reads[gateway] == hospital.ReadsCabinet &&
		at.Sub(s.tracker.GatewayHeard(gateway)) <= QuietGateway
}

// darken notes the rooms and floors whose gateways have fallen silent or come
// back, so that open maps are drawn anew. The first shard does it for all.
func (s *shard) darken(offline []int) {
	if s != s.tracker.shards[0] || slices.Equal(offline, s.offline) {
		return
	}
	for i, gateway := range s.book.directory.Gateways {
		if slices.Contains(offline, i) == slices.Contains(s.offline, i) {
			continue
		}
		for _, room := range append(antennaRooms(gateway), gateway.Room) {
			if room != "" {
				s.topics = append(s.topics, "room/"+string(room), "floor/"+string(s.book.floorOf(room)))
			}
		}
	}
	s.offline = offline
}

func (s *shard) departed(index int32, t *tracked, at time.Time) {
	t.place.goneMS, t.place.storedMS, t.stale = at.UnixMilli(), t.seenMS, true
	place := t.place.place(s.book)
	why := SilenceOf(place, at, s.tracker.GatewayHeard)
	s.decided(Move{Asset: s.book.assets[index], Kind: Departure, From: place.Room, FromFloor: place.Floor, At: at, Why: string(why)})
}
