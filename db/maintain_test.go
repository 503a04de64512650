package db_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/maintain"
)

// workshop is a small hospital with an engineer at work.
type workshop struct {
	t    *testing.T
	at   time.Time
	base *db.DB
	desk maintain.Desk
	ben  hospital.Actor
}

func openWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{t: t, at: noon, ben: hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()}
	now := func() time.Time { return w.at }
	w.base = dbtest.Open(t, db.Options{Now: now})
	day := func(days int) document.Date { return document.Date(noon.AddDate(0, 0, days).Format(time.DateOnly)) }
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "America/New_York"},
		Units: []document.Unit{{ID: "4w", Name: "4 West"}},
		Assets: []document.Asset{
			{ID: "p-1", Kind: "pump", Name: "Pump 1", Model: "Alba", Serial: "A-9", Lot: "L1", Unit: "4w", LastService: day(-400), Tags: []document.Tag{{ID: "c30000000001"}}},
			{ID: "p-2", Kind: "pump", Name: "Pump 2", Model: "Alba", Serial: "A-10", Lot: "L2", LastService: day(-355)},
			{ID: "p-3", Kind: "pump", Name: "Pump 3", Model: "Alba", Serial: "A-11", InService: day(-10)},
			{ID: "v-1", Kind: "ventilator", Name: "Ventilator 1", Model: "Aurora", RentedFrom: "Medirent", DueBack: day(-1)},
			{ID: "v-2", Kind: "ventilator", Name: "Ventilator 2", Model: "Aurora", RentedFrom: "Medirent", DueBack: day(0)}}}
	if _, err := (db.Hospital{DB: w.base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: w.base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.desk = maintain.Desk{Register: hospital.NewRegister(directory), Store: db.Maintenance{DB: w.base}, Now: now}
	return w
}

func (w *workshop) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *workshop) due() string {
	w.t.Helper()
	tasks, err := w.desk.Due(w.t.Context(), w.ben)
	w.must(err)
	var said []string
	for _, task := range tasks {
		said = append(said, string(task.Piece.ID)+map[maintain.Urgency]string{maintain.Soon: "?", maintain.Overdue: "!"}[task.Due.Urgency])
	}
	return strings.Join(said, " ")
}

func (w *workshop) mark(id tracking.AssetID, status tracking.Status) {
	w.t.Helper()
	w.must(db.Equipment{DB: w.base}.InTx(w.t.Context(), func(tx tracking.Tx) error {
		return tx.SetStatus(w.t.Context(), id, status, "Nora", "", w.at)
	}))
}

func TestAYearsServiceIsDueDoneAndDueAgain(t *testing.T) {
	w := openWorkshop(t)
	ctx := t.Context()
	nora := hospital.Person{ID: "n", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}}.Actor()
	plan := maintain.Plan{Name: "Yearly service", Model: "Alba", EveryDays: 365}
	if err := w.desk.AddPlan(ctx, nora, plan); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse adds a plan: %v", err)
	}
	w.must(w.desk.AddPlan(ctx, w.ben, plan))
	if due := w.due(); due != "p-1! p-2?" {
		t.Fatalf("due: %s", due)
	}
	done := maintain.Done{Plan: 1, Assets: []tracking.AssetID{"p-1", "p-2"}, Result: maintain.Passed, Note: "filters changed"}
	w.must(w.desk.RecordWork(ctx, w.ben, done))
	if due := w.due(); due != "" {
		t.Fatalf("due after the work: %s", due)
	}
	w.at = w.at.AddDate(0, 0, 366)
	if due := w.due(); due != "p-3! p-1! p-2!" {
		t.Fatalf("due a year later: %s", due)
	}
	done.Assets, done.Result = []tracking.AssetID{"p-1"}, maintain.Failed
	w.must(w.desk.RecordWork(ctx, w.ben, done))
	if piece, err := w.desk.Store.Piece(ctx, "p-1"); err != nil || piece.Status != tracking.Broken || piece.StatusNote != "filters changed" {
		t.Errorf("what failed: %+v, %v", piece, err)
	}
	if due := w.due(); due != "p-3! p-1! p-2!" {
		t.Errorf("what failed is still due: %s", due)
	}
	work, err := w.desk.Store.WorkOn(ctx, "p-1", 10)
	if err != nil || len(work) != 2 || work[0].Result != maintain.Failed || work[1].PlanName != "Yearly service" || work[1].By != "Ben" {
		t.Errorf("work: %+v, %v", work, err)
	}
	done.Assets = []tracking.AssetID{"v-1"}
	if err := w.desk.RecordWork(ctx, w.ben, done); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("work on what the plan does not cover: %v", err)
	}
	w.must(w.desk.EndPlan(ctx, w.ben, 1))
	if err := w.desk.RecordWork(ctx, w.ben, done); !errors.Is(err, maintain.ErrUnknown) || w.due() != "" {
		t.Errorf("work of a plan that has ended: %v", err)
	}
}

