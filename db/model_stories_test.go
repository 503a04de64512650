package db_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
)

// shares are how often each thing happens, of 256 times.
var shares = []struct {
	of      int
	what    string
	happens func(*machine, *rapid.T)
}{
	{22, "tell", (*machine).tell},
	{8, "warm", (*machine).warm},
	{20, "use", (*machine).use},
	{18, "receive", (*machine).receive},
	{18, "move", (*machine).move},
	{28, "read", (*machine).read},
	{16, "read late", (*machine).readLate},
	{18, "mark", (*machine).mark},
	{18, "here", (*machine).here},
	{10, "not here", (*machine).notHere},
	{14, "acknowledge", (*machine).acknowledge},
	{8, "close", (*machine).closeAlarm},
	{4, "night", (*machine).night},
	{10, "approve", (*machine).approve},
	{16, "pass", (*machine).pass},
	{8, "follow", (*machine).follow},
	{8, "decide", (*machine).decide},
	{8, "dispatch", (*machine).dispatch},
	{3, "restart", (*machine).restart},
	{1, "crash", (*machine).crash},
}

// shared has each thing that may happen as often as its share.
var shared = func() (all [256]int) {
	at := 0
	for i, share := range shares {
		for range share.of {
			all[at] = i
			at++
		}
	}
	return all
}()

// next is the next thing that happens. Rapid's numbers are mostly small ones and its choices
// mostly the first: one step in seventy opened the file anew, which took four tenths of all
// the time. Its bits are fair.
var next = rapid.Custom(func(t *rapid.T) string {
	at := 0
	for range 8 {
		at *= 2
		if fair.Draw(t, "bit") {
			at++
		}
	}
	return shares[shared[at]].what
})

var fair = rapid.Bool()

// rare is true one time in eight.
var rare = rapid.Custom(func(t *rapid.T) bool {
	for range 3 {
		if !fair.Draw(t, "bit") {
			return false
		}
	}
	return true
})

// step is one thing that happens.
func (m *machine) step(t *rapid.T) {
	m.steps++
	what := next.Draw(t, "next")
	for _, share := range shares {
		if share.what == what {
			share.happens(m, t)
			return
		}
	}
}

// beginning is a hospital as every story finds it; each lives in a folder of its own.
type beginning struct {
	base     testing.TB
	folder   string
	file     []byte
	register *hospital.Register
	planted  string // a trigger that breaks a rule; none where there is nothing to find
}

// story is the life of one hospital; lived is told how many steps it had and what was told
// differently. Whatever is told
// differently, and wherever that is found, fails in one way: so each shorter story in which
// anything differs is a better one. One that shrinks is looked at after each step.
func (b beginning) story(r *rapid.T, shrinks bool, lived func(steps int64, differs difference)) {
	m := b.machine()
	m.shrinks = shrinks
	defer func() {
		_ = m.db.Close()
		_ = os.RemoveAll(filepath.Dir(m.path))
	}()
	differs := m.live(r)
	lived(m.steps, differs)
	if differs != "" {
		r.Log(differs)
		r.Fatal("hospital and model tell different things")
	}
}

// live is the story itself; it answers what was told differently.
func (m *machine) live(r *rapid.T) (differs difference) {
	defer func() {
		met := recover()
		told, ours := met.(difference)
		if differs = told; met != nil && !ours {
			panic(met)
		}
	}()
	r.Repeat(map[string]func(*rapid.T){"": m.check, "step": m.step})
	m.lookAtAll(r)
	m.end(r)
	return ""
}

// inAnyRun are how many stories are told, of how many steps, and how long one that fails is
// shrunk, where the command line does not say; hospitals is how many live through theirs at the same time.
var inAnyRun = map[string]string{"rapid.checks": "1", "rapid.steps": "150", "rapid.shrinktime": "2m"}

const hospitals = 8

// inAnyRunUnlessSaid sets what the command line does not say, until the test ends.
func inAnyRunUnlessSaid(t *testing.T) {
	said := map[string]string{}
	flag.Visit(func(f *flag.Flag) { said[f.Name] = f.Value.String() })
	for name, value := range inAnyRun {
		if said[name] == "" {
			set(t, name, value)
		}
	}
}

// set sets a flag until the test ends.
func set(t *testing.T, name, value string) {
	is := flag.Lookup(name).Value
	before := is.String()
	_ = is.Set(value)
	t.Cleanup(func() { _ = is.Set(before) })
}

