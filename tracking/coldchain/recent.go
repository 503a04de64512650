package coldchain

import (
	"context"
	"slices"
	"sync"
	"time"
)

// outlookEvery is how often, by a probe's own record, what it lets expect is judged
// anew: a probe that measures every second is not foretold anew each time that
// somebody looks.
const outlookEvery = 30 * time.Second

// recent is what pages have lately asked of the ends of the records, so that a board of
// hundreds of fridges does not read the same hour of each again and again. It holds
// nothing that is not stored, and forgets a probe when something behind its newest
// reading comes late.
type recent struct {
	mu sync.Mutex
	// late counts how often anything came late: what was read before is not kept after.
	late     uint64
	tails    map[SensorID]tail
	outlooks map[SensorID]foretold
}

// tail is the end of a record, summed up by hours.
type tail struct {
	from  time.Time
	last  time.Time // the newest reading in it
	hours []Hour
}

// foretold is what a probe's record let expect.
type foretold struct {
	step, since time.Time
	interval    time.Duration
	rules       []Rule
	outlook     Outlook
	warns       bool
}

// forget is called once readings of these probes came late, after they are stored.
func (r *recent) forget(came []SensorID) {
	if len(came) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late++
	for _, id := range came {
		delete(r.tails, id)
		delete(r.outlooks, id)
	}
}

// forgetAll is called once much may have come late, or other processes wrote.
func (r *recent) forgetAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late++
	clear(r.tails)
	clear(r.outlooks)
}

// keepTail keeps a record's end, unless something came late since.
func (r *recent) keepTail(id SensorID, t tail, since uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.late != since || len(t.hours) == 0 {
		return
	}
	if r.tails == nil {
		r.tails = map[SensorID]tail{}
	}
	r.tails[id] = t
}

// runningHours are the hours of records from the beginning of one on until now, with
// what devices' clocks tell of the next minutes. Only what came since somebody last
// asked is read.
func (m *Monitor) runningHours(ctx context.Context, spans []Stretch) (map[SensorID][]Hour, error) {
	known, unread, late := m.recent.known(spans)
	points, err := m.store.PointsWithin(ctx, unread)
	if err != nil {
		return nil, err
	}
	all := make(map[SensorID][]Hour, len(spans))
	for i, s := range spans {
		if came := points[s.Sensor]; len(came) > 0 {
			known[i].hours, known[i].last = addPoints(slices.Clone(known[i].hours), came), came[len(came)-1].At
			m.recent.keepTail(s.Sensor, known[i], late)
		}
		all[s.Sensor] = known[i].hours
	}
	return all, nil
}

// known is what is known of the ends of records, what of each is not read yet, and when that was.
func (r *recent) known(spans []Stretch) ([]tail, []Stretch, uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tails, unread := make([]tail, len(spans)), slices.Clone(spans)
	for i, s := range spans {
		tails[i] = tail{from: s.From}
		if t := r.tails[s.Sensor]; t.from.Equal(s.From) && len(t.hours) > 0 {
			tails[i], unread[i].From = t, t.last.Add(time.Millisecond)
		}
	}
	return tails, unread, r.late
}

// step is the part of its record that a probe has come to.
func (w Watched) step() time.Time { return w.Last.At.Truncate(outlookEvery) }

// unforetold are those streams of which nothing is foretold for this step of their record;
// what is foretold of the others goes into foreseen, where it warns. It also says when that was.
func (r *recent) unforetold(watched []watchedBy, foreseen map[SensorID]Outlook) (rest []watchedBy, late uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range watched {
		f, known := r.outlooks[w.Sensor.ID]
		if !known || powerAway(w.signs) || !f.step.Equal(w.step()) || !f.since.Equal(w.Since) ||
			f.interval != w.profile.Interval || !slices.Equal(f.rules, w.profile.Rules) {
			rest = append(rest, w)
		} else if f.warns {
			foreseen[w.Sensor.ID] = f.outlook
		}
	}
	return rest, r.late
}

// keepOutlook keeps what was foretold, unless something came late since, or the mains
// are away: how warm it is then counts at once.
func (r *recent) keepOutlook(w watchedBy, o Outlook, warns bool, late uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.late != late || powerAway(w.signs) {
		return
	}
	if r.outlooks == nil {
		r.outlooks = map[SensorID]foretold{}
	}
	r.outlooks[w.Sensor.ID] = foretold{step: w.step(), since: w.Since, interval: w.profile.Interval, rules: w.profile.Rules, outlook: o, warns: warns}
}