func TestHoursOfUseComeFromTheTimeline(t *testing.T) {
	w := openWorkshop(t)
	ctx := t.Context()
	w.must(w.desk.AddPlan(ctx, w.ben, maintain.Plan{Name: "Filter", Model: "Alba", EveryHours: 100}))
	w.mark("p-1", tracking.InUse)
	w.at = w.at.Add(60 * time.Hour)
	w.mark("p-1", tracking.InUse) // said again: it goes on
	w.at = w.at.Add(20 * time.Hour)
	w.mark("p-1", tracking.Free)
	w.at = w.at.Add(500 * time.Hour)
	w.mark("p-1", tracking.InUse)
	follow := func() {
		t.Helper()
		if more, err := w.desk.Store.FollowUse(ctx); err != nil || more {
			t.Fatal(more, err)
		}
	}
	follow()
	follow() // twice counts once
	if piece, err := w.desk.Store.Piece(ctx, "p-1"); err != nil || piece.Used != 80*time.Hour || piece.UsedBy(w.at.Add(time.Hour)) != 81*time.Hour {
		t.Fatalf("%+v, %v", piece.Papers, err)
	}
	if due := w.due(); due != "" {
		t.Errorf("after 80 hours: %s", due)
	}
	w.at = w.at.Add(10 * time.Hour)
	if due := w.due(); due != "p-1?" {
		t.Errorf("after 90 hours: %s", due)
	}
	w.at = w.at.Add(10 * time.Hour)
	if due := w.due(); due != "p-1!" {
		t.Errorf("after 100 hours: %s", due)
	}
	w.must(w.desk.RecordWork(ctx, w.ben, maintain.Done{Plan: 1, Assets: []tracking.AssetID{"p-1"}, Result: maintain.Passed}))
	if due := w.due(); due != "" {
		t.Errorf("hours are counted from the work on: %s", due)
	}
}

func TestARecallFindsARangeOfSerialsAndIsTickedOff(t *testing.T) {
	w := openWorkshop(t)
	ctx := t.Context()
	recall := maintain.Recall{Title: "Battery swells", Reference: "FSN 7", Model: "Alba", FromSerial: "a-10", ToSerial: "A-99"}
	id, err := w.desk.OpenRecall(ctx, w.ben, recall, true)
	w.must(err)
	if piece, _ := w.desk.Store.Piece(ctx, "p-2"); piece.Status != tracking.Broken || piece.StatusNote != "Recalled: Battery swells" {
		t.Errorf("a recalled pump can still be taken: %+v", piece.Asset)
	}
	if piece, _ := w.desk.Store.Piece(ctx, "p-1"); piece.Status == tracking.Broken {
		t.Error("A-9 is not between A-10 and A-99")
	}
	w.must(w.desk.TickOff(ctx, w.ben, id, "p-2", "battery replaced"))
	w.must(w.desk.TickOff(ctx, w.ben, id, "p-2", "again")) // the first word stands
	if err := w.desk.TickOff(ctx, w.ben, id, "p-1", "x"); !errors.Is(err, maintain.ErrClosed) {
		t.Errorf("ticking what is not recalled: %v", err)
	}
	_, pieces, err := w.desk.Recalled(ctx, w.ben, id)
	if err != nil || len(pieces) != 2 || pieces[0].Piece.ID != "p-3" || pieces[0].Done() || pieces[1].Tick.Outcome != "battery replaced" {
		t.Fatalf("pieces: %+v, %v", pieces, err)
	}
	if err := w.desk.CloseRecall(ctx, w.ben, id); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("closing with a piece open: %v", err)
	}
	open, err := w.desk.RecallsOf(ctx, pieces[0].Piece)
	if err != nil || len(open) != 1 {
		t.Errorf("recalls of p-3: %+v, %v", open, err)
	}
	w.must(w.desk.TickOff(ctx, w.ben, id, "p-3", "sent back"))
	w.must(w.desk.CloseRecall(ctx, w.ben, id))
	if counts, err := w.desk.Counts(ctx, w.ben); err != nil || counts.Recalls != 0 || counts.Broken != 2 || counts.Rentals != 1 {
		t.Errorf("counts: %+v, %v", counts, err)
	}
}