func TestModelAndHospitalTellTheSame(t *testing.T) {
	inAnyRunUnlessSaid(t)
	file, register := modelFile(t)
	var steps, failed atomic.Int64
	begun := time.Now()
	t.Run("hospitals", func(t *testing.T) {
		for i := range hospitals {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				as := beginning{t, dbtest.Folder(t), file, register, ""}
				rapid.Check(t, func(r *rapid.T) {
					if by := failed.Load(); by != 0 && by != int64(i+1) {
						return // one hospital's fault is enough, and to shrink its story takes the whole machine
					}
					defer func() {
						if r.Failed() {
							failed.CompareAndSwap(0, int64(i+1))
						}
					}()
					as.story(r, failed.Load() != 0, func(lived int64, _ difference) { steps.Add(lived) })
				})
			})
		}
	})
	t.Logf("%d steps, %.0f a second", steps.Load(), float64(steps.Load())/time.Since(begun).Seconds())
}

// planted are rules that the database breaks by itself, each seen by another part of the
// model, and what is said of it, as a regular expression.
var planted = []struct {
	what, trigger, says string
}{
	{"a reading is accepted and not kept", `CREATE TEMP TRIGGER planted BEFORE INSERT ON readings WHEN NEW.temp_mc = 1900
		BEGIN SELECT RAISE(IGNORE); END`, "1.9 °C"},
	{"who acknowledged is forgotten when it is cold again", `CREATE TEMP TRIGGER planted AFTER UPDATE OF returned_at ON alarms WHEN NEW.returned_at IS NOT NULL
		BEGIN UPDATE alarms SET ack_note = 'nobody' WHERE id = NEW.id AND ack_at IS NOT NULL; END`, `says "nobody"`},
	{"a request is carried out as often as it is sent", `CREATE TEMP TRIGGER planted AFTER INSERT ON stock_requests
		BEGIN DELETE FROM stock_requests WHERE key = NEW.key; END`, "holds|repeated request"},
	{"much that comes at once is counted short", `CREATE TEMP TRIGGER planted AFTER UPDATE OF free ON stock_balances WHEN NEW.free > OLD.free + 150
		BEGIN UPDATE stock_balances SET free = free - 1 WHERE lot = NEW.lot AND place = NEW.place; END`, "should hold"},
	{"what is dirty is free once it is moved", `CREATE TEMP TRIGGER planted AFTER UPDATE OF room_id ON assets WHEN NEW.status = 'needs_cleaning' AND NEW.room_id = 'hall'
		BEGIN UPDATE assets SET status = 'free' WHERE id = NEW.id; END`, "should be"},
}

// short is a story that a person takes in at once. Rapid shrinks on for as long as it may;
// here that is enough.
const short = 15

// listener hears what rapid says of a story, in the test's place.
type listener struct {
	testing.TB
	failed bool
}

func (l *listener) Logf(string, ...any)   {}
func (l *listener) Log(...any)            {}
func (l *listener) Errorf(string, ...any) { l.failed = true }
func (l *listener) Failed() bool          { return l.failed }
func (l *listener) FailNow()              {}

// What the model is worth: each planted fault is found, and the story that rapid shrinks it to is short.
// Shrinking takes thousands of stories; beside the race detector's eye, which slows each ten times, it
// is enough that the fault is found.
func TestAPlantedFaultIsFoundAndItsStoryIsShort(t *testing.T) {
	shrinking := "3m"
	if raced {
		shrinking = "1ns"
	}
	for name, value := range map[string]string{"rapid.checks": "100", "rapid.steps": "60", "rapid.shrinktime": shrinking, "rapid.seed": "20261122", "rapid.nofailfile": "true"} {
		set(t, name, value)
	}
	file, register := modelFile(t)
	for _, fault := range planted {
		t.Run(fault.what, func(t *testing.T) {
			t.Parallel()
			as := beginning{t, dbtest.Folder(t), file, register, fault.trigger}
			ear := &listener{TB: t}
			var shortest int64
			begun := time.Now()
			var said difference
			rapid.Check(ear, func(r *rapid.T) {
				if said != "" && (raced || shortest <= short) {
					return
				}
				as.story(r, said != "", func(lived int64, differs difference) {
					if differs != "" {
						shortest, said = lived, differs
					}
				})
			})
			if told := regexp.MustCompile(fault.says).MatchString(string(said)); said == "" || !raced && (shortest > short || !told) {
				t.Errorf("told in %d steps: %q, should say %q", shortest, said, fault.says)
			}
			t.Logf("told in %d steps after %v: %s", shortest, time.Since(begun), said)
		})
	}
}
