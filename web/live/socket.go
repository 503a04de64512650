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
	"sync"
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
	// farewell is how long all of them may take to be told that the server goes.
	farewell = 2 * time.Second
	// silence is how long we wait for a pong.
	silence = 60 * time.Second
	// beatsAPing keep proxies and the read deadline content.
	beatsAPing = 2
	// beatsACheck pass until we ask again whether the session still stands.
	beatsACheck = 6
	// readBuffer of each connection; write buffers are pooled.
	readBuffer, writeBuffer = 256, 1024
)

// CloseSignedOut is the close code of a connection whose session has ended; live.js leads to the sign-in page.
const CloseSignedOut = 4401

// Audience is who listens.
type Audience struct {
	Actor hospital.Actor
	// Still answers whether the session that opened the connection still stands;
	// asked once a minute, long after the request that opened it is over. Nil: always.
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

// connection is one browser or program that listens. While nothing is to be sent it
// costs the goroutine that reads from it, and no other: whatever falls due is owed, and
// whoever owes something to a connection that is at rest begins to pay.
type connection struct {
	hub      *Hub
	audience Audience
	topics   []*topic
	cursors  []uint64
	feed     *feed // of a program that is told names only; else nil

	mu     sync.Mutex
	socket *websocket.Conn // nil until the request is upgraded
	due    duty
	paying bool        // a goroutine sends what is due
	over   bool        // nothing more is sent
	code   int         // what dueEnd closes with
	beats  int         // since the beginning
	clock  *time.Timer // the next beat
}

// duty is what is owed to a connection.
type duty uint8

const (
	dueHello duty = 1 << iota
	dueNews
	dueBeat
	duePing
	dueCheck // the account was changed, or a minute has passed: ask whether the session still stands
	dueEnd
)

func (c *connection) wakeUp() { c.owe(dueNews) }

// owe has something sent, soon. It never blocks.
func (c *connection) owe(d duty) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due |= d
	c.begin()
}

// begin pays what is due, unless somebody does; c.mu is held. The one who reads from the
// connection is counted until over is set, so nobody is begun whom Run would not wait for.
func (c *connection) begin() {
	if c.socket == nil || c.paying || c.over || c.due == 0 {
		return
	}
	c.paying = true
	c.hub.talking.Go(c.pay)
}

// Serve answers GET /live?topics=a,b&since=CURSOR with a websocket. It returns an
// error only before the connection is upgraded: ErrTopic, ErrTooMany or
// hospital.ErrForbidden. The conversation goes on once it has returned, so that of the
// request nothing need be kept but what audience.Still asks.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, audience Audience) error {
	c, err := h.join(audience, splitTopics(r.URL.Query().Get("topics")), r.URL.Query().Get("since"))
	if err != nil {
		return err
	}
	h.converse(w, r, c)
	return nil
}

// converse upgrades the request and has the connection talked with until either side ends it.
func (h *Hub) converse(w http.ResponseWriter, r *http.Request, c *connection) {
	upgrader := websocket.Upgrader{
		ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: &h.buffers,
		HandshakeTimeout: writeDeadline, CheckOrigin: h.sameOrigin,
	}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.leave(c) // the upgrader has answered
		return
	}
	if !h.talk(func() { c.listen(socket) }) {
		closeWith(socket, websocket.CloseServiceRestart)
		_ = socket.Close()
		h.leave(c)
		return
	}
	c.open(socket)
}

// talk runs a conversation that Run waits for; false when Run has ended and nobody would.
func (h *Hub) talk(conversation func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.talking.Go(conversation)
	return true
}

