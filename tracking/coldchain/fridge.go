package coldchain

import (
	"context"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// What a caller can do about a refusal.
var (
	ErrUnknownFridge = fmt.Errorf("fridge %w", hospital.ErrUnknown)
	ErrUnknownSensor = fmt.Errorf("sensor %w", hospital.ErrUnknown)
	// ErrUnknownExcursion: there is no excursion of that number.
	ErrUnknownExcursion = fmt.Errorf("excursion %w", hospital.ErrUnknown)
)

// Topic is what changes with every fridge.
const Topic = "coldchain"

// Fridge is a refrigerator, freezer or ultra-cold freezer that is watched.
type Fridge struct {
	ID      FridgeID
	Name    string
	Profile ProfileID
	Room    hospital.RoomID // empty when nobody has said
	Unit    hospital.UnitID
	Model   string
	Serial  string
	// Plan is what it was, is and will be judged by; empty: by Profile, ready-made.
	Plan Plan
}

func (f Fridge) plan() Plan {
	if len(f.Plan) > 0 {
		return f.Plan
	}
	return PlanOf([]Assignment{{Profile: f.Profile}}, nil)
}

// JudgedBy is the profile in force at a moment.
func (f Fridge) JudgedBy(at time.Time) Profile { return f.plan().At(at) }

// SensorID numbers streams of readings in the store.
type SensorID int64

// Sensor is one stream of readings: a channel of a device.
type Sensor struct {
	ID     SensorID
	Key    SensorKey
	Name   string
	Fridge FridgeID // empty while it belongs to none
	// Judged is false for a probe that measures the room rather than the goods.
	Judged     bool
	AttachedAt time.Time
	BatteryPct *int // the last that the device said
	// Logger is true for a device whose readings come as files: it can't fall silent.
	Logger bool
	// Zone is the time zone of a logger's own clock, as somebody said once; may be empty.
	Zone string
}

// OriginID numbers a way that readings come by.
type OriginID int64

// Kinds of alarm that the cold chain raises.
const (
	KindWarm      notify.Kind = "too warm"
	KindCold      notify.Kind = "too cold"
	KindFreezing  notify.Kind = "freezing"
	KindSilent    notify.Kind = "no data"
	KindFoundLate notify.Kind = "excursion found late"
	// KindGateway is a gateway that has fallen silent with all the probes it served.
	KindGateway notify.Kind = "gateway silent"
)

// freezeRule is the name under which a rule counts as freezing rather than cold.
const freezeRule = "freeze"

// Kind is the kind of alarm that an excursion rings.
func (e Excursion) Kind() notify.Kind {
	switch {
	case e.Rule == freezeRule:
		return KindFreezing
	case e.Direction == TooCold:
		return KindCold
	}
	return KindWarm
}

// Rang says whether an alarm was about the excursion: of its kind and fridge, and
// ringing at some time while it ran; or the notice that it was found late.
func (e Excursion) Rang(a notify.Alarm) bool {
	if a.Subject != e.Fridge.Topic() {
		return false
	}
	if a.Kind == KindFoundLate {
		return e.FoundLate && !a.RaisedAt.Before(e.End)
	}
	overBefore := !a.ReturnedAt.IsZero() && a.ReturnedAt.Before(e.ConfirmedAt)
	begunAfter := !e.ClearedAt.IsZero() && a.RaisedAt.After(e.ClearedAt.Add(time.Minute))
	return a.Kind == e.Kind() && !e.FoundLate && !overBefore && !begunAfter
}

// Peak is the excursion's worst temperature.
func (e Excursion) Peak() MilliCelsius {
	if e.Direction == TooCold {
		return e.Min
	}
	return e.Max
}

// said is the excursion in a sentence without the fridge's name.
func (e Excursion) said() string {
	return fmt.Sprintf("%v, limit %v", e.Peak(), e.Limit)
}

// Tx is what the cold chain needs of a transaction.
type Tx interface {
	notify.Tx
	RecordTx
	TripTx
	StayTx
	ForesightTx
	KeepingTx
	// IfUndone has forget called, before any other change, when nothing of this one is kept.
	IfUndone(forget func())
	// FridgesVersion rises whenever a fridge or sensor is changed.
	FridgesVersion(context.Context) (int64, error)
	// SensorByKey is one stream; false when nobody has adopted it.
	SensorByKey(context.Context, SensorKey) (Sensor, bool, error)
	// Fridge is one fridge; ErrUnknownFridge when there is none.
	Fridge(context.Context, FridgeID) (Fridge, error)
	// NoteStrangeSensor lists a sensor for adoption; it forgets the longest unheard beyond MaxStrangeSensors.
	NoteStrangeSensor(context.Context, Reading) error
	// Quarantine sets an impossible reading of a known sensor aside; the oldest go beyond MaxQuarantined a sensor.
	Quarantine(ctx context.Context, sensor SensorID, r Reading, reason string) error
	// Origin numbers how readings come: a source and a gateway.
	Origin(ctx context.Context, source string, gateway hospital.GatewayID) (OriginID, error)
	// AddReading is false when the record has the sensor's reading of that time already.
	AddReading(context.Context, SensorID, OriginID, Reading) (bool, error)
	SetBattery(ctx context.Context, sensor SensorID, pct int) error

	// SavedState is the fold's last checkpoint; false when there is none.
	SavedState(context.Context, SensorID) (Checkpoint, bool, error)
	SaveState(context.Context, SensorID, Checkpoint) error
	// LastPoint is the newest reading of a sensor; false when it has none.
	LastPoint(context.Context, SensorID) (Point, bool, error)
	// PastOf is the record of one stream.
	PastOf(context.Context, SensorID) Record
	// SumHours brings the summaries of the hours up to date in which from to to lie.
	SumHours(ctx context.Context, sensor SensorID, from, to time.Time) error
	// SaveHour stores the summary of one hour.
	SaveHour(context.Context, SensorID, Hour) error

	// AddExcursion stores a new excursion and numbers it.
	AddExcursion(context.Context, SensorID, Excursion) (ExcursionID, error)
	// SaveExcursion stores how an excursion now stands.
	SaveExcursion(context.Context, Excursion) error
	// KeepRevision keeps what an excursion was before it was revised.
	KeepRevision(context.Context, Excursion) error
	// RunningOf are a sensor's running excursions, RunningIn a fridge's.
	RunningOf(context.Context, SensorID) ([]Excursion, error)
	RunningIn(context.Context, FridgeID) ([]Excursion, error)
	// Append adds a link to the chain and numbers it.
	Append(context.Context, Event) error

	// WatchedIn are the streams of a fridge, each with its newest reading.
	WatchedIn(context.Context, FridgeID) ([]Watched, error)
	// AddCheck stores a look at a fridge.
	AddCheck(context.Context, Check) error
	// AddOpening stores a planned opening; Opened is the one that a fridge is in.
	AddOpening(context.Context, Opening) error
	Opened(ctx context.Context, fridge FridgeID, at time.Time) (Opening, bool, error)
	AddFacts(context.Context, hospital.Actor, FridgeID, Facts) error
	// AddPaper stores a paper and numbers it; AddPaperFile its file.
	AddPaper(context.Context, hospital.Actor, FridgeID, Paper) (int64, error)
	AddPaperFile(ctx context.Context, paper int64, f PaperFile) error
	// AddCaseStep notes a step of a case's checklist.
	AddCaseStep(context.Context, ExcursionID, CaseStep) error
	// Sign keeps a signature in this change.
	Sign(context.Context, hospital.Actor, hospital.Signing) (hospital.Signature, error)
	AddPolicy(ctx context.Context, by hospital.Actor, p Policy, why string) error
	// ProfileVersions are all versions of the site's own profiles, by identifier, oldest first.
	ProfileVersions(context.Context) ([]ProfileVersion, error)
	AddProfileVersion(context.Context, hospital.Actor, ProfileVersion) error
	// GiveProfile makes a fridge be judged by another profile from a moment on.
	GiveProfile(ctx context.Context, fridge FridgeID, profile ProfileID, from time.Time) error
	// FridgesChanged makes every process load fridges and sensors anew.
	FridgesChanged(context.Context) error
	// Attach makes a sensor known and says which fridge it watches.
	Attach(context.Context, Sensor) (SensorID, error)
}

// Store is where the cold chain is kept.
type Store interface {
	RecordStore
	TripStore
	ForesightStore
	GlanceStore
	ComplianceStore
	KeepingStore
	InTx(context.Context, func(Tx) error) error
	// Fridges are all fridges by name.
	Fridges(context.Context) ([]Fridge, error)
	Fridge(context.Context, FridgeID) (Fridge, error)
	// ProfileVersions are all versions of the site's own profiles, by identifier, oldest first.
	ProfileVersions(context.Context) ([]ProfileVersion, error)
	// Asset is a fridge with its facts and papers, the newest first.
	Asset(context.Context, Fridge) (Asset, error)
	// Assets are fridges with their facts and papers, in their order.
	Assets(context.Context, []Fridge) ([]Asset, error)
	// CaseSteps are what was noted of a case's checklist, oldest first.
	CaseSteps(context.Context, ExcursionID) ([]CaseStep, error)
	// PaperFile is the file of a paper of a fridge; ErrNoPaperFile when it has none.
	PaperFile(ctx context.Context, id FridgeID, paper int64) (PaperFile, error)
	// CaseTrail is what the audit chain holds of an excursion and its alarms, given by their topics, oldest first.
	CaseTrail(ctx context.Context, e Excursion, alarms []string) ([]CaseDeed, error)
	// Signatures of a record, the first first.
	Signatures(ctx context.Context, subject string) ([]hospital.Signature, error)
	// Policy is what the site asks for; one check a day and one person's release while nobody has said.
	Policy(context.Context) (Policy, error)
	// Watched are the streams that belong to fridges, each with its newest reading.
	Watched(context.Context) ([]Watched, error)
	WatchedIn(context.Context, FridgeID) ([]Watched, error)
	// Attended are the streams that watched a fridge at some time in from <= t < to, by number, those
	// that watch another one today too, each with its stays there, cut to that time.
	Attended(ctx context.Context, fridge FridgeID, from, to time.Time) ([]Attendance, error)
	// Sensor is one stream; ErrUnknownSensor when nobody has adopted it.
	Sensor(context.Context, SensorKey) (Sensor, error)
	// Running are all running excursions.
	Running(context.Context) ([]Excursion, error)
	// Excursions of a fridge, newest first, withdrawn ones included.
	Excursions(ctx context.Context, fridge FridgeID, limit int) ([]Excursion, error)
	// Excursion is one excursion; ErrUnknownExcursion when there is none.
	Excursion(context.Context, ExcursionID) (Excursion, error)
	// Revisions are what an excursion was before late data changed it, oldest first.
	Revisions(context.Context, ExcursionID) ([]Former, error)
	// Opened is the planned opening that a fridge is in at a time; false when it is in none.
	Opened(ctx context.Context, fridge FridgeID, at time.Time) (Opening, bool, error)
	// Openings of a fridge that touch from <= t < to, oldest first; of more than limit the newest.
	Openings(ctx context.Context, fridge FridgeID, from, to time.Time, limit int) ([]Opening, error)
	// Checks of a fridge with from <= At < to, oldest first.
	Checks(ctx context.Context, fridge FridgeID, from, to time.Time) ([]Check, error)
	// AllChecks are those of every fridge, by fridge and the oldest first.
	AllChecks(ctx context.Context, from, to time.Time) ([]Check, error)
	// Points are a stream's readings with from <= At < to, oldest first.
	Points(ctx context.Context, sensor SensorID, from, to time.Time) ([]Point, error)
	// Hours are the summaries of the hours that begin in from <= hour < to, oldest first.
	Hours(ctx context.Context, sensor SensorID, from, to time.Time) ([]Hour, error)
	// Events are the links of the chain after a number, at most limit.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)
	// Strange are the sensors that wait for adoption, last heard first.
	Strange(context.Context) ([]StrangeSensor, error)
	// Quarantined are a fridge's newest readings that were set aside.
	Quarantined(ctx context.Context, fridge FridgeID, limit int) ([]Quarantined, error)
}

// Bounds of the lists that unwanted input can fill.
const (
	MaxStrangeSensors = 1000
	MaxQuarantined    = 500 // a sensor
)

// Checkpoint is the fold's state after a reading, under a profile.
type Checkpoint struct {
	Fridge FridgeID
	// Profile tells the profile's content: a changed one makes the checkpoint void.
	Profile string
	AsOf    time.Time
	State   State
}

// Hour sums up the readings of one whole hour of UTC.
type Hour struct {
	Start    time.Time
	Min, Max MilliCelsius
	Sum      int64 // of the temperatures, in thousandths of a degree
	Points   int
}

// Mean is the plain mean of the hour's readings.
func (h Hour) Mean() MilliCelsius {
	if h.Points == 0 {
		return 0
	}
	return MilliCelsius(h.Sum / int64(h.Points))
}

func (h Hour) see(at time.Time, temp MilliCelsius) Hour {
	start := at.Truncate(time.Hour)
	if h.Points == 0 || !h.Start.Equal(start) {
		return Hour{Start: start, Min: temp, Max: temp, Sum: int64(temp), Points: 1}
	}
	h.Min, h.Max = min(h.Min, temp), max(h.Max, temp)
	h.Sum += int64(temp)
	h.Points++
	return h
}

// Watched is a stream with its newest reading in the fridge that it watches.
type Watched struct {
	Sensor Sensor
	// Since is when its stay in the fridge began; zero for the first, which reaches back to the beginning.
	Since time.Time
	Last  Point // zero At when nothing has come yet
	// Gateway passed the newest reading on; empty for files and where nobody said.
	Gateway hospital.GatewayID
}

// StrangeSensor is one that was heard and belongs to nobody yet.
type StrangeSensor struct {
	Key                   SensorKey
	FirstHeard, LastHeard time.Time
	Times                 int
	Temp                  MilliCelsius
	Gateway               hospital.GatewayID
}

// Quarantined is a reading that was set aside.
type Quarantined struct {
	Key                    SensorKey
	Temp                   MilliCelsius
	MeasuredAt, ReceivedAt time.Time
	Source                 string
	Gateway                hospital.GatewayID
	Reason                 string
}
