package floorplan

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"wardwatch/tracking/hospital"
)

// Ask is what a GeoJSON file does not say of its floor.
type Ask struct {
	Floor string // its short name
	Name  string
	Level int
}

// Read takes in a drawing: IMDF as a zip archive, or GeoJSON of one floor.
func Read(data []byte, ask Ask) (Drawing, error) {
	switch {
	case len(data) > MaxBytes:
		return Drawing{}, fmt.Errorf("it is larger than %d MB: %w", MaxBytes>>20, ErrDrawing)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readArchive(data)
	}
	return readGeoJSON(data, ask)
}

// collection is GeoJSON as RFC 7946 has it, as far as it matters here.
type collection struct {
	Type     string `json:"type"`
	Features []struct {
		ID          any             `json:"id"`
		FeatureType string          `json:"feature_type"`
		Properties  map[string]any  `json:"properties"`
		Geometry    json.RawMessage `json:"geometry"`
	} `json:"features"`
}

type geometry struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
}

func parse(data []byte) (collection, error) {
	var c collection
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("it is not GeoJSON (%v): %w", err, ErrDrawing)
	}
	switch {
	case c.Type != "FeatureCollection":
		return c, fmt.Errorf("it is no FeatureCollection: %w", ErrDrawing)
	case len(c.Features) > MaxFeatures:
		return c, fmt.Errorf("it has more than %d features: %w", MaxFeatures, ErrDrawing)
	}
	return c, nil
}

// ringOf is the outer ring of a polygon, of the largest polygon of several, or a
// line's points. False for points and what else has no extent.
func ringOf(raw json.RawMessage) ([]hospital.Point, bool) {
	var g geometry
	if json.Unmarshal(raw, &g) != nil {
		return nil, false
	}
	switch g.Type {
	case "Polygon":
		var rings [][][]float64
		if json.Unmarshal(g.Coordinates, &rings) != nil || len(rings) == 0 {
			return nil, false
		}
		return pointsOf(rings[0])
	case "MultiPolygon":
		var polygons [][][][]float64
		if json.Unmarshal(g.Coordinates, &polygons) != nil {
			return nil, false
		}
		var best []hospital.Point
		for _, rings := range polygons {
			if len(rings) == 0 {
				continue
			}
			if ring, ok := pointsOf(rings[0]); ok && size(ring) > size(best) {
				best = ring
			}
		}
		return best, len(best) > 2
	case "LineString":
		var line [][]float64
		if json.Unmarshal(g.Coordinates, &line) != nil {
			return nil, false
		}
		return pointsOf(line)
	}
	return nil, false
}

func pointsOf(line [][]float64) ([]hospital.Point, bool) {
	points := make([]hospital.Point, 0, len(line))
	for _, p := range line {
		if len(p) < 2 {
			return nil, false
		}
		points = append(points, hospital.Point{X: p[0], Y: p[1]})
	}
	return points, len(points) > 1
}

// size is twice the area of a ring.
func size(ring []hospital.Point) float64 {
	sum := 0.0
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		sum += a.X*b.Y - b.X*a.Y
	}
	return max(sum, -sum)
}

// word is the first of some properties that says something.
func word(properties map[string]any, names ...string) string {
	for _, name := range names {
		switch v := properties[name].(type) {
		case string:
			if v = strings.TrimSpace(v); v != "" {
				return v
			}
		case float64:
			return strconv.FormatFloat(v, 'f', -1, 64)
		case map[string]any: // IMDF's labels: by language
			for _, language := range []string{"en", "en-GB", "en-US"} {
				if text, ok := v[language].(string); ok && text != "" {
					return text
				}
			}
			for _, language := range sortedLabels(v) {
				if text, ok := v[language].(string); ok && text != "" {
					return text
				}
			}
		}
	}
	return ""
}

