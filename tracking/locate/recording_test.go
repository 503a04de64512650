package locate

import (
	"errors"
	"strings"
	"testing"
)

func TestRecordingsAreOrderedByTime(t *testing.T) {
	got, err := ReadObservations(strings.NewReader("gateway,ts_ms,note,tag,rssi\ng2,2000,x,t,-70.5\ng1,1000,y,t,-60\n"))
	if err != nil || len(got) != 2 || got[0] != (Observation{AtMS: 1000, Receiver: "g1", Tag: "t", DBm: -60}) {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestUnreadableRecordingsSayWhere(t *testing.T) {
	for text, says := range map[string]string{
		"":                                      "no header",
		"ts_ms,gateway,tag\n":                   `"rssi"`,
		"ts_ms,gateway,tag,rssi\n1,g,t,loud\n":  "line 2",
		"ts_ms,gateway,tag,rssi\n1,g,t,NaN\n":   "line 2",
		"ts_ms,gateway,tag,rssi\n1.5,g,t,-60\n": "line 2",
		"ts_ms,gateway,tag,rssi\n1,g,t\n":       "fields",
	} {
		if _, err := ReadObservations(strings.NewReader(text)); !errors.Is(err, ErrRecording) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ReadTruth(strings.NewReader("tag,from_ms,to_ms,room\nt,5,4,bay\n")); !errors.Is(err, ErrRecording) {
		t.Errorf("a span that ends before it begins: %v", err)
	}
}

func FuzzReadObservations(f *testing.F) {
	f.Add("ts_ms,gateway,tag,rssi\n1,g,t,-60\n")
	f.Add("tag,rssi,gateway,ts_ms\n\"a\nb\",-1e3,,9")
	f.Fuzz(func(t *testing.T, text string) {
		observations, err := ReadObservations(strings.NewReader(text))
		if err != nil && !errors.Is(err, ErrRecording) {
			t.Fatal(err)
		}
		plan := Plan{Rooms: []Room{{ID: "a"}, {ID: "b"}}, Receivers: []Receiver{{ID: "g", Room: 0}, {ID: "", Room: 1}}}
		Replay(NewModel(plan, DefaultTuning()), observations, func(p Prediction) {
			if p.Confidence < 0 || p.Confidence > 1 || p.Confidence != p.Confidence {
				t.Fatalf("confidence %v", p.Confidence)
			}
		})
	})
}

func FuzzReadTruth(f *testing.F) {
	f.Add("tag,from_ms,to_ms,room\nt,1,2,bay\n")
	f.Fuzz(func(t *testing.T, text string) {
		truth, err := ReadTruth(strings.NewReader(text))
		if err != nil && !errors.Is(err, ErrRecording) {
			t.Fatal(err)
		}
		plan := Plan{Rooms: []Room{{ID: "bay"}}}
		Teach(&plan, nil, truth, 350)
	})
}

func FuzzReadPlan(f *testing.F) {
	f.Add(`{"g":{"room":"bay","xy":[1,2]}}`)
	f.Add(`{"g":{"room":null,"xyz":[1,2,3]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		plan, err := ReadPlan(strings.NewReader(text), "more")
		if err != nil {
			if !errors.Is(err, ErrRecording) {
				t.Fatal(err)
			}
			return
		}
		for _, receiver := range plan.Receivers {
			if receiver.Room != NoRoom && receiver.Room >= len(plan.Rooms) {
				t.Fatalf("receiver in room %d of %d", receiver.Room, len(plan.Rooms))
			}
		}
	})
}
