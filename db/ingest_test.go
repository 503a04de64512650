package db_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/ingest"
)

// deskAt is a desk over a small hospital with one room, one gateway and one pump.
func deskAt(t *testing.T, path string) (*ingest.Desk, db.Devices) {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC) }
	base := dbtest.OpenAt(t, path, db.Options{Now: now})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}},
		Floors:    []document.Floor{{ID: "f", Building: "b", Name: "Ground", WidthMetres: 20, HeightMetres: 10}},
		Rooms:     []document.Room{{ID: "r1", Floor: "f", Name: "Store", Kind: hospital.Storage}},
		Gateways:  []document.Gateway{{ID: "gw-a", Name: "Store gateway", Make: "minew", Room: "r1"}},
		Assets:    []document.Asset{{ID: "P-001", Kind: "infusion pump", Name: "Pump 1", Tags: []document.Tag{{ID: "c0ffee000009"}}}}}
	if _, err := (db.Hospital{DB: base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept := db.Devices{DB: base}
	book, err := ingest.OpenBook(t.Context(), kept, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return &ingest.Desk{Store: kept, Book: book, Register: hospital.NewRegister(directory), Now: now}, kept
}

var (
	engineer = hospital.Person{ID: "e", Name: "Eva", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	auditor  = hospital.Person{ID: "a", Name: "Ada", Roles: []hospital.Role{hospital.Auditor}}.Actor()
	ten      = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
)

func TestTheBookAddsUpAndStaysBounded(t *testing.T) {
	path := t.TempDir() + "/ward.db"
	desk, kept := deskAt(t, path)
	ctx := t.Context()
	for minute := range 2 {
		at := ten.Add(time.Duration(minute-2) * time.Minute)
		notes := ingest.Notes{Gateways: []ingest.GatewayState{{ID: "gw-a", Format: "minew", FirstHeard: at, LastHeard: at, Messages: 2, Sightings: 10, Refused: 1, Offset: -90 * time.Second, ClockAt: at}}}
		for i := range ingest.MaxStrangers + 5 {
			notes.Strangers = append(notes.Strangers, ingest.Stranger{Kind: ingest.TagStranger, ID: fmt.Sprintf("tag-%04d", i), FirstHeard: at,
				LastHeard: at.Add(time.Duration(i) * time.Millisecond), TimesHeard: 3, Says: "-60 dBm"})
		}
		for i := range ingest.MaxRefusals/2 + 10 {
			notes.Refusals = append(notes.Refusals, ingest.Refusal{At: at, Gateway: "gw-a", Source: "mqtt", Reason: fmt.Sprint("reason ", i), Records: 1})
		}
		if err := kept.Note(ctx, notes); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := desk.Gateways(ctx, auditor)
	if err != nil || len(lines) != 1 {
		t.Fatal(lines, err)
	}
	if g := lines[0]; g.State.Messages != 4 || g.State.Sightings != 20 || g.State.Refused != 2 || g.Condition != ingest.WrongClock {
		t.Errorf("gateway %+v", g)
	}
	tags, err := kept.Strangers(ctx, ingest.TagStranger, 10_000)
	if err != nil || len(tags) != ingest.MaxStrangers || tags[0].ID != fmt.Sprintf("tag-%04d", ingest.MaxStrangers+4) || tags[0].TimesHeard != 6 {
		t.Errorf("%d tags, first %+v, %v", len(tags), tags[0], err)
	}
	seen := 0
	for before := int64(0); ; {
		page, older, err := desk.Refused(ctx, auditor, before)
		if err != nil {
			t.Fatal(err)
		}
		if seen += len(page); older == 0 {
			break
		}
		before = older
	}
	if seen != ingest.MaxRefusals {
		t.Errorf("%d refusals are kept", seen)
	}
	known, err := kept.Remember(ctx)
	if err != nil || known.Offsets["gw-a"] != -90*time.Second {
		t.Errorf("remembered %+v, %v", known, err)
	}
}

func TestUnknownDevicesAreAdopted(t *testing.T) {
	path := t.TempDir() + "/ward.db"
	desk, kept := deskAt(t, path)
	ctx := t.Context()
	heard := func(kind ingest.StrangerKind, ids ...string) {
		var notes ingest.Notes
		for _, id := range ids {
			notes.Strangers = append(notes.Strangers, ingest.Stranger{Kind: kind, ID: id, FirstHeard: ten, LastHeard: ten, TimesHeard: 1})
		}
		if err := kept.Note(ctx, notes); err != nil {
			t.Fatal(err)
		}
	}
	heard(ingest.GatewayStranger, "ac233f000001", "gw-new", "gw-toy", "gw-a")
	heard(ingest.TagStranger, "c0ffee000001", "somebodys")
	listed := func() (ids []string) {
		unknown, err := desk.Unknown(ctx, auditor)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range append(unknown.Gateways, unknown.Tags...) {
			ids = append(ids, s.ID)
		}
		return ids
	}
	if got := listed(); !slices.Equal(got, []string{"ac233f000001", "gw-new", "gw-toy", "c0ffee000001", "somebodys"}) {
		t.Errorf("listed at first: %v", got)
	}
	for name, c := range map[string]struct{ got, want error }{
		"auditor": {desk.AdoptTag(ctx, auditor, "c0ffee000001", "P-001"), hospital.ErrForbidden},
		"asset":   {desk.AdoptTag(ctx, engineer, "c0ffee000001", "P-999"), hospital.ErrUnknown},
		"gateway": {desk.NameGateway(ctx, engineer, "ac233f000001", "gw-z"), hospital.ErrUnknown},
		"itself":  {desk.NameGateway(ctx, engineer, "gw-a", "gw-a"), hospital.ErrInvalid},
		"room":    {desk.AdoptGateway(ctx, engineer, hospital.Gateway{ID: "gw-new", Name: "New", Make: "minew", Room: "r9"}), hospital.ErrInvalid},
		"name":    {desk.AdoptGateway(ctx, engineer, hospital.Gateway{ID: "living room", Name: "New", Make: "minew"}), hospital.ErrInvalid},
		"no tag":  {desk.AdoptTag(ctx, engineer, "Zoë", "P-001"), hospital.ErrInvalid},
		"make":    {desk.AdoptGateway(ctx, engineer, hospital.Gateway{ID: "gw-new", Name: "New", Make: "toaster"}), hospital.ErrInvalid},
		"taken":   {desk.AdoptGateway(ctx, engineer, hospital.Gateway{ID: "gw-a", Name: "New", Make: "minew"}), hospital.ErrInvalid},
		"dismiss": {desk.Dismiss(ctx, engineer, ingest.TagStranger, "never heard"), hospital.ErrUnknown},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	for name, err := range map[string]error{
		"alias":   desk.NameGateway(ctx, engineer, "ac233f000001", "gw-a"),
		"gateway": desk.AdoptGateway(ctx, engineer, hospital.Gateway{ID: "gw-new", Name: " New one ", Make: "espresense", Room: "r1"}),
		"tag":     desk.AdoptTag(ctx, engineer, "C0:FF:EE:00:00:01", "P-001"),
		"dismiss": desk.Dismiss(ctx, engineer, ingest.GatewayStranger, "gw-toy"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	heard(ingest.GatewayStranger, "gw-toy") // it goes on knocking
	if got := listed(); !slices.Equal(got, []string{"somebodys"}) {
		t.Errorf("listed at last: %v", got)
	}
	if err := desk.AdoptTag(ctx, engineer, "c0ffee000001", "P-001"); err != nil {
		t.Errorf("adopting twice: %v", err)
	}
	directory, err := db.Hospital(kept).Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if g, ok := directory.Gateway("gw-new"); !ok || g.Name != "New one" || g.Room != "r1" {
		t.Errorf("the new gateway is %+v", g)
	}
	if !desk.Book.Same(directory, "ac233f000001", "gw-a") {
		t.Error("the other name is not known")
	}
	asset, err := db.Equipment(kept).Asset(ctx, "P-001")
	if err != nil || !slices.Contains(asset.Tags, "c0ffee000001") {
		t.Errorf("asset %+v, %v", asset, err)
	}
	if _, err := kept.VerifyAudit(ctx); err != nil {
		t.Error(err)
	}
}

func TestMadeUpGatewaysAreForgottenAndTheHospitalsNever(t *testing.T) {
	path := t.TempDir() + "/ward.db"
	_, kept := deskAt(t, path)
	notes := ingest.Notes{Gateways: []ingest.GatewayState{{ID: "gw-a", FirstHeard: ten.Add(-time.Hour), LastHeard: ten.Add(-time.Hour)}}}
	for i := range ingest.MaxStrangers + 7 {
		notes.Gateways = append(notes.Gateways, ingest.GatewayState{ID: hospital.GatewayID(fmt.Sprintf("made-up-%04d", i)), FirstHeard: ten, LastHeard: ten.Add(time.Duration(i) * time.Second)})
	}
	for i := range ingest.MaxNames/100 + 1 {
		notes.Names = append(notes.Names, ingest.Name{Sender: "gw-a", Name: fmt.Sprint("alias ", i), Means: "temperature"})
	}
	if err := kept.Note(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	states, err := kept.GatewayStates(t.Context())
	if err != nil || len(states) != ingest.MaxStrangers+1 {
		t.Fatalf("%d states, %v", len(states), err)
	}
	if states[0].ID != "gw-a" || states[1].ID != "made-up-0007" {
		t.Errorf("kept %s and %s first", states[0].ID, states[1].ID)
	}
	known, err := kept.Remember(t.Context())
	if err != nil || len(known.Names) != ingest.MaxNames/100+1 {
		t.Errorf("%d names, %v", len(known.Names), err)
	}
}
