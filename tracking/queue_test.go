package tracking

import "testing"

// What one flood needed is not held for ever: once it has been calm for long, the ring is small again.
func TestARingIsSmallAgainAfterAFlood(t *testing.T) {
	q := newQueue(MaxQueued)
	q.put(make([]heard, 20_000))
	if len(q.ring) < 20_000 {
		t.Fatalf("a ring of %d", len(q.ring))
	}
	for range calmFor {
		q.take(nil, maxBatch)
	}
	if len(q.ring) < 20_000 {
		t.Error("the ring shrank while the flood was not over")
	}
	for i := range calmFor + 1 {
		q.put([]heard{{atMS: int64(i)}})
		if got := q.take(nil, maxBatch); len(got) != 1 || got[0].atMS != int64(i) {
			t.Fatalf("after the flood: %v", got)
		}
	}
	if len(q.ring) != firstRing {
		t.Errorf("after the flood a ring of %d", len(q.ring))
	}
}

func TestABufferKeepsLittleOfWhatOneFloodNeeded(t *testing.T) {
	if cap(calm(make([]int, 5, 9), 9)) != 9 || cap(calm(make([]int, 5, 10), 9)) != 0 {
		t.Error("the limit is not at its edge")
	}
}

func TestPinsOfARoomAreFoundHoweverTheyCome(t *testing.T) {
	m := Map{Pins: []Pin{{Asset: "1", Room: "a"}, {Asset: "2", Room: "b"}, {Asset: "3", Room: "b"}, {Asset: "4", Room: "a"}, {Asset: "5", Room: "c"}}}
	rooms := m.ByRoom()
	if len(rooms) != 3 || len(rooms["a"]) != 2 || rooms["a"][1].Asset != "4" || len(rooms["b"]) != 2 || rooms["b"][1].Asset != "3" || len(rooms["c"]) != 1 {
		t.Errorf("%+v", rooms)
	}
	if m.Pins[1].Asset != "2" {
		t.Error("the list itself was changed")
	}
}
