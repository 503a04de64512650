package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/health"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/parlevel"
)

// A search hit whose room is only probable says so, and which room it may be instead.
func TestAProbableHitNamesTheSecondGuess(t *testing.T) {
	house := House{Directory: hospital.NewDirectory(hospital.Site{}, nil, []hospital.Floor{{ID: "f", Name: "Ground"}}, nil,
		[]hospital.Room{{ID: "a", Floor: "f", Name: "Bay 1"}, {ID: "b", Floor: "f", Name: "Store"}}, nil)}
	place := tracking.Place{Room: "a", Floor: "f", Second: "b", SecondConfidence: 0.28, Confidence: 0.31, Why: "radio", SeenAt: time.Now()}
	for _, c := range []struct {
		confidence  float64
		first, says string
	}{{0.31, "probably", "% sure</span>; it may be Store"}, {0.12, "perhaps still", "% sure</span>; more likely Store"}, {0.93, "", ""}} {
		place.Confidence = c.confidence
		var b strings.Builder
		if err := HitPlace(tracking.Hit{Asset: tracking.Asset{ID: "P-1", Place: place}}, house).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"probably", "perhaps still"} {
			if strings.Contains(b.String(), word) != (c.first == word) {
				t.Errorf("at %v: %s", c.confidence, b.String())
			}
		}
		if !strings.Contains(b.String(), c.says) || strings.Contains(b.String(), "Store") != (c.says != "") {
			t.Errorf("at %v: %s", c.confidence, b.String())
		}
	}
}

// One tap answers an alarm, so what can be tapped fits it: nobody says of a pump at the exit
// that it was the battery.
func TestWhatCanBeTappedFitsTheAlarm(t *testing.T) {
	for kind, want := range map[notify.Kind][2]notify.Reason{
		coldchain.KindWarm: {notify.DoorOpen, notify.Battery}, fence.KindExit: {notify.MeantThere, notify.Battery}, fence.KindArea: {notify.BringingBack, notify.Power},
		parlevel.Shortage: {notify.OnItsWay, notify.Battery}, health.KindBatteries: {notify.Battery, notify.DoorOpen}, health.KindGateway: {notify.Power, notify.MeantThere},
	} {
		reasons := reasonsFor(kind)
		if !slices.Contains(reasons, want[0]) || slices.Contains(reasons, want[1]) || !slices.Contains(reasons, notify.OnIt) {
			t.Errorf("%s: %v", kind, reasons)
		}
	}
}
