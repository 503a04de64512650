package db_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// linden is the small hospital that the document package tests itself with.
func linden(t *testing.T) document.Document {
	t.Helper()
	text, err := os.ReadFile("../tracking/hospital/document/testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := document.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func importing(t *testing.T, d *db.DB, doc document.Document, apply bool) []document.Change {
	t.Helper()
	changes, err := db.Hospital{DB: d}.Import(t.Context(), hospital.Job("import"), doc, apply)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func count(changes []document.Change, what string) (n int) {
	for _, change := range changes {
		if change.What == what {
			n++
		}
	}
	return n
}

func TestImportingTwiceChangesNothing(t *testing.T) {
	var told []string
	d := dbtest.Open(t, db.Options{Announce: func(topics []string) { told = append(told, topics...) }})
	doc := linden(t)

	dry := importing(t, d, doc, false)
	if loaded, err := (db.Hospital{DB: d}).Load(t.Context()); err != nil || loaded != nil {
		t.Fatalf("a dry run left %v, %v behind", loaded, err)
	}
	if len(told) > 0 {
		t.Errorf("a dry run announced %v", told)
	}

	first := importing(t, d, doc, true)
	if !reflect.DeepEqual(first, dry) || count(first, document.Add) != len(first) || len(first) == 0 {
		t.Errorf("the import did\n%v\nthe dry run said\n%v", first, dry)
	}
	if !slices.Contains(told, db.HospitalTopic) {
		t.Errorf("announced %v", told)
	}

	second := importing(t, d, doc, true)
	if count(second, document.Same) != len(second) || len(second) != len(first) {
		t.Errorf("importing twice did %v", second)
	}
	if lines, err := d.VerifyAudit(t.Context()); err != nil || lines != 1 {
		t.Errorf("the trail has %d lines, %v; want one for the first import", lines, err)
	}
}

func TestTheHospitalIsLoadedAsItWasDescribed(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	doc := linden(t)
	importing(t, d, doc, true)
	loaded, err := db.Hospital{DB: d}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Site != doc.Site.Hospital() {
		t.Errorf("site is %+v", loaded.Site)
	}
	for i, want := range doc.Rooms {
		got := loaded.Rooms[i]
		slices.Sort(want.Neighbours)
		if got.ID != want.ID || !slices.Equal(got.Outline, want.Outline) || !slices.Equal(got.Neighbours, want.Neighbours) || got.Kind != want.Kind || got.Unit != want.Unit {
			t.Errorf("room %d is %+v, want %+v", i, got, want)
		}
	}
	for i, want := range doc.Gateways {
		if got := loaded.Gateways[i]; !reflect.DeepEqual(got, hospital.Gateway(want)) {
			t.Errorf("gateway %d is %+v, want %+v", i, got, want)
		}
	}
}

func TestAnImportChangesOnlyWhatDiffers(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	doc := linden(t)
	importing(t, d, doc, true)
	version, err := db.Hospital{DB: d}.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	doc.Rooms[4].Name = "Store, drawn now"
	doc.Rooms[4].Outline = []hospital.Point{{X: 0, Y: 0}, {X: 4, Y: 0}, {X: 4, Y: 4}}
	doc.Gateways[1].Antennas = map[int]hospital.RoomID{1: "g-lift"}
	doc.People[0].Roles = []hospital.Role{hospital.Nurse, hospital.Auditor}
	doc.Units = append(doc.Units, document.Unit{ID: "ward-b", Name: "Ward B"})
	var got []string
	for _, change := range importing(t, d, doc, true) {
		if change.What != document.Same {
			got = append(got, change.What+" "+change.Path)
		}
	}
	want := []string{"add /units/2", "change /rooms/4", "change /gateways/1", "change /people/0"}
	if !slices.Equal(got, want) {
		t.Errorf("did %q, want %q", got, want)
	}
	if after, err := (db.Hospital{DB: d}).Version(t.Context()); err != nil || after != version+1 {
		t.Errorf("version %d after %d, %v", after, version, err)
	}
	loaded, err := db.Hospital{DB: d}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if room, _ := loaded.Room("f1-store"); room.Name != "Store, drawn now" || len(room.Outline) != 3 {
		t.Errorf("the room is %+v", room)
	}
	if reader, _ := loaded.Gateway("rd-01"); len(reader.Antennas) != 1 || reader.Antennas[1] != "g-lift" {
		t.Errorf("the reader is %+v", reader)
	}
}

func TestAnotherSitesDocumentIsRefused(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	doc := linden(t)
	importing(t, d, doc, true)
	doc.Site.ID = "oak"
	_, err := db.Hospital{DB: d}.Import(t.Context(), hospital.Job("import"), doc, true)
	if !errors.Is(err, hospital.ErrInvalid) || !strings.Contains(hospital.Sentence(err), "linden") {
		t.Errorf("got %v", err)
	}
}

func TestOnlyWhoManagesTheHospitalImports(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	nurse := hospital.Actor{ID: "n", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}}
	if _, err := (db.Hospital{DB: d}).Import(t.Context(), nurse, linden(t), true); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("got %v", err)
	}
}

func TestAnEmailThatBelongsToAnotherIsNamed(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	doc := linden(t)
	importing(t, d, doc, true)
	doc.People = []document.Person{{ID: "x", Name: "X", Email: "Nora.Ode@linden.example", Roles: []hospital.Role{hospital.Nurse}}}
	_, err := db.Hospital{DB: d}.Import(t.Context(), hospital.Job("import"), doc, true)
	if !errors.Is(err, hospital.ErrInvalid) || !strings.Contains(err.Error(), "/people/0") || !strings.Contains(err.Error(), "n.ode") {
		t.Errorf("got %v", err)
	}
}

// What was taken in is written out again, and taken in once more it changes nothing.
func TestADescriptionDescribesWhatIsStored(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	kept := db.Hospital{DB: d}
	if _, err := kept.Describe(t.Context(), hospital.Job("test")); !errors.Is(err, db.ErrEmpty) {
		t.Errorf("of nothing: %v", err)
	}
	importing(t, d, linden(t), true)
	described, err := kept.Describe(t.Context(), hospital.Job("test"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(described)
	if err != nil {
		t.Fatal(err)
	}
	again, err := document.Parse(text)
	if err != nil {
		t.Fatalf("our own description is refused: %v\n%s", err, text)
	}
	for _, change := range importing(t, d, again, true) {
		if change.What != document.Same {
			t.Errorf("taken in again it does %v", change)
		}
	}
	fresh := dbtest.Open(t, db.Options{})
	importing(t, fresh, again, true)
	twice, err := db.Hospital{DB: fresh}.Describe(t.Context(), hospital.Job("test"))
	if err != nil || !reflect.DeepEqual(twice, described) {
		t.Errorf("taken in elsewhere it is\n%+v\nwant\n%+v, %v", twice, described, err)
	}
	nurse := hospital.Actor{ID: "n", Roles: []hospital.Role{hospital.Nurse}}
	if _, err := kept.Describe(t.Context(), nurse); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse: %v", err)
	}
}
