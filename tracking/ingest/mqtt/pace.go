package mqtt

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wardwatch/tracking/hospital"
)

// How fast one identity is read, by all of its connections together. What comes faster
// waits in the sender's own network buffers: it is read later and nothing of it is lost.
// A busy gateway sends some ten messages a second.
const (
	MaxMessagesASecond = 1_000
	messageBurst       = 5_000
	MaxBytesASecond    = 4 << 20
	byteBurst          = 4 * MaxPacket
	// programWeight is for how many gateways a program speaks that may name any.
	programWeight = 200
	// slowedFor is how long it is told that somebody was read no faster.
	slowedFor = 10 * time.Minute
	// maxPaces bounds the memory of who sent how much: twice those who may be connected.
	maxPaces = 2 * MaxConnections
)

// Slowed is an identity that sent more than it may.
type Slowed struct {
	Name string
	At   time.Time // last
}

// pace is how fast one identity sends.
type pace struct {
	name     string
	messages *rate.Limiter
	bytes    *rate.Limiter
	slowedAt time.Time // zero for never
}

// paces are those of all identities, kept when their connections end: who comes back
// does not begin anew.
type paces struct {
	mu    sync.Mutex
	known map[string]*pace
	now   func() time.Time
	// told is called for each message that has to wait.
	told func()
	// rest waits; it is false when ctx or the connection ended first.
	rest func(ctx context.Context, closed <-chan struct{}, d time.Duration) bool
}

func newPaces(told func()) *paces {
	return &paces{known: map[string]*pace{}, now: time.Now, told: told, rest: rest}
}

func rest(ctx context.Context, closed <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-closed:
	case <-ctx.Done():
	}
	return false
}

// of is the pace of who was let in: a gateway, or a program by its papers.
func (p *paces) of(from hospital.GatewayID, claimed string, shown papers) *pace {
	key, weight := "gateway "+string(from), 1
	if from == "" {
		key, weight, from = "program "+shown.token, programWeight, hospital.GatewayID(claimed)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.known[key]; known != nil {
		return known
	}
	p.makeRoom()
	fresh := &pace{name: string(from), messages: rate.NewLimiter(rate.Limit(weight*MaxMessagesASecond), weight*messageBurst),
		bytes: rate.NewLimiter(rate.Limit(weight*MaxBytesASecond), weight*byteBurst)}
	p.known[key] = fresh
	return fresh
}

// makeRoom forgets who is at rest, and when nobody is, everybody.
func (p *paces) makeRoom() {
	if len(p.known) < maxPaces {
		return
	}
	at := p.now()
	for key, one := range p.known {
		if one.messages.TokensAt(at) >= float64(one.messages.Burst()) {
			delete(p.known, key)
		}
	}
	if len(p.known) >= maxPaces {
		clear(p.known)
	}
}

// take waits until one more message of this size may be read; false when the connection
// or ctx ended meanwhile.
func (p *paces) take(ctx context.Context, closed <-chan struct{}, who *pace, size int) bool {
	at := p.now()
	wait := max(who.messages.ReserveN(at, 1).DelayFrom(at), who.bytes.ReserveN(at, size).DelayFrom(at))
	if wait <= 0 {
		return true
	}
	p.mu.Lock()
	who.slowedAt = at
	p.mu.Unlock()
	p.told()
	return p.rest(ctx, closed, wait)
}

// slowed lists who was read no faster lately, by name.
func (p *paces) slowed() (all []Slowed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.known {
		if !one.slowedAt.IsZero() && p.now().Sub(one.slowedAt) < slowedFor {
			all = append(all, Slowed{one.name, one.slowedAt})
		}
	}
	slices.SortFunc(all, func(a, b Slowed) int { return strings.Compare(a.Name, b.Name) })
	return all
}
