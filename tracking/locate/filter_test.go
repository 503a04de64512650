package locate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// A ward of our own drawing: four rooms along a corridor, one room a storey up.
//
//	+-----+-----+-----+-----+
//	|  A  |  B  |  C  |  D  |      U lies above A
//	+--d--+--d--+--d--+--d--+
//	|       corridor K      |
//	+-----------------------+
const (
	roomA = iota
	roomB
	roomC
	roomD
	corridor
	upstairs
)

func box(x, y, w, h float64) []Point {
	return []Point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
}

func ward() Plan {
	at := func(x, y float64) *Point { return &Point{x, y} }
	return Plan{
		Rooms: []Room{
			{ID: "A", Doors: []int{corridor}, Outline: box(0, 0, 6, 5)},
			{ID: "B", Doors: []int{corridor}, Outline: box(6, 0, 6, 5)},
			{ID: "C", Doors: []int{corridor}, Outline: box(12, 0, 6, 5)},
			{ID: "D", Doors: []int{corridor}, Outline: box(18, 0, 6, 5)},
			{ID: "K", Doors: []int{roomA, roomB, roomC, roomD, upstairs}, Outline: box(0, 5, 24, 3)},
			{ID: "U", Level: 1, Doors: []int{corridor}, Outline: box(0, 0, 6, 5)},
		},
		Receivers: []Receiver{
			{ID: "gA", Room: roomA, At: at(3, 1)}, {ID: "gB", Room: roomB, At: at(9, 1)},
			{ID: "gC", Room: roomC, At: at(15, 1)}, {ID: "gD", Room: roomD, At: at(21, 1)},
			{ID: "gU", Room: upstairs, Level: 1, At: at(3, 1)},
		},
	}
}

// walk is a tag and a clock in the ward.
type walk struct {
	f      *Filter
	s      State
	at     int64
	events []Event
}

func newWalk(m *Model) *walk {
	return &walk{f: NewFilter(m), s: NewState(), at: 1_700_000_000_000}
}

// hear lets one second pass in which the receivers hear the tag so loudly.
func (w *walk) hear(signals map[int]float64) {
	w.at += 1000
	for g := range w.f.model.plan.Receivers {
		dbm, heard := signals[g]
		if !heard {
			continue
		}
		if e, changed := w.f.Sight(&w.s, g, dbm, w.at); changed {
			w.events = append(w.events, e)
		}
	}
	if e, changed := w.f.Settle(&w.s); changed {
		w.events = append(w.events, e)
	}
}

func (w *walk) hearFor(seconds int, signals map[int]float64) {
	for range seconds {
		w.hear(signals)
	}
}

func (w *walk) in(t *testing.T, room int) {
	t.Helper()
	if got := int(w.s.Answer().Room); got != room {
		t.Fatalf("the tag is held to be in %q, want %q; answer %+v", w.f.model.RoomID(got), w.f.model.RoomID(room), w.s.Answer())
	}
}

var (
	inA = map[int]float64{0: -58, 1: -74, 2: -84}
	inB = map[int]float64{0: -74, 1: -57, 2: -74}
	inC = map[int]float64{1: -74, 2: -58, 3: -75}
)

func TestPumpIsFoundAfterTwoSteps(t *testing.T) {
	w := newWalk(NewModel(ward(), DefaultTuning()))
	w.hear(map[int]float64{0: -58})
	w.in(t, NoRoom) // one receiver may be wrong
	w.hear(map[int]float64{0: -58})
	w.in(t, roomA)
	w = newWalk(w.f.Model())
	w.hear(inA)
	w.in(t, roomA) // three are seldom
	if len(w.events) != 1 || w.events[0].From != NoRoom || w.events[0].To != roomA {
		t.Fatalf("want one arrival in A, got %+v", w.events)
	}
}

func TestPumpIsPushedThreeRoomsOn(t *testing.T) {
	w := newWalk(NewModel(ward(), DefaultTuning()))
	w.hearFor(60, inA)
	w.hearFor(20, inC)
	w.in(t, roomC)
	if last := w.events[len(w.events)-1]; last.To != roomC || last.Answer.AtMS-1_700_000_060_000 > 12_000 {
		t.Fatalf("the move to C was seen too late: %+v", last)
	}
}

