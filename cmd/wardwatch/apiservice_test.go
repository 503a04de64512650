package main

import (
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/maintain"
	"wardwatch/tracking/parlevel"
)

// A program reads what the biomedical engineer and the manager see: use, sizes,
// levels and errands, maintenance, what to mend, fences; and a person keeps files of it.
func TestAProgramReadsWhatEquipmentDoesAndNeeds(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.moveTo("P-001", "f1-clean", "f1")
	engineer := hospital.Person{ID: "e", Name: "Engineer", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	pump := o.tells(hospital.Nurse, "GET", "/api/v1/assets/P-001", "", 200)
	unit := o.house.register.Current().Units[0].ID
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(o.house.parts.Service.AddPlan(t.Context(), engineer, maintain.Plan{Name: "Safety check", Model: pump["model"].(string), EveryDays: 365}))
	must(o.house.parts.Levels.SetLevel(t.Context(), engineer, parlevel.Level{Unit: unit, Kind: pump["kind"].(string), Target: 2, Critical: 1}))
	must(o.house.parts.Fences.Set(t.Context(), engineer, fence.Fence{ID: "stay", Name: "Stays upstairs", Rule: fence.StayIn,
		Kinds: []string{pump["kind"].(string)}, Floors: []hospital.FloorID{"f1"}, After: time.Minute, Grace: time.Minute}))

	if levels := items(o.tells(hospital.Nurse, "GET", "/api/v1/levels", "", 200)); len(levels) == 0 || levels[0]["target"] != 2.0 {
		t.Errorf("levels: %v", levels)
	}
	fences := items(o.tells(hospital.Nurse, "GET", "/api/v1/fences", "", 200))
	if len(fences) == 0 || fences[len(fences)-1]["after_seconds"] != 60.0 {
		t.Errorf("fences: %v", fences)
	}
	o.at = o.at.Add(2 * 365 * 24 * time.Hour)
	if due := items(o.tells(hospital.Nurse, "GET", "/api/v1/maintenance", "", 200)); len(due) != 1 || due[0]["state"] != "overdue" {
		t.Errorf("due: %v", due)
	}
	if lost := items(o.tells(hospital.Nurse, "GET", "/api/v1/fleet/lost?days=3", "", 200)); len(lost) != 1 || lost[0]["id"] != "P-001" {
		t.Errorf("lost: %v", lost)
	}
	for _, path := range []string{"/fleet/use", "/fleet/use?kind=pump&days=400", "/fleet/size", "/fleet/idle", "/tasks", "/worklist"} {
		o.tells(hospital.BiomedicalEngineer, "GET", "/api/v1"+path, "", 200)
	}
	o.tells(hospital.Nurse, "GET", "/api/v1/fleet/use?days=401", "", 400)
	o.tells(hospital.Nurse, "GET", "/api/v1/worklist", "", 403)
	if kept := o.keep(hospital.Nurse, "/files/fences.csv"); kept.Code != 200 || !strings.Contains(kept.Body.String(), "Stays upstairs") {
		t.Errorf("fences as a file: %d %s", kept.Code, kept.Body)
	}
	if kept := o.keep(hospital.BiomedicalEngineer, "/files/worklist.csv"); kept.Code != 200 || !strings.Contains(kept.Body.String(), "What to do") {
		t.Errorf("worklist as a file: %d %s", kept.Code, kept.Body)
	}
	// A gateway's rate stands beside what it said in all.
	for range 2 {
		o.at = o.at.Add(time.Minute)
		must(db.Devices{DB: o.house.db}.Note(t.Context(), ingest.Notes{Gateways: []ingest.GatewayState{{ID: "gw-01", Format: "minew",
			FirstHeard: o.at.Add(-time.Hour), LastHeard: o.at, Messages: 5, Sightings: 640}}}))
		must(o.house.parts.Health.Check(t.Context()))
	}
	if page := o.keep(hospital.BiomedicalEngineer, "/admin/gateways"); !strings.Contains(page.Body.String(), "640 a minute") {
		t.Errorf("no gateway tells its rate: %.2000s", page.Body)
	}
}
