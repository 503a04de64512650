package views

import (
	"strings"
	"testing"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// A search hit whose room is only probable says so, and which room it may be instead.
func TestAProbableHitNamesTheSecondGuess(t *testing.T) {
	house := House{Directory: hospital.NewDirectory(hospital.Site{}, nil, []hospital.Floor{{ID: "f", Name: "Ground"}}, nil,
		[]hospital.Room{{ID: "a", Floor: "f", Name: "Bay 1"}, {ID: "b", Floor: "f", Name: "Store"}}, nil)}
	place := tracking.Place{Room: "a", Floor: "f", Second: "b", SecondConfidence: 0.28, Confidence: 0.31, Why: "radio", SeenAt: time.Now()}
	for _, c := range []struct {
		confidence float64
		says       bool
	}{{0.31, true}, {0.93, false}} {
		place.Confidence = c.confidence
		var b strings.Builder
		if err := HitPlace(tracking.Hit{Asset: tracking.Asset{ID: "P-1", Place: place}}, house).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "% sure</span>; it may be Store") != c.says || strings.Contains(b.String(), "probably") != c.says {
			t.Errorf("at %v: %s", c.confidence, b.String())
		}
	}
}
