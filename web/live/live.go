// Package live tells open pages what changed.
//
// The path of an update: a transaction commits → the database announces topics
// ("fridge/f-03 changed", never data) → Hub.Changed notes them → within one tick
// each changed topic that somebody watches is rendered once by its Source → the
// fragments whose bytes differ get a new version → every connection that watches
// the topic sends what is newer than its cursor → live.js replaces the elements by id.
//
// Nothing is queued for a client. A connection holds only a cursor; one that
// reads slowly finds, when it is ready, the newest state and skips what lay
// between. One that does not read at all is dropped at the write deadline. A page
// that comes back says where it stood: it gets what is newer, or everything when
// the server has started anew since (its boot id differs).
//
// Who may listen is a permission of the topic. What is rendered depends on nothing
// else but how far that permission reaches: one rendering serves all who reach the
// whole hospital, and one those who are limited to the same units. Each is worded
// once for each language and unit that somebody reads it in.
package live

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/views"

	"github.com/a-h/templ"
)

// Limits. Each has a test at its edge.
const (
	// MaxTopics is how many topics one connection may watch.
	MaxTopics = 64
	// MaxTopicLength keeps a topic's name to what our identifiers need.
	MaxTopicLength = 128
	// MaxPerPerson is how many connections one person may hold: tabs and wall displays.
	MaxPerPerson = 8
	// MaxConnections is how many connections one server holds.
	MaxConnections = 4096
	// maxRemembered is how many topics we remember the last change of; past it
	// every older one counts as changed, which costs a rendering and loses nothing.
	maxRemembered = 16384
)

// Rhythm.
const (
	// Tick is how long changes are gathered before they are rendered.
	Tick = 50 * time.Millisecond
	// Heartbeat is how often a silent connection says that it is alive.
	Heartbeat = 10 * time.Second
	// renderDeadline is how long one topic's rendering may take.
	renderDeadline = 2 * time.Second
	// renderRetry is how long a topic rests after its rendering failed.
	renderRetry = time.Second
)

// ErrTopic: the topic does not exist or its name can't be one.
var ErrTopic = fmt.Errorf("no such topic: %w", hospital.ErrUnknown)

// ErrTooMany: a limit on topics or connections is reached.
var ErrTooMany = errors.New("too many live connections or topics")

// Fragment is one element of a page: HTML is the whole element, whose id is ID.
type Fragment struct {
	ID   string `json:"id"`
	HTML string `json:"html"`
}

// Draw renders a component as the fragment with this id. The component must be
// the element that carries the id.
func Draw(ctx context.Context, id string, component templ.Component) (Fragment, error) {
	var html bytes.Buffer
	if err := component.Render(ctx, &html); err != nil {
		return Fragment{}, fmt.Errorf("draw fragment %s: %w", id, err)
	}
	if !bytes.Contains(html.Bytes(), []byte(`id="`+templ.EscapeString(id)+`"`)) {
		return Fragment{}, fmt.Errorf("draw fragment %s: its element does not carry the id, and a page could replace it once only", id)
	}
	return Fragment{ID: id, HTML: string(views.Untwist(html.Bytes()))}, nil
}

// Source renders one kind of topic.
type Source struct {
	// Prefix is "fridge/" for topics such as "fridge/f-03", whose key is "f-03",
	// or a whole name such as "alarms", whose key is "".
	Prefix string
	// Permission is what a person needs to listen.
	Permission hospital.Permission
	// Every is the least time between two renderings of one topic; zero: every tick.
	Every time.Duration
	// Render gives all leaves of the topic as they are now, within the reach that
	// ctx carries. It must not depend on who asks. A thing that does not exist (any more) gives none and no error.
	Render func(ctx context.Context, key string) ([]Fragment, error)
}

func (s *Source) key(topic string) (string, bool) {
	if strings.HasSuffix(s.Prefix, "/") {
		key, ok := strings.CutPrefix(topic, s.Prefix)
		return key, ok && key != ""
	}
	return "", topic == s.Prefix
}

// Options of a Hub; zero values serve.
type Options struct {
	Log *slog.Logger
	// Now is the time that heartbeats tell the browser; time.Now when nil.
	Now func() time.Time
	// Scene prepares the context of every rendering, such as with views.WithScene.
	Scene func(context.Context) context.Context
	// Origins that may connect besides our own host, such as behind a proxy: "https://wards.example".
	Origins []string
	// Version names the build; a page of another one is told to load anew.
	Version string
}

// Hub knows who watches what. Changed never blocks; Run does the work.
type Hub struct {
	options Options
	sources []Source
	boot    string
	work    chan struct{} // holds one token when something is dirty
	alive   context.Context
	expire  context.CancelFunc
	talking sync.WaitGroup // the conversations; Run waits for them

	mu          sync.Mutex
	seq         uint64              // grows with every change and every rendering
	changed     map[string]uint64   // when each topic last changed
	forgotten   uint64              // topics not in changed last changed at or before this
	topics      map[string]*topic   // those that somebody watches
	apart       map[string][]*topic // the same by their subject: one for each reach
	connections map[*connection]struct{}
	feeds       map[*connection]struct{} // those of programs
	persons     map[hospital.PersonID]int
	buffers     sync.Pool
	closed      bool
	sent        uint64
	dropped     uint64
	rendered    uint64
}

