package views

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
)

// plot turns times and temperatures into places on a drawing.
type plot struct {
	from, to                 time.Time
	low, high                float64 // of the vertical axis, in degrees
	left, top, width, height float64
}

func (p plot) x(at time.Time) float64 {
	share := float64(at.Sub(p.from)) / float64(p.to.Sub(p.from))
	return p.left + min(max(share, 0), 1)*p.width
}

func (p plot) y(t coldchain.MilliCelsius) float64 {
	share := (t.Celsius() - p.low) / (p.high - p.low)
	return p.top + (1-min(max(share, 0), 1))*p.height
}

func coordinate(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// line is the path through the means of a run; a single spot is a short dash, so that it is seen.
func (p plot) line(run []coldchain.Spot) string {
	var path strings.Builder
	for i, spot := range run {
		path.WriteString(map[bool]string{true: "M", false: "L"}[i == 0])
		path.WriteString(coordinate(p.x(spot.At)) + " " + coordinate(p.y(spot.Mean)))
	}
	if len(run) == 1 {
		path.WriteString("h2")
	}
	return path.String()
}

// spread is the area between the lowest and the highest of a run; empty where every spot is one reading.
func (p plot) spread(run []coldchain.Spot) string {
	summed := false
	var path strings.Builder
	for i, spot := range run {
		summed = summed || spot.Min != spot.Max
		path.WriteString(map[bool]string{true: "M", false: "L"}[i == 0])
		path.WriteString(coordinate(p.x(spot.At)) + " " + coordinate(p.y(spot.Max)))
	}
	if !summed || len(run) < 2 {
		return ""
	}
	for i := len(run) - 1; i >= 0; i-- {
		path.WriteString("L" + coordinate(p.x(run[i].At)) + " " + coordinate(p.y(run[i].Min)))
	}
	return path.String() + "Z"
}

// The drawing's own measures; the style sheet scales it to the page.
const (
	chartWidth, chartHeight = 880.0, 300.0
	sparkWidth, sparkHeight = 240.0, 40.0
)

// plotOf gives a chart its axes: the band with a margin, and whatever lies beyond it.
func plotOf(c coldchain.Chart) plot {
	low, high := c.Profile.Low, c.Profile.High
	margin := max((high-low)/6, 1000)
	low, high = low-margin, high+margin
	if c.Profile.High-c.Profile.Low > 20_000 {
		low, high = drawnRange(c, c.Profile.High)
	}
	for _, curve := range c.Curves {
		if !curve.Probe.Sensor.Judged {
			continue // a warm room must not flatten the fridge's curve
		}
		for _, run := range curve.Runs {
			for _, spot := range run {
				low, high = min(low, spot.Min-500), max(high, spot.Max+500)
			}
		}
	}
	return plot{from: c.From, to: c.To, low: math.Floor(low.Celsius()), high: math.Ceil(high.Celsius()),
		left: 46, top: 10, width: chartWidth - 54, height: chartHeight - 40}
}

// drawnRange is for wide bands such as a freezer's: the part about the limit that matters.
func drawnRange(_ coldchain.Chart, limit coldchain.MilliCelsius) (low, high coldchain.MilliCelsius) {
	return limit - 15_000, limit + 5_000
}

// gridLine is a line across a chart with its label.
type gridLine struct {
	at    float64
	label string
}

// degrees are the horizontal lines: four to eight, on round numbers.
func (p plot) degrees() []gridLine {
	step := 1.0
	for _, step = range []float64{1, 2, 5, 10, 20, 50} {
		if (p.high-p.low)/step <= 8 {
			break
		}
	}
	var lines []gridLine
	for d := math.Ceil(p.low/step) * step; d <= p.high; d += step {
		label := strings.Replace(strconv.FormatFloat(d, 'f', -1, 64), "-", "−", 1)
		lines = append(lines, gridLine{p.y(coldchain.FromCelsius(d)), label + "°"})
	}
	return lines
}

// times are the vertical lines, on round times of the site's clock.
func (p plot) times(ctx context.Context) []gridLine {
	zone := SceneOf(ctx).Zone
	span := p.to.Sub(p.from)
	step, format := timeStep(span)
	at := p.from.In(zone)
	at = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone)
	var lines []gridLine
	for !at.After(p.to) && len(lines) < 40 {
		if at.After(p.from) {
			lines = append(lines, gridLine{p.x(at), at.Format(format)})
		}
		if step >= 24*time.Hour {
			at = at.AddDate(0, 0, int(step/(24*time.Hour))) // days of 23 and 25 hours keep their midnight
		} else {
			at = at.Add(step)
		}
	}
	return lines
}

