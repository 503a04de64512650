package account

import (
	"net/netip"
	"sync"
	"time"
)

// patience is how many failures are forgiven before each next one costs a wait
// that doubles from first up to most. Nobody is locked out for good.
type patience struct {
	free        int
	first, most time.Duration
}

var (
	// pairPatience is for one account from one address.
	pairPatience = patience{free: 5, first: 2 * time.Second, most: 5 * time.Minute}
	// accountPatience is for one account from addresses that it never came from:
	// guessing spread over many machines is slowed, while the ward's own go on.
	accountPatience = patience{free: 30, first: time.Second, most: time.Minute}
	// addressPatience is for one address and any account; a whole ward may share one.
	addressPatience = patience{free: 50, first: time.Second, most: time.Minute}
)

const (
	// forgetAfter is how long a failure is remembered.
	forgetAfter = 30 * time.Minute
	// maxAtOnce is how many passwords of one network are looked at at once: a flood
	// from one place must not keep others waiting.
	maxAtOnce = maxHashing / 2
	// maxRemembered bounds each memory; beyond it the oldest forgotten first, then any.
	maxRemembered = 20_000
)

// strikes are the failures of one key.
type strikes struct {
	count int
	last  time.Time
	until time.Time // no attempt before
}

// throttle remembers failures in memory; a restart forgives them.
type throttle struct {
	mu      sync.Mutex
	strikes map[string]strikes
	trusted map[string]time.Time // account and address that signed in before
	atOnce  map[string]int       // by network
}

func newThrottle() *throttle {
	return &throttle{strikes: map[string]strikes{}, trusted: map[string]time.Time{}, atOnce: map[string]int{}}
}

// key of a memory and the patience that it is treated with.
type watched struct {
	key      string
	patience patience
}

func (t *throttle) watched(email, address string) []watched {
	network := networkOf(address)
	pair := email + "|" + network
	all := []watched{{"pair|" + pair, pairPatience}, {"address|" + network, addressPatience}}
	if _, known := t.trusted[pair]; !known {
		all = append(all, watched{"account|" + email, accountPatience})
	}
	return all
}

// attempt is called before a password is looked at. It answers with how long to
// wait, 0 to go on; then the attempt counts as a failure until succeeded takes
// it back, so that many at once count each.
func (t *throttle) attempt(email, address string, at time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.watched(email, address)
	wait := time.Duration(0)
	for _, w := range all {
		wait = max(wait, t.strikes[w.key].until.Sub(at))
	}
	if wait > 0 {
		return wait
	}
	for _, w := range all {
		t.strike(w, at)
	}
	return 0
}

// enter takes one of a network's places, or answers false; leave gives it back.
func (t *throttle) enter(address string) (leave func(), ok bool) {
	network := networkOf(address)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.atOnce[network] >= maxAtOnce {
		return nil, false
	}
	t.atOnce[network]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.atOnce[network]--; t.atOnce[network] == 0 {
			delete(t.atOnce, network)
		}
	}, true
}

func (t *throttle) strike(w watched, at time.Time) {
	s := t.strikes[w.key]
	if at.Sub(s.last) > forgetAfter {
		s = strikes{}
	}
	s.count++
	s.last = at
	if over := s.count - w.patience.free; over > 0 {
		wait := w.patience.first << min(over-1, 20)
		s.until = at.Add(min(wait, w.patience.most))
	}
	makeRoom(t.strikes, func(old strikes) bool { return at.Sub(old.last) > forgetAfter })
	t.strikes[w.key] = s
}

// succeeded takes the attempt back and trusts the address for this account.
func (t *throttle) succeeded(email, address string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.watched(email, address) {
		s := t.strikes[w.key]
		if w.patience == pairPatience {
			delete(t.strikes, w.key)
			continue
		}
		s.count = max(0, s.count-1)
		if s.count <= w.patience.free {
			s.until = time.Time{}
		}
		t.strikes[w.key] = s
	}
	makeRoom(t.trusted, func(time.Time) bool { return false })
	t.trusted[email+"|"+networkOf(address)] = at
}

// makeRoom keeps a memory under its bound: what is forgotten goes first, then anything.
func makeRoom[K comparable, V any](memory map[K]V, forgotten func(V) bool) {
	if len(memory) < maxRemembered {
		return
	}
	for key, value := range memory {
		if forgotten(value) {
			delete(memory, key)
		}
	}
	for key := range memory {
		if len(memory) < maxRemembered*9/10 {
			return
		}
		delete(memory, key)
	}
}

// networkOf is the address, or for IPv6 the /64 that one household or machine has whole.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
