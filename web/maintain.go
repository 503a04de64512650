package web

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/maintain"
	"wardwatch/views"
)

// workShown is how many lines of work an asset's page tells.
const workShown = 10

func (d *Door) maintainRoutes() []route {
	if d.Service == nil {
		return nil
	}
	see, manage := hospital.SeeEquipment, hospital.ManageEquipment
	return []route{
		{get, "/maintenance", see, d.dueList},
		{post, "/maintenance/work", manage, d.recordWork},
		{get, "/maintenance/plans", see, d.servicePlans},
		{post, "/maintenance/plans", manage, d.addPlan},
		{post, "/maintenance/plans/:id/end", manage, d.endPlan},
		{get, "/maintenance/repairs", see, d.repairs},
		{post, "/maintenance/repairs", manage, d.repair},
		{get, "/maintenance/recalls", see, d.equipmentRecalls},
		{post, "/maintenance/recalls", manage, d.openEquipmentRecall},
		{get, "/maintenance/recalls/:id", see, d.equipmentRecall},
		{post, "/maintenance/recalls/:id/tick", manage, d.tickEquipmentRecall},
		{post, "/maintenance/recalls/:id/close", manage, d.closeEquipmentRecall},
		{get, "/maintenance/rentals", see, d.rentals},
		{post, "/maintenance/rentals", manage, d.giveBack},
		{get, "/maintenance/tags", see, d.giveTagsPage},
		{post, "/maintenance/tags", manage, d.assignTag},
	}
}

func (d *Door) serviceTop(c echo.Context, on, wrong string) (views.ServiceTop, error) {
	counts, err := d.Service.Counts(c.Request().Context(), d.actor(c))
	return views.ServiceTop{House: d.house(), Actor: d.actor(c), Counts: counts, On: on, Error: wrong}, err
}

// wayTo is the way to pieces, with what is in each room.
func (d *Door) wayTo(by hospital.Actor, pieces []maintain.Piece) (stops []views.WayStop) {
	for _, stop := range d.Service.Way(by, pieces) {
		at := views.WayStop{Stop: stop}
		seen := map[tracking.AssetID]bool{}
		for _, piece := range pieces {
			if piece.Place.Room == stop.Room && !seen[piece.ID] {
				seen[piece.ID], at.Pieces = true, append(at.Pieces, piece)
			}
		}
		stops = append(stops, at)
	}
	return stops
}

func topicsOf(pieces []maintain.Piece) []string {
	var topics []string
	for _, piece := range pieces {
		topics = append(topics, "asset/"+string(piece.ID))
	}
	return topics
}

func (d *Door) dueList(c echo.Context) error {
	return d.showDue(c, http.StatusOK, maintain.Done{}, "")
}

func (d *Door) showDue(c echo.Context, status int, typed maintain.Done, wrong string) error {
	top, err := d.serviceTop(c, "", wrong)
	if err != nil {
		return err
	}
	tasks, err := d.Service.Due(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	page := views.DuePage{ServiceTop: top, Typed: typed}
	if page.Sign, err = d.signForm(c); err != nil {
		return err
	}
	var pieces []maintain.Piece
	for _, task := range tasks {
		pieces = append(pieces, task.Piece)
		page.Groups = groupByPlan(page.Groups, task)
	}
	page.Stops = d.wayTo(d.actor(c), pieces)
	return d.showAs(c, status, "Service", views.Due(page), topicsOf(pieces)...)
}

func groupByPlan(groups []views.DueGroup, task maintain.Task) []views.DueGroup {
	for i := range groups {
		if groups[i].Plan.ID == task.Plan.ID {
			groups[i].Tasks = append(groups[i].Tasks, task)
			return groups
		}
	}
	return append(groups, views.DueGroup{Plan: task.Plan, Tasks: []maintain.Task{task}})
}

// recordWork notes work on all that was ticked. A calibration is signed.
func (d *Door) recordWork(c echo.Context) error {
	values, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "The form can't be read.")
	}
	plan, _ := strconv.ParseInt(values.Get("plan"), 10, 64) // what is no number is no plan
	done := maintain.Done{Plan: maintain.PlanID(plan), Result: maintain.Result(values.Get("result")), Certificate: values.Get("certificate"), Note: values.Get("note")}
	for _, id := range values["asset"] {
		done.Assets = append(done.Assets, tracking.AssetID(id))
	}
	if signs(c) {
		done.Proof, err = d.proof(c)
	}
	if err == nil {
		err = d.Service.RecordWork(c.Request().Context(), d.actor(c), done)
	}
	if status, wrong := formFault(err); wrong != "" {
		return d.showDue(c, status, done, wrong)
	}
	return d.served(c, err, "Recorded for "+views.Plural(len(done.Assets), "piece", "pieces")+".", "/maintenance")
}

