package locate

import (
	"math"
	"slices"
)

// A spot is a part of a room that is heard in one way. A small room is one
// spot; a corridor is several, and teaching finds those that sound different:
// the far end of a ward is heard by other receivers than its door.
type spot struct {
	room   int
	at     []Point // what stands for it on the plan; none where the room is not drawn
	cells  map[int]*cell
	taught float64 // steps of teaching
	// How often teaching saw a tag come in here, or leave the room from here.
	entries, exits float64
	calm           calmness
	visited        float64      // steps of whole visits
	memories       []remembered // by receiver
}

const (
	spotMetres   = 7.0 // the side of the square that a spot covers
	maxRoomSpots = 12
	// stepsPerSpot is how much teaching lets one more spot be told apart.
	stepsPerSpot = 80
	// smoothSteps of teaching are averaged before they are sorted into spots: one
	// step alone tells more of the radio's mood than of the place.
	smoothSteps = 15
	unheardDBm  = -96.0 // stands for silence when two places are compared
)

// spotsOf divides every room: a taught room by how it sounds, a drawn one by its
// size; one that is neither is a single spot.
func spotsOf(plan Plan, lessons []Lesson) []spot {
	taught := make([][]Lesson, len(plan.Rooms))
	for _, lesson := range lessons {
		taught[lesson.Room] = append(taught[lesson.Room], lesson)
	}
	var spots []spot
	for r, room := range plan.Rooms {
		drawn := room.parts()
		if len(taught[r]) > 0 {
			spots = append(spots, taughtSpots(r, slices.Concat(drawn...), taught[r], len(plan.Receivers))...)
			continue
		}
		for _, part := range drawn {
			spots = append(spots, spot{room: r, at: part})
		}
		if len(drawn) == 0 {
			spots = append(spots, spot{room: r})
		}
	}
	return spots
}

// parts divides a drawn room into squares of about spotMetres, each by the
// points that stand for it.
func (r Room) parts() [][]Point {
	if len(r.Outline) == 0 {
		return nil
	}
	low, high := r.Outline[0], r.Outline[0]
	for _, p := range r.Outline {
		low = Point{X: min(low.X, p.X), Y: min(low.Y, p.Y)}
		high = Point{X: max(high.X, p.X), Y: max(high.Y, p.Y)}
	}
	across := int(min(math.Ceil((high.X-low.X)/spotMetres), 6))
	down := int(min(math.Ceil((high.Y-low.Y)/spotMetres), 6))
	across, down = max(across, 1), max(down, 1)
	width, height := (high.X-low.X)/float64(across), (high.Y-low.Y)/float64(down)
	var parts [][]Point
	for i := range across {
		for j := range down {
			var part []Point
			for _, f := range [...]Point{{0.5, 0.5}, {0.2, 0.2}, {0.8, 0.2}, {0.2, 0.8}, {0.8, 0.8}} {
				p := Point{X: low.X + (float64(i)+f.X)*width, Y: low.Y + (float64(j)+f.Y)*height}
				if inside(r.Outline, p) {
					part = append(part, p)
				}
			}
			if len(part) > 0 && len(parts) < maxRoomSpots {
				parts = append(parts, part)
			}
		}
	}
	if len(parts) == 0 { // a sliver that no square's points fall into
		parts = append(parts, r.Outline)
	}
	return parts
}

// inside says whether a polygon holds a point.
func inside(outline []Point, p Point) bool {
	in := false
	for i, a := range outline {
		b := outline[(i+1)%len(outline)]
		if (a.Y > p.Y) != (b.Y > p.Y) && p.X < (b.X-a.X)*(p.Y-a.Y)/(b.Y-a.Y)+a.X {
			in = !in
		}
	}
	return in
}

// taughtSpots sorts a room's lessons into spots that sound alike.
func taughtSpots(room int, at []Point, lessons []Lesson, receivers int) []spot {
	var steps [][]Signal
	var alive [][]int
	for _, lesson := range lessons {
		for _, step := range lesson.Steps {
			steps = append(steps, step)
			alive = append(alive, lesson.alive(receivers))
		}
	}
	sound := smooth(lessons)
	tellApart(sound, lessons, columnsOf(lessons))
	groups := groupAlike(sound, max(min(len(steps)/stepsPerSpot, maxRoomSpots), 1))
	spots := make([]spot, slices.Max(append(groups, 0))+1)
	for i := range spots {
		spots[i] = spot{room: room, at: at, cells: make(map[int]*cell), memories: make([]remembered, receivers)}
	}
	for i, step := range steps {
		spots[groups[i]].learn(step, alive[i])
	}
	first := 0
	for _, lesson := range lessons {
		if lesson.Entered {
			spots[groups[first]].entries++
		}
		for i, change := range lesson.Changes {
			spots[groups[first+i]].calm[calmClass(change)]++
		}
		for i, before := range lesson.Before {
			spots[groups[first+i]].remember(before)
		}
		first += len(lesson.Steps)
		if lesson.Left {
			spots[groups[first-1]].exits++
		}
	}
	return slices.DeleteFunc(spots, func(s spot) bool { return s.taught == 0 })
}

