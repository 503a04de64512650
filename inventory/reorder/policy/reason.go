package policy

import (
	"fmt"
	"math"
	"strings"
)

// Figure is one number of a reason, as a person reads it.
type Figure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Figures are the numbers that the advice was made of, in the order in which
// they lead to it: usable − wasting − reserved + on order + proposed = position;
// position ≤ reorder point; target − position, rounded up to packs = quantity.
func (a Advice) Figures(unit string) []Figure {
	count := func(name string, n int64) Figure { return Figure{name, fmt.Sprintf("%d %s", n, plural(unit, n))} }
	p, figures := a.Position, []Figure{count("On hand", a.Position.OnHand)}
	for _, f := range []struct {
		name string
		n    int64
	}{{"Held for a decision", p.Held}, {"Expired", p.Expired}, {"Will expire before use", p.Wasting}, {"Reserved", p.Reserved},
		{"On order", p.OnOrder}, {"In open proposals", p.Proposed}} {
		if f.n != 0 {
			figures = append(figures, count(f.name, f.n))
		}
	}
	figures = append(figures, count("Position", p.Projected()), count("Reorder point", a.Level.Reorder), count("Order up to", a.Level.Target))
	if a.Demand.PerDay > 0 {
		figures = append(figures, Figure{"Use a day", perDay(a.Demand.PerDay) + " ± " + perDay(a.Demand.SDPerDay)},
			Figure{"Lasts", days(a.DaysLeft())})
	}
	figures = append(figures, Figure{"Delivery takes", a.Terms.delivery()})
	if a.Level.Basis != BySet {
		figures = append(figures, a.service(unit)...)
	}
	figures = append(figures, Figure{"Forecast", string(a.Demand.Method) + " over " + days(float64(a.Demand.Days))},
		Figure{"Pack", fmt.Sprintf("%d %s", max(a.Terms.Pack, 1), plural(unit, a.Terms.Pack))})
	return figures
}

func (a Advice) service(unit string) []Figure {
	return []Figure{{"Wanted service", fmt.Sprintf("%.4g %%", a.Terms.Service*100)},
		{"Safety stock", fmt.Sprintf("%.0f %s", a.Level.Safety, plural(unit, 2))}}
}

// LevelFigures are the numbers that a level was made of: use a day over the days
// that a delivery and the next look take, and safety, make the reorder point.
func (a Advice) LevelFigures(unit string) []Figure {
	figures := []Figure{{"Use a day", perDay(a.Demand.PerDay) + " ± " + perDay(a.Demand.SDPerDay)},
		{"Delivery takes", a.Terms.delivery()}, {"Forecast", string(a.Demand.Method)}}
	return append(figures, a.service(unit)...)
}

// Sentence says in words why the advice is what it is.
func (a Advice) Sentence(unit string) string {
	var s strings.Builder
	p := a.Position
	if p.Usable() <= 0 {
		s.WriteString("Nothing usable is left")
	} else {
		fmt.Fprintf(&s, "%d usable", p.Usable())
	}
	if p.OnOrder > 0 {
		fmt.Fprintf(&s, " and %d on order", p.OnOrder)
	}
	switch d := a.DaysLeft(); {
	case math.IsInf(d, 1):
	case p.Usable() <= 0:
		fmt.Fprintf(&s, "; use is %s a day and a delivery takes %s", perDay(a.Demand.PerDay), days(a.Terms.LeadDays))
	case p.OnOrder > 0: // the days are those of what is here
		fmt.Fprintf(&s, "; what is here lasts %s at %s a day, and a delivery takes %s", days(d), perDay(a.Demand.PerDay), days(a.Terms.LeadDays))
	default:
		fmt.Fprintf(&s, ", enough for %s at %s a day; a delivery takes %s", days(d), perDay(a.Demand.PerDay), days(a.Terms.LeadDays))
	}
	fmt.Fprintf(&s, ". The position of %d is %s the reorder point of %d", p.Projected(), atOrUnder(p.Projected(), a.Level.Reorder), a.Level.Reorder)
	if a.Level.Basis == BySet {
		s.WriteString(" that was set for this place")
	}
	s.WriteString(".")
	if a.Due() {
		fmt.Fprintf(&s, " %s it to %d; the target is %d.", raising(a.Packs, max(a.Terms.Pack, 1)), p.Projected()+a.Quantity, a.Level.Target)
	}
	if p.Expired > 0 {
		fmt.Fprintf(&s, " %d expired %s not counted.", p.Expired, plural(unit, p.Expired))
	}
	switch {
	case p.Wasting == 1:
		s.WriteString(" 1 will expire before forecast use reaches it and is not counted.")
	case p.Wasting > 1:
		fmt.Fprintf(&s, " %d will expire before forecast use reaches them and are not counted.", p.Wasting)
	}
	if a.Level.ShelfLifeCap {
		s.WriteString(" The target is kept low so that deliveries are used before they expire.")
	}
	return s.String()
}

// IfNot says what happens when nothing is ordered.
func (a Advice) IfNot(unit string) string {
	left := a.DaysLeft()
	switch {
	case a.Position.Usable() <= 0 && a.Demand.PerDay <= 0:
		return "There is nothing usable left."
	case math.IsInf(left, 1):
		return "Nothing has been used lately; stock stays under the level that was set."
	case left <= 0:
		return "There is nothing usable left. Each day without a delivery misses about " + perDay(a.Demand.PerDay) + " " + plural(unit, 2) + "."
	case left < a.Terms.LeadDays:
		return fmt.Sprintf("Stock runs out in about %s, %s before an order of today arrives.", days(left), days(a.Terms.LeadDays-left))
	}
	return fmt.Sprintf("Stock runs out in about %s. An order has to be out within %s.", days(left), days(left-a.Terms.LeadDays))
}

func atOrUnder(position, point int64) string {
	if position == point {
		return "at"
	}
	if position < point {
		return "under"
	}
	return "above"
}

// raising is what so many packs do: one raises, two raise.
func raising(n, pack int64) string {
	if n == 1 {
		return fmt.Sprintf("1 pack of %d raises", pack)
	}
	return fmt.Sprintf("%d packs of %d raise", n, pack)
}

func packs(n int64) string {
	if n == 1 {
		return "1 pack"
	}
	return fmt.Sprintf("%d packs", n)
}

func plural(unit string, n int64) string {
	if n == 1 || unit == "" {
		return unit
	}
	for _, ending := range []string{"s", "x", "ch", "sh"} {
		if strings.HasSuffix(unit, ending) {
			return unit + "es"
		}
	}
	return unit + "s"
}

// perDay writes a rate with as many places as it needs to be told from zero.
func perDay(x float64) string {
	switch {
	case x >= 10:
		return fmt.Sprintf("%.0f", x)
	case x >= 1:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

func days(x float64) string {
	switch {
	case math.IsInf(x, 1):
		return "no end in sight"
	case x == 1:
		return "1 day"
	case x == math.Trunc(x) || x >= 10:
		return fmt.Sprintf("%.0f days", x)
	}
	return fmt.Sprintf("%.1f days", x)
}

// delivery says how long a delivery takes, and how that is known.
func (t Terms) delivery() string {
	took := days(math.Round(t.LeadDays*10) / 10)
	switch t.Deliveries {
	case 0:
		return took + " as agreed"
	case 1:
		return took + " by 1 delivery"
	}
	return fmt.Sprintf("%s ± %s by %d deliveries", took, perDay(t.LeadSDDays), t.Deliveries)
}
