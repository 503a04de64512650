package ingest

import (
	"sync"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
)

// Limits of what is remembered of devices' short names.
const (
	// MaxNames is how many are remembered, of all senders.
	MaxNames = 20_000
	// MaxNamesOfOne is how many one sender may have explained.
	MaxNamesOfOne = 5_000
)

// Name is what a sender's device said that one of its short names stands for.
type Name struct {
	Sender hospital.GatewayID
	Name   string
	Means  string
}

// dictionary remembers names. A sender's names are its own: no gateway can change
// what another one's aliases mean.
type dictionary struct {
	mu    sync.Mutex
	known map[hospital.GatewayID]map[string]string
	size  int
	fresh []Name // not written yet
}

func newDictionary(known []Name) *dictionary {
	d := &dictionary{known: map[hospital.GatewayID]map[string]string{}}
	for _, n := range known {
		d.learn(n)
	}
	d.fresh = nil
	return d
}

// learn is false when there is no room for one more.
func (d *dictionary) learn(n Name) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	own := d.known[n.Sender]
	means, known := own[n.Name]
	switch {
	case known && means == n.Means:
		return true
	case !known && (d.size >= MaxNames || len(own) >= MaxNamesOfOne):
		return false
	}
	if own == nil {
		own = map[string]string{}
		d.known[n.Sender] = own
	}
	if !known {
		d.size++
	}
	own[n.Name] = n.Means
	d.fresh = append(d.fresh, n)
	return true
}

func (d *dictionary) means(sender hospital.GatewayID, name string) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	means, known := d.known[sender][name]
	return means, known
}

// tear takes what is not written yet; putBack returns what could not be.
func (d *dictionary) tear() []Name {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := d.fresh
	d.fresh = nil
	return fresh
}

func (d *dictionary) putBack(names []Name) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fresh = append(names, d.fresh...)
}

// spoken is the dictionary of one sender.
type spokenNames struct {
	*dictionary
	sender hospital.GatewayID
	full   func()
}

var _ gateway.Names = spokenNames{}

// Means is what a name stands for.
func (s spokenNames) Means(name string) (string, bool) { return s.means(s.sender, name) }

// Learn remembers it, where there is room.
func (s spokenNames) Learn(name, means string) {
	if !s.learn(Name{Sender: s.sender, Name: name, Means: means}) {
		s.full()
	}
}
