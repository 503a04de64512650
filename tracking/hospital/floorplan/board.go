package floorplan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // what a picture may be
	_ "image/png"  // what a picture may be
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// Limits of a picture that rooms are drawn over.
const (
	MaxPicture  = 8 << 20 // bytes
	MaxPixels   = 12_000  // of either side
	leastPixels = 50
)

// ErrNoPicture: nobody has uploaded a picture of the floor.
var ErrNoPicture = fmt.Errorf("picture %w", hospital.ErrUnknown)

// Picture is what rooms are drawn over. It covers the whole of its floor's plan.
type Picture struct {
	MediaType  string // image/png or image/jpeg, by its first bytes and not by its name
	Wide, High int    // pixels
	Bytes      []byte
	At         time.Time
}

// Look tells what a file is by its own bytes, or refuses it.
func Look(data []byte) (Picture, error) {
	refuse := func(sentence string) (Picture, error) {
		return Picture{}, hospital.Refuse(hospital.ErrInvalid, sentence)
	}
	if len(data) > MaxPicture {
		return refuse(fmt.Sprintf("The picture is larger than %d MB. Save it smaller.", MaxPicture>>20))
	}
	p := Picture{MediaType: http.DetectContentType(data), Bytes: data}
	if p.MediaType != "image/png" && p.MediaType != "image/jpeg" {
		return refuse("That is no PNG or JPEG picture. Export the plan as one of them.")
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return refuse("The picture can't be read. Save it anew as PNG or JPEG.")
	}
	p.Wide, p.High = config.Width, config.Height
	if min(p.Wide, p.High) < leastPixels || max(p.Wide, p.High) > MaxPixels {
		return refuse(fmt.Sprintf("The picture has %d by %d pixels; between %d and %d a side are possible.", p.Wide, p.High, leastPixels, MaxPixels))
	}
	return p, nil
}

// Keeper is where the hospital and its pictures are kept. db.Hospital is one.
type Keeper interface {
	Describe(ctx context.Context, by hospital.Actor) (document.Document, error)
	Import(ctx context.Context, by hospital.Actor, doc document.Document, apply bool) ([]document.Change, error)
	// Picture of a floor; ErrNoPicture when there is none.
	Picture(ctx context.Context, floor hospital.FloorID) (Picture, error)
	// HasPicture says when a floor's picture was uploaded; zero for never.
	HasPicture(ctx context.Context, floor hospital.FloorID) (time.Time, error)
	// SetPicture keeps a floor's picture, and its plan's size in metres with it.
	SetPicture(ctx context.Context, by hospital.Actor, floor hospital.FloorID, p Picture, width, height float64) error
}

// Board is where an administrator draws rooms over a picture.
type Board struct {
	Keeper   Keeper
	Register *hospital.Register
}

// SetPicture takes a picture of a floor, whose plan is so many metres wide.
func (b *Board) SetPicture(ctx context.Context, by hospital.Actor, floor hospital.FloorID, data []byte, width float64) error {
	if err := by.Need(hospital.ManageHospital); err != nil {
		return err
	}
	f, ok := b.Register.Current().Floor(floor)
	if !ok {
		return fmt.Errorf("floor %s: %w", floor, hospital.ErrUnknown)
	}
	p, err := Look(data)
	if err != nil {
		return err
	}
	if !(width >= 1 && width <= maxMetres) {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Say how many metres the picture is wide, between 1 and %d.", maxMetres))
	}
	// The picture covers the plan; a room that is drawn already never falls off it.
	height := width * float64(p.High) / float64(p.Wide)
	for _, room := range b.Register.Current().RoomsOn(f.ID) {
		for _, corner := range room.Outline {
			if corner.X > width || corner.Y > height {
				return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s would lie outside the picture, which is %.1f by %.1f metres then. Correct the width, or the room.", room.Name, width, height))
			}
		}
	}
	if err := b.Keeper.SetPicture(ctx, by, floor, p, width, height); err != nil {
		return fmt.Errorf("set picture of floor %s: %w", floor, err)
	}
	return nil
}

// Drawn is a room as somebody drew it.
type Drawn struct {
	ID        hospital.RoomID // empty for a new one
	Name      string
	Kind      hospital.RoomKind
	Unit      hospital.UnitID
	Isolation bool
	// Corners are typed or pointed at: "x y" in metres, one a line.
	Corners string
	Doors   []hospital.RoomID
}

