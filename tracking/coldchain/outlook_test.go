package coldchain

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestAFailingFridgeIsForetoldAndASawtoothIsNot(t *testing.T) {
	p := Refrigerator()
	var saw []Point
	for i := range 80 { // four hours of a compressor between 3.2 and 5.2 °C
		at := noon.Add(time.Duration(i) * 3 * time.Minute)
		saw = append(saw, Point{At: at, Temp: MilliCelsius(4_200 + 1_000*math.Sin(float64(i)/20*2*math.Pi))})
		if o, warns := Foresee(p, Habit{}, saw); warns {
			t.Fatalf("the sawtooth was taken for a fault at %v: %+v", at, o)
		}
	}
	for _, failing := range []struct {
		rule    string
		anHour  MilliCelsius
		toLimit time.Duration
	}{{"warm", 1_500, 160 * time.Minute}, {"cold", -1_000, 2 * time.Hour}} {
		points := []Point{}
		for i := range 80 {
			points = append(points, Point{At: noon.Add(time.Duration(i-80) * 3 * time.Minute), Temp: 4_000})
		}
		var warned time.Duration
		var said Outlook
		for i := range 60 {
			after := time.Duration(i) * 3 * time.Minute
			points = append(points, Point{At: noon.Add(after), Temp: 4_000 + MilliCelsius(float64(failing.anHour)*after.Hours())})
			if o, warns := Foresee(p, Habit{}, points); warns && warned == 0 {
				warned, said = after, o
			}
		}
		lead := failing.toLimit - warned
		if warned == 0 || said.Rule.Name != failing.rule || lead < 20*time.Minute || lead > 100*time.Minute {
			t.Fatalf("%s: said %+v after %v", failing.rule, said, warned)
		}
		if lead < said.Soonest-time.Minute || lead > said.Latest+time.Minute {
			t.Errorf("%s: it came after %v, foretold were %v to %v", failing.rule, lead, said.Soonest, said.Latest)
		}
	}
}

func TestAHabitIsLearntFromSummariesAndADay(t *testing.T) {
	var points []Point
	for i := range 2 * 24 * 60 { // cycles of 75 minutes between 3 and 5 °C; up in 50 minutes, down in 25
		phase := float64(i%75) / 75
		temp := 3_000 + 2_000*phase*1.5
		if phase > 2.0/3 {
			temp = 5_000 - 2_000*(phase-2.0/3)*3
		}
		points = append(points, Point{At: noon.Add(time.Duration(i) * time.Minute), Temp: MilliCelsius(temp)})
	}
	h := LearnHabit(HoursOf(points), points[24*60:], noon)
	if h.Cycle != 75*time.Minute || !h.Learnt() || h.Peak < 4_900 || h.Peak > 5_000 || h.Trough > 3_100 || h.Unrest > 500 {
		t.Errorf("learnt %+v", h)
	}
	// 2.4 °C an hour at 4 °C in a room of 23 °C: 19/2.4 hours.
	if hours := h.Fast.Hours(); math.Abs(hours-7.9) > 0.5 || h.Slow < h.Fast {
		t.Errorf("it warms with %v to %v", h.Fast, h.Slow)
	}
	if h := LearnHabit(HoursOf(points[:20*60]), points[:20*60], noon); h.Learnt() || h.cycle() != usualCycle {
		t.Errorf("from twenty hours: %+v", h)
	}
	var still []Point
	for i := range 2 * 24 * 12 {
		still = append(still, Point{At: noon.Add(time.Duration(i) * 5 * time.Minute), Temp: 4_000})
	}
	if h := LearnHabit(HoursOf(still), still, noon); h.Cycle != 0 || h.Fast != 0 {
		t.Errorf("from what stands still: %+v", h)
	}
}

func TestWithoutPowerAFridgeWarmsByItsOwnConstant(t *testing.T) {
	p := Refrigerator()
	if _, warns := ForeseeWithoutPower(p, Habit{}, 5_000); warns {
		t.Error("something is said of a fridge of which nothing is known")
	}
	h := Habit{Fast: 6 * time.Hour, Slow: 9 * time.Hour}
	o, warns := ForeseeWithoutPower(p, h, 5_000)
	// 6 h · ln(18/15) is 65 minutes 38 seconds.
	if !warns || !o.Power || o.Soonest.Round(time.Second) != 65*time.Minute+38*time.Second || o.Latest <= o.Soonest {
		t.Errorf("it says %+v", o)
	}
	if _, warns := ForeseeWithoutPower(p, h, 8_100); warns {
		t.Error("what has happened is foretold")
	}
	told := Habit{}.HoldOver(p, 4*time.Hour)
	if o, _ := ForeseeWithoutPower(p, told, 5_000); o.Latest.Round(time.Minute) != 4*time.Hour || o.Soonest.Round(time.Minute) != 2*time.Hour {
		t.Errorf("by its maker's hold-over time it says %+v", o)
	}
	if kept := h.HoldOver(p, time.Hour); kept != h {
		t.Error("the maker's word replaced what was learnt")
	}
}