func TestARepairGoesItsWay(t *testing.T) {
	w := openWorkshop(t)
	ctx := t.Context()
	stage := func() string {
		t.Helper()
		repairs, err := w.desk.Repairs(ctx, w.ben)
		w.must(err)
		if len(repairs) == 0 {
			return ""
		}
		return string(repairs[0].Piece.ID) + " " + string(repairs[0].Stage)
	}
	if err := w.desk.Repair(ctx, w.ben, "p-1", maintain.InWorkshop, ""); !errors.Is(err, maintain.ErrClosed) {
		t.Errorf("repairing what is not broken: %v", err)
	}
	w.mark("p-1", tracking.Broken)
	if s := stage(); s != "p-1 reported" {
		t.Fatal(s)
	}
	w.must(w.desk.Repair(ctx, w.ben, "p-1", maintain.AwaitParts, "display"))
	if s := stage(); s != "p-1 parts" {
		t.Fatal(s)
	}
	if err := w.desk.Repair(ctx, w.ben, "p-1", maintain.Fit, " "); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("fit without a word: %v", err)
	}
	w.must(w.desk.Repair(ctx, w.ben, "p-1", maintain.Fit, "new display, tested"))
	if piece, _ := w.desk.Store.Piece(ctx, "p-1"); stage() != "" || piece.Status != tracking.Free {
		t.Fatalf("%s %s", stage(), piece.Status)
	}
	w.at = w.at.Add(time.Hour)
	w.mark("p-1", tracking.Broken)
	if s := stage(); s != "p-1 reported" {
		t.Errorf("an old step counts for a new fault: %s", s)
	}
	w.must(w.desk.Repair(ctx, w.ben, "p-1", maintain.Retired, "not worth it"))
	w.must(w.desk.AddPlan(ctx, w.ben, maintain.Plan{Name: "Yearly", Model: "Alba", EveryDays: 365}))
	if s := stage(); s != "" || w.due() != "p-2?" {
		t.Errorf("a retired pump waits for repair or service: %q, %q", s, w.due())
	}
}

func TestARentedVentilatorGoesBack(t *testing.T) {
	w := openWorkshop(t)
	ctx := t.Context()
	rentals, err := w.desk.Rentals(ctx, w.ben)
	if err != nil || len(rentals) != 2 || !w.desk.Overdue(rentals[0]) || w.desk.Overdue(rentals[1]) {
		t.Fatalf("rentals: %+v, %v", rentals, err)
	}
	w.must(w.desk.GiveBack(ctx, w.ben, "v-1", "with its hose"))
	if err := w.desk.GiveBack(ctx, w.ben, "v-1", ""); !errors.Is(err, maintain.ErrClosed) {
		t.Errorf("giving back twice: %v", err)
	}
	if rentals, _ := w.desk.Rentals(ctx, w.ben); len(rentals) != 1 {
		t.Errorf("rentals: %+v", rentals)
	}
	doc, err := db.Hospital{DB: w.base}.Describe(ctx, hospital.Job("test"))
	if err != nil || doc.Assets[3].RentedFrom != "" || doc.Assets[4].DueBack != "2026-05-04" || doc.Assets[0].Lot != "L1" || doc.Assets[0].LastService == "" {
		t.Errorf("%+v, %v", doc.Assets, err)
	}
	changes, err := db.Hospital{DB: w.base}.Import(ctx, hospital.Job("test"), doc, false)
	for _, change := range changes {
		if err != nil || change.What != document.Same {
			t.Errorf("taken in again: %+v, %v", change, err)
		}
	}
}

func TestACalibrationIsSigned(t *testing.T) {
	w := openWorkshop(t)
	ctx := t.Context()
	w.must(w.desk.AddPlan(ctx, w.ben, maintain.Plan{Name: "Calibration", Model: "Alba", EveryDays: 365, Calibration: true}))
	done := maintain.Done{Plan: 1, Assets: []tracking.AssetID{"p-1"}, Result: maintain.Passed}
	if err := w.desk.RecordWork(ctx, w.ben, done); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("without a certificate: %v", err)
	}
	done.Certificate = "DKD-1"
	if err := w.desk.RecordWork(ctx, w.ben, done); err == nil {
		t.Error("without a signature's proof")
	}
	if work, err := w.desk.Store.WorkOn(ctx, "p-1", 1); err != nil || len(work) != 0 {
		t.Errorf("unsigned work was kept: %+v, %v", work, err)
	}
	done.Assets, done.Proof = []tracking.AssetID{"p-1", "p-2"}, dbtest.Proof(t, w.base, w.ben)
	if err := w.desk.RecordWork(ctx, w.ben, done); !strings.Contains(hospital.Sentence(err), "one piece at a time") {
		t.Errorf("two pieces under one signature: %v", err)
	}
	done.Assets = done.Assets[:1]
	w.must(w.desk.RecordWork(ctx, w.ben, done))
	work, err := w.desk.Store.WorkOn(ctx, "p-1", 1)
	if err != nil || len(work) != 1 || work[0].Certificate != "DKD-1" || work[0].Signed == "" {
		t.Fatalf("the calibration: %+v, %v", work, err)
	}
	signed, err := w.base.Signatures(ctx, "asset/p-1")
	if err != nil || len(signed) != 1 || signed[0].ID != work[0].Signed || signed[0].Meaning != hospital.Calibrated || signed[0].Name != w.ben.Name {
		t.Errorf("its signature: %+v, %v", signed, err)
	}
	if due := w.due(); strings.Contains(due, "p-1") {
		t.Errorf("still due: %s", due)
	}
	if err := w.desk.RecordWork(ctx, w.ben, done); err == nil {
		t.Error("one proof signed twice")
	}
}

