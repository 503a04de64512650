package locate

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recording is one set of the reference data, which is never part of this project.
type recording struct {
	plan         Plan
	observations []Observation
	truth        []Truth
}

// recordings is the folder beside the project, or beside the folder of its worktrees.
func recordings() string {
	dir := filepath.Join("..", "..", "..", "shared", "data", "location")
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join("..", dir)
	}
	return dir
}

func openRecording(t testing.TB, set string) recording {
	t.Helper()
	open := func(name string) *os.File {
		f, err := os.Open(filepath.Join(recordings(), set+name))
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

// fold says of what was heard of a tag at a time whether it is left out of the teaching.
type fold func(tag string, atMS int64) bool

// leaveOneOut trains on all folds but one and predicts that one, for every fold.
func leaveOneOut(r recording, tuning Tuning, folds []fold) Score {
	var all []Prediction
	for _, in := range folds {
		all = append(all, predict(r, tuning, in)...)
	}
	return Judge(r.truth, all)
}

// predict trains on what is not in the fold and predicts what is.
func predict(r recording, tuning Tuning, in fold) []Prediction {
	var all []Prediction
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
	return all
}

func byTag(truth []Truth) []fold {
	var tags []string
	for _, t := range truth {
		if !slices.Contains(tags, t.Tag) {
			tags = append(tags, t.Tag)
		}
	}
	var folds []fold
	for _, tag := range tags {
		folds = append(folds, func(of string, _ int64) bool { return of == tag })
	}
	return folds
}

// byBlocks deals the recording out to n folds, a block of time each in turn.
func byBlocks(truth []Truth, blockMS, n int64) []fold {
	var folds []fold
	for i := range n {
		folds = append(folds, func(_ string, at int64) bool { return (at-truth[0].FromMS)/blockMS%n == i })
	}
	return folds
}

// eachBlock leaves out every block of time by itself.
func eachBlock(truth []Truth, blockMS int64) []fold {
	var folds []fold
	last := int64(-1)
	for _, t := range truth {
		if n := (t.FromMS - truth[0].FromMS) / blockMS; n != last {
			last = n
			folds = append(folds, func(_ string, at int64) bool { return (at-truth[0].FromMS)/blockMS == n })
		}
	}
	return folds
}

// holds compares a score with what it must reach: the baselines of the data's
// README (strongest gateway; kNN with its best window), and what was reached before.
func holds(t *testing.T, s Score, accuracy, flaps, calibration float64) {
	t.Helper()
	t.Logf("accuracy %.3f, balanced %.3f, %.1f flaps an hour, calibration error %.3f, %d steps",
		s.Accuracy, s.Balanced, s.FlapsPerHour, s.Calibration, s.Steps)
	if s.Accuracy < accuracy || s.FlapsPerHour > flaps || s.Calibration > calibration {
		t.Errorf("want accuracy %.2f at %.0f flaps an hour and a calibration error of %.2f", accuracy, flaps, calibration)
	}
}

// Persons with a wrist tag in a house of nine rooms and four receivers: one is
// left out in turn. kNN reaches 0.91 at 46 flaps an hour.
func TestPersonsWalkThroughAHouse(t *testing.T) {
	r := openRecording(t, "sphere")
	holds(t, leaveOneOut(r, DefaultTuning(), byTag(r.truth)), 0.94, 8, 0.04)
}

// A robot in a flat, a fifth of its minutes left out. kNN reaches 0.89 at 96 flaps an
// hour, or 0.87 at 32; on these very folds 0.865 at 47. Most of what is wrong is the first
// seconds behind a door.
func TestRobotDrivesThroughAFlat(t *testing.T) {
	r := openRecording(t, "wut_flat")
	holds(t, leaveOneOut(r, DefaultTuning(), byBlocks(r.truth, 60_000, 5)), 0.87, 25, 0.03)
}

// Cars and a walker through the gate of a hall, three zones. kNN reaches 0.79.
func TestCarsDriveIntoAHallTaught(t *testing.T) {
	r := openRecording(t, "sal_rb")
	holds(t, leaveOneOut(r, DefaultTuning(), byTag(r.truth)), 0.855, 20, 0.04)
}

// insideOutside is the recording of the gate with two rooms instead of three zones.
func insideOutside(t *testing.T, r recording) recording {
	t.Helper()
	for i := range r.truth {
		r.truth[i].Room = strings.TrimSuffix(r.truth[i].Room, "_endpos")
	}
	gateways, err := os.Open(filepath.Join(recordings(), "sal_rb.gateways.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer gateways.Close()
	if r.plan, err = ReadPlan(gateways, Rooms(r.truth)...); err != nil {
		t.Fatal(err)
	}
	return r
}

// The same with nothing taught, inside or outside. The strongest gateway reaches
// 0.83 at 16 flaps an hour, or 0.81 at 8, and on these 0.842 at 0. What is wrong is the eight seconds after each
// car sets out: the truth's border is a light barrier five metres inside the receivers
// that hang at the gate's inner side, and until it has passed those a car is heard
// loudest, and by all, inside. Nothing that an untaught house knows tells of that border.
func TestCarsDriveIntoAHallUntaught(t *testing.T) {
	r := insideOutside(t, openRecording(t, "sal_rb"))
	holds(t, untaught(r), 0.84, 1, 0.03)
}
