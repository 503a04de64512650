package coldchain

import (
	"time"
)

// FlagKind is a way in which readings look like a fault of the probe rather than
// like a fridge. A flag rings nobody: it is shown where the temperature is.
type FlagKind string

// The kinds of flags.
const (
	// FlagFlat: the same value for FlatAfter and at least FlatReadings readings.
	// Compressors make every fridge swing; a value that stands still is not measured.
	FlagFlat FlagKind = "flat line"
	// FlagJump: by JumpBy or more from one reading to the next, faster than JumpRate a
	// minute. No fridge does that: a probe was pulled out, knocked, or is failing.
	FlagJump FlagKind = "jump"
	// FlagStuck: the device sends the same measurement, by its own time, again and again
	// for StuckAfter: its clock or its sensor stands while its radio goes on.
	FlagStuck FlagKind = "stuck"
)

// The thresholds of the flags.
const (
	FlatAfter    = 12 * time.Hour
	FlatReadings = 24
	JumpBy       = MilliCelsius(5_000)
	JumpRate     = MilliCelsius(3_000) // a minute
	JumpWithin   = 15 * time.Minute    // readings further apart say nothing of how fast it was
	JumpShown    = time.Hour           // a jump stays flagged for as long after the last one
	StuckAfter   = 30 * time.Minute
)

// Flag is a time in which readings looked like a fault.
type Flag struct {
	Sensor SensorKey
	Fridge FridgeID
	Kind   FlagKind
	Since  time.Time
	Until  time.Time // zero while they still do
	// From and Temp are the value before a jump and the value that stands, stuck or jumped to.
	From, Temp MilliCelsius
}

// Open is true while the readings still look so.
func (f Flag) Open() bool { return f.Until.IsZero() }

// Suspect is what the flags remember of one stream. The zero Suspect has seen
// nothing. It is a value: Step and Again never change the one that they are asked of.
type Suspect struct {
	last  Point
	flat  Point // since when the value stands
	count int   // readings of it
	flags map[FlagKind]Flag
}

// Step looks at the next reading, in the order they were measured, and tells which
// flags began or ended. An older reading changes nothing.
func (s Suspect) Step(now Point) (Suspect, []Flag) {
	if !s.last.At.IsZero() && !now.At.After(s.last.At) {
		return s, nil
	}
	before := s
	if now.Temp != s.last.Temp || s.count == 0 {
		s.flat, s.count = now, 0
	}
	s.count++
	s.last = now
	var told []Flag
	s, told = s.judge(FlagStuck, false, now, Flag{}, told)
	standing := s.count >= FlatReadings && now.At.Sub(s.flat.At) >= FlatAfter
	s, told = s.judge(FlagFlat, standing, now, Flag{Kind: FlagFlat, Since: s.flat.At, From: now.Temp, Temp: now.Temp}, told)
	return s.jump(before.last, now, told)
}

// Again takes note that the newest measurement came once more, at a later time of ours.
func (s Suspect) Again(received time.Time) (Suspect, []Flag) {
	if s.last.At.IsZero() || received.Sub(s.last.At) < StuckAfter {
		return s, nil
	}
	return s.judge(FlagStuck, true, Point{At: received}, Flag{Kind: FlagStuck, Since: s.last.At, From: s.last.Temp, Temp: s.last.Temp}, nil)
}

func (s Suspect) jump(from, to Point, told []Flag) (Suspect, []Flag) {
	apart, by := to.At.Sub(from.At), MilliCelsius(abs(to.Temp-from.Temp))
	jumped := !from.At.IsZero() && apart <= JumpWithin && by >= JumpBy && float64(by) > float64(JumpRate)*apart.Minutes()
	if open, is := s.flags[FlagJump]; is && (jumped || to.At.Sub(open.Since) >= JumpShown) {
		s, told = s.judge(FlagJump, false, to, Flag{}, told)
	}
	if jumped {
		return s.judge(FlagJump, true, to, Flag{Kind: FlagJump, Since: to.At, From: from.Temp, Temp: to.Temp}, told)
	}
	return s, told
}

// judge opens or ends the flag of a kind, and tells of it when that changes something.
func (s Suspect) judge(kind FlagKind, on bool, at Point, fresh Flag, told []Flag) (Suspect, []Flag) {
	open, is := s.flags[kind]
	if is == on {
		return s, told
	}
	flags := make(map[FlagKind]Flag, len(s.flags)+1)
	for k, f := range s.flags {
		flags[k] = f
	}
	if on {
		flags[kind] = fresh
		told = append(told, fresh)
	} else {
		delete(flags, kind)
		open.Until = at.At
		told = append(told, open)
	}
	s.flags = flags
	return s, told
}

// with is the suspect as it stands with flags that were open before.
func (s Suspect) with(open []Flag) Suspect {
	s.flags = map[FlagKind]Flag{}
	for _, f := range open {
		s.flags[f.Kind] = f
	}
	return s
}
