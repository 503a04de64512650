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
	untaught []bool
	column   []int32
	ofTaught int // how many columns there are in cells

	// cells is where receiver g's table of a taught spot begins, at g*ofTaught+column:
	// log-likelihoods of not hearing it, then of each strength (less the former).
	// Table 0 is that of a receiver that hardly ever hears the spot.
	cells  []int32
	tables []float32
	plain  []storeys // by receiver
	hears  hearing
	spots  []spot    // where they are; not what was heard there
	silent []float32 // log-likelihood of receiver g's not hearing a tag at a taught spot, at g*ofTaught+column
	// undrawn says, by spot, that nobody taught its room nor drew it; anyUndrawn, that
	// there is such a spot. Of those the loudest receiver tells more than any distance.
	undrawn    []bool
	anyUndrawn bool
	// blind: nobody drew nor taught any room, and each has a receiver of its own.
	blind bool
}

// storeys is what a receiver should hear of the untaught spots on its own storey and those above
// and below. What it hears of others, which is hardly ever asked, is worked out then: in a tall
// house all of them would be most of what a model holds.
type storeys struct {
	first int // column of the first
	of    []gauss
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

// plainly is an expectation of which teaching tells nothing, ready for use.
func (e expectation) plainly() gauss {
	share := min(priorSteps*e.heard/priorSteps, mostShare)
	return gauss{mean: float32(e.mean), precision: float32(1 / (e.sigma * e.sigma)),
		norm: float32(math.Log(share*binDB/(e.sigma*math.Sqrt(2*math.Pi))) - math.Log(1-share))}
}

// keep keeps what to expect of a column that is one of its own.
func (row *storeys) keep(column int, e expectation) {
	if at := column - row.first; at >= 0 && at < len(row.of) {
		row.of[at] = e.plainly()
	}
}

// expects is what receiver g should hear of an untaught spot.
func (m *Model) expects(g, spot int) gauss {
	if e := m.tabled(g, spot); e != nil {
		return *e
	}
	return m.workOut(g, spot)
}

// tabled is what receiver g should hear of an untaught spot of its own storey or a next one; nil
// for one of another storey.
func (m *Model) tabled(g, spot int) *gauss {
	row := &m.plain[g]
	if at := int(m.column[spot]) - row.first; uint(at) < uint(len(row.of)) {
		return &row.of[at]
	}
	return nil
}

func (m *Model) workOut(g, spot int) gauss { return m.hears.expect(g, &m.spots[spot], nil).plainly() }

// tabulate blends what geometry expects with what teaching found: geometry
// counts as priorSteps of teaching, so it fades as teaching grows.
func (m *Model) tabulate(spots []spot) {
	ns, ng := len(spots), len(m.plan.Receivers)
	m.roomOf, m.quiet = make([]int16, ns), make([]float32, ns)
	m.near, m.tables = make([][]int16, ng), rarely()
	m.spots, m.hears, m.plain = make([]spot, ns), hearing{m.plan}, make([]storeys, ng)
	levels := m.partColumns(spots)
	m.cells, m.silent = make([]int32, ng*m.ofTaught), make([]float32, ng*m.ofTaught)
	kernel := gaussianKernel(kernelDB)
	m.undrawn, m.blind = make([]bool, ns), m.plan.everyRoomHears()
	for s := range spots {
		m.roomOf[s] = int16(spots[s].room)
		m.spots[s] = spot{room: spots[s].room, at: spots[s].at}
		m.undrawn[s] = spots[s].taught == 0 && len(m.plan.Rooms[spots[s].room].Outline) == 0
		m.anyUndrawn, m.blind = m.anyUndrawn || m.undrawn[s], m.blind && m.undrawn[s]
	}
	for g := range ng {
		loud, doors, row := make([]loudness, ns), m.hears.doorsFrom(g), m.row(g, levels)
		for s := range spots {
			e, c := m.hears.expect(g, &spots[s], doors), spots[s].cells[g]
			if c == nil {
				c = &cell{}
			}
			share := min((c.heard+priorSteps*e.heard)/(c.steps+priorSteps), mostShare)
			loud[s] = loudness{spot: int16(s), share: share, mean: e.mean}
			silent := math.Log(1 - share)
			m.quiet[s] += float32(silent)
			column := int(m.column[s])
			if m.untaught[s] { // weighed by its expectation alone
				row.keep(column, e)
				continue
			}
			m.silent[g*m.ofTaught+column] = float32(silent)
			if share >= faintShare {
				m.cells[g*m.ofTaught+column] = int32(len(m.tables))
				m.tables = append(m.tables, table(share, blend(e, c, kernel))...)
			}
		}
		m.near[g], m.plain[g] = loudest(loud), row
	}
	m.tables = slices.Clip(m.tables)
}

// notHearing is the log-likelihood of receiver g's not hearing a tag at a spot. It is asked only
// when a receiver goes off line; of an untaught spot's, its norm tells it.
func (m *Model) notHearing(g, spot int) float32 {
	if !m.untaught[spot] {
		return m.silent[g*m.ofTaught+int(m.column[spot])]
	}
	e := m.expects(g, spot)
	odds := math.Exp(float64(e.norm)) * math.Sqrt(2*math.Pi/float64(e.precision)) / binDB
	return float32(-math.Log1p(odds))
}

// partColumns gives each spot its column among those that were taught or the others, which
// stand by their storeys, and says on which storey the columns of the others are.
func (m *Model) partColumns(spots []spot) (levels []int) {
	m.untaught, m.column = make([]bool, len(spots)), make([]int32, len(spots))
	var others []int
	for s := range spots {
		if m.untaught[s] = spots[s].taught == 0; m.untaught[s] {
			others = append(others, s)
			continue
		}
		m.column[s] = int32(m.ofTaught)
		m.ofTaught++
	}
	level := func(s int) int { return m.plan.Rooms[spots[s].room].Level }
	slices.SortStableFunc(others, func(a, b int) int { return cmp.Compare(level(a), level(b)) })
	for column, s := range others {
		m.column[s] = int32(column)
		levels = append(levels, level(s))
	}
	return levels
}

// row is room for what receiver g should hear of the untaught spots on its own storey and the next.
func (m *Model) row(g int, levels []int) storeys {
	storey := m.hears.storey(g)
	first, _ := slices.BinarySearch(levels, storey-1)
	end, _ := slices.BinarySearch(levels, storey+2)
	return storeys{first: first, of: make([]gauss, end-first)}
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
