package locate

import "math"

// How steadily a tag is heard tells of its place too: beds and bays are where
// equipment rests, corridors where it is pushed along. Only whole visits teach
// that: who stands in a room for a minute to teach it says nothing of how long
// and how still a tag would otherwise stay there.

const (
	// calmClasses of change are told apart, each twice the one before, from a quarter
	// of a dB² a step.
	calmClasses = 8
	// calmPrior is how many steps weigh as much as what holds in the whole house.
	calmPrior = 40.0
)

// calmness counts the steps of whole visits by the class of their change.
type calmness [calmClasses]float64

// calmClass sorts a change from step to step, in dB².
func calmClass(change float32) int {
	return max(min(int(math.Log2(float64(change)+0.01)+2), calmClasses-1), 0)
}

// blurred lends half of each class to the two beside it: between them there is no wall.
func (c *calmness) blurred() calmness {
	var b calmness
	for class, n := range c {
		b[class] += n / 2
		b[max(class-1, 0)] += n / 4
		b[min(class+1, calmClasses-1)] += n / 4
	}
	return b
}

func (c *calmness) steps() float64 {
	var sum float64
	for _, n := range c {
		sum += n
	}
	return sum
}

// tabulateCalm is, by spot and class, how much likelier that class is there than
// in the whole house, as a logarithm; zero where no visit told of it.
func tabulateCalm(spots []spot) [][calmClasses]float32 {
	var house calmness
	for i := range spots {
		for class, n := range spots[i].calm.blurred() {
			house[class] += n
		}
	}
	tables := make([][calmClasses]float32, len(spots))
	all := house.steps()
	if all == 0 {
		return tables
	}
	for i := range spots {
		steps := spots[i].calm.steps()
		for class, n := range spots[i].calm.blurred() {
			usual := (house[class] + 1) / (all + calmClasses)
			tables[i][class] = float32(math.Log((n + calmPrior*usual) / (steps + calmPrior) / usual))
		}
	}
	return tables
}
