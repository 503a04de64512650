package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"wardwatch/tracking/hospital"
)

const (
	// mapBrowsers is how many browsers look at the map.
	mapBrowsers = 200
	// mapMovers are the pieces that doors read, in turn; each rests longer than a
	// door needs to believe a single read (tracking: portalFreshMS).
	mapMovers = 60
	// movesPerSecond is how many pieces a second a door reads.
	movesPerSecond = 10
	// mapBackground is what beacons elsewhere are sighted a second meanwhile.
	mapBackground = 5_000
)

// epcOf is the RFID label of a piece that doors read.
func epcOf(i int) string { return fmt.Sprintf("epc:30340000%016X", i) }

// measureMap: a reader's PUBLISH of the sighting that decides a move until the
// piece stands in its new room on the map of every browser that looks at the floor.
func measureMap(ctx context.Context, r *run) error {
	size := r.Size
	size.Browsers, size.Fridges = min(size.Browsers, mapBrowsers), min(size.Fridges, 20)
	size.Tags = max(min(size.Tags, 1000), mapMovers+1)
	m, err := r.hospital(ctx, size)
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	doors, elsewhere := m.busiestFloor()
	w := &moving{floor: m.floorOf(doors[0]), took: &latencies{}}
	crowd, err := gather(ctx, size.Browsers, func(i int) (string, http.Header) {
		return s.http + "/live?topics=floor/" + string(w.floor), http.Header{"Cookie": {m.cookie(i / socketsEach)}, "Origin": {s.http}}
	}, w.heard)
	if err != nil {
		return err
	}
	defer crowd.leave()
	w.begin(size.Browsers)
	all, err := dialAll(ctx, s, m, 2, sightWindow, &latencies{})
	if err != nil {
		return err
	}
	defer hangUp(all)
	if err := w.move(ctx, r, m, doors, elsewhere, size.Tags, all); err != nil {
		return err
	}
	title := fmt.Sprintf("move to the map of %d browsers, %s sightings/s beside it", size.Browsers, groups(fmt.Sprint(mapBackground)))
	r.add(Row{What: title + ", p50", Value: w.took.at(0.50), Unit: "ms"})
	r.add(Row{What: title + ", p99", Value: w.took.at(0.99), Unit: "ms", Bar: 300})
	r.add(Row{What: "moves that reached the browsers", Value: float64(w.took.n()) / float64(w.due.Load()) * 100, Unit: "%", More: true, Bar: 99})
	return crowd.err()
}

// moving is what browsers saw of pieces that move.
type moving struct {
	floor hospital.FloorID
	took  *latencies
	due   atomic.Int64

	mu      sync.RWMutex
	started []started
	seen    []int // by browser: how many moves it has looked for already
}

// started is a move whose deciding sighting was published.
type started struct {
	sign []byte // what a map shows once it is there
	at   time.Time
}

func (w *moving) begin(browsers int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = make([]int, browsers)
}

// heard looks for the moves under way in what one browser was sent. Each browser
// has a goroutine of its own, which alone counts in its cell.
func (w *moving) heard(browser int, message []byte) {
	now := time.Now()
	w.mu.RLock()
	defer w.mu.RUnlock()
	if browser >= len(w.seen) {
		return
	}
	for w.seen[browser] < len(w.started) {
		move := w.started[w.seen[browser]]
		if !bytes.Contains(message, move.sign) {
			return // not in this one yet; the moves come in their order
		}
		w.took.add(now.Sub(move.at))
		w.seen[browser]++
	}
}

// move lets doors read one piece after the other, while beacons elsewhere are sighted.
func (w *moving) move(ctx context.Context, r *run, m *measured, doors, elsewhere []hospital.GatewayID, tags int, all []*publisher) error {
	beside, stop := context.WithCancel(ctx)
	defer stop()
	others := &flood{m: &measured{gateways: elsewhere}, messages: messagesOf(&measured{gateways: elsewhere}, tags-mapMovers)}
	var busy sync.WaitGroup
	if len(elsewhere) > 0 {
		busy.Go(func() { _, _, _ = others.pour(beside, all[1:], 3*r.For, mapBackground) })
	}
	defer busy.Wait()
	begun := time.Now()
	for n := 0; time.Since(begun) < 2*r.For+time.Second; n++ {
		if err := pace(ctx, all[0], begun, n, movesPerSecond); err != nil {
			return err
		}
		piece := tags - mapMovers + n%mapMovers
		door := doors[(n%mapMovers+n/mapMovers)%len(doors)]
		if err := w.through(ctx, all[0], m, piece, door, n >= movesPerSecond); err != nil { // the first second warms up
			return err
		}
	}
	if err := all[0].settle(ctx); err != nil {
		return err
	}
	time.Sleep(min(2*time.Second, 2*r.For)) // the last moves are on their way
	stop()
	return nil
}

// through lets one door read one piece, and times it from then on.
func (w *moving) through(ctx context.Context, out *publisher, m *measured, piece int, door hospital.GatewayID, timed bool) error {
	body := fmt.Appendf(nil, `{"sightings":[{"tag":%q,"gateway":%q,"rssi_dbm":-50}]}`, epcOf(piece), string(door))
	if timed {
		w.mu.Lock()
		w.started = append(w.started, started{fmt.Appendf(nil, `data-asset=\"%s\" data-in=\"%s\"`, m.assets[piece], m.roomOf(door)), time.Now()})
		w.due.Add(int64(len(w.seen)))
		w.mu.Unlock()
	}
	return out.publish(ctx, "wardwatch/v1/"+string(door)+"/sightings", body)
}

func (m *measured) roomOf(id hospital.GatewayID) hospital.RoomID { return m.hangsIn[id] }

func (m *measured) floorOf(id hospital.GatewayID) hospital.FloorID {
	for _, room := range m.rooms {
		if room.ID == m.hangsIn[id] {
			return room.Floor
		}
	}
	return ""
}

// busiestFloor are the gateways of the floor that has most of them, one a room, and all others.
func (m *measured) busiestFloor() (there, elsewhere []hospital.GatewayID) {
	count := map[hospital.FloorID]int{}
	for _, id := range m.gateways {
		count[m.floorOf(id)]++
	}
	var best hospital.FloorID
	for _, id := range m.gateways { // in their order: the same floor every time
		if floor := m.floorOf(id); best == "" || count[floor] > count[best] {
			best = floor
		}
	}
	taken := map[hospital.RoomID]bool{}
	for _, id := range m.gateways {
		switch {
		case m.floorOf(id) != best:
			elsewhere = append(elsewhere, id)
		case !taken[m.roomOf(id)]:
			taken[m.roomOf(id)] = true
			there = append(there, id)
		}
	}
	return there, elsewhere
}
