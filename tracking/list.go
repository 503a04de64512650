package tracking

import "wardwatch/tracking/hospital"

// Selection chooses assets for a list in the order of their numbers. All of it may be empty.
type Selection struct {
	Kind   string
	Status Status
	// Floor and Room are where an asset was last seen, Unit is who owns it.
	Floor hospital.FloorID
	Room  hospital.RoomID
	Unit  hospital.UnitID
	// After is the last number of the list's part before.
	After AssetID
}

// RoomCount is how many assets were last seen in a room, and how many of them are free.
type RoomCount struct {
	Room        hospital.RoomID
	Total, Free int
}
