package coldchain

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestAFailingFridgeIsForetoldAndASawtoothIsNot(t *testing.T) {
	p := Refrigerator()
	var saw []Point
	for i := range 60 { // three hours of a compressor between 3.2 and 5.2 °C
		at := noon.Add(time.Duration(i) * 3 * time.Minute)
		saw = append(saw, Point{At: at, Temp: MilliCelsius(4_200 + 1_000*math.Sin(float64(i)/20*2*math.Pi))})
		if o, warns := Foresee(p, saw); warns {
			t.Fatalf("the sawtooth was taken for a fault at %v: %+v", at, o)
		}
	}
	failing := saw[:0:0]
	var crossed, warned time.Duration
	for i := range 60 { // 3 °C an hour
		after := time.Duration(i) * 3 * time.Minute
		temp := MilliCelsius(4_000 + 3_000*after.Hours())
		failing = append(failing, Point{At: noon.Add(after), Temp: temp})
		if o, warns := Foresee(p, failing); warns && warned == 0 {
			warned = after
			if o.Rule.Name != "warm" || o.Soonest > 31*time.Minute || o.Latest < 20*time.Minute || math.Abs(o.DegreesAnHour-3) > 0.2 {
				t.Errorf("it says %+v", o)
			}
		}
		if crossed == 0 && p.Rules[0].Beyond(temp) {
			crossed = after
		}
	}
	if lead := crossed - warned; warned == 0 || lead < 10*time.Minute || lead > 40*time.Minute {
		t.Errorf("warned after %v, crossed after %v", warned, crossed)
	}
}

// On a real recording, where it is at hand: at most one false warning a week, and
// the slow crossings foretold; a door can't be.
func TestForesightOnARealRecording(t *testing.T) {
	points := realRecording(t)
	p := Refrigerator().Fitting(points)
	var warned []time.Time
	begin := 0
	for i, at := range points {
		for points[begin].At.Before(at.At.Add(-outlookWindow - outlookInARow*outlookStep)) {
			begin++
		}
		if _, warns := Foresee(p, points[begin:i+1]); warns && (len(warned) == 0 || at.At.Sub(warned[len(warned)-1]) > time.Hour) {
			warned = append(warned, at.At)
		}
	}
	right := 0
	for _, at := range warned {
		for _, later := range points {
			if later.Temp > 8_000 && later.At.After(at) && later.At.Before(at.Add(90*time.Minute)) {
				right++
				break
			}
		}
	}
	weeks := points[len(points)-1].At.Sub(points[0].At).Hours() / 168
	t.Logf("%d warnings in %.1f weeks, %d followed by a crossing", len(warned), weeks, right)
	if false_ := float64(len(warned)-right) / weeks; false_ >= 1 {
		t.Errorf("%.2f false warnings a week", false_)
	}
}

func realRecording(t *testing.T) []Point {
	for _, beside := range []string{"../../../shared", "../../../../shared"} { // beside the module, or beside its worktrees
		file, err := os.Open(filepath.Join(beside, "data", "temperature", "fridgetag2l_readings.csv"))
		if err != nil {
			continue
		}
		defer file.Close()
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var points []Point
		for _, row := range rows[1:] {
			at, err := time.Parse("2006-01-02 15:04", row[0])
			celsius, err2 := strconv.ParseFloat(row[1], 64)
			if err != nil || err2 != nil {
				t.Fatal(row)
			}
			points = append(points, Point{At: at, Temp: FromCelsius(celsius)})
		}
		return InOrder(points)
	}
	t.Skip("the real recording is not on this machine")
	return nil
}
