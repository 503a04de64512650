// Package floorplan reads drawings of floors as others write them: GeoJSON of one
// floor, or Apple's Indoor Mapping Data Format (IMDF 1.0.0) of a whole venue.
//
// The path of a drawing: a file → features with rings of longitude and latitude
// (or metres) → metres on a plan whose origin is the top left corner → Rooms with
// their outlines, and the doors between them → Merge, which puts them into the
// hospital document that `import hospital` takes, so that a floor plan is checked
// and applied by the same rules as everything else.
package floorplan

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// Limits of one drawing.
const (
	// MaxBytes is the largest file that is read, unpacked.
	MaxBytes = 64 << 20
	// MaxFeatures is the most features of one drawing.
	MaxFeatures = 50_000
	// MaxCorners is the most corners of an outline that the hospital document takes.
	MaxCorners = 100
	// maxMetres is how wide a floor may be: two kilometres are no house.
	maxMetres = 2000
)

// ErrDrawing: the file is no drawing that can be read. The wrapping sentence says why.
var ErrDrawing = errors.New("not a floor plan that can be read")

// Floor is one floor of a drawing.
type Floor struct {
	ID           string
	Name         string
	Level        int
	Width, Depth float64 // metres
	Rooms        []Room
	Doors        int // how many doors joined two rooms
}

// Room is one space of a floor.
type Room struct {
	ID, Name   string
	Kind       hospital.RoomKind
	Outline    []hospital.Point
	Neighbours []int // by index in Floor.Rooms
}

// Drawing is what a file holds.
type Drawing struct {
	Floors []Floor
	// Notes say what was left out and why, a sentence each.
	Notes []string
}

// feature is one shape of a drawing, on its way.
type feature struct {
	id, name, kind string
	ring           []hospital.Point // longitude and latitude, or metres; y grows to the north
}

// kinds tells what a space is for by the words that drawings use (IMDF's unit
// categories, OpenStreetMap's indoor and room, and plain ones). Empty: no room.
var kinds = map[string]hospital.RoomKind{
	"elevator": hospital.Lift, "lift": hospital.Lift,
	"stairs": hospital.Stairs, "staircase": hospital.Stairs, "escalator": hospital.Stairs, "ramp": hospital.Stairs, "steps": hospital.Stairs,
	"corridor": hospital.Corridor, "hallway": hospital.Corridor, "walkway": hospital.Corridor, "lobby": hospital.Corridor, "foyer": hospital.Corridor,
	"vestibule": hospital.Corridor, "pathway": hospital.Corridor, "area": hospital.Corridor,
	"storage": hospital.Storage, "store": hospital.Storage, "storeroom": hospital.Storage, "closet": hospital.Storage,
	"office": hospital.Office, "room": hospital.Office, "conferenceroom": hospital.Office, "meeting_room": hospital.Office, "nonpublic": hospital.Office,
	"restroom": hospital.Office, "restroom.male": hospital.Office, "restroom.female": hospital.Office, "restroom.unisex": hospital.Office,
	"restroom.wheelchair": hospital.Office, "bathroom": hospital.Office, "toilet": hospital.Office, "toilets": hospital.Office, "kitchen": hospital.Office,
	"reception": hospital.NurseStation, "nurse_station": hospital.NurseStation,
	"entrance": hospital.Exit, "exit": hospital.Exit,
	"laboratory": hospital.Laboratory, "lab": hospital.Laboratory, "pharmacy": hospital.Pharmacy, "workshop": hospital.Workshop,
	"operating_room": hospital.Theatre, "theatre": hospital.Theatre, "ward": hospital.PatientRoom, "bedroom": hospital.PatientRoom, "patient_room": hospital.PatientRoom,
}

// kindOf is the kind of room that a drawing's word stands for; false for walls,
// windows and whatever nobody stands in.
func kindOf(word, name string) (hospital.RoomKind, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	if kind := hospital.RoomKind(word); slices.Contains(hospital.RoomKinds(), kind) {
		return kind, true
	}
	if kind, ok := kinds[word]; ok {
		return kind, true
	}
	// A named space of an unknown word is a room; a nameless one is furniture.
	return hospital.Office, name != "" && !slices.Contains(solid, word)
}

