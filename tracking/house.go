package tracking

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"wardwatch/tracking/hospital"
)

// Storey is one floor as the map of the whole house shows it: too small for single
// pins, so they are clustered by the unit whose rooms they are in.
type Storey struct {
	Floor       hospital.Floor
	Rooms       []hospital.Room
	Total, Free int
	// Blind is how many rooms no gateway hears at present.
	Blind int
	// Clusters are the units of the floor that have any equipment, the fullest first.
	Clusters []Cluster
}

// Cluster is what was last seen in the rooms of one unit on one floor.
type Cluster struct {
	// Unit is empty for rooms that belong to no unit.
	Unit        hospital.UnitID
	Name        string
	Total, Free int
	// At is where it is drawn, in the middle of one of the rooms; Drawn is false where
	// none of them has an outline.
	At    hospital.Point
	Drawn bool
}

// clusterApart is how far from each other clusters are drawn where their rooms allow it, in metres.
const clusterApart = 8.0

// House is what was last seen on each floor, in the order of the directory.
func (e Equipment) House(ctx context.Context, by hospital.Actor) ([]Storey, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	all, err := e.Store.RoomCounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("map of the house: %w", err)
	}
	counts := make(map[hospital.RoomID]RoomCount, len(all))
	for _, c := range all {
		counts[c.Room] = c
	}
	directory := e.Register.Current()
	var house []Storey
	for _, floor := range directory.Floors {
		s := Storey{Floor: floor, Rooms: directory.RoomsOn(floor.ID), Blind: len(e.BlindRooms(floor.ID))}
		s.Clusters = clusters(directory, s.Rooms, counts)
		for _, c := range s.Clusters {
			s.Free, s.Total = s.Free+c.Free, s.Total+c.Total
		}
		house = append(house, s)
	}
	return house, nil
}

// clusters sorts the counts of rooms by unit, and finds each unit a place on the plan.
func clusters(directory *hospital.Directory, rooms []hospital.Room, counts map[hospital.RoomID]RoomCount) []Cluster {
	of := make(map[hospital.UnitID][]hospital.Room)
	sums := make(map[hospital.UnitID]Cluster)
	for _, room := range rooms {
		n, sum := counts[room.ID], sums[room.Unit]
		of[room.Unit] = append(of[room.Unit], room)
		sum.Total, sum.Free = sum.Total+n.Total, sum.Free+n.Free
		sums[room.Unit] = sum
	}
	var all []Cluster
	for id, sum := range sums {
		if sum.Total > 0 {
			unit, _ := directory.Unit(id)
			sum.Unit, sum.Name = id, unit.Name
			all = append(all, sum)
		}
	}
	slices.SortFunc(all, func(a, b Cluster) int { return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Unit, b.Unit)) })
	spots := clusterSpots(of)
	for i := range all {
		all[i].At, all[i].Drawn = spots[all[i].Unit].at, spots[all[i].Unit].drawn
	}
	return all
}

type clusterSpot struct {
	at    hospital.Point
	drawn bool
}

// clusterSpots finds each unit its place, empty or not: a cluster does not jump when
// equipment comes or goes.
func clusterSpots(of map[hospital.UnitID][]hospital.Room) map[hospital.UnitID]clusterSpot {
	spots := make(map[hospital.UnitID]clusterSpot, len(of))
	var taken []hospital.Point
	for _, unit := range slices.Sorted(maps.Keys(of)) {
		at, drawn := spotAmong(of[unit], taken)
		if drawn {
			taken = append(taken, at)
		}
		spots[unit] = clusterSpot{at, drawn}
	}
	return spots
}

// spotAmong is the middle of the room nearest to the middle of all that is not too
// near to what is drawn already; of the nearest where each is.
func spotAmong(rooms []hospital.Room, taken []hospital.Point) (hospital.Point, bool) {
	var centres []hospital.Point
	var middle hospital.Point
	for _, room := range rooms {
		if at, ok := room.Centre(); ok {
			centres = append(centres, at)
			middle.X, middle.Y = middle.X+at.X, middle.Y+at.Y
		}
	}
	if len(centres) == 0 {
		return hospital.Point{}, false
	}
	n := float64(len(centres))
	middle = hospital.Point{X: middle.X / n, Y: middle.Y / n}
	slices.SortStableFunc(centres, func(a, b hospital.Point) int { return cmp.Compare(apart(a, middle), apart(b, middle)) })
	for _, at := range centres {
		if !slices.ContainsFunc(taken, func(t hospital.Point) bool { return apart(t, at) < clusterApart }) {
			return at, true
		}
	}
	return centres[0], true
}

func apart(a, b hospital.Point) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }
