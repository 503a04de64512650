package document

import (
	"math"

	"wardwatch/tracking/hospital"
)

const (
	leastRoomArea = 0.05 // square metres; a cupboard has more
	slackMetres   = 0.01 // a plan is drawn to the centimetre
)

// inside says whether a point is on the plan of a floor.
func inside(p hospital.Point, f Floor) bool {
	if f.WidthMetres <= 0 || f.HeightMetres <= 0 {
		return true // the plan itself is at fault
	}
	return p.X >= -slackMetres && p.Y >= -slackMetres &&
		p.X <= f.WidthMetres+slackMetres && p.Y <= f.HeightMetres+slackMetres
}

// area is the shoelace formula, without its sign.
func area(outline []hospital.Point) float64 {
	twice := 0.0
	for i, a := range outline {
		b := outline[(i+1)%len(outline)]
		twice += a.X*b.Y - b.X*a.Y
	}
	return math.Abs(twice) / 2
}

// crossing finds two sides of a polygon that meet where they should not: sides
// that are not next to each other and touch, or neighbours that fold back. The
// numbers are those of the corners at which the sides begin.
func crossing(outline []hospital.Point) (first, second int, crossed bool) {
	n := len(outline)
	for i := range n {
		a, b := outline[i], outline[(i+1)%n]
		if a == b {
			return i, (i + 1) % n, true
		}
		for j := i + 1; j < n; j++ {
			c, d := outline[j], outline[(j+1)%n]
			switch {
			case j == i+1 && foldsBack(a, b, d), i == 0 && j == n-1 && foldsBack(c, a, b):
				return i, j, true
			case j == i+1 || (i == 0 && j == n-1):
				continue // neighbours share their corner
			case touch(a, b, c, d):
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// turn is positive when a, b, c go one way round, negative the other, 0 on a line.
func turn(a, b, c hospital.Point) float64 {
	return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X)
}

// foldsBack is true when the side b–c runs back over the side a–b.
func foldsBack(a, b, c hospital.Point) bool {
	return turn(a, b, c) == 0 && (a.X-b.X)*(c.X-b.X)+(a.Y-b.Y)*(c.Y-b.Y) > 0
}

func touch(a, b, c, d hospital.Point) bool {
	t1, t2, t3, t4 := turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)
	if opposite(t1, t2) && opposite(t3, t4) {
		return true
	}
	return t1 == 0 && within(a, b, c) || t2 == 0 && within(a, b, d) ||
		t3 == 0 && within(c, d, a) || t4 == 0 && within(c, d, b)
}

func opposite(a, b float64) bool { return a > 0 && b < 0 || a < 0 && b > 0 }

// within says whether p, which is on the line through a and b, is between them.
func within(a, b, p hospital.Point) bool {
	return min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y)
}

// Sound says whether an outline can be a room's: it has an area and does not cross itself.
func Sound(outline []hospital.Point) bool {
	if len(outline) < 3 {
		return false
	}
	_, _, crossed := crossing(outline)
	return !crossed && area(outline) >= leastRoomArea
}
