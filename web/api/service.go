package api

import (
	"context"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/fleet"
	"wardwatch/tracking/health"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/maintain"
	"wardwatch/tracking/parlevel"
)

// What is reported where nobody says over how many days.
const (
	useDays  = 28
	idleDays = 7
	lostDays = 3
)

// All is a list that is short enough to be told as a whole.
type All[T any] struct {
	Items []T `json:"items"`
}

func allOf[T, W any](list []T, wire func(T) W) All[W] {
	out := All[W]{Items: []W{}}
	for _, line := range list {
		out.Items = append(out.Items, wire(line))
	}
	return out
}

// DaysIn says over how many days.
type DaysIn struct {
	Days int `query:"days" min:"1" max:"400" doc:"Over how many days, yesterday being the last; for lists of what was not seen: for how many days."`
}

func (in DaysIn) or(usual int) int {
	if in.Days == 0 {
		return usual
	}
	return in.Days
}

// stretch are the first and last day of a report.
func (a *API) stretch(days int) (from, to string) {
	today := a.Now().In(a.Register.Current().Site.Location())
	return today.AddDate(0, 0, -days).Format(time.DateOnly), today.AddDate(0, 0, -1).Format(time.DateOnly)
}

// UseIn chooses whose use is told.
type UseIn struct {
	DaysIn
	Kind string          `query:"kind" doc:"Only this kind, by unit; all kinds when absent."`
	Unit hospital.UnitID `query:"unit" doc:"Only what this unit owns."`
}

// FleetUse is how equipment was used.
type FleetUse struct {
	From  Day    `json:"from"`
	To    Day    `json:"to"`
	Items []Used `json:"items" doc:"By kind; by unit where a kind is asked for."`
}

// Used is how pieces were used, in hours of all of them together.
type Used struct {
	Kind    string          `json:"kind,omitempty"`
	Unit    hospital.UnitID `json:"unit,omitempty"`
	InUse   float64         `json:"in_use_hours"`
	Free    float64         `json:"free_hours"`
	Dirty   float64         `json:"needs_cleaning_hours"`
	Broken  float64         `json:"broken_hours"`
	Unheard float64         `json:"not_heard_hours" doc:"Hours in which nobody knew where they were."`
}

func (a *API) fleetUse(ctx context.Context, by hospital.Actor, in UseIn) (FleetUse, error) {
	from, to := a.stretch(in.or(useDays))
	report, err := a.Fleet.Utilisation(ctx, by, from, to, in.Kind, in.Unit)
	lines := allOf(report.Lines, func(l fleet.UseLine) Used {
		return Used{Kind: l.Kind, Unit: l.Unit, InUse: l.InUse.Hours(), Free: l.Free.Hours(), Dirty: l.Dirty.Hours(), Broken: l.Broken.Hours(), Unheard: l.Unheard.Hours()}
	})
	return FleetUse{From: Day(from), To: Day(to), Items: lines.Items}, err
}

// FleetSize is how many of a kind would be enough, and why.
type FleetSize struct {
	Kind    string `json:"kind"`
	Have    int    `json:"have"`
	Broken  int    `json:"broken"`
	Peak    int    `json:"peak" doc:"The most in use at once."`
	Busy    int    `json:"enough_for_99_percent" doc:"What was enough for 99 % of the time."`
	Advice  *int   `json:"advice,omitempty" doc:"How many are enough; absent while too few days are known."`
	Days    int    `json:"days" doc:"On how many days this rests."`
	Because string `json:"because"`
}

func (a *API) fleetSizes(ctx context.Context, by hospital.Actor, in DaysIn) (All[FleetSize], error) {
	from, to := a.stretch(in.or(useDays))
	sizes, err := a.Fleet.Sizes(ctx, by, from, to)
	return allOf(sizes, func(s fleet.Size) FleetSize {
		size := FleetSize{Kind: s.Kind, Have: s.Have, Broken: s.Broken, Peak: s.Peak, Busy: s.Busy, Days: s.Days, Because: s.Because()}
		if s.Known() {
			size.Advice = &s.Advice
		}
		return size
	}), err
}

func (a *API) fleetIdle(ctx context.Context, by hospital.Actor, in DaysIn) (All[Asset], error) {
	assets, err := a.Fleet.Idle(ctx, by, in.or(idleDays))
	return allOf(assets, a.wireAsset), err
}

