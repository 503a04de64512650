package db_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

const coldDocument = `{"format":"wardwatch-hospital/1","site":{"id":"s","name":"St Anne","zone":"Europe/Berlin"},
	"temperature_profiles":[{"id":"insulin","name":"Insulin shelf","low_celsius":2,"high_celsius":7,"interval_minutes":10,"silent_after_minutes":30,"source":"committee, May",
		"rules":[{"name":"warm","direction":"too warm","limit_celsius":7,"mode":"cumulative","minutes":45,"window_hours":24,"hysteresis_celsius":0.3,"clear_minutes":10,"severity":"serious","source":"leaflet"},
			{"name":"freeze","direction":"too cold","limit_celsius":-0.5,"inclusive":true,"mode":"consecutive","minutes":5,"severity":"critical"}]}],
	"fridges":[{"id":"f-1","name":"Insulin","profile":"insulin","model":"Kirsch 120","serial":"K-7","sensors":[{"id":"s-1","channel":"probe"}],
		"pqs":"E003/040","litres":120,"room_for_units":2000,"holdover_minutes":300,"backup_logger":"L-9",
		"calibrations":[{"device":"s-1","done":"2025-05-01","due":"2027-05-01","certificate":"DKD-1","note":"Laboratory, passed"}]}],
	"items":[{"id":"ins","name":"Insulin","unit_of_issue":"vial","pack":1,"storage":"insulin"}],
	"cold_chain":{"keep_years":5,"checks_a_day":2,"second_release":true},
	"ladder":{"silence_minutes":45,"test_days":["monday"],"holidays":["2026-12-25"],"shifts":[
		{"name":"Day","days":["monday","friday"],"from":"08:00","to":"16:30","rungs":[{"after_minutes":0,"roles":["pharmacist"]},{"after_minutes":20,"roles":["nurse"],"ways":["email"]}]},
		{"name":"Otherwise","from":"00:00","to":"24:00","rungs":[{"after_minutes":0,"phones":["+49 30 123456"],"addresses":["duty@st-anne.example"]}]}]}}`

// The whole configuration of a cold chain goes in as one document, changes nothing when it
// is taken in again, comes out as it went in, and a changed document changes what it names alone.
func TestTheColdChainsConfigurationTravelsWithTheDocument(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	kept := dbtest.Open(t, db.Options{Now: func() time.Time { return at }})
	take := func(text string) (altered []string) {
		t.Helper()
		doc, err := document.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		changes, err := db.Hospital{DB: kept}.Import(t.Context(), hospital.Job("test"), doc, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			if c.What != document.Same {
				altered = append(altered, c.What+" "+c.Path)
			}
		}
		return altered
	}
	written := func() document.Document {
		t.Helper()
		doc, err := db.Hospital{DB: kept}.Describe(t.Context(), hospital.Job("test"))
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	if first := strings.Join(take(coldDocument), ", "); !strings.Contains(first, "add /temperature_profiles/0") || !strings.Contains(first, "add /fridges/0/calibrations/0") || !strings.Contains(first, "change /cold_chain/keep_years") || !strings.Contains(first, "add /ladder") {
		t.Errorf("the first import: %s", first)
	}
	at = at.Add(time.Hour)
	if again := take(coldDocument); len(again) > 0 {
		t.Errorf("taken in again it changes %v", again)
	}
	text, err := json.Marshal(written())
	if err != nil {
		t.Fatal(err)
	}
	if again := take(string(text)); len(again) > 0 {
		t.Errorf("its own export changes %v", again)
	}
	said, _ := document.Parse([]byte(coldDocument))
	out, _ := document.Parse(text)
	for name, pair := range map[string][2]any{"profiles": {said.TemperatureProfiles, out.TemperatureProfiles}, "fridges": {said.Fridges, out.Fridges},
		"policy": {said.ColdChain, out.ColdChain}, "ladder": {said.Ladder, out.Ladder}} {
		in, _ := json.Marshal(pair[0])
		now, _ := json.Marshal(pair[1])
		if !bytes.Equal(in, now) {
			t.Errorf("%s went in as\n%s\nand comes out as\n%s", name, in, now)
		}
	}
	fridges := db.Fridges{DB: kept}
	f, err := fridges.Fridge(t.Context(), "f-1")
	if err != nil || f.JudgedBy(at).Rules[0].Window != 24*time.Hour {
		t.Errorf("it is judged by %+v, %v", f.JudgedBy(at), err)
	}
	if keeping, err := fridges.Keeping(t.Context()); err != nil || keeping.Years != 5 {
		t.Errorf("kept for %+v, %v", keeping, err)
	}
	rotas, err := db.Alarms{DB: kept}.Rotas(t.Context())
	if err != nil || len(rotas) != 1 || rotas[0].Rota.Shifts[0].To != 16*60+30 || rotas[0].Rota.Shifts[1].Rungs[0].Phones[0] != "+49 30 123456" {
		t.Errorf("the ladder: %+v, %v", rotas, err)
	}
	changed := strings.NewReplacer(`"minutes":45`, `"minutes":60`, `"holdover_minutes":300,`, "", `"checks_a_day":2,`, "", `"silence_minutes":45`, `"silence_minutes":60`).Replace(coldDocument)
	if got := strings.Join(take(changed), ", "); got != "change /temperature_profiles/0, change /ladder" {
		t.Errorf("a change of two things: %s", got)
	}
	if asset, err := fridges.Asset(t.Context(), coldchain.Fridge{ID: "f-1"}); err != nil || asset.Facts.HoldOver != 5*time.Hour {
		t.Errorf("what a document does not say is forgotten: %+v, %v", asset.Facts, err)
	}
	if f, err = fridges.Fridge(t.Context(), "f-1"); err != nil || f.JudgedBy(at).Rules[0].Duration != time.Hour || f.JudgedBy(at.Add(-time.Minute)).Rules[0].Duration != 45*time.Minute {
		t.Error("the change does not hold from now on alone")
	}
}

// What the domain refuses is refused by its place in the document, and nothing is kept of it.
func TestWhatADocumentSaysOfTheColdChainIsRefusedByItsPath(t *testing.T) {
	kept := dbtest.Open(t, db.Options{})
	for _, c := range []struct{ find, put, says string }{
		{`"+49 30 123456"`, `"call me"`, `/ladder: "call me" is no telephone number`},
		{`"roles":["nurse"]`, `"roles":["surgeon"]`, `/ladder: There is no role "surgeon"`},
		{`"ways":["email"]`, `"ways":["pigeon"]`, `/ladder: There is no way "pigeon"`},
	} {
		doc, err := document.Parse([]byte(strings.Replace(coldDocument, c.find, c.put, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (db.Hospital{DB: kept}).Import(t.Context(), hospital.Job("test"), doc, true); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.put, err)
		}
	}
	if _, err := (db.Fridges{DB: kept}).Fridge(t.Context(), "f-1"); err == nil {
		t.Error("something of a refused document was kept")
	}
	if rotas, err := (db.Alarms{DB: kept}).Rotas(t.Context()); err != nil || len(rotas) != 0 {
		t.Errorf("%v, %v", rotas, err)
	}
}