func TestATagIsAssignedByScanAndMovesOverOnlyWhenSaid(t *testing.T) {
	w := openWorkshop(t)
	ctx := t.Context()
	_, err := w.desk.AssignTag(ctx, w.ben, "p-2", "c30000000002", false)
	w.must(err)
	if _, err := w.desk.AssignTag(ctx, w.ben, "p-2", "c30000000001", false); !errors.Is(err, hospital.ErrInvalid) || !strings.Contains(hospital.Sentence(err), "p-1") {
		t.Errorf("a tag that another bears: %v", err)
	}
	if asset, _ := (db.Equipment{DB: w.base}).Asset(ctx, "p-1"); len(asset.Tags) != 1 {
		t.Errorf("refused, and moved all the same: %v", asset.Tags)
	}
	from, err := w.desk.AssignTag(ctx, w.ben, "p-2", "c30000000001", true)
	if err != nil || from != "p-1" {
		t.Errorf("moved from %q, %v", from, err)
	}
	if asset, _ := (db.Equipment{DB: w.base}).Asset(ctx, "p-2"); len(asset.Tags) != 2 {
		t.Errorf("tags: %v", asset.Tags)
	}
	if found, err := (db.Equipment{DB: w.base}).ByWords(ctx, []string{"c30000000001"}, 5); err != nil || len(found) != 1 || found[0].ID != "p-2" {
		t.Errorf("search finds %+v, %v", found, err)
	}
	if _, err := w.desk.AssignTag(ctx, w.ben, "p-404", "c3000000000f", false); !errors.Is(err, tracking.ErrUnknownAsset) {
		t.Errorf("an unknown asset: %v", err)
	}
}

// Plans come with the hospital's document and go back into it; a changed interval
// keeps what was done under the plan.
func TestPlansComeWithTheDocument(t *testing.T) {
	w := openWorkshop(t)
	kept := db.Hospital{DB: w.base}
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "America/New_York"},
		Plans: []document.Plan{{Name: "Filter", Model: "Aurora", EveryHours: 500}, {Name: "Yearly", Model: "Alba", EveryDays: 365, Calibration: true}}}
	take := func() (what []string) {
		t.Helper()
		changes, err := kept.Import(t.Context(), hospital.Job("test"), doc, true)
		w.must(err)
		for _, c := range changes {
			if strings.HasPrefix(c.Path, "/service_plans/") {
				what = append(what, c.What)
			}
		}
		return what
	}
	if got := take(); !slices.Equal(got, []string{document.Add, document.Add}) {
		t.Errorf("the first import %v", got)
	}
	before := w.due()
	doc.Plans[1].EveryDays = 360
	if got := take(); !slices.Equal(got, []string{document.Same, document.Alter}) {
		t.Errorf("the second import %v", got)
	}
	written, err := kept.Describe(t.Context(), hospital.Job("test"))
	w.must(err)
	if !slices.Equal(written.Plans, []document.Plan{doc.Plans[1], doc.Plans[0]}) { // by model
		t.Errorf("it is written as %+v", written.Plans)
	}
	if !strings.Contains(before, "p-1!") {
		t.Errorf("due by the first plan: %q", before)
	}
	doc.Plans = append(doc.Plans, document.Plan{Name: "Yearly", Model: "Alba", EveryDays: 9}, document.Plan{Name: "Never", Model: "Alba"})
	text, err := json.Marshal(doc)
	w.must(err)
	faults, ok := errors.AsType[document.Faults](func() error { _, err := document.Parse(text); return err }())
	if !ok || len(faults) != 2 || faults[0].Path != "/service_plans/2" || faults[1].Path != "/service_plans/3" {
		t.Errorf("one plan twice, and one of nothing: %q", []document.Fault(faults))
	}
}