// solid are words for what is no room even when it has a name.
var solid = []string{"wall", "window", "door", "opening", "building_outline", "structure", "column", "opentobelow", "floor_opening", "furniture", "level", "venue", "building", "footprint"}

// spread lays features out in metres, the origin at the top left, y downwards.
type spread struct {
	degrees       bool
	scale, middle float64
	minX, maxY    float64
	width, depth  float64
}

const metresPerDegree = 111_319.49 // of latitude; WGS 84's equator ÷ 360

func newSpread(features []feature) (spread, error) {
	var s spread
	first := true
	var maxX, minY float64
	each := func(see func(hospital.Point)) {
		for _, f := range features {
			for _, p := range f.ring {
				see(p)
			}
		}
	}
	s.degrees = true
	each(func(p hospital.Point) { s.degrees = s.degrees && math.Abs(p.X) <= 180 && math.Abs(p.Y) <= 90 })
	each(func(p hospital.Point) {
		if first {
			s.minX, maxX, minY, s.maxY, first = p.X, p.X, p.Y, p.Y, false
		}
		s.minX, maxX, minY, s.maxY = min(s.minX, p.X), max(maxX, p.X), min(minY, p.Y), max(s.maxY, p.Y)
	})
	if first {
		return s, fmt.Errorf("it holds no outline: %w", ErrDrawing)
	}
	if s.degrees && (maxX-s.minX > 1 || s.maxY-minY > 1) { // a house in metres may well be small
		s.degrees = false
	}
	s.scale, s.middle = 1, 1
	if s.degrees {
		s.scale = metresPerDegree
		s.middle = math.Cos((s.maxY + minY) / 2 * math.Pi / 180)
	}
	s.width, s.depth = (maxX-s.minX)*s.scale*s.middle, (s.maxY-minY)*s.scale
	if s.width < 1 || s.depth < 1 || s.width > maxMetres || s.depth > maxMetres {
		return s, fmt.Errorf("it is %.0f by %.0f metres: %w", s.width, s.depth, ErrDrawing)
	}
	s.width, s.depth = math.Ceil(s.width*10)/10, math.Ceil(s.depth*10)/10
	return s, nil
}

// at is a point on the plan, in metres, to the centimetre.
func (s spread) at(p hospital.Point) hospital.Point {
	cm := func(m, most float64) float64 { return max(0, min(math.Round(m*100)/100, most)) }
	return hospital.Point{X: cm((p.X-s.minX)*s.scale*s.middle, s.width), Y: cm((s.maxY-p.Y)*s.scale, s.depth)}
}

func (s spread) ring(ring []hospital.Point) []hospital.Point {
	var outline []hospital.Point
	for _, p := range ring {
		if at := s.at(p); len(outline) == 0 || outline[len(outline)-1] != at {
			outline = append(outline, at)
		}
	}
	if n := len(outline); n > 1 && outline[0] == outline[n-1] {
		outline = outline[:n-1]
	}
	return thin(outline)
}

// thin leaves out corners that hardly bend, until there are few enough.
func thin(outline []hospital.Point) []hospital.Point {
	for allowance := 0.02; len(outline) > MaxCorners; allowance *= 2 {
		kept := outline[:0:0]
		for i, p := range outline {
			before, after := outline[(i+len(outline)-1)%len(outline)], outline[(i+1)%len(outline)]
			if n := len(kept); n > 0 && n < i && kept[n-1] != before { // never two in a row
				kept = append(kept, p)
				continue
			}
			if away(p, before, after) > allowance {
				kept = append(kept, p)
			}
		}
		outline = kept
	}
	return outline
}

// away is how far a point lies from the line between two others.
func away(p, a, b hospital.Point) float64 {
	dx, dy := b.X-a.X, b.Y-a.Y
	length := dx*dx + dy*dy
	if length == 0 {
		return math.Hypot(p.X-a.X, p.Y-a.Y)
	}
	t := max(0, min(1, ((p.X-a.X)*dx+(p.Y-a.Y)*dy)/length))
	return math.Hypot(p.X-a.X-t*dx, p.Y-a.Y-t*dy)
}

