package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/views/words"

	"github.com/gorilla/websocket"
)

// The conversation with one browser.
const (
	// maxIncoming is how large a frame from a browser may be; it has nothing to say but pongs.
	maxIncoming = 512
	// writeDeadline is how long a browser may take to read one message before it is dropped.
	writeDeadline = 5 * time.Second
	// silence is how long we wait for a pong.
	silence = 60 * time.Second
	// pingEvery keeps proxies and the read deadline content.
	pingEvery = 25 * time.Second
	// checkEvery is how often we ask whether the session still stands.
	checkEvery = time.Minute
	// bufferSize of each connection; the write buffer is pooled.
	bufferSize = 1024
)

// CloseSignedOut is the close code of a connection whose session has ended; live.js leads to the sign-in page.
const CloseSignedOut = 4401

// Audience is who listens.
type Audience struct {
	Actor hospital.Actor
	// Still answers whether the session that opened the connection still stands;
	// asked once a minute. Nil: always.
	Still func(ctx context.Context) bool
	// Reader words what is sent; the zero Reader leaves it in English.
	Reader words.Reader
	// Guest tells apart connections without a person, such as a wall display's token.
	Guest string
}

func (a Audience) person() hospital.PersonID {
	if a.Guest != "" {
		return hospital.PersonID("guest:" + a.Guest)
	}
	return a.Actor.ID
}

type connection struct {
	hub      *Hub
	audience Audience
	topics   []*topic
	cursors  []uint64
	feed     *feed // of a program that is told names only; else nil
	wake     chan struct{}
	recheck  chan struct{} // the account was changed: ask at once whether it still stands
	shut     chan int      // a close code from the hub
}

func (c *connection) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Serve answers GET /live?topics=a,b&since=CURSOR with a websocket. It returns an
// error only before the connection is upgraded: ErrTopic, ErrTooMany or
// hospital.ErrForbidden; afterwards it returns nil when the conversation has ended.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, audience Audience) error {
	c, err := h.join(audience, splitTopics(r.URL.Query().Get("topics")), r.URL.Query().Get("since"))
	if err != nil {
		return err
	}
	return h.converse(w, r, c)
}

// converse upgrades the request and talks until either side ends it.
func (h *Hub) converse(w http.ResponseWriter, r *http.Request, c *connection) error {
	defer h.leave(c)
	upgrader := websocket.Upgrader{
		ReadBufferSize: bufferSize, WriteBufferSize: bufferSize, WriteBufferPool: &h.buffers,
		HandshakeTimeout: writeDeadline, CheckOrigin: h.sameOrigin,
	}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil // the upgrader has answered
	}
	defer socket.Close()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() {
		defer cancel()
		listen(socket)
	}()
	c.talk(ctx, socket)
	return nil
}

func splitTopics(list string) []string {
	names := strings.Split(list, ",")
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

// sameOrigin: a page of another site may not listen with our visitor's cookie.
func (h *Hub) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" { // no browser says nothing; a program shows its token, which no page can send for it
		return r.Header.Get("Authorization") != ""
	}
	if slices.Contains(h.options.Origins, origin) {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && strings.EqualFold(from.Host, r.Host)
}

// mayHear says whether there are such topics, not too many, and all for this audience.
func (h *Hub) mayHear(audience Audience, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("listen to nothing: %w", ErrTopic)
	}
	if len(names) > MaxTopics {
		return fmt.Errorf("%d topics: %w", len(names), ErrTooMany)
	}
	for _, name := range names {
		source, _, err := h.source(name)
		if err != nil {
			return err
		}
		if err := audience.Actor.Need(source.Permission); err != nil {
			return err
		}
	}
	return nil
}

// join takes a seat for the audience, or says why there is none.
func (h *Hub) join(audience Audience, names []string, cursor string) (*connection, error) {
	if err := h.mayHear(audience, names); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c, err := h.seat(audience)
	if err != nil {
		return nil, err
	}
	since, known := h.since(cursor)
	for _, name := range names {
		h.watch(c, name, since, known)
	}
	c.wakeUp()
	return c, nil
}

// seat is a new connection, where there is room for one; h.mu is held.
func (h *Hub) seat(audience Audience) (*connection, error) {
	if h.closed || len(h.connections) >= MaxConnections || h.persons[audience.person()] >= MaxPerPerson {
		return nil, ErrTooMany
	}
	c := &connection{hub: h, audience: audience, wake: make(chan struct{}, 1), recheck: make(chan struct{}, 1), shut: make(chan int, 1)}
	h.connections[c] = struct{}{}
	h.persons[audience.person()]++
	return c, nil
}

// watch adds the connection to a topic and sees to it that what it missed is rendered.
func (h *Hub) watch(c *connection, name string, since uint64, known bool) {
	fresh, _ := h.topicFor(c.audience, name) // join has asked
	t := h.topics[fresh.name]
	if t == nil {
		t = fresh
		h.topics[t.name] = t
		h.apart[name] = append(h.apart[name], t)
	}
	t.watchers[c] = struct{}{}
	c.topics = append(c.topics, t)
	c.cursors = append(c.cursors, since)
	if t.seq == 0 && (!known || h.lastChange(name) > since) {
		t.dirty = true
		h.wakeUp()
	}
}