// New makes a hub for these sources. A longer prefix wins over a shorter one.
func New(options Options, sources ...Source) *Hub {
	options.Log = cmp.Or(options.Log, slog.New(slog.DiscardHandler))
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Scene == nil {
		options.Scene = func(ctx context.Context) context.Context { return ctx }
	}
	sorted := slices.Clone(sources)
	slices.SortStableFunc(sorted, func(a, b Source) int { return cmp.Compare(len(b.Prefix), len(a.Prefix)) })
	var id [8]byte
	rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	alive, expire := context.WithCancel(context.Background())
	return &Hub{
		options: options, sources: sorted, boot: hex.EncodeToString(id[:]), alive: alive, expire: expire,
		work:        make(chan struct{}, 1),
		changed:     make(map[string]uint64),
		topics:      make(map[string]*topic),
		apart:       make(map[string][]*topic),
		connections: make(map[*connection]struct{}),
		feeds:       make(map[*connection]struct{}),
		persons:     make(map[hospital.PersonID]int),
	}
}

// Changed notes that these topics changed. Call it after the commit. It never
// blocks; repeating or merging calls does no harm.
func (h *Hub) Changed(topics ...string) {
	if len(topics) == 0 {
		return
	}
	h.mu.Lock()
	watched := false
	for _, name := range topics {
		h.seq++
		h.remember(name, h.seq)
		for _, t := range h.apart[name] {
			t.dirty = true
			watched = true
		}
	}
	h.tellFeeds(topics)
	h.mu.Unlock()
	if watched {
		h.wakeUp()
	}
}

func (h *Hub) remember(name string, seq uint64) {
	if _, known := h.changed[name]; !known && len(h.changed) >= maxRemembered {
		clear(h.changed)
		h.forgotten = seq
	}
	h.changed[name] = seq
}

// lastChange is when the topic changed last, or a later moment when that is forgotten.
func (h *Hub) lastChange(name string) uint64 {
	if seq, ok := h.changed[name]; ok {
		return seq
	}
	return h.forgotten
}

func (h *Hub) wakeUp() {
	select {
	case h.work <- struct{}{}:
	default:
	}
}

// Cursor is where the hub stands. Take it before a page reads what it shows, and
// give it to the page: what changes after that will reach it.
func (h *Hub) Cursor() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cursor()
}

func (h *Hub) cursor() string { return h.boot + "." + strconv.FormatUint(h.seq, 10) }

// since reads a cursor; ok is false when it is not of this server's life.
func (h *Hub) since(cursor string) (seq uint64, ok bool) {
	boot, number, found := strings.Cut(cursor, ".")
	if !found || boot != h.boot {
		return 0, false
	}
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil || seq > h.seq {
		return 0, false
	}
	return seq, true
}

func (h *Hub) source(name string) (*Source, string, error) {
	if len(name) > MaxTopicLength {
		return nil, "", fmt.Errorf("topic of %d bytes: %w", len(name), ErrTopic)
	}
	for i := range h.sources {
		if key, ok := h.sources[i].key(name); ok {
			return &h.sources[i], key, nil
		}
	}
	return nil, "", fmt.Errorf("topic %q: %w", name, ErrTopic)
}

// topicFor is a topic as this audience hears it: who reaches the whole hospital
// shares one, who is limited to units shares it with those of the same units.
func (h *Hub) topicFor(audience Audience, subject string) (*topic, error) {
	source, key, err := h.source(subject)
	if err != nil {
		return nil, err
	}
	t := &topic{name: subject, subject: subject, key: key, source: source, reach: audience.Actor.Reach(source.Permission), watchers: make(map[*connection]struct{})}
	if !t.reach.Everywhere {
		t.name += "@" + t.reach.String()
	}
	if key := audience.Reader.Key(); key != "" {
		t.name, t.reader = t.name+"#"+key, audience.Reader
	}
	return t, nil
}

// Allowed keeps the topics that exist and that the actor may hear.
func (h *Hub) Allowed(actor hospital.Actor, topics []string) []string {
	return slices.DeleteFunc(slices.Clone(topics), func(name string) bool {
		source, _, err := h.source(name)
		return err != nil || !actor.May(source.Permission)
	})
}

// Run renders what changed until ctx ends; then it closes every connection with
// 1012 (service restart), so that pages come back to the next server by themselves, and
// waits until each was told or the time to tell it is up.
func (h *Hub) Run(ctx context.Context) error {
	defer h.closeAll()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.work:
		}
		if !rest(ctx, Tick) {
			return nil
		}
		if again := h.renderDirty(ctx); again > 0 {
			time.AfterFunc(again, h.wakeUp)
		}
	}
}

// rest waits; false when ctx ended first.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Counts are for /metrics.
type Counts struct {
	Connections, Topics     int
	Sent, Dropped, Rendered uint64
}

// Counts tells how busy the hub is. Dropped counts clients that did not read.
func (h *Hub) Counts() Counts {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Counts{Connections: len(h.connections), Topics: len(h.topics), Sent: h.sent, Dropped: h.dropped, Rendered: h.rendered}
}