// build makes a floor of its features.
func build(id, name string, level int, features []feature, notes *[]string) (Floor, error) {
	s, err := newSpread(features)
	if err != nil {
		return Floor{}, fmt.Errorf("floor %s: %w", id, err)
	}
	floor := Floor{ID: id, Name: name, Level: level, Width: s.width, Depth: s.depth}
	var doors []hospital.Point
	left, unsound := map[string]int{}, 0
	for _, f := range features {
		if word := strings.ToLower(f.kind); word == "door" || word == "opening" {
			doors = append(doors, middle(s.ring(f.ring)))
			continue
		}
		kind, is := kindOf(f.kind, f.name)
		if !is {
			left[cmp.Or(f.kind, "nameless")]++
			continue
		}
		room := Room{ID: f.id, Name: cmp.Or(f.name, nameless(kind, f.id)), Kind: kind, Outline: s.ring(f.ring)}
		if !document.Sound(room.Outline) {
			unsound++
			room.Outline = nil
		}
		floor.Rooms = append(floor.Rooms, room)
	}
	join(&floor, doors)
	for _, word := range sortedKeys(left) {
		*notes = append(*notes, fmt.Sprintf("Floor %s: %d of type %q are no rooms and were left out.", id, left[word], word))
	}
	if unsound > 0 {
		*notes = append(*notes, fmt.Sprintf("Floor %s: %d outlines cross themselves or have no area; those rooms come undrawn.", id, unsound))
	}
	return floor, nil
}

func nameless(kind hospital.RoomKind, id string) string {
	words := strings.ReplaceAll(string(kind), "_", " ")
	return strings.ToUpper(words[:1]) + words[1:] + " " + id
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func middle(outline []hospital.Point) hospital.Point {
	centre, _ := hospital.Room{Outline: outline}.Centre()
	return centre
}

const (
	// doorReach is how far a door's middle may lie from the rooms that it joins.
	doorReach = 0.8
	// wallReach and wallLength are how near and for how long two outlines must run
	// beside each other to have a wall in common.
	wallReach, wallLength = 0.35, 0.9
)

// join lets every door join the two rooms next to it. A room that no door leads
// to is joined to a corridor that it has a wall in common with: drawings often
// leave doors out, and a room that nobody can reach helps nobody.
func join(floor *Floor, doors []hospital.Point) {
	for _, door := range doors {
		type near struct {
			room   int
			metres float64
		}
		var by []near
		for i, room := range floor.Rooms {
			if m := distance(door, room.Outline); m <= doorReach {
				by = append(by, near{i, m})
			}
		}
		if len(by) < 2 {
			continue
		}
		slices.SortFunc(by, func(a, b near) int { return cmp.Compare(a.metres, b.metres) })
		if floor.link(by[0].room, by[1].room) {
			floor.Doors++
		}
	}
	for i, room := range floor.Rooms {
		if len(room.Neighbours) > 0 {
			continue
		}
		for j, other := range floor.Rooms {
			if i != j && (other.Kind == hospital.Corridor || room.Kind == hospital.Corridor) && common(room.Outline, other.Outline) >= wallLength {
				floor.link(i, j)
			}
		}
	}
}

func (f *Floor) link(a, b int) bool {
	if a == b || slices.Contains(f.Rooms[a].Neighbours, b) {
		return false
	}
	f.Rooms[a].Neighbours = append(f.Rooms[a].Neighbours, b)
	f.Rooms[b].Neighbours = append(f.Rooms[b].Neighbours, a)
	return true
}

// distance is how far a point lies from an outline; far away from one that nobody drew.
func distance(p hospital.Point, outline []hospital.Point) float64 {
	best := math.Inf(1)
	for i, a := range outline {
		best = min(best, away(p, a, outline[(i+1)%len(outline)]))
	}
	return best
}

// common is how many metres of an outline run along another.
func common(a, b []hospital.Point) float64 {
	const step = 0.3
	metres := 0.0
	for i, from := range a {
		to := a[(i+1)%len(a)]
		length := math.Hypot(to.X-from.X, to.Y-from.Y)
		for at := step / 2; at < length; at += step {
			p := hospital.Point{X: from.X + (to.X-from.X)*at/length, Y: from.Y + (to.Y-from.Y)*at/length}
			if distance(p, b) <= wallReach {
				metres += step
			}
		}
	}
	return metres
}
