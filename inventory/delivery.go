package inventory

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// ErrUnknownDelivery: there is no cold delivery of that number.
var ErrUnknownDelivery = fmt.Errorf("delivery %w", hospital.ErrUnknown)

// DeliveryID numbers cold deliveries.
type DeliveryID int64

// Cause is the number that a hold of this delivery has in place of an excursion's:
// below zero, where no excursion has one.
func (id DeliveryID) Cause() coldchain.ExcursionID { return coldchain.ExcursionID(-id) }

// Delivery is the delivery that placed a hold; false when an excursion did.
func (h Hold) Delivery() (DeliveryID, bool) { return DeliveryID(-h.Excursion), h.Excursion < 0 }

// Delivery is how cold goods were on their way here: a logger's file or a carrier's
// trip, attached to an order's receipt or to a lot.
type Delivery struct {
	ID DeliveryID
	// Ref is what came in so: "order/2026-0007" or "lot/lot-12".
	Ref    string
	Source string // "file T-0412.txt", "trip 3"
	Trip   coldchain.TripID
	coldchain.Travelled
	ProfileID coldchain.ProfileID
	Note      string
	At        time.Time
	By        string
	// File is the logger's file; empty for a trip. SHA256 is of it.
	File   []byte
	SHA256 [sha256.Size]byte
}

// MaxDeliveryFile is the most bytes of a logger's file that are kept with a delivery.
const MaxDeliveryFile = 4 << 20

// DeliveryTx is what cold deliveries need of a transaction.
type DeliveryTx interface {
	AddColdDelivery(ctx context.Context, by hospital.Actor, d Delivery) (DeliveryID, error)
	// OutDelivery is the newest delivery of a ref that was out of range; false when there is none.
	OutDelivery(ctx context.Context, ref string) (DeliveryID, bool, error)
	// CameWith are the balances of the lots that were received under a ref, where they were received.
	CameWith(ctx context.Context, ref string) ([]Balance, error)
}

// DeliveryReader answers what pages ask of cold deliveries.
type DeliveryReader interface {
	// Deliveries are the newest, at most limit, of one ref or of all with an empty one; without their files.
	Deliveries(ctx context.Context, ref string, limit int) ([]Delivery, error)
	// FindDelivery answers ErrUnknownDelivery.
	FindDelivery(ctx context.Context, id DeliveryID) (Delivery, error)
}

// Deliver attaches a logger's file or a trip to what came in. When it was out of
// range, all that came with it goes on hold, now and whenever more of it is received.
func (s *Stock) Deliver(ctx context.Context, by hospital.Actor, d Delivery) (DeliveryID, error) {
	if err := by.Need(hospital.ReceiveStock); err != nil {
		return 0, err
	}
	d.Note = strings.TrimSpace(d.Note)
	switch {
	case d.Tally.Points == 0:
		return 0, hospital.Refuse(hospital.ErrInvalid, "There are no readings in it, so nobody knows how cold the goods were.")
	case len(d.File) > MaxDeliveryFile || len(d.Note) > maxWords:
		return 0, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The file may have %d MB at most, the note %d letters.", MaxDeliveryFile>>20, maxWords))
	}
	var id DeliveryID
	err := s.Store.InTx(ctx, func(tx Tx) error {
		came, err := tx.CameWith(ctx, d.Ref)
		if err != nil {
			return err
		}
		for _, b := range came {
			if err := Within(ctx, tx, by, hospital.ReceiveStock, b.Place); err != nil {
				return err
			}
		}
		d.At, d.By, d.SHA256 = tx.Now(), by.Name, sha256.Sum256(d.File)
		if id, err = tx.AddColdDelivery(ctx, by, d); err != nil {
			return err
		}
		held := 0
		for _, b := range came {
			if !d.Out || b.Free == 0 {
				continue
			}
			if err := s.holdDelivered(ctx, tx, id, b); err != nil {
				return err
			}
			held++
		}
		tx.Announce("stock", d.Ref)
		return tx.Record(ctx, hospital.Deed{By: by, What: "stock.delivery", On: d.Ref, Why: d.Note,
			After: fmt.Sprintf(`{"delivery":%d,"source":%q,"out":%t,"min":%v,"max":%v,"held":%d}`, id, d.Source, d.Out, d.Tally.Min.Celsius(), d.Tally.Max.Celsius(), held)})
	})
	if err != nil {
		return 0, fmt.Errorf("attach %s to %s: %w", d.Source, d.Ref, err)
	}
	return id, nil
}

// holdDelivered takes what came too warm or too cold off the shelf.
func (s *Stock) holdDelivered(ctx context.Context, tx Tx, id DeliveryID, b Balance) error {
	place, err := tx.Place(ctx, b.Place)
	if err != nil {
		return err
	}
	return s.hold(ctx, tx, id.Cause(), place, b, true)
}

// holdReceived holds what has just been received, where its delivery was out of range.
func (s *Stock) holdReceived(ctx context.Context, tx Tx, m Movement) error {
	if m.Ref == "" {
		return nil
	}
	id, out, err := tx.OutDelivery(ctx, m.Ref)
	if err != nil || !out {
		return err
	}
	b, err := tx.Balance(ctx, m.Lot, m.Place)
	if err != nil {
		return err
	}
	if b.Lot, err = tx.Lot(ctx, m.Lot); err != nil {
		return err
	}
	b.Free = min(b.Free, m.Free) // a running excursion, or a recall, may hold it already
	return s.holdDelivered(ctx, tx, id, b)
}

// causeRef names what a hold is because of, as the ledger does.
func causeRef(id coldchain.ExcursionID) string {
	if id < 0 {
		return fmt.Sprintf("delivery/%d", -id)
	}
	return fmt.Sprintf("excursion/%d", id)
}
