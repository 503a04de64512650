package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Rota is the hospital's own ladder: for each shift, who is told when. It is
// stored in versions; where there is none, a Ladder's own steps hold.
type Rota struct {
	// Shifts in the order they are asked; the first whose time it is holds. The
	// last holds whenever no other does, whatever its days and hours say.
	Shifts []Shift `json:"shifts"`
	// Holidays are days of the site's calendar, "2026-12-25".
	Holidays []string `json:"holidays,omitempty"`
	// Silence is how long an acknowledgement keeps quiet when nobody says otherwise, in minutes.
	SilenceMinutes int `json:"silence_minutes"`
	// TestDays are when a test alarm proves the ways; none: never by itself.
	TestDays []time.Weekday `json:"test_days,omitempty"`
}

// Shift is a time of the week and the rungs that are climbed in it.
type Shift struct {
	Name string `json:"name"`
	// Days on which it begins; Holidays adds those, and takes them away from shifts without it.
	Days     []time.Weekday `json:"days,omitempty"`
	Holidays bool           `json:"holidays,omitempty"`
	// From and To are minutes after midnight; a To that is not after From is on the next day.
	From  int    `json:"from"`
	To    int    `json:"to"`
	Rungs []Rung `json:"rungs"`
}

// Rung is a step of a shift's ladder. It speaks when its time comes in the shift.
type Rung struct {
	AfterMinutes int             `json:"after_minutes"`
	Roles        []hospital.Role `json:"roles,omitempty"`
	// Ways by which the rung tells; none: all that are set up.
	Ways []Way `json:"ways,omitempty"`
	// Phones are called by SMS, Addresses written to: an on-call telephone, a list.
	Phones    []string `json:"phones,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
}

// Bounds of a rota.
const (
	MaxShifts   = 6
	MaxRungs    = 5
	MaxHolidays = 60
	// maxAfter is the latest that a rung may speak, in minutes.
	maxAfter = 24 * 60
	// maxContacts bounds the telephones and addresses of a rung.
	maxContacts = 10
)

// RotaVersion is a rota as somebody stored it.
type RotaVersion struct {
	Rota    Rota
	Version int
	MadeAt  time.Time
	By      string
	Why     string
}

// RotaOf is a ladder as a rota of one shift, to begin from.
func RotaOf(l Ladder) Rota {
	all := Shift{Name: "Always", To: 24 * 60}
	for _, step := range l.Steps {
		all.Rungs = append(all.Rungs, Rung{AfterMinutes: int(step.After.Minutes()), Roles: step.Roles})
	}
	return Rota{Shifts: []Shift{all}, SilenceMinutes: int(l.Silence.Minutes()), TestDays: []time.Weekday{time.Monday}}
}

// Validate refuses a rota under which an alarm could reach nobody.
func (r Rota) Validate() error {
	switch {
	case len(r.Shifts) == 0 || len(r.Shifts) > MaxShifts:
		return refuse("A ladder has 1 to %d shifts.", MaxShifts)
	case len(r.Holidays) > MaxHolidays:
		return refuse("A ladder can have %d holidays.", MaxHolidays)
	case r.SilenceMinutes < 5 || time.Duration(r.SilenceMinutes)*time.Minute > MaxSilence:
		return refuse("An acknowledgement keeps quiet for 5 minutes to 8 hours.")
	}
	for _, day := range r.Holidays {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return refuse("%q is no day. Write holidays as 2026-12-25.", day)
		}
	}
	for i, shift := range r.Shifts {
		if err := shift.validate(i == len(r.Shifts)-1); err != nil {
			return err
		}
		if slices.ContainsFunc(r.Shifts[:i], func(s Shift) bool { return s.Name == shift.Name }) {
			return refuse("There are two shifts named %s.", shift.Name)
		}
	}
	return nil
}

func refuse(format string, args ...any) error {
	return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf(format, args...))
}

func (s Shift) validate(last bool) error {
	switch {
	case strings.TrimSpace(s.Name) == "":
		return refuse("Each shift needs a name.")
	case len(s.Days) == 0 && !s.Holidays && !last:
		return refuse("Shift %s has no days. Only the last shift holds by itself.", s.Name)
	case s.From < 0 || s.From >= 24*60 || s.To < 0 || s.To > 24*60:
		return refuse("Shift %s begins or ends at no time of day.", s.Name)
	case len(s.Rungs) == 0 || len(s.Rungs) > MaxRungs:
		return refuse("Shift %s needs 1 to %d rungs.", s.Name, MaxRungs)
	case s.Rungs[0].AfterMinutes != 0:
		return refuse("The first rung of shift %s must tell at once, or an alarm in it could reach nobody.", s.Name)
	}
	for i, rung := range s.Rungs {
		if err := rung.validate(s.Name); err != nil {
			return err
		}
		if i > 0 && rung.AfterMinutes <= s.Rungs[i-1].AfterMinutes {
			return refuse("The rungs of shift %s must come one after the other.", s.Name)
		}
	}
	return nil
}

func (r Rung) validate(shift string) error {
	for _, role := range r.Roles {
		if !slices.Contains(hospital.Roles(), role) {
			return refuse("There is no role %q.", string(role))
		}
	}
	for _, way := range r.Ways {
		if !slices.Contains(Ways(), way) {
			return refuse("There is no way %q.", string(way))
		}
	}
	for _, phone := range r.Phones {
		if _, ok := PhoneNumber(phone); !ok {
			return refuse("%q is no telephone number. Write it with its country, as +49 30 123456.", phone)
		}
	}
	for _, address := range r.Addresses {
		if name, host, ok := strings.Cut(address, "@"); !ok || name == "" || host == "" || strings.ContainsAny(address, " \r\n<>,") {
			return refuse("%q is no e-mail address.", address)
		}
	}
	switch {
	case r.AfterMinutes < 0 || r.AfterMinutes > maxAfter:
		return refuse("A rung of shift %s comes more than a day later.", shift)
	case len(r.Phones)+len(r.Addresses) > maxContacts:
		return refuse("A rung can have %d telephones and addresses.", maxContacts)
	case len(r.Roles)+len(r.Phones)+len(r.Addresses) == 0:
		return refuse("A rung of shift %s tells nobody.", shift)
	}
	return nil
}

// At is the shift that holds at a moment, by the site's clock.
func (r Rota) At(at time.Time, zone *time.Location) Shift {
	local := at.In(zone)
	for _, shift := range r.Shifts[:len(r.Shifts)-1] {
		if r.holds(shift, local) {
			return shift
		}
	}
	return r.Shifts[len(r.Shifts)-1]
}

func (r Rota) holds(s Shift, local time.Time) bool {
	minute := local.Hour()*60 + local.Minute()
	if s.To > s.From {
		return s.From <= minute && minute < s.To && r.begins(s, local)
	}
	return minute >= s.From && r.begins(s, local) || minute < s.To && r.begins(s, local.AddDate(0, 0, -1))
}

// begins says whether a shift begins on a day.
func (r Rota) begins(s Shift, day time.Time) bool {
	if slices.Contains(r.Holidays, day.Format(time.DateOnly)) {
		return s.Holidays
	}
	return slices.Contains(s.Days, day.Weekday())
}

// call is a rung with when it speaks.
type call struct {
	due   time.Time
	step  int
	roles []hospital.Role
	ways  []Way
	rung  Rung
}

// calls are the rungs that an alarm climbs from a moment on: each speaks if its
// shift holds when its time comes.
func (r Rota) calls(from time.Time, zone *time.Location) []call {
	var all []call
	for _, shift := range r.Shifts {
		for _, rung := range shift.Rungs {
			due := from.Add(time.Duration(rung.AfterMinutes) * time.Minute)
			if r.At(due, zone).Name == shift.Name {
				all = append(all, call{due: due, roles: rung.Roles, ways: rung.Ways, rung: rung})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b call) int { return a.due.Compare(b.due) })
	for i := range all {
		all[i].step = i
	}
	return all
}

// calls are a ladder's own steps from a moment on.
func (l Ladder) calls(from time.Time) []call {
	all := make([]call, len(l.Steps))
	for i, step := range l.Steps {
		all[i] = call{due: from.Add(step.After), step: i, roles: step.Roles}
	}
	return all
}
