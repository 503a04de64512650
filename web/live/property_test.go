package live

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// reader is an open page without a socket: it draws, listens, is cut off and comes back.
type reader struct {
	topics []string
	conn   *connection
	cursor string
	shown  map[string]string
	inbox  []message
}

// model drives a hub by hand: every interleaving of drawing, changing, rendering
// and sending that goroutines could produce, one step at a time.
type model struct {
	t       *rapid.T
	hub     *Hub
	stored  map[string]int
	during  func() // what happens while a topic is rendered
	readers []*reader
}

func (m *model) html(key string) string { return fmt.Sprintf(`<b id="%s">%d</b>`, key, m.stored[key]) }

func (m *model) render(_ context.Context, key string) ([]Fragment, error) {
	before := m.html(key)
	if m.during != nil {
		m.during()
	}
	if rapid.Bool().Draw(m.t, "rendering sees the newest") {
		before = m.html(key)
	}
	return []Fragment{{ID: key, HTML: before}}, nil
}

func (m *model) write(key string) {
	m.stored[key]++
	m.hub.Changed("fridge/" + key)
}

func (m *model) key() string { return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(m.t, "thing") }

// draw is a page request: the cursor first, then the reading, with changes in between.
func (m *model) draw() {
	r := &reader{cursor: m.hub.Cursor(), shown: map[string]string{}}
	for _, key := range []string{"a", "b", "c"} {
		if rapid.Bool().Draw(m.t, "watches "+key) {
			if rapid.Bool().Draw(m.t, "changed while drawing") {
				m.write(m.key())
			}
			r.shown[key] = m.html(key)
			r.topics = append(r.topics, "fridge/"+key)
		}
	}
	if len(r.topics) > 0 {
		m.readers = append(m.readers, r)
	}
}

func (m *model) listen(r *reader) {
	if r.conn != nil {
		return
	}
	conn, err := m.hub.join(Audience{Actor: nurse, Guest: fmt.Sprintf("%p", r)}, r.topics, r.cursor)
	if err != nil {
		m.t.Fatalf("join: %v", err)
	}
	r.conn = conn
}

func (m *model) send(r *reader) {
	if r.conn != nil {
		r.inbox = append(r.inbox, r.conn.take()...)
	}
}

func (m *model) receive(r *reader) {
	if len(r.inbox) == 0 {
		return
	}
	var p payload
	if err := json.Unmarshal(r.inbox[0].bytes, &p); err != nil {
		m.t.Fatal(err)
	}
	r.inbox = r.inbox[1:]
	for _, f := range p.Fragments {
		r.shown[f.ID] = f.HTML
	}
	r.cursor = p.Cursor
}

// cut loses what was under way.
func (m *model) cut(r *reader) {
	if r.conn == nil {
		return
	}
	m.hub.leave(r.conn)
	r.conn, r.inbox = nil, nil
}

func (m *model) someReader() *reader {
	if len(m.readers) == 0 {
		m.t.Skip("no page is open")
	}
	return rapid.SampledFrom(m.readers).Draw(m.t, "reader")
}

func (m *model) tick() { m.hub.renderDirty(context.Background()) }

// settle lets everything that is under way arrive.
func (m *model) settle() {
	m.during = nil
	for _, r := range m.readers {
		m.listen(r)
	}
	for range 4 {
		m.tick()
	}
	for _, r := range m.readers {
		m.send(r)
		for len(r.inbox) > 0 {
			m.receive(r)
		}
	}
}

// TestWhenAllIsQuietEveryPageShowsWhatIsStored: whatever the order of drawing,
// changing, rendering, sending, cutting off and coming back.
func TestWhenAllIsQuietEveryPageShowsWhatIsStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{t: t, stored: map[string]int{}}
		m.hub = New(Options{}, Source{Prefix: "fridge/", Permission: "see cold chain", Render: m.render})
		t.Repeat(map[string]func(*rapid.T){
			"change":  func(*rapid.T) { m.write(m.key()) },
			"draw":    func(*rapid.T) { m.draw() },
			"listen":  func(*rapid.T) { m.listen(m.someReader()) },
			"render":  func(*rapid.T) { m.tick() },
			"send":    func(*rapid.T) { m.send(m.someReader()) },
			"receive": func(*rapid.T) { m.receive(m.someReader()) },
			"cut":     func(*rapid.T) { m.cut(m.someReader()) },
			"render while busy": func(*rapid.T) {
				m.during = func() {
					m.during = nil
					switch rapid.IntRange(0, 3).Draw(m.t, "meanwhile") {
					case 0:
						m.write(m.key())
					case 1:
						m.draw()
					case 2:
						if len(m.readers) > 0 {
							m.cut(m.readers[len(m.readers)-1])
						}
					case 3:
						if len(m.readers) > 0 {
							m.listen(m.readers[0])
						}
					}
				}
				m.tick()
				m.during = nil
			},
		})
		m.settle()
		for _, r := range m.readers {
			for key, html := range r.shown {
				if html != m.html(key) {
					t.Fatalf("a page with cursor %s shows %s, stored is %s", r.cursor, html, m.html(key))
				}
			}
		}
	})
}
