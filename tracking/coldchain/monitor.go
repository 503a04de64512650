package coldchain

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

const (
	// futureTolerance is how far ahead of ours a device's clock may be.
	futureTolerance = 5 * time.Minute
	// oldest is before any digital logger: an earlier time is a clock that was never set.
	oldestYear = 2000
	// maxOrigins is how many ways that readings come by are remembered.
	maxOrigins = 10_000
	// checkpointEvery is how much of the record a start may have to judge again.
	checkpointEvery = 10 * time.Minute
)

// Monitor takes readings and keeps the judgement up to date. Its methods may be
// called by any goroutine.
type Monitor struct {
	store    Store
	ladder   notify.Ladder
	register *hospital.Register
	by       hospital.Actor

	// watches are what the monitor remembers of each stream. They are touched
	// inside transactions only, which the store runs one after another, and
	// forgotten before the next one when a transaction is undone.
	mu      sync.Mutex
	version int64
	watches map[SensorKey]*watch
	origins map[origin]OriginID
	signs   map[signKey]Sign

	recent recent
}

// origin is how a reading came.
type origin struct {
	source  string
	gateway hospital.GatewayID
}

// NewMonitor watches over what the store holds; its alarms climb the ladder and
// name rooms and times as the register's site does.
func NewMonitor(store Store, ladder notify.Ladder, register *hospital.Register) *Monitor {
	return &Monitor{store: store, ladder: ladder, register: register, by: hospital.Job("cold chain"),
		watches: map[SensorKey]*watch{}, origins: map[origin]OriginID{}, signs: map[signKey]Sign{}}
}

// watch is one stream with where its judgement stands.
type watch struct {
	sensor  Sensor
	fridge  Fridge
	plan    Plan
	state   judgement
	running []Excursion // with identity
	saved   time.Time   // the checkpoint's reading
	due     bool        // a checkpoint is due at the end of the batch
	hour    Hour        // of the newest reading
	suspect Suspect     // what looks like a fault
	stay    Stay        // since when it watches the fridge
	late    []time.Time // readings of this batch that came behind the last, oldest first
}

// judgement is a State as a watch holds it: for the rules that there are. Of thousands of
// streams most are judged by two or three, and a State has room for MaxRules.
type judgement struct {
	last  Point
	rules []RuleState
}

func (j *judgement) state() State {
	s := State{Last: j.last}
	copy(s.Rules[:], j.rules)
	return s
}

// hold keeps a state that came of judging by a plan.
func (j *judgement) hold(s State, plan Plan) {
	j.last, j.rules = s.Last, append(j.rules[:0], s.Rules[:plan.mostRules()]...)
}

func (w *watch) judged() bool { return w.sensor.Judged && w.fridge.ID != "" }

// Observe records readings and judges them. It returns once everything is
// durable, with one outcome a reading in their order: a bad one costs the good
// ones beside it nothing. An error means that nothing was recorded.
func (m *Monitor) Observe(ctx context.Context, readings []Reading) ([]Outcome, error) {
	if len(readings) == 0 {
		return nil, nil
	}
	var outcomes []Outcome
	var late []SensorID
	err := m.store.InTx(ctx, func(tx Tx) (err error) {
		tx.IfUndone(m.forgetAll)
		m.mu.Lock()
		defer m.mu.Unlock()
		outcomes, late, err = m.observe(ctx, tx, readings)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("observe %d readings: %w", len(readings), err)
	}
	m.recent.forget(late)
	return outcomes, nil
}

func (m *Monitor) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
}

func (m *Monitor) forget() {
	m.version = 0
	m.recent.forgetAll()
	clear(m.watches)
	clear(m.origins)
	clear(m.signs)
}

