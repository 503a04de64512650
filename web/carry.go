package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// toCarry is what is on hold in the failing fridge and neither decided nor on its way.
func (t caseTold) toCarry() []inventory.HeldLot {
	if !t.Excursion.Running() && t.Standing.Condition == coldchain.InRange {
		return nil // the fridge is cold again
	}
	onItsWay := map[[2]string]bool{}
	for _, c := range t.Carried {
		for _, l := range c.Lines {
			onItsWay[[2]string{string(l.Lot), string(l.Place)}] = l.How == inventory.OnItsWay
		}
	}
	var waiting []inventory.HeldLot
	for _, h := range t.Held {
		if h.Waiting > 0 && h.Open() && t.inThere(h) && !onItsWay[[2]string{string(h.Lot), string(h.Place)}] {
			waiting = append(waiting, h)
		}
	}
	return waiting
}

// inThere says whether a held lot is still where the excursion is: what was carried
// to another fridge has a hold of its own there.
func (t caseTold) inThere(h inventory.HeldLot) bool {
	for _, c := range t.Carried {
		if c.Place == h.Place {
			return false
		}
	}
	return true
}

// carriesOf tells the emergency moves of a case.
func (d *Door) carriesOf(ctx context.Context, told *caseTold) (err error) {
	if told.Carried, err = d.Stock.Store.CarriesOf(ctx, told.Excursion.ID); err != nil {
		return err
	}
	zone := d.Register.Current().Site.Location()
	for _, c := range told.Carried {
		told.Carries = append(told.Carries, views.CarrySaid(c, func() string { return c.StartedAt.In(zone).Format("2 Jan 15:04") }))
	}
	return nil
}

// refuges are the fridges that n units can be carried to, with the room that they have.
func (d *Door) refuges(ctx context.Context, from coldchain.FridgeID, n int64) ([]inventory.Refuge, error) {
	near, err := d.ColdChain.Refuges(ctx, from, d.Now())
	if err != nil {
		return nil, err
	}
	places, err := d.Stock.Store.Places(ctx)
	if err != nil {
		return nil, err
	}
	assets, err := d.ColdChain.Assets(ctx)
	if err != nil {
		return nil, err
	}
	units, ids := map[coldchain.FridgeID]int64{}, make([]coldchain.FridgeID, len(near))
	for _, a := range assets {
		units[a.Fridge.ID] = int64(a.Facts.Units)
	}
	for i, s := range near {
		ids[i] = s.Fridge.ID
	}
	there, err := d.Stock.Store.InFridge(ctx, ids...)
	if err != nil {
		return nil, err
	}
	used := map[inventory.PlaceID]int64{}
	for _, lot := range there {
		used[lot.Place] += lot.OnHand()
	}
	all := make([]inventory.Refuge, len(near))
	for i, s := range near {
		all[i] = inventory.Refuge{Standing: s, Units: units[s.Fridge.ID]}
		for _, place := range places {
			if place.Fridge != s.Fridge.ID {
				continue
			}
			all[i].Place = cmp.Or(all[i].Place, place.ID)
			all[i].Used += used[place.ID]
		}
	}
	return inventory.Rank(all, n), nil
}

// setOut begins an emergency move of all that nobody has carried yet.
func (d *Door) setOut(c echo.Context) error {
	told, err := d.caseOf(c)
	if err != nil {
		return err
	}
	if err := d.beginCarry(c, told); err != nil {
		return d.caseAgain(c, err, "carry")
	}
	d.say(c, "On its way. Nothing is booked until its arrival is scanned, or its box is heard there.")
	return d.seeOther(c, fmt.Sprintf("/excursions/%d#move", told.Excursion.ID))
}

func (d *Door) beginCarry(c echo.Context, told caseTold) error {
	ctx := c.Request().Context()
	carry := inventory.Carry{Excursion: told.Excursion.ID, From: told.Excursion.Fridge, To: coldchain.FridgeID(c.FormValue("to")), Box: c.FormValue("box")}
	var sum int64
	for _, h := range told.toCarry() {
		carry.Lines = append(carry.Lines, inventory.CarryLine{Item: h.Item, Lot: h.Lot, Place: h.Place, Quantity: h.Waiting})
		sum += h.Waiting
	}
	refuges, err := d.refuges(ctx, carry.From, sum)
	if err != nil {
		return err
	}
	for _, r := range refuges {
		if r.Fridge.ID == carry.To {
			carry.Place = r.Place
			if r.Room(sum) == inventory.RoomNot {
				return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s has room for %d units, and %d are to be carried. Choose another, or carry a part of it by hand.", r.Fridge.Name, r.Free(), sum))
			}
		}
	}
	if carry.Place == "" {
		return hospital.Refuse(hospital.ErrInvalid, "That fridge is not in range any more. Choose another.")
	}
	_, err = d.Stock.StartCarry(ctx, d.actor(c), carry)
	return err
}

// arrived books what a scan of a fridge or a box says has arrived.
func (d *Door) arrived(c echo.Context) error {
	told, err := d.caseOf(c)
	if err != nil {
		return err
	}
	n, _ := strconv.ParseInt(c.Param("carry"), 10, 64) // what is no number is no move
	for _, carry := range told.Carried {
		if int64(carry.ID) != n {
			continue
		}
		whole, err := d.bookArrival(c, carry)
		if err != nil {
			return d.caseAgain(c, err, "arrived")
		}
		d.say(c, "Booked. What is on hold stays on hold there.")
		if whole {
			err = d.noteMoved(c.Request().Context(), d.actor(c), carry, "arrival scanned")
		}
		if err != nil {
			return err
		}
		return d.seeOther(c, fmt.Sprintf("/excursions/%d#move", told.Excursion.ID))
	}
	return inventory.ErrUnknownCarry
}

func (d *Door) bookArrival(c echo.Context, carry inventory.Carry) (whole bool, err error) {
	ctx, code := c.Request().Context(), strings.TrimSpace(c.FormValue("code"))
	lot := ""
	if code != string(carry.To) && !strings.HasSuffix(code, "/fridges/"+string(carry.To)) {
		what, err := d.Stock.Read(ctx, code, d.Now())
		if err != nil || what.Number == "" {
			return false, hospital.Refuse(hospital.ErrInvalid, "That is neither the label of the fridge that it goes to nor a box with a lot number. Nothing was booked.")
		}
		lot = what.Number
	}
	return d.Stock.Arrive(ctx, d.actor(c), carry.ID, lot, inventory.ByScan)
}

// noteMoved ticks the step of the checklist off that the goods are in the cold, where the actor may.
func (d *Door) noteMoved(ctx context.Context, by hospital.Actor, carry inventory.Carry, how string) error {
	err := d.ColdChain.TakeStep(ctx, by, carry.Excursion, coldchain.StepMoved, "Carried to "+carry.PlaceName+", "+how+".")
	if errors.Is(err, hospital.ErrForbidden) {
		return nil
	}
	return err
}
