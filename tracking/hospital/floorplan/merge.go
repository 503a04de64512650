package floorplan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// Merge puts a drawing into a building of the hospital that there is, and answers
// with the part of the document that it changes. A room that is there already
// keeps its name, kind and unit, and gets its outline; a floor keeps its name and
// level and grows if it must. Rooms of the hospital that the drawing does not
// have stay. The error is document.Faults where the whole would be at fault.
func Merge(d Drawing, building hospital.BuildingID, there document.Document) (document.Document, error) {
	part := document.Document{Format: document.Format, Site: there.Site}
	for _, b := range there.Buildings {
		if b.ID == building {
			part.Buildings = []document.Building{b}
		}
	}
	if len(part.Buildings) == 0 {
		return part, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("There is no building %q in the hospital; it has %s.", building, buildings(there)))
	}
	for _, floor := range d.Floors {
		mergeFloor(&part, &there, building, floor)
	}
	there.Format = document.Format
	return part, check(there)
}

func buildings(there document.Document) string {
	var names []string
	for _, b := range there.Buildings {
		names = append(names, string(b.ID))
	}
	return strings.Join(names, ", ")
}

func mergeFloor(part, there *document.Document, building hospital.BuildingID, floor Floor) {
	made := document.Floor{ID: hospital.FloorID(floor.ID), Building: building, Name: floor.Name, Level: floor.Level, WidthMetres: floor.Width, HeightMetres: floor.Depth}
	if i := slices.IndexFunc(there.Floors, func(f document.Floor) bool { return f.ID == made.ID }); i >= 0 {
		old := there.Floors[i]
		made.Building, made.Name, made.Level = old.Building, old.Name, old.Level
		made.WidthMetres, made.HeightMetres = max(old.WidthMetres, floor.Width), max(old.HeightMetres, floor.Depth)
		there.Floors[i] = made
	} else {
		there.Floors = append(there.Floors, made)
	}
	part.Floors = append(part.Floors, made)
	for _, r := range floor.Rooms {
		room := document.Room{ID: hospital.RoomID(r.ID), Floor: made.ID, Name: r.Name, Kind: r.Kind, Outline: r.Outline}
		at := slices.IndexFunc(there.Rooms, func(old document.Room) bool { return old.ID == room.ID })
		if at >= 0 {
			outline := room.Outline
			room = there.Rooms[at]
			room.Outline = outline
		}
		for _, n := range r.Neighbours {
			if id := hospital.RoomID(floor.Rooms[n].ID); !slices.Contains(room.Neighbours, id) {
				room.Neighbours = append(slices.Clone(room.Neighbours), id)
			}
		}
		if at >= 0 {
			there.Rooms[at] = room
		} else {
			there.Rooms = append(there.Rooms, room)
		}
		part.Rooms = append(part.Rooms, room)
	}
}

// check holds the whole hospital against the rules that every document is held to.
func check(whole document.Document) error {
	text, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	_, err = document.Parse(text)
	if faults, ok := errors.AsType[document.Faults](err); ok {
		return faults
	}
	return err
}
