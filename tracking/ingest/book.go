package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
)

// Limits of what is noted between two writes, and of what is kept.
const (
	// NotePause is how long the book gathers before it writes.
	NotePause = 2 * time.Second
	// MaxRefusals is how many refusals are kept; the oldest go.
	MaxRefusals = 1_000
	// MaxStrangers is how many unknown devices of one kind are kept; the longest silent go.
	MaxStrangers = 500
	// maxPending is how many gateways, and how many strangers, may wait to be written.
	maxPending = 500
	// maxRefusalsAtOnce is how many different refusals may; the rest are counted.
	maxRefusalsAtOnce = 100
	// maxReason is the longest reason, in bytes.
	maxReason = 300
	// maxSample is how much of a refused message is shown, in bytes.
	maxSample = 160
)

// Refusal is something that was not taken in, and why.
type Refusal struct {
	ID      int64
	At      time.Time
	Gateway hospital.GatewayID // empty when nobody knows
	Source  string             // "mqtt" or "http"
	Topic   string
	Reason  string
	// Records is how many records of the message were refused for it.
	Records int
	// Sample is the beginning of the message as text.
	Sample string
}

// StrangerKind is what an unknown device seems to be.
type StrangerKind string

// The kinds of unknown devices.
const (
	GatewayStranger StrangerKind = "gateway"
	TagStranger     StrangerKind = "tag"
)

// Stranger is a gateway or tag that speaks but that nobody has enrolled. Unknown
// sensors are listed by package coldchain, which refuses their readings.
type Stranger struct {
	Kind StrangerKind
	ID   string
	// Gateway is who heard it last.
	Gateway    hospital.GatewayID
	FirstHeard time.Time
	LastHeard  time.Time
	TimesHeard int
	Says       string // what it said last, for a person: "-63 dBm"
}

// GatewayState is what a gateway's messages tell of it.
type GatewayState struct {
	ID         hospital.GatewayID
	Format     gateway.Format
	FirstHeard time.Time
	LastHeard  time.Time
	// Offset is what is added to its clock's times.
	Offset time.Duration
	// ClockAt is its own time of the last message that carried one.
	ClockAt   time.Time
	Messages  int64
	Sightings int64
	Readings  int64
	Refused   int64
	// Status is what it last said of its own connection, if it does say.
	Status gateway.Status
}

// Notes is what the book writes at once. Strangers and states are the newest of
// their device; counts are to be added.
type Notes struct {
	Gateways []GatewayState
	// Links are gateways that went on or off line without saying so themselves.
	Links     map[hospital.GatewayID]gateway.Status
	Strangers []Stranger
	Refusals  []Refusal
	Names     []Name
}

func (n Notes) empty() bool {
	return len(n.Gateways)+len(n.Links)+len(n.Strangers)+len(n.Refusals)+len(n.Names) == 0
}

// Remembered is what the book knew before.
type Remembered struct {
	Offsets map[hospital.GatewayID]time.Duration
	// Aliases are other names of gateways, such as their addresses.
	Aliases map[hospital.GatewayID]hospital.GatewayID
	// Names are what devices' short names stand for, at most MaxNames.
	Names []Name
}

// BookStore keeps the book.
type BookStore interface {
	// Remember reads what was known.
	Remember(ctx context.Context) (Remembered, error)
	// Note writes notes in one transaction and announces "gateways" and "devices" as they changed.
	Note(ctx context.Context, notes Notes) error
}

// Book notes what an administrator wants to know of devices. Noting is cheap and
// never fails; what is noted is written every NotePause.
type Book struct {
	store  BookStore
	log    *slog.Logger
	clocks *Clocks
	names  *dictionary

	writing   sync.Mutex // held while a page is torn out and stored
	mu        sync.Mutex
	aliases   map[hospital.GatewayID]hospital.GatewayID
	gateways  map[hospital.GatewayID]*GatewayState
	strangers map[strangerKey]*Stranger
	links     map[hospital.GatewayID]gateway.Status
	refusals  []Refusal
	unnoted   int // refusals beyond maxRefusalsAtOnce

	// Told is called whenever a gateway gives a sign of life; nil: nobody is. It
	// must not block. Set it before anything is heard.
	Told func(id hospital.GatewayID, at time.Time)

	spellingMu sync.Mutex
	spellings  map[hospital.GatewayID]hospital.GatewayID // directory's gateways by the form their messages use
	spellingOf *hospital.Directory
}

type strangerKey struct {
	kind StrangerKind
	id   string
}