// observe also tells of which probes something came late.
func (m *Monitor) observe(ctx context.Context, tx Tx, readings []Reading) (outcomes []Outcome, late []SensorID, err error) {
	if err := m.refresh(ctx, tx); err != nil {
		return nil, nil, err
	}
	outcomes = make([]Outcome, len(readings))
	var touched []*watch
	for _, i := range inOrderMeasured(readings) {
		r := normal(readings[i], tx.Now())
		w, reason, err := m.admit(ctx, tx, r)
		if err != nil {
			return nil, nil, err
		}
		if reason != "" {
			outcomes[i] = Outcome{Verdict: Refused, Reason: reason}
			continue
		}
		if outcomes[i], err = m.take(ctx, tx, w, r); err != nil {
			return nil, nil, err
		}
		if outcomes[i].Verdict == Accepted && !slices.Contains(touched, w) {
			touched = append(touched, w)
		}
	}
	for _, w := range touched {
		if len(w.late) > 0 {
			late = append(late, w.sensor.ID)
		}
		if err := m.settle(ctx, tx, w); err != nil {
			return nil, nil, fmt.Errorf("judge %s: %w", w.sensor.Key, err)
		}
	}
	return outcomes, late, nil
}

// refresh drops what it remembers when fridges or sensors were changed.
func (m *Monitor) refresh(ctx context.Context, tx Tx) error {
	version, err := tx.FridgesVersion(ctx)
	if err != nil {
		return err
	}
	if version != m.version {
		m.forget()
		m.version = version
	}
	return nil
}

// inOrderMeasured are the indexes of the readings in the order they were measured.
func inOrderMeasured(readings []Reading) []int {
	order := make([]int, len(readings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return readings[a].MeasuredAt.Compare(readings[b].MeasuredAt) })
	return order
}

// normal is the reading with its times as they are stored.
func normal(r Reading, now time.Time) Reading {
	if r.ReceivedAt.IsZero() {
		r.ReceivedAt = now
	}
	r.Channel = r.Key().Channel
	r.MeasuredAt = r.MeasuredAt.UTC().Truncate(time.Millisecond)
	r.ReceivedAt = r.ReceivedAt.UTC().Truncate(time.Millisecond)
	return r
}

// refusal says why a reading can't be taken, whatever its sensor; empty when it can.
func refusal(r Reading, now time.Time) string {
	switch {
	case r.Sensor == "":
		return ReasonNoSensor
	case r.MeasuredAt.IsZero():
		return ReasonNoTime
	case r.MeasuredAt.After(now.Add(futureTolerance)):
		return ReasonFuture
	case r.MeasuredAt.Year() < oldestYear:
		return ReasonTooOld
	case r.Temp < coldestPossible || r.Temp > hottestPossible:
		return ReasonImpossible
	}
	return ""
}

// admit finds the stream that a reading belongs to, or why it is refused. An
// impossible value of a known sensor is set aside where people can see it.
func (m *Monitor) admit(ctx context.Context, tx Tx, r Reading) (*watch, string, error) {
	reason := refusal(r, tx.Now())
	if reason == ReasonNoSensor {
		return nil, reason, nil
	}
	w, err := m.watch(ctx, tx, r.Key())
	switch {
	case err != nil:
		return nil, "", err
	case w == nil && reason != "":
		return nil, reason, nil
	case w == nil:
		return nil, ReasonUnknownSensor, tx.NoteStrangeSensor(ctx, r)
	case reason != "" && !r.MeasuredAt.IsZero():
		return nil, reason, tx.Quarantine(ctx, w.sensor.ID, r, reason)
	}
	return w, reason, nil
}

// watch is what the monitor remembers of a stream, loaded when it does not yet;
// nil when nobody has adopted it.
func (m *Monitor) watch(ctx context.Context, tx Tx, key SensorKey) (*watch, error) {
	if w, known := m.watches[key]; known {
		return w, nil
	}
	sensor, known, err := tx.SensorByKey(ctx, key)
	if err != nil || !known {
		return nil, err
	}
	w := &watch{sensor: sensor}
	if sensor.Fridge != "" {
		if w.fridge, err = tx.Fridge(ctx, sensor.Fridge); err != nil {
			return nil, err
		}
		w.plan = w.fridge.plan()
	}
	if err := m.load(ctx, tx, w); err != nil {
		return nil, fmt.Errorf("load %s: %w", key, err)
	}
	m.watches[key] = w
	return w, nil
}

// profile is what the newest reading was judged by.
func (w *watch) profile() Profile { return w.plan.At(w.state.last.At) }

