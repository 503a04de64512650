package live

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gorilla/websocket"

	"wardwatch/tracking/hospital"
	"wardwatch/views/words"
)

// topic is what the hub holds of a topic while somebody watches it.
type topic struct {
	// name is what it is known by here: subject, and for listeners with a limited
	// reach that reach, because for each reach it is rendered apart.
	name    string
	subject string
	reach   hospital.Reach
	// reader is in which language and units it is worded: part of name, too.
	reader words.Reader

	key    string
	source *Source

	watchers  map[*connection]struct{}
	dirty     bool
	rendering bool      // taken to be rendered, not stored yet
	notBefore time.Time // the earliest next rendering

	seq       uint64 // newest version among the fragments; 0 before the first rendering
	fragments []version
	// messages are encoded once for each cursor that asks, until the next change, or
	// until as many watchers as there are have been told.
	messages map[uint64]message
	told     int
}

type version struct {
	Fragment
	seq uint64
}

// message is what one or many connections send.
type message struct {
	seq      uint64
	bytes    []byte
	prepared *websocket.PreparedMessage
}

// payload is the JSON of a message. Its cursor is what the page says when it comes back.
type payload struct {
	Cursor    string     `json:"cursor"`
	Fragments []Fragment `json:"frags"`
}

// renderDirty renders every changed topic that somebody watches and may be
// rendered by now. It returns how long until the next that had to wait; zero: none.
func (h *Hub) renderDirty(ctx context.Context) (again time.Duration) {
	due, again := h.takeDirty()
	for _, t := range due {
		fragments, err := h.render(ctx, t)
		if ctx.Err() != nil {
			return 0
		}
		if err != nil {
			h.options.Log.Warn("live topic not rendered", "topic", t.name, "error", err)
			again = soonest(again, h.postpone(t))
			continue
		}
		h.store(t, fragments)
	}
	return again
}

func soonest(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

func (h *Hub) takeDirty() (due []*topic, again time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	for _, t := range h.topics {
		if !t.dirty {
			continue
		}
		if wait := t.notBefore.Sub(now); wait > 0 {
			again = soonest(again, wait)
			continue
		}
		t.dirty, t.rendering = false, true
		t.notBefore = now.Add(t.source.Every)
		due = append(due, t)
	}
	slices.SortFunc(due, func(a, b *topic) int { return cmp.Compare(a.name, b.name) })
	return due, again
}

func (h *Hub) postpone(t *topic) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.dirty, t.rendering = true, false
	t.notBefore = time.Now().Add(renderRetry)
	return renderRetry
}

func (h *Hub) render(ctx context.Context, t *topic) (fragments []Fragment, err error) {
	// One page's fault must not end everybody's updates.
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("render %s: panic: %v", t.name, fault)
		}
	}()
	ctx, cancel := context.WithTimeout(h.options.Scene(ctx), renderDeadline)
	defer cancel()
	if !t.reach.Everywhere {
		ctx = hospital.LookingWithin(ctx, t.reach)
	}
	fragments, err = t.source.Render(ctx, t.key)
	if err != nil || t.reader.Plain() {
		return fragments, err
	}
	for i := range fragments {
		fragments[i].HTML = string(t.reader.Page([]byte(fragments[i].HTML)))
	}
	return fragments, nil
}

// store versions what differs and wakes those who watch. The version is taken
// after the rendering: a page drawn before now may lack what the rendering saw.
func (h *Hub) store(t *topic, fragments []Fragment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rendered++
	t.rendering = false
	if !t.merge(fragments, h.seq+1) {
		return
	}
	h.seq++
	h.remember(t.subject, h.seq)
	for c := range t.watchers {
		c.wakeUp()
	}
}

// merge takes over fragments whose bytes differ; false when none does.
func (t *topic) merge(fragments []Fragment, seq uint64) bool {
	old := make(map[string]version, len(t.fragments))
	for _, v := range t.fragments {
		old[v.ID] = v
	}
	next := make([]version, 0, len(fragments))
	differs := false
	for _, f := range fragments {
		was, known := old[f.ID]
		if known && was.HTML == f.HTML {
			next = append(next, was)
			continue
		}
		next = append(next, version{Fragment: f, seq: seq})
		differs = true
	}
	t.fragments = next
	if differs {
		t.seq = seq
		t.messages, t.told = nil, 0
	}
	return differs
}

// newer is the message with all fragments newer than the cursor; false when there is none.
func (h *Hub) newer(t *topic, cursor uint64) (message, bool) {
	if t.seq <= cursor {
		return message{}, false
	}
	if m, ok := t.messages[cursor]; ok {
		return m, true
	}
	news := payload{Cursor: fmt.Sprintf("%s.%d", h.boot, t.seq)}
	for _, v := range t.fragments {
		if v.seq > cursor {
			news.Fragments = append(news.Fragments, v.Fragment)
		}
	}
	m, err := encode(t.seq, news)
	if err != nil { // strings always encode; a fault here is ours
		h.options.Log.Error("live message not encoded", "topic", t.name, "error", err)
		return message{}, false
	}
	if t.messages == nil {
		t.messages = make(map[uint64]message)
	}
	t.messages[cursor] = m
	return m, true
}

// tell notes that one more watcher was told the newest; what nobody will ask for is let go.
func (t *topic) tell() {
	if t.told++; t.told >= len(t.watchers) {
		t.messages = nil
	}
}

func encode(seq uint64, content any) (message, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return message{}, fmt.Errorf("encode live message: %w", err)
	}
	prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	if err != nil {
		return message{}, fmt.Errorf("prepare live message: %w", err)
	}
	return message{seq: seq, bytes: text, prepared: prepared}, nil
}