func TestOneLoudSightingNeverMovesAnAsset(t *testing.T) {
	w := newWalk(NewModel(ward(), DefaultTuning()))
	w.hearFor(120, inA)
	for range 5 {
		w.hear(map[int]float64{2: -31})
		w.in(t, roomA)
		w.hearFor(20, inA)
		w.in(t, roomA)
	}
	if len(w.events) != 1 {
		t.Fatalf("only the arrival should be an event, got %+v", w.events)
	}
}

func TestStrongReceiverBelowTheCeilingDoesNotWinAlone(t *testing.T) {
	w := newWalk(NewModel(ward(), DefaultTuning()))
	w.hearFor(30, inA)
	for range 10 {
		w.hearFor(2, map[int]float64{0: -66, 4: -60, 1: -75})
		w.hearFor(3, inA)
	}
	w.in(t, roomA)
	if len(w.events) != 1 {
		t.Errorf("it went up and down: %+v", w.events)
	}
}

func TestNoisyTagThatStandsStillDoesNotFlap(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	m := NewModel(ward(), DefaultTuning())
	w := newWalk(m)
	for range 3600 {
		heard := map[int]float64{}
		for g, dbm := range []float64{-63, -74, -84} {
			if noise.Float64() < 0.6 {
				heard[g] = dbm + noise.NormFloat64()*5
			}
		}
		if len(heard) > 0 {
			w.hear(heard)
		}
	}
	if len(w.events) > 12 {
		t.Fatalf("a tag that stood still for an hour moved %d times", len(w.events)-1)
	}
}

func TestLateSightingNeverMovesATagBack(t *testing.T) {
	w := newWalk(NewModel(ward(), DefaultTuning()))
	w.hearFor(20, inA)
	w.hearFor(30, inC)
	before := w.s
	before.spots, before.past = slices.Clone(w.s.spots), slices.Clone(w.s.past)
	for range 5 {
		w.f.Sight(&w.s, 0, -50, w.at-20_000)
	}
	if !reflect.DeepEqual(w.s, before) {
		t.Fatal("sightings of twenty seconds ago changed the state")
	}
}

func TestDoorPortalMovesAtOnceAndHoldsAgainstRadio(t *testing.T) {
	w := newWalk(NewModel(ward(), DefaultTuning()))
	w.hearFor(60, inA)
	if e, changed := w.f.Place(&w.s, roomD, RoomRead, w.at+100); !changed || e.To != roomD {
		t.Fatalf("a portal read must move the tag at once, got %+v", e)
	}
	w.hearFor(25, inA)
	w.in(t, roomD)
	w.hearFor(60, inA)
	w.in(t, roomA)
}

func TestNobodyFoundItHere(t *testing.T) {
	w := newWalk(NewModel(ward(), DefaultTuning()))
	w.hearFor(60, inA)
	w.f.Doubt(&w.s, w.at)
	if w.s.Answer().Room != NoRoom || w.s.Answer().Second != roomA {
		t.Fatalf("a doubted room may only be the second guess: %+v", w.s.Answer())
	}
	w.hearFor(30, inB)
	w.in(t, roomB)
}

func TestDeadGatewayIsNoEvidence(t *testing.T) {
	m := NewModel(ward(), DefaultTuning())
	confidence := func(dead bool) float64 {
		w := newWalk(m)
		if dead {
			w.f.Offline([]int{0})
		}
		w.hearFor(3, map[int]float64{1: -84})
		var chance float64
		for _, weight := range w.s.spots {
			if m.roomOf[weight.spot] == roomA {
				chance += float64(weight.p.float())
			}
		}
		return chance
	}
	if alive, dead := confidence(false), confidence(true); dead < 1.3*alive {
		t.Fatalf("room A without its gateway should stay thinkable: %.3f with it silent, %.3f with it dead", alive, dead)
	}
}

