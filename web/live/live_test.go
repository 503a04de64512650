package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"github.com/a-h/templ"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wardwatch/tracking/hospital"

	"github.com/gorilla/websocket"
)

var nurse = hospital.Actor{ID: "nora", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}}

// ward is a made-up source: each thing has a number, and its topic one leaf.
type ward struct {
	mu      sync.Mutex
	numbers map[string]int
	renders int
	fail    error
	panics  bool
}

func newWard() *ward { return &ward{numbers: map[string]int{}} }

func (w *ward) set(key string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.numbers[key] = n
}

func (w *ward) render(_ context.Context, key string) ([]Fragment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.renders++
	if w.panics {
		panic("a component's fault")
	}
	return []Fragment{
		{ID: key + "-n", HTML: fmt.Sprintf(`<b id="%s-n">%d</b>`, key, w.numbers[key])},
		{ID: key + "-name", HTML: fmt.Sprintf(`<i id="%s-name">%s</i>`, key, key)},
	}, w.fail
}

func (w *ward) source() Source {
	return Source{Prefix: "fridge/", Permission: hospital.SeeColdChain, Render: w.render}
}

// running starts a hub in the bubble; stop ends it and waits.
func running(t *testing.T, sources ...Source) (h *Hub, stop func()) {
	t.Helper()
	h = New(Options{Version: "v1"}, append(sources, Source{Prefix: "orders", Permission: hospital.ApproveOrders})...)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	return h, func() { cancel(); <-done }
}

// hijacked is the half of a ResponseWriter that the upgrader needs, over a pipe.
type hijacked struct {
	net.Conn
	header http.Header
	status int
	closed func() // when the conversation has ended
}

func (h *hijacked) Close() error {
	defer h.closed()
	return h.Conn.Close()
}

func (h *hijacked) Header() http.Header    { return h.header }
func (h *hijacked) WriteHeader(status int) { h.status = status }
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h, bufio.NewReadWriter(bufio.NewReader(h.Conn), bufio.NewWriter(h.Conn)), nil
}

// page is a browser with an open page.
type page struct {
	t      *testing.T
	socket *websocket.Conn
	pipe   net.Conn
	shown  map[string]string
	cursor string
	beats  int
	served chan error
}

func open(t *testing.T, h *Hub, cursor string, audience Audience, topics ...string) *page {
	t.Helper()
	here, there := net.Pipe()
	p := &page{t: t, pipe: here, shown: map[string]string{}, cursor: cursor, served: make(chan error, 1)}
	go func() {
		request, err := http.ReadRequest(bufio.NewReader(there))
		if err != nil {
			p.served <- err
			return
		}
		ended := sync.OnceFunc(func() { p.served <- nil })
		if err := h.Serve(&hijacked{Conn: there, header: http.Header{}, closed: ended}, request, audience); err != nil {
			p.served <- err
			there.Close()
		}
	}()
	address := &url.URL{Scheme: "ws", Host: "ward", Path: "/live", RawQuery: url.Values{"topics": {strings.Join(topics, ",")}, "since": {cursor}}.Encode()}
	dialer := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return here, nil }}
	socket, _, err := dialer.Dial(address.String(), http.Header{"Origin": {"http://ward"}})
	if err != nil {
		t.Fatalf("open page: %v, %v", err, <-p.served)
	}
	p.socket = socket
	return p
}

// hear reads one message; false when the connection is over.
func (p *page) hear() (message payload, ok bool) {
	_, text, err := p.socket.ReadMessage()
	if err != nil {
		return payload{}, false
	}
	if err := json.Unmarshal(text, &message); err != nil {
		p.t.Errorf("message %q: %v", text, err)
	}
	if message.Cursor == "" {
		p.beats++
	}
	for _, f := range message.Fragments {
		p.shown[f.ID] = f.HTML
	}
	if message.Cursor != "" {
		p.cursor = message.Cursor
	}
	return message, true
}

// reading hears until the connection ends.
func (p *page) reading() {
	go func() {
		for {
			if _, ok := p.hear(); !ok {
				return
			}
		}
	}()
}

func (p *page) close() {
	p.socket.Close()
	<-p.served
}

func TestAChangeReachesThePageThatWatchesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		h, stop := running(t, w.source())
		defer stop()
		p := open(t, h, h.Cursor(), Audience{Actor: nurse}, "fridge/1", "fridge/2")
		defer p.close()
		p.reading()
		synctest.Wait()
		if len(p.shown) != 0 {
			t.Errorf("a fresh page was sent %v", p.shown)
		}
		w.set("1", 7)
		h.Changed("fridge/1", "fridge/9")
		time.Sleep(Tick)
		synctest.Wait()
		if p.shown["1-n"] != `<b id="1-n">7</b>` || p.shown["2-n"] != "" {
			t.Errorf("shown %v", p.shown)
		}
		if c := h.Counts(); c.Rendered != 1 || c.Connections != 1 || c.Topics != 2 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestAHundredChangesInOneTickAreOneRenderingForAllPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		h, stop := running(t, w.source())
		defer stop()
		var pages []*page
		for i := range 20 {
			p := open(t, h, h.Cursor(), Audience{Actor: nurse, Guest: fmt.Sprint(i)}, "fridge/1")
			defer p.close()
			p.reading()
			pages = append(pages, p)
		}
		for n := range 100 {
			w.set("1", n)
			h.Changed("fridge/1")
		}
		time.Sleep(2 * Tick)
		synctest.Wait()
		for _, p := range pages {
			if p.shown["1-n"] != `<b id="1-n">99</b>` {
				t.Errorf("shown %v", p.shown)
			}
		}
		if c := h.Counts(); c.Rendered != 1 || c.Sent != 20 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestOnlyWhatDiffersIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		h, stop := running(t, w.source())
		defer stop()
		p := open(t, h, "", Audience{Actor: nurse}, "fridge/1")
		defer p.close()
		p.hear() // hello
		if m, _ := p.hear(); len(m.Fragments) != 2 {
			t.Errorf("a page without cursor was sent %v", m)
		}
		h.Changed("fridge/1") // announced, but nothing differs
		time.Sleep(2 * Tick)
		w.set("1", 3)
		h.Changed("fridge/1")
		if m, _ := p.hear(); len(m.Fragments) != 1 || m.Fragments[0].ID != "1-n" {
			t.Errorf("sent %v", m)
		}
	})
}

func TestAPageThatComesBackMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		h, stop := running(t, w.source())
		defer stop()
		drawn := h.Cursor()
		w.set("1", 1) // between drawing and listening
		h.Changed("fridge/1")
		p := open(t, h, drawn, Audience{Actor: nurse}, "fridge/1")
		p.hear()
		p.hear()
		if p.shown["1-n"] != `<b id="1-n">1</b>` {
			t.Errorf("the change between drawing and listening is lost: %v", p.shown)
		}
		p.close()
		synctest.Wait()
		for _, n := range []int{2, 3} {
			w.set("1", n)
			h.Changed("fridge/1")
		}
		again := open(t, h, p.cursor, Audience{Actor: nurse}, "fridge/1")
		again.hear()
		again.hear()
		if again.shown["1-n"] != `<b id="1-n">3</b>` {
			t.Errorf("the change while away is lost: %v", again.shown)
		}
		again.close()
		synctest.Wait()
		before := w.renders
		idle := open(t, h, again.cursor, Audience{Actor: nurse}, "fridge/1")
		defer idle.close()
		idle.reading()
		time.Sleep(4 * Tick)
		synctest.Wait()
		if len(idle.shown) != 0 || w.renders != before {
			t.Errorf("nothing had changed, yet %v and %d renderings", idle.shown, w.renders-before)
		}
	})
}

func TestANewServersFirstWordIsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		w.set("1", 5)
		h, stop := running(t, w.source())
		defer stop()
		for _, cursor := range []string{"0011223344556677.900", "", "nonsense", h.boot + ".999"} {
			p := open(t, h, cursor, Audience{Actor: nurse}, "fridge/1")
			p.hear()
			p.hear()
			if p.shown["1-n"] != `<b id="1-n">5</b>` {
				t.Errorf("since %q: %v", cursor, p.shown)
			}
			p.close()
			synctest.Wait()
		}
	})
}

func TestASlowReaderSkipsToNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		h, stop := running(t, w.source())
		defer stop()
		p := open(t, h, h.Cursor(), Audience{Actor: nurse}, "fridge/1")
		defer p.close()
		p.hear()
		for n := range 40 { // over two seconds nobody reads
			w.set("1", n)
			h.Changed("fridge/1")
			time.Sleep(Tick)
		}
		var heard []string
		for p.shown["1-n"] != `<b id="1-n">39</b>` {
			m, ok := p.hear()
			if !ok {
				t.Fatal("cut off")
			}
			for _, f := range m.Fragments {
				heard = append(heard, f.HTML)
			}
		}
		if len(heard) > 5 {
			t.Errorf("a slow reader was sent %d of 40 changes: %v", len(heard), heard)
		}
	})
}

func TestAReaderThatDoesNotReadIsDroppedAndCostsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		h, stop := running(t, w.source())
		defer stop()
		dead := open(t, h, h.Cursor(), Audience{Actor: nurse, Guest: "dead"}, "fridge/1")
		good := open(t, h, h.Cursor(), Audience{Actor: nurse}, "fridge/1")
		defer good.close()
		good.reading()
		w.set("1", 4)
		h.Changed("fridge/1")
		time.Sleep(2 * Tick)
		synctest.Wait()
		if good.shown["1-n"] != `<b id="1-n">4</b>` {
			t.Errorf("the good page waits for the dead one: %v", good.shown)
		}
		time.Sleep(writeDeadline + time.Second)
		synctest.Wait()
		if c := h.Counts(); c.Connections != 1 || c.Dropped != 1 {
			t.Errorf("counts %+v", c)
		}
		<-dead.served
	})
}

func TestHeartbeatsTellTimeAndVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stop := running(t, newWard().source())
		defer stop()
		p := open(t, h, h.Cursor(), Audience{Actor: nurse}, "fridge/1")
		defer p.close()
		_, hello, err := p.socket.ReadMessage()
		if err != nil || !strings.Contains(string(hello), `"version":"v1"`) || !strings.Contains(string(hello), `"every":10000`) {
			t.Errorf("hello %s, %v", hello, err)
		}
		start := time.Now()
		p.reading()
		time.Sleep(5*time.Minute + time.Second)
		synctest.Wait()
		if p.beats != 30 {
			t.Errorf("%d heartbeats since %v", p.beats, start)
		}
	})
}

func TestAnEndedSessionEndsItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stop := running(t, newWard().source())
		defer stop()
		var still atomic.Bool
		still.Store(true)
		p := open(t, h, h.Cursor(), Audience{Actor: nurse, Still: func(context.Context) bool { return still.Load() }}, "fridge/1")
		code := make(chan int, 2)
		watch := func(p *page) {
			for {
				_, _, err := p.socket.ReadMessage()
				if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
					code <- closed.Code
					return
				}
			}
		}
		go watch(p)
		time.Sleep(2 * beatsACheck * Heartbeat)
		still.Store(false)
		time.Sleep(beatsACheck * Heartbeat)
		if got := <-code; got != CloseSignedOut {
			t.Errorf("closed with %d", got)
		}
		<-p.served
		q := open(t, h, h.Cursor(), Audience{Actor: nurse}, "fridge/1")
		go watch(q)
		synctest.Wait()
		h.SignOut(nurse.ID)
		if got := <-code; got != CloseSignedOut {
			t.Errorf("signed out with %d", got)
		}
		<-q.served
	})
}

func TestAMessageIsHeldUntilEverybodyWasTold(t *testing.T) {
	h := New(Options{}, newWard().source())
	cursor := h.Cursor()
	join := func(guest string) *connection {
		c, err := h.join(Audience{Actor: nurse, Guest: guest}, []string{"fridge/1"}, cursor)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, second := join("first"), join("second")
	h.Changed("fridge/1")
	h.renderDirty(t.Context())
	held := func() int { return len(h.topics["fridge/1"].messages) }
	if len(first.take()) != 1 || held() != 1 {
		t.Errorf("%d messages are held while one waits", held())
	}
	if len(second.take()) != 1 || held() != 0 {
		t.Errorf("%d messages are held though all were told", held())
	}
	if len(join("late").take()) != 1 {
		t.Error("who comes with an old cursor is told nothing")
	}
}

func TestShutdownAsksPagesToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stop := running(t, newWard().source())
		p := open(t, h, h.Cursor(), Audience{Actor: nurse}, "fridge/1")
		p.hear()
		go stop()
		_, _, err := p.socket.ReadMessage()
		if !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
			t.Errorf("ended with %v", err)
		}
		<-p.served
		if _, err := h.join(Audience{Actor: nurse}, []string{"fridge/1"}, ""); !errors.Is(err, ErrTooMany) {
			t.Errorf("joined a hub that is going: %v", err)
		}
	})
}

func TestAFailedRenderingIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		w.fail, w.panics = errors.New("database is busy"), true
		h, stop := running(t, w.source())
		defer stop()
		p := open(t, h, h.Cursor(), Audience{Actor: nurse}, "fridge/1")
		defer p.close()
		p.reading()
		w.set("1", 8)
		h.Changed("fridge/1")
		time.Sleep(10 * Tick)
		w.mu.Lock()
		w.panics = false
		w.mu.Unlock()
		time.Sleep(renderRetry)
		w.mu.Lock()
		tries := w.renders
		w.fail = nil
		w.mu.Unlock()
		time.Sleep(3 * renderRetry)
		synctest.Wait()
		if tries < 2 || tries > 3 {
			t.Errorf("%d tries in %v", tries, renderRetry+10*Tick)
		}
		if p.shown["1-n"] != `<b id="1-n">8</b>` {
			t.Errorf("shown %v", p.shown)
		}
	})
}

func TestATopicMayBeRenderedLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		source := w.source()
		source.Every = time.Second
		h, stop := running(t, source)
		defer stop()
		p := open(t, h, h.Cursor(), Audience{Actor: nurse}, "fridge/1")
		defer p.close()
		p.reading()
		for n := range 100 {
			w.set("1", n)
			h.Changed("fridge/1")
			time.Sleep(Tick)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if w.renders < 5 || w.renders > 8 {
			t.Errorf("%d renderings in 5 s", w.renders)
		}
		if p.shown["1-n"] != `<b id="1-n">99</b>` {
			t.Errorf("the last change is lost: %v", p.shown)
		}
	})
}

