package locate

import (
	"cmp"
	"math"
	"slices"
)

// How much the filter leans on what it was given.
const (
	priorSteps  = 12.0 // steps of teaching that weigh as much as geometry
	kernelDB    = 3.0  // a taught signal also speaks for signals this near
	floorShare  = 0.02 // of every histogram spread evenly: nothing is impossible
	nearSpots   = 48   // spots that one receiver speaks for
	mostShare   = 0.98 // nothing is heard in every step
	nearShare   = 0.3  // of the loudest spot's share, below which a spot is not near
	enterPrior  = 0.1  // entries that every spot is credited with
	leavePriorS = 4.0  // seconds of teaching that weigh as much as Tuning.LeavePerSecond
	faintShare  = 0.02 // below this share of steps heard, a receiver hardly tells of a spot
)

// Model is everything the filter knows of one house: what each receiver hears
// from each spot of each room, and which rooms lead to which. It is never
// changed once built, so every goroutine may share it.
type Model struct {
	plan   Plan
	tuning Tuning
	trials map[int]map[int]int // by room taught, then room said: steps
	scale  scale               // from what the filter thinks to how often it is right
	oddest float32             // familiarity below which a tag is heard as no lesson was
	words  []Words             // by room; nil in a model that is only tried
	trust  []float32           // by room: what people's words leave of a confidence

	rooms     map[string]int
	receivers map[string]int
	doors     [][]int16
	taught    []bool // by room
	// mostTaught: half of the rooms at least were taught, so that what sounds like no lesson is no room.
	mostTaught bool

	roomOf []int16                // by spot
	leave  []float32              // by spot: chance of leaving the room within a second
	enter  []float32              // by spot: share of those that come into the room
	quiet  []float32              // by spot: log-likelihood that no receiver hears the tag
	calm   [][calmClasses]float32 // by spot: what a tag's steadiness says for it
	// recalls are what to expect of memories, at the same index as cells, unheard the
	// log-likelihood of none, forgotten the sum of those by spot, visited the spots of which
	// visits told; nil where nobody's visit taught.
	recalls            []recall
	unheard, forgotten []float32
	visited            []bool
	near               [][]int16 // by receiver: the spots it speaks for, likeliest first

	// A spot that was taught is weighed by tables, any other, which untaught names, by what is
	// expected; so each has its column in cells or in plain, and which it is, is column.
	untaught          []bool
	column            []int32
	ofTaught, ofPlain int // how many columns there are

	// cells is where receiver g's table of a taught spot begins, at g*ofTaught+column:
	// log-likelihoods of not hearing it, then of each strength (less the former).
	// Table 0 is that of a receiver that hardly ever hears the spot.
	cells  []int32
	tables []float32
	plain  []gauss   // at g*ofPlain+column
	silent []float32 // log-likelihood of receiver g's not hearing a tag at a taught spot, at g*ofTaught+column
	// undrawn says, by spot, that nobody taught its room nor drew it; anyUndrawn, that
	// there is such a spot. Of those the loudest receiver tells more than any distance.
	undrawn    []bool
	anyUndrawn bool
	// blind: nobody drew nor taught any room, and each has a receiver of its own.
	blind bool
}

// gauss is an expectation ready for use.
type gauss struct {
	mean, precision float32 // dBm, 1/dB²
	norm            float32 // log of heard × density's height × bin, less log of not heard
}

const tableSize = bins + 1

// NewModel builds a model of the plan; lessons may be none.
func NewModel(plan Plan, tuning Tuning, lessons ...Lesson) *Model {
	sounds := sound(lessons)
	m := newModel(plan, tuning, sounds)
	m.scale, m.oddest = m.learnScale(plan, tuning, sounds)
	m.hearWords(lessons)
	return m
}