// learn adds one step to what the spot knows.
func (s *spot) learn(step []Signal, alive []int) {
	s.taught++
	for _, g := range alive {
		s.cell(g).steps++
	}
	for _, signal := range step {
		c := s.cell(signal.Receiver)
		c.heard++
		c.histogram[bin(signal.DBm)]++
	}
}

// remember adds what receivers remembered in one step of a visit.
func (s *spot) remember(before []Recollection) {
	s.visited++
	for _, r := range before {
		s.memories[r.Receiver].mean.add(float64(r.MeanDBm))
		s.memories[r.Receiver].spread.add(float64(r.SpreadDB))
	}
}

func (s *spot) cell(receiver int) *cell {
	if s.cells[receiver] == nil {
		s.cells[receiver] = &cell{}
	}
	return s.cells[receiver]
}

// columnsOf are the receivers that heard anything in the lessons.
func columnsOf(lessons []Lesson) []int {
	var columns []int
	for _, lesson := range lessons {
		for _, step := range lesson.Steps {
			for _, signal := range step {
				if i, found := slices.BinarySearch(columns, signal.Receiver); !found {
					columns = slices.Insert(columns, i, signal.Receiver)
				}
			}
		}
	}
	return columns
}

// smooth is how each step of the lessons sounds, averaged with its neighbours:
// by receiver, unheardDBm where none of them heard it.
func smooth(lessons []Lesson) [][]float64 {
	columns := columnsOf(lessons)
	var all [][]float64
	for _, lesson := range lessons {
		for i := range lesson.Steps {
			from, to := max(i-smoothSteps/2, 0), min(i+smoothSteps/2+1, len(lesson.Steps))
			all = append(all, soundOf(lesson.Steps[from:to], columns))
		}
	}
	return all
}

func soundOf(steps [][]Signal, columns []int) []float64 {
	sum, n := make([]float64, len(columns)), make([]float64, len(columns))
	for _, step := range steps {
		for _, signal := range step {
			i, _ := slices.BinarySearch(columns, signal.Receiver)
			sum[i] += signal.DBm
			n[i]++
		}
	}
	for i := range sum {
		if n[i] == 0 {
			sum[i], n[i] = unheardDBm, 1
		}
		sum[i] /= n[i]
	}
	return sum
}

// groupAlike sorts points into k groups by nearness (k-means, begun from the
// points farthest apart so that the same teaching always gives the same spots).
func groupAlike(points [][]float64, k int) []int {
	groups := make([]int, len(points))
	if k < 2 || len(points) == 0 {
		return groups
	}
	centres := farApart(points, k)
	for range 12 {
		for i, p := range points {
			groups[i] = nearest(centres, p)
		}
		centres = middles(points, groups, centres)
	}
	return groups
}

func farApart(points [][]float64, k int) [][]float64 {
	middle := middles(points, make([]int, len(points)), points[:1])[0]
	centres := [][]float64{middle}
	for len(centres) < k {
		var farthest []float64
		most := -1.0
		for _, p := range points {
			if d := apart(centres[nearest(centres, p)], p); d > most {
				farthest, most = p, d
			}
		}
		centres = append(centres, farthest)
	}
	return centres
}

func nearest(centres [][]float64, p []float64) int {
	best, least := 0, math.Inf(1)
	for i, c := range centres {
		if d := apart(c, p); d < least {
			best, least = i, d
		}
	}
	return best
}

func apart(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return sum
}

// middles are the middles of the groups; a group without points keeps its centre.
func middles(points [][]float64, groups []int, centres [][]float64) [][]float64 {
	sums, n := make([][]float64, len(centres)), make([]float64, len(centres))
	for i := range sums {
		sums[i] = make([]float64, len(points[0]))
	}
	for i, p := range points {
		n[groups[i]]++
		for j, v := range p {
			sums[groups[i]][j] += v
		}
	}
	for i := range sums {
		if n[i] == 0 {
			sums[i] = centres[i]
			continue
		}
		for j := range sums[i] {
			sums[i][j] /= n[i]
		}
	}
	return sums
}
