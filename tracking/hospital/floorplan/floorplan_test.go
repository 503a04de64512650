package floorplan

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// box is a polygon of GeoJSON in some units.
func box(x, y, w, h float64) string {
	return fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%g,%g],[%g,%g],[%g,%g],[%g,%g],[%g,%g]]]}`, x, y, x+w, y, x+w, y+h, x, y+h, x, y)
}

func shape(properties, geometry string) string {
	return `{"type":"Feature","properties":` + properties + `,"geometry":` + geometry + `}`
}

func file(features ...string) []byte {
	return []byte(`{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`)
}

// ward is a corridor with two rooms above it, drawn in metres with y to the north.
func ward() []byte {
	return file(
		shape(`{"type":"corridor","name":"Corridor","id":1}`, box(0, 0, 20, 3)),
		shape(`{"type":"bedroom","name":"Bay 1","roomnumber":"W 12"}`, box(0, 3, 8, 5)),
		shape(`{"type":"storage","id":3}`, box(8, 3, 12, 5)),
		shape(`{"type":"door"}`, box(3, 2.9, 1, 0.2)),
		shape(`{"type":"wall","name":"North wall"}`, box(0, 8, 20, 0.2)),
		shape(`{"type":"no_geometry","name":null}`, box(1, 1, 1, 1)),
		shape(`{"name":"Bow tie"}`, `{"type":"Polygon","coordinates":[[[12,4],[14,6],[14,4],[12,6],[12,4]]]}`),
		shape(`{"name":"a point"}`, `{"type":"Point","coordinates":[1,1]}`))
}

func TestAFloorInMetresStandsOnItsHead(t *testing.T) {
	d, err := Read(ward(), Ask{Floor: "w4", Name: "Fourth", Level: 4})
	if err != nil {
		t.Fatal(err)
	}
	f := d.Floors[0]
	if f.Width != 20 || f.Depth != 8.2 || f.Level != 4 || f.Doors != 1 || len(f.Rooms) != 4 {
		t.Fatalf("got %+v", f)
	}
	var said []string
	for _, r := range f.Rooms {
		said = append(said, fmt.Sprintf("%s %s %s %d %v", r.ID, r.Name, r.Kind, len(r.Outline), r.Neighbours))
	}
	want := []string{"w4-1 Corridor corridor 4 [1 2]", "w4-W-12 Bay 1 patient_room 4 [0]", "w4-3 Storage w4-3 storage 4 [0]", "w4-7 Bow tie office 0 []"}
	if !slices.Equal(said, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
	// North is up: the corridor, which lies lowest, has the greatest y.
	if got := f.Rooms[0].Outline[0]; got != (hospital.Point{X: 0, Y: 8.2}) {
		t.Errorf("the corridor begins at %v", got)
	}
	notes := strings.Join(d.Notes, " ")
	for _, want := range []string{`1 of type "wall"`, `1 of type "no_geometry"`, "1 outlines cross themselves"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes lack %q: %s", want, notes)
		}
	}
}

func TestAFloorInDegreesIsMeasuredInMetres(t *testing.T) {
	const lat, lon = 56.46, -2.9783
	d, err := Read(file(shape(`{"type":"room","name":"A"}`, box(lon, lat, 0.0005, 0.0005))), Ask{Floor: "g"})
	if err != nil {
		t.Fatal(err)
	}
	// At 56.46° north a degree of longitude is cos(56.46°) of one of latitude.
	if f := d.Floors[0]; f.Depth != 55.7 || f.Width != 30.8 {
		t.Errorf("%g by %g metres", f.Width, f.Depth)
	}
}

func TestWhatIsNoFloorPlanIsRefused(t *testing.T) {
	many := make([]string, MaxFeatures+1)
	for i := range many {
		many[i] = "{}"
	}
	for name, data := range map[string][]byte{
		"nothing":      nil,
		"text":         []byte("a floor"),
		"no features":  file(),
		"one point":    file(shape(`{}`, `{"type":"Point","coordinates":[1,1]}`)),
		"walls alone":  file(shape(`{"type":"wall"}`, box(0, 0, 10, 10))),
		"a feature":    []byte(shape(`{}`, box(0, 0, 1, 1))),
		"too large":    file(shape(`{"name":"A"}`, box(0, 0, 5000, 10))),
		"too small":    file(shape(`{"name":"A"}`, box(0, 0, 0.1, 0.1))),
		"too many":     file(many...),
		"no archive":   []byte("PK\x03\x04nonsense"),
		"empty levels": archive(t, map[string]string{"level.geojson": string(file())}),
	} {
		if d, err := Read(data, Ask{Floor: "f"}); !errors.Is(err, ErrDrawing) {
			t.Errorf("%s: %v %+v", name, err, d)
		}
	}
}

func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create("venue/" + name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func imdf(t testing.TB) []byte {
	feature := func(id, properties, geometry string) string {
		return `{"id":"` + id + `","type":"Feature","feature_type":"unit","properties":` + properties + `,"geometry":` + geometry + `}`
	}
	return archive(t, map[string]string{
		"manifest.json": `{"version":"1.0.0"}`,
		"level.geojson": string(file(feature("0f-1", `{"ordinal":0,"short_name":{"en":"G"},"name":{"de":"Erdgeschoss","en":"Ground"}}`, "null"),
			feature("0f-2", `{"ordinal":1,"short_name":{"en":"1"}}`, "null"), feature("0f-3", `{"ordinal":2}`, "null"))),
		"unit.geojson": string(file(feature("aa-1", `{"level_id":"0f-1","category":"walkway","name":{"en":"Hall"}}`, box(0, 0, 20, 3)),
			feature("aa-2", `{"level_id":"0f-1","category":"elevator"}`, `{"type":"MultiPolygon","coordinates":[[[[0,3],[1,3],[1,4],[0,3]]],[[[1,3],[4,3],[4,6],[1,6],[1,3]]]]}`),
			feature("aa-3", `{"level_id":"0f-1","category":"structure"}`, box(10, 3, 1, 1)),
			feature("aa-4", `{"level_id":"0f-2","category":"room","name":{"en":"Attic"}}`, box(0, 0, 20, 3)))),
		"opening.geojson": string(file(feature("bb-1", `{"level_id":"0f-1","category":"pedestrian"}`, `{"type":"LineString","coordinates":[[2,3],[3,3]]}`))),
	})
}

func TestAVenueInIMDFHasItsFloorsRoomsAndDoors(t *testing.T) {
	d, err := Read(imdf(t), Ask{})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Floors) != 2 || d.Floors[0].Name != "Ground" || d.Floors[0].ID != "G" || d.Floors[1].Level != 1 || d.Floors[1].Rooms[0].Name != "Attic" {
		t.Fatalf("got %+v", d.Floors)
	}
	g := d.Floors[0]
	if len(g.Rooms) != 2 || g.Rooms[1].Kind != hospital.Lift || g.Rooms[1].ID != "aa-2" || len(g.Rooms[1].Outline) != 4 || g.Doors != 1 || !slices.Equal(g.Rooms[0].Neighbours, []int{1}) {
		t.Errorf("the ground floor is %+v", g)
	}
	if notes := strings.Join(d.Notes, " "); !strings.Contains(notes, "has no rooms") || !strings.Contains(notes, `"structure"`) {
		t.Errorf("notes %s", notes)
	}
}

func house() document.Document {
	return document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "S", Zone: "UTC"}, Buildings: []document.Building{{ID: "b", Name: "B"}},
		Floors: []document.Floor{{ID: "w4", Building: "b", Name: "Fourth floor", Level: 4, WidthMetres: 10, HeightMetres: 30}},
		Rooms: []document.Room{{ID: "w4-W-12", Floor: "w4", Name: "Our bay", Kind: hospital.PatientRoom, Isolation: true},
			{ID: "old", Floor: "w4", Name: "Old room", Kind: hospital.Office}}}
}

func TestWhatIsThereKeepsItsNameAndGetsItsOutline(t *testing.T) {
	d, err := Read(ward(), Ask{Floor: "w4", Name: "Other name", Level: 7})
	if err != nil {
		t.Fatal(err)
	}
	part, err := Merge(d, "b", house())
	if err != nil {
		t.Fatal(err)
	}
	if f := part.Floors[0]; f.Name != "Fourth floor" || f.Level != 4 || f.WidthMetres != 20 || f.HeightMetres != 30 {
		t.Errorf("the floor is %+v", f)
	}
	bay := part.Rooms[1]
	if bay.Name != "Our bay" || !bay.Isolation || len(bay.Outline) != 4 || !slices.Equal(bay.Neighbours, []hospital.RoomID{"w4-1"}) || len(part.Rooms) != 4 {
		t.Errorf("the bay is %+v of %d rooms", bay, len(part.Rooms))
	}
	if _, err := Merge(d, "other", house()); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("no such building: %v", err)
	}
	elsewhere := house() // a room of that name on another floor: the whole would contradict itself
	elsewhere.Floors = append(elsewhere.Floors, document.Floor{ID: "w5", Building: "b", Name: "Fifth", Level: 5, WidthMetres: 5, HeightMetres: 5})
	elsewhere.Rooms[0].Floor = "w5"
	if _, err := Merge(d, "b", elsewhere); err == nil {
		t.Error("a room that lies outside its floor was taken")
	}
}

// TestOutlinesStayWithinTheirFloor: whatever is drawn, every corner that comes out
// lies on the plan, and there are never too many.
func TestOutlinesStayWithinTheirFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var corners []string
		for range rapid.IntRange(3, 400).Draw(t, "corners") {
			corners = append(corners, fmt.Sprintf("[%g,%g]", rapid.Float64Range(-500, 500).Draw(t, "x"), rapid.Float64Range(-500, 500).Draw(t, "y")))
		}
		d, err := Read(file(shape(`{"name":"A"}`, `{"type":"Polygon","coordinates":[[`+strings.Join(append(corners, corners[0]), ",")+`]]}`)), Ask{Floor: "f"})
		if err != nil {
			t.Skip("not a floor")
		}
		for _, p := range d.Floors[0].Rooms[0].Outline {
			if p.X < 0 || p.Y < 0 || p.X > d.Floors[0].Width || p.Y > d.Floors[0].Depth {
				t.Fatalf("%v lies outside %g by %g", p, d.Floors[0].Width, d.Floors[0].Depth)
			}
		}
		if n := len(d.Floors[0].Rooms[0].Outline); n > MaxCorners {
			t.Fatalf("%d corners", n)
		}
	})
}

// TestAnOfficeHouseOfSevenFloors reads real drawings, where they lie beside the project.
func TestAnOfficeHouseOfSevenFloors(t *testing.T) {
	files, _ := filepath.Glob("../../../../shared/data/floorplans/westport-house-floor-*[0-9f].geojson")
	if len(files) == 0 {
		t.Skip("the drawings do not lie beside the project")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(data, Ask{Floor: "f", Level: 1})
		if err != nil || len(d.Floors[0].Rooms) < 3 || d.Floors[0].Width < 15 || d.Floors[0].Width > 80 {
			t.Errorf("%s: %v %+v", filepath.Base(name), err, d.Floors)
			continue
		}
		there := house()
		there.Floors, there.Rooms = nil, nil
		if _, err := Merge(d, "b", there); err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(ward())
	f.Add(imdf(f))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"properties":{"name":{"de":"x"}},"geometry":{"type":"MultiPolygon","coordinates":[[]]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(data, Ask{Floor: "f"})
		if err != nil {
			if !errors.Is(err, ErrDrawing) {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		for _, floor := range d.Floors {
			for _, room := range floor.Rooms {
				if room.ID == "" || room.Name == "" || len(room.Outline) > MaxCorners {
					t.Fatalf("a room that no document takes: %+v", room)
				}
			}
		}
	})
}

func FuzzReadCorners(f *testing.F) {
	f.Add("0 0\n4, 0\n4;3\n0 3")
	f.Add("1e9 NaN\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		outline, err := ReadCorners(text)
		if err == nil && len(outline) > 0 && !Sound(outline) {
			t.Fatalf("%q is no outline", text)
		}
		if err != nil && hospital.Sentence(err) == "" {
			t.Fatalf("%q is refused without a sentence: %v", text, err)
		}
	})
}