// open begins to send.
func (c *connection) open(socket *websocket.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over { // it has gone already
		return
	}
	c.socket = socket
	c.due |= dueHello
	c.clock = time.AfterFunc(Heartbeat, c.beat)
	c.begin()
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
	c := &connection{hub: h, audience: audience}
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
func (c *connection) listen(socket *websocket.Conn) {
	defer c.end(socket)
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

// end leaves the hub; whoever is sending finds out that nobody is there.
func (c *connection) end(socket *websocket.Conn) {
	c.hangUp()
	_ = socket.Close()
	c.hub.leave(c)
}

// hangUp sends nothing more; the one who reads finds out and ends it.
func (c *connection) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.socket != nil {
		c.clock.Stop()
		_ = c.socket.Close()
	}
}

// beat is a moment at which a silent connection is told that we live.
func (c *connection) beat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.beats++
	c.due |= dueBeat
	if c.beats%beatsAPing == 0 {
		c.due |= duePing
	}
	if c.beats%beatsACheck == 0 {
		c.due |= dueCheck
	}
	c.clock.Reset(Heartbeat)
	c.begin()
}

// pay sends what is due until nothing is, the session ends or the browser is gone. Who
// can't be sent to is hung up on, and so is who is told to go.
func (c *connection) pay() {
	for {
		c.mu.Lock()
		due, code := c.due, c.code
		c.due = 0
		if due == 0 || c.over {
			c.paying = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		if err := c.send(due, code); err != nil {
			c.hub.countDropped(err)
			c.hangUp()
		}
	}
}

// errOver: the browser was told that the conversation is over.
var errOver = errors.New("the conversation is over")

func (c *connection) send(due duty, code int) (err error) {
	for _, owed := range []struct {
		duty
		pay func() error
	}{
		{dueEnd, func() error { closeWith(c.socket, code); return errOver }},
		{dueHello, c.sayHello},
		{dueNews, c.sendNewer},
		{dueBeat, c.sendBeat},
		{duePing, func() error {
			return c.socket.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeDeadline))
		}},
		{dueCheck, c.check},
	} {
		if err == nil && due&owed.duty != 0 {
			err = owed.pay()
		}
	}
	return err
}

// check closes the socket when the session that opened it does not stand any more.
func (c *connection) check() error {
	if c.audience.Still == nil || c.audience.Still(c.hub.alive) {
		return nil
	}
	closeWith(c.socket, CloseSignedOut)
	return errOver
}

// Recheck asks at once whether a person's connections still stand, because her
// account or a session of hers was changed. It never blocks.
func (h *Hub) Recheck(person hospital.PersonID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.connections {
		if c.audience.person() == person {
			c.owe(dueCheck)
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

func (c *connection) sayHello() error {
	return c.write(func() error {
		return c.socket.WriteJSON(beat{Now: c.hub.options.Now().UnixMilli(), Version: c.hub.options.Version, Every: Heartbeat.Milliseconds()})
	})
}

func (c *connection) sendBeat() error {
	return c.write(func() error { return c.socket.WriteJSON(beat{Now: c.hub.options.Now().UnixMilli()}) })
}

func (c *connection) write(send func() error) error {
	if err := c.socket.SetWriteDeadline(time.Now().Add(writeDeadline)); err != nil {
		return err
	}
	return send()
}

func (c *connection) sendNewer() error {
	if c.feed != nil {
		return c.sendTold()
	}
	for _, m := range c.take() {
		if err := c.write(func() error { return c.socket.WritePreparedMessage(m.prepared) }); err != nil {
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
		t.tell()
		messages = append(messages, m)
	}
	slices.SortFunc(messages, func(a, b message) int { return int(int64(a.seq) - int64(b.seq)) })
	c.hub.sent += uint64(len(messages))
	return messages
}

func (h *Hub) closeAll() {
	h.mu.Lock()
	h.closed = true
	for c := range h.connections {
		c.close(websocket.CloseServiceRestart)
	}
	h.mu.Unlock()
	late := time.AfterFunc(farewell, h.hangUp)
	defer late.Stop()
	h.talking.Wait()
	h.expire()
}

// hangUp ends the connections that did not let themselves be told in time.
func (h *Hub) hangUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.connections {
		c.hangUp()
	}
}

func (c *connection) close(code int) {
	c.mu.Lock()
	c.code = code
	c.mu.Unlock()
	c.owe(dueEnd)
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