// load brings the judgement to where it stood after the newest stored reading.
func (m *Monitor) load(ctx context.Context, tx Tx, w *watch) error {
	if err := w.loadStay(ctx, tx); err != nil {
		return err
	}
	last, any, err := tx.LastPoint(ctx, w.sensor.ID)
	if err != nil || !any {
		return err
	}
	if !w.before(last.At) {
		w.state.last = last
	}
	if err := w.loadHour(ctx, tx, last); err != nil {
		return err
	}
	if err := m.loadSuspect(ctx, tx, w, last); err != nil {
		return err
	}
	if w.running, err = tx.RunningOf(ctx, w.sensor.ID); err != nil {
		return err
	}
	if err := m.leaveBehind(ctx, tx, w, last); err != nil || !w.judged() {
		return err
	}
	saved, found, err := tx.SavedState(ctx, w.sensor.ID)
	if err != nil || !found || saved.Fridge != w.fridge.ID || w.before(saved.AsOf) {
		return err // what came while it watched no fridge, or another, is not judged here
	}
	if saved.Profile != w.plan.print() {
		w.late = []time.Time{last.At} // the profile has changed: judge from the last quiet reading on
		return m.rejudge(ctx, tx, w)
	}
	state := saved.State
	err = w.past(tx).Each(saved.AsOf, func(p Point) bool {
		state, _ = state.Judge(w.plan, Reading{MeasuredAt: p.At, Temp: p.Temp})
		return true
	})
	w.saved = saved.AsOf
	w.state.hold(state, w.plan)
	return err
}

// leaveBehind ends the excursions of a fridge that the sensor has been taken out of.
func (m *Monitor) leaveBehind(ctx context.Context, tx Tx, w *watch, last Point) error {
	here := w.running[:0:0]
	for _, e := range w.running {
		if w.judged() && e.Fridge == w.fridge.ID {
			here = append(here, e)
			continue
		}
		e.End, e.ClearedAt, e.Cut = last.At, last.At, true
		if err := m.end(ctx, tx, w, e); err != nil {
			return err
		}
	}
	w.running = here
	return nil
}

func (w *watch) loadHour(ctx context.Context, tx Tx, last Point) error {
	begin := last.At.Truncate(time.Hour).Add(-time.Millisecond)
	return tx.PastOf(ctx, w.sensor.ID).Each(begin, func(p Point) bool {
		w.hour = w.hour.see(p.At, p.Temp)
		return true
	})
}

// print tells the content of a profile.
func (p Profile) print() string {
	text, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return string(text)
}

// take stores one reading and, when it is the newest, steps on.
func (m *Monitor) take(ctx context.Context, tx Tx, w *watch, r Reading) (Outcome, error) {
	came, err := m.origin(ctx, tx, r)
	if err != nil {
		return Outcome{}, err
	}
	added, err := tx.AddReading(ctx, w.sensor.ID, came, r)
	if err != nil {
		return Outcome{}, err
	}
	if !added {
		return m.again(ctx, tx, w, came, r)
	}
	if r.BatteryPct != nil && (w.sensor.BatteryPct == nil || *w.sensor.BatteryPct != *r.BatteryPct) {
		w.sensor.BatteryPct = r.BatteryPct
		if err := tx.SetBattery(ctx, w.sensor.ID, min(max(*r.BatteryPct, 0), 100)); err != nil {
			return Outcome{}, err
		}
	}
	if w.before(r.MeasuredAt) || !w.state.last.At.IsZero() && !r.MeasuredAt.After(w.state.last.At) {
		w.late = append(w.late, r.MeasuredAt)
		return Outcome{Verdict: Accepted}, nil
	}
	return Outcome{Verdict: Accepted}, m.step(ctx, tx, w, r)
}

func (m *Monitor) origin(ctx context.Context, tx Tx, r Reading) (OriginID, error) {
	from := origin{r.Source, r.Gateway}
	if id, known := m.origins[from]; known {
		return id, nil
	}
	id, err := tx.Origin(ctx, r.Source, r.Gateway)
	if err == nil && len(m.origins) < maxOrigins {
		m.origins[from] = id
	}
	return id, err
}

