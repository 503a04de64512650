package web

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/parlevel"
	"wardwatch/views"
	"wardwatch/web/live"
)

const (
	// endedTasks is how many ended tasks the page of units tells of.
	endedTasks = 10
	// homeTasks is how many tasks the home page tells of.
	homeTasks = 4
	// unitsEvery is how often open boards are counted anew at most.
	unitsEvery = time.Second
)

func (d *Door) unitRoutes() []route {
	if d.Levels == nil {
		return nil
	}
	return []route{
		{get, "/units", hospital.SeeEquipment, d.units},
		{get, "/units/:id", hospital.SeeEquipment, d.unit},
		{get, "/units/:id/equipment", hospital.SeeEquipment, d.unitPieces},
		{post, "/units/:id/levels", hospital.ManageEquipment, d.setLevel},
		{post, "/units/:id/levels/remove", hospital.ManageEquipment, d.removeLevel},
		{post, "/tasks/:id/take", hospital.MarkEquipment, d.takeTask},
		{post, "/tasks/:id/decline", hospital.MarkEquipment, d.declineTask},
	}
}

// units lists what every unit lacks, and what is to be carried.
func (d *Door) units(c echo.Context) error { return d.showUnits(c, http.StatusOK, views.TaskAnswer{}) }

func (d *Door) showUnits(c echo.Context, status int, typed views.TaskAnswer) error {
	ctx, by := c.Request().Context(), d.actor(c)
	all, err := d.Levels.Overview(ctx, by)
	if err != nil {
		return err
	}
	ended, err := d.Levels.Ended(ctx, by, endedTasks)
	if err != nil {
		return err
	}
	return d.showAs(c, status, "Units", views.Units(views.UnitsPage{House: d.house(), Actor: by, Units: d.boards(all.Lines), Tasks: all.Open,
		Ended: ended, Declining: typed}), parlevel.Topic)
}

// boards sorts lines into their units, in the house's order.
func (d *Door) boards(lines []parlevel.Line) []views.UnitBoard {
	var boards []views.UnitBoard
	for _, unit := range d.Register.Current().Units {
		board := views.UnitBoard{Unit: unit}
		for _, line := range lines {
			if line.Unit == unit.ID {
				board.Lines = append(board.Lines, line)
			}
		}
		if len(board.Lines) > 0 {
			boards = append(boards, board)
		}
	}
	return boards
}

// unit is one unit's board; ?wall=1 for a display that nobody touches.
func (d *Door) unit(c echo.Context) error {
	if c.QueryParam("wall") != "" {
		return d.unitOnWall(c)
	}
	return d.showUnit(c, http.StatusOK, views.LevelForm{})
}

func (d *Door) showUnit(c echo.Context, status int, form views.LevelForm) error {
	ctx, by, id := c.Request().Context(), d.actor(c), hospital.UnitID(c.Param("id"))
	needs, err := d.unitNeeds(ctx, by, id)
	if err != nil {
		return err
	}
	page := views.UnitPage{House: needs.House, Actor: by, Board: needs.Board, Form: form, Tasks: needs.Tasks, Needs: needs}
	if page.Kinds, err = d.Levels.Store.Kinds(ctx); err != nil {
		return err
	}
	if page.Cold = d.seesFridges(by); page.Cold {
		if page.Fridges, err = d.unitFridges(ctx, id); err != nil {
			return err
		}
	}
	return d.showAs(c, status, needs.Board.Unit.Name, views.Unit(page), unitTopic+string(id), unitColdTopic+string(id))
}

