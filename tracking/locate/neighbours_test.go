package locate

import (
	"slices"
	"testing"
)

// The rule to beat: the five nearest of all taught moments vote (kNN), each moment
// being the mean of every receiver over a window. It is given the same folds.
const (
	neighbours = 5
	silentDBm  = -100
)

// moment is how a tag was heard over the window that ended at atMS.
type moment struct {
	tag   string
	atMS  int64
	room  string // true; empty between the intervals
	sound []float64
}

// moments takes the means over a window at every stepMS of each tag's recording.
func moments(r recording, windowMS, stepMS int64) []moment {
	index := make(map[string]int)
	for i, receiver := range r.plan.Receivers {
		index[receiver.ID] = i
	}
	spans, heard := make(map[string][]Truth), make(map[string][]Observation)
	for _, t := range r.truth {
		spans[t.Tag] = append(spans[t.Tag], t)
	}
	for _, o := range r.observations {
		heard[o.Tag] = append(heard[o.Tag], o)
	}
	var all []moment
	for _, tag := range sortedKeys(spans) {
		said := int64(0)
		for i, o := range heard[tag] {
			if i+1 < len(heard[tag]) && heard[tag][i+1].AtMS == o.AtMS || o.AtMS < said+stepMS {
				continue
			}
			said = o.AtMS
			all = append(all, moment{tag: tag, atMS: o.AtMS, room: roomAt(spans[tag], o.AtMS),
				sound: window(heard[tag][:i+1], o.AtMS-windowMS, index)})
		}
	}
	return all
}

func window(heard []Observation, after int64, index map[string]int) []float64 {
	sum, n := make([]float64, len(index)), make([]float64, len(index))
	for i := len(heard) - 1; i >= 0 && heard[i].AtMS > after; i-- {
		g := index[heard[i].Receiver]
		sum[g], n[g] = sum[g]+heard[i].DBm, n[g]+1
	}
	for g := range sum {
		if n[g] == 0 {
			sum[g], n[g] = silentDBm, 1
		}
		sum[g] /= n[g]
	}
	return sum
}

// vote is the room that most of the nearest taught moments are of.
func vote(taught []moment, sound []float64) string {
	var rooms [neighbours]string
	var off [neighbours]float64
	n := 0
	for i := range taught {
		d := apart(taught[i].sound, sound)
		at, _ := slices.BinarySearch(off[:n], d)
		if at == neighbours {
			continue
		}
		n = min(n+1, neighbours)
		copy(off[at+1:n], off[at:])
		copy(rooms[at+1:n], rooms[at:])
		off[at], rooms[at] = d, taught[i].room
	}
	best, most := "", 0
	for _, room := range rooms[:n] {
		votes := 0
		for _, other := range rooms[:n] {
			if other == room {
				votes++
			}
		}
		if votes > most {
			best, most = room, votes
		}
	}
	return best
}

func nearestNeighbours(r recording, windowMS int64, folds []func(tag string, atMS int64) bool) Score {
	all := moments(r, windowMS, windowMS/2)
	var said []Prediction
	for _, in := range folds {
		var taught []moment
		for _, m := range all {
			if m.room != "" && !in(m.tag, m.atMS) {
				taught = append(taught, m)
			}
		}
		for _, m := range all {
			if in(m.tag, m.atMS) {
				said = append(said, Prediction{AtMS: m.atMS, Tag: m.tag, Room: vote(taught, m.sound)})
			}
		}
	}
	return Judge(r.truth, said)
}

// On the very same folds the filter is right more often than the nearest
// neighbours, and flaps less than they do with their best window (of the 2, 5 and
// 10 s for which the data's README states them, the shortest).
func TestFilterBeatsNearestNeighbours(t *testing.T) {
	flat, hall := openRecording(t, "wut_flat"), openRecording(t, "sal_rb")
	for _, set := range []struct {
		name  string
		of    recording
		folds []func(string, int64) bool
	}{{"wut_flat", flat, byBlocks(flat.truth, 60_000, 5)}, {"sal_rb", hall, byTag(hall.truth)}} {
		ours := leaveOneOut(set.of, DefaultTuning(), set.folds)
		theirs := nearestNeighbours(set.of, 2000, set.folds)
		t.Logf("%s: %.3f at %.0f flaps an hour; nearest neighbours %.3f at %.0f",
			set.name, ours.Accuracy, ours.FlapsPerHour, theirs.Accuracy, theirs.FlapsPerHour)
		if ours.Accuracy <= theirs.Accuracy || ours.FlapsPerHour >= theirs.FlapsPerHour {
			t.Errorf("%s: not better than the nearest neighbours", set.name)
		}
	}
}
