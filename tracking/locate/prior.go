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
	nearVagueDB    = 4.0   // what geometry can't know at one metre, as a standard deviation
	farVague       = 0.4   // and for each dB that the signal should have lost on its way
	tagVagueDB     = 10.0  // how far a tag's own power may be off
	hopVagueDB     = 9.0   // the same where not even distances are known
	audibleDBm     = -92.0 // half of the adverts at this strength are heard
	audibleSlopeDB = 4.0
	mostHeard      = 0.75 // of the steps in which any receiver hears the tag
	leastHeard     = 0.004
)

// expectation is what a receiver should hear of a tag at a spot.
type expectation struct {
	mean, sigma float64 // dBm, dB
	heard       float64 // share of steps in which it hears it at all
}

// hearing knows what each receiver should hear from each spot: by geometry where
// both are drawn, else by counting doors.
type hearing struct{ plan Plan }

// doorsFrom is how many doors lie between a receiver and each room; nil where nobody knows its room.
func (h hearing) doorsFrom(g int) []int {
	if h.plan.Receivers[g].Room == NoRoom {
		return nil
	}
	return hops(h.plan.Rooms, h.plan.Receivers[g].Room, 3)
}

// storey is where receiver g hangs; 0 where nobody knows.
func (h hearing) storey(g int) int {
	switch receiver := h.plan.Receivers[g]; {
	case receiver.At != nil:
		return receiver.Level
	case receiver.Room != NoRoom:
		return h.plan.Rooms[receiver.Room].Level
	}
	return 0
}

// expect is what receiver g should hear; doors are doorsFrom(g), nil to count them if they are needed.
func (h hearing) expect(g int, s *spot, doors []int) expectation {
	e, drawn := h.byGeometry(h.plan.Receivers[g], s)
	if !drawn {
		e = h.byDoors(g, s.room, doors)
	}
	slope := math.Hypot(audibleSlopeDB, e.sigma/2)
	e.heard = max(mostHeard/(1+math.Exp((audibleDBm-e.mean)/slope)), leastHeard)
	return e
}

func (h hearing) byGeometry(receiver Receiver, s *spot) (expectation, bool) {
	if receiver.At == nil || len(s.at) == 0 {
		return expectation{}, false
	}
	storeys := math.Abs(float64(h.plan.Rooms[s.room].Level - receiver.Level))
	var sum, squares float64
	for _, at := range s.at {
		metres := max(math.Hypot(distance(at, *receiver.At), 3.5*storeys), 1)
		dbm := atOneMetreDBm - 10*pathLoss*math.Log10(metres) - ceilingDB*storeys
		if receiver.Room != s.room {
			dbm -= wallDB * (1 + metres/20)
		}
		sum += dbm
		squares += dbm * dbm
	}
	n := float64(len(s.at))
	mean := sum / n
	return expectation{mean: mean, sigma: math.Sqrt(max(squares/n-mean*mean, 0) + vague(mean)*vague(mean))}, true
}

// vague is how far off an expected strength may be, as a standard deviation: the
// farther away, the more can stand between. Near readings deserve more trust.
func vague(dbm float64) float64 { return nearVagueDB + farVague*max(0, atOneMetreDBm-dbm) }

// byDoors guesses from how many doors lie between; without doors, from the storey.
func (h hearing) byDoors(g, room int, doors []int) expectation {
	receiver := h.plan.Receivers[g]
	if receiver.Room == NoRoom {
		return expectation{mean: -85, sigma: 12} // it hangs nobody knows where: it says nothing of any room
	}
	strength := [...]float64{-64, -76, -83, -88, -92}
	if doors == nil {
		doors = h.doorsFrom(g)
	}
	step := min(doors[room], len(strength)-1)
	mean := strength[step]
	if step == len(strength)-1 && h.plan.Rooms[room].Level == h.plan.Rooms[receiver.Room].Level {
		mean = -84 // same storey, doors not told
	}
	return expectation{mean: mean, sigma: hopVagueDB}
}
