package api

import (
	"context"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// Condition is how a fridge is, in a word.
type Condition string

var conditions = [...]string{coldchain.InRange: "in range", coldchain.NoProbe: "no probe", coldchain.Drifting: "drifting",
	coldchain.Silent: "silent", coldchain.OutOfRange: "out of range", coldchain.Freezing: "freezing"}

// Severity is how bad it is, in a word.
type Severity string

// defaultReach is how far back readings go when nobody says.
const defaultReach = 24 * time.Hour

// Fridge is a fridge with how it stands now.
type Fridge struct {
	ID        coldchain.FridgeID  `json:"id"`
	Name      string              `json:"name"`
	Profile   coldchain.ProfileID `json:"profile" doc:"The rules that it is judged by."`
	Low       float64             `json:"low_celsius" doc:"The band in which it should be."`
	High      float64             `json:"high_celsius"`
	Room      hospital.RoomID     `json:"room,omitempty"`
	Unit      hospital.UnitID     `json:"unit,omitempty"`
	Model     string              `json:"model,omitempty"`
	Serial    string              `json:"serial,omitempty"`
	Condition Condition           `json:"condition"`
	Direction coldchain.Direction `json:"direction,omitempty" doc:"The side that is wrong."`
	Stale     bool                `json:"stale" doc:"True when the newest reading is older than it should be."`
	Celsius   *float64            `json:"celsius,omitempty" doc:"The reading that the condition goes by."`
	At        time.Time           `json:"at,omitzero"`
	Probes    []Probe             `json:"probes"`
	Running   []Excursion         `json:"running" doc:"Its excursions that have not ended, the worst first."`
}

// Probe is one stream of readings of a fridge.
type Probe struct {
	Sensor     string    `json:"sensor"`
	Channel    string    `json:"channel"`
	Name       string    `json:"name,omitempty"`
	Judged     bool      `json:"judged" doc:"False for a probe that measures the room rather than the goods."`
	BatteryPct *int      `json:"battery_pct,omitempty"`
	Celsius    *float64  `json:"celsius,omitempty"`
	At         time.Time `json:"at,omitzero"`
}

// Excursion is a time that a probe spent beyond a limit for longer than its rule allows.
type Excursion struct {
	ID          coldchain.ExcursionID `json:"id"`
	Fridge      coldchain.FridgeID    `json:"fridge"`
	Sensor      string                `json:"sensor"`
	Channel     string                `json:"channel"`
	Rule        string                `json:"rule"`
	Direction   coldchain.Direction   `json:"direction"`
	Severity    Severity              `json:"severity"`
	Limit       float64               `json:"limit_celsius"`
	Start       time.Time             `json:"start" doc:"The first reading beyond the limit."`
	ConfirmedAt time.Time             `json:"confirmed_at" doc:"When the rule's duration was up."`
	End         time.Time             `json:"end,omitzero" doc:"The first reading back in range; absent while it runs."`
	Known       float64               `json:"known_minutes" doc:"Proved by readings to be beyond the limit."`
	Possible    float64               `json:"possible_minutes" doc:"The same with the gaps in which nobody knows."`
	Min         float64               `json:"min_celsius"`
	Max         float64               `json:"max_celsius"`
	MKT         float64               `json:"mkt_celsius" doc:"Mean kinetic temperature (USP 1079.2). It informs; it never releases a lot."`
	FoundLate   bool                  `json:"found_late" doc:"Late data showed it after it was over; it never rang."`
	Revision    int                   `json:"revision" doc:"How often late data has changed it."`
	Withdrawn   bool                  `json:"withdrawn" doc:"Late data showed that it never was one."`
}

func wireExcursion(e coldchain.Excursion) Excursion {
	return Excursion{ID: e.ID, Fridge: e.Fridge, Sensor: e.Sensor.Sensor, Channel: e.Sensor.Channel, Rule: e.Rule, Direction: e.Direction,
		Severity: Severity(e.Severity.String()), Limit: e.Limit.Celsius(), Start: e.Start, ConfirmedAt: e.ConfirmedAt, End: e.End,
		Known: e.Known.Minutes(), Possible: e.Possible.Minutes(), Min: e.Min.Celsius(), Max: e.Max.Celsius(), MKT: e.MKT.Celsius(),
		FoundLate: e.FoundLate, Revision: e.Revision, Withdrawn: e.Withdrawn}
}

func wireFridge(s coldchain.Standing) Fridge {
	f := s.Fridge
	out := Fridge{ID: f.ID, Name: f.Name, Profile: f.Profile, Low: s.Profile.Low.Celsius(), High: s.Profile.High.Celsius(), Room: f.Room, Unit: f.Unit,
		Model: f.Model, Serial: f.Serial, Condition: Condition(conditions[s.Condition]), Direction: s.Direction, Stale: s.Stale,
		Probes: []Probe{}, Running: []Excursion{}}
	out.Celsius, out.At = wirePoint(s.Last)
	for _, w := range s.Probes {
		probe := Probe{Sensor: w.Sensor.Key.Sensor, Channel: w.Sensor.Key.Channel, Name: w.Sensor.Name, Judged: w.Sensor.Judged, BatteryPct: w.Sensor.BatteryPct}
		probe.Celsius, probe.At = wirePoint(w.Last)
		out.Probes = append(out.Probes, probe)
	}
	for _, e := range s.Running {
		out.Running = append(out.Running, wireExcursion(e))
	}
	return out
}

// wirePoint is a reading's temperature and time; none when nothing has come yet.
func wirePoint(p coldchain.Point) (*float64, time.Time) {
	if p.At.IsZero() {
		return nil, time.Time{}
	}
	celsius := p.Temp.Celsius()
	return &celsius, p.At
}

func (a *API) fridges(ctx context.Context, _ hospital.Actor, _ None) (List[Fridge], error) {
	board, err := a.ColdChain.Board(ctx, a.Now())
	out := List[Fridge]{Items: []Fridge{}}
	for _, standing := range board {
		out.Items = append(out.Items, wireFridge(standing))
	}
	return out, err
}

// FridgeIn names a fridge.
type FridgeIn struct {
	ID coldchain.FridgeID `path:"id" json:"-"`
}

func (a *API) fridge(ctx context.Context, _ hospital.Actor, in FridgeIn) (Fridge, error) {
	standing, err := a.ColdChain.Standing(ctx, in.ID, a.Now())
	if err != nil {
		return Fridge{}, err
	}
	return wireFridge(standing), nil
}

// ReadingsIn chooses readings.
type ReadingsIn struct {
	Fridge coldchain.FridgeID `query:"fridge" required:"yes"`
	From   time.Time          `query:"from" doc:"Measured at this time or later; the last 24 hours when absent."`
	To     time.Time          `query:"to" doc:"Measured before this time."`
	Part
}

// Reading is one temperature of the record.
type Reading struct {
	Sensor     string             `json:"sensor"`
	Channel    string             `json:"channel"`
	Celsius    float64            `json:"celsius"`
	At         time.Time          `json:"at" doc:"When it was measured."`
	ReceivedAt time.Time          `json:"received_at" doc:"When it came in."`
	Gateway    hospital.GatewayID `json:"gateway,omitempty" doc:"Who passed it on; absent for files."`
	Source     string             `json:"source" doc:"How it came: mqtt, http or file."`
}

func (a *API) readings(ctx context.Context, _ hospital.Actor, in ReadingsIn) (none List[Reading], err error) {
	if _, err := a.ColdChain.Standing(ctx, in.Fridge, a.Now()); err != nil {
		return none, err
	}
	ask := coldchain.ReadingQuery{Fridge: in.Fridge, From: in.From, To: in.To}
	if ask.From.IsZero() {
		ask.From = a.Now().Add(-defaultReach).Truncate(time.Minute) // whole, so that the same answer has the same tag
	}
	var at int64
	list := "readings of " + string(in.Fridge)
	if err := keysOf(in.Cursor, list, (*int64)(&ask.AfterSensor), &at); err != nil {
		return none, err
	}
	if at > 0 {
		ask.AfterAt = time.UnixMilli(at)
	}
	readings, err := a.Lists.Readings(ctx, ask, in.limit()+1)
	return listOf(in.Part, list, readings, func(r coldchain.Recorded) []string { return []string{number(r.Sensor), number(r.At.UnixMilli())} },
		func(r coldchain.Recorded) Reading {
			return Reading{Sensor: r.Key.Sensor, Channel: r.Key.Channel, Celsius: r.Temp.Celsius(), At: r.At, ReceivedAt: r.ReceivedAt,
				Gateway: r.Gateway, Source: r.Source}
		}), err
}

// ExcursionsIn chooses excursions.
type ExcursionsIn struct {
	Fridge  coldchain.FridgeID `query:"fridge" doc:"Of this fridge; of all when absent."`
	Running bool               `query:"running" doc:"Only those that have not ended."`
	From    time.Time          `query:"from" doc:"Began at this time or later."`
	To      time.Time          `query:"to" doc:"Began before this time."`
	Part
}

func (a *API) excursions(ctx context.Context, _ hospital.Actor, in ExcursionsIn) (none List[Excursion], err error) {
	ask := coldchain.ExcursionQuery{Fridge: in.Fridge, Running: in.Running, From: in.From, To: in.To}
	if err := keysOf(in.Cursor, "excursions", (*int64)(&ask.Before)); err != nil {
		return none, err
	}
	excursions, err := a.Lists.Excursions(ctx, ask, in.limit()+1)
	return listOf(in.Part, "excursions", excursions, func(e coldchain.Excursion) []string { return []string{number(e.ID)} }, wireExcursion), err
}

// ExcursionIn names an excursion.
type ExcursionIn struct {
	ID coldchain.ExcursionID `path:"id" json:"-"`
}

func (a *API) excursion(ctx context.Context, _ hospital.Actor, in ExcursionIn) (Excursion, error) {
	e, err := a.Lists.Excursion(ctx, in.ID)
	if err != nil {
		return Excursion{}, err
	}
	return wireExcursion(e), nil
}

// Alarm is one trouble of one thing.
type Alarm struct {
	ID         notify.AlarmID   `json:"id"`
	Kind       notify.Kind      `json:"kind" doc:"What is wrong: \"too warm\", \"no data\"."`
	Subject    string           `json:"subject" doc:"The thing: \"fridge/f-03\"."`
	Name       string           `json:"name"`
	Text       string           `json:"text" doc:"What is wrong, in a sentence: \"9.4 °C, limit 8.0 °C\"."`
	Severity   Severity         `json:"severity"`
	State      notify.Life      `json:"state"`
	Waits      bool             `json:"waits" doc:"True while somebody must still acknowledge it."`
	RaisedAt   time.Time        `json:"raised_at"`
	ReturnedAt time.Time        `json:"returned_at,omitzero" doc:"When the trouble was over; absent while it goes on."`
	Ack        *Acknowledgement `json:"acknowledgement,omitempty" doc:"The newest; absent while nobody has."`
	Closing    *Closing         `json:"closing,omitempty"`
	Version    int              `json:"version" doc:"Rises with each change. Send it back with an answer."`
}

// Acknowledgement is somebody's word that she has seen an alarm.
type Acknowledgement struct {
	At     time.Time     `json:"at"`
	By     string        `json:"by"`
	Reason notify.Reason `json:"reason"`
	Note   string        `json:"note,omitempty"`
	Until  time.Time     `json:"until" doc:"When others are told again if the trouble goes on."`
}

// Closing is the end of an alarm.
type Closing struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Note string    `json:"note"`
}

