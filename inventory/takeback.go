package inventory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wardwatch/tracking/hospital"
)

// lineRef begins what a line that takes another one back refers to.
const lineRef = "line/"

// LineRef is what a line that takes the line of a number back refers to.
func LineRef(seq int64) string { return lineRef + strconv.FormatInt(seq, 10) }

// TakesBack says whether the line takes another one back.
func (m Movement) TakesBack() bool { return m.Undoes() > 0 }

// Undoes is the number of the line that this one takes back, 0 for every other line.
func (m Movement) Undoes() int64 {
	number, _ := strings.CutPrefix(m.Ref, lineRef)
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || m.Ref != LineRef(seq) {
		return 0
	}
	return seq
}

// Corrected is how a wrong line is put right: by being taken back where the permission is
// named, else as the sentence says. What was signed, ordered, decided or read by a cabinet
// hangs together with more than this line, which taking it back would leave behind.
func (m Movement) Corrected() (needs hospital.Permission, otherwise string) {
	switch {
	case m.TakesBack():
		return "", "This line takes another one back. If that was wrong, book it anew."
	case m.Kind == MoveOut || m.Kind == MoveIn:
		return "", "A move is put right by moving it back."
	case m.Kind == Opening:
		return "", "Opening stock is put right by a count."
	case m.Kind == Receive:
		return "", "What was received is put right on its order, by sending it back, or by a count."
	case m.Held != 0 || m.Kind == Held || m.Kind == Release:
		return "", "A hold and what was decided of it stay as they were signed. A count puts the quantity right."
	case m.Ref != "" || !slices.Contains([]string{"form", "scan"}, m.Source):
		return "", "A line of a count sheet, an order, a recall or a cabinet belongs to more than itself. A count puts the quantity right."
	case m.Kind == Use || m.Kind == Return:
		return hospital.UseStock, ""
	}
	return hospital.CountStock, ""
}

// TakingBack is a wrong line of an item's ledger, and why it was wrong.
type TakingBack struct {
	Item ItemID
	Line int64
	Why  string
	Key  string
}

// TakeBack appends a line that undoes another one and names it: once, by whoever may book
// such a line. ErrShort when what it brought is no longer there.
func (s *Stock) TakeBack(ctx context.Context, by hospital.Actor, in TakingBack) error {
	wrong, err := s.Store.MovementNumbered(ctx, in.Item, in.Line)
	if err != nil {
		return err
	}
	needs, otherwise := wrong.Corrected()
	if otherwise != "" {
		return hospital.Refuse(hospital.ErrInvalid, otherwise)
	}
	if err := by.Need(needs); err != nil {
		return err
	}
	why := strings.TrimSpace(in.Why)
	if why == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say what was wrong with it.")
	}
	t := Taking{Item: in.Item, Place: wrong.Place, Lot: wrong.Lot, Quantity: -wrong.Quantity(), Key: in.Key,
		Why: fmt.Sprintf("line %d: %s", wrong.Seq, why)}
	return s.change(ctx, by, needs, "stock.take-back", t, func(tx Tx, _ Date) error {
		done, err := tx.TakenBack(ctx, wrong.Seq)
		if err != nil {
			return err
		}
		if done {
			return hospital.Refuse(hospital.ErrStale, "Somebody has taken this line back already.")
		}
		lot, err := lotOf(ctx, tx, t)
		if err != nil {
			return err
		}
		m := s.line(tx, by, t, wrong.Kind, lot, -wrong.Free, 0)
		m.Ref, m.Why = LineRef(wrong.Seq), why
		if m.Free > 0 {
			return s.add(ctx, tx, m, lot)
		}
		return tx.Append(ctx, m)
	})
}
