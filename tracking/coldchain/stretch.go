package coldchain

import (
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

// StretchKind is how long a stretch of the calendar is.
type StretchKind string

// The kinds, the longest first.
const (
	StretchMonth StretchKind = "month"
	StretchWeek  StretchKind = "week" // from Monday, as ISO 8601 counts
	StretchDay   StretchKind = "day"
)

// Stretch is a month, a week or a day of the site's calendar.
type Stretch struct {
	Kind StretchKind
	From time.Time // its first midnight, in the site's zone
}

// ParseStretch reads "2026-05", "2026-W19" or "2026-05-04" in a zone; anything else wraps
// hospital.ErrInvalid.
func ParseStretch(asked string, zone *time.Location) (Stretch, error) {
	if from, err := time.ParseInLocation("2006-01", asked, zone); err == nil {
		return Stretch{StretchMonth, from}, nil
	}
	if from, err := time.ParseInLocation(time.DateOnly, asked, zone); err == nil {
		return Stretch{StretchDay, from}, nil
	}
	var year, week int
	if n, err := fmt.Sscanf(asked, "%4d-W%2d", &year, &week); err == nil && n == 2 {
		// The 4th of January is always in the first week.
		stretch := StretchOf(StretchWeek, time.Date(year, time.January, 4, 0, 0, 0, 0, zone)).Next(week - 1)
		if stretch.Name() == asked {
			return stretch, nil
		}
	}
	return Stretch{}, hospital.Refuse(hospital.ErrInvalid, "Choose a month, such as 2026-05, a week, such as 2026-W19, or a day, such as 2026-05-04.")
}

// StretchOf is the stretch of a kind that a moment lies in, in the moment's zone.
func StretchOf(kind StretchKind, at time.Time) Stretch {
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	switch kind {
	case StretchMonth:
		return Stretch{kind, day.AddDate(0, 0, 1-day.Day())}
	case StretchWeek:
		return Stretch{kind, day.AddDate(0, 0, -(int(day.Weekday())+6)%7)}
	}
	return Stretch{StretchDay, day}
}

// To is the midnight that ends it.
func (s Stretch) To() time.Time { return s.Next(1).From }

// Next is the nth stretch of its kind after it; before it for a negative n.
func (s Stretch) Next(n int) Stretch {
	switch s.Kind {
	case StretchMonth:
		return Stretch{s.Kind, s.From.AddDate(0, n, 0)}
	case StretchWeek:
		return Stretch{s.Kind, s.From.AddDate(0, 0, 7*n)}
	}
	return Stretch{s.Kind, s.From.AddDate(0, 0, n)}
}

// Name is what ParseStretch reads.
func (s Stretch) Name() string {
	switch s.Kind {
	case StretchMonth:
		return s.From.Format("2006-01")
	case StretchWeek:
		year, week := s.From.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	}
	return s.From.Format(time.DateOnly)
}

// parts are its days, of a day its hours, up to an end. A day of a clock change has 23 or 25.
func (s Stretch) parts(end time.Time) (parts []KeptPart) {
	for from := s.From; from.Before(end); {
		to := from.Add(time.Hour)
		if s.Kind != StretchDay {
			to = from.AddDate(0, 0, 1)
		}
		parts = append(parts, KeptPart{From: from, To: earlier(to, end)})
		from = to
	}
	return parts
}