// What a receiver should hear of a far storey is worked out when it is asked, and is what would
// have been kept; what its own and the next hold is kept.
func TestFarStoreysAreWorkedOutAlike(t *testing.T) {
	var plan Plan
	for level := range 5 {
		for i := range 3 {
			x := float64(8 * i)
			room := len(plan.Rooms)
			plan.Rooms = append(plan.Rooms, Room{ID: fmt.Sprint(room), Level: 4 - level, Outline: []Point{{X: x}, {X: x + 8}, {X: x + 8, Y: 6}, {X: x, Y: 6}}})
			plan.Receivers = append(plan.Receivers, Receiver{ID: fmt.Sprint("at", room), Room: room, Level: 4 - level, At: &Point{X: x + 3, Y: 2}},
				Receiver{ID: fmt.Sprint("in", room), Room: room}, Receiver{ID: fmt.Sprint("somewhere", room), Room: NoRoom})
		}
	}
	plan.Rooms = append(plan.Rooms, Room{ID: "nowhere drawn", Level: 2})
	m := NewModel(plan, DefaultTuning())
	f := NewFilter(m)
	f.far = f.far[:1] // every pair takes the place of the one before
	kept, asked := 0, 0
	for g, row := range m.plain {
		kept += len(row.of)
		for s := range m.spots {
			asked++
			want := m.hears.expect(g, &m.spots[s], m.hears.doorsFrom(g)).plainly()
			for _, got := range []gauss{m.expects(g, s), f.expects(g, s), f.expects(g, s)} {
				if got != want {
					t.Fatalf("receiver %s, spot %d: %+v, want %+v", plan.Receivers[g].ID, s, got, want)
				}
			}
			near := max(m.plan.Rooms[m.roomOf[s]].Level-m.hears.storey(g), m.hears.storey(g)-m.plan.Rooms[m.roomOf[s]].Level) <= 1
			if at := int(m.column[s]) - row.first; near != (at >= 0 && at < len(row.of)) {
				t.Errorf("receiver %s: near %v spot %d stands at %d of %d", plan.Receivers[g].ID, near, s, at, len(row.of))
			}
		}
	}
	if kept == 0 || 3*kept > 2*asked {
		t.Errorf("%d of %d are kept", kept, asked)
	}
}

// What the silence of all receivers says of a spot is what each of them says, taught or not:
// with all of them off line nothing is left.
func TestSilenceIsTheSumOfItsParts(t *testing.T) {
	var steps [][]Signal
	for range 40 {
		steps = append(steps, []Signal{{Receiver: 0, DBm: -62}})
	}
	m := NewModel(ward(), DefaultTuning(), Lesson{Room: roomA, Steps: steps})
	f := NewFilter(m)
	var all []int
	for g := range m.plan.Receivers {
		all = append(all, g)
	}
	f.Offline(all)
	taught := map[bool]int{}
	for s, left := range f.quiet {
		if taught[!m.untaught[s]]++; math.Abs(float64(left)) > 1e-5*math.Abs(float64(m.quiet[s])) || m.quiet[s] >= 0 {
			t.Errorf("spot %d: %v is left of %v", s, left, m.quiet[s])
		}
	}
	if taught[true] == 0 || taught[false] == 0 {
		t.Errorf("spots taught: %v", taught)
	}
}

func TestTeachingTellsTwoRoomsApartThatGeometryCannot(t *testing.T) {
	plan := ward()
	plan.Receivers = plan.Receivers[1:2] // only the receiver in B
	heardInA, heardInC := map[int]float64{0: -81}, map[int]float64{0: -70}
	lesson := func(room int, dbm float64) Lesson {
		l := Lesson{Room: room}
		for i := range 60 {
			l.Steps = append(l.Steps, []Signal{{Receiver: 0, DBm: dbm + float64(i%5) - 2}})
		}
		return l
	}
	m := NewModel(plan, DefaultTuning(), lesson(roomA, -81), lesson(roomB, -55), lesson(roomC, -70))
	w := newWalk(m)
	w.hearFor(30, heardInA)
	w.in(t, roomA)
	w.hearFor(60, heardInC)
	w.in(t, roomC)
}

