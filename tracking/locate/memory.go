package locate

import (
	"math"
	"slices"
)

// What a tag was heard like over the last seconds tells of its place too: in the same
// breath the same strengths mean another place while a tag comes than while it goes,
// and another where it is pushed than where it stands. So each receiver's last seconds
// are kept, and whole visits teach how they mostly look at each spot. A lesson of a
// minute on one's feet says nothing of how tags come to stand there, and teaches none.

const (
	// seconds are remembered of each receiver, in a byte each.
	seconds  = 8
	secondMS = 1000
	// Within a spot, means and spreads of the last seconds are off by this much at least.
	leastMeanDB2, leastSpreadDB2 = 3.0, 0.5
	// memoryPrior is how many steps weigh as much as what holds in the whole house.
	memoryPrior = 10.0
	// leastRemembered is the least share of steps with or without a receiver's memory.
	leastRemembered = 0.02
	// apartMean and apartSpread are how much memories count beside strengths where parts of
	// a room are told apart.
	apartMean, apartSpread = 0.7, 1.0
	// mostRecalled bounds what memories say, as a log-likelihood ratio.
	mostRecalled = 30
)

// memory is how one receiver heard a tag in each of the last seconds, half a decibel a
// unit below zero, the newest in the lowest byte; zero where it did not.
type memory uint64

// age moves the seconds on.
func (m memory) age(by int64) memory {
	switch {
	case by <= 0: // a person's word may put the clock back
		return m
	case by >= seconds:
		return 0
	}
	return m << (8 * by)
}

// hear notes a strength in the newest second.
func (m memory) hear(dbm float32) memory {
	return m&^0xff | memory(min(max(-2*dbm, 1), 255))
}

// sum is the mean of the seconds in which the tag was heard, and by how much they differ, in dB.
func (m memory) sum() (mean, spread float32) {
	var n, sum, squares int32
	for ; m != 0; m >>= 8 {
		if v := int32(m & 0xff); v != 0 {
			n, sum, squares = n+1, sum+v, squares+v*v
		}
	}
	if n == 0 {
		return 0, 0
	}
	mean = float32(sum) / float32(n)
	spread = float32(math.Sqrt(float64(max(float32(squares)/float32(n)-mean*mean, 0))))
	return -mean / 2, spread / 2
}

// Recollection is what one receiver remembers of a tag: how strongly it heard it over
// the last seconds, and how much they differ.
type Recollection struct {
	Receiver          int
	MeanDBm, SpreadDB float32
}

// recollect lists what the receivers remember of a tag.
func (s *State) recollect() []Recollection {
	var all []Recollection
	for _, l := range s.past {
		if l.memory != 0 {
			mean, spread := l.memory.sum()
			all = append(all, Recollection{Receiver: int(l.receiver), MeanDBm: mean, SpreadDB: spread})
		}
	}
	return all
}

// counted counts numbers.
type counted struct{ n, sum, squares float64 }

func (m *counted) add(x float64) { m.n, m.sum, m.squares = m.n+1, m.sum+x, m.squares+x*x }

func (m *counted) plus(o counted) {
	m.n, m.sum, m.squares = m.n+o.n, m.sum+o.sum, m.squares+o.squares
}

// bell is a normal distribution.
type bell struct{ mean, variance float64 }

// alone is what the numbers are like.
func (m counted) alone(least float64) bell {
	mean := m.sum / m.n
	return bell{mean: mean, variance: max(m.squares/m.n-mean*mean, 0) + least}
}

// beside is the same, near what they are like in the house while they are few.
func (m counted) beside(house bell, least float64) bell {
	m.plus(counted{n: memoryPrior, sum: memoryPrior * house.mean, squares: memoryPrior * (house.variance + house.mean*house.mean)})
	return m.alone(least)
}

// remembered is what lessons tell of one receiver's memory at one spot.
type remembered struct{ mean, spread counted }

// recall is what to expect of one receiver's memory at one spot.
type recall struct {
	mean, meanPrecision, spread, spreadPrecision, norm float32
}