func timeStep(span time.Duration) (time.Duration, string) {
	const day = 24 * time.Hour
	switch {
	case span <= 8*time.Hour:
		return time.Hour, "15:04"
	case span <= 2*day:
		return 3 * time.Hour, "15:04"
	case span <= 9*day:
		return day, "Mon 2"
	case span <= 40*day:
		return 3 * day, "2 Jan"
	}
	return 30 * day, "Jan 2006"
}

// laneHeight is how much of a drawing each lane below the curve takes.
const laneHeight = 20.0

// laneWords are what lanes say, by what devices tell.
var laneWords = map[coldchain.SignKind]string{
	coldchain.SignDoor: "Door open", coldchain.SignPower: "No power", coldchain.SignBattery: "Battery low", coldchain.SignProbeOut: "Probe out",
	coldchain.SignDevice: "Device rang", "": "Opened on purpose",
}

// laneWord is what a lane says.
func laneWord(l coldchain.Lane) string { return laneWords[l.Kind] }

// chartBox is the drawing's own measure, with room for the lanes below it.
func chartBox(c coldchain.Chart) string {
	return fmt.Sprintf("0 0 %g %s", chartWidth, coordinate(chartHeight+laneHeight*float64(len(c.Lanes))))
}

// lane is where the i-th lane lies from the top.
func (p plot) lane(i int) float64 { return chartHeight + laneHeight*float64(i) }

// spanWidth is how wide a span is drawn; a moment is still seen.
func (p plot) spanWidth(s coldchain.Span) float64 { return max(p.x(s.To)-p.x(s.From), 2) }

// laneSum is how long a lane's spans are together.
func laneSum(l coldchain.Lane) time.Duration {
	var sum time.Duration
	for _, s := range l.Spans {
		sum += s.To.Sub(s.From)
	}
	return sum
}

// excursionBox is where a chart marks an excursion.
type excursionBox struct {
	number   int
	x, width float64
	// row is how many lines its number stands below the first, so that numbers close by are read.
	row int
}

// numberWidth is the room that an excursion's number takes beside the next one's, numberRows
// how many lines there are to give way to.
const (
	numberWidth = 16.0
	numberRows  = 6
)

// y is where the box's number stands.
func (b excursionBox) y(p plot) float64 { return p.top + 12 + 13*float64(b.row) }

func (p plot) boxes(excursions []coldchain.Excursion) []excursionBox {
	boxes := make([]excursionBox, len(excursions))
	for i, e := range excursions {
		end := e.End
		if end.IsZero() {
			end = p.to
		}
		x := p.x(e.Start)
		boxes[i] = excursionBox{number: i + 1, x: x, width: max(p.x(end)-x, 2)}
		if i > 0 && x-boxes[i-1].x < numberWidth {
			boxes[i].row = (boxes[i-1].row + 1) % numberRows
		}
	}
	return boxes
}

// sparkPlot is a tile's small chart: one day, the band and what lies beyond it.
func sparkPlot(s coldchain.Standing, trend coldchain.Trend, now time.Time) (plot, []coldchain.Spot) {
	spots := make([]coldchain.Spot, len(trend.Hours))
	low, high := s.Profile.Low, s.Profile.High
	if high-low > 20_000 { // of a freezer's band the part that matters: up to its limit
		low = high - 15_000
		for _, h := range trend.Hours {
			low = min(low, h.Min-5_000)
		}
	}
	low, high = low-1000, high+1000
	for i, h := range trend.Hours {
		spots[i] = coldchain.Spot{At: h.Start.Add(30 * time.Minute), Min: h.Min, Mean: h.Mean(), Max: h.Max}
		low, high = min(low, h.Min), max(high, h.Max)
	}
	return plot{from: now.Add(-24 * time.Hour), to: now, low: low.Celsius(), high: high.Celsius(), width: sparkWidth, height: sparkHeight}, spots
}

// unbroken cuts a day's hours where one is missing.
func unbroken(spots []coldchain.Spot) [][]coldchain.Spot {
	var runs [][]coldchain.Spot
	for i, spot := range spots {
		if i == 0 || spot.At.Sub(spots[i-1].At) > time.Hour {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], spot)
	}
	return runs
}

