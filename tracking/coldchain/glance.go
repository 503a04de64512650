package coldchain

import (
	"context"
	"slices"
	"time"
)

// Stretch is a stretch of a stream's record: from <= t < to.
type Stretch struct {
	Sensor   SensorID
	From, To time.Time
}

// GlanceStore is what a board asks for all of its fridges at once, in one query however
// many they are. A stream's stretches do not overlap.
type GlanceStore interface {
	// Habits are what is learnt of streams; where nothing is, a stream is left out.
	Habits(context.Context) (map[SensorID]Habit, error)
	// PointsWithin are the readings of stretches, of each stream oldest first.
	PointsWithin(context.Context, []Stretch) (map[SensorID][]Point, error)
	// HoursWithin are the summaries of the hours that begin within stretches, of each stream oldest first.
	HoursWithin(context.Context, []Stretch) (map[SensorID][]Hour, error)
}

// Trend is what a tile draws of a probe's last day.
type Trend struct {
	Hours []Hour
	// Today says how cold it has been since midnight of the site; Points is 0 when nothing is known.
	Today Hour
}

// trendFor is how far back a tile's small chart goes.
const trendFor = 24 * time.Hour

// Glance is what a tile shows of a fridge beside how it stands.
type Glance struct {
	Trend Trend
	// Outlook is what is foreseen of a fridge that is in range; nil: nothing.
	Outlook *Outlook
}

// Glances are what the tiles of fridges show, in their order. One judged probe's day is
// what a tile has room for. What is asked of the store does not grow with their number.
func (m *Monitor) Glances(ctx context.Context, board []Standing, at time.Time) ([]Glance, error) {
	shown := make([]Watched, len(board)) // zero where nothing watches
	var days []Stretch
	var ahead []watchedBy
	day := at.Add(-trendFor).Truncate(time.Hour)
	for i, s := range board {
		j := slices.IndexFunc(s.Probes, func(w Watched) bool { return w.Sensor.Judged })
		if j < 0 {
			continue
		}
		w := s.Probes[j]
		shown[i] = w
		days = append(days, Stretch{w.Sensor.ID, later(w.Since, day), at.Add(futureTolerance)})
		if s.Condition == InRange {
			ahead = append(ahead, watchedBy{w, s.Profile, s.Signs})
		}
	}
	hours, err := m.hoursWithin(ctx, days, m.runningHours)
	if err != nil {
		return nil, err
	}
	outlooks, err := m.outlooks(ctx, ahead, at)
	if err != nil {
		return nil, err
	}
	local := at.In(m.register.Current().Site.Location())
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	glances := make([]Glance, len(board))
	for i, w := range shown {
		glances[i].Trend = trendOf(hours[w.Sensor.ID], midnight)
		if o, warns := outlooks[w.Sensor.ID]; warns {
			glances[i].Outlook = &o
		}
	}
	return glances, nil
}

func trendOf(hours []Hour, midnight time.Time) Trend {
	trend := Trend{Hours: hours}
	for _, h := range hours {
		if !h.Start.Add(time.Hour - 1).Before(midnight) {
			trend.Today = trend.Today.merge(h)
		}
	}
	return trend
}

// watchedBy is a stream, and what it is judged by.
type watchedBy struct {
	Watched
	profile Profile
	signs   []Sign
}