// tabulateMemory works out what to expect of memories at each spot; nothing where no visit taught.
func (m *Model) tabulateMemory(spots []spot) {
	ng, ns := len(m.plan.Receivers), len(spots)
	visited := 0.0
	for _, s := range spots {
		visited += s.visited
	}
	if visited == 0 {
		return
	}
	m.recalls, m.unheard, m.forgotten, m.visited = make([]recall, ng*ns), make([]float32, ng*ns), make([]float32, ns), make([]bool, ns)
	for i, s := range spots {
		m.visited[i] = s.visited > 0
	}
	for g := range ng {
		var house remembered
		for _, s := range spots {
			if s.visited > 0 {
				house.mean.plus(s.memories[g].mean)
				house.spread.plus(s.memories[g].spread)
			}
		}
		if house.mean.n > 0 {
			m.expectMemory(g, spots, house, house.mean.n/visited)
		}
	}
}

// expectMemory fills in one receiver's part, which remembers something in the usual share of steps.
func (m *Model) expectMemory(g int, spots []spot, house remembered, usual float64) {
	mean, spread := house.mean.alone(leastMeanDB2), house.spread.alone(leastSpreadDB2)
	for i, s := range spots {
		if s.visited == 0 {
			continue
		}
		r, at := s.memories[g], g*len(spots)+i
		share := (r.mean.n + memoryPrior*usual) / (s.visited + memoryPrior)
		share = min(max(share, leastRemembered), 1-leastRemembered)
		a, b := r.mean.beside(mean, leastMeanDB2), r.spread.beside(spread, leastSpreadDB2)
		silent := math.Log(1 - share)
		m.recalls[at] = recall{mean: float32(a.mean), meanPrecision: float32(1 / a.variance),
			spread: float32(b.mean), spreadPrecision: float32(1 / b.variance),
			norm: float32(math.Log(share) - silent - math.Log(a.variance*b.variance)/2)}
		m.unheard[at] = float32(silent)
		m.forgotten[i] += float32(silent)
	}
}

// recall weighs what the receivers remember of the tag.
func (f *Filter) recall(s *State) {
	m := f.model
	for j, spot := range f.spots {
		f.past[j] = f.forgotten[spot]
	}
	for _, l := range s.past {
		if l.memory == 0 {
			continue
		}
		mean, spread := l.memory.sum()
		row := int(l.receiver) * len(m.roomOf)
		for j, spot := range f.spots {
			r := &m.recalls[row+int(spot)]
			offMean, offSpread := mean-r.mean, spread-r.spread
			f.past[j] += r.norm - (offMean*offMean*r.meanPrecision+offSpread*offSpread*r.spreadPrecision)/2
		}
	}
	best := float32(math.Inf(-1))
	for j, spot := range f.spots {
		if m.visited[spot] {
			best = max(best, f.past[j])
		}
	}
	for j, spot := range f.spots {
		if m.visited[spot] {
			f.past[j] = max(f.past[j]-best, -mostRecalled)
		} else { // no visit told of it, so it has the benefit of the doubt
			f.past[j] = 0
		}
	}
}

// tellApart adds to how steps sound what was remembered at each, where all lessons are
// visits: a part of a room in which tags come is heard otherwise than one where they go.
func tellApart(sound [][]float64, lessons []Lesson, columns []int) {
	for _, l := range lessons {
		if l.Before == nil {
			return
		}
	}
	at := 0
	for _, l := range lessons {
		for _, before := range l.Before {
			row := make([]float64, 2*len(columns))
			for i := range columns {
				row[i] = unheardDBm * apartMean
			}
			for _, r := range before {
				if i, found := slices.BinarySearch(columns, r.Receiver); found {
					row[i], row[len(columns)+i] = float64(r.MeanDBm)*apartMean, float64(r.SpreadDB)*apartSpread
				}
			}
			sound[at] = append(sound[at], row...)
			at++
		}
	}
}
