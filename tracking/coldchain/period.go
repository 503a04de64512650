package coldchain

import (
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

// PeriodKind is how long a period of the calendar is.
type PeriodKind string

// The kinds, the longest first.
const (
	PeriodMonth PeriodKind = "month"
	PeriodWeek  PeriodKind = "week" // from Monday, as ISO 8601 counts
	PeriodDay   PeriodKind = "day"
)

// Period is a month, a week or a day of the site's calendar.
type Period struct {
	Kind PeriodKind
	From time.Time // its first midnight, in the site's zone
}

// ParsePeriod reads "2026-05", "2026-W19" or "2026-05-04" in a zone; anything else wraps
// hospital.ErrInvalid.
func ParsePeriod(asked string, zone *time.Location) (Period, error) {
	if from, err := time.ParseInLocation("2006-01", asked, zone); err == nil {
		return Period{PeriodMonth, from}, nil
	}
	if from, err := time.ParseInLocation(time.DateOnly, asked, zone); err == nil {
		return Period{PeriodDay, from}, nil
	}
	var year, week int
	if n, err := fmt.Sscanf(asked, "%4d-W%2d", &year, &week); err == nil && n == 2 {
		// The 4th of January is always in the first week.
		period := PeriodOf(PeriodWeek, time.Date(year, time.January, 4, 0, 0, 0, 0, zone)).Next(week - 1)
		if period.Name() == asked {
			return period, nil
		}
	}
	return Period{}, hospital.Refuse(hospital.ErrInvalid, "Choose a month, such as 2026-05, a week, such as 2026-W19, or a day, such as 2026-05-04.")
}

// PeriodOf is the period of a kind that a moment lies in, in the moment's zone.
func PeriodOf(kind PeriodKind, at time.Time) Period {
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	switch kind {
	case PeriodMonth:
		return Period{kind, day.AddDate(0, 0, 1-day.Day())}
	case PeriodWeek:
		return Period{kind, day.AddDate(0, 0, -(int(day.Weekday())+6)%7)}
	}
	return Period{PeriodDay, day}
}

// To is the midnight that ends it.
func (s Period) To() time.Time { return s.Next(1).From }

// Next is the nth period of its kind after it; before it for a negative n.
func (s Period) Next(n int) Period {
	switch s.Kind {
	case PeriodMonth:
		return Period{s.Kind, s.From.AddDate(0, n, 0)}
	case PeriodWeek:
		return Period{s.Kind, s.From.AddDate(0, 0, 7*n)}
	}
	return Period{s.Kind, s.From.AddDate(0, 0, n)}
}

// Name is what ParsePeriod reads.
func (s Period) Name() string {
	switch s.Kind {
	case PeriodMonth:
		return s.From.Format("2006-01")
	case PeriodWeek:
		year, week := s.From.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	}
	return s.From.Format(time.DateOnly)
}

// parts are its days, of a day its hours, up to an end. A day of a clock change has 23 or 25.
func (s Period) parts(end time.Time) (parts []KeptPart) {
	for from := s.From; from.Before(end); {
		to := from.Add(time.Hour)
		if s.Kind != PeriodDay {
			to = from.AddDate(0, 0, 1)
		}
		parts = append(parts, KeptPart{From: from, To: earlier(to, end)})
		from = to
	}
	return parts
}
