package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
)

const (
	walkingSpeed = 1.1 // metres a second, pushing something
	liftWait     = 12 * time.Second
	nowhere      = -1
)

// building is the drawing as somebody walks it: rooms by index, doors as points.
type building struct {
	rooms   []hospital.Room
	index   map[hospital.RoomID]int
	centres []hospital.Point
	levels  []int // of the room's floor
	next    [][]int16
}

func newBuilding(d *Drawing) *building {
	b := &building{rooms: d.Rooms, index: map[hospital.RoomID]int{}}
	level := map[hospital.FloorID]int{}
	for _, floor := range d.Floors {
		level[floor.ID] = floor.Level
	}
	for i, room := range d.Rooms {
		b.index[room.ID] = i
		centre, _ := room.Centre()
		b.centres = append(b.centres, centre)
		b.levels = append(b.levels, level[room.Floor])
	}
	for to := range b.rooms {
		b.next = append(b.next, b.hopsTo(to))
	}
	return b
}

// hopsTo gives for every room the neighbour that leads to a room soonest.
// Equipment on wheels takes the lift, never the stairs.
func (b *building) hopsTo(to int) []int16 {
	hops := make([]int16, len(b.rooms))
	for i := range hops {
		hops[i] = nowhere
	}
	hops[to] = int16(to)
	for queue := []int{to}; len(queue) > 0; queue = queue[1:] {
		for _, id := range b.rooms[queue[0]].Neighbours {
			near := b.index[id]
			if hops[near] != nowhere || b.rooms[near].Kind == hospital.Stairs {
				continue
			}
			hops[near] = int16(queue[0])
			queue = append(queue, near)
		}
	}
	return hops
}

// door is where one passes between two neighbours: the middle of the wall they share.
func (b *building) door(from, to int) hospital.Point {
	f, t := b.rooms[from].Outline, b.rooms[to].Outline
	left, right := max(f[0].X, t[0].X), min(f[2].X, t[2].X)
	top, bottom := max(f[0].Y, t[0].Y), min(f[2].Y, t[2].Y)
	if left > right || top > bottom || b.rooms[from].Floor != b.rooms[to].Floor {
		return b.centres[to]
	}
	return hospital.Point{X: (left + right) / 2, Y: (top + bottom) / 2}
}

// leg is a straight walk within one room.
type leg struct {
	room       int
	from, to   hospital.Point
	begin, end time.Time
}

// route is the way from a spot to a spot in another room, leaving at an instant.
func (b *building) route(room int, spot hospital.Point, goal int, goalSpot hospital.Point, leave time.Time) []leg {
	var legs []leg
	add := func(to hospital.Point, extra time.Duration) {
		walk := math.Hypot(to.X-spot.X, to.Y-spot.Y) / walkingSpeed
		end := leave.Add(time.Duration(walk*float64(time.Second)) + extra)
		legs = append(legs, leg{room: room, from: spot, to: to, begin: leave, end: end})
		spot, leave = to, end
	}
	for room != goal {
		step := int(b.next[goal][room])
		if step == nowhere {
			return nil
		}
		wait := time.Duration(0)
		if b.rooms[room].Floor != b.rooms[step].Floor {
			wait = liftWait
		}
		add(b.door(room, step), wait)
		room = step
	}
	add(goalSpot, 0)
	return legs
}

// errand is what a piece of equipment is about.
type errand int

const (
	resting errand = iota
	working
	washing
)

// walker is one asset in motion. It has its own randomness, so its days do not
// depend on how many others there are or how the clock is stepped.
type walker struct {
	asset *Asset
	house *building
	rng   *rand.Rand
	start time.Time
	// hurried walkers are the demonstration's protagonists: they hardly rest.
	hurried bool

	doing errand
	room  int
	spot  hospital.Point
	until time.Time // the end of its stay, when it has no legs
	legs  []leg

	worksIn, restsIn, washesIn []int
}

// stay is an arrival of an asset in the room where it then remained.
type stay struct {
	asset int
	room  int
	at    time.Time
}