func (a *API) fleetLost(ctx context.Context, by hospital.Actor, in DaysIn) (All[Asset], error) {
	assets, err := a.Fleet.Lost(ctx, by, in.or(lostDays))
	return allOf(assets, a.wireAsset), err
}

// Level is how a unit stands in one kind.
type Level struct {
	Unit     hospital.UnitID `json:"unit"`
	Kind     string          `json:"kind"`
	Target   int             `json:"target" doc:"How many should stand ready."`
	Critical int             `json:"critical" doc:"Below this many free ones it is an alarm."`
	Free     int             `json:"free"`
	Have     int             `json:"have"`
	Short    int             `json:"short"`
	Coming   int             `json:"coming" doc:"What open tasks bring."`
	Going    int             `json:"going" doc:"What open tasks take."`
	Silent   int             `json:"not_heard"`
}

func (a *API) levels(ctx context.Context, by hospital.Actor, _ None) (All[Level], error) {
	all, err := a.Levels.Overview(ctx, by)
	return allOf(all.Lines, func(l parlevel.Line) Level {
		return Level{Unit: l.Unit, Kind: l.Kind, Target: l.Target, Critical: l.Level.Critical, Free: l.Free, Have: l.Have, Short: l.Short(),
			Coming: l.Coming, Going: l.Going, Silent: l.Silent}
	}), err
}

// Errand is an open task: "take 2 infusion pumps from Store B to ICU".
type Errand struct {
	ID       parlevel.TaskID    `json:"id"`
	Kind     string             `json:"kind"`
	From     hospital.UnitID    `json:"from_unit"`
	To       hospital.UnitID    `json:"to_unit"`
	Quantity int                `json:"quantity"`
	Left     int                `json:"left" doc:"How many have still to come; at 0 it closes by itself."`
	RaisedAt time.Time          `json:"raised_at"`
	TakenBy  string             `json:"taken_by,omitempty"`
	Arrived  []tracking.AssetID `json:"arrived,omitempty"`
	OnTheWay []tracking.AssetID `json:"on_the_way,omitempty"`
}

func (a *API) errands(ctx context.Context, by hospital.Actor, _ None) (All[Errand], error) {
	all, err := a.Levels.Overview(ctx, by)
	return allOf(all.Open, func(t parlevel.Task) Errand {
		return Errand{ID: t.ID, Kind: t.Kind, From: t.From, To: t.To, Quantity: t.Quantity, Left: t.Left(), RaisedAt: t.RaisedAt,
			TakenBy: t.TakenBy, Arrived: t.Arrived, OnTheWay: t.OnTheWay}
	}), err
}

// Due is work that a piece of equipment wants.
type Due struct {
	Plan        string   `json:"plan"`
	Calibration bool     `json:"calibration"`
	State       string   `json:"state" enum:"soon,overdue"`
	On          Day      `json:"on,omitempty" doc:"The day by the plan's interval; absent when it has none."`
	HoursUsed   float64  `json:"hours_used" doc:"Hours of use since the last work, where the plan counts them."`
	HoursLeft   *float64 `json:"hours_left,omitempty" doc:"Below 0 when overdue; absent when the plan counts no hours."`
	Asset       Asset    `json:"asset"`
	Lot         string   `json:"lot,omitempty"`
}

func (a *API) due(ctx context.Context, by hospital.Actor, _ None) (All[Due], error) {
	tasks, err := a.Service.Due(ctx, by)
	return allOf(tasks, func(t maintain.Task) Due {
		due := Due{Plan: t.Plan.Name, Calibration: t.Plan.Calibration, State: "soon", HoursUsed: t.Due.HoursUsed, Asset: a.wireAsset(t.Piece.Asset), Lot: t.Piece.Lot}
		if t.Due.Urgency == maintain.Overdue {
			due.State = "overdue"
		}
		if !t.Due.On.IsZero() {
			due.On = Day(t.Due.On.Format(time.DateOnly))
		}
		if t.Plan.EveryHours > 0 {
			due.HoursLeft = &t.Due.HoursLeft
		}
		return due
	}), err
}

