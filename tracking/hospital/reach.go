package hospital

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A role may be limited to units: a nurse of Ward A and B. The rule then is:
//
//   - Equipment is seen everywhere, because it walks: a pump of Ward B is lent to
//     Ward A. It is changed where it stands or belongs to one of her units, or to none.
//   - Fridges, their readings, excursions and alarms, and stock with its holds,
//     ledger and orders, are seen and changed in her units alone. What stands
//     elsewhere, or belongs to no unit, does not exist for her: hospital.ErrUnknown.
//   - What concerns the whole hospital (people, devices, the audit trail, profiles,
//     items, floors) takes a role that is not limited.
//
// It is held three times: by Actor.NeedIn in the changing methods, by the database,
// which answers whoever Looks with her rows alone, and by live topics, which are
// drawn for each reach apart.
var unitwise = []Permission{SeeEquipment, MarkEquipment, SeeColdChain, Acknowledge, DecideLots,
	SeeStock, UseStock, CountStock, ReceiveStock, SeeOrders, SeePrices, ApproveOrders}

// Limits are the units that roles are limited to. A role that is not in it reaches the whole hospital.
type Limits map[Role][]UnitID

// Equal says whether two limits let in the same.
func (l Limits) Equal(other Limits) bool {
	return maps.EqualFunc(l, other, func(a, b []UnitID) bool {
		return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
	})
}

// Reach is how far a permission goes.
type Reach struct {
	// Everywhere is true for the whole hospital; then Units is empty.
	Everywhere bool
	// Units are sorted; with none of them, and not Everywhere, it reaches nothing.
	Units []UnitID
}

// Has says whether a unit is within reach; the empty unit is that of what belongs to nobody.
func (r Reach) Has(unit UnitID) bool {
	return r.Everywhere || unit != "" && slices.Contains(r.Units, unit)
}

// String is "everywhere", or the units with commas between; it is the same for the same reach.
func (r Reach) String() string {
	if r.Everywhere {
		return "everywhere"
	}
	names := make([]string, len(r.Units))
	for i, unit := range r.Units {
		names[i] = string(unit)
	}
	return strings.Join(names, ",")
}

// Reach is how far the actor's permission goes, by all of her roles together.
func (a Actor) Reach(p Permission) Reach {
	if a.job {
		return Reach{Everywhere: true}
	}
	var reach Reach
	if a.MustEnrol {
		return reach
	}
	for _, role := range a.Roles {
		if !slices.Contains(grants[role], p) {
			continue
		}
		units, limited := a.Limits[role]
		if !limited || p == SeeEquipment {
			return Reach{Everywhere: true}
		}
		if slices.Contains(unitwise, p) {
			reach.Units = append(reach.Units, units...)
		}
	}
	slices.Sort(reach.Units)
	reach.Units = slices.Compact(reach.Units)
	return a.stoodIn(reach, p)
}

// NeedIn is nil when the actor has the permission for things of a unit. Without
// the permission it is ErrForbidden; with it, but not there, ErrUnknown: what is
// out of reach does not exist for her.
func (a Actor) NeedIn(p Permission, unit UnitID) error {
	if err := a.Need(p); err != nil {
		return err
	}
	if !a.Reach(p).Has(unit) {
		return fmt.Errorf("%s may not %s in unit %q: %w", a.Name, p, unit, ErrUnknown)
	}
	return nil
}

// NeedEverywhere is nil when the permission reaches the whole hospital, as an
// order to a supplier does; else ErrForbidden.
func (a Actor) NeedEverywhere(p Permission) error {
	if err := a.Need(p); err != nil {
		return err
	}
	if !a.Reach(p).Everywhere {
		return Refuse(ErrForbidden, "This concerns the whole hospital, and your role is limited to units. Ask a colleague whose role is not.")
	}
	return nil
}

// Limited says whether any of the actor's roles is limited to units.
func (a Actor) Limited() bool { return !a.job && len(a.Limits) > 0 }

// UnitOf is the unit of a thing that says its unit, its room, or both; empty for what belongs to nobody.
func (d *Directory) UnitOf(unit UnitID, room RoomID) UnitID {
	if unit != "" {
		return unit
	}
	in, _ := d.Room(room)
	return in.Unit
}

type lookingKey struct{}

// Looking notes in ctx who looks: what is read with it is within her reach alone.
// Jobs and devices look as nobody, and see everything.
func Looking(ctx context.Context, by Actor) context.Context {
	return context.WithValue(ctx, lookingKey{}, by.Reach)
}

// LookingWithin is Looking for one reach of all permissions, as live topics are drawn.
func LookingWithin(ctx context.Context, reach Reach) context.Context {
	return context.WithValue(ctx, lookingKey{}, func(Permission) Reach { return reach })
}

// Shown says whether whoever looks has the permission, somewhere at least. Fields that
// only some may see ask it: prices.
func Shown(ctx context.Context, p Permission) bool {
	reach := ReachOf(ctx, p)
	return reach.Everywhere || len(reach.Units) > 0
}

// ReachOf is how far whoever looks may see.
func ReachOf(ctx context.Context, p Permission) Reach {
	if reach, ok := ctx.Value(lookingKey{}).(func(Permission) Reach); ok {
		return reach(p)
	}
	return Reach{Everywhere: true}
}
