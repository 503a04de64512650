package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// RunningClock is a beyond-use clock that was started on a part of a lot. That part
// is a Lot of its own from then on, with the printed number, what was done and the
// moment until which it may be used in its Number, and an Expiry that every rule
// honours: it goes first where lots are chosen, and is expired when the clock is over.
type RunningClock struct {
	Lot, Parent LotID
	Kind        ClockKind
	StartedAt   time.Time
	UseBy       time.Time
	Source      string
	By          string
	PassedAt    time.Time // zero while it runs
}

// clockMark parts a lot's printed number from what was done to a part of it.
// No GS1 lot number (AI 10) can hold it.
const clockMark = " · "

// Printed is the number that stands on the box.
func (l Lot) Printed() string { return Printed(l.Number) }

// Printed is a lot number as it stands on the box, without its clock.
func Printed(number string) string {
	printed, _, _ := strings.Cut(number, clockMark)
	return printed
}

// Begin is the clock of a part of a lot that something was done to at a moment. It
// never outlasts the lot's own last day, nor a clock that runs already.
func (b BeyondUse) Begin(lot Lot, runs *RunningClock, at time.Time, zone *time.Location) RunningClock {
	at = at.Truncate(time.Minute)
	c := RunningClock{Parent: lot.ID, Kind: b.Kind, StartedAt: at, Source: b.Source, UseBy: at.Add(time.Duration(b.Hours * float64(time.Hour))).Truncate(time.Minute)}
	if runs != nil && runs.UseBy.Before(c.UseBy) {
		c.UseBy = runs.UseBy
	}
	if !lot.Expiry.IsZero() {
		day := lot.Expiry.Time()
		if end := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone); end.Before(c.UseBy) {
			c.UseBy = end
		}
	}
	return c
}

// number is how the part is known: "FLU123 · thawed, use by 21 Nov 14:05".
func (c RunningClock) number(lot Lot, zone *time.Location) string {
	return lot.Printed() + clockMark + string(c.Kind) + ", use by " + c.UseBy.In(zone).Format("2 Jan 15:04")
}

// lastDay is the day of the site's calendar in which the clock is over.
func (c RunningClock) lastDay(zone *time.Location) Date {
	return DateOf(c.UseBy.Add(-time.Millisecond), zone)
}

// ClockTx is what clocks need of a transaction.
type ClockTx interface {
	notify.Tx
	// Clock is the clock that made a lot; false when it is whole.
	Clock(ctx context.Context, lot LotID) (RunningClock, bool, error)
	// AddClock keeps a clock, with what its parent went through; one that is there already stays.
	AddClock(ctx context.Context, by hospital.Actor, c RunningClock) error
	// PassClocks takes out of use what may no longer be used at a moment, and says how many that were.
	PassClocks(ctx context.Context, at time.Time) (int, error)
	// ClocksToTell are those that are over and have not rung, and those that ring
	// though nothing of their lot is left.
	ClocksToTell(ctx context.Context) (ring, settle []RunningClock, err error)
	// ToldClock notes that a clock rings, or that its ringing is over.
	ToldClock(ctx context.Context, lot LotID, over bool) error
	// LiesAt are the places of a lot with what is left there, by place.
	LiesAt(ctx context.Context, lot LotID) ([]Balance, error)
	// BandsDue are items whose newest keeping has begun and is not yet what they are judged by.
	BandsDue(ctx context.Context, at time.Time) ([]KeepingVersion, error)
}

// Starting is a person's word that a part of a lot was opened, thawed or mixed.
type Starting struct {
	Taking // of a named lot
	Kind   ClockKind
	// At is when it was done; zero: now.
	At time.Time
}

// longestAgo is how long ago a clock may have been started when somebody notes it.
const longestAgo = 7 * 24 * time.Hour

// StartClock starts a product's clock on free stock of a lot at a place, and
// answers the lot that it is from now on. ErrUnusable when the time is over already.
func (s *Stock) StartClock(ctx context.Context, by hospital.Actor, in Starting) (Lot, error) {
	if err := s.check(by, hospital.UseStock, in.Quantity); err != nil {
		return Lot{}, err
	}
	var started Lot
	err := s.change(ctx, by, hospital.UseStock, "stock.clock", in.Taking, func(tx Tx, today Date) error {
		lot, err := lotOf(ctx, tx, in.Taking)
		if err != nil {
			return err
		}
		if !lot.Usable(today) {
			return hospital.Refuse(ErrUnusable, fmt.Sprintf("Lot %s expired on %s and must not be used. Discard it.", lot.Number, lot.Expiry))
		}
		clock, err := s.begin(ctx, tx, lot, in)
		if err != nil {
			return err
		}
		started, err = s.split(ctx, tx, by, lot, clock, in.Taking)
		return err
	})
	return started, err
}