// outlooks are what the last cycles of streams let expect, or, while the mains are away,
// how soon the room will have warmed their fridges; a stream that warns of nothing is left
// out. They are judged anew every outlookEvery of the record.
func (m *Monitor) outlooks(ctx context.Context, watched []watchedBy, at time.Time) (map[SensorID]Outlook, error) {
	foreseen := map[SensorID]Outlook{}
	watched = slices.DeleteFunc(slices.Clone(watched), func(w watchedBy) bool { // what is silent foretells nothing
		return w.Last.At.IsZero() || at.Sub(w.Last.At) > w.profile.MaxGap()
	})
	watched, late := m.recent.unforetold(watched, foreseen)
	if len(watched) == 0 {
		return foreseen, nil
	}
	habits, err := m.habitsOf(ctx, watched)
	if err != nil {
		return nil, err
	}
	var cycles []Stretch
	for _, w := range watched {
		if habit := habits[w.Sensor.ID]; !powerAway(w.signs) {
			cycles = append(cycles, Stretch{w.Sensor.ID, later(w.Since, at.Add(-2*habit.cycle()-outlookStep)), at.Add(futureTolerance)})
		}
	}
	points, err := m.store.PointsWithin(ctx, cycles)
	if err != nil {
		return nil, err
	}
	for _, w := range watched {
		o, warns := w.foresee(habits[w.Sensor.ID], points[w.Sensor.ID])
		if warns {
			foreseen[w.Sensor.ID] = o
		}
		m.recent.keepOutlook(w, o, warns, late)
	}
	return foreseen, nil
}

// habitsOf are what is learnt of streams, and of one alone without reading the others'.
func (m *Monitor) habitsOf(ctx context.Context, watched []watchedBy) (map[SensorID]Habit, error) {
	if len(watched) > 1 {
		return m.store.Habits(ctx)
	}
	id := watched[0].Sensor.ID
	habit, err := m.store.Habit(ctx, id)
	return map[SensorID]Habit{id: habit}, err
}

func (w watchedBy) foresee(habit Habit, points []Point) (Outlook, bool) {
	if powerAway(w.signs) {
		return ForeseeWithoutPower(w.profile, habit, w.Last.Temp)
	}
	return Foresee(w.profile, habit, points)
}

// hoursWithin are streams by whole hours, one stretch each: what an hour's summary does not
// say, because the stretch begins within the hour or the hour still runs, comes from
// readings; sum sums up the latter.
func (m *Monitor) hoursWithin(ctx context.Context, spans []Stretch,
	sum func(context.Context, []Stretch) (map[SensorID][]Hour, error)) (map[SensorID][]Hour, error) {
	whole := slices.Clone(spans)
	var begun []Stretch
	for i, s := range spans {
		start := s.From.Add(time.Hour - 1).Truncate(time.Hour)
		if start.After(s.To) {
			start = s.To
		}
		if whole[i].From = start; start.After(s.From) {
			begun = append(begun, Stretch{s.Sensor, s.From, start})
		}
	}
	early, err := m.summed(ctx, begun)
	if err != nil {
		return nil, err
	}
	summed, err := m.store.HoursWithin(ctx, whole)
	if err != nil {
		return nil, err
	}
	for i, s := range whole {
		if hours := summed[s.Sensor]; len(hours) > 0 {
			whole[i].From = hours[len(hours)-1].Start
		}
	}
	late, err := sum(ctx, whole)
	if err != nil {
		return nil, err
	}
	all := make(map[SensorID][]Hour, len(spans))
	for _, s := range spans {
		hours, running := summed[s.Sensor], late[s.Sensor]
		if n := len(hours); n > 0 && len(running) > 0 {
			hours = hours[:n-1]
		}
		all[s.Sensor] = slices.Concat(early[s.Sensor], hours, running)
	}
	return all, nil
}

// summed are the hours of stretches, from their readings.
func (m *Monitor) summed(ctx context.Context, spans []Stretch) (map[SensorID][]Hour, error) {
	points, err := m.store.PointsWithin(ctx, spans)
	hours := make(map[SensorID][]Hour, len(points))
	for id, ps := range points {
		hours[id] = HoursOf(ps)
	}
	return hours, err
}

// hours are one stream by whole hours.
func (m *Monitor) hours(ctx context.Context, id SensorID, from, to time.Time) ([]Hour, error) {
	if !to.After(from) {
		return nil, nil
	}
	all, err := m.hoursWithin(ctx, []Stretch{{id, from, to}}, m.summed)
	return all[id], err
}
