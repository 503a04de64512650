package parlevel_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/parlevel"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const grace = 10 * time.Minute

const pump = "infusion pump"

// near says that units lie on a line in the order of their names.
func near(from, to hospital.UnitID) float64 {
	a, b := float64(from[len(from)-1]), float64(to[len(to)-1])
	return max(a-b, b-a)
}

func level(unit hospital.UnitID, target, critical int) parlevel.Level {
	return parlevel.Level{Unit: unit, Kind: pump, Target: target, Critical: critical}
}

// ward is a snapshot in which units have been short for an hour.
func ward(free map[hospital.UnitID]int, levels ...parlevel.Level) parlevel.Snapshot {
	s := parlevel.Snapshot{Levels: levels, Counts: map[parlevel.Key]parlevel.Count{}, Since: map[parlevel.Key]parlevel.Since{}}
	for _, l := range levels {
		s.Counts[l.Key()] = parlevel.Count{Have: free[l.Unit], Free: free[l.Unit]}
		var since parlevel.Since
		if free[l.Unit] < l.Target {
			since.Short = noon.Add(-time.Hour)
		}
		if free[l.Unit] < l.Critical {
			since.Critical = noon.Add(-time.Hour)
		}
		s.Since[l.Key()] = since
	}
	return s
}

// after is the snapshot once an outcome was written.
func after(s parlevel.Snapshot, out parlevel.Outcome) parlevel.Snapshot {
	var open []parlevel.Task
	for _, task := range s.Open {
		ended := false
		for _, end := range out.Ends {
			ended = ended || end.Task.ID == task.ID
		}
		for _, shrunk := range out.Shrunk {
			if shrunk.ID == task.ID {
				task = shrunk
			}
		}
		if !ended {
			open = append(open, task)
		}
	}
	for i, t := range out.Raised {
		open = append(open, parlevel.Task{ID: parlevel.TaskID(1000 + i), Kind: t.Kind, From: t.From, To: t.To, Quantity: t.Quantity, State: parlevel.Open, RaisedAt: noon})
	}
	s.Open = open
	since := map[parlevel.Key]parlevel.Since{}
	for key, was := range s.Since {
		since[key] = was
	}
	for key, now := range out.Since {
		since[key] = now
	}
	s.Since = since
	return s
}

func TestTwoPumpsFromTheNearestStoreToTheICU(t *testing.T) {
	s := ward(map[hospital.UnitID]int{"icu1": 1, "store2": 5, "store9": 8}, level("icu1", 3, 2), level("store2", 3, 0), level("store9", 0, 0))
	out := s.Review(noon, grace, near)
	if len(out.Raised) != 1 || out.Raised[0] != (parlevel.Transfer{Kind: pump, From: "store2", To: "icu1", Quantity: 2}) {
		t.Fatalf("raised %+v", out.Raised)
	}
	if len(out.Critical) != 1 || out.Critical[0].Unit != "icu1" {
		t.Errorf("critical: %+v", out.Critical)
	}
	if again := after(s, out).Review(noon, grace, near); len(again.Raised) != 0 || len(again.Ends) != 0 {
		t.Errorf("a second look raises %+v and ends %+v", again.Raised, again.Ends)
	}
}

func TestAPumpThatComesBackSoonIsNoShortage(t *testing.T) {
	s := ward(map[hospital.UnitID]int{"icu1": 2, "store2": 5}, level("icu1", 3, 3), level("store2", 0, 0))
	key := parlevel.Key{Unit: "icu1", Kind: pump}
	s.Since[key] = parlevel.Since{}
	out := s.Review(noon, grace, near)
	if len(out.Raised)+len(out.Critical) != 0 || !out.Since[key].Short.Equal(noon) || !out.Since[key].Critical.Equal(noon) {
		t.Fatalf("at once: %+v", out)
	}
	s = after(s, out)
	if out := s.Review(noon.Add(grace-time.Second), grace, near); !out.Empty() {
		t.Errorf("just before grace is over: %+v", out)
	}
	if out := s.Review(noon.Add(grace), grace, near); len(out.Raised) != 1 || len(out.Critical) != 1 {
		t.Errorf("when grace is over: %+v", out)
	}
	s.Counts[key] = parlevel.Count{Have: 3, Free: 3}
	if out := s.Review(noon.Add(grace), grace, near); len(out.Raised) != 0 || len(out.Relieved) != 1 || !out.Since[key].Short.IsZero() {
		t.Errorf("when it came back: %+v", out)
	}
}