// Mend is a gateway or a tag that somebody has to see to.
type Mend struct {
	Subject string          `json:"subject" doc:"The device: gateway/ID, or asset/ID for its tag."`
	Name    string          `json:"name"`
	What    string          `json:"what" doc:"What is wrong, in two or three words."`
	Do      string          `json:"do"`
	Room    hospital.RoomID `json:"room,omitempty"`
	Since   time.Time       `json:"since,omitzero" doc:"When it was last well; absent for never."`
	Near    string          `json:"near,omitempty" doc:"How far it is from where somebody stands."`
	Causes  int             `json:"causes,omitempty" doc:"How many others are well once this is mended."`
}

// MendIn says where somebody stands.
type MendIn struct {
	Room hospital.RoomID `query:"near_room" doc:"Where she stands; the nearest comes first."`
}

func (a *API) worklist(ctx context.Context, by hospital.Actor, in MendIn) (All[Mend], error) {
	jobs, err := a.Health.Worklist(ctx, by, in.Room)
	return allOf(jobs, func(j health.Job) Mend {
		return Mend{Subject: j.Subject, Name: j.Name, What: j.What, Do: j.Do, Room: j.Room, Since: j.Since, Near: j.Near, Causes: j.Causes}
	}), err
}

// Fence is where equipment may be, or may not.
type Fence struct {
	ID        fence.ID            `json:"id"`
	Name      string              `json:"name"`
	Rule      fence.Rule          `json:"rule" enum:"stay_in,keep_out"`
	Kinds     []string            `json:"kinds,omitempty"`
	Assets    []tracking.AssetID  `json:"assets,omitempty"`
	Floors    []hospital.FloorID  `json:"floors,omitempty"`
	Units     []hospital.UnitID   `json:"units,omitempty"`
	Rooms     []hospital.RoomID   `json:"rooms,omitempty"`
	RoomKinds []hospital.RoomKind `json:"room_kinds,omitempty"`
	After     float64             `json:"after_seconds" doc:"How long a piece must be wrong before it rings."`
	Grace     float64             `json:"grace_seconds" doc:"How long it must be right again before it is over."`
	Serious   bool                `json:"serious"`
	Off       bool                `json:"off"`
	Ringing   int                 `json:"ringing" doc:"How many pieces it rings for now."`
	Waiting   int                 `json:"waiting" doc:"How many are wrong, but not yet for long enough."`
}

func (a *API) fences(ctx context.Context, by hospital.Actor, _ None) (All[Fence], error) {
	list, err := a.Fences.List(ctx, by)
	return allOf(list, func(f fence.Standing) Fence {
		return Fence{ID: f.ID, Name: f.Name, Rule: f.Rule, Kinds: f.Kinds, Assets: f.Assets, Floors: f.Floors, Units: f.Units, Rooms: f.Rooms,
			RoomKinds: f.RoomKinds, After: f.After.Seconds(), Grace: f.Grace.Seconds(), Serious: f.Serious, Off: f.Off, Ringing: f.Ringing, Waiting: f.Waiting}
	}), err
}

// serviceRoutes are about what equipment does and needs.
func (a *API) serviceRoutes() []Operation {
	if a.Fleet == nil || a.Levels == nil || a.Service == nil || a.Fences == nil || a.Health == nil {
		return nil
	}
	see := hospital.SeeEquipment
	return []Operation{
		does(a, get, "/fleet/use", see, "How equipment was used over days, by kind or by unit.", a.fleetUse),
		does(a, get, "/fleet/size", see, "How many of each kind would be enough, with the evidence.", a.fleetSizes),
		does(a, get, "/fleet/idle", see, "Free equipment that nobody has touched for days.", a.fleetIdle),
		does(a, get, "/fleet/lost", see, "Equipment that nobody has heard for days.", a.fleetLost),
		does(a, get, "/levels", see, "What every unit should have of a kind, and has.", a.levels),
		does(a, get, "/tasks", see, "Equipment that is to be carried from one unit to another.", a.errands),
		does(a, get, "/maintenance", see, "Maintenance that is due, the most urgent first.", a.due),
		does(a, get, "/worklist", hospital.SeeDevices, "Gateways and tags to mend, the nearest first.", a.worklist),
		does(a, get, "/fences", see, "Where equipment may be, and what rings when it is not.", a.fences),
	}
}
