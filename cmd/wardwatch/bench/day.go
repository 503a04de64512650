package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// pageEvery is how often somebody opens another page, scanEvery how often a nurse scans.
	pageEvery, scanEvery = 20 * time.Second, 3 * time.Second
	// movesOfADay is how many pieces a second pass a door.
	movesOfADay = 2
)

// load is how busy a day is.
type load struct {
	size                Size
	sightings, readings int // a second
	scanners            int
	length              time.Duration
}

// day is what a mixed load has seen so far.
type day struct {
	load
	s *server
	m *measured

	readingAcks, sightingAcks, pages, marks, bookings *latencies

	told   *past
	heard  *flood
	faces  *faces
	moves  *moving
	live   atomic.Int64
	failed atomic.Int64
	looks  []look
}

func newDay(s *server, m *measured, l load) *day {
	d := &day{load: l, s: s, m: m, readingAcks: &latencies{}, sightingAcks: &latencies{}, pages: &latencies{}, marks: &latencies{}, bookings: &latencies{}}
	d.faces = newFaces(len(m.fridges), &latencies{})
	probes := min(sightConnections, l.size.Fridges)
	d.told = &past{m: m, sent: make([]int64, probes), of: probes, last: make([]int64, len(m.sensors)), faces: d.faces}
	tags := max(l.size.Tags-mapMovers, 1) // the others pass doors
	d.heard = &flood{m: m, messages: m.hear(tags, false), walked: m.hear(tags, true)}
	doors, _ := m.busiestFloor()
	d.moves = &moving{floor: m.floorOf(doors[0]), took: &latencies{}}
	return d
}

// answered is how many pages, scans and bookings were answered as they should be.
func (d *day) answered() int { return d.pages.n() + d.marks.n() + d.bookings.n() }

// liveThrough lives through it: every gateway on a connection of its own, browsers that
// look at fridges and floors, people who open pages and scan.
func (d *day) liveThrough(ctx context.Context, says func(string, ...any)) error {
	crowd, err := gather(ctx, d.size.Browsers, d.seat, d.shown)
	if err != nil {
		return err
	}
	defer crowd.leave()
	d.moves.begin((d.size.Browsers + 2) / 4)
	probes, err := dialAll(ctx, d.s, d.m, len(d.told.sent), readingWindow, d.readingAcks)
	if err != nil {
		return err
	}
	defer hangUp(probes)
	ears, err := dialAll(ctx, d.s, d.m, len(d.m.gateways)+1, sightWindow, d.sightingAcks)
	if err != nil {
		return err
	}
	defer hangUp(ears)
	err = d.work(ctx, probes, ears, says)
	time.Sleep(min(time.Second, d.length)) // the last updates are on their way
	return errors.Join(err, crowd.err())
}

// seat is what a browser looks at: half of them a fridge, a quarter the floor with the
// doors, the others other floors.
func (d *day) seat(i int) (where string, header http.Header) {
	topic := "floor/" + string(d.m.rooms[i*37%len(d.m.rooms)].Floor)
	switch i % 4 {
	case 0, 2:
		topic = "fridge/" + d.m.fridges[i%len(d.m.fridges)]
	case 1:
		topic = "floor/" + string(d.moves.floor)
	}
	return d.s.http + "/live?topics=alarms," + topic, http.Header{"Cookie": {d.m.cookie(i / socketsEach)}, "Origin": {d.s.http}}
}

func (d *day) shown(i int, message []byte) {
	d.live.Add(1)
	switch i % 4 {
	case 0, 2:
		d.faces.seen(i%len(d.m.fridges), message)
	case 1:
		d.moves.heard(i/4, message)
	}
}

func (d *day) work(ctx context.Context, probes, ears []*publisher, says func(string, ...any)) error {
	busy, ctx := errgroup.WithContext(ctx)
	working, home := context.WithTimeout(ctx, d.length) // people go home when the load ends
	defer home()
	busy.Go(func() error { _, err := d.told.pour(ctx, probes, d.length, d.readings); return err })
	busy.Go(func() error { _, _, err := d.heard.pour(ctx, ears[1:], d.length, d.sightings); return err })
	busy.Go(func() error { return d.pass(working, ears[0]) })
	busy.Go(func() error { return d.look(working, says) })
	var people sync.WaitGroup
	for i := range d.size.Browsers {
		people.Go(func() { d.walk(working, i) })
	}
	for i := range d.scanners {
		people.Go(func() { d.scan(working, i) })
	}
	err := busy.Wait()
	people.Wait()
	return err
}