func TestWhoMayListenToWhat(t *testing.T) {
	h := New(Options{}, newWard().source(), Source{Prefix: "orders", Permission: hospital.ApproveOrders})
	many := make([]string, MaxTopics+1)
	for i := range many {
		many[i] = fmt.Sprintf("fridge/%d", i)
	}
	for name, c := range map[string]struct {
		topics []string
		want   error
	}{
		"one's own":       {[]string{"fridge/1"}, nil},
		"not permitted":   {[]string{"fridge/1", "orders"}, hospital.ErrForbidden},
		"no such kind":    {[]string{"people/1"}, ErrTopic},
		"no key":          {[]string{"fridge/"}, ErrTopic},
		"a longer word":   {[]string{"orders2"}, ErrTopic},
		"nothing":         {nil, ErrTopic},
		"as many as may":  {many[:MaxTopics], nil},
		"one too many":    {many, ErrTooMany},
		"longest name":    {[]string{"fridge/" + strings.Repeat("x", MaxTopicLength-7)}, nil},
		"one letter more": {[]string{"fridge/" + strings.Repeat("x", MaxTopicLength-6)}, ErrTopic},
	} {
		conn, err := h.join(Audience{Actor: nurse}, c.topics, "")
		if !errors.Is(err, c.want) || (c.want == nil && err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if conn != nil {
			h.leave(conn)
		}
	}
	if got := h.Allowed(nurse, []string{"orders", "fridge/1", "people"}); len(got) != 1 || got[0] != "fridge/1" {
		t.Errorf("allowed %v", got)
	}
	if c := h.Counts(); c.Connections != 0 || c.Topics != 0 || len(h.persons) != 0 {
		t.Errorf("left behind: %+v %v", c, h.persons)
	}
}

func TestOnePersonHoldsSoManyConnections(t *testing.T) {
	h := New(Options{}, newWard().source())
	for range MaxPerPerson {
		if _, err := h.join(Audience{Actor: nurse}, []string{"fridge/1"}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.join(Audience{Actor: nurse}, []string{"fridge/1"}, ""); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	other := nurse
	other.ID = "olga"
	for i := range MaxConnections - MaxPerPerson {
		if _, err := h.join(Audience{Actor: other, Guest: fmt.Sprint(i)}, []string{"fridge/1"}, ""); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := h.join(Audience{Actor: other}, []string{"fridge/1"}, ""); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more than the server holds: %v", err)
	}
}

func TestAnotherSitesPageMayNotListen(t *testing.T) {
	h := New(Options{Origins: []string{"https://wards.example"}})
	for origin, want := range map[string]bool{
		"": false, "http://ward:8080": true, "https://wards.example": true, "https://evil.example": false,
		"http://ward:8081": false, "null": false, "http://ward:8080.evil.example": false,
	} {
		r := &http.Request{Host: "ward:8080", Header: http.Header{}}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		if h.sameOrigin(r) != want {
			t.Errorf("origin %q: %v", origin, !want)
		}
	}
}

func TestAProgramWithATokenNeedsNoOrigin(t *testing.T) {
	r := &http.Request{Host: "ward:8080", Header: http.Header{"Authorization": {"Bearer ww_x"}}}
	if !New(Options{}).sameOrigin(r) {
		t.Error("a program was turned away")
	}
	r.Header.Set("Origin", "https://evil.example")
	if New(Options{}).sameOrigin(r) {
		t.Error("another site's page was let in")
	}
}

func TestForgettingOldChangesLosesNone(t *testing.T) {
	h := New(Options{}, newWard().source())
	drawn := h.seq
	h.Changed("fridge/old")
	for i := range maxRemembered {
		h.Changed(fmt.Sprintf("fridge/%d", i))
	}
	if len(h.changed) > maxRemembered {
		t.Errorf("remembers %d topics", len(h.changed))
	}
	if h.lastChange("fridge/old") <= drawn {
		t.Error("a change was forgotten")
	}
}

func TestANetworkWithoutWebsocketsIsAnsweredTheSame(t *testing.T) {
	w := newWard()
	h := New(Options{Version: "v1"}, w.source(), Source{Prefix: "orders", Permission: hospital.ApproveOrders})
	ask := func(topics, since string) (polled, error) {
		r := httptest.NewRequest(http.MethodGet, "/live.json?"+url.Values{"topics": {topics}, "since": {since}}.Encode(), nil)
		answer := httptest.NewRecorder()
		err := h.Poll(answer, r, Audience{Actor: nurse})
		var p polled
		if err == nil {
			if err := json.Unmarshal(answer.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
		}
		return p, err
	}
	drawn := h.Cursor()
	if p, err := ask("fridge/1,fridge/2", drawn); err != nil || len(p.Fragments) != 0 || p.Now == 0 || p.Version != "v1" {
		t.Errorf("nothing had changed: %+v, %v", p, err)
	}
	w.set("2", 6)
	h.Changed("fridge/2")
	p, err := ask("fridge/1,fridge/2", drawn)
	if err != nil || len(p.Fragments) != 2 || p.Fragments[0].HTML != `<b id="2-n">6</b>` {
		t.Errorf("one had changed: %+v, %v", p, err)
	}
	if p, err = ask("fridge/1,fridge/2", p.Cursor); err != nil || len(p.Fragments) != 0 {
		t.Errorf("told twice: %+v, %v", p, err)
	}
	if _, err := ask("orders", ""); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a topic of others: %v", err)
	}
	w.panics = true
	if _, err := ask("fridge/1", ""); err == nil {
		t.Error("a fault was answered as if nothing were wrong")
	}
}

// A leaf without its id could be replaced once and never again.
func TestALeafCarriesItsID(t *testing.T) {
	plain := templ.Raw("<span>5</span>")
	if _, err := Draw(t.Context(), "count", plain); err == nil {
		t.Error("a leaf without its id is drawn")
	}
	if f, err := Draw(t.Context(), "a-&-b", templ.Raw(`<span id="a-&amp;-b">5</span>`)); err != nil || f.ID != "a-&-b" {
		t.Errorf("%+v, %v", f, err)
	}
}