// OpenBook reads what was known of the devices.
func OpenBook(ctx context.Context, store BookStore, log *slog.Logger) (*Book, error) {
	known, err := store.Remember(ctx)
	if err != nil {
		return nil, fmt.Errorf("remember the gateways: %w", err)
	}
	if known.Aliases == nil {
		known.Aliases = map[hospital.GatewayID]hospital.GatewayID{}
	}
	return &Book{store: store, log: log, clocks: NewClocks(known.Offsets), names: newDictionary(known.Names), aliases: known.Aliases,
		gateways: map[hospital.GatewayID]*GatewayState{}, links: map[hospital.GatewayID]gateway.Status{}, strangers: map[strangerKey]*Stranger{}}, nil
}

// resolve is the hospital's name of a gateway: its own, or what an alias or an
// address in another spelling stands for; else the name as it came.
func (b *Book) resolve(directory *hospital.Directory, named hospital.GatewayID) hospital.GatewayID {
	if named == "" {
		return ""
	}
	if _, ok := directory.Gateway(named); ok {
		return named
	}
	b.mu.Lock()
	alias, ok := b.aliases[named]
	b.mu.Unlock()
	if ok {
		return alias
	}
	if id, ok := b.spelling(directory)[named]; ok {
		return id
	}
	return named
}

// spelling finds gateways whose id in the hospital document is an address written with separators.
func (b *Book) spelling(directory *hospital.Directory) map[hospital.GatewayID]hospital.GatewayID {
	b.spellingMu.Lock()
	defer b.spellingMu.Unlock()
	if b.spellingOf != directory {
		b.spellings, b.spellingOf = map[hospital.GatewayID]hospital.GatewayID{}, directory
		for _, g := range directory.Gateways {
			b.spellings[hospital.GatewayID(gateway.Identity(string(g.ID)))] = g.ID
		}
	}
	return b.spellings
}

// heard is one message that was taken.
type heard struct {
	gateway                      hospital.GatewayID
	at, sentAt                   time.Time
	format                       gateway.Format
	status                       gateway.Status
	offset                       time.Duration
	sightings, readings, refused int
	silent                       bool // it is there, and said nothing
}

func (b *Book) heard(h heard) {
	if h.gateway == "" {
		return
	}
	if b.Told != nil && h.status != gateway.Offline {
		b.Told(h.gateway, h.at)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	g := b.gateways[h.gateway]
	if g == nil {
		if len(b.gateways) >= maxPending {
			return
		}
		g = &GatewayState{ID: h.gateway, FirstHeard: h.at}
		b.gateways[h.gateway] = g
	}
	g.LastHeard, g.Offset = h.at, h.offset
	if !h.sentAt.IsZero() {
		g.ClockAt = h.sentAt
	}
	switch {
	case h.status != gateway.NoStatus:
		g.Status = h.status
	case h.sightings+h.readings > 0:
		g.Status = gateway.Online // whoever is heard is there, whatever was said before
	}
	if h.silent {
		return
	}
	g.Format = h.format
	g.Messages++
	g.Sightings += int64(h.sightings)
	g.Readings += int64(h.readings)
	g.Refused += int64(h.refused)
}

// Alive notes that a gateway is connected, though it may have nothing to say: a
// reader at a quiet door is not broken.
func (b *Book) Alive(id hospital.GatewayID, at time.Time) {
	b.heard(heard{gateway: id, at: at, offset: b.clocks.Offset(id, time.Time{}, at), status: gateway.Online, silent: true})
}

// Link notes that a gateway went on or off line without a message of its own.
func (b *Book) Link(id hospital.GatewayID, status gateway.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, noted := b.links[id]; noted || len(b.links) < maxPending {
		b.links[id] = status
	}
}

// Refuse notes a refusal. The same one again, until the book is written, only counts.
func (b *Book) Refuse(r Refusal) {
	r.Topic = clean(r.Topic, gateway.MaxName)
	r.Gateway = hospital.GatewayID(clean(string(r.Gateway), gateway.MaxName))
	r.Reason = clean(r.Reason, maxReason)
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.refusals {
		if same := &b.refusals[i]; same.Reason == r.Reason && same.Gateway == r.Gateway && same.Topic == r.Topic && same.Source == r.Source {
			same.Records += r.Records
			same.At = r.At
			return
		}
	}
	if len(b.refusals) >= maxRefusalsAtOnce {
		b.unnoted++
		return
	}
	b.refusals = append(b.refusals, r)
}

// Stranger notes a device that nobody has enrolled.
func (b *Book) Stranger(s Stranger) {
	if s.ID = clean(s.ID, gateway.MaxName); s.ID == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := strangerKey{s.Kind, s.ID}
	known := b.strangers[key]
	if known == nil {
		if len(b.strangers) >= maxPending {
			return // it will be heard again
		}
		s.FirstHeard = s.LastHeard
		b.strangers[key] = &s
		known = &s
	}
	known.LastHeard, known.Gateway, known.Says = s.LastHeard, s.Gateway, s.Says
	known.TimesHeard++
}

// alias makes named another name of gateway id from now on.
func (b *Book) alias(named, id hospital.GatewayID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.aliases[named] = id
}

// Run writes what is noted until ctx ends, and once more then.
func (b *Book) Run(ctx context.Context) error {
	ticker := time.NewTicker(NotePause)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			b.write(ctx)
		case <-ctx.Done():
			b.write(ctx)
			return nil
		}
	}
}

