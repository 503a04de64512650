package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
)

var morning = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// ward stands for those whom an Intake hands things to, and records what it was handed.
type ward struct {
	mu        sync.Mutex
	sightings []tracking.Sighting
	readings  []coldchain.Reading
	notes     Notes
	// observe is what becomes of readings; accepted when nil.
	observe func([]coldchain.Reading) ([]coldchain.Outcome, error)
	sighted chan struct{}
}

func (w *ward) Sight(_ context.Context, s []tracking.Sighting) error {
	w.mu.Lock()
	w.sightings = append(w.sightings, s...)
	w.mu.Unlock()
	if w.sighted != nil {
		w.sighted <- struct{}{}
	}
	return nil
}

func (w *ward) Observe(_ context.Context, rs []coldchain.Reading) ([]coldchain.Outcome, error) {
	w.mu.Lock()
	observe := w.observe
	w.mu.Unlock()
	if observe != nil {
		if outcomes, err := observe(rs); outcomes != nil || err != nil {
			return outcomes, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readings = append(w.readings, rs...)
	outcomes := make([]coldchain.Outcome, len(rs))
	for i := range outcomes {
		outcomes[i].Verdict = coldchain.Accepted
	}
	return outcomes, nil
}

func (w *ward) Remember(context.Context) (Remembered, error) { return Remembered{}, nil }

func (w *ward) Note(_ context.Context, n Notes) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notes.Gateways = append(w.notes.Gateways, n.Gateways...)
	w.notes.Strangers = append(w.notes.Strangers, n.Strangers...)
	w.notes.Refusals = append(w.notes.Refusals, n.Refusals...)
	w.notes.Links = n.Links
	return nil
}

func (w *ward) Enrolled(id string) bool { return strings.HasPrefix(id, "c0ffee") }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func twoGateways() *hospital.Register {
	return hospital.NewRegister(hospital.NewDirectory(hospital.Site{ID: "main"}, nil, nil, nil, nil,
		[]hospital.Gateway{{ID: "gw-a"}, {ID: "AC:23:3F:00:00:01"}, {ID: "cabinet-1", Reads: hospital.ReadsCabinet}}))
}

// open is an Intake over the ward; it runs until the test ends.
func open(t *testing.T, w *ward) (*Intake, *prometheus.Registry) {
	t.Helper()
	in, metrics := prepared(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = in.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return in, metrics
}

func prepared(t *testing.T, w *ward) (*Intake, *prometheus.Registry) {
	t.Helper()
	book, err := OpenBook(t.Context(), w, quiet())
	if err != nil {
		t.Fatal(err)
	}
	metrics := prometheus.NewRegistry()
	return New(Parts{Sights: w, Observes: w, Enrolled: w, Register: twoGateways(), Book: book,
		Now: func() time.Time { return morning }, Log: quiet(), Metrics: metrics}), metrics
}

// send takes a message and waits for what becomes of it.
func send(t *testing.T, in *Intake, from hospital.GatewayID, m gateway.Message) (Receipt, error) {
	t.Helper()
	type answer struct {
		receipt Receipt
		err     error
	}
	answers := make(chan answer, 1)
	if m.ReceivedAt.IsZero() {
		m.ReceivedAt = morning
	}
	if err := in.Take(t.Context(), from, m, func(r Receipt, err error) { answers <- answer{r, err} }); err != nil {
		return Receipt{}, err
	}
	a := <-answers
	return a.receipt, a.err
}

func body(s string, args ...any) gateway.Message {
	return gateway.Message{Body: fmt.Appendf(nil, s, args...), Source: "http"}
}

func TestOneBadRecordCostsItsNeighboursNothing(t *testing.T) {
	w := &ward{observe: func(rs []coldchain.Reading) ([]coldchain.Outcome, error) {
		outcomes := make([]coldchain.Outcome, len(rs))
		for i, r := range rs {
			outcomes[i].Verdict = coldchain.Accepted
			if r.Sensor == "nobodys" {
				outcomes[i] = coldchain.Outcome{Verdict: coldchain.Refused, Reason: coldchain.ReasonUnknownSensor}
			}
		}
		return outcomes, nil
	}}
	in, metrics := open(t, w)
	got, err := send(t, in, "gw-a", body(`{"readings":[{"sensor":"p1","celsius":4.2},{"sensor":"p1","celsius":"hot"},
		{"sensor":"nobodys","celsius":5},{"sensor":"p2","celsius":5,"at":"2026-05-04T13:00:00Z"},{"sensor":"p3","celsius":6}]}`))
	want := Receipt{Accepted: 2, Rejected: []Rejected{{1, "celsius is no number"},
		{3, "dated in the future: 2026-05-04T13:00:00Z is 3 h 0 min after it arrived"}, {2, "unknown sensor"}}}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if err := in.Book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.notes.Refusals) != 2 || w.notes.Refusals[0].Reason != "celsius is no number" || w.notes.Refusals[0].Sample == "" {
		t.Errorf("an administrator reads %+v", w.notes.Refusals)
	}
	if n := testutil.ToFloat64(in.meters.refused.WithLabelValues("record")); n != 2 {
		t.Errorf("%v records counted as refused", n)
	}
	if n, err := testutil.GatherAndCount(metrics); err != nil || n == 0 {
		t.Errorf("%d meters, %v", n, err)
	}
}

func TestAGatewaySpeaksForItselfAlone(t *testing.T) {
	in, _ := open(t, &ward{})
	for _, c := range []struct {
		name  string
		from  hospital.GatewayID
		body  string
		taken int
		err   error
		fault string
	}{
		{"for itself, unnamed", "gw-a", `{"readings":[{"sensor":"p","celsius":4}]}`, 1, nil, ""},
		{"by its address in another spelling", "AC:23:3F:00:00:01", `[{"type":"Gateway","mac":"AC233F000001"},{"mac":"C0FFEE000001","rssi":-60}]`, 1, nil, ""},
		{"for another, the whole message", "gw-a", `[{"type":"Gateway","mac":"AC233F000001"},{"mac":"C0FFEE000001","rssi":-60}]`, 0, ErrForeign, ""},
		{"for another, one record", "gw-a", `{"sightings":[{"tag":"c0ffee000001","gateway":"gw-b"},{"tag":"c0ffee000001","gateway":"gw-a"}]}`, 1, nil,
			"the token of gateway gw-a may not speak for gw-b"},
		{"a program, for any", "", `{"sightings":[{"tag":"c0ffee000001","gateway":"gw-b"},{"tag":"c0ffee000001","gateway":"gw-a"}]}`, 2, nil, ""},
		{"a program that names nobody", "", `{"sightings":[{"tag":"c0ffee000001"}]}`, 0, nil, "names no gateway"},
	} {
		got, err := send(t, in, c.from, body("%s", c.body))
		if !errors.Is(err, c.err) || got.Accepted != c.taken {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
		if c.fault != "" && (len(got.Rejected) != 1 || !strings.Contains(got.Rejected[0].Reason, c.fault)) {
			t.Errorf("%s: rejected %+v", c.name, got.Rejected)
		}
	}
}

func TestUnknownDevicesAreListedAndKnownOnesAreNot(t *testing.T) {
	w := &ward{}
	in, _ := open(t, w)
	for range 3 {
		if _, err := send(t, in, "gw-new", body(`{"sightings":[{"tag":"c0ffee000001"},{"tag":"deadbeef0001","rssi_dbm":-63}]}`)); err != nil {
			t.Fatal(err)
		}
	}
	// A cabinet's reader counts boxes, which are nobody's equipment; a thing with a number of its own is listed.
	if _, err := send(t, in, "cabinet-1", body(`{"sightings":[{"tag":"epc:3034257BF7194E4000001A85"},{"tag":"epc:3416451FD400000000000061"}]}`)); err != nil {
		t.Fatal(err)
	}
	if err := in.Book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, s := range w.notes.Strangers {
		listed = append(listed, fmt.Sprintf("%s %s %d times: %s", s.Kind, s.ID, s.TimesHeard, s.Says))
	}
	want := "gateway gw-new 3 times: sends canonical with a token of its own\ntag deadbeef0001 3 times: -63 dBm\ntag epc:3416451FD400000000000061 1 times: "
	if got := strings.Join(listed, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(w.notes.Gateways) != 2 || w.notes.Gateways[1].Sightings != 6 || w.notes.Gateways[1].Messages != 3 {
		t.Errorf("gateways: %+v", w.notes.Gateways)
	}
}

func TestDoneIsCalledOnlyOnceTheReadingIsWritten(t *testing.T) {
	writing, mayWrite := make(chan struct{}), make(chan struct{})
	w := &ward{observe: func([]coldchain.Reading) ([]coldchain.Outcome, error) {
		writing <- struct{}{}
		<-mayWrite
		return nil, nil
	}}
	in, _ := open(t, w)
	done := make(chan Receipt, 1)
	m := body(`{"readings":[{"sensor":"p","celsius":4}]}`)
	m.ReceivedAt = morning
	if err := in.Take(t.Context(), "gw-a", m, func(r Receipt, _ error) { done <- r }); err != nil {
		t.Fatal(err)
	}
	<-writing
	select {
	case <-done:
		t.Fatal("acknowledged before it was written")
	default:
	}
	close(mayWrite)
	if r := <-done; r.Accepted != 1 {
		t.Errorf("receipt %+v", r)
	}
}

func TestOneMessageThatCanNotBeWrittenDoesNotStopTheOthers(t *testing.T) {
	poison := errors.New("disk full of poison")
	w := &ward{}
	first := make(chan struct{})
	w.observe = func(rs []coldchain.Reading) ([]coldchain.Outcome, error) {
		for _, r := range rs {
			if r.Sensor == "poison" {
				return nil, poison
			}
		}
		if rs[0].Sensor == "first" {
			<-first // meanwhile the others gather
		}
		return nil, nil
	}
	in, _ := open(t, w)
	var mu sync.Mutex
	var all sync.WaitGroup
	outcome := map[string]error{}
	for _, sensor := range []string{"first", "a", "poison", "b"} {
		all.Add(1)
		m := body(`{"readings":[{"sensor":"%s","celsius":4}]}`, sensor)
		m.ReceivedAt = morning
		if err := in.Take(t.Context(), "gw-a", m, func(_ Receipt, err error) {
			mu.Lock()
			outcome[sensor] = err
			mu.Unlock()
			all.Done()
		}); err != nil {
			t.Fatal(err)
		}
	}
	close(first)
	all.Wait()
	for sensor, want := range map[string]error{"first": nil, "a": nil, "poison": poison, "b": nil} {
		if !errors.Is(outcome[sensor], want) {
			t.Errorf("%s: %v, want %v", sensor, outcome[sensor], want)
		}
	}
}

func TestAFullHouseSendsReadingsBackAndDropsTheOldestSightings(t *testing.T) {
	in, _ := prepared(t, &ward{}) // nobody carries anything on
	full := `{"readings":[` + strings.TrimSuffix(strings.Repeat(`{"sensor":"p","celsius":4},`, gateway.MaxRecords), ",") + `]}`
	ignore := func(Receipt, error) {}
	patience := t.Context()
	for i := range 3 {
		if i == 2 {
			none, cancel := context.WithCancel(t.Context())
			cancel()
			patience = none
		}
		err := in.Take(patience, "gw-a", gateway.Message{Body: []byte(full), ReceivedAt: morning}, ignore)
		if fits := i < 2; fits != (err == nil) || !fits && !errors.Is(err, ErrBusy) {
			t.Errorf("message %d: %v", i, err)
		}
	}
	sightings := `{"sightings":[` + strings.TrimSuffix(strings.Repeat(`{"tag":"c0ffee000001"},`, gateway.MaxRecords), ",") + `]}`
	for range MaxWaitingSightings/gateway.MaxRecords + 1 {
		if err := in.Take(patience, "gw-a", gateway.Message{Body: []byte(sightings), ReceivedAt: morning}, ignore); err != nil {
			t.Fatalf("sightings must never be sent back: %v", err)
		}
	}
	if got := in.sightings.waiting(); got != MaxWaitingSightings {
		t.Errorf("%d sightings wait", got)
	}
	if got := testutil.ToFloat64(in.meters.dropped); got != gateway.MaxRecords {
		t.Errorf("%v sightings counted as dropped", got)
	}
}

// Behind a crowd of sightings whoever brings more waits until they are handed over, and not for
// ever; readings that came in the same message do not wait with them.
func TestWhoBringsMoreToACrowdWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, _ := prepared(t, &ward{})
		take := func(body string) { // and says when it has returned
			t.Helper()
			if err := in.Take(t.Context(), "gw-a", gateway.Message{Body: []byte(body), ReceivedAt: morning}, func(Receipt, error) {}); err != nil {
				t.Error(err)
			}
		}
		crowded := `{"sightings":[` + strings.TrimSuffix(strings.Repeat(`{"tag":"c0ffee000001"},`, crowd/2), ",") + `]}`
		take(crowded)
		take(crowded)
		began := time.Now()
		go take(`{"readings":[{"sensor":"p","celsius":4}],"sightings":[{"tag":"c0ffee000001"}]}`)
		synctest.Wait()
		if waiting, readings := in.sightings.waiting(), len(in.parcels); waiting != crowd || readings != 1 {
			t.Errorf("%d sightings and %d readings have come in", waiting, readings)
		}
		in.sightings.take(t.Context(), maxHandover)
		synctest.Wait()
		if waiting, late := in.sightings.waiting(), time.Since(began); waiting != crowd/2+1 || late != 0 {
			t.Errorf("%d wait after %v, when the first were handed over", waiting, late)
		}
		take(crowded)
		take(crowded)
		if late := time.Since(began); late != crowdPatience {
			t.Errorf("it was waited for %v where nobody hands over", late)
		}
	})
}

