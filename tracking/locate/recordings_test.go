package locate

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// recording is one set of the reference data, which is never part of this project.
type recording struct {
	plan         Plan
	observations []Observation
	truth        []Truth
}

func openRecording(t testing.TB, set string) recording {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "location")
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join("..", "..", "..", "..", "shared", "data", "location") // a worktree lies one deeper
	}
	open := func(name string) *os.File {
		f, err := os.Open(filepath.Join(dir, set+name))
		if err != nil {
			t.Skipf("the recording %s is not on this machine, so its accuracy is not measured: %v", set, err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	var r recording
	var err error
	if r.observations, err = ReadObservations(open(".obs.csv")); err != nil {
		t.Fatal(err)
	}
	if r.truth, err = ReadTruth(open(".truth.csv")); err != nil {
		t.Fatal(err)
	}
	if r.plan, err = ReadPlan(open(".gateways.json"), Rooms(r.truth)...); err != nil {
		t.Fatal(err)
	}
	return r
}

// leaveOneOut trains on all folds but one and predicts that one, for every fold.
func leaveOneOut(r recording, tuning Tuning, folds []func(tag string, atMS int64) bool) Score {
	var all []Prediction
	for _, in := range folds {
		var taught, tested []Observation
		var known []Truth
		for _, o := range r.observations {
			if in(o.Tag, o.AtMS) {
				tested = append(tested, o)
			} else {
				taught = append(taught, o)
			}
		}
		for _, truth := range r.truth {
			if !in(truth.Tag, truth.FromMS) {
				known = append(known, truth)
			}
		}
		plan := r.plan
		lessons := Teach(&plan, taught, known, tuning.StepMS)
		Replay(NewModel(plan, tuning, lessons...), tested, func(p Prediction) { all = append(all, p) })
	}
	return Judge(r.truth, all)
}

func byTag(truth []Truth) []func(string, int64) bool {
	var tags []string
	for _, t := range truth {
		if !slices.Contains(tags, t.Tag) {
			tags = append(tags, t.Tag)
		}
	}
	var folds []func(string, int64) bool
	for _, tag := range tags {
		folds = append(folds, func(of string, _ int64) bool { return of == tag })
	}
	return folds
}

func byTime(truth []Truth, n int64) []func(string, int64) bool {
	from, to := truth[0].FromMS, truth[len(truth)-1].ToMS+1
	var folds []func(string, int64) bool
	for i := range n {
		folds = append(folds, func(_ string, at int64) bool { return (at-from)*n/(to-from) == i })
	}
	return folds
}

func report(t *testing.T, name string, s Score, began time.Time) {
	t.Helper()
	t.Logf("%s: accuracy %.3f, balanced %.3f, flaps/h %.1f, calibration %.3f, %d steps, %v", name,
		s.Accuracy, s.Balanced, s.FlapsPerHour, s.Calibration, s.Steps, time.Since(began).Round(time.Millisecond))
}

func TestHousePersonsWalkThrough(t *testing.T) {
	r := openRecording(t, "sphere")
	began := time.Now()
	report(t, "sphere, one person left out", leaveOneOut(r, DefaultTuning(), byTag(r.truth)), began)
}

func TestFlatRobotDrivesThrough(t *testing.T) {
	r := openRecording(t, "wut_flat")
	began := time.Now()
	report(t, "wut_flat, one of five blocks left out", leaveOneOut(r, DefaultTuning(), byTime(r.truth, 5)), began)
}

func TestHallThreeZones(t *testing.T) {
	r := openRecording(t, "sal_rb")
	began := time.Now()
	report(t, "sal_rb, three zones, one recording left out", leaveOneOut(r, DefaultTuning(), byTag(r.truth)), began)
}

func TestHallInsideOutsideUntaught(t *testing.T) {
	r := openRecording(t, "sal_rb")
	for i := range r.truth {
		if r.truth[i].Room == "inside_endpos" {
			r.truth[i].Room = "inside"
		}
	}
	r.plan.Rooms = slices.DeleteFunc(r.plan.Rooms, func(room Room) bool { return room.ID == "inside_endpos" })
	for i := range r.plan.Receivers { // indices have shifted
		r.plan.Receivers[i].Room = map[byte]int{'I': 0, 'O': 1}[r.plan.Receivers[i].ID[0]]
	}
	began := time.Now()
	var all []Prediction
	Replay(NewModel(r.plan, DefaultTuning()), r.observations, func(p Prediction) { all = append(all, p) })
	report(t, "sal_rb, inside or outside, untaught", Judge(r.truth, all), began)
}
