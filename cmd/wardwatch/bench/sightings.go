package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"wardwatch/tracking/locate"
)

const (
	// messageRows is how many sightings one message holds.
	messageRows = 75
	// sightWindow is how many messages one connection may have under way.
	sightWindow = 16
	// sightConnections is how many connections the flood comes by; each speaks for many gateways.
	sightConnections = 8
	// steadySightings is an ordinary hospital's day: 5,000 tags once a second, heard by three.
	steadySightings = 15_000
)

// measureSightings: Minew's JSON from PUBLISH to stored moves, a flood and a steady day.
func measureSightings(ctx context.Context, r *run) error {
	size := r.Size
	size.Fridges = min(size.Fridges, 20)
	m, err := r.hospital(ctx, size)
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	f := &flood{m: m, messages: messagesOf(m, size.Tags)}
	if err := r.steady(ctx, s, f); err != nil {
		return err
	}
	all, err := dialAll(ctx, s, m, sightConnections, sightWindow, &latencies{})
	if err != nil {
		return err
	}
	defer hangUp(all)
	if _, _, err := f.pour(ctx, all, r.For/4, 0); err != nil {
		return err
	}
	droppedBefore, err := s.lost(ctx)
	if err != nil {
		return err
	}
	before := s.processor()
	sent, took, err := f.pour(ctx, all, r.For, 0)
	if err != nil {
		return err
	}
	cpu := (s.processor() - before).Seconds() * 1e6 / float64(sent)
	dropped, err := s.lost(ctx)
	if err != nil {
		return err
	}
	loop := bareLoop(size.Tags, r.For/2)
	r.add(Row{What: fmt.Sprintf("sightings from PUBLISH to stored moves, %s tags", groups(fmt.Sprint(size.Tags))), Value: float64(sent) / took.Seconds(), Unit: "/s",
		Beside: loop, BesideWhat: "bare filter loop, one core", More: true, Bar: 250_000})
	r.add(Row{What: "the server's CPU a million sightings, flood", Value: cpu, Unit: "s", Bar: 4})
	r.add(Row{What: "share of the flood's oldest that was dropped", Value: (dropped - droppedBefore) / float64(sent) * 100, Unit: "%"})
	r.add(Row{What: "resident after it", Value: s.resident(), Unit: "MiB"})
	return s.stop()
}

// steady is an ordinary day, each gateway on a connection of its own: what a million
// sightings cost when nobody hurries, once every tag has been found for the first time.
func (r *run) steady(ctx context.Context, s *server, f *flood) error {
	all, err := dialAll(ctx, s, f.m, len(f.m.gateways), sightWindow, &latencies{})
	if err != nil {
		return err
	}
	defer hangUp(all)
	if _, _, err := f.pour(ctx, all, 3*r.For, steadySightings); err != nil {
		return err
	}
	before := s.processor()
	sent, _, err := f.pour(ctx, all, 3*r.For, steadySightings)
	if err != nil {
		return err
	}
	cpu := (s.processor() - before).Seconds() * 1e6 / float64(sent)
	r.add(Row{What: fmt.Sprintf("the server's CPU a million sightings, steady %s/s", groups(fmt.Sprint(steadySightings))), Value: cpu, Unit: "s", Bar: 5.75})
	r.add(Row{What: "resident at a steady load", Value: s.resident(), Unit: "MiB", Bar: 64})
	return nil
}

// lost is how many sightings the server has dropped so far.
func (s *server) lost(ctx context.Context) (float64, error) {
	queue, err := s.meter(ctx, "wardwatch_ingest_sightings_dropped_total")
	if err != nil {
		return 0, err
	}
	shards, err := s.meter(ctx, "wardwatch_tracker_dropped_total")
	return queue + shards, err
}

// flood sends what gateways hear, over and over.
type flood struct {
	m        *measured
	messages [][]byte // by gateway
	walked   [][]byte // the same once some tags have gone next door; nil: they all stay
	// events is how many sightings went out so far; anybody may look.
	events atomic.Int64
}

// walkEvery is how long those tags that walk stay.
const walkEvery = 20 * time.Second

// now is what the gateway hears so long after the beginning.
func (f *flood) now(g int, since time.Duration) []byte {
	if f.walked != nil && since/walkEvery%2 == 1 {
		return f.walked[g]
	}
	return f.messages[g]
}

