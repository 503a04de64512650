package locate

import "math"

// What a hospital's walls do to a signal, before anybody has taught a room.
// They are deliberately vague: a tag's power, the hand that holds it and the
// metal of its cabinet each shift a signal by 5 to 10 dB.
const (
	atOneMetreDBm  = -59.0 // a common tag's strength at one metre
	pathLoss       = 2.7   // its fall by distance indoors
	wallDB         = 5.0   // a wall between two rooms
	ceilingDB      = 14.0  // a concrete ceiling
	vagueDB        = 7.0   // what geometry can't know, as a standard deviation
	hopVagueDB     = 9.0   // the same where not even distances are known
	audibleDBm     = -92.0 // half of the adverts at this strength are heard
	audibleSlopeDB = 4.0
	mostHeard      = 0.75 // of the steps in which any receiver hears the tag
	leastHeard     = 0.004
	nearRooms      = 12 // rooms that one receiver speaks for
)

// expectation is what a receiver should hear of a tag in a room.
type expectation struct {
	mean, sigma float64 // dBm, dB
	heard       float64 // share of steps in which it hears it at all
}

// expect says what each receiver should hear from each room, by geometry where
// receiver and room are drawn, else by counting doors.
func expect(plan Plan) [][]expectation {
	all := make([][]expectation, len(plan.Receivers))
	for g, receiver := range plan.Receivers {
		all[g] = make([]expectation, len(plan.Rooms))
		var doors []int
		if receiver.Room != NoRoom {
			doors = hops(plan.Rooms, receiver.Room, 3)
		}
		for r := range plan.Rooms {
			e, drawn := byGeometry(plan, receiver, r)
			if !drawn {
				e = byDoors(plan, receiver, r, doors)
			}
			e.heard = audible(e.mean, e.sigma)
			all[g][r] = e
		}
	}
	return all
}

func byGeometry(plan Plan, receiver Receiver, room int) (expectation, bool) {
	spots := plan.Rooms[room].spots()
	if receiver.At == nil || len(spots) == 0 {
		return expectation{}, false
	}
	storeys := math.Abs(float64(plan.Rooms[room].Level - receiver.Level))
	var sum, squares float64
	for _, spot := range spots {
		metres := max(math.Hypot(distance(spot, *receiver.At), 3.5*storeys), 1)
		dbm := atOneMetreDBm - 10*pathLoss*math.Log10(metres) - ceilingDB*storeys
		if receiver.Room != room {
			dbm -= wallDB + metres/10*wallDB/2
		}
		sum += dbm
		squares += dbm * dbm
	}
	n := float64(len(spots))
	mean := sum / n
	return expectation{mean: mean, sigma: math.Sqrt(max(squares/n-mean*mean, 0) + vagueDB*vagueDB)}, true
}

// byDoors guesses from how many doors lie between; without doors, from the storey.
func byDoors(plan Plan, receiver Receiver, room int, doors []int) expectation {
	if receiver.Room == NoRoom {
		return expectation{mean: -85, sigma: 12} // it hangs nobody knows where: it says nothing of any room
	}
	strength := [...]float64{-64, -76, -83, -88, -92}
	step := min(doors[room], len(strength)-1)
	mean := strength[step]
	if step == len(strength)-1 && plan.Rooms[room].Level == plan.Rooms[receiver.Room].Level {
		mean = -84 // same storey, doors not told
	}
	return expectation{mean: mean, sigma: hopVagueDB}
}

func audible(mean, sigma float64) float64 {
	slope := math.Hypot(audibleSlopeDB, sigma/2)
	share := mostHeard / (1 + math.Exp((audibleDBm-mean)/slope))
	return max(share, leastHeard)
}