// Temperature is a temperature as pages show it.
func Temperature(t coldchain.MilliCelsius) string { return Celsius(int64(t)) }

// Minutes is a duration of an excursion: "25 min", "3 h 05 min".
func Minutes(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	if minutes < 60 {
		return strconv.Itoa(minutes) + " min"
	}
	return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
}

// coldLevel is how much somebody is needed at a fridge.
func coldLevel(c coldchain.Condition) Level {
	switch c {
	case coldchain.InRange:
		return OK
	case coldchain.Drifting:
		return Warning
	case coldchain.OutOfRange, coldchain.Freezing:
		return Alarm
	}
	return Stale
}

// coldWord is the condition in words, with its icon.
func coldWord(s coldchain.Standing) (icon, word string) {
	switch {
	case s.Condition == coldchain.Freezing:
		return "snowflake", "Freezing"
	case s.Condition == coldchain.OutOfRange && s.Direction == coldchain.TooCold:
		return "thermometer-snowflake", "Too cold"
	case s.Condition == coldchain.OutOfRange:
		return "thermometer-sun", "Too warm"
	case s.Condition == coldchain.Drifting && s.Direction == coldchain.TooCold:
		return "thermometer-snowflake", "Getting too cold"
	case s.Condition == coldchain.Drifting:
		return "thermometer-sun", "Getting too warm"
	case s.Condition == coldchain.Silent:
		return "wifi-off", "No data"
	case s.Condition == coldchain.NoProbe:
		return "circle-question-mark", "No probe"
	}
	return "circle-check", "In range"
}

// Tally counts the fridges of a board by what is said of them: "10 in range · 1 too warm".
func boardSaid(all []coldchain.Standing) string {
	var order []string
	counts := map[string]int{}
	for _, standing := range all {
		_, word := coldWord(standing)
		if counts[word] == 0 {
			order = append(order, word)
		}
		counts[word]++
	}
	parts := make([]string, len(order))
	for i, word := range order {
		parts[i] = strconv.Itoa(counts[word]) + " " + strings.ToLower(word)
	}
	return strings.Join(parts, " · ")
}

// excursionNumber is the number under which the chart marks an excursion; 0 when it lies outside.
func excursionNumber(c coldchain.Chart, id coldchain.ExcursionID) int {
	for i, e := range c.Excursions {
		if e.ID == id {
			return i + 1
		}
	}
	return 0
}

func excursionState(e coldchain.Excursion) (Level, string) {
	switch {
	case e.Withdrawn:
		return Info, "Withdrawn: later data showed that it was none"
	case e.Running():
		return Alarm, "Running"
	case e.Cut:
		return Warning, "Cut off: the probe was taken away"
	case e.FoundLate:
		return Info, "Over, found late"
	}
	return OK, "Over"
}

func ruleWord(e coldchain.Excursion) string {
	if e.Rule == "freeze" {
		return "Freezing"
	}
	return strings.ToUpper(string(e.Direction)[:1]) + string(e.Direction)[1:]
}

// dayRow is one row of the table that says what a chart draws.
type dayRow struct {
	label          string
	first, last    time.Time
	min, mean, max coldchain.MilliCelsius
}

// middle is where the chart's cursor stands for the row.
func (r dayRow) middle() time.Time { return r.first.Add(r.last.Sub(r.first) / 2) }

// tableOf sums a curve up in rows that a person can read: hours for two days, else days.
func tableOf(ctx context.Context, c coldchain.Chart, curve coldchain.Curve) []dayRow {
	zone, format := SceneOf(ctx).Zone, "2 Jan 2006"
	if !c.Summed {
		format = "2 Jan 15:00"
	}
	var rows []dayRow
	count := 0
	var sum int64
	for _, run := range curve.Runs {
		for _, spot := range run {
			label := spot.At.In(zone).Format(format)
			if n := len(rows); n == 0 || rows[n-1].label != label {
				rows = append(rows, dayRow{label: label, first: spot.At, min: spot.Min, max: spot.Max})
				count, sum = 0, 0
			}
			row := &rows[len(rows)-1]
			row.last = spot.At
			count, sum = count+1, sum+int64(spot.Mean)
			row.min, row.max, row.mean = min(row.min, spot.Min), max(row.max, spot.Max), coldchain.MilliCelsius(sum/int64(count))
		}
	}
	return rows
}
