package live

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"wardwatch/tracking/hospital"
)

// maxPending is how many changed topics wait for one program; beyond it the
// program is told that everything may have changed.
const maxPending = 1000

// ErrNoUpgrade: the request is not the beginning of a websocket.
var ErrNoUpgrade = errors.New("not a websocket")

// feed is what a program listens to: names of topics, never what is drawn of them.
type feed struct {
	names    []string
	prefixes []string // "fridge/" of "fridge/*"
	// pending changed since the last message; all when that is not known any more.
	pending map[string]struct{}
	all     bool
	due     bool // a message will be sent within a tick
	begun   bool // the first message, which says where the stream stands, is sent
}

// told is a message to a program.
type told struct {
	Cursor string   `json:"cursor"`
	Topics []string `json:"changed"`
	All    bool     `json:"all,omitempty"`
}

// Feed answers GET ?topics=alarms,fridge/*&since=CURSOR with a websocket that tells
// which topics changed. It returns an error only before the connection is upgraded,
// as Serve does.
func (h *Hub) Feed(w http.ResponseWriter, r *http.Request, audience Audience) error {
	if !websocket.IsWebSocketUpgrade(r) {
		return ErrNoUpgrade
	}
	c, err := h.joinFeed(audience, splitTopics(r.URL.Query().Get("topics")), r.URL.Query().Get("since"))
	if err != nil {
		return err
	}
	h.converse(w, r, c)
	return nil
}

func (h *Hub) joinFeed(audience Audience, asked []string, cursor string) (*connection, error) {
	f, err := h.newFeed(audience, asked)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c, err := h.seat(audience)
	if err != nil {
		return nil, err
	}
	c.feed = f
	h.feeds[c] = struct{}{}
	h.catchUp(f, cursor)
	c.wakeUp()
	return c, nil
}

// newFeed says what may be listened to, or why not. A topic that ends with * means all that begin so.
func (h *Hub) newFeed(audience Audience, asked []string) (*feed, error) {
	if len(asked) == 0 {
		return nil, fmt.Errorf("listen to nothing: %w", ErrTopic)
	}
	if len(asked) > MaxTopics {
		return nil, fmt.Errorf("%d topics: %w", len(asked), ErrTooMany)
	}
	f := &feed{pending: map[string]struct{}{}}
	for _, name := range asked {
		prefix, every := strings.CutSuffix(name, "/*")
		if every {
			name = prefix + "/any"
		}
		source, _, err := h.source(name)
		if err != nil {
			return nil, err
		}
		if err := audience.Actor.Need(source.Permission); err != nil {
			return nil, err
		}
		if !audience.Actor.Reach(source.Permission).Everywhere {
			return nil, hospital.Refuse(hospital.ErrForbidden, "Only who reaches the whole hospital can listen to names of topics.")
		}
		if every {
			f.prefixes = append(f.prefixes, prefix+"/")
		} else {
			f.names = append(f.names, name)
		}
	}
	return f, nil
}

// catchUp notes what changed since a cursor that the program brought; h.mu is held.
func (h *Hub) catchUp(f *feed, cursor string) {
	if cursor == "" {
		return
	}
	since, known := h.since(cursor)
	if !known || since < h.forgotten {
		f.all = true
		return
	}
	for name, seq := range h.changed {
		if seq > since && f.hears(name) {
			f.note(name)
		}
	}
}

func (f *feed) hears(name string) bool {
	return slices.Contains(f.names, name) || slices.ContainsFunc(f.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

func (f *feed) note(name string) {
	if f.all {
		return
	}
	if f.pending[name] = struct{}{}; len(f.pending) > maxPending {
		clear(f.pending)
		f.all = true
	}
}

// tellFeeds notes changed topics for the programs that listen to them, and has each
// told once within a tick; h.mu is held.
func (h *Hub) tellFeeds(topics []string) {
	for c := range h.feeds {
		heard := false
		for _, name := range topics {
			if c.feed.hears(name) {
				c.feed.note(name)
				heard = true
			}
		}
		if heard && !c.feed.due {
			c.feed.due = true
			time.AfterFunc(Tick, c.wakeUp)
		}
	}
}

// takeTold is the next message; false when there is nothing to say.
func (c *connection) takeTold() (told, bool) {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	f := c.feed
	f.due = false
	if f.begun && !f.all && len(f.pending) == 0 {
		return told{}, false
	}
	message := told{Cursor: c.hub.cursor(), Topics: []string{}, All: f.all}
	for name := range f.pending {
		message.Topics = append(message.Topics, name)
	}
	slices.Sort(message.Topics)
	clear(f.pending)
	f.all, f.begun = false, true
	c.hub.sent++
	return message, true
}

func (c *connection) sendTold() error {
	message, ok := c.takeTold()
	if !ok {
		return nil
	}
	return c.write(func() error { return c.socket.WriteJSON(message) })
}