func (a *API) wireAlarm(alarm notify.Alarm) Alarm {
	now := a.Now()
	out := Alarm{ID: alarm.ID, Kind: alarm.Kind, Subject: alarm.Subject, Name: alarm.Name, Text: alarm.Text, Severity: Severity(alarm.Severity.String()),
		State: alarm.Life(now), Waits: alarm.Waits(now), RaisedAt: alarm.RaisedAt, ReturnedAt: alarm.ReturnedAt, Version: alarm.Version}
	if ack := alarm.Ack; !ack.At.IsZero() {
		out.Ack = &Acknowledgement{At: ack.At, By: ack.ByName, Reason: ack.Reason, Note: ack.Note, Until: ack.Until}
	}
	if end := alarm.Closing; !end.At.IsZero() {
		out.Closing = &Closing{At: end.At, By: end.ByName, Note: end.Note}
	}
	return out
}

// AlarmsIn chooses alarms.
type AlarmsIn struct {
	State   string `query:"state" enum:"open,closed" doc:"Open are those that nobody has closed; all when absent."`
	Subject string `query:"subject" doc:"Of this thing: \"fridge/f-03\"."`
	Part
}

func (a *API) alarms(ctx context.Context, _ hospital.Actor, in AlarmsIn) (none List[Alarm], err error) {
	s := notify.Selection{State: in.State, Subject: in.Subject}
	if err := keysOf(in.Cursor, "alarms", (*int64)(&s.Before)); err != nil {
		return none, err
	}
	alarms, err := a.Lists.Alarms(ctx, s, in.limit()+1)
	return listOf(in.Part, "alarms", alarms, func(alarm notify.Alarm) []string { return []string{number(alarm.ID)} }, a.wireAlarm), err
}

