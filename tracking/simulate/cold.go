package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// grain is the step of the fridges' physics. It does not depend on how the world
// is stepped, so a hastened clock sees the very same temperatures.
const grain = 10 * time.Second

// storyHour is the hour of day at which every world starts, whatever its start is
// called: the same seed then tells the same story in the morning and at night.
const storyHour = 10

// MishapKind is what goes wrong with a fridge.
type MishapKind string

// The mishaps.
const (
	DoorAjar          MishapKind = "door ajar"
	CompressorStopped MishapKind = "compressor stopped"
	Overcooled        MishapKind = "thermostat stuck"
)

// Mishap is one fault of one fridge; times count from the world's start and may be negative.
type Mishap struct {
	Fridge string
	Kind   MishapKind
	From   time.Duration
	To     time.Duration
}

// chiller is one fridge in motion.
type chiller struct {
	fridge     Fridge
	start, now time.Time
	doors      *rand.Rand
	noise      uint64
	air, probe float64
	running    bool
	mishaps    []Mishap
	// faultLeak is how fast heat leaks in while the compressor is stopped.
	faultLeak time.Duration
	// follow is the share of the way to the air that the probe goes in a grain.
	follow float64
	// ambient and busy change slowly: they are worked out every ten minutes, at due.
	ambient, busy float64
	due           time.Time
}

func newChiller(f Fridge, n int, seed uint64, start, from time.Time, mishaps []Mishap) *chiller {
	c := &chiller{fridge: f, start: start, now: from, doors: rand.New(rand.NewPCG(seed, uint64(n)+0xf00d)), noise: seed ^ uint64(n)<<32,
		faultLeak: f.body.leak, follow: 1 - math.Exp(-grain.Minutes()/f.body.probe.Minutes()), due: from}
	for _, m := range mishaps {
		if m.Fridge == f.ID {
			c.mishaps = append(c.mishaps, m)
		}
	}
	c.air = f.body.off + c.doors.Float64()*(f.body.on-f.body.off)
	c.probe = c.air
	return c
}

// advance runs the physics up to an instant.
func (c *chiller) advance(to time.Time) {
	for next := c.now.Add(grain); !next.After(to); next = c.now.Add(grain) {
		c.step()
		c.now = next
	}
}

// step is Newton's law for the cabinet and a slow probe behind it.
func (c *chiller) step() {
	const minutes = float64(grain) / float64(time.Minute)
	if !c.now.Before(c.due) {
		c.ambient, c.busy = ambientAt(c.hour()), busyness(c.hour())
		c.due = c.due.Add(10 * time.Minute)
	}
	b := &c.fridge.body
	leak, on, off, blocked := b.leak, b.on, b.off, false
	for _, m := range c.mishaps {
		if since := c.now.Sub(c.start); since < m.From || since >= m.To {
			continue
		}
		switch m.Kind {
		case DoorAjar:
			leak /= 8
		case CompressorStopped:
			blocked, leak = true, c.faultLeak
		case Overcooled:
			on, off = on-7, off-7
		}
	}
	switch {
	case blocked, c.air < off:
		c.running = false
	case c.air > on:
		c.running = true
	}
	c.air += (c.ambient - c.air) * float64(grain) / float64(leak)
	if c.running {
		c.air -= b.pull * minutes
		if c.air > b.on+1 {
			c.air -= b.pull * minutes // a warm cabinet gets the compressor's full speed
		}
	}
	if !blocked && c.doors.Float64() < b.doors*c.busy/360 {
		c.air += b.gulp * (0.4 + c.doors.Float64())
	}
	c.probe += (c.air - c.probe) * c.follow
}

// hour is the hour of day in the story, 0 to 24.
func (c *chiller) hour() float64 { return storyHourAt(c.now.Sub(c.start)) }

func storyHourAt(since time.Duration) float64 {
	h := math.Mod(storyHour+since.Hours(), 24)
	if h < 0 {
		h += 24
	}
	return h
}

// ambientAt is the room's temperature at an hour of the day: warmest in the afternoon.
func ambientAt(hour float64) float64 { return 21.5 + 2*math.Sin((hour-9)/24*2*math.Pi) }

// busyness is how much goes on at an hour of the day: 1 by day, little at night.
func busyness(hour float64) float64 {
	switch {
	case hour >= 7 && hour < 19:
		return 1
	case hour >= 19 && hour < 22 || hour >= 6 && hour < 7:
		return 0.5
	default:
		return 0.15
	}
}

// reads is what the probe reports: its temperature with the noise of its chip.
func (c *chiller) reads() float64 {
	if c.faulty() {
		return c.probe // rising steadily; noise would move the instant of the scripted alarm
	}
	r := rand.New(rand.NewPCG(c.noise, uint64(c.now.Unix())))
	return c.probe + r.NormFloat64()*0.02
}

func (c *chiller) faulty() bool {
	since := c.now.Sub(c.start)
	for _, m := range c.mishaps {
		if m.Kind == CompressorStopped && since >= m.From && since < m.To {
			return true
		}
	}
	return false
}

// timeFault chooses the leak of a stopped compressor so that the probe passes a
// limit at an instant of the story. It runs the physics itself on copies, so the
// crossing is exact to the grain. The mishap must have begun at c.now.
func (c *chiller) timeFault(limit float64, at time.Time) {
	slow, fast := 40*time.Hour, 2*time.Minute
	for range 60 {
		try := *c
		try.doors = rand.New(rand.NewPCG(1, 1)) // blocked: no door opens
		try.faultLeak = (slow + fast) / 2
		try.advance(at)
		if try.probe > limit {
			fast = try.faultLeak
		} else {
			slow = try.faultLeak
		}
	}
	c.faultLeak = fast
}
