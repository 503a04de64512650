package coldchain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// MaxOpening is the longest that a fridge can be opened on purpose.
const MaxOpening = 2 * time.Hour

// Opening is a time in which a fridge is opened on purpose: restocking, cleaning,
// defrosting. Warmth is recorded and judged as always and rings only once the
// opening has ended by itself; freezing rings at once.
type Opening struct {
	Fridge    FridgeID
	At, Until time.Time
	By        hospital.PersonID
	ByName    string
	Why       string
}

// Open plans an opening from now on.
func (m *Monitor) Open(ctx context.Context, by hospital.Actor, id FridgeID, length time.Duration, why string) (Opening, error) {
	if err := by.Need(hospital.Acknowledge); err != nil {
		return Opening{}, err
	}
	why = strings.TrimSpace(why)
	if why == "" || len(why) > maxCheckNote {
		return Opening{}, hospital.Refuse(hospital.ErrInvalid, "Say in a few words what the fridge is opened for.")
	}
	if length <= 0 || length > MaxOpening {
		return Opening{}, hospital.Refuse(hospital.ErrInvalid, "A fridge can be opened for at most two hours.")
	}
	var o Opening
	err := m.store.InTx(ctx, func(tx Tx) error {
		fridge, err := tx.Fridge(ctx, id)
		if err != nil {
			return err
		}
		if err := m.within(by, hospital.Acknowledge, fridge); err != nil {
			return err
		}
		o = Opening{Fridge: id, At: tx.Now(), Until: tx.Now().Add(length), By: by.ID, ByName: by.Name, Why: why}
		if err := tx.AddOpening(ctx, o); err != nil {
			return err
		}
		tx.Announce(id.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "fridge.open", On: id.Topic(), Why: why, After: o.Until.Format(time.RFC3339)})
	})
	if err != nil {
		return Opening{}, fmt.Errorf("open fridge %s: %w", id, err)
	}
	return o, nil
}

// within is nil when the actor's permission reaches the fridge, else ErrUnknownFridge.
func (m *Monitor) within(by hospital.Actor, p hospital.Permission, f Fridge) error {
	err := by.NeedIn(p, m.register.Current().UnitOf(f.Unit, f.Room))
	if errors.Is(err, hospital.ErrUnknown) {
		return fmt.Errorf("fridge %s: %w", f.ID, ErrUnknownFridge)
	}
	return err
}

// Opened is the opening that a fridge is in at a time; false when it is in none.
func (m *Monitor) Opened(ctx context.Context, id FridgeID, at time.Time) (Opening, bool, error) {
	return m.store.Opened(ctx, id, at)
}