// begin is the clock that the product's keeping gives.
func (s *Stock) begin(ctx context.Context, tx Tx, lot Lot, in Starting) (RunningClock, error) {
	now, zone := tx.Now(), s.Register.Current().Site.Location()
	at := in.At
	if at.IsZero() {
		at = now
	}
	if at.After(now) || at.Before(now.Add(-longestAgo)) {
		return RunningClock{}, hospital.Refuse(hospital.ErrInvalid, "Say when it was done: within the last seven days.")
	}
	item, err := tx.Item(ctx, lot.Item)
	if err != nil {
		return RunningClock{}, err
	}
	versions, err := tx.Keepings(ctx, lot.Item)
	if err != nil {
		return RunningClock{}, err
	}
	rule, known := item.KeepingAt(versions, now).Clock(in.Kind)
	if !known {
		return RunningClock{}, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Nobody has said how long %s keeps once it is %s. Set it under “How it keeps” first.", item.Name, in.Kind))
	}
	runs, running, err := tx.Clock(ctx, lot.ID)
	if err != nil {
		return RunningClock{}, err
	}
	before := &runs
	if !running {
		before = nil
	}
	clock := rule.Begin(lot, before, at, zone)
	if !clock.UseBy.After(now) {
		return RunningClock{}, hospital.Refuse(ErrUnusable, fmt.Sprintf("%s may be used for %g hours once it is %s: that was over at %s. Discard it.",
			item.Name, rule.Hours, in.Kind, clock.UseBy.In(zone).Format("2 Jan 15:04")))
	}
	return clock, nil
}

// split makes a part of a lot a lot of its own.
func (s *Stock) split(ctx context.Context, tx Tx, by hospital.Actor, lot Lot, c RunningClock, t Taking) (Lot, error) {
	zone := s.Register.Current().Site.Location()
	part, err := tx.EnsureLot(ctx, lot.Item, c.number(lot, zone), c.lastDay(zone))
	if err != nil {
		return part, err
	}
	c.Lot = part.ID
	if part.ID == lot.ID {
		return part, hospital.Refuse(hospital.ErrStale, "This clock runs already.")
	}
	if err := tx.AddClock(ctx, by, c); err != nil {
		return part, err
	}
	why := string(c.Kind) + ": use by " + c.UseBy.In(zone).Format("2 Jan 2006 15:04")
	if t.Why != "" {
		why += "; " + t.Why
	}
	t.Why = why
	out, in := s.line(tx, by, t, MoveOut, lot, -t.Quantity, 0), s.line(tx, by, t, MoveIn, part, t.Quantity, 0)
	out.Other, in.Other = t.Place, t.Place
	if err := tx.Append(ctx, out); err != nil {
		return part, err
	}
	return part, s.add(ctx, tx, in, part)
}

// KindBeyondUse is the alarm of goods that lie there although their clock is over.
const KindBeyondUse notify.Kind = "beyond use"

// MindClocks takes goods whose clock is over out of use, rings where some lie, ends
// the ringing once none do, and has budgets that were set ahead take over.
func (s *Stock) MindClocks(ctx context.Context, ladder notify.Ladder, at time.Time) error {
	waits, err := s.Store.ClocksWait(ctx, at)
	if err != nil || !waits {
		return err
	}
	by := hospital.Job("beyond use")
	return s.Store.InTx(ctx, func(tx Tx) error {
		if _, err := tx.PassClocks(ctx, tx.Now()); err != nil {
			return err
		}
		ring, settle, err := tx.ClocksToTell(ctx)
		if err != nil {
			return err
		}
		for _, c := range ring {
			if err := s.ring(ctx, tx, ladder, by, c); err != nil {
				return err
			}
		}
		for _, c := range settle {
			if err := s.hush(ctx, tx, by, c); err != nil {
				return err
			}
		}
		due, err := tx.BandsDue(ctx, tx.Now())
		if err != nil {
			return err
		}
		for _, v := range due {
			if err := tx.SetBands(ctx, v.Item, v.Bands); err != nil {
				return err
			}
			tx.Announce("stock", "stock/"+string(v.Item))
		}
		return nil
	})
}

// ring raises an alarm where goods lie whose clock is over, one for each unit.
func (s *Stock) ring(ctx context.Context, tx Tx, ladder notify.Ladder, by hospital.Actor, c RunningClock) error {
	lies, err := tx.LiesAt(ctx, c.Lot)
	if err != nil {
		return err
	}
	lot, err := tx.Lot(ctx, c.Lot)
	if err != nil {
		return err
	}
	item, err := tx.Item(ctx, lot.Item)
	if err != nil {
		return err
	}
	for _, b := range lies {
		place, err := tx.Place(ctx, b.Place)
		if err != nil {
			return err
		}
		_, err = notify.Raise(ctx, tx, ladder, notify.Trouble{Kind: KindBeyondUse, Subject: clockSubject(c.Lot, place.Unit), Name: item.Name,
			Text:     fmt.Sprintf("%d at %s, lot %s: its time is over. Discard it.", b.OnHand(), place.Name, lot.Number),
			Severity: notify.Warning, By: by})
		if err != nil {
			return err
		}
	}
	tx.Announce("stock", "stock/"+string(lot.Item))
	return tx.ToldClock(ctx, c.Lot, len(lies) == 0)
}

// hush ends the alarms of a lot of which nothing is left.
func (s *Stock) hush(ctx context.Context, tx Tx, by hospital.Actor, c RunningClock) error {
	units := map[hospital.UnitID]bool{"": true}
	for _, u := range s.Register.Current().Units {
		units[u.ID] = true
	}
	for unit := range units {
		if err := notify.Return(ctx, tx, by, KindBeyondUse, clockSubject(c.Lot, unit)); err != nil {
			return err
		}
	}
	return tx.ToldClock(ctx, c.Lot, true)
}

// clockSubject is a lot in a unit as alarms name it.
func clockSubject(lot LotID, unit hospital.UnitID) string {
	if unit == "" {
		return "lot/" + string(lot)
	}
	return "unit/" + string(unit) + "/lot/" + string(lot)
}
