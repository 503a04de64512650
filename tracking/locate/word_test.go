package locate

import (
	"math/rand/v2"
	"testing"
)

// minute is a lesson of what was heard of a tag that moved about in a room.
func minute(room int, heard map[int]float64, seed uint64) Lesson {
	noise := rand.New(rand.NewPCG(seed, 12))
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
	return lesson
}

func TestOneTaughtRoomLeavesTheOthersToBeFound(t *testing.T) {
	m := NewModel(ward(), DefaultTuning(), minute(roomA, inA, 1))
	w := newWalk(m)
	w.hearFor(30, inC)
	w.in(t, roomC)
	w.hearFor(60, inA)
	w.in(t, roomA)
}

// Four answers of B that were wrong leave half of B's confidence, and none of A's.
func TestPeoplesWordsSayHowFarARoomIsBelieved(t *testing.T) {
	lessons := []Lesson{minute(roomA, inA, 1), minute(roomB, inB, 2), minute(roomC, inC, 3)}
	sure := func(m *Model, heard map[int]float64) float32 {
		w := newWalk(m)
		w.hearFor(20, heard)
		return w.s.Answer().Confidence
	}
	before := NewModel(ward(), DefaultTuning(), lessons...)
	said := append([]Lesson{}, lessons...)
	for range 4 {
		said = append(said, Lesson{Room: roomC, Verdict: Verdict{Given: true, Room: roomB}})
	}
	said = append(said, Lesson{Room: roomA, Verdict: Verdict{Given: true, Room: roomA, Right: true}})
	after := NewModel(ward(), DefaultTuning(), said...)
	if was, is := sure(before, inB), sure(after, inB); is < was*0.49 || is > was*0.51 {
		t.Errorf("B was believed with %.2f, and with %.2f after four wrong answers", was, is)
	}
	if was, is := sure(before, inA), sure(after, inA); is != was {
		t.Errorf("A was believed with %.2f, and with %.2f after a right answer", was, is)
	}
	if got := after.Words(roomB); got != (Words{Wrong: 4}) {
		t.Errorf("%+v", got)
	}
}

// Somebody taught B while the tag stood in C. Who then looks in B and does not
// find it teaches that what is heard there is not B.
func TestNotHereTakesBackWhatSoundedLikeIt(t *testing.T) {
	wrong := minute(roomB, inC, 4)
	w := newWalk(NewModel(ward(), DefaultTuning(), minute(roomA, inA, 1), wrong))
	w.hearFor(30, inC)
	w.in(t, roomB)
	notHere := minute(roomB, inC, 5)
	notHere.NotThere = true
	if left := sound([]Lesson{wrong, notHere}); len(left) > 1 || len(left) == 1 && len(left[0].Steps) > 30 {
		t.Fatalf("of the 150 steps that sounded like it %d are left", len(left[0].Steps))
	}
	if len(wrong.Steps) != 150 {
		t.Error("the lesson itself was changed: it could not be undone")
	}
	w = newWalk(NewModel(ward(), DefaultTuning(), minute(roomA, inA, 1), wrong, notHere))
	w.hearFor(30, inC)
	w.in(t, roomC)
	if left := sound([]Lesson{minute(roomB, inB, 2), notHere}); len(left) != 1 || len(left[0].Steps) < 140 {
		t.Error("what sounds otherwise was taken away too")
	}
}