func newModel(plan Plan, tuning Tuning, lessons []Lesson) *Model {
	m := &Model{plan: plan, tuning: tuning, oddest: float32(math.Inf(-1)),
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
	rooms := 0
	for _, lesson := range lessons {
		if !m.taught[lesson.Room] {
			rooms++
		}
		m.taught[lesson.Room] = true
	}
	m.mostTaught = rooms > 0 && 2*rooms >= len(plan.Rooms)
	spots := spotsOf(plan, lessons)
	m.tabulate(spots)
	m.pass(spots)
	m.calm = tabulateCalm(spots)
	m.tabulateMemory(spots)
	return m
}

// pass works out from which spots tags leave a room and at which they come in:
// near the door, where teaching saw it; anywhere alike, where nobody knows.
func (m *Model) pass(spots []spot) {
	m.leave, m.enter = make([]float32, len(spots)), make([]float32, len(spots))
	entering := make([]float64, len(m.plan.Rooms))
	for _, s := range spots {
		entering[s.room] += s.entries + enterPrior
	}
	for i, s := range spots {
		seconds := s.taught * float64(m.tuning.StepMS) / 1000
		m.leave[i] = float32((s.exits + m.tuning.LeavePerSecond*leavePriorS) / (seconds + leavePriorS))
		m.enter[i] = float32((s.entries + enterPrior) / entering[s.room])
	}
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

// tabulate blends what geometry expects with what teaching found: geometry
// counts as priorSteps of teaching, so it fades as teaching grows.
func (m *Model) tabulate(spots []spot) {
	ns, ng := len(spots), len(m.plan.Receivers)
	m.roomOf, m.quiet = make([]int16, ns), make([]float32, ns)
	m.near, m.tables = make([][]int16, ng), rarely()
	m.partColumns(spots)
	m.cells, m.silent, m.plain = make([]int32, ng*m.ofTaught), make([]float32, ng*m.ofTaught), make([]gauss, ng*m.ofPlain)
	kernel := gaussianKernel(kernelDB)
	hearing := newHearing(m.plan)
	m.undrawn, m.blind = make([]bool, ns), m.plan.everyRoomHears()
	for s := range spots {
		m.roomOf[s] = int16(spots[s].room)
		m.undrawn[s] = spots[s].taught == 0 && len(m.plan.Rooms[spots[s].room].Outline) == 0
		m.anyUndrawn, m.blind = m.anyUndrawn || m.undrawn[s], m.blind && m.undrawn[s]
	}
	for g := range ng {
		loud := make([]loudness, ns)
		for s := range spots {
			e, c := hearing.expect(g, &spots[s]), spots[s].cells[g]
			if c == nil {
				c = &cell{}
			}
			share := min((c.heard+priorSteps*e.heard)/(c.steps+priorSteps), mostShare)
			loud[s] = loudness{spot: int16(s), share: share, mean: e.mean}
			silent := math.Log(1 - share)
			if column := int(m.column[s]); m.untaught[s] { // weighed by its expectation alone
				m.plain[g*m.ofPlain+column] = gauss{mean: float32(e.mean), precision: float32(1 / (e.sigma * e.sigma)),
					norm: float32(math.Log(share*binDB/(e.sigma*math.Sqrt(2*math.Pi))) - silent)}
			} else {
				m.silent[g*m.ofTaught+column] = float32(silent)
				if share >= faintShare {
					m.cells[g*m.ofTaught+column] = int32(len(m.tables))
					m.tables = append(m.tables, table(share, blend(e, c, kernel))...)
				}
			}
			m.quiet[s] += float32(silent)
		}
		m.near[g] = loudest(loud)
	}
	m.tables = slices.Clip(m.tables)
}

// notHearing is the log-likelihood of receiver g's not hearing a tag at a spot. It is asked only
// when a receiver goes off line; of an untaught spot's, its norm tells it.
func (m *Model) notHearing(g, spot int) float32 {
	column := int(m.column[spot])
	if !m.untaught[spot] {
		return m.silent[g*m.ofTaught+column]
	}
	e := m.plain[g*m.ofPlain+column]
	odds := math.Exp(float64(e.norm)) * math.Sqrt(2*math.Pi/float64(e.precision)) / binDB
	return float32(-math.Log1p(odds))
}

// partColumns gives each spot its column among those that were taught or the others.
func (m *Model) partColumns(spots []spot) {
	m.untaught, m.column = make([]bool, len(spots)), make([]int32, len(spots))
	for s := range spots {
		among := &m.ofTaught
		if m.untaught[s] = spots[s].taught == 0; m.untaught[s] {
			among = &m.ofPlain
		}
		m.column[s] = int32(*among)
		*among++
	}
}

// rarely is the table of a receiver that hardly ever hears a spot.
func rarely() []float32 {
	var even [bins]float64
	for b := range even {
		even[b] = floorShare / bins
	}
	return table(leastHeard, even)
}

func table(share float64, density [bins]float64) []float32 {
	silent := math.Log(1 - share)
	t := make([]float32, tableSize)
	t[0] = float32(silent)
	for b := range bins {
		t[1+b] = float32(math.Log(share*density[b]) - silent)
	}
	return t
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

type loudness struct {
	spot        int16
	share, mean float64
}

// loudest are the spots from which a receiver is most likely to hear a tag.
func loudest(all []loudness) []int16 {
	slices.SortStableFunc(all, func(a, b loudness) int {
		return cmp.Or(cmp.Compare(b.share, a.share), cmp.Compare(b.mean, a.mean))
	})
	var near []int16
	for _, l := range all[:min(len(all), nearSpots)] {
		if l.share >= nearShare*all[0].share {
			near = append(near, l.spot)
		}
	}
	return near
}