// served answers a form that was carried out, or failed for another reason than what was typed.
func (d *Door) served(c echo.Context, err error, said, next string) error {
	if err != nil {
		return err
	}
	d.say(c, said)
	return d.seeOther(c, next)
}

func (d *Door) servicePlans(c echo.Context) error {
	return d.showPlans(c, http.StatusOK, views.PlanForm{}, "")
}

func (d *Door) showPlans(c echo.Context, status int, typed views.PlanForm, wrong string) error {
	top, err := d.serviceTop(c, "plans", wrong)
	if err != nil {
		return err
	}
	page := views.PlansPage{ServiceTop: top, Typed: typed}
	if page.Plans, err = d.Service.Store.Plans(c.Request().Context()); err != nil {
		return err
	}
	if page.Models, err = d.Service.Store.Models(c.Request().Context()); err != nil {
		return err
	}
	return d.showAs(c, status, "Plans", views.Plans(page))
}

func (d *Door) addPlan(c echo.Context) error {
	typed := views.PlanForm{Name: c.FormValue("name"), Model: c.FormValue("model"), Lot: c.FormValue("lot"),
		Days: strings.TrimSpace(c.FormValue("days")), Hours: strings.TrimSpace(c.FormValue("hours")), Calibration: c.FormValue("calibration") != ""}
	plan := maintain.Plan{Name: typed.Name, Model: typed.Model, Lot: typed.Lot, Calibration: typed.Calibration}
	var wrongDays, wrongHours, err error
	if typed.Days != "" {
		plan.EveryDays, wrongDays = strconv.Atoi(typed.Days)
	}
	if typed.Hours != "" {
		plan.EveryHours, wrongHours = strconv.Atoi(typed.Hours)
	}
	if wrongDays != nil || wrongHours != nil {
		err = hospital.Refuse(hospital.ErrInvalid, "Days and hours are whole numbers.")
	}
	if err == nil {
		err = d.Service.AddPlan(c.Request().Context(), d.actor(c), plan)
	}
	if status, wrong := formFault(err); wrong != "" {
		return d.showPlans(c, status, typed, wrong)
	}
	return d.served(c, err, "The plan is added.", "/maintenance/plans")
}

func (d *Door) endPlan(c echo.Context) error {
	id, _ := strconv.ParseInt(c.Param("id"), 10, 64) // what is no number is no plan
	err := d.Service.EndPlan(c.Request().Context(), d.actor(c), maintain.PlanID(id))
	return d.served(c, err, "The plan has ended. What was done by it is kept.", "/maintenance/plans")
}

func (d *Door) repairs(c echo.Context) error {
	return d.showRepairs(c, http.StatusOK, "", "", "")
}

func (d *Door) showRepairs(c echo.Context, status int, asset tracking.AssetID, note, wrong string) error {
	top, err := d.serviceTop(c, "repairs", wrong)
	if err != nil {
		return err
	}
	page := views.RepairsPage{ServiceTop: top, Asset: asset, Note: note}
	if page.Repairs, err = d.Service.Repairs(c.Request().Context(), d.actor(c)); err != nil {
		return err
	}
	var pieces []maintain.Piece
	for _, repair := range page.Repairs {
		pieces = append(pieces, repair.Piece)
	}
	page.Stops = d.wayTo(d.actor(c), pieces)
	return d.showAs(c, status, "Repairs", views.Repairs(page), topicsOf(pieces)...)
}

func (d *Door) repair(c echo.Context) error {
	asset, stage, note := tracking.AssetID(c.FormValue("asset")), maintain.Stage(c.FormValue("stage")), c.FormValue("note")
	err := d.Service.Repair(c.Request().Context(), d.actor(c), asset, stage, note)
	if status, wrong := formFault(err); wrong != "" {
		return d.showRepairs(c, status, asset, note, wrong)
	}
	return d.served(c, err, stage.Word()+".", "/maintenance/repairs")
}