// step judges a reading that is newer than all before it.
func (m *Monitor) step(ctx context.Context, tx Tx, w *watch, r Reading) error {
	if err := w.sum(ctx, tx, r); err != nil {
		return err
	}
	if err := m.look(ctx, tx, w, r); err != nil {
		return err
	}
	if !w.judged() {
		w.state.last = Point{At: r.MeasuredAt, Temp: r.Temp}
		return nil
	}
	before := w.state.last
	state, events := w.state.state().Judge(w.plan, r)
	w.state.hold(state, w.plan)
	for _, e := range events {
		if err := m.apply(ctx, tx, w, e); err != nil {
			return err
		}
	}
	w.due = w.due || len(events) > 0 || r.MeasuredAt.Sub(w.saved) >= checkpointEvery
	if !before.At.IsZero() && r.MeasuredAt.Sub(before.At) > w.profile().SilentAfter && w.live(r.MeasuredAt, tx.Now()) {
		return m.judgeSilence(ctx, tx, w.fridge, nil)
	}
	return nil
}

// sum adds the reading to its hour and stores an hour that is over.
func (w *watch) sum(ctx context.Context, tx Tx, r Reading) error {
	before := w.hour
	w.hour = w.hour.see(r.MeasuredAt, r.Temp)
	if before.Points > 0 && !before.Start.Equal(w.hour.Start) {
		return tx.SaveHour(ctx, w.sensor.ID, before)
	}
	return nil
}

// checkpoint is written once a batch, however many of its readings asked for it.
func (w *watch) checkpoint(ctx context.Context, tx Tx) error {
	w.saved, w.due = w.state.last.At, false
	if err := tx.SaveHour(ctx, w.sensor.ID, w.hour); err != nil {
		return err
	}
	return tx.SaveState(ctx, w.sensor.ID, Checkpoint{Fridge: w.fridge.ID, Profile: w.plan.print(), AsOf: w.saved, State: w.state.state()})
}

// live is true while a reading is young enough to ring.
func (w *watch) live(measured, now time.Time) bool { return now.Sub(measured) <= w.profile().Live() }

// apply stores what a step meant.
func (m *Monitor) apply(ctx context.Context, tx Tx, w *watch, e Event) error {
	if e.Kind == ExcursionBegan {
		_, err := m.begin(ctx, tx, w, e.Excursion)
		return err
	}
	i := slices.IndexFunc(w.running, func(r Excursion) bool { return r.Rule == e.Excursion.Rule })
	if i < 0 {
		return fmt.Errorf("excursion %q of %s ended and was never begun", e.Excursion.Rule, w.sensor.Key)
	}
	ended := w.running[i].keepIdentity(e.Excursion)
	w.running = slices.Delete(slices.Clone(w.running), i, i+1)
	return m.end(ctx, tx, w, ended)
}

func (m *Monitor) begin(ctx context.Context, tx Tx, w *watch, e Excursion) (Excursion, error) {
	e.Fridge, e.Sensor = w.fridge.ID, w.sensor.Key
	var err error
	if e.ID, err = tx.AddExcursion(ctx, w.sensor.ID, e); err != nil {
		return Excursion{}, err
	}
	if e.Running() {
		w.running = append(slices.Clip(w.running), e)
	}
	if err := m.tell(ctx, tx, ExcursionBegan, e); err != nil {
		return Excursion{}, err
	}
	return e, tx.Record(ctx, hospital.Deed{By: m.by, What: "excursion.begin", On: e.Fridge.Topic(), After: e.JSON()})
}

// end stores an excursion that is over and returns its alarm.
func (m *Monitor) end(ctx context.Context, tx Tx, w *watch, e Excursion) error {
	if err := m.finish(ctx, tx, w, e); err != nil {
		return err
	}
	return m.quieten(ctx, tx, e.Fridge, e.Kind())
}

