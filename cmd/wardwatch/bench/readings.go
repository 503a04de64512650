package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"wardwatch/db"
)

const (
	// readingWindow is how many readings one gateway may have under way.
	readingWindow = 200
	// halfLoad is the rate at which acknowledgements are timed: half of what is promised.
	halfLoad = 20_000
	// step is how far apart a sensor's readings are measured: a past that can be told fast.
	step = time.Second
)

// measureReadings: QoS 1 publishers as fast as they may, acknowledged after the
// commit; then half the promised load for the time of an acknowledgement.
func measureReadings(ctx context.Context, r *run) error {
	size := r.Size
	size.Tags, size.Browsers = min(size.Tags, 100), 1
	m, err := r.hospital(ctx, size)
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	acks := &latencies{}
	all, err := dialAll(ctx, s, m, size.Publishers, readingWindow, acks)
	if err != nil {
		return err
	}
	defer hangUp(all)
	past := &past{m: m, start: time.Now().Add(-20 * time.Hour).UnixMilli(), sent: make([]int64, len(all)), of: len(all)}
	if _, err := past.pour(ctx, all, r.For/4, 0); err != nil { // a warm-up: statements are prepared, the log is there
		return err
	}
	before, sent := s.processor(), past.total()
	took, err := past.pour(ctx, all, r.For, 0)
	if err != nil {
		return err
	}
	readings := float64(past.total() - sent)
	rate, cpu := readings/took.Seconds(), (s.processor()-before).Seconds()*1e6/readings
	raw100, raw1000, err := r.rawInserts(ctx)
	if err != nil {
		return err
	}
	r.add(Row{What: fmt.Sprintf("readings acknowledged after commit, %d publishers at QoS 1", len(all)), Value: rate, Unit: "/s", More: true, Bar: 40_000})
	r.add(Row{What: "the same beside raw inserts", Value: rate, Unit: "/s", Beside: raw100, BesideWhat: "raw driver, 100 a commit", More: true, OfRatio: true, Bar: 0.45})
	r.add(Row{What: "the same beside raw inserts", Value: rate, Unit: "readings/s", Beside: raw1000, BesideWhat: "raw driver, 1,000 a commit", More: true, OfRatio: true, Bar: 0.35})
	r.add(Row{What: "the server's CPU a million readings", Value: cpu, Unit: "s"})
	r.add(Row{What: "resident after it", Value: s.resident(), Unit: "MiB"})
	hangUp(all)
	if err := s.stop(); err != nil {
		return err
	}
	if err := stored(ctx, m.path, past.total()); err != nil {
		return err
	}
	return r.halfLoad(ctx, size)
}

// halfLoad is what is promised, at half the speed, told as it happens: how long an
// acknowledgement takes, and what a recent reading takes on disk.
func (r *run) halfLoad(ctx context.Context, size Size) error {
	m, err := r.hospitalAt(ctx, filepath.Join(r.folder, "half.db"), size)
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	acks := &latencies{}
	all, err := dialAll(ctx, s, m, min(size.Publishers, size.Fridges), readingWindow, acks) // none shares a sensor with another
	if err != nil {
		return err
	}
	defer hangUp(all)
	now := &past{m: m, sent: make([]int64, len(all)), of: len(all), last: make([]int64, len(m.sensors))}
	if _, err := now.pour(ctx, all, r.For/2, halfLoad); err != nil {
		return err
	}
	acks.reset()
	if _, err := now.pour(ctx, all, 2*r.For, halfLoad); err != nil {
		return err
	}
	title := fmt.Sprintf("acknowledgement at %s readings/s", groups(fmt.Sprint(halfLoad)))
	r.add(Row{What: title + ", p50", Value: acks.at(0.50), Unit: "ms"})
	r.add(Row{What: title + ", p99", Value: acks.at(0.99), Unit: "ms", Bar: 100})
	hangUp(all)
	if err := s.stop(); err != nil {
		return err
	}
	readings, bytes, err := db.WeighReadings(ctx, m.path)
	if err != nil {
		return err
	}
	r.add(Row{What: "bytes a recent reading on disk", Value: float64(bytes) / float64(readings), Unit: "B", Bar: 24})
	return stored(ctx, m.path, now.total())
}

