package tracking

import (
	"context"
	"time"

	"wardwatch/tracking/hospital"
)

// Store is what tracking needs of storage. Package db satisfies it.
type Store interface {
	// InTx runs change in a transaction and returns once it is durable.
	InTx(ctx context.Context, change func(Tx) error) error

	// Roster is every asset that has a tag, with its identities and last place.
	Roster(ctx context.Context) ([]Asset, error)
	// Asset is one asset with everything; ErrUnknownAsset when there is none.
	Asset(ctx context.Context, id AssetID) (Asset, error)
	// Timeline lists what happened to an asset before a time, newest first.
	Timeline(ctx context.Context, id AssetID, before time.Time, limit int) ([]Moment, error)
	// Kinds lists every kind of equipment, by name.
	Kinds(ctx context.Context) ([]string, error)
	// InRooms lists assets of the kinds (none: any) and the status (empty: any) in the rooms.
	InRooms(ctx context.Context, kinds []string, status Status, rooms []hospital.RoomID, limit int) ([]Asset, error)
	// ByWords lists assets of which every word begins a word of their name, kind, number, model, serial or tag.
	ByWords(ctx context.Context, words []string, limit int) ([]Asset, error)
	// Bearer is the asset that has one of the numbers or bears one of the tags; false when none does.
	Bearer(ctx context.Context, numbers []AssetID, tags []string) (AssetID, bool, error)
	// RoomCounts counts assets by the room that they were last seen in.
	RoomCounts(ctx context.Context) ([]RoomCount, error)
	// Pins lists what was last seen on a floor, by room and number.
	Pins(ctx context.Context, floor hospital.FloorID, limit int) ([]Pin, error)
	// Lessons lists the lessons that count of a room (empty: of every room): those that
	// were taught, newest first, then those that were confirmed in passing.
	Lessons(ctx context.Context, room hospital.RoomID, limit int) ([]Lesson, error)
	// TaughtRooms counts the lessons that count and were given on purpose, by room.
	TaughtRooms(ctx context.Context) (map[hospital.RoomID]int, error)
	// FreeByKind counts the assets of each kind in some rooms (none: anywhere), and the free ones that are known to be there.
	FreeByKind(ctx context.Context, rooms []hospital.RoomID) ([]KindCount, error)
	// DirtyIn, LentBy and BorrowedBy are a unit's Ward, at most limit pieces of each.
	DirtyIn(ctx context.Context, unit hospital.UnitID, limit int) (Some, error)
	LentBy(ctx context.Context, unit hospital.UnitID, limit int) (Some, error)
	BorrowedBy(ctx context.Context, unit hospital.UnitID, limit int) (Some, error)
}

// Tx is a change in progress.
type Tx interface {
	Now() time.Time
	Announce(topics ...string)
	Record(ctx context.Context, deed hospital.Deed) error

	// SetPlace overwrites an asset's last place, but for a person's doubt.
	SetPlace(ctx context.Context, id AssetID, place Place) error
	// AddMove appends to the movements.
	AddMove(ctx context.Context, move Move) error
	// Status is an asset's status as this change sees it; ErrUnknownAsset when there is none.
	Status(ctx context.Context, id AssetID) (Status, error)
	// SetStatus sets the status and appends it to the timeline. By is empty for a room.
	SetStatus(ctx context.Context, id AssetID, status Status, by, note string, at time.Time) error
	// EndDoubt forgets a doubt of no later than a time.
	EndDoubt(ctx context.Context, id AssetID, at time.Time) error
	// Doubt notes that a person did not find the asset where it was said to be: the
	// place stays, its confidence is 0.
	Doubt(ctx context.Context, id AssetID, room hospital.RoomID, by, note string, at time.Time) error
	// AddLesson keeps a lesson.
	AddLesson(ctx context.Context, lesson Lesson) error
	// UndoLesson takes a room's lesson back; ErrUnknown when there is none that counts.
	UndoLesson(ctx context.Context, room hospital.RoomID, lesson int64, by string, at time.Time) error
	// Asset is the asset as this change sees it.
	Asset(ctx context.Context, id AssetID) (Asset, error)
}

// Pin is one asset on a map.
type Pin struct {
	Asset  AssetID
	Kind   string
	Room   hospital.RoomID
	Status Status
	Gone   bool // its tag is silent: it was last seen there
	SeenAt time.Time
}

// KindCount is how many assets of a kind there are, and how many of them are free and were ever
// held to be somewhere.
type KindCount struct {
	Kind        string
	Free, Total int
}