func TestOutsideTheTaughtAreaIsUnknown(t *testing.T) {
	var lessons []Lesson
	for room, signals := range map[int]map[int]float64{roomA: inA, roomB: inB, roomC: inC} {
		l := Lesson{Room: room}
		for i := range 120 {
			var step []Signal
			for g, dbm := range signals {
				step = append(step, Signal{Receiver: g, DBm: dbm + float64(i%5) - 2})
			}
			l.Steps = append(l.Steps, step)
		}
		lessons = append(lessons, l)
	}
	w := newWalk(NewModel(ward(), DefaultTuning(), lessons...))
	w.hearFor(30, inA)
	w.in(t, roomA)
	w.hearFor(120, map[int]float64{0: -35, 2: -36, 4: -99})
	w.in(t, NoRoom)
}

// Two rooms of a house were taught. What then sounds like no lesson is in one of the other
// rooms, and not outside the house, which it would be if most of it had been taught.
func TestTwoLessonsDoNotPutEverythingElseOutside(t *testing.T) {
	var lessons []Lesson
	for room, signals := range map[int]map[int]float64{roomA: inA, roomB: inB} {
		l := Lesson{Room: room}
		for i := range 120 {
			var step []Signal
			for g, dbm := range signals {
				step = append(step, Signal{Receiver: g, DBm: dbm + float64(i%5) - 2})
			}
			l.Steps = append(l.Steps, step)
		}
		lessons = append(lessons, l)
	}
	w := newWalk(NewModel(ward(), DefaultTuning(), lessons...))
	w.hearFor(30, inA)
	w.in(t, roomA)
	w.hearFor(120, map[int]float64{0: -35, 1: -36, 4: -99})
	if a := w.s.Answer(); a.Room == NoRoom {
		t.Errorf("it is held to be outside: %+v", a)
	}
}

func TestStateStaysBelowOneKiB(t *testing.T) {
	full := unsafe.Sizeof(State{}) + MaxCandidates*unsafe.Sizeof(weight{}) + MaxHeard*unsafe.Sizeof(lately{})
	if full > 1024 {
		t.Fatalf("a tag's state takes up to %d bytes, the bound is 1024", full)
	}
}

// A tag that three receivers hear among two hundred has room for what they say of it.
func TestATagTakesWhatItNeeds(t *testing.T) {
	plan, lessons := clinic()
	for _, m := range []*Model{NewModel(plan, DefaultTuning()), NewModel(plan, DefaultTuning(), lessons...)} {
		w := newWalk(m)
		w.hearFor(60, map[int]float64{31: -60, 32: -74, 30: -75})
		w.in(t, 31)
		if room := cap(w.s.spots)*int(unsafe.Sizeof(weight{})) + cap(w.s.past)*int(unsafe.Sizeof(lately{})); room > 256 {
			t.Errorf("%d bytes for %d places and %d receivers", room, len(w.s.spots), len(w.s.past))
		}
	}
}

func TestMoreReceiversThanASteptakesKeepsTheLoudest(t *testing.T) {
	s := NewState()
	for g := range MaxHeard + 4 {
		s.hear(g, -90+float64(g))
	}
	if int(s.heard) != MaxHeard {
		t.Fatalf("%d receivers kept, want %d", s.heard, MaxHeard)
	}
	for _, sum := range s.open {
		if sum.receiver < 4 {
			t.Fatalf("receiver %d is among the faintest and should be forgotten", sum.receiver)
		}
	}
}

// Whatever is heard, weights stay a probability and the answer's confidence within 0 and 1.
func TestWeightsStayAProbability(t *testing.T) {
	m := NewModel(ward(), DefaultTuning())
	rapid.Check(t, func(t *rapid.T) {
		w := newWalk(m)
		for range rapid.IntRange(1, 60).Draw(t, "seconds") {
			heard := map[int]float64{}
			for g := range m.plan.Receivers {
				if rapid.Bool().Draw(t, "heard") {
					heard[g] = rapid.Float64Range(-130, 20).Draw(t, "dbm")
				}
			}
			w.at += rapid.Int64Range(0, 90_000).Draw(t, "pause")
			w.hear(heard)
			sum := float64(w.s.unknown)
			for _, weight := range w.s.spots {
				sum += float64(weight.p.float())
			}
			if w.s.lastMS != 0 && (sum < 0.98 || sum > 1.02) {
				t.Fatalf("weights sum to %v", sum)
			}
			if c := w.s.Answer().Confidence; c < 0 || c > 1.001 {
				t.Fatalf("confidence %v", c)
			}
		}
	})
}