// AlarmIn names an alarm.
type AlarmIn struct {
	ID notify.AlarmID `path:"id" json:"-"`
}

// ToldAlarm is an alarm and who was told of it.
type ToldAlarm struct {
	Alarm   Alarm    `json:"alarm"`
	Notices []Notice `json:"notices" doc:"In the order in which they fall due."`
}

// Notice is one message to one person. Addresses stay inside.
type Notice struct {
	To     string    `json:"to"`
	Way    string    `json:"way" enum:"email,webhook"`
	DueAt  time.Time `json:"due_at"`
	Status string    `json:"status" enum:"waiting,sending,sent,failed,stopped"`
	DoneAt time.Time `json:"done_at,omitzero"`
}

func (a *API) alarm(ctx context.Context, _ hospital.Actor, in AlarmIn) (ToldAlarm, error) {
	alarm, err := a.Alarms.Store.Alarm(ctx, in.ID)
	if err != nil {
		return ToldAlarm{}, err
	}
	notices, err := a.Alarms.Store.Notices(ctx, in.ID)
	out := ToldAlarm{Alarm: a.wireAlarm(alarm), Notices: []Notice{}}
	for _, n := range notices {
		out.Notices = append(out.Notices, Notice{To: n.ToName, Way: string(n.Way), DueAt: n.DueAt, Status: string(n.Status), DoneAt: n.DoneAt})
	}
	return out, err
}

