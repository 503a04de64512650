package coldchain

import (
	"errors"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

// TestPeriodsOfTheCalendar: a year's first and last week, the days of a clock change, and what is none.
func TestPeriodsOfTheCalendar(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[string]struct {
		from  string
		parts int
	}{
		"2026-05": {"2026-05-01", 31}, "2026-02": {"2026-02-01", 28}, "2026-W19": {"2026-05-04", 7}, "2026-W01": {"2025-12-29", 7}, "2020-W53": {"2020-12-28", 7},
		"2026-05-04": {"2026-05-04", 24}, "2026-03-29": {"2026-03-29", 23}, "2026-10-25": {"2026-10-25", 25},
	} {
		period, err := ParsePeriod(asked, zone)
		if err != nil || period.Name() != asked || period.From.Format(time.DateOnly) != want.from || len(period.parts(period.To())) != want.parts {
			t.Errorf("%s is %+v (%s), %d parts, %v", asked, period, period.Name(), len(period.parts(period.To())), err)
		}
		if period.Next(1).Next(-1) != period {
			t.Errorf("%s: forth and back is %+v", asked, period.Next(1).Next(-1))
		}
	}
	for _, wrong := range []string{"", "May", "2026-W54", "2026-W00", "2026-W1", "2026-13", "2026-02-30", "2026-W19x", "2026-05-04 "} {
		if period, err := ParsePeriod(wrong, zone); !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("%q is %+v, %v", wrong, period, err)
		}
	}
	sunday := time.Date(2026, 5, 10, 23, 59, 0, 0, zone)
	if week, month := PeriodOf(PeriodWeek, sunday), PeriodOf(PeriodMonth, sunday); week.Name() != "2026-W19" || month.Name() != "2026-05" {
		t.Errorf("Sunday lies in %s, %s", week.Name(), month.Name())
	}
}