func TestTheQueueDropsTheOldestAndKeepsTheOrder(t *testing.T) {
	q := newQueue(5)
	tag := func(names ...string) (p part) {
		for _, n := range names {
			p.sightings = append(p.sightings, tracking.Sighting{Tag: n})
		}
		return p
	}
	dropped := q.put(tag("a", "b", "c")) + q.put(tag("d", "e", "f", "g"))
	var got string
	for _, s := range q.take(t.Context(), 100) {
		got += s.Tag
	}
	if got != "cdefg" || dropped != 2 {
		t.Errorf("left %q, dropped %d", got, dropped)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if left := q.take(ended, 1); len(left) != 0 {
		t.Errorf("took %v from an empty queue", left)
	}
}

// Four gateways at once send messages of a few tags each, some of which can't be read: what one
// said is not written over by what the next says before it was handed over.
func TestMessagesThatShareRoomDoNotMix(t *testing.T) {
	const senders, each = 4, 300
	w := &ward{}
	in, _ := prepared(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	var running, sending sync.WaitGroup
	running.Go(func() { _ = in.Run(ctx) })
	want := map[string]int{}
	for s := range senders {
		for i := range each {
			for k := range i%7 + 1 {
				want[fmt.Sprintf("c0ffee%02x%03x%x", s, i, k)] = 1
			}
		}
		sending.Go(func() {
			for i := range each {
				var tags []string
				for k := range i%7 + 1 {
					tags = append(tags, fmt.Sprintf(`{"tag":"c0ffee%02x%03x%x","rssi_dbm":%d}`, s, i, k, -40-k))
				}
				m := body(`{"sightings":[%s]}`, strings.Join(tags, ","))
				m.ReceivedAt = morning
				broken, foreign := m, body(`{"sightings":[{"tag":"c0ffeeffffff","gateway":"gw-b"}]}`)
				broken.Body = m.Body[:len(m.Body)-2]
				for _, m := range []gateway.Message{broken, m, foreign} {
					_ = in.Take(ctx, "gw-a", m, func(Receipt, error) {}) // what is refused must not arrive
				}
			}
		})
	}
	sending.Wait()
	cancel()
	running.Wait()
	got := map[string]int{}
	for _, s := range w.sightings {
		got[s.Tag]++
		if k := s.Tag[len(s.Tag)-1] - '0'; s.Gateway != "gw-a" || s.RSSIdBm != -40-float64(k) {
			t.Fatalf("mixed up: %+v", s)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d of %d tags arrived once", len(got), len(want))
	}
}

func TestADuplicateIsRecognisedAndCanBeReadAbout(t *testing.T) {
	w := &ward{observe: func(rs []coldchain.Reading) ([]coldchain.Outcome, error) {
		outcomes := make([]coldchain.Outcome, len(rs))
		for i := range rs {
			outcomes[i].Verdict = coldchain.Duplicate
		}
		return outcomes, nil
	}}
	in, _ := open(t, w)
	got, err := send(t, in, "gw-a", body(`{"readings":[{"sensor":"p1","celsius":4.2},{"sensor":"p1","celsius":4.4},{"sensor":"p2","celsius":4}]}`))
	if err != nil || got.Duplicates != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := in.Book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.notes.Refusals) != 2 || w.notes.Refusals[0].Records != 2 || !strings.Contains(w.notes.Refusals[0].Reason, "sensor p1: the record holds a reading of this moment already") {
		t.Errorf("an administrator reads %+v", w.notes.Refusals)
	}
	if n := testutil.ToFloat64(in.meters.readings.WithLabelValues(string(coldchain.Duplicate))); n != 3 {
		t.Errorf("%v duplicates counted", n)
	}
}

// Two gateways hear one advert and their messages are written together: nothing was repeated,
// and nobody has to read about it. What a gateway sends twice is told.
func TestWhatTwoGatewaysPassOnIsNoRepetition(t *testing.T) {
	w := &ward{}
	in, _ := open(t, w)
	const reading = `{"readings":[{"sensor":"p1","celsius":4.2,"at":"2026-05-04T09:59:00Z"}]}`
	if got, err := send(t, in, "gw-a", body(reading)); err != nil || got.Accepted != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	w.mu.Lock()
	w.observe = func(rs []coldchain.Reading) ([]coldchain.Outcome, error) {
		return []coldchain.Outcome{{Verdict: coldchain.Duplicate}}, nil
	}
	w.mu.Unlock()
	for _, by := range []hospital.GatewayID{"AC:23:3F:00:00:01", "gw-a"} {
		if got, err := send(t, in, by, body(reading)); err != nil || got.Duplicates != 1 {
			t.Errorf("%s: %+v, %v", by, got, err)
		}
	}
	if err := in.Book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.notes.Refusals) != 1 || w.notes.Refusals[0].Gateway != "gw-a" {
		t.Errorf("an administrator reads %+v", w.notes.Refusals)
	}
}

func TestOneAdvertHeardByTwoGatewaysIsOneReading(t *testing.T) {
	w := &ward{}
	in, _ := open(t, w)
	advert := func(gw, ts string) gateway.Message {
		return body(`{"gw_mac":"%s","rssi":-41,"ts":%s,"data":"0201061bff990405ff9c4e20c35000000000000ab0361f0102c0ffee000001"}`, gw, ts)
	}
	first, err := send(t, in, "", advert("gw-a", "1777888798"))
	if err != nil || first.Accepted != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := send(t, in, "", advert("AC:23:3F:00:00:01", "1777888799"))
	if err != nil || again.Accepted != 1 || again.Duplicates != 1 {
		t.Errorf("heard again: %+v, %v", again, err)
	}
	later, err := send(t, in, "", advert("gw-a", "1777888859"))
	if err != nil || later.Accepted != 2 {
		t.Errorf("a minute later the counter says nothing any more: %+v, %v", later, err)
	}
}

func TestClosingHandsOverWhatWasTaken(t *testing.T) {
	w := &ward{}
	in, _ := prepared(t, w)
	answered := 0
	for range 3 {
		m := body(`{"sightings":[{"tag":"c0ffee000001"}],"readings":[{"sensor":"p","celsius":4}]}`)
		m.ReceivedAt = morning
		if err := in.Take(t.Context(), "gw-a", m, func(Receipt, error) { answered++ }); err != nil {
			t.Fatal(err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := in.Run(ended); err != nil {
		t.Fatal(err)
	}
	if len(w.sightings) != 3 || len(w.readings) != 3 || answered != 3 {
		t.Errorf("%d sightings, %d readings, %d answers", len(w.sightings), len(w.readings), answered)
	}
}

// signers takes signs, or refuses them.
type signers struct {
	taken  []coldchain.Sign
	refuse error
}

func (s *signers) Sign(_ context.Context, signs []coldchain.Sign) error {
	if s.refuse != nil {
		return s.refuse
	}
	s.taken = append(s.taken, signs...)
	return nil
}

func TestAMessageIsAnsweredOnceItsSignsAreKeptToo(t *testing.T) {
	w, door := &ward{}, &signers{}
	in, _ := prepared(t, w)
	in.Signs = door
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = in.Run(ctx) })
	defer func() { cancel(); running.Wait() }()
	m := gateway.Message{Topic: "zigbee2mqtt/door-7", Body: []byte(`{"contact":false}`)}
	if _, err := send(t, in, "gw-a", m); err != nil || len(door.taken) != 1 || !door.taken[0].On || door.taken[0].Gateway != "gw-a" {
		t.Errorf("%+v, %v", door.taken, err)
	}
	door.refuse = errors.New("disk full")
	if _, err := send(t, in, "gw-a", m); err == nil {
		t.Error("a sign that was not kept was acknowledged")
	}
	if left := in.room.TryAcquire(MaxWaitingReadings); !left {
		t.Error("its room was not given back")
	}
}