func TestWhatBecomesOfAForewarning(t *testing.T) {
	p, f := Refrigerator(), Forewarning{Rule: "warm", At: noon, Soonest: noon.Add(10 * time.Minute), Latest: noon.Add(40 * time.Minute)}
	after := func(temp MilliCelsius, upTo time.Duration) (points []Point) {
		for d := 5 * time.Minute; d <= upTo; d += 5 * time.Minute {
			points = append(points, Point{At: noon.Add(d), Temp: 7_000})
		}
		points[len(points)-1].Temp = temp
		return points
	}
	for name, c := range map[string]struct {
		points []Point
		at     time.Duration
		want   Forewarned
	}{
		"it crosses":          {after(8_100, 35*time.Minute), 35 * time.Minute, CameTrue},
		"it has time yet":     {after(7_900, 60*time.Minute), 60 * time.Minute, StillOpen},
		"the time is up":      {after(7_900, 90*time.Minute), 90 * time.Minute, CameNot},
		"it crosses too late": {after(8_100, 95*time.Minute), 95 * time.Minute, CameNot},
		"it falls silent":     {after(7_900, 30*time.Minute), 90 * time.Minute, NobodyKnows},
	} {
		if got := f.Settle(p, c.points, noon.Add(c.at)); got.Outcome != c.want || (got.Outcome == CameTrue) == got.CrossedAt.IsZero() {
			t.Errorf("%s: %q, crossed %v", name, got.Outcome, got.CrossedAt)
		}
	}
}

// On a real recording, where it is at hand: most crossings are foretold, those by an
// open door included, with less than one false forewarning a week.
func TestForesightOnARealRecording(t *testing.T) {
	points := realRecording(t)
	p := Refrigerator().Fitting(points)
	points = points[2:] // the first two are of the desk that it lay on
	day := points[0].At.Add(2 * HabitReach)
	said := Backtest(p, LearnHabit(HoursOf(points), since(points, points[len(points)-1].At.Add(-CycleReach)), day), points)
	crossings := crossingsOf(p.Rules[0], points)
	foretold := 0
	for _, at := range crossings {
		for _, f := range said {
			if f.Rule == "warm" && !f.At.After(at) && !at.After(f.until()) {
				foretold++
				break
			}
		}
	}
	track, weeks := TrackOf(said), points[len(points)-1].At.Sub(points[0].At).Hours()/168
	t.Logf("%d of %d crossings foretold; %d of %d forewarnings came true, in the middle %v ahead; %.2f false a week", foretold, len(crossings), track.Right, track.Said(), track.Lead, float64(track.Wrong)/weeks)
	if 2*foretold <= len(crossings) {
		t.Errorf("%d of %d crossings foretold", foretold, len(crossings))
	}
	if wrong := float64(track.Wrong) / weeks; wrong >= 1 {
		t.Errorf("%.2f false forewarnings a week", wrong)
	}
}

// crossingsOf are the beginnings of the times beyond a limit that lasted a quarter of an
// hour. What follows within two cycles is the same trouble.
func crossingsOf(rule Rule, points []Point) []time.Time {
	var all []time.Time
	var begun, last time.Time
	for _, p := range points {
		if !rule.Beyond(p.Temp) {
			continue
		}
		if p.At.Sub(last) > 2*usualCycle {
			begun = p.At
		}
		if last = p.At; p.At.Sub(begun) >= 15*time.Minute && (len(all) == 0 || all[len(all)-1].Before(begun)) {
			all = append(all, begun)
		}
	}
	return all
}

func realRecording(t *testing.T) []Point {
	for _, beside := range []string{"../../../shared", "../../../../shared"} { // beside the module, or beside its worktrees
		file, err := os.Open(filepath.Join(beside, "data", "temperature", "fridgetag2l_readings.csv"))
		if err != nil {
			continue
		}
		defer file.Close()
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var points []Point
		for _, row := range rows[1:] {
			at, err := time.Parse("2006-01-02 15:04", row[0])
			celsius, err2 := strconv.ParseFloat(row[1], 64)
			if err != nil || err2 != nil {
				t.Fatal(row)
			}
			points = append(points, Point{At: at, Temp: FromCelsius(celsius)})
		}
		return InOrder(points)
	}
	t.Skip("the real recording is not on this machine")
	return nil
}