// walks says whether a tag goes next door and back: one of fifty does.
func walks(tag int) bool { return tag%50 == 7 }

// messagesOf are what each gateway hears: the tags of its own room and of its neighbours'.
func messagesOf(m *measured, tags int) [][]byte { return m.hear(tags, false) }

// hear is messagesOf, or with away what is heard once those tags that walk have gone next door.
func (m *measured) hear(tags int, away bool) [][]byte {
	gateways, perRoom := len(m.gateways), max(tags/len(m.gateways), 1)
	var messages [][]byte
	for g := range gateways {
		var s strings.Builder
		fmt.Fprintf(&s, `[{"timestamp":"2026-05-04T09:59:58.123Z","type":"Gateway","mac":"%s","gatewayFree":96,"gatewayLoad":0.07}`, strings.ToUpper(string(m.gateways[g])))
		for row := range messageRows {
			home := (g + row%3 - 1 + gateways) % gateways
			tag := (home*perRoom + row/3%perRoom) % tags
			near := row%3 == 1 // it is in this gateway's room
			if away && walks(tag) {
				near = row%3 == 0 // it has come from the room before
			}
			dbm := -65 - row%7
			if near {
				dbm = -50 - row%7
			}
			fmt.Fprintf(&s, `,{"timestamp":"2026-05-04T09:59:58.%03dZ","mac":"%s","bleName":"","rssi":%d,"rawData":"0201060303E1FF0D16E1FFA10364001A000300FA%02X0000EEFFC0"}`,
				row, strings.ToUpper(tagID(tag)), dbm, row)
		}
		messages = append(messages, []byte(s.String()+"]"))
	}
	return messages
}

// pour publishes for some time, at a rate of sightings for all together or as fast
// as it goes with 0, and waits for the last acknowledgement.
func (f *flood) pour(ctx context.Context, all []*publisher, length time.Duration, rate int) (sent int64, took time.Duration, err error) {
	begun, counts := time.Now(), make([]int64, len(all))
	err = each(all, func(c int, out *publisher) error {
		for n := 0; time.Since(begun) < length; n++ {
			if rate > 0 {
				if err := pace(ctx, out, begun, n, float64(rate)/messageRows/float64(len(all))); err != nil {
					return err
				}
			}
			g := (n*len(all) + c) % len(f.messages)
			if err := out.publish(ctx, "/gw/"+string(f.m.gateways[g])+"/status", f.now(g, time.Since(begun))); err != nil {
				return err
			}
			counts[c] += messageRows
			f.events.Add(messageRows)
		}
		return out.settle(ctx)
	})
	for _, n := range counts {
		sent += n
	}
	return sent, time.Since(begun), err
}

// bareLoop is the filter alone on one core: no decoding, no queue, nothing stored.
func bareLoop(tags int, length time.Duration) (perSecond float64) {
	const rooms = 200
	var plan locate.Plan
	for i := range rooms {
		x := float64(i%20) * 6
		y := float64(i/20) * 8
		room := locate.Room{ID: fmt.Sprint(i), Outline: []locate.Point{{X: x, Y: y}, {X: x + 6, Y: y}, {X: x + 6, Y: y + 5}, {X: x, Y: y + 5}}}
		if i%20 > 0 {
			room.Doors = append(room.Doors, i-1)
		}
		if i%20 < 19 {
			room.Doors = append(room.Doors, i+1)
		}
		plan.Rooms = append(plan.Rooms, room)
		plan.Receivers = append(plan.Receivers, locate.Receiver{ID: fmt.Sprint(i), Room: i, At: &locate.Point{X: x + 3, Y: y + 2.5}})
	}
	filter, states := locate.NewFilter(locate.NewModel(plan, locate.DefaultTuning())), make([]locate.State, tags)
	for i := range states {
		states[i] = locate.NewState()
	}
	noise := rand.New(rand.NewPCG(5, 6))
	at, begun, n := int64(1_700_000_000_000), time.Now(), 0
	for n == 0 || time.Since(begun) < length {
		at += 1000
		for tag := range states {
			for k, shift := range [...]int{0, 1, rooms - 1} {
				filter.Sight(&states[tag], (tag%rooms+shift)%rooms, [...]float64{-60, -74, -75}[k]+noise.Float64()*4, at)
				n++
			}
		}
	}
	return float64(n) / time.Since(begun).Seconds()
}
