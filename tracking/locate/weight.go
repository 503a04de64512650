package locate

import "math"

// weight is how likely a tag is at a spot. Ten thousands of tags keep MaxCandidates each,
// which is most of what is known of them: so it takes four bytes.
type weight struct {
	spot int16
	p    chance
}

// chance is a probability from leastChance to 1 in sixteen bits: what is left of a float32
// without its sign, the upper part of its exponent and the last droppedBits of its fraction.
// It is true to one in four thousand, and in the order of the probabilities.
type chance uint16

const (
	droppedBits = 12
	// leastChance is 2⁻³¹; what is less becomes 0, which is kept for it.
	leastChance = 0x1p-31
)

// belowChances is what all chances begin with, and none of them says.
var belowChances = math.Float32bits(leastChance) >> droppedBits

func chanceOf(p float32) chance {
	if p < leastChance {
		return 0
	}
	const half = 1 << (droppedBits - 1)
	return chance((math.Float32bits(p)+half)>>droppedBits - belowChances + 1)
}

func (c chance) float() float32 {
	if c == 0 {
		return 0
	}
	return math.Float32frombits((uint32(c) - 1 + belowChances) << droppedBits)
}