func (h *Hub) leave(c *connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.connections, c)
	delete(h.feeds, c)
	if h.persons[c.audience.person()]--; h.persons[c.audience.person()] <= 0 {
		delete(h.persons, c.audience.person())
	}
	for _, t := range c.topics {
		delete(t.watchers, c)
		if len(t.watchers) > 0 {
			continue
		}
		if t.dirty || t.rendering { // a change that nobody saw rendered must outlive the topic
			h.seq++
			h.remember(t.subject, h.seq)
		}
		delete(h.topics, t.name)
		if h.apart[t.subject] = slices.DeleteFunc(h.apart[t.subject], func(other *topic) bool { return other == t }); len(h.apart[t.subject]) == 0 {
			delete(h.apart, t.subject)
		}
	}
}

// listen reads until the browser is gone; pongs push the deadline on.
func listen(socket *websocket.Conn) {
	socket.SetReadLimit(maxIncoming)
	alive := func(string) error { return socket.SetReadDeadline(time.Now().Add(silence)) }
	_ = alive("")
	socket.SetPongHandler(alive)
	for {
		if _, _, err := socket.ReadMessage(); err != nil {
			return
		}
	}
}

// talk sends until the browser is gone, the session ends or the server does.
func (c *connection) talk(ctx context.Context, socket *websocket.Conn) {
	beat, ping, check := time.NewTicker(Heartbeat), time.NewTicker(pingEvery), time.NewTicker(checkEvery)
	defer beat.Stop()
	defer ping.Stop()
	defer check.Stop()
	err := c.sayHello(socket)
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case code := <-c.shut:
			closeWith(socket, code)
			return
		case <-c.wake:
			err = c.sendNewer(socket)
		case <-beat.C:
			err = c.sendBeat(socket)
		case <-ping.C:
			err = socket.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeDeadline))
		case <-check.C:
			if c.isOver(ctx, socket) {
				return
			}
		case <-c.recheck:
			if c.isOver(ctx, socket) {
				return
			}
		}
	}
	c.hub.countDropped(err)
}

// isOver closes the socket when the session that opened it does not stand any more.
func (c *connection) isOver(ctx context.Context, socket *websocket.Conn) bool {
	if c.audience.Still == nil || c.audience.Still(ctx) {
		return false
	}
	closeWith(socket, CloseSignedOut)
	return true
}

// Recheck asks at once whether a person's connections still stand, because her
// account or a session of hers was changed. It never blocks.
func (h *Hub) Recheck(person hospital.PersonID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.connections {
		if c.audience.person() != person {
			continue
		}
		select {
		case c.recheck <- struct{}{}:
		default: // a check is due already
		}
	}
}

func (h *Hub) countDropped(err error) {
	var late net.Error
	if !errors.As(err, &late) || !late.Timeout() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropped++
}

func closeWith(socket *websocket.Conn, code int) {
	_ = socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(writeDeadline))
}

// beat tells that we live, what time it is and which build we are.
type beat struct {
	Now     int64  `json:"now"`
	Version string `json:"version,omitempty"`
	Every   int64  `json:"every,omitempty"` // milliseconds between beats, in the first one
}

func (c *connection) sayHello(socket *websocket.Conn) error {
	return write(socket, func() error {
		return socket.WriteJSON(beat{Now: c.hub.options.Now().UnixMilli(), Version: c.hub.options.Version, Every: Heartbeat.Milliseconds()})
	})
}

func (c *connection) sendBeat(socket *websocket.Conn) error {
	return write(socket, func() error { return socket.WriteJSON(beat{Now: c.hub.options.Now().UnixMilli()}) })
}

func write(socket *websocket.Conn, send func() error) error {
	if err := socket.SetWriteDeadline(time.Now().Add(writeDeadline)); err != nil {
		return err
	}
	return send()
}

func (c *connection) sendNewer(socket *websocket.Conn) error {
	if c.feed != nil {
		return c.sendTold(socket)
	}
	for _, m := range c.take() {
		if err := write(socket, func() error { return socket.WritePreparedMessage(m.prepared) }); err != nil {
			return err
		}
	}
	return nil
}

// take gathers what is newer than the cursors and moves them on. Older messages
// come first, so that a page cut off in the middle has missed nothing before its cursor.
func (c *connection) take() []message {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	var messages []message
	for i, t := range c.topics {
		m, ok := c.hub.newer(t, c.cursors[i])
		if !ok {
			continue
		}
		c.cursors[i] = t.seq
		messages = append(messages, m)
	}
	slices.SortFunc(messages, func(a, b message) int { return int(int64(a.seq) - int64(b.seq)) })
	c.hub.sent += uint64(len(messages))
	return messages
}

func (h *Hub) closeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for c := range h.connections {
		c.close(websocket.CloseServiceRestart)
	}
}

func (c *connection) close(code int) {
	select {
	case c.shut <- code:
	default:
	}
}

// SignOut closes every connection of a person, such as when her sessions end.
func (h *Hub) SignOut(person hospital.PersonID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.connections {
		if c.audience.person() == person {
			c.close(CloseSignedOut)
		}
	}
}