func TestATaskEndsByItself(t *testing.T) {
	base := func(free int) parlevel.Snapshot {
		s := ward(map[hospital.UnitID]int{"icu1": 1, "store2": free}, level("icu1", 3, 0), level("store2", 1, 0))
		s.Open = []parlevel.Task{{ID: 7, Kind: pump, From: "store2", To: "icu1", Quantity: 2, State: parlevel.Open}}
		return s
	}
	two := []tracking.AssetID{"p-1", "p-2"}
	for name, c := range map[string]struct {
		change  func(*parlevel.Snapshot)
		free    int
		state   parlevel.State
		shrunk  int
		nothing bool
	}{
		"the tags arrived":               {func(s *parlevel.Snapshot) { s.Open[0].Arrived = two }, 3, parlevel.Done, 0, false},
		"one arrived":                    {func(s *parlevel.Snapshot) { s.Open[0].Arrived = two[:1] }, 2, "", 0, true},
		"others came back":               {func(s *parlevel.Snapshot) { s.Counts[level("icu1", 0, 0).Key()] = parlevel.Count{Free: 3} }, 3, parlevel.Withdrawn, 0, false},
		"the store is empty":             {func(*parlevel.Snapshot) {}, 1, parlevel.Withdrawn, 0, false},
		"the store has one left":         {func(*parlevel.Snapshot) {}, 2, "", 1, false},
		"empty, but they are on the way": {func(s *parlevel.Snapshot) { s.Open[0].OnTheWay = two }, 1, "", 0, true},
		"empty, but somebody has them":   {func(s *parlevel.Snapshot) { s.Open[0].TakenBy = "Nora" }, 1, "", 0, true},
		"nobody wants any":               {func(s *parlevel.Snapshot) { s.Levels = s.Levels[1:] }, 3, parlevel.Withdrawn, 0, false},
	} {
		s := base(c.free)
		c.change(&s)
		out := s.Review(noon, grace, near)
		switch {
		case c.state != "" && (len(out.Ends) != 1 || out.Ends[0].State != c.state || out.Ends[0].Why == ""):
			t.Errorf("%s: %+v", name, out)
		case c.shrunk > 0 && (len(out.Shrunk) != 1 || out.Shrunk[0].Quantity != c.shrunk):
			t.Errorf("%s: %+v", name, out)
		case c.nothing && len(out.Ends)+len(out.Shrunk)+len(out.Raised) > 0:
			t.Errorf("%s: %+v", name, out)
		}
	}
}

func TestWhatSomebodyCalledImpossibleIsAskedOfAnother(t *testing.T) {
	s := ward(map[hospital.UnitID]int{"icu1": 1, "store2": 5, "store9": 8}, level("icu1", 3, 0), level("store2", 3, 0), level("store9", 0, 0))
	s.Declined = []parlevel.Task{{Kind: pump, From: "store2", To: "icu1"}}
	if out := s.Review(noon, grace, near); len(out.Raised) != 1 || out.Raised[0].From != "store9" {
		t.Errorf("raised %+v", out.Raised)
	}
}

func TestTheWorstIsHelpedFirst(t *testing.T) {
	s := ward(map[hospital.UnitID]int{"a1": 5, "b2": 1, "store3": 2}, level("a1", 9, 0), level("b2", 3, 2), level("store3", 0, 0))
	out := s.Review(noon, grace, near)
	if len(out.Raised) != 1 || out.Raised[0].To != "b2" {
		t.Errorf("raised %+v", out.Raised)
	}
}