// pass lets pieces go through doors.
func (d *day) pass(ctx context.Context, out *publisher) error {
	doors, _ := d.m.busiestFloor()
	begun, movers := time.Now(), min(mapMovers, d.size.Tags)
	for n := 0; ; n++ {
		if err := pace(ctx, out, begun, n, movesOfADay); err != nil {
			break // home
		}
		piece := d.size.Tags - movers + n%movers
		door := doors[(n%movers+n/movers)%len(doors)]
		if err := d.moves.through(ctx, out, d.m, piece, door, n >= movesOfADay); err != nil {
			break
		}
	}
	return out.settle(context.WithoutCancel(ctx))
}

// look watches memory and queues, a last time when everybody has gone home.
func (d *day) look(ctx context.Context, says func(string, ...any)) error {
	begun, every, told := time.Now(), lookEvery(d.length), time.Time{}
	stolen := stolenTime()
	for last := false; ; {
		l, err := d.glance(context.WithoutCancel(ctx))
		if err != nil {
			return err
		}
		l.Seconds, l.Stolen = time.Since(begun).Seconds(), l.Stolen-stolen.Seconds()
		d.looks = append(d.looks, l)
		if time.Since(told) > time.Minute {
			told = time.Now()
			says("after %.0f s: %.0f MiB resident, %.0f sightings, %.0f messages and %.0f changes wait", l.Seconds, l.Resident, l.Sightings, l.Readings, l.Changes)
		}
		if last {
			return nil
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			last = true
		}
	}
}

// glance is how the server and its machine stand now, since they started.
func (d *day) glance(ctx context.Context) (look, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	meters, err := d.s.meters(ctx, "wardwatch_tracker_waiting", "wardwatch_ingest_waiting_sightings", "wardwatch_ingest_waiting_messages", "wardwatch_database_waiting")
	if err != nil {
		return look{}, err
	}
	return look{Resident: d.s.resident(), Sightings: meters[0] + meters[1], Readings: meters[2], Changes: meters[3],
		Processor: d.s.processor().Seconds(), Events: float64(d.told.events.Load() + d.heard.events.Load()), Stolen: stolenTime().Seconds()}, nil
}

// walk is somebody who opens a page now and then.
func (d *day) walk(ctx context.Context, i int) {
	chance := rand.New(rand.NewPCG(uint64(i), 1))
	header := http.Header{"Cookie": {d.m.cookie(i / socketsEach)}}
	for rest(ctx, chance, pageEvery); ctx.Err() == nil; rest(ctx, chance, pageEvery) {
		paths := []string{"/", "/search?q=pump", "/coldchain", "/stock", "/alarms", "/orders/proposals", "/fridges/" + d.m.fridges[chance.IntN(len(d.m.fridges))],
			"/assets/" + d.m.assets[chance.IntN(min(50, d.size.Tags))], "/floors/" + string(d.m.rooms[chance.IntN(len(d.m.rooms))].Floor)}
		at := time.Now()
		_, err := fetch(ctx, d.s.http+paths[chance.IntN(len(paths))], header)
		d.note(ctx, d.pages, at, err)
	}
}

// note keeps how long somebody waited, or that it was in vain.
func (d *day) note(ctx context.Context, took *latencies, since time.Time, err error) {
	switch {
	case ctx.Err() != nil: // gone home meanwhile
	case err != nil:
		d.failed.Add(1)
	default:
		took.add(time.Since(since))
	}
}

// scan is a nurse who marks what she holds in her hands, and books what she takes off
// the shelf and puts back.
func (d *day) scan(ctx context.Context, i int) {
	chance, goods := rand.New(rand.NewPCG(uint64(i), 2)), d.m.goods[i%len(d.m.goods)]
	for n := 0; ; n++ {
		rest(ctx, chance, scanEvery)
		if ctx.Err() != nil {
			return
		}
		took, path, form := d.marks, "/assets/"+d.m.assets[i%d.size.Tags]+"/status", url.Values{"status": {[]string{"in_use", "free"}[n/3%2]}}
		switch n % 3 {
		case 1:
			took, path, form = d.bookings, "/stock/"+goods.item+"/receive", url.Values{"place": {goods.place}, "number": {"BENCH-1"}, "quantity": {"2"}}
		case 2:
			took, path, form = d.bookings, "/stock/"+goods.item+"/use", url.Values{"place": {goods.place}, "quantity": {"2"}}
		}
		form.Set("key", fmt.Sprintf("bench-%d-%d", i, n))
		at := time.Now()
		err := send(ctx, d.s.http, path, d.m.cookie(i), form)
		d.note(ctx, took, at, err)
	}
}

// send sends a form as a browser does.
func send(ctx context.Context, server, path, cookie string, form url.Values) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Cookie", cookie)
	request.Header.Set("Origin", server)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := pageTransport.RoundTrip(request)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s answers %s", path, answer.Status)
	}
	return nil
}

// rest waits for half to one and a half times as long as people usually do.
func rest(ctx context.Context, chance *rand.Rand, usually time.Duration) {
	wait := usually/2 + time.Duration(chance.Int64N(int64(usually)))
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}