// The same sightings give the same answer, live or replayed.
func TestReplayGivesTheSameAnswers(t *testing.T) {
	m := NewModel(ward(), DefaultTuning())
	run := func() State {
		noise := rand.New(rand.NewPCG(7, 7))
		w := newWalk(m)
		for range 500 {
			w.hear(map[int]float64{noise.IntN(5): -60 - noise.Float64()*30, noise.IntN(5): -70})
		}
		return w.s
	}
	if !reflect.DeepEqual(run(), run()) {
		t.Fatal("two runs over the same sightings differ")
	}
}

// taught is the ward with a minute's lesson in each of A, B and C, by a tag that moved about.
func taught() *Model {
	noise := rand.New(rand.NewPCG(11, 12))
	var lessons []Lesson
	for room, heard := range map[int]map[int]float64{roomA: inA, roomB: inB, roomC: inC} {
		lesson := Lesson{Room: room}
		for range 150 {
			var step []Signal
			for g := range 5 {
				if dbm, ok := heard[g]; ok {
					step = append(step, Signal{Receiver: g, DBm: dbm + noise.NormFloat64()*4})
				}
			}
			lesson.Steps = append(lesson.Steps, step)
		}
		lessons = append(lessons, lesson)
	}
	slices.SortFunc(lessons, func(a, b Lesson) int { return a.Room - b.Room })
	return NewModel(ward(), DefaultTuning(), lessons...)
}

// Steady signals say the same thing again and again. A nurse finds a pump in A that
// sounds a little like B: parked there, it is not argued out of A in the time in
// which one that is pushed about, as loud on the whole, has moved to B.
func TestParkedPumpIsNotArguedOutOfItsRoom(t *testing.T) {
	m := taught()
	secondsUntilB := func(swing float64) int {
		w := newWalk(m)
		w.f.Place(&w.s, roomA, Confirmed, w.at)
		for second := range 600 {
			off := swing * float64(second%2*2-1)
			w.hear(map[int]float64{0: -69 + off, 1: -65 - off, 2: -77 + off})
			if w.s.Answer().Room == roomB {
				return second - int(m.tuning.HoldMS/1000)
			}
		}
		return 600
	}
	parked, pushed := secondsUntilB(0), secondsUntilB(3)
	if pushed >= 60 || parked < 3*pushed {
		t.Fatalf("the pump pushed about is in B after %d s, the parked one after %d s", pushed, parked)
	}
	t.Logf("pushed about: %d s, parked: %d s", pushed, parked)
}

// How long gateways must say B until a tag that stood in A is held to be there, by
// what its accelerometer says: a tag that says that it rests is hardly moved by what
// metal and people do to its signal, and one that moves is followed at once.
func TestTagThatRestsIsHardlyMoved(t *testing.T) {
	seconds := func(m Motion) int {
		w := newWalk(NewModel(ward(), DefaultTuning()))
		w.hearFor(60, inA)
		w.in(t, roomA)
		w.s.Feel(m)
		for n := 1; n < 600; n++ {
			// B is heard a little better than A, as when somebody stands between.
			w.hear(map[int]float64{0: -68, 1: -64, 2: -80})
			if int(w.s.Answer().Room) == roomB {
				return n
			}
		}
		return 600
	}
	moving, nothing, resting := seconds(Moving), seconds(MotionUnknown), seconds(Resting)
	t.Logf("moved after %d s of moving, %d s of a tag that says nothing, %d s of resting", moving, nothing, resting)
	if moving > nothing || resting <= nothing || resting < 2*moving {
		t.Error("what the accelerometer says does not count")
	}
}

// It rests again as soon as it is put down; what it said on its way still counts.
func TestTagThatWasPushedAndPutDownIsFollowed(t *testing.T) {
	w := newWalk(NewModel(ward(), DefaultTuning()))
	w.s.Feel(Resting)
	w.hearFor(120, inA)
	w.s.Feel(Moving)
	w.hearFor(3, inB)
	w.s.Feel(Resting)
	w.hearFor(int(DefaultTuning().RestAfterMS/1000)-1, inB)
	w.in(t, roomB)
}