// tasksOf are the tasks that bring a unit something or take something from it.
func tasksOf(all []parlevel.Task, unit hospital.UnitID) (tasks []parlevel.Task) {
	for _, task := range all {
		if task.To == unit || task.From == unit {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// setLevel takes a kind, a target and a critical number.
func (d *Door) setLevel(c echo.Context) error {
	form := views.LevelForm{Kind: c.FormValue("kind"), Target: strings.TrimSpace(c.FormValue("target")), Critical: strings.TrimSpace(c.FormValue("critical"))}
	level := parlevel.Level{Unit: hospital.UnitID(c.Param("id")), Kind: form.Kind}
	var wrong, wrongToo error
	level.Target, wrong = strconv.Atoi(form.Target)
	level.Critical, wrongToo = strconv.Atoi(form.Critical)
	err := errors.Join(wrong, wrongToo)
	if err != nil {
		err = hospital.Refuse(hospital.ErrInvalid, "Target and critical number are whole numbers.")
	} else {
		err = d.Levels.SetLevel(c.Request().Context(), d.actor(c), level)
	}
	if status, sentence := formFault(err); sentence != "" {
		form.Error = sentence
		return d.showUnit(c, status, form)
	}
	if err != nil {
		return err
	}
	d.say(c, fmt.Sprintf("%s: target %d, critical %d.", views.Capital(level.Kind), level.Target, level.Critical))
	return d.backToUnit(c)
}

func (d *Door) removeLevel(c echo.Context) error {
	key := parlevel.Key{Unit: hospital.UnitID(c.Param("id")), Kind: c.FormValue("kind")}
	if err := d.Levels.RemoveLevel(c.Request().Context(), d.actor(c), key); err != nil {
		return err
	}
	d.say(c, "Nobody looks after "+key.Kind+" here any more.")
	return d.backToUnit(c)
}

func (d *Door) backToUnit(c echo.Context) error {
	return d.seeOther(c, "/units/"+url.PathEscape(c.Param("id")))
}

func taskID(c echo.Context) (parlevel.TaskID, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return 0, parlevel.ErrUnknownTask
	}
	return parlevel.TaskID(id), nil
}

// takeTask says that somebody carries a task out.
func (d *Door) takeTask(c echo.Context) error {
	id, err := taskID(c)
	if err != nil {
		return err
	}
	if err := d.Levels.Take(c.Request().Context(), d.actor(c), id); err != nil {
		return err
	}
	d.say(c, "Thank you. Others see that you do it.")
	return d.seeOther(c, back(c))
}

// declineTask says that a task can't be done.
func (d *Door) declineTask(c echo.Context) error {
	id, err := taskID(c)
	if err != nil {
		return err
	}
	why := c.FormValue("why")
	err = d.Levels.Decline(c.Request().Context(), d.actor(c), id, why)
	if status, sentence := formFault(err); sentence != "" {
		return d.showUnits(c, status, views.TaskAnswer{Task: id, Why: why, Error: sentence})
	}
	if err != nil {
		return err
	}
	d.say(c, "Taken off the list.")
	return d.seeOther(c, back(c))
}

func (d *Door) unitSources() []live.Source {
	if d.Levels == nil {
		return nil
	}
	return []live.Source{{Prefix: parlevel.Topic, Permission: hospital.SeeEquipment, Every: unitsEvery, Render: d.drawUnits}}
}

// drawUnits draws the leaves of every board and task.
func (d *Door) drawUnits(ctx context.Context, _ string) ([]live.Fragment, error) {
	all, err := d.Levels.Overview(ctx, onlooker)
	if err != nil {
		return nil, err
	}
	ended, err := d.Levels.Ended(ctx, onlooker, endedTasks)
	if err != nil {
		return nil, err
	}
	var leaves []leaf
	for _, board := range d.boards(all.Lines) {
		leaves = append(leaves, leaf{"unit-" + string(board.Unit.ID) + "-state", views.UnitState(board)},
			leaf{"unit-" + string(board.Unit.ID) + "-board", views.UnitTable(board)})
	}
	for _, task := range append(all.Open, ended...) {
		leaves = append(leaves, leaf{fmt.Sprintf("task-%d-state", task.ID), views.TaskState(task)})
	}
	return drawAll(ctx, leaves...)
}

// unitAtHome puts the unit that somebody works in today on her home page, and what is to be
// carried to or from it; of all units when she said none.
func (d *Door) unitAtHome(ctx context.Context, by hospital.Actor, page *views.HomeProps) error {
	if d.Levels == nil || !by.May(hospital.MarkEquipment) {
		return nil
	}
	all, err := d.Levels.Overview(ctx, by)
	if err != nil {
		return err
	}
	tasks := all.Open
	if unit, ok := d.Register.Current().Unit(by.Unit); ok {
		page.Board = &views.UnitBoard{Unit: unit}
		for _, board := range d.boards(all.Lines) {
			if board.Unit.ID == unit.ID {
				page.Board = &board
			}
		}
		if !by.May(hospital.ManageEquipment) {
			tasks = tasksOf(all.Open, unit.ID)
		}
	}
	page.Tasks = tasks[:min(len(tasks), homeTasks)]
	return nil
}

func (d *Door) unitsFile() keepable {
	return keepable{"units", hospital.SeeEquipment,
		[]column{{"Unit", 22}, {"Kind", 20}, {"Target", 8}, {"Critical", 8}, {"Free", 8}, {"Have", 8}, {"Short", 8}, {"To come", 8}, {"To give", 8}, {"Not heard", 9}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			all, err := d.Levels.Overview(c.Request().Context(), d.actor(c))
			if err != nil {
				return nil, err
			}
			house := d.house()
			return func(yield func([]any, error) bool) {
				for _, l := range all.Lines {
					unit, _ := house.Unit(l.Unit)
					if !yield(numbered([]any{unit.Name, l.Kind}, l.Target, l.Level.Critical, l.Free, l.Have, l.Short(), l.Coming, l.Going, l.Silent), nil) {
						return
					}
				}
			}, nil
		}}
}

// numbered adds whole numbers to a row's cells.
func numbered(cells []any, numbers ...int) []any {
	for _, n := range numbers {
		cells = append(cells, int64(n))
	}
	return cells
}
