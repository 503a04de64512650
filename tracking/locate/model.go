package locate

import (
	"cmp"
	"math"
	"slices"
)

// How much the filter leans on what it was given.
const (
	priorSteps = 12.0 // steps of teaching that weigh as much as geometry
	kernelDB   = 3.0  // a taught signal also speaks for signals this near
	floorShare = 0.02 // of every histogram spread evenly: nothing is impossible
)

// Model is everything the filter knows of one house: what each receiver hears
// from each room, and which rooms lead to which. It is never changed once
// built, so every goroutine may share it.
type Model struct {
	plan Plan

	rooms     map[string]int
	receivers map[string]int

	// For receiver g and room r at g*len(rooms)+r: log-likelihoods.
	signal []float32 // bins of them: heard with this strength, less silent
	silent []float32 // not heard in a step
	quiet  []float32 // by room: no receiver hears the tag at all

	near      [][]int16 // by receiver: the rooms it speaks for, likeliest first
	doors     [][]int16
	taught    []bool // by room
	anyTaught bool
	tuning    Tuning
}

// NewModel builds a model of the plan; lessons may be none.
func NewModel(plan Plan, tuning Tuning, lessons ...Lesson) *Model {
	m := &Model{plan: plan, tuning: tuning,
		rooms: make(map[string]int, len(plan.Rooms)), receivers: make(map[string]int, len(plan.Receivers)),
		doors: make([][]int16, len(plan.Rooms)), taught: make([]bool, len(plan.Rooms))}
	for i, room := range plan.Rooms {
		m.rooms[room.ID] = i
		for _, door := range room.Doors {
			m.doors[i] = append(m.doors[i], int16(door))
		}
	}
	for i, receiver := range plan.Receivers {
		m.receivers[receiver.ID] = i
	}
	for _, lesson := range lessons {
		m.taught[lesson.Room], m.anyTaught = true, true
	}
	m.tabulate(expect(plan), learn(plan, lessons))
	return m
}

// Room is the index of a room; false when the plan has none of that name.
func (m *Model) Room(id string) (int, bool) { i, ok := m.rooms[id]; return i, ok }

// Receiver is the index of a receiver; false when the plan has none of that name.
func (m *Model) Receiver(id string) (int, bool) { i, ok := m.receivers[id]; return i, ok }

// RoomID names the room of an index; empty for NoRoom.
func (m *Model) RoomID(room int) string {
	if room < 0 || room >= len(m.plan.Rooms) {
		return ""
	}
	return m.plan.Rooms[room].ID
}

// ReceiverID names the receiver of an index; empty when there is none.
func (m *Model) ReceiverID(receiver int) string {
	if receiver < 0 || receiver >= len(m.plan.Receivers) {
		return ""
	}
	return m.plan.Receivers[receiver].ID
}

// Plan is what the model was built from; read only.
func (m *Model) Plan() Plan { return m.plan }

// Taught says whether anybody has taught the room.
func (m *Model) Taught(room int) bool { return m.taught[room] }

// tabulate blends what geometry expects with what teaching found: geometry
// counts as priorSteps of teaching, so it fades as teaching grows.
func (m *Model) tabulate(expected [][]expectation, prints fingerprints) {
	nr, ng := len(m.plan.Rooms), len(m.plan.Receivers)
	m.signal = make([]float32, nr*ng*bins)
	m.silent = make([]float32, nr*ng)
	m.quiet = make([]float32, nr)
	m.near = make([][]int16, ng)
	kernel := gaussianKernel(kernelDB)
	for g := range ng {
		audible := make([]float64, nr)
		for r := range nr {
			e, c := expected[g][r], &prints[g][r]
			share := (c.heard + priorSteps*e.heard) / (c.steps + priorSteps)
			audible[r] = share
			density := blend(e, c, kernel)
			at := g*nr + r
			m.silent[at] = float32(math.Log(1 - share))
			m.quiet[r] += m.silent[at]
			for b := range bins {
				m.signal[at*bins+b] = float32(math.Log(share*density[b])) - m.silent[at]
			}
		}
		m.near[g] = loudest(audible, expected[g])
	}
}

// blend is the density over bins of a signal, given that it was heard.
func blend(e expectation, c *cell, kernel []float64) [bins]float64 {
	var density [bins]float64
	var sum float64
	for b := range bins {
		z := (lowestDBm + (float64(b)+0.5)*binDB - e.mean) / e.sigma
		density[b] = math.Exp(-z * z / 2)
		sum += density[b]
	}
	weight := priorSteps * e.heard
	total := weight + c.heard
	for b := range bins {
		density[b] *= weight / sum
	}
	for b, count := range c.histogram {
		if count == 0 {
			continue
		}
		for k, share := range kernel {
			to := max(min(b+k-len(kernel)/2, bins-1), 0)
			density[to] += count * share
		}
	}
	for b := range bins {
		density[b] = (1-floorShare)*density[b]/total + floorShare/bins
	}
	return density
}

func gaussianKernel(sigmaDB float64) []float64 {
	half := int(math.Ceil(3 * sigmaDB / binDB))
	kernel := make([]float64, 2*half+1)
	var sum float64
	for i := range kernel {
		z := float64(i-half) * binDB / sigmaDB
		kernel[i] = math.Exp(-z * z / 2)
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	return kernel
}

// loudest are the rooms from which a receiver is most likely to hear a tag.
func loudest(audible []float64, expected []expectation) []int16 {
	order := make([]int16, len(audible))
	for r := range order {
		order[r] = int16(r)
	}
	slices.SortStableFunc(order, func(a, b int16) int {
		if c := cmp.Compare(audible[b], audible[a]); c != 0 {
			return c
		}
		return cmp.Compare(expected[b].mean, expected[a].mean)
	})
	return order[:min(len(order), nearRooms)]
}