// ReadCorners reads corners as people type them: two numbers a line, apart by a
// blank, a comma or a semicolon; a decimal point.
func ReadCorners(text string) ([]hospital.Point, error) {
	var outline []hospital.Point
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		cells := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\t' || r == '\r' })
		if len(cells) != 2 {
			return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Line %d of the corners needs two numbers, as in “12.5 3”.", i+1))
		}
		x, wrongX := strconv.ParseFloat(cells[0], 64)
		y, wrongY := strconv.ParseFloat(cells[1], 64)
		if wrongX != nil || wrongY != nil || !(x >= 0 && x <= maxMetres) || !(y >= 0 && y <= maxMetres) {
			return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Line %d of the corners: each number is between 0 and %d metres.", i+1, maxMetres))
		}
		outline = append(outline, hospital.Point{X: x, Y: y})
	}
	if len(outline) > 0 && !Sound(outline) {
		return nil, hospital.Refuse(hospital.ErrInvalid, "The outline crosses itself or has no area. Go round the room corner by corner.")
	}
	return outline, nil
}

// Sound says whether an outline can be a room's.
func Sound(outline []hospital.Point) bool { return document.Sound(outline) }

// SetRoom makes or changes a room of a floor, and the doors on both sides. It is
// held to the rules of the hospital document.
func (b *Board) SetRoom(ctx context.Context, by hospital.Actor, floor hospital.FloorID, d Drawn) (hospital.RoomID, error) {
	outline, err := ReadCorners(d.Corners)
	if err != nil {
		return "", err
	}
	there, err := b.Keeper.Describe(ctx, by)
	if err != nil {
		return "", fmt.Errorf("draw a room of floor %s: %w", floor, err)
	}
	if d.ID == "" {
		d.ID = freshRoom(floor, d.Name, there)
	}
	room := document.Room{ID: d.ID, Floor: floor, Unit: d.Unit, Name: strings.TrimSpace(d.Name), Kind: d.Kind, Outline: outline, Neighbours: d.Doors, Isolation: d.Isolation}
	part := document.Document{Format: document.Format, Site: there.Site}
	at := slices.IndexFunc(there.Rooms, func(r document.Room) bool { return r.ID == d.ID })
	if at >= 0 && there.Rooms[at].Floor != floor {
		return "", fmt.Errorf("room %s of floor %s: %w", d.ID, floor, hospital.ErrUnknown)
	}
	if at >= 0 {
		for _, id := range there.Rooms[at].Neighbours { // doors to other floors are not drawn here
			if other := slices.IndexFunc(there.Rooms, func(r document.Room) bool { return r.ID == id }); there.Rooms[other].Floor != floor && !slices.Contains(room.Neighbours, id) {
				room.Neighbours = append(slices.Clone(room.Neighbours), id)
			}
		}
		there.Rooms[at] = room
	} else {
		there.Rooms = append(there.Rooms, room)
	}
	part.Rooms = append([]document.Room{room}, bothWays(&there, room)...)
	there.Format = document.Format
	if faults, ok := errors.AsType[document.Faults](check(there)); ok {
		return "", hospital.Refuse(hospital.ErrInvalid, faults[0].Says)
	} else if err := check(there); err != nil {
		return "", err
	}
	if _, err := b.Keeper.Import(ctx, by, part, true); err != nil {
		return "", fmt.Errorf("draw room %s: %w", d.ID, err)
	}
	return d.ID, nil
}

// bothWays lets the rooms beside one name it as their neighbour, or not any more,
// and answers with those that changed.
func bothWays(there *document.Document, room document.Room) []document.Room {
	var changed []document.Room
	for i, other := range there.Rooms {
		if other.ID == room.ID {
			continue
		}
		wants, has := slices.Contains(room.Neighbours, other.ID), slices.Contains(other.Neighbours, room.ID)
		switch {
		case wants && !has:
			other.Neighbours = append(slices.Clone(other.Neighbours), room.ID)
		case has && !wants:
			other.Neighbours = slices.DeleteFunc(slices.Clone(other.Neighbours), func(id hospital.RoomID) bool { return id == room.ID })
		default:
			continue
		}
		there.Rooms[i] = other
		changed = append(changed, other)
	}
	return changed
}

// freshRoom is a short name made of the floor's and the room's that no other has.
func freshRoom(floor hospital.FloorID, name string, there document.Document) hospital.RoomID {
	base := clip(string(floor) + "-" + strings.ToLower(slug(name)))
	base = base[:min(len(base), 58)]
	for n := 1; ; n++ {
		id := hospital.RoomID(base)
		if n > 1 {
			id = hospital.RoomID(fmt.Sprintf("%s-%d", base, n))
		}
		if !slices.ContainsFunc(there.Rooms, func(r document.Room) bool { return r.ID == id }) {
			return id
		}
	}
}
