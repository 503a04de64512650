package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

var paper = Paper{Site: hospital.Site{Name: "St Anne", Zone: "UTC"}, At: time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC), By: "Pia", Version: "test"}

func aMonth() coldchain.Month {
	from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	var points []coldchain.Point
	for at := from; at.Before(from.AddDate(0, 1, 0)); at = at.Add(10 * time.Minute) {
		points = append(points, coldchain.Point{At: at, Temp: 5_000})
	}
	profile := coldchain.Refrigerator()
	return coldchain.Month{Fridge: coldchain.Fridge{ID: "f-1", Name: "=Fridge €, Škoda"}, Profile: profile, From: from, To: from.AddDate(0, 1, 0),
		Probes: []coldchain.ProbeMonth{{Days: coldchain.Days(profile, points, time.UTC)}},
		Checks: []coldchain.Check{{At: from.Add(8 * time.Hour), ByName: "Pia", Points: 3, Min: 4_000, Max: 6_000}}}
}

func TestTheSameMonthGivesTheSameBytes(t *testing.T) {
	a, err := Month(aMonth(), paper)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Month(aMonth(), paper)
	if err != nil || !bytes.Equal(a, b) || !bytes.HasPrefix(a, []byte("%PDF-")) {
		t.Errorf("%d and %d bytes, %v", len(a), len(b), err)
	}
}

func TestASpreadsheetTakesNoNameForAFormula(t *testing.T) {
	text, err := MonthCSV(aMonth())
	if err != nil || !strings.Contains(string(text), `"'=Fridge €, Škoda",`) || strings.Count(string(text), "\n") != 32 {
		t.Errorf("%v in %s", err, text)
	}
}

func TestACaseWithEverythingInIt(t *testing.T) {
	e := coldchain.Excursion{ID: 3, Fridge: "f-1", Rule: "warm", Direction: coldchain.TooWarm, Limit: 8_000, Max: 9_000, Min: 8_100, Start: paper.At.Add(-time.Hour), Known: time.Hour}
	chart := coldchain.Chart{From: paper.At.Add(-2 * time.Hour), To: paper.At, Profile: coldchain.Freezer(),
		Curves: []coldchain.Curve{{Runs: [][]coldchain.Spot{{{At: paper.At.Add(-time.Hour), Mean: 4_000}, {At: paper.At, Mean: 9_000, Max: 9_000}}}}}}
	var lots []Lot
	for range 80 { // more than a page holds
		lots = append(lots, Lot{Item: strings.Repeat("Influenza ", 20), Lot: "A1", Expiry: "2027-01-31", Quantity: "10 doses", Decision: "discarded by Pia: froze"})
	}
	told := Case{Excursion: e, Former: []coldchain.Former{{RevisedAt: paper.At, Excursion: e}}, Chart: chart, Lots: lots,
		Alarms:  []notify.Alarm{{Kind: coldchain.KindWarm, RaisedAt: e.Start, Ack: notify.Acknowledgement{At: e.Start, ByName: "Pia", Reason: notify.Power}}},
		Notices: []notify.Notice{{ToName: "Nora", Way: notify.Email, Status: notify.Sent, DueAt: e.Start}}}
	if got, err := Excursion(told, paper); err != nil || !bytes.HasPrefix(got, []byte("%PDF-")) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