// stored insists that what was acknowledged is there, once.
func stored(ctx context.Context, path string, acknowledged int64) error {
	is, _, err := db.WeighReadings(ctx, path)
	if err == nil && is != acknowledged {
		err = fmt.Errorf("%d readings were acknowledged and %d are stored", acknowledged, is)
	}
	return err
}

// rawInserts is what the driver does alone, a hundred and a thousand rows a commit.
func (r *run) rawInserts(ctx context.Context) (batch100, batch1000 float64, err error) {
	if batch100, err = db.RawInserts(ctx, filepath.Join(r.folder, "raw-100.db"), r.For/2, 100); err != nil {
		return 0, 0, err
	}
	batch1000, err = db.RawInserts(ctx, filepath.Join(r.folder, "raw-1000.db"), r.For/2, 1000)
	return batch100, batch1000, err
}

// past tells, connection by connection, a past that nobody has told yet: the
// sensors are shared out among the connections, and each goes on by a step.
type past struct {
	m     *measured
	start int64   // 0: what happens now is told
	sent  []int64 // by connection
	of    int
	last  []int64 // by sensor: when its newest reading was measured, where now is told
	faces *faces  // times the readings until a browser shows them; nil: nobody looks
	// events is how many went out so far; anybody may look.
	events atomic.Int64
}

func (p *past) total() (n int64) {
	for _, sent := range p.sent {
		n += sent
	}
	return n
}

// pour publishes for some time, at a rate for all together or as fast as it goes
// with 0, and waits for the last acknowledgement. It answers how long that took.
func (p *past) pour(ctx context.Context, all []*publisher, length time.Duration, rate int) (time.Duration, error) {
	begun := time.Now()
	err := each(all, func(c int, out *publisher) error {
		topic := "wardwatch/v1/" + string(p.m.gateways[c%len(p.m.gateways)]) + "/readings"
		var body []byte
		for n := 0; ; n++ {
			if rate > 0 {
				if err := pace(ctx, out, begun, n, float64(rate)/float64(len(all))); err != nil {
					return err
				}
			}
			if n%16 == 0 && time.Since(begun) >= length {
				return out.settle(ctx)
			}
			body = p.reading(body[:0], c, p.sent[c])
			if err := out.publish(ctx, topic, body); err != nil {
				return err
			}
			p.sent[c]++
			p.events.Add(1)
		}
	})
	return time.Since(begun), err
}

// reading is the next one of a connection: its sensors take turns.
func (p *past) reading(body []byte, c int, n int64) []byte {
	mine := max(int64(len(p.m.sensors)-c+p.of-1)/int64(p.of), 1) // sensors c, c+of, c+2·of …
	sensor := (c + int(n%mine)*p.of) % len(p.m.sensors)
	at := p.start + n/mine*step.Milliseconds() + int64(c/len(p.m.sensors)) // connections that share a sensor keep apart
	if p.start == 0 {
		at = max(time.Now().UnixMilli(), p.last[sensor]+1)
		p.last[sensor] = at
	}
	tenths := 30 + int(n%4)*10 + int(n%10)
	if p.faces != nil {
		tenths = p.faces.tell(sensor, int(n/mine))
	}
	return fmt.Appendf(body, `{"sensor":%q,"celsius":%d.%d,"at":%d}`, p.m.sensors[sensor], tenths/10, tenths%10, at)
}

// pace waits until the n-th message of a connection is due, and sends what is buffered before it waits.
func pace(ctx context.Context, out *publisher, begun time.Time, n int, perSecond float64) error {
	due := begun.Add(time.Duration(float64(n) / perSecond * float64(time.Second)))
	wait := time.Until(due)
	if wait <= 0 {
		return nil
	}
	if err := out.flush(); err != nil {
		return err
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