// finish stores an excursion that is over. One that never rang, because its data
// came when it was past, goes to the inbox without a siren.
func (m *Monitor) finish(ctx context.Context, tx Tx, w *watch, e Excursion) error {
	_, rang, err := tx.OngoingAlarm(ctx, e.Kind(), e.Fridge.Topic())
	if err != nil {
		return err
	}
	e.FoundLate = !rang && !w.live(e.ClearedAt, tx.Now())
	if err := tx.SaveExcursion(ctx, e); err != nil {
		return err
	}
	if err := m.tell(ctx, tx, ExcursionEnded, e); err != nil {
		return err
	}
	if err := tx.Record(ctx, hospital.Deed{By: m.by, What: "excursion.end", On: e.Fridge.Topic(), After: e.JSON()}); err != nil {
		return err
	}
	switch {
	case e.FoundLate:
		return m.foundLate(ctx, tx, w, e)
	case !rang:
		return m.ring(ctx, tx, w, e)
	}
	return nil
}

func (m *Monitor) tell(ctx context.Context, tx Tx, kind EventKind, e Excursion) error {
	return tx.Append(ctx, Event{At: tx.Now(), Kind: kind, Fridge: e.Fridge, Excursion: e})
}

// foundLate puts an excursion that nobody could have acted on in the inbox.
func (m *Monitor) foundLate(ctx context.Context, tx Tx, w *watch, e Excursion) error {
	zone := m.register.Current().Site.Location()
	text := fmt.Sprintf("%s, from %s to %s, told by data that came later", e.said(),
		e.Start.In(zone).Format("2 Jan 15:04"), e.End.In(zone).Format("2 Jan 15:04 MST"))
	_, err := notify.Raise(ctx, tx, notify.Ladder{}, notify.Trouble{Kind: KindFoundLate, Subject: e.Fridge.Topic(),
		Name: m.nameOf(w.fridge), Text: text, Severity: Notice, By: m.by})
	if err != nil {
		return err
	}
	return notify.Return(ctx, tx, m.by, KindFoundLate, e.Fridge.Topic())
}

// ring raises the alarm of an excursion; while it goes on, nothing happens twice.
// A fridge that is opened on purpose does not ring before that time has ended,
// unless it freezes.
func (m *Monitor) ring(ctx context.Context, tx Tx, w *watch, e Excursion) error {
	if _, opened, err := tx.Opened(ctx, e.Fridge, tx.Now()); err != nil || opened && e.Kind() != KindFreezing {
		return err
	}
	_, err := notify.Raise(ctx, tx, m.ladder, notify.Trouble{Kind: e.Kind(), Subject: e.Fridge.Topic(),
		Name: m.nameOf(w.fridge), Text: e.said(), Severity: e.Severity, By: m.by})
	return err
}

// nameOf is a fridge's name with the room that it stands in.
func (m *Monitor) nameOf(f Fridge) string {
	if room, known := m.register.Current().Room(f.Room); known {
		return f.Name + ", " + room.Name
	}
	return f.Name
}

// quieten returns an alarm once no excursion of its kind runs in the fridge.
func (m *Monitor) quieten(ctx context.Context, tx Tx, fridge FridgeID, kind notify.Kind) error {
	running, err := tx.RunningIn(ctx, fridge)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(running, func(e Excursion) bool { return e.Kind() == kind }) {
		return nil
	}
	return notify.Return(ctx, tx, m.by, kind, fridge.Topic())
}

