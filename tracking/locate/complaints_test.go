package locate

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// What users of other systems complain about most, where the filter answers for it;
// cmd/wardwatch/complaints_test.go lists them all.

// station is a tag's stay in a room of the ward: which receivers hear it, how loudly on the
// whole, and how widely that swings.
type station struct {
	tag     string
	room    int
	seconds int
	heard   map[int]float64
	swingDB float64
}

// stay writes down what receivers hear of tags at their stations, one after the other.
func stay(stations ...station) recording {
	r, noise, at := recording{plan: ward()}, rand.New(rand.NewPCG(21, 22)), int64(1_700_000_000_000)
	for _, s := range stations {
		r.truth = append(r.truth, Truth{Tag: s.tag, FromMS: at, ToMS: at + int64(s.seconds)*1000 - 1, Room: r.plan.Rooms[s.room].ID})
		for range s.seconds {
			for g := range r.plan.Receivers {
				if dbm, hears := s.heard[g]; hears && noise.Float64() < 0.7 {
					r.observations = append(r.observations, Observation{AtMS: at, Receiver: r.plan.Receivers[g].ID, Tag: s.tag, DBm: dbm + s.swingDB*noise.NormFloat64()})
				}
			}
			at += 1000
		}
	}
	return r
}

// A pump stands for an hour where it sounds much like the room next door, and is then
// pushed on: it jumps at most half as often as by the nearest neighbours, and its one
// true move is seen within ten seconds.
func TestComplaintATagJumpsBetweenRooms(t *testing.T) {
	const swingDB = 5
	r := stay(station{"lesson", roomA, 60, inA, swingDB}, station{"lesson", roomB, 60, inB, swingDB}, station{"lesson", roomC, 60, inC, swingDB},
		station{"pump", roomA, 3600, map[int]float64{0: -62, 1: -69, 2: -82}, swingDB}, station{"pump", roomC, 120, inC, swingDB})
	pump := fold(func(tag string, _ int64) bool { return tag == "pump" })
	stood := slices.DeleteFunc(slices.Clone(r.truth), func(x Truth) bool { return x.Tag != "pump" })
	said := predict(r, DefaultTuning(), pump)
	ours := Judge(stood, said)
	theirs := nearestNeighbours(moments(r, 2000, 1000), stood, []fold{pump})
	t.Logf("ours %.3f at %.0f flaps an hour, nearest neighbours %.3f at %.0f", ours.Accuracy, ours.FlapsPerHour, theirs.Accuracy, theirs.FlapsPerHour)
	if theirs.FlapsPerHour < 10 || ours.FlapsPerHour > theirs.FlapsPerHour/2 {
		t.Error("it jumps as other systems do")
	}
	moved := stood[1].FromMS
	if !slices.ContainsFunc(said, func(p Prediction) bool { return p.Room == "C" && p.AtMS >= moved && p.AtMS <= moved+10_000 }) {
		t.Error("its true move was not seen in time")
	}
}

// A tag that counts its movements, as a RuuviTag does, says by an unchanged count that it
// rests: what people and metal do to its signal hardly moves it, while one whose count goes
// on is followed at once. Counts run over, and one of before comes late by another gateway.
func TestComplaintNobodyAsksTheAccelerometer(t *testing.T) {
	seconds := func(count func(second int) (int32, bool)) int {
		w := newWalk(NewModel(ward(), DefaultTuning()))
		for n := range 660 {
			if movements, counts := count(n); counts {
				w.s.Count(movements, w.at+1000)
			}
			if n < 60 {
				w.hear(inA)
				continue
			}
			w.hear(map[int]float64{0: -68, 1: -64, 2: -80}) // B is heard a little better than A, as when somebody stands between
			if int(w.s.Answer().Room) == roomB {
				return n - 60
			}
		}
		return 600
	}
	silent := seconds(func(int) (int32, bool) { return 0, false })
	rests := seconds(func(int) (int32, bool) { return 254, true })
	late := seconds(func(n int) (int32, bool) { return int32(254 - n%2*3), n >= 40 || n%2 == 0 })
	pushed := seconds(func(n int) (int32, bool) { return int32((200 + n) % 255), true })
	t.Logf("moved after %d s without a count, %d s with one that stands still, %d s where older counts come late, %d s with one that goes on", silent, rests, late, pushed)
	if rests < 2*silent || late < 2*silent || pushed > silent {
		t.Error("the count of movements does not count")
	}
}

// A pump stands for an hour below a receiver of the storey above, which hears it nearly as
// loudly as its own room's, and often louder. It stays where it is. Where a storey is as easily
// changed as a room it would go up and down all the time, as in other systems.
func TestComplaintTheWrongFloor(t *testing.T) {
	hour := func(tuning Tuning) (moves, above int) {
		noise, w := rand.New(rand.NewPCG(3, 4)), newWalk(NewModel(ward(), tuning))
		for range 3600 {
			heard := map[int]float64{}
			for _, at := range []struct {
				receiver int
				dbm      float64
			}{{0, -62}, {1, -76}, {4, -64}} {
				if noise.Float64() < 0.6 {
					heard[at.receiver] = at.dbm + 6*noise.NormFloat64()
				}
			}
			w.hear(heard)
			if int(w.s.Answer().Room) == upstairs {
				above++
			}
		}
		return len(w.events), above
	}
	easy := DefaultTuning()
	easy.WinsAcrossFloors, easy.AcrossFloors = 1, 1
	moves, above := hour(DefaultTuning())
	theirs, wrong := hour(easy)
	t.Logf("ours moved %d times, %d s on the wrong floor; without inertia %d times, %d s", moves, above, theirs, wrong)
	if moves > 3 || above > 60 || theirs < 10 || wrong < 100 {
		t.Error("storeys are changed too easily, or the story shows nothing")
	}
}