func TestLevelsThatCantBeAreRefused(t *testing.T) {
	for l, good := range map[parlevel.Level]bool{level("u", 0, 0): true, level("u", parlevel.MaxTarget, parlevel.MaxTarget): true,
		level("u", parlevel.MaxTarget+1, 0): false, level("u", -1, 0): false, level("u", 2, 3): false, level("u", 2, -1): false} {
		if err := l.Check(); (err == nil) != good {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

// anyWard draws a ward with open tasks of every sort.
func anyWard(t *rapid.T) parlevel.Snapshot {
	kinds := []string{pump, "wheelchair"}
	s := parlevel.Snapshot{Counts: map[parlevel.Key]parlevel.Count{}, Since: map[parlevel.Key]parlevel.Since{}}
	units := rapid.IntRange(1, 6).Draw(t, "units")
	for u := range units {
		for _, kind := range kinds {
			if rapid.Bool().Draw(t, "no level") {
				continue
			}
			l := parlevel.Level{Unit: hospital.UnitID(fmt.Sprint("u", u)), Kind: kind, Target: rapid.IntRange(0, 6).Draw(t, "target")}
			l.Critical = rapid.IntRange(0, l.Target).Draw(t, "critical")
			s.Levels = append(s.Levels, l)
			free := rapid.IntRange(0, 9).Draw(t, "free")
			s.Counts[l.Key()] = parlevel.Count{Have: free + rapid.IntRange(0, 3).Draw(t, "taken"), Free: free}
			if rapid.Bool().Draw(t, "ripe") {
				s.Since[l.Key()] = parlevel.Since{Short: noon.Add(-time.Hour), Critical: noon.Add(-time.Hour)}
			}
		}
	}
	seen := map[string]bool{}
	for i := range rapid.IntRange(0, 5).Draw(t, "tasks") {
		from, to := rapid.IntRange(0, units-1).Draw(t, "from"), rapid.IntRange(0, units-1).Draw(t, "to")
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		if key := fmt.Sprint(from, to, kind); from == to || seen[key] {
			continue
		} else {
			seen[key] = true
		}
		task := parlevel.Task{ID: parlevel.TaskID(i + 1), Kind: kind, From: hospital.UnitID(fmt.Sprint("u", from)), To: hospital.UnitID(fmt.Sprint("u", to)),
			Quantity: rapid.IntRange(1, 4).Draw(t, "quantity"), State: parlevel.Open}
		for n := range rapid.IntRange(0, task.Quantity).Draw(t, "arrived") {
			task.Arrived = append(task.Arrived, tracking.AssetID(fmt.Sprint("a", i, n)))
		}
		s.Open = append(s.Open, task)
	}
	return s
}

func TestRedistributionIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyWard(t)
		out := s.Review(noon, grace, near)
		next := after(s, out)
		given, promised := map[parlevel.Key]int{}, map[parlevel.Key]int{}
		for _, transfer := range out.Raised {
			if transfer.Quantity < 1 || transfer.From == transfer.To {
				t.Fatalf("a transfer of nothing: %+v", transfer)
			}
			given[parlevel.Key{Unit: transfer.From, Kind: transfer.Kind}] += transfer.Quantity
			promised[parlevel.Key{Unit: transfer.To, Kind: transfer.Kind}] += transfer.Quantity
		}
		for _, line := range next.Lines() {
			if given[line.Key()] > 0 && line.Free-line.Going < line.Target {
				t.Fatalf("%s is taken below its target: %+v", line.Unit, line)
			}
			if promised[line.Key()] > 0 && line.Free+line.Coming > line.Target {
				t.Fatalf("%s is promised more than it is short of: %+v", line.Unit, line)
			}
		}
		if again := next.Review(noon, grace, near); len(again.Raised)+len(again.Ends)+len(again.Shrunk)+len(again.Since)+len(again.Relieved) != 0 {
			t.Fatalf("a second look is not quiet: %+v", again)
		}
		// Nobody who could be helped is left alone.
		for _, needy := range next.Lines() {
			ripe := !needy.Began.Short.IsZero() && noon.Sub(needy.Began.Short) >= grace
			for _, giver := range next.Lines() {
				if ripe && needy.Short() > needy.Coming && giver.Kind == needy.Kind && giver.Unit != needy.Unit && giver.Spare() > giver.Going {
					t.Fatalf("%s could have helped %s", giver.Unit, needy.Unit)
				}
			}
		}
	})
}