// AcknowledgeIn is an answer to an alarm.
type AcknowledgeIn struct {
	AlarmIn
	Reason  notify.Reason `json:"reason"`
	Note    string        `json:"note,omitempty" doc:"Needed where the reason is other; at most 2,000 characters."`
	Minutes int           `json:"quiet_minutes,omitempty" min:"1" max:"480" doc:"How long others are not told again while the trouble goes on; the hospital's own time when absent."`
	Version int           `json:"version" min:"1" max:"2147483647" doc:"The version of the alarm that was looked at. Another one is refused with 409."`
}

func (a *API) acknowledge(ctx context.Context, by hospital.Actor, in AcknowledgeIn) (Alarm, error) {
	if in.Version < 1 {
		return Alarm{}, errVersion
	}
	alarm, err := a.Alarms.Acknowledge(ctx, by, in.ID, notify.Answer{Reason: in.Reason, Note: in.Note,
		For: time.Duration(in.Minutes) * time.Minute, Version: in.Version})
	if err != nil {
		return Alarm{}, err
	}
	return a.wireAlarm(alarm), nil
}

var errVersion = hospital.Refuse(hospital.ErrInvalid, "Send the version that was looked at.")

// CloseIn says what was done.
type CloseIn struct {
	AlarmIn
	Note    string `json:"note" doc:"What was done; at most 2,000 characters."`
	Version int    `json:"version" min:"1" max:"2147483647" doc:"The version of the alarm that was looked at. Another one is refused with 409."`
}

func (a *API) closeAlarm(ctx context.Context, by hospital.Actor, in CloseIn) (Alarm, error) {
	if in.Version < 1 {
		return Alarm{}, errVersion
	}
	alarm, err := a.Alarms.Close(ctx, by, in.ID, in.Note, in.Version)
	if err != nil {
		return Alarm{}, err
	}
	return a.wireAlarm(alarm), nil
}