func (d *Door) equipmentRecalls(c echo.Context) error {
	return d.showEquipmentRecalls(c, http.StatusOK, maintain.Recall{}, "")
}

func (d *Door) showEquipmentRecalls(c echo.Context, status int, typed maintain.Recall, wrong string) error {
	top, err := d.serviceTop(c, "recalls", wrong)
	if err != nil {
		return err
	}
	page := views.EquipmentRecallsPage{ServiceTop: top, Typed: typed}
	if page.Recalls, err = d.Service.Store.Recalls(c.Request().Context(), maintain.MaxListed); err != nil {
		return err
	}
	if page.Models, err = d.Service.Store.Models(c.Request().Context()); err != nil {
		return err
	}
	return d.showAs(c, status, "Recalls", views.EquipmentRecalls(page))
}

func (d *Door) openEquipmentRecall(c echo.Context) error {
	typed := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	recall := maintain.Recall{Title: typed("title"), Reference: typed("reference"), Model: typed("model"), Lot: typed("lot"), FromSerial: typed("from"), ToSerial: typed("to")}
	id, err := d.Service.OpenRecall(c.Request().Context(), d.actor(c), recall, c.FormValue("out") != "")
	if status, wrong := formFault(err); wrong != "" {
		return d.showEquipmentRecalls(c, status, recall, wrong)
	}
	return d.served(c, err, "The recall is open.", fmt.Sprintf("/maintenance/recalls/%d", id))
}

func equipmentRecallID(c echo.Context) maintain.RecallID {
	id, _ := strconv.ParseInt(c.Param("id"), 10, 64) // what is no number is no recall
	return maintain.RecallID(id)
}

func (d *Door) equipmentRecall(c echo.Context) error {
	return d.showEquipmentRecall(c, http.StatusOK, "", "", "")
}

func (d *Door) showEquipmentRecall(c echo.Context, status int, asset tracking.AssetID, typed, wrong string) error {
	recall, pieces, err := d.Service.Recalled(c.Request().Context(), d.actor(c), equipmentRecallID(c))
	if err != nil {
		return err
	}
	page := views.EquipmentRecallPage{ServiceTop: views.ServiceTop{House: d.house(), Actor: d.actor(c), Error: wrong}, Recall: recall, Pieces: pieces, Asset: asset, Typed: typed}
	var open []maintain.Piece
	for _, piece := range pieces {
		if !piece.Done() && recall.ClosedAt.IsZero() {
			open = append(open, piece.Piece)
		}
	}
	page.Stops = d.wayTo(d.actor(c), open[:min(len(open), maintain.MaxListed)])
	return d.showAs(c, status, recall.Title, views.EquipmentRecall(page), topicsOf(open)...)
}

func (d *Door) tickEquipmentRecall(c echo.Context) error {
	asset, outcome := tracking.AssetID(c.FormValue("asset")), c.FormValue("outcome")
	err := d.Service.TickOff(c.Request().Context(), d.actor(c), equipmentRecallID(c), asset, outcome)
	if status, wrong := formFault(err); wrong != "" {
		return d.showEquipmentRecall(c, status, asset, outcome, wrong)
	}
	return d.served(c, err, "Ticked off.", fmt.Sprintf("/maintenance/recalls/%d", equipmentRecallID(c)))
}

func (d *Door) closeEquipmentRecall(c echo.Context) error {
	err := d.Service.CloseRecall(c.Request().Context(), d.actor(c), equipmentRecallID(c))
	if status, wrong := formFault(err); wrong != "" {
		return d.showEquipmentRecall(c, status, "", "", wrong)
	}
	return d.served(c, err, "The recall is closed.", "/maintenance/recalls")
}

func (d *Door) rentals(c echo.Context) error { return d.showRentals(c, http.StatusOK, "") }

