package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/live"
)

// Topics of one unit's board, each with the unit behind it. Nobody announces them: they follow
// from equipment that moved, from levels, service and fridges.
const (
	unitTopic      = "unit/"
	unitColdTopic  = "unit-cold/"
	wallUnitTopic  = "wall/unit/"
	wallUnitFridge = "wall/unit-cold/"
)

// unitTopics are those of every unit that follow from others.
func (d *Door) unitTopics(equipment, cold bool) (also []string) {
	if d.Levels == nil {
		return nil
	}
	for _, unit := range d.Register.Current().Units {
		if equipment {
			also = append(also, unitTopic+string(unit.ID), wallUnitTopic+string(unit.ID))
		}
		if cold {
			also = append(also, unitColdTopic+string(unit.ID), wallUnitFridge+string(unit.ID))
		}
	}
	return also
}

// unitNeeds gathers what a unit's board tells of equipment.
func (d *Door) unitNeeds(ctx context.Context, by hospital.Actor, id hospital.UnitID) (n views.UnitNeeds, err error) {
	unit, ok := d.Register.Current().Unit(id)
	if !ok {
		return n, fmt.Errorf("unit %s: %w", id, hospital.ErrUnknown)
	}
	all, err := d.Levels.Overview(ctx, by)
	if err != nil {
		return n, err
	}
	n = views.UnitNeeds{House: d.house(), Board: views.UnitBoard{Unit: unit}, Tasks: tasksOf(all.Open, id)}
	for _, board := range d.boards(all.Lines) {
		if board.Unit.ID == id {
			n.Board = board
		}
	}
	if d.Equipment != nil {
		if n.Ward, err = d.Equipment.Ward(ctx, by, id, tracking.WardShown); err != nil {
			return n, err
		}
	}
	if d.Service != nil {
		n.Due, err = d.Service.DueOf(ctx, by, id)
	}
	return n, err
}

// unitFridges are a unit's, as far as whoever looks may see them, the worst first.
func (d *Door) unitFridges(ctx context.Context, id hospital.UnitID) ([]coldchain.Standing, error) {
	board, err := d.ColdChain.Board(ctx, d.Now())
	directory := d.Register.Current()
	return slices.DeleteFunc(board, func(s coldchain.Standing) bool {
		return directory.UnitOf(s.Fridge.Unit, s.Fridge.Room) != id
	}), err
}

func (d *Door) unitTiles(ctx context.Context, id hospital.UnitID) ([]views.FridgeTileProps, error) {
	fridges, err := d.unitFridges(ctx, id)
	if err != nil {
		return nil, err
	}
	return d.tilesOf(ctx, fridges, d.Now())
}

func (d *Door) seesFridges(by hospital.Actor) bool {
	return d.ColdChain != nil && by.May(hospital.SeeColdChain)
}

// unitOnWall is a unit's board for a display that nobody touches.
func (d *Door) unitOnWall(c echo.Context) error {
	by, id := d.actor(c), hospital.UnitID(c.Param("id"))
	ctx := d.scene(c.Request().Context())
	wall, err := d.unitWall(ctx, by, id)
	if err != nil {
		return err
	}
	page, err := d.frame(ctx, c, wall.Needs.Board.Unit.Name, []string{wallUnitTopic + string(id), wallUnitFridge + string(id)})
	if err != nil {
		return err
	}
	page.Wall, page.LockAfter, page.Passkeys = true, 0, false // as on every wall
	return d.write(c, http.StatusOK, ctx, views.Shell(page, views.UnitOnWall(wall)))
}

func (d *Door) unitWall(ctx context.Context, by hospital.Actor, id hospital.UnitID) (wall views.UnitWallProps, err error) {
	if wall.Needs, err = d.unitNeeds(ctx, by, id); err != nil || !d.seesFridges(by) {
		return wall, err
	}
	wall.Fridges, err = d.unitTiles(ctx, id)
	return wall, err
}

// unitPieces is the whole of a list of which the board shows the beginning: ?show=lent.
func (d *Door) unitPieces(c echo.Context) error {
	id := hospital.UnitID(c.Param("id"))
	ward, err := d.Equipment.Ward(c.Request().Context(), d.actor(c), id, tracking.WardListed)
	if err != nil {
		return err
	}
	unit, _ := d.Register.Current().Unit(id)
	page := views.UnitPiecesPage{House: d.house(), Unit: unit, What: views.DirtyPieces, Some: ward.Dirty}
	switch c.QueryParam("show") {
	case views.LentPieces:
		page.What, page.Some = views.LentPieces, ward.Lent
	case views.BorrowedPieces:
		page.What, page.Some = views.BorrowedPieces, ward.Borrowed
	}
	return d.show(c, unit.Name, views.UnitPieces(page))
}

// wardSources draw one unit's board.
func (d *Door) wardSources() []live.Source {
	if d.Levels == nil {
		return nil
	}
	sources := []live.Source{
		{Prefix: unitTopic, Permission: hospital.SeeEquipment, Every: unitsEvery, Render: d.drawUnit},
		{Prefix: wallUnitTopic, Permission: hospital.SeeEquipment, Every: unitsEvery, Render: d.drawUnitWall},
	}
	if d.ColdChain != nil {
		sources = append(sources,
			live.Source{Prefix: unitColdTopic, Permission: hospital.SeeColdChain, Every: boardEvery, Render: d.drawUnitFridges},
			live.Source{Prefix: wallUnitFridge, Permission: hospital.SeeColdChain, Every: boardEvery, Render: d.drawUnitWallFridges})
	}
	return sources
}

func (d *Door) drawUnit(ctx context.Context, key string) ([]live.Fragment, error) {
	n, err := d.unitNeeds(ctx, onlooker, hospital.UnitID(key))
	if err != nil {
		return nil, orNothing(err)
	}
	leaves := []leaf{{"unit-" + key + "-now", views.UnitNow(n)}}
	if len(n.Board.Lines) > 0 {
		leaves = append(leaves, leaf{"unit-" + key + "-board", views.UnitTable(n.Board)})
	}
	for _, task := range n.Tasks {
		leaves = append(leaves, leaf{fmt.Sprintf("task-%d-state", task.ID), views.TaskState(task)})
	}
	return drawAll(ctx, leaves...)
}

func (d *Door) drawUnitWall(ctx context.Context, key string) ([]live.Fragment, error) {
	n, err := d.unitNeeds(ctx, onlooker, hospital.UnitID(key))
	if err != nil {
		return nil, orNothing(err)
	}
	return drawAll(ctx, leaf{"unit-" + key + "-wall", views.UnitWall(n)})
}

func (d *Door) drawUnitFridges(ctx context.Context, key string) ([]live.Fragment, error) {
	fridges, err := d.unitFridges(ctx, hospital.UnitID(key))
	if err != nil {
		return nil, err
	}
	return drawAll(ctx, leaf{"unit-" + key + "-fridges", views.UnitFridges(hospital.UnitID(key), fridges)})
}

func (d *Door) drawUnitWallFridges(ctx context.Context, key string) ([]live.Fragment, error) {
	tiles, err := d.unitTiles(ctx, hospital.UnitID(key))
	if err != nil {
		return nil, err
	}
	return drawAll(ctx, leaf{"unit-" + key + "-wall-fridges", views.UnitWallFridges(hospital.UnitID(key), tiles)})
}
