package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
)

const (
	// liveRate is how many readings a second come in while browsers watch.
	liveRate = 200
	// calmRate is how many changes a second there are where nothing happens.
	calmRate = 1
	// knockAtOnce is how many browsers connect at the same time.
	knockAtOnce = 32
	// knockAgain is how often a browser that was turned away asks again, knockPause apart.
	knockAgain = 50
	knockPause = 100 * time.Millisecond
	// values is how many temperatures tell readings of one fridge apart: 2.1 °C to 7.9 °C.
	values = 59
)

// measureLive: a probe's PUBLISH until the fridge's new temperature is on every
// browser that looks at it.
func measureLive(ctx context.Context, r *run) error {
	size := r.Size
	size.Tags, size.Fridges = min(size.Tags, 100), min(size.Fridges, liveRate)
	m, err := r.hospital(ctx, size)
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	spread := func(i int) int { return i % size.Fridges }
	same := func(int) int { return 0 }
	every, err := r.watch(ctx, s, m, spread, liveRate)
	if err != nil {
		return err
	}
	one, err := r.watch(ctx, s, m, same, liveRate)
	if err != nil {
		return err
	}
	calm, err := r.watch(ctx, s, m, same, calmRate)
	if err != nil {
		return err
	}
	r.add(Row{What: fmt.Sprintf("a core's share that %d open pages cost at %d change a second", size.Browsers, calmRate), Value: 100 * calm.share, Unit: "%", Bar: 5})
	r.add(Row{What: "resident with them", Value: one.resident, Unit: "MiB"})
	if err := s.stop(); err != nil {
		return err
	}
	bare, err := r.broadcastBare(ctx, size.Browsers, int(one.bytes/max(one.frames, 1)), float64(liveRate)/float64(size.Fridges))
	if err != nil {
		return err
	}
	title := fmt.Sprintf("sensor to browser at %d readings/s, %s browsers", liveRate, groups(fmt.Sprint(size.Browsers)))
	r.add(Row{What: title + " on all fridges' pages, p50", Value: every.took.at(0.50), Unit: "ms"})
	r.add(Row{What: title + " on all fridges' pages, p99", Value: every.took.at(0.99), Unit: "ms", Bar: 250})
	r.add(Row{What: title + " on one fridge's page, p50", Value: one.took.at(0.50), Unit: "ms", Beside: bare.at(0.50), BesideWhat: "bare socket broadcast"})
	r.add(Row{What: title + " on one fridge's page, p99", Value: one.took.at(0.99), Unit: "ms", Beside: bare.at(0.99), BesideWhat: "bare socket broadcast", Bar: 250})
	for _, w := range []struct {
		what string
		*watching
	}{{"all fridges' pages", every}, {"one fridge's page", one}} {
		r.add(Row{What: "updates that reached the browsers on " + w.what, Value: float64(w.took.n()) / float64(w.due) * 100, Unit: "%", More: true, Bar: 99})
	}
	return nil
}

// watching is what browsers saw.
type watching struct {
	took     *latencies
	due      int64 // updates that should have arrived
	frames   int64
	bytes    int64
	resident float64
	share    float64 // of one core, by the server
}

// faces times readings from being published until a browser shows them. A fridge's
// readings follow one another so that each can be told from the next fifty-eight.
type faces struct {
	told [][values]atomic.Int64 // when a fridge's value was published, by the value
	took *latencies
}

func newFaces(fridges int, took *latencies) *faces {
	return &faces{told: make([][values]atomic.Int64, fridges), took: took}
}

// tell is what a fridge's next reading says, in tenths of a degree; it goes out now.
func (f *faces) tell(fridge, turn int) (tenths int) {
	value := turn * 7 % values // neighbours in time differ by more than rounding
	f.told[fridge][value].Store(time.Now().UnixNano())
	return value + 21
}

// seen takes what a browser that looks at the fridge was sent.
func (f *faces) seen(fridge int, message []byte) {
	if value, shown := faceValue(message); shown {
		if at := f.told[fridge][value].Load(); at > 0 {
			f.took.add(time.Duration(time.Now().UnixNano() - at))
		}
	}
}

// faceValue is the temperature that a live message shows on a fridge's face, as one
// of the values that tell readings apart; false when it shows none.
func faceValue(message []byte) (value int, shown bool) {
	_, after, found := bytes.Cut(message, []byte("number-big"))
	if !found {
		return 0, false
	}
	before, _, found := bytes.Cut(after, []byte("°C"))
	digits := bytes.TrimRight(before, " \u00a0")
	if n := len(digits); found && n >= 3 && digits[n-2] == '.' {
		value = int(digits[n-3]-'0')*10 + int(digits[n-1]-'0') - 21
	}
	return value, found && value >= 0 && value < values
}

