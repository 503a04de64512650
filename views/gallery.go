package views

import (
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/parlevel"
)

// GalleryProps are what the gallery draws: made-up things in every state.
type GalleryProps struct {
	Now time.Time
	// Tiles is a fridge in each condition, the chart one day of the first.
	Tiles []FridgeTileProps
	Chart coldchain.Chart
	Floor FloorPage
}

// galleryLevels are all levels with the word that stands for each in the gallery.
func galleryLevels() []struct {
	Level Level
	Word  string
} {
	return []struct {
		Level Level
		Word  string
	}{{OK, "In range"}, {Info, "Sent"}, {Service, "On hold"}, {Stale, "No data"}, {Warning, "Getting too warm"}, {Alarm, "Too warm"}}
}

// NewGallery makes the samples as they stand at an instant; the same instant gives the same page.
func NewGallery(now time.Time) GalleryProps {
	p := GalleryProps{Now: now, Floor: galleryFloor(now)}
	for i, c := range []struct {
		name      string
		condition coldchain.Condition
		direction coldchain.Direction
		temp      coldchain.MilliCelsius
	}{
		{"Freezing", coldchain.Freezing, coldchain.TooCold, -1_200}, {"Too warm", coldchain.OutOfRange, coldchain.TooWarm, 9_400},
		{"Too cold", coldchain.OutOfRange, coldchain.TooCold, 1_300}, {"Drifting", coldchain.Drifting, coldchain.TooWarm, 8_200},
		{"Silent", coldchain.Silent, "", 4_800}, {"Without a probe", coldchain.NoProbe, "", 0}, {"In range", coldchain.InRange, "", 5_200},
	} {
		standing := coldchain.Standing{Fridge: coldchain.Fridge{ID: coldchain.FridgeID("sample-" + string(rune('a'+i))), Name: "Fridge " + c.name},
			Room: hospital.Room{Name: "Pharmacy store"}, Profile: coldchain.Refrigerator(), Condition: c.condition, Direction: c.direction,
			Last: coldchain.Point{At: now.Add(-2 * time.Minute), Temp: c.temp}}
		if c.condition == coldchain.NoProbe {
			standing.Last = coldchain.Point{}
		}
		p.Tiles = append(p.Tiles, FridgeTileProps{Standing: standing, Trend: galleryTrend(now, c.temp)})
	}
	p.Chart = galleryChart(now)
	return p
}

// galleryUnit is short of one kind and can spare of another, in as many words as there are.
func galleryUnit() UnitBoard {
	return UnitBoard{Unit: hospital.Unit{ID: "sample-1", Name: "Intensive care"}, Lines: []parlevel.Line{
		{Level: parlevel.Level{Kind: "infusion pump", Target: 12, Critical: 8}, Count: parlevel.Count{Have: 21, Free: 2, Silent: 11}, Coming: 10, Going: 1},
		{Level: parlevel.Level{Kind: "pulse oximeter", Target: 4, Critical: 2}, Count: parlevel.Count{Have: 30, Free: 26, Silent: 13}, Going: 10},
	}}
}

// galleryTrend is a day that ends at a temperature, with two hours of which nothing is known.
func galleryTrend(now time.Time, end coldchain.MilliCelsius) (t coldchain.Trend) {
	for hour := 24; hour > 0; hour-- {
		if hour == 12 || hour == 13 {
			continue
		}
		temp := 5_000 + coldchain.MilliCelsius(hour%3*200)
		if hour < 4 {
			temp += (end - temp) * coldchain.MilliCelsius(4-hour) / 3
		}
		t.Hours = append(t.Hours, coldchain.Hour{Start: now.Add(-time.Duration(hour) * time.Hour), Min: temp - 300, Max: temp + 300, Sum: int64(temp), Points: 1})
	}
	t.Today = coldchain.Hour{Start: now.Add(-12 * time.Hour), Min: min(4_700, end), Max: max(5_700, end), Sum: 5_000, Points: 1}
	return t
}

// galleryChart is a day with a gap and an excursion.
func galleryChart(now time.Time) coldchain.Chart {
	c := coldchain.Chart{From: now.Add(-24 * time.Hour), To: now, Profile: coldchain.Refrigerator()}
	probe := coldchain.Watched{Sensor: coldchain.Sensor{Key: coldchain.SensorKey{Sensor: "sample", Channel: "probe"}, Judged: true}}
	var runs [2][]coldchain.Spot
	for i := range 96 {
		temp := 5_000 + coldchain.MilliCelsius(i%5*150)
		switch {
		case i >= 40 && i < 48:
			continue
		case i >= 70 && i < 80:
			temp += 4_500
		}
		half := min(i/44, 1)
		runs[half] = append(runs[half], coldchain.Spot{At: c.From.Add(time.Duration(i) * 15 * time.Minute), Min: temp, Mean: temp, Max: temp})
	}
	c.Curves = []coldchain.Curve{{Probe: probe, Runs: runs[:]}}
	c.Excursions = []coldchain.Excursion{{ID: 1, Rule: "warm", Direction: coldchain.TooWarm, Start: c.From.Add(70 * 15 * time.Minute), End: c.From.Add(80 * 15 * time.Minute)}}
	return c
}

// galleryFloor is three rooms: one looked at, one blind, one with a piece in each status.
func galleryFloor(now time.Time) FloorPage {
	box := func(x float64) []hospital.Point {
		return []hospital.Point{{X: x, Y: 1}, {X: x + 9, Y: 1}, {X: x + 9, Y: 9}, {X: x, Y: 9}}
	}
	m := tracking.Map{Floor: hospital.Floor{ID: "sample", Name: "Sample floor", WidthMetres: 30, HeightMetres: 10},
		Rooms: []hospital.Room{{ID: "sample-1", Name: "Room 1", Outline: box(1)}, {ID: "sample-2", Name: "Room 2", Outline: box(10.5)}, {ID: "sample-3", Name: "Room 3", Outline: box(20)}},
		Blind: map[hospital.RoomID]time.Time{"sample-3": now.Add(-time.Hour)}}
	for i, status := range tracking.Statuses() {
		m.Pins = append(m.Pins, tracking.Pin{Asset: tracking.AssetID("S-" + string(rune('1'+i))), Kind: "infusion pump", Room: "sample-1", Status: status, SeenAt: now})
	}
	return FloorPage{Map: m, Focus: "sample-2"}
}