func sortedLabels(v map[string]any) []string {
	keys := make([]string, 0, len(v))
	for key := range v {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func readGeoJSON(data []byte, ask Ask) (Drawing, error) {
	c, err := parse(data)
	if err != nil {
		return Drawing{}, err
	}
	var features []feature
	names := map[string]int{}
	for i, f := range c.Features {
		ring, ok := ringOf(f.Geometry)
		if !ok {
			continue
		}
		id := slug(cmp.Or(word(f.Properties, "roomnumber", "room_number", "ref", "id"), fmt.Sprint(i+1)))
		if names[id]++; names[id] > 1 {
			id = fmt.Sprintf("%s-%d", id, names[id])
		}
		features = append(features, feature{id: clip(ask.Floor + "-" + id), name: clipName(word(f.Properties, "name", "roomnumber", "room_number", "ref", "title")),
			kind: word(f.Properties, "kind", "type", "room", "category", "indoor"), ring: ring})
	}
	var d Drawing
	floor, err := build(ask.Floor, cmp.Or(ask.Name, ask.Floor), ask.Level, features, &d.Notes)
	if err != nil {
		return Drawing{}, err
	}
	if len(floor.Rooms) == 0 {
		return Drawing{}, fmt.Errorf("none of its %d shapes is a room; a room is a polygon with a type or a name: %w", len(features), ErrDrawing)
	}
	d.Floors = []Floor{floor}
	return d, nil
}

// slug makes a text fit for a short name.
func slug(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	return cmp.Or(strings.Trim(b.String(), "-._"), "x")
}

func clip(id string) string { return id[:min(len(id), 64)] }

func clipName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, name)
	runes := []rune(name)
	return string(runes[:min(len(runes), 100)])
}

// readArchive takes in IMDF: level.geojson says which floors there are,
// unit.geojson which rooms, opening.geojson where doors are.
func readArchive(data []byte) (Drawing, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return Drawing{}, fmt.Errorf("the archive can't be opened (%v): %w", err, ErrDrawing)
	}
	parts, left := map[string]collection{}, int64(MaxBytes)
	for _, file := range archive.File {
		name := strings.ToLower(path.Base(file.Name))
		if name != "level.geojson" && name != "unit.geojson" && name != "opening.geojson" {
			continue
		}
		text, err := unpack(file, left)
		if err != nil {
			return Drawing{}, fmt.Errorf("%s: %w", name, err)
		}
		left -= int64(len(text))
		if parts[name], err = parse(text); err != nil {
			return Drawing{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(parts["level.geojson"].Features) == 0 || len(parts["unit.geojson"].Features) == 0 {
		return Drawing{}, fmt.Errorf("the archive lacks level.geojson or unit.geojson: %w", ErrDrawing)
	}
	return floorsOf(parts)
}

// unpack reads a file of the archive, which may claim any size and be larger.
func unpack(file *zip.File, most int64) ([]byte, error) {
	from, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("it can't be unpacked (%v): %w", err, ErrDrawing)
	}
	defer from.Close()
	text, err := io.ReadAll(io.LimitReader(from, most+1))
	if err != nil {
		return nil, fmt.Errorf("it can't be unpacked (%v): %w", err, ErrDrawing)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("it is larger than %d MB: %w", MaxBytes>>20, ErrDrawing)
	}
	return text, nil
}

func floorsOf(parts map[string]collection) (Drawing, error) {
	byLevel := map[string][]feature{}
	for name, kind := range map[string]string{"unit.geojson": "", "opening.geojson": "opening"} {
		for i, f := range parts[name].Features {
			ring, ok := ringOf(f.Geometry)
			if !ok {
				continue
			}
			id, _ := f.ID.(string)
			byLevel[word(f.Properties, "level_id")] = append(byLevel[word(f.Properties, "level_id")], feature{
				id: clip(slug(cmp.Or(id, fmt.Sprintf("unit-%d", i+1)))), name: clipName(word(f.Properties, "name", "alt_name")),
				kind: cmp.Or(kind, word(f.Properties, "category"), "nonpublic"), ring: ring})
		}
	}
	var d Drawing
	for i, f := range parts["level.geojson"].Features {
		id, _ := f.ID.(string)
		features := byLevel[id]
		if len(features) == 0 {
			d.Notes = append(d.Notes, fmt.Sprintf("Level %s has no rooms and was left out.", cmp.Or(word(f.Properties, "short_name", "name"), id)))
			continue
		}
		ordinal, _ := f.Properties["ordinal"].(float64)
		short := clip(slug(cmp.Or(word(f.Properties, "short_name"), fmt.Sprintf("level-%d", i+1))))
		floor, err := build(short, clipName(cmp.Or(word(f.Properties, "name", "short_name"), short)), int(max(-20, min(ordinal, 200))), features, &d.Notes)
		if err != nil {
			return Drawing{}, err
		}
		d.Floors = append(d.Floors, floor)
	}
	if len(d.Floors) == 0 {
		return Drawing{}, fmt.Errorf("no level has a room: %w", ErrDrawing)
	}
	return d, nil
}