func (b *Book) write(ctx context.Context) {
	if err := b.Write(context.WithoutCancel(ctx)); err != nil {
		b.log.Error("notes on devices were not written", "error", err)
	}
}

// Write writes what is noted now, one page after the other: when it returns, what was noted
// before is stored, whoever tore it out, and no older page comes after a newer one.
func (b *Book) Write(ctx context.Context) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	notes, unnoted := b.tear()
	if unnoted > 0 {
		b.log.Warn("more was refused than is noted one by one", "count", unnoted)
	}
	if notes.empty() {
		return nil
	}
	if err := b.store.Note(ctx, notes); err != nil {
		b.putBack(notes)
		return err
	}
	return nil
}

// putBack returns a page that could not be written: it goes with the next one, within
// the same limits. What was heard since then is the newer word.
func (b *Book) putBack(notes Notes) {
	b.names.putBack(notes.Names)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range notes.Gateways {
		b.putBackGateway(g)
	}
	for id, status := range notes.Links {
		if _, newer := b.links[id]; !newer && len(b.links) < maxPending {
			b.links[id] = status
		}
	}
	for _, s := range notes.Strangers {
		key := strangerKey{s.Kind, s.ID}
		switch known := b.strangers[key]; {
		case known != nil:
			known.FirstHeard = s.FirstHeard
			known.TimesHeard += s.TimesHeard
		case len(b.strangers) < maxPending:
			b.strangers[key] = &s
		}
	}
	b.refusals = append(notes.Refusals, b.refusals...)
	if over := len(b.refusals) - maxRefusalsAtOnce; over > 0 {
		b.refusals = b.refusals[:maxRefusalsAtOnce]
		b.unnoted += over
	}
}

func (b *Book) putBackGateway(g GatewayState) {
	newer := b.gateways[g.ID]
	if newer == nil {
		if len(b.gateways) < maxPending {
			b.gateways[g.ID] = &g
		}
		return
	}
	newer.FirstHeard = g.FirstHeard
	newer.Messages += g.Messages
	newer.Sightings += g.Sightings
	newer.Readings += g.Readings
	newer.Refused += g.Refused
	if newer.Format == "" {
		newer.Format = g.Format
	}
	if newer.ClockAt.IsZero() {
		newer.ClockAt = g.ClockAt
	}
	if newer.Status == gateway.NoStatus {
		newer.Status = g.Status
	}
}

// tear takes the filled page out of the book.
func (b *Book) tear() (Notes, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var notes Notes
	for _, g := range b.gateways {
		notes.Gateways = append(notes.Gateways, *g)
	}
	for _, s := range b.strangers {
		notes.Strangers = append(notes.Strangers, *s)
	}
	notes.Refusals, notes.Links, notes.Names = b.refusals, maps.Clone(b.links), b.names.tear()
	unnoted := b.unnoted
	clear(b.gateways)
	clear(b.strangers)
	clear(b.links)
	b.refusals, b.unnoted = nil, 0
	slices.SortFunc(notes.Gateways, func(x, y GatewayState) int { return strings.Compare(string(x.ID), string(y.ID)) })
	slices.SortFunc(notes.Strangers, func(x, y Stranger) int {
		return strings.Compare(string(x.Kind)+x.ID, string(y.Kind)+y.ID)
	})
	return notes, unnoted
}

// sample is the beginning of a message as it can be shown.
func sample(body []byte) string {
	return clean(string(body[:min(len(body), 2*maxSample)]), maxSample)
}

// clean is text without what can't be shown, at most size bytes long.
func clean(s string, size int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return '?'
		case r < 0x20 || r == 0x7F:
			return ' '
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) > size {
		s = strings.ToValidUTF8(s[:size], "")
	}
	return s
}

// Same says whether two names mean the same gateway of the hospital.
func (b *Book) Same(directory *hospital.Directory, a, c hospital.GatewayID) bool {
	return a == c || b.resolve(directory, a) == b.resolve(directory, c)
}