func newWalker(a *Asset, n int, b *building, seed uint64, start, from time.Time) *walker {
	w := &walker{asset: a, house: b, rng: rand.New(rand.NewPCG(seed, uint64(n)+0xa55e7)), start: start, room: b.index[a.Home]}
	w.spot = w.spotIn(w.room)
	w.worksIn = w.pool(a.habit.used)
	w.restsIn = append(slices.Repeat([]int{w.room}, 4), w.pool(a.habit.rests)...)
	if a.habit.washed {
		w.washesIn = w.pool([]hospital.RoomKind{hospital.DirtyUtility})
	}
	w.until = from.Add(time.Duration(w.rng.Float64() * float64(90*time.Minute)))
	return w
}

// pool lists the rooms of some kinds: its own unit's, or everybody's if that has none.
func (w *walker) pool(kinds []hospital.RoomKind) []int {
	var own, all []int
	for i, room := range w.house.rooms {
		if !slices.Contains(kinds, room.Kind) {
			continue
		}
		all = append(all, i)
		if room.Unit == w.asset.Unit {
			own = append(own, i)
		}
	}
	if len(own) > 0 {
		return own
	}
	return all
}

// advance lives up to an instant and reports each arrival at the end of a way.
func (w *walker) advance(to time.Time, arrived func(room int, at time.Time)) {
	for {
		if n := len(w.legs); n > 0 {
			last := w.legs[n-1]
			if last.end.After(to) {
				return
			}
			w.room, w.spot, w.legs = last.room, last.to, nil
			w.until = last.end.Add(w.remain(last.end))
			arrived(w.room, last.end)
			continue
		}
		if w.until.After(to) {
			return
		}
		w.setOut(w.until)
	}
}

// setOut chooses the next errand and takes the way there.
func (w *walker) setOut(at time.Time) {
	w.doing = w.after(w.doing)
	rooms := map[errand][]int{resting: w.restsIn, working: w.worksIn, washing: w.washesIn}[w.doing]
	if len(rooms) == 0 {
		w.until = at.Add(time.Hour)
		return
	}
	goal := rooms[w.rng.IntN(len(rooms))]
	w.legs = w.house.route(w.room, w.spot, goal, w.spotIn(goal), at)
	if w.legs == nil {
		w.until = at.Add(time.Hour)
	}
}

func (w *walker) after(doing errand) errand {
	switch {
	case doing == resting:
		return working
	case doing == working && len(w.washesIn) > 0:
		return washing
	default:
		return resting
	}
}

// remain is how long it stays: minutes in the wash, an hour at work, longer on the shelf at night.
func (w *walker) remain(at time.Time) time.Duration {
	if w.hurried {
		return time.Duration(4+w.rng.IntN(8)) * time.Second
	}
	minutes := 25 + 40*w.rng.ExpFloat64()
	switch w.doing {
	case washing:
		minutes = 8 + 10*w.rng.ExpFloat64()
	case resting:
		minutes = 5 + 50*w.rng.ExpFloat64()/w.asset.habit.restless/busyness(storyHourAt(at.Sub(w.start)))
	}
	return time.Duration(minutes * float64(time.Minute))
}

// spotIn is a place in a room, a little off the walls.
func (w *walker) spotIn(room int) hospital.Point {
	o := w.house.rooms[room].Outline
	in := func(low, high float64) float64 { return low + (0.25+0.5*w.rng.Float64())*(high-low) }
	return hospital.Point{X: in(o[0].X, o[2].X), Y: in(o[0].Y, o[2].Y)}
}

// where is the room and spot at an instant that advance has reached, and whether it moves.
func (w *walker) where(at time.Time) (room int, spot hospital.Point, moving bool) {
	for _, l := range w.legs {
		if at.Before(l.end) {
			f := max(0, min(1, float64(at.Sub(l.begin))/max(1, float64(l.end.Sub(l.begin)))))
			return l.room, hospital.Point{X: l.from.X + f*(l.to.X-l.from.X), Y: l.from.Y + f*(l.to.Y-l.from.Y)}, true
		}
	}
	return w.room, w.spot, false
}
