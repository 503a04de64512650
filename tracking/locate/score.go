package locate

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Score says how well predictions meet the truth.
type Score struct {
	// Accuracy is the share of one-second steps inside labelled intervals whose
	// latest prediction names the room; Balanced is its mean over rooms.
	Accuracy float64 `json:"accuracy"`
	Balanced float64 `json:"balanced_accuracy"`
	// FlapsPerHour counts changes of prediction with no true change within 15 s.
	FlapsPerHour float64 `json:"flaps_per_hour"`
	// Calibration is the mean gap between confidence and accuracy, over ten bins.
	Calibration float64 `json:"calibration_error"`
	Steps       int     `json:"steps"`
}

const (
	scoreStepMS = 1000
	flapGraceMS = 15_000
)

// Judge compares predictions with the truth, tag by tag.
func Judge(truth []Truth, predictions []Prediction) Score {
	spans := make(map[string][]Truth)
	for _, t := range truth {
		spans[t.Tag] = append(spans[t.Tag], t)
	}
	said := make(map[string][]Prediction)
	for _, p := range predictions {
		said[p.Tag] = append(said[p.Tag], p)
	}
	j := judge{rooms: make(map[string]*tally)}
	for _, tag := range sortedKeys(spans) {
		slices.SortStableFunc(said[tag], func(a, b Prediction) int { return cmp.Compare(a.AtMS, b.AtMS) })
		j.steps(spans[tag], said[tag])
		j.flaps += flaps(spans[tag], said[tag])
	}
	return j.score()
}

type tally struct {
	right, all int
	confidence float64
}

type judge struct {
	rooms map[string]*tally
	bins  [10]tally
	total tally
	flaps int
}

func (j *judge) steps(truth []Truth, said []Prediction) {
	next := 0
	for at := truth[0].FromMS; at <= truth[len(truth)-1].ToMS; at += scoreStepMS {
		for next < len(said) && said[next].AtMS <= at {
			next++
		}
		room := roomAt(truth, at)
		if room == "" {
			continue
		}
		var latest Prediction
		if next > 0 {
			latest = said[next-1]
		}
		j.count(room, latest)
	}
}

func (j *judge) count(room string, latest Prediction) {
	if j.rooms[room] == nil {
		j.rooms[room] = &tally{}
	}
	counted := []*tally{j.rooms[room], &j.total}
	if latest.Room != "" {
		counted = append(counted, &j.bins[min(int(latest.Confidence*10), 9)])
	}
	for _, t := range counted {
		t.all++
		t.confidence += latest.Confidence
		if latest.Room == room {
			t.right++
		}
	}
}

func flaps(truth []Truth, said []Prediction) int {
	var moves []int64
	for i := 1; i < len(truth); i++ {
		if truth[i].Room != truth[i-1].Room {
			moves = append(moves, truth[i].FromMS)
		}
	}
	n := 0
	for i := 1; i < len(said); i++ {
		at := said[i].AtMS
		if said[i].Room == said[i-1].Room || at < truth[0].FromMS || at > truth[len(truth)-1].ToMS {
			continue
		}
		near := slices.ContainsFunc(moves, func(move int64) bool { return at-move <= flapGraceMS && move-at <= flapGraceMS })
		if !near {
			n++
		}
	}
	return n
}

func (j *judge) score() Score {
	s := Score{Steps: j.total.all}
	if s.Steps == 0 {
		return s
	}
	s.Accuracy = float64(j.total.right) / float64(s.Steps)
	for _, room := range sortedKeys(j.rooms) {
		t := j.rooms[room]
		s.Balanced += float64(t.right) / float64(t.all) / float64(len(j.rooms))
	}
	s.FlapsPerHour = float64(j.flaps) / (float64(s.Steps) * scoreStepMS / 3_600_000)
	answered := 0
	for _, b := range j.bins {
		answered += b.all
	}
	for _, b := range j.bins {
		if b.all > 0 {
			s.Calibration += math.Abs(b.confidence-float64(b.right)) / float64(answered)
		}
	}
	return s
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
