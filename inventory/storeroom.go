package inventory

import (
	"context"
	"time"
)

// Storeroom is how stock is worked with beside the ledger's own movements: the
// packs that people say instead of units, counting in turns, cabinets that book by
// themselves, goods that are not ours, rounds, and what use and waste come to.
type Storeroom struct {
	Stock *Stock
	Store StoreroomStore
	Now   func() time.Time
}

// StoreroomStore keeps what the storeroom knows.
type StoreroomStore interface {
	// InTx runs change in one transaction and returns once it is durable.
	InTx(ctx context.Context, change func(StoreroomTx) error) error
	PackingReader
	CountReader
	CabinetReader
	ConsignReader
	ParReader
	UsageReader
	SubstituteReader
	MasterReader
}

// StoreroomTx is one change in progress.
type StoreroomTx interface {
	Tx
	PackingTx
	CountTx
	CabinetTx
	ConsignTx
	MasterTx
}
