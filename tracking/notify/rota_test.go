package notify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/tracking/hospital"
)

func aRota() Rota {
	workdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	nurses, pharmacists := []hospital.Role{hospital.Nurse}, []hospital.Role{hospital.Pharmacist}
	return Rota{SilenceMinutes: 60, Holidays: []string{"2026-12-25"}, Shifts: []Shift{
		{Name: "Day", Days: workdays, From: 8 * 60, To: 16 * 60, Rungs: []Rung{{Roles: pharmacists}, {AfterMinutes: 20, Roles: nurses}}},
		{Name: "Night", Days: workdays, From: 22 * 60, To: 6 * 60, Rungs: []Rung{{Phones: []string{"+49 30 123456"}}}},
		{Name: "Otherwise", Rungs: []Rung{{Roles: nurses}, {AfterMinutes: 20, Roles: pharmacists}, {AfterMinutes: 60, Phones: []string{"+49 30 99999"}}}},
	}}
}

func TestTheShiftThatHoldsIsAskedByTheSitesClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"2026-11-20 08:00": "Day", "2026-11-20 07:59": "Otherwise", "2026-11-20 16:00": "Otherwise", "2026-11-20 22:00": "Night",
		"2026-11-21 05:59": "Night", // Saturday morning belongs to Friday's night
		"2026-11-21 06:00": "Otherwise", "2026-11-22 23:00": "Otherwise", "2026-12-25 12:00": "Otherwise", "2026-12-26 03:00": "Otherwise",
		"2026-03-29 12:00": "Otherwise", "2026-10-26 08:00": "Day",
	} {
		local, err := time.ParseInLocation("2006-01-02 15:04", at, berlin)
		if err != nil {
			t.Fatal(err)
		}
		if got := aRota().At(local.UTC(), berlin).Name; got != want {
			t.Errorf("%s is %q, not %q", at, got, want)
		}
	}
}

func TestARungSpeaksInTheShiftInWhichItsTimeComes(t *testing.T) {
	calls := aRota().calls(time.Date(2026, 11, 20, 15, 50, 0, 0, time.UTC), time.UTC) // ten minutes before the day ends
	var said []string
	for _, c := range calls {
		said = append(said, c.due.Format("15:04")+" "+string(slices.Concat(c.roles, []hospital.Role{"sms"})[0]))
	}
	if got := strings.Join(said, ", "); got != "15:50 pharmacist, 16:10 pharmacist, 16:50 sms" {
		t.Errorf("calls: %s", got)
	}
}

// Whenever an alarm rings, somebody is told at once.
func TestAValidRotaAlwaysTellsSomebodyAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rota{SilenceMinutes: 60}
		for i := range rapid.IntRange(1, MaxShifts).Draw(t, "shifts") {
			s := Shift{Name: string(rune('A' + i)), From: rapid.IntRange(0, 1439).Draw(t, "from"), To: rapid.IntRange(0, 1440).Draw(t, "to"),
				Holidays: rapid.Bool().Draw(t, "holidays")}
			for _, day := range rapid.SliceOfN(rapid.IntRange(0, 6), 0, 7).Draw(t, "days") {
				s.Days = append(s.Days, time.Weekday(day))
			}
			s.Days = append(s.Days, time.Wednesday)
			after := 0
			for _, more := range rapid.SliceOfN(rapid.IntRange(1, 90), 1, MaxRungs).Draw(t, "rungs") {
				s.Rungs = append(s.Rungs, Rung{AfterMinutes: after, Roles: []hospital.Role{hospital.Nurse}})
				after += more
			}
			r.Shifts = append(r.Shifts, s)
		}
		if r.Validate() != nil {
			t.Skip("no rota")
		}
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 525_600).Draw(t, "minute")) * time.Minute)
		if calls := r.calls(from, time.UTC); len(calls) == 0 || !calls[0].due.Equal(from) {
			t.Errorf("at %v the calls are %+v", from, calls)
		}
	})
}

func TestARotaThatReachesNobodyIsRefused(t *testing.T) {
	for says, spoil := range map[string]func(*Rota){
		"1 to 6 shifts":          func(r *Rota) { r.Shifts = nil },
		"has no days":            func(r *Rota) { r.Shifts[0].Days = nil },
		"at no time of day":      func(r *Rota) { r.Shifts[0].From = 1440 },
		"needs 1 to 5 rungs":     func(r *Rota) { r.Shifts[1].Rungs = nil },
		"must tell at once":      func(r *Rota) { r.Shifts[0].Rungs[0].AfterMinutes = 5 },
		"one after the other":    func(r *Rota) { r.Shifts[0].Rungs[1].AfterMinutes = 0 },
		"tells nobody":           func(r *Rota) { r.Shifts[0].Rungs[1].Roles = nil },
		"no role":                func(r *Rota) { r.Shifts[0].Rungs[1].Roles = []hospital.Role{"surgeon"} },
		"no way":                 func(r *Rota) { r.Shifts[0].Rungs[0].Ways = []Way{"pigeon"} },
		"no telephone number":    func(r *Rota) { r.Shifts[1].Rungs[0].Phones = []string{"call me"} },
		"no e-mail address":      func(r *Rota) { r.Shifts[1].Rungs[0].Addresses = []string{"a@b\r\nBcc: c@d"} },
		"is no day":              func(r *Rota) { r.Holidays = []string{"Christmas"} },
		"5 minutes to 8 hours":   func(r *Rota) { r.SilenceMinutes = 481 },
		"two shifts named Day":   func(r *Rota) { r.Shifts[1].Name = "Day" },
		"needs a name":           func(r *Rota) { r.Shifts[1].Name = " " },
		"more than a day later":  func(r *Rota) { r.Shifts[0].Rungs[1].AfterMinutes = 1441 },
		"can have 60 holidays":   func(r *Rota) { r.Holidays = make([]string, 61) },
		"10 telephones and addr": func(r *Rota) { r.Shifts[1].Rungs[0].Phones = slices.Repeat([]string{"+49301234567"}, 11) },
	} {
		r := aRota()
		spoil(&r)
		if err := r.Validate(); err == nil || !strings.Contains(hospital.Sentence(err), says) {
			t.Errorf("not refused with %q: %v", says, err)
		}
	}
	if err := aRota().Validate(); err != nil {
		t.Error(err)
	}
	if err := RotaOf(DefaultLadder()).Validate(); err != nil {
		t.Error(err)
	}
}
