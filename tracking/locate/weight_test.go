package locate

import (
	"math"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// A weight takes four bytes; its chance is true to one in four thousand, and of two chances
// the greater stays the greater.
func TestAChanceKeepsItsWorthAndOrder(t *testing.T) {
	if size := unsafe.Sizeof(weight{}); size != 4 {
		t.Fatalf("a weight takes %d bytes", size)
	}
	for _, p := range []float32{0, leastChance, faint, 0.5, 1} {
		if got := chanceOf(p).float(); got != p && p != faint {
			t.Errorf("%v became %v", p, got)
		}
	}
	if got := chanceOf(leastChance / 2); got != 0 {
		t.Errorf("what is less than can be told became %v", got.float())
	}
	rapid.Check(t, func(t *rapid.T) {
		p, q := rapid.Float32Range(leastChance, 1).Draw(t, "p"), rapid.Float32Range(leastChance, 1).Draw(t, "q")
		kept := chanceOf(p).float()
		if off := math.Abs(float64(kept)/float64(p) - 1); off > 1.0/4000 {
			t.Fatalf("%v became %v, which is off by %v", p, kept, off)
		}
		if p < q && chanceOf(p) > chanceOf(q) {
			t.Fatalf("%v < %v, kept in the other order", p, q)
		}
	})
}
