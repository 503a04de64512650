package simulate

import (
	"math"
	"math/rand/v2"

	"wardwatch/tracking/hospital"
)

// How far radio carries in a ward: log-distance path loss, and a loss for each
// wall and each slab between.
const (
	pathLoss    = 2.4
	wallLoss    = 4.5  // dB
	slabLoss    = 19.0 // dB
	shadowing   = 2.5  // dB, the same for a tag and a receiver as long as the room is the same
	fading      = 2.2  // dB, new with every advert
	sensitivity = -93.0
	missed      = 0.08 // share of adverts that even a near receiver misses
	mostWalls   = 6
)

// receiver is a gateway as radio sees it.
type receiver struct {
	gateway hospital.Gateway
	room    int
	level   int
	house   hospital.BuildingID
	spot    hospital.Point
	walls   []int8 // by room of the sender, -1 until counted
}

// rssi is the strength at which a receiver hears a sender; false when it does not.
func (r *receiver) rssi(b *building, sender uint64, room int, spot hospital.Point, rng *rand.Rand) (float64, bool) {
	slabs := b.levels[room] - r.level
	rise := float64(slabs) * storeyRise
	distance := math.Sqrt(sq(spot.X-r.spot.X) + sq(spot.Y-r.spot.Y) + rise*rise + 1)
	walls := 0
	if room != r.room {
		walls = r.wallsTo(b, room)
	}
	level := powerAtOneMetre - 10*pathLoss*math.Log10(distance) - wallLoss*float64(walls) - slabLoss*math.Abs(float64(slabs))
	level += shadowing*shade(sender, uint64(r.room)<<20|uint64(room)) + fading*rng.NormFloat64()
	return level, level > sensitivity && rng.Float64() > missed
}

// wallsTo counts the walls between the middle of a room and the receiver.
func (r *receiver) wallsTo(b *building, room int) int {
	if r.walls[room] < 0 {
		n := 0
		for _, other := range b.rooms {
			if other.Floor == b.rooms[r.room].Floor && other.Kind != hospital.Corridor && crosses(other.Outline, b.centres[room], r.spot) {
				n++
			}
		}
		r.walls[room] = int8(min(max(n, 1), mostWalls))
	}
	return int(r.walls[room])
}

// crosses says whether a line passes through a polygon's edge.
func crosses(outline []hospital.Point, a, b hospital.Point) bool {
	for i := range outline {
		c, d := outline[i], outline[(i+1)%len(outline)]
		if side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0 {
			return true
		}
	}
	return false
}

func side(a, b, p hospital.Point) float64 { return (b.X-a.X)*(p.Y-a.Y) - (b.Y-a.Y)*(p.X-a.X) }

func sq(x float64) float64 { return x * x }

// shade is a fixed number, about normal, that belongs to two things.
func shade(a, b uint64) float64 {
	x := a*0x9e3779b97f4a7c15 ^ b*0xc2b2ae3d27d4eb4f
	sum := 0.0
	for range 4 {
		x ^= x >> 31
		x *= 0xbf58476d1ce4e5b9
		x ^= x >> 29
		sum += float64(x>>11) / (1 << 53)
	}
	return (sum - 2) * math.Sqrt(3)
}