func (d *Door) showRentals(c echo.Context, status int, wrong string) error {
	top, err := d.serviceTop(c, "rentals", wrong)
	if err != nil {
		return err
	}
	pieces, err := d.Service.Rentals(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	page := views.RentalsPage{ServiceTop: top, Stops: d.wayTo(d.actor(c), pieces)}
	for _, piece := range pieces {
		page.Pieces = append(page.Pieces, views.Rental{Piece: piece, Overdue: d.Service.Overdue(piece)})
	}
	return d.showAs(c, status, "Rentals", views.Rentals(page), topicsOf(pieces)...)
}

func (d *Door) giveBack(c echo.Context) error {
	err := d.Service.GiveBack(c.Request().Context(), d.actor(c), tracking.AssetID(c.FormValue("asset")), c.FormValue("note"))
	if status, wrong := formFault(err); wrong != "" {
		return d.showRentals(c, status, wrong)
	}
	return d.served(c, err, "Noted: it went back.", "/maintenance/rentals")
}

func (d *Door) giveTagsPage(c echo.Context) error {
	return d.showTags(c, http.StatusOK, c.QueryParam("asset"), "", "")
}

func (d *Door) showTags(c echo.Context, status int, asset, tag, wrong string) error {
	top, err := d.serviceTop(c, "tags", wrong)
	if err != nil {
		return err
	}
	return d.showAs(c, status, "Tags", views.Tags(views.TagGivingPage{ServiceTop: top, Asset: asset, Tag: tag}))
}

// assignTag takes two scans: the asset's label, as whatever its code says, and the tag.
func (d *Door) assignTag(c echo.Context) error {
	ctx, by := c.Request().Context(), d.actor(c)
	asset, tag := strings.TrimSpace(c.FormValue("asset")), strings.TrimSpace(c.FormValue("tag"))
	id, known, err := d.Equipment.ByCode(ctx, by, asset)
	if err != nil {
		return err
	}
	if !known {
		return d.showTags(c, http.StatusUnprocessableEntity, asset, tag, "There is no asset of that number. Scan its label, or look it up by search.")
	}
	_, err = d.Service.AssignTag(ctx, by, id, tracking.TagIdentity(tag), c.FormValue("move") != "")
	if status, wrong := formFault(err); wrong != "" {
		return d.showTags(c, status, asset, tag, wrong)
	}
	return d.served(c, err, string(id)+" bears the tag "+tag+" now.", "/maintenance/tags")
}

// serviceOf is what an asset's page tells of its service; nil where there is none.
func (d *Door) serviceOf(ctx context.Context, id tracking.AssetID) (*views.AssetService, error) {
	if d.Service == nil {
		return nil, nil
	}
	piece, err := d.Service.Store.Piece(ctx, id)
	if err != nil {
		return nil, err
	}
	s := &views.AssetService{Piece: piece}
	if s.Recalls, err = d.Service.RecallsOf(ctx, piece); err != nil {
		return nil, err
	}
	s.Work, err = d.Service.Store.WorkOn(ctx, id, workShown)
	return s, err
}

// serviceAtHome are the counts for whoever manages equipment; nil for others.
func (d *Door) serviceAtHome(ctx context.Context, by hospital.Actor) (*maintain.Counts, error) {
	if d.Service == nil || !by.Is(hospital.BiomedicalEngineer) {
		return nil, nil
	}
	counts, err := d.Service.Counts(ctx, by)
	return &counts, err
}

func (d *Door) serviceFile() keepable {
	return keepable{"service", hospital.SeeEquipment,
		[]column{{"Plan", 20}, {"Number", 12}, {"Name", 26}, {"Model", 16}, {"Serial", 16}, {"Lot", 12}, {"State", 10}, {"Due", 12}, {"Hours since", 10}, {"Hours left", 10}, {"Room", 22}, {"Floor", 16}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			tasks, err := d.Service.Due(c.Request().Context(), d.actor(c))
			if err != nil {
				return nil, err
			}
			return func(yield func([]any, error) bool) {
				for _, t := range tasks {
					if !yield(d.serviceRow(t), nil) {
						return
					}
				}
			}, nil
		}}
}

func (d *Door) serviceRow(t maintain.Task) []any {
	state, on := "soon", ""
	if t.Due.Urgency == maintain.Overdue {
		state = "overdue"
	}
	if !t.Due.On.IsZero() {
		on = t.Due.On.Format("2006-01-02")
	}
	house := d.house()
	return []any{t.Plan.Name, string(t.Piece.ID), t.Piece.Name, t.Piece.Model, t.Piece.Serial, t.Piece.Lot, ours(state), on, rounded(t.Due.HoursUsed, 0), rounded(t.Due.HoursLeft, 0),
		house.RoomName(t.Piece.Place.Room), house.FloorName(t.Piece.Place.Room)}
}