// watch opens the browsers, each on the fridge that looksAt names, and lets the probes tell
// so many times a second.
func (r *run) watch(ctx context.Context, s *server, m *measured, looksAt func(browser int) int, rate int) (*watching, error) {
	w := &watching{took: &latencies{}}
	told := newFaces(len(m.fridges), w.took)
	lookers := make([]int64, len(m.fridges))
	for i := range r.Size.Browsers {
		lookers[looksAt(i)]++
	}
	var frames, size atomic.Int64
	crowd, err := gather(ctx, r.Size.Browsers, func(i int) (string, http.Header) {
		return s.http + "/live?topics=fridge/" + m.fridges[looksAt(i)], http.Header{"Cookie": {m.cookie(i / socketsEach)}, "Origin": {s.http}}
	}, func(i int, message []byte) {
		frames.Add(1)
		size.Add(int64(len(message)))
		told.seen(looksAt(i), message)
	})
	if err != nil {
		return nil, err
	}
	defer crowd.leave()
	out, err := dial(ctx, s.mqtt, "bench", "bench", m.token.Reveal(), 1000, &latencies{})
	if err != nil {
		return nil, err
	}
	defer out.close()
	begun, used := time.Now(), s.processor()
	tell := min(len(m.fridges), rate) // as many fridges as there are readings a second
	for n := 0; time.Since(begun) < 2*r.For; n++ {
		if err := pace(ctx, out, begun, n, float64(rate)); err != nil {
			return nil, err
		}
		fridge, turn := n%tell, n/tell
		tenths := told.tell(fridge, turn)
		body := fmt.Appendf(nil, `{"sensor":%q,"celsius":%d.%d}`, m.sensors[fridge], tenths/10, tenths%10)
		if err := out.publish(ctx, "wardwatch/v1/"+string(m.gateways[0])+"/readings", body); err != nil {
			return nil, err
		}
		w.due += lookers[fridge]
	}
	if err := out.settle(ctx); err != nil {
		return nil, err
	}
	w.share = float64(s.processor()-used) / float64(time.Since(begun))
	time.Sleep(min(2*time.Second, 2*r.For)) // the last updates are on their way
	w.frames, w.bytes, w.resident = frames.Load(), size.Load(), s.resident()
	if w.took.n() == 0 {
		return nil, fmt.Errorf("no browser was told anything: %s", s.log)
	}
	return w, crowd.err()
}

// crowd is many browsers that listen.
type crowd struct {
	sockets []*websocket.Conn
	busy    sync.WaitGroup
	leaving atomic.Bool
	lost    atomic.Int64
}

// gather connects n browsers; heard is called with each message, by many goroutines.
func gather(ctx context.Context, n int, where func(i int) (url string, header http.Header), heard func(i int, message []byte)) (*crowd, error) {
	c := &crowd{sockets: make([]*websocket.Conn, n)}
	knocking, _ := errgroup.WithContext(ctx)
	knocking.SetLimit(knockAtOnce)
	for i := range n {
		knocking.Go(func() error {
			url, header := where(i)
			socket, err := knock(ctx, "ws"+strings.TrimPrefix(url, "http"), header)
			if err != nil {
				return fmt.Errorf("browser %d can't listen: %w", i, err)
			}
			c.sockets[i] = socket
			return nil
		})
	}
	if err := knocking.Wait(); err != nil {
		c.leave()
		return nil, err
	}
	for i, socket := range c.sockets {
		c.busy.Go(func() {
			for {
				_, message, err := socket.ReadMessage()
				if err != nil {
					if !c.leaving.Load() {
						c.lost.Add(1)
					}
					return
				}
				heard(i, message)
			}
		})
	}
	return c, nil
}

// knock connects one browser. As a page does, it asks again while the server still
// counts connections that have just been left.
func knock(ctx context.Context, url string, header http.Header) (*websocket.Conn, error) {
	for asked := 0; ; asked++ {
		socket, answer, err := websocket.DefaultDialer.DialContext(ctx, url, header)
		if err == nil {
			return socket, nil
		}
		if answer == nil {
			return nil, err
		}
		if answer.StatusCode != http.StatusTooManyRequests || asked == knockAgain {
			return nil, fmt.Errorf("%w %s", err, answer.Status)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(knockPause):
		}
	}
}

// err says how many browsers lost their connection; nil when none did.
func (c *crowd) err() error {
	if n := c.lost.Load(); n > 0 {
		return fmt.Errorf("%d browsers lost their connection", n)
	}
	return nil
}

// leave closes every browser.
func (c *crowd) leave() {
	c.leaving.Store(true)
	for _, socket := range c.sockets {
		if socket != nil {
			_ = socket.Close()
		}
	}
	c.busy.Wait()
}
