package locate

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

// ErrRecording says that a recording can't be read; the wrapping sentence says where.
var ErrRecording = errors.New("recording not readable")

// Observation is one line of a recording: one receiver heard one tag.
type Observation struct {
	AtMS     int64
	Receiver string
	Tag      string
	DBm      float64
}

// Truth is where a tag really was from FromMS to ToMS, both included.
type Truth struct {
	Tag          string
	FromMS, ToMS int64
	Room         string
}

// ReadObservations reads CSV with the header ts_ms,gateway,tag,rssi (further
// columns are left alone) and orders the lines by time.
func ReadObservations(r io.Reader) ([]Observation, error) {
	var all []Observation
	err := eachRow(r, []string{"ts_ms", "gateway", "tag", "rssi"}, func(cells []string) error {
		at, err := strconv.ParseInt(cells[0], 10, 64)
		if err != nil {
			return fmt.Errorf("ts_ms %q is no whole number of milliseconds", cells[0])
		}
		dbm, err := strconv.ParseFloat(cells[3], 64)
		if err != nil || dbm != dbm || dbm < -200 || dbm > 50 {
			return fmt.Errorf("rssi %q is no signal strength in dBm", cells[3])
		}
		all = append(all, Observation{AtMS: at, Receiver: cells[1], Tag: cells[2], DBm: dbm})
		return nil
	})
	slices.SortStableFunc(all, func(a, b Observation) int { return cmp.Compare(a.AtMS, b.AtMS) })
	return all, err
}

// ReadTruth reads CSV with the header tag,from_ms,to_ms,room, ordered by tag and time.
func ReadTruth(r io.Reader) ([]Truth, error) {
	var all []Truth
	err := eachRow(r, []string{"tag", "from_ms", "to_ms", "room"}, func(cells []string) error {
		from, err := strconv.ParseInt(cells[1], 10, 64)
		to, err2 := strconv.ParseInt(cells[2], 10, 64)
		if err != nil || err2 != nil || to < from {
			return fmt.Errorf("from_ms %q to_ms %q is no span of time", cells[1], cells[2])
		}
		all = append(all, Truth{Tag: cells[0], FromMS: from, ToMS: to, Room: cells[3]})
		return nil
	})
	slices.SortStableFunc(all, func(a, b Truth) int {
		return cmp.Or(cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.FromMS, b.FromMS))
	})
	return all, err
}

// eachRow hands over the named columns of every line after the header.
func eachRow(r io.Reader, columns []string, row func([]string) error) error {
	reader := csv.NewReader(r)
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return fmt.Errorf("%w: no header line: %v", ErrRecording, err)
	}
	at := make([]int, len(columns))
	for i, name := range columns {
		if at[i] = slices.Index(header, name); at[i] < 0 {
			return fmt.Errorf("%w: the header lacks the column %q", ErrRecording, name)
		}
	}
	cells := make([]string, len(columns))
	for line := 2; ; line++ {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %v", ErrRecording, err)
		}
		for i, column := range at {
			cells[i] = record[column]
		}
		if err := row(cells); err != nil {
			return fmt.Errorf("%w: line %d: %v", ErrRecording, line, err)
		}
	}
}

// ReadPlan reads {"ID":{"room":"…"|null,"xy":[x,y]|"xyz":[x,y,z]}} and makes a plan
// of the receivers' rooms and of the further rooms named.
func ReadPlan(r io.Reader, further ...string) (Plan, error) {
	var gateways map[string]struct {
		Room *string   `json:"room"`
		XY   []float64 `json:"xy"`
		XYZ  []float64 `json:"xyz"`
	}
	if err := json.NewDecoder(r).Decode(&gateways); err != nil {
		return Plan{}, fmt.Errorf("%w: gateways: %v", ErrRecording, err)
	}
	names := slices.Clone(further)
	for _, g := range gateways {
		if g.Room != nil && *g.Room != "" {
			names = append(names, *g.Room)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	var plan Plan
	for _, name := range names {
		plan.Rooms = append(plan.Rooms, Room{ID: name})
	}
	for _, id := range slices.Sorted(maps.Keys(gateways)) {
		g := gateways[id]
		receiver := Receiver{ID: id, Room: NoRoom}
		if g.Room != nil && *g.Room != "" {
			receiver.Room, _ = slices.BinarySearch(names, *g.Room)
		}
		if xy := append(g.XY, g.XYZ...); len(xy) >= 2 {
			receiver.At = &Point{X: xy[0], Y: xy[1]}
		}
		plan.Receivers = append(plan.Receivers, receiver)
	}
	return plan, nil
}

// Rooms names the rooms of the truth, sorted.
func Rooms(truth []Truth) []string {
	var names []string
	for _, t := range truth {
		if t.Room != "" {
			names = append(names, t.Room)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
