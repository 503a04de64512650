package parlevel

import (
	"cmp"
	"slices"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Transfer is a new task: carry Quantity whole pieces of a kind.
type Transfer struct {
	Kind     string
	From, To hospital.UnitID
	Quantity int
}

// End is a task that ends, and why.
type End struct {
	Task  Task
	State State
	Why   string
}

// Arrival is a piece that came to where a task wanted it.
type Arrival struct {
	Task  TaskID
	Asset tracking.AssetID
}

// Outcome is what follows from a snapshot. An empty one changes nothing.
type Outcome struct {
	// Since are the units that began or ceased to be short, with what holds from now on.
	Since map[Key]Since
	// Arrivals are those that Arrived names and the store does not know yet; the Desk finds them.
	Ends []End
	// Shrunk are open tasks with a smaller quantity, because the giver has less to spare.
	Shrunk []Task
	// Raised are new tasks. One that joins the same units as an open task adds to it.
	Raised []Transfer
	// Critical and Relieved are levels whose alarm begins or is over.
	Critical, Relieved []Line
}

// Empty says whether nothing follows.
func (o Outcome) Empty() bool {
	return len(o.Since)+len(o.Ends)+len(o.Shrunk)+len(o.Raised)+len(o.Critical)+len(o.Relieved) == 0
}

// Metres is how far it is on foot between two units; a large number when nobody knows.
type Metres func(from, to hospital.UnitID) float64

// Review decides what follows from a snapshot at an instant. What holds of it:
//
//   - nobody is asked to take a giver below its own target;
//   - pieces are whole, and a receiver is never promised more than it is short of;
//   - a second review of the snapshot that the first one leads to raises nothing;
//   - while a unit has been short for longer than grace and another could give,
//     a task is open.
func (s Snapshot) Review(at time.Time, grace time.Duration, metres Metres) Outcome {
	out := Outcome{Since: map[Key]Since{}}
	s = s.settle(at, &out)
	lines := s.Lines()
	for i := range lines {
		lines[i] = lines[i].watch(at, grace, &out)
	}
	out.Raised = s.propose(lines, at, grace, metres)
	return out
}

// watch notes since when a unit is short, and whether its alarm begins or ends.
func (l Line) watch(at time.Time, grace time.Duration, out *Outcome) Line {
	now := Since{Short: since(l.Short() > 0, l.Began.Short, at), Critical: since(l.IsCritical(), l.Began.Critical, at)}
	if now != l.Began {
		out.Since[l.Key()] = now
	}
	switch {
	case !now.Critical.IsZero() && at.Sub(now.Critical) >= grace:
		out.Critical = append(out.Critical, l)
	case now.Critical.IsZero() && !l.Began.Critical.IsZero():
		out.Relieved = append(out.Relieved, l)
	}
	l.Began = now
	return l
}

// since is when something that is so began to be: what was known before, else now.
func since(so bool, before, at time.Time) time.Time {
	switch {
	case !so:
		return time.Time{}
	case before.IsZero():
		return at
	}
	return before
}

// settle ends the tasks that are done or not needed, and shrinks those whose giver
// has less to spare than it had; the answer is the snapshot without them.
func (s Snapshot) settle(at time.Time, out *Outcome) Snapshot {
	var open []Task
	spare := map[Key]int{}
	for _, line := range s.Lines() {
		spare[line.Key()] = line.Spare()
	}
	for _, task := range s.Open {
		to, wanted := s.level(task.To, task.Kind)
		_, given := s.level(task.From, task.Kind)
		from := Key{task.From, task.Kind}
		switch {
		case task.Left() == 0:
			out.Ends = append(out.Ends, End{task, Done, "The tags arrived."})
			continue
		case !wanted || !given:
			out.Ends = append(out.Ends, End{task, Withdrawn, "The level was taken away."})
			continue
		case s.Counts[to.Key()].Free >= to.Target:
			out.Ends = append(out.Ends, End{task, Withdrawn, "There are enough by now."})
			continue
		case task.TakenBy == "" && len(task.OnTheWay) == 0 && spare[from] < task.Left():
			if spare[from] == 0 {
				out.Ends = append(out.Ends, End{task, Withdrawn, "There is none to spare any more."})
				continue
			}
			task.Quantity = len(task.Arrived) + spare[from]
			out.Shrunk = append(out.Shrunk, task)
		}
		spare[from] = max(0, spare[from]-task.Left())
		open = append(open, task)
	}
	s.Open = open
	return s
}

func (s Snapshot) level(unit hospital.UnitID, kind string) (Level, bool) {
	i := slices.IndexFunc(s.Levels, func(l Level) bool { return l.Unit == unit && l.Kind == kind })
	if i < 0 {
		return Level{}, false
	}
	return s.Levels[i], true
}

// propose matches those who have been short for longer than grace, the worst
// first, with the nearest who can give.
func (s Snapshot) propose(lines []Line, at time.Time, grace time.Duration, metres Metres) []Transfer {
	spare := make([]int, len(lines))
	var needy []int
	for i, line := range lines {
		spare[i] = max(0, line.Spare()-line.Going)
		if !line.Began.Short.IsZero() && at.Sub(line.Began.Short) >= grace && line.Short() > line.Coming {
			needy = append(needy, i)
		}
	}
	slices.SortStableFunc(needy, func(a, b int) int { return worse(lines[a], lines[b]) })
	var raised []Transfer
	for _, i := range needy {
		need := lines[i].Short() - lines[i].Coming
		for _, giver := range s.givers(lines, i, metres) {
			quantity := min(need, spare[giver])
			if quantity == 0 {
				continue
			}
			raised = append(raised, Transfer{Kind: lines[i].Kind, From: lines[giver].Unit, To: lines[i].Unit, Quantity: quantity})
			spare[giver] -= quantity
			need -= quantity
		}
	}
	return raised
}

// worse orders who is helped first: critical ones, then those who miss the greater share.
func worse(a, b Line) int {
	critical := 0
	if a.IsCritical() != b.IsCritical() {
		critical = 1
		if a.IsCritical() {
			critical = -1
		}
	}
	return cmp.Or(critical, cmp.Compare(b.Short()*a.Target, a.Short()*b.Target), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Kind, b.Kind))
}

// givers are the other units with a level for the kind, the nearest first, without
// the ways that somebody called impossible.
func (s Snapshot) givers(lines []Line, needy int, metres Metres) []int {
	var givers []int
	to := lines[needy]
	for i, line := range lines {
		barred := slices.ContainsFunc(s.Declined, func(t Task) bool {
			return t.Kind == to.Kind && t.From == line.Unit && t.To == to.Unit
		})
		if line.Kind == to.Kind && line.Unit != to.Unit && !barred {
			givers = append(givers, i)
		}
	}
	slices.SortStableFunc(givers, func(a, b int) int {
		return cmp.Or(cmp.Compare(metres(lines[a].Unit, to.Unit), metres(lines[b].Unit, to.Unit)), cmp.Compare(lines[a].Unit, lines[b].Unit))
	})
	return givers
}