// settle ends a batch for one stream: late readings are judged, running
// excursions are stored as they stand, and what should ring rings.
func (m *Monitor) settle(ctx context.Context, tx Tx, w *watch) error {
	if w.fridge.ID != "" {
		tx.Announce(Topic, w.fridge.ID.Topic())
	}
	if len(w.late) > 0 {
		if err := m.rejudge(ctx, tx, w); err != nil {
			return err
		}
	}
	if w.due {
		if err := w.checkpoint(ctx, tx); err != nil {
			return err
		}
	}
	if len(w.running) == 0 {
		return nil
	}
	w.running = slices.Clone(w.running)
	for _, now := range w.state.state().Running(w.profile()) {
		for i := range w.running {
			if w.running[i].Rule == now.Rule {
				w.running[i] = w.running[i].keepIdentity(now)
			}
		}
	}
	for _, e := range w.running {
		if err := tx.SaveExcursion(ctx, e); err != nil {
			return err
		}
		if w.live(w.state.last.At, tx.Now()) {
			if err := m.ring(ctx, tx, w, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// rejudge replays the record around the late readings and brings the stored
// excursions to what the replay found.
func (m *Monitor) rejudge(ctx context.Context, tx Tx, w *watch) error {
	if err := m.rejudgeFormer(ctx, tx, w); err != nil {
		return err
	}
	late := blocks(w.late)
	w.late = nil
	for _, block := range late {
		if err := m.rejudgeBlock(ctx, tx, w, block); err != nil {
			return err
		}
	}
	if !w.judged() {
		return nil
	}
	var err error
	if w.running, err = tx.RunningOf(ctx, w.sensor.ID); err != nil {
		return err
	}
	return w.checkpoint(ctx, tx)
}

// block is a time in which late readings lie close together.
type block struct{ from, to time.Time }

// blockGap is how far apart late readings may be and still be judged in one replay.
const blockGap = 24 * time.Hour

// blocks are the times in which readings lie, oldest first.
func blocks(late []time.Time) []block {
	late = slices.SortedFunc(slices.Values(late), time.Time.Compare)
	var all []block
	for _, at := range late {
		if n := len(all); n > 0 && at.Sub(all[n-1].to) <= blockGap {
			all[n-1].to = at
			continue
		}
		all = append(all, block{at, at})
	}
	return all
}

func (m *Monitor) rejudgeBlock(ctx context.Context, tx Tx, w *watch, late block) error {
	if err := tx.SumHours(ctx, w.sensor.ID, late.from, late.to); err != nil {
		return err
	}
	if !late.to.Before(w.hour.Start) {
		w.hour = Hour{}
		if err := w.loadHour(ctx, tx, w.state.last); err != nil {
			return err
		}
	}
	if !w.judged() {
		return nil
	}
	judged, err := Rejudge(w.plan, w.past(tx), late.from, late.to)
	if err != nil {
		return err
	}
	if judged.ToEnd {
		w.state.hold(judged.State, w.plan)
	}
	return m.reviseAll(ctx, tx, w, judged.Revisions)
}

// reviseAll stores what late data made different. Alarms return only when all of it is
// stored: an excursion that ends may be the first half of one that still runs, and the alarm
// that somebody hears, or has acknowledged, goes on with the second.
func (m *Monitor) reviseAll(ctx context.Context, tx Tx, w *watch, revisions []Revision) error {
	for _, revision := range revisions {
		if err := m.revise(ctx, tx, w, revision); err != nil {
			return err
		}
	}
	for _, revision := range revisions {
		e := revision.about()
		if err := m.quieten(ctx, tx, cmp.Or(e.Fridge, w.fridge.ID), e.Kind()); err != nil {
			return err
		}
	}
	return nil
}

// revise stores one difference that late data made.
func (m *Monitor) revise(ctx context.Context, tx Tx, w *watch, r Revision) error {
	switch r.Kind {
	case excursionWentOn:
		return tx.SaveExcursion(ctx, r.After)
	case ExcursionEnded:
		return m.finish(ctx, tx, w, r.After)
	case ExcursionBegan:
		begun, err := m.begin(ctx, tx, w, r.After)
		if err != nil || begun.Running() {
			return err
		}
		return m.finish(ctx, tx, w, begun)
	}
	after := r.After
	if r.Kind == ExcursionWithdrawn {
		after = r.Before
		after.Withdrawn = true
	}
	after.Revision = r.Before.Revision + 1
	if err := tx.KeepRevision(ctx, r.Before); err != nil {
		return err
	}
	if err := tx.SaveExcursion(ctx, after); err != nil {
		return err
	}
	if err := m.tell(ctx, tx, r.Kind, after); err != nil {
		return err
	}
	deed := hospital.Deed{By: m.by, What: "excursion.revise", On: after.Fridge.Topic(), Why: "data that came later",
		Before: r.Before.JSON(), After: after.JSON()}
	return tx.Record(ctx, deed)
}

// JSON is the excursion as the audit trail and the chain keep it.
func (e Excursion) JSON() string {
	text, err := json.Marshal(e)
	if err != nil {
		return ""
	}
	return string(text)
}
