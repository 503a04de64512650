package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
)

// Trip draws a carrier's trip: where it was, how cold it was there, and the curve.
func Trip(r coldchain.TripRecord, p Paper) ([]byte, error) {
	s := newSheet(p, "Trip of "+typed(r.Fridge.Name))
	s.fact("Carrier", typed(strings.Join(nonEmpty(r.Fridge.Name, r.Fridge.Model, r.Fridge.Serial, string(r.Fridge.ID), r.Trip.Asset), ", ")))
	s.fact("Brings", typed(r.Trip.Purpose))
	s.fact("Bound for", typed(r.Trip.To))
	s.fact("Set out", s.when(r.Trip.StartedAt)+", "+typed(r.Trip.StartedName))
	if r.Trip.Running() {
		s.fact("Arrived", "not yet")
	} else {
		s.fact("Arrived", strings.Join(nonEmpty(s.when(r.Trip.EndedAt), typed(r.Trip.EndedName), typed(r.Trip.Note)), ", "))
	}
	s.fact("Limits", fmt.Sprintf("%v to %v (%s)", r.Profile.Low, r.Profile.High, r.Profile.Source))
	s.heading("Temperatures")
	if r.Tally.Points == 0 {
		s.line("No readings on this trip.")
	} else {
		s.line(fmt.Sprintf("%d readings; lowest %v, highest %v, mean %v, mean kinetic temperature %v. Over the limits %s min, under them %s min, not known %s min.",
			r.Tally.Points, r.Tally.Min, r.Tally.Max, r.Tally.Mean(), r.Tally.MKT(), minutes(r.Above), minutes(r.Below), minutes(r.Gap)))
		s.curve(r.Chart)
	}
	s.legs(r.Legs)
	s.excursions(r.Excursions)
	s.signatures()
	return s.bytes()
}

func (s *sheet) legs(legs []coldchain.Leg) {
	s.heading("Places")
	columns := []column{{"Place", 60, false}, {"From", 33, false}, {"Until", 33, false}, {"Readings", 18, true}, {"Lowest °C", 18, true}, {"Highest °C", 18, true}}
	var rows [][]string
	for _, leg := range legs {
		rows = append(rows, append([]string{drawnPlace(leg), s.when(leg.From), s.when(leg.To)}, legNumbers(leg)...))
	}
	s.table(columns, rows)
}

// placeOf is a leg's place in words; where it was not heard nobody knows.
func placeOf(leg coldchain.Leg) string {
	if leg.Room.Name == "" {
		return "not known"
	}
	return leg.Room.Name
}

// drawnPlace is a leg's place on paper.
func drawnPlace(leg coldchain.Leg) string {
	if leg.Room.Name == "" {
		return placeOf(leg)
	}
	return typed(leg.Room.Name)
}

func legNumbers(leg coldchain.Leg) []string {
	if leg.Tally.Points == 0 {
		return []string{"0", "–", "–"}
	}
	return []string{strconv.Itoa(leg.Tally.Points), degrees(leg.Tally.Min), degrees(leg.Tally.Max)}
}

// TripCSV is a trip as one row a place, for spreadsheets. Times carry their offset.
func TripCSV(r coldchain.TripRecord, zone *time.Location) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"carrier", "asset", "brings", "bound_for", "place", "from", "to", "readings", "min_celsius", "max_celsius"}}
	for _, leg := range r.Legs {
		row := []string{plain(r.Fridge.Name), plain(r.Trip.Asset), plain(r.Trip.Purpose), plain(r.Trip.To), plain(placeOf(leg)), leg.From.In(zone).Format(time.RFC3339), leg.To.In(zone).Format(time.RFC3339)}
		numbers := legNumbers(leg)
		for i := range numbers {
			numbers[i] = strings.ReplaceAll(numbers[i], "–", "")
		}
		rows = append(rows, append(row, numbers...))
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write trip: %w", err)
	}
	return out.Bytes(), nil
}
