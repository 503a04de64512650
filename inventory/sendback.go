package inventory

import (
	"context"
	"strings"

	"wardwatch/tracking/hospital"
)

// SendBackIn takes free stock of a lot out of the ledger because it goes back to
// its supplier: it was neither used nor wasted. What is held has to be decided
// first; what has expired may go.
func (s *Stock) SendBackIn(ctx context.Context, tx Tx, by hospital.Actor, t Taking, ref string) error {
	if err := s.check(by, hospital.ReceiveStock, t.Quantity); err != nil {
		return err
	}
	if strings.TrimSpace(t.Why) == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say why it goes back.")
	}
	if err := Within(ctx, tx, by, hospital.ReceiveStock, t.Place); err != nil {
		return err
	}
	lot, err := lotOf(ctx, tx, t)
	if err != nil {
		return err
	}
	m := s.line(tx, by, t, Adjust, lot, -t.Quantity, 0)
	m.Ref, m.Why = ref, "sent back: "+strings.TrimSpace(t.Why)
	return tx.Append(ctx, m)
}
