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
	// mixedBrowsers and mixedScanners are the people of a busy day.
	mixedBrowsers, mixedScanners = 200, 20
	// pageEvery is how often one of them opens another page, scanEvery how often a nurse scans.
	pageEvery, scanEvery = 20 * time.Second, 3 * time.Second
	// mixedReadings is how many readings a second come in.
	mixedReadings = 500
	// lookEvery is how often memory and queues are looked at.
	lookEvery = 2 * time.Second
)

// day is what a mixed load has seen so far.
type day struct {
	acks, pages, scans *latencies
	live               atomic.Int64
	failed             atomic.Int64
	memory             []float64 // MiB, a look every lookEvery
	waiting            float64   // the most that ever stood in the queues
}

// measureMixed is a busy hospital's minutes, everything at once: tags, probes,
// people who look, people who scan.
func measureMixed(ctx context.Context, r *run) error {
	size := r.Size
	size.Browsers = min(size.Browsers, mixedBrowsers)
	m, err := r.hospital(ctx, size)
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	d := &day{acks: &latencies{}, pages: &latencies{}, scans: &latencies{}}
	readings, err := d.liveThrough(ctx, r, s, m, size)
	if err != nil {
		return err
	}
	dropped, err := s.lost(ctx)
	if err != nil {
		return err
	}
	title := func(what string) string { return what + " under a mixed load of " + r.Mixed.String() }
	r.add(Row{What: title("acknowledgement of a message, p99"), Value: d.acks.at(0.99), Unit: "ms", Bar: 500})
	r.add(Row{What: title("a page, p99"), Value: d.pages.at(0.99), Unit: "ms", Bar: 500})
	r.add(Row{What: title("a scan, p99"), Value: d.scans.at(0.99), Unit: "ms", Bar: 500})
	r.add(Row{What: title("pages and scans that failed"), Value: float64(d.failed.Load()), Unit: ""})
	r.add(Row{What: title("sightings dropped"), Value: dropped, Unit: ""})
	r.add(Row{What: title("the most that waited in the queues"), Value: d.waiting, Unit: "sightings"})
	r.add(Row{What: title("live updates"), Value: float64(d.live.Load()) / r.Mixed.Seconds(), Unit: "updates a second"})
	r.add(Row{What: title("resident, middle third"), Value: mean(d.memory[len(d.memory)/3 : max(2*len(d.memory)/3, len(d.memory)/3+1)]), Unit: "MiB", Bar: 128})
	r.add(Row{What: title("resident, last third"), Value: mean(d.memory[2*len(d.memory)/3:]), Unit: "MiB", Bar: 128})
	if err := s.stop(); err != nil {
		return err
	}
	if err := stored(ctx, m.path, readings); err != nil {
		return err
	}
	if d.failed.Load() > 0 {
		return fmt.Errorf("%d pages or scans failed", d.failed.Load())
	}
	return nil
}

func mean(values []float64) (sum float64) {
	for _, v := range values {
		sum += v / float64(len(values))
	}
	return sum
}

// liveThrough lives through it and answers how many readings were acknowledged.
func (d *day) liveThrough(ctx context.Context, r *run, s *server, m *measured, size Size) (int64, error) {
	crowd, err := gather(ctx, size.Browsers, func(i int) (string, http.Header) {
		return s.http + "/live?topics=alarms," + topicOf(m, i), http.Header{"Cookie": {m.cookie(i / socketsEach)}, "Origin": {s.http}}
	}, func(int, []byte) { d.live.Add(1) })
	if err != nil {
		return 0, err
	}
	defer crowd.leave()
	probes, err := dialAll(ctx, s, m, min(sightConnections, size.Fridges), readingWindow, d.acks)
	if err != nil {
		return 0, err
	}
	defer hangUp(probes)
	ears, err := dialAll(ctx, s, m, sightConnections, sightWindow, d.acks)
	if err != nil {
		return 0, err
	}
	defer hangUp(ears)
	told := &past{m: m, sent: make([]int64, len(probes)), of: len(probes), last: make([]int64, len(m.sensors))}
	heard := &flood{m: m, messages: messagesOf(m, size.Tags)}
	busy, ctx := errgroup.WithContext(ctx)
	working, home := context.WithTimeout(ctx, r.Mixed) // people go home when the load ends
	defer home()
	busy.Go(func() error { _, err := told.pour(ctx, probes, r.Mixed, mixedReadings); return err })
	busy.Go(func() error { _, _, err := heard.pour(ctx, ears, r.Mixed, steadySightings); return err })
	busy.Go(func() error { return d.look(working, s) })
	var people sync.WaitGroup
	for i := range size.Browsers {
		people.Go(func() { d.walk(working, s, m, i) })
	}
	for i := range mixedScanners {
		people.Go(func() { d.scan(working, s, m, i) })
	}
	err = busy.Wait()
	people.Wait()
	return told.total(), errors.Join(err, crowd.err())
}

func topicOf(m *measured, i int) string {
	if i%2 == 0 {
		return "fridge/" + m.fridges[i%len(m.fridges)]
	}
	return "floor/" + string(m.rooms[i*37%len(m.rooms)].Floor)
}

// look watches memory and queues.
func (d *day) look(ctx context.Context, s *server) error {
	for {
		d.memory = append(d.memory, s.resident())
		waiting, err := s.meter(ctx, "wardwatch_tracker_waiting")
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		d.waiting = max(d.waiting, waiting)
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
		}
	}
}

// walk is somebody who opens a page now and then.
func (d *day) walk(ctx context.Context, s *server, m *measured, i int) {
	chance := rand.New(rand.NewPCG(uint64(i), 1))
	header := http.Header{"Cookie": {m.cookie(i / socketsEach)}}
	for rest(ctx, chance, pageEvery); ctx.Err() == nil; rest(ctx, chance, pageEvery) {
		paths := []string{"/", "/search?q=pump", "/coldchain", "/stock", "/alarms", "/fridges/" + m.fridges[chance.IntN(len(m.fridges))],
			fmt.Sprintf("/assets/a-%05d", chance.IntN(50)), "/floors/" + string(m.rooms[chance.IntN(len(m.rooms))].Floor)}
		at := time.Now()
		_, err := fetch(ctx, s.http+paths[chance.IntN(len(paths))], header)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			d.failed.Add(1)
		default:
			d.pages.add(time.Since(at))
		}
	}
}

// scan is a nurse who marks what she holds in her hands.
func (d *day) scan(ctx context.Context, s *server, m *measured, i int) {
	chance := rand.New(rand.NewPCG(uint64(i), 2))
	for n := 0; ; n++ {
		rest(ctx, chance, scanEvery)
		if ctx.Err() != nil {
			return
		}
		status := []string{"in_use", "free"}[n%2]
		form := url.Values{"status": {status}}.Encode()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/assets/a-%05d/status", s.http, i), strings.NewReader(form))
		if err != nil {
			return
		}
		request.Header.Set("Cookie", m.cookie(i))
		request.Header.Set("Origin", s.http)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		at := time.Now()
		answer, err := pageTransport.RoundTrip(request)
		switch {
		case ctx.Err() != nil:
		case err != nil || answer.StatusCode >= http.StatusBadRequest:
			d.failed.Add(1)
		default:
			d.scans.add(time.Since(at))
		}
		if err == nil {
			_ = answer.Body.Close()
		}
	}
}

// rest waits for half to one and a half times as long as people usually do.
func rest(ctx context.Context, chance *rand.Rand, usually time.Duration) {
	wait := usually/2 + time.Duration(chance.Int64N(int64(usually)))
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}
