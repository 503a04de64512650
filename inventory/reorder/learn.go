package reorder

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

const (
	// learnEvery is how many nights it takes until every spot's method was chosen anew.
	learnEvery = 28
	// learnAtOnce is how many methods one night chooses at most.
	learnAtOnce = 5000
	// levelShift is how far, as a share, a level must lie from what the use of
	// today asks for until the desk says so.
	levelShift = 0.25
	// serviceShift and stockShift are how much more of the use has to be met, or how
	// much less lie on the shelf, for a change to be worth a person's time.
	serviceShift, stockShift = 0.01, 0.1
	// levelRest is for how many days a level that a person has kept is left alone.
	levelRest = 90
)

// Delivery is what came in of an order's line, and how long it took.
type Delivery struct {
	Supplier inventory.SupplierID
	Number   string
	Line     int64
	Sent     inventory.Date
	Expected inventory.Date
	Arrived  inventory.Date
	Quantity int64
}

// Method is what was chosen for a spot.
type Method struct {
	Spot
	Choice policy.Choice
}

// ReviewID numbers level reviews.
type ReviewID int64

// LevelReview says that a level which people have set does not fit the use any
// more, with the level that would, and why.
type LevelReview struct {
	ID       ReviewID
	Item     inventory.Item
	Place    inventory.Place
	OldMin   int64
	OldMax   int64
	Minimum  int64
	Maximum  int64
	Reason   string
	Figures  []policy.Figure
	RaisedAt time.Time
}

// ErrUnknownReview: there is no review of that number that waits.
var ErrUnknownReview = fmt.Errorf("level review %w", hospital.ErrUnknown)

// lesson gathers, during the nightly sweep, what methods are to be chosen for.
type lesson struct {
	today      inventory.Date
	situations []Situation
	subjects   []policy.Subject
}

// hear takes a situation in when it is its turn, or when nothing was chosen for it yet.
func (l *lesson) hear(s Situation) {
	if len(l.subjects) >= learnAtOnce || s.Choice != nil && !s.turn(l.today) {
		return
	}
	weeks := policy.Weekly(s.days(l.today))
	l.situations = append(l.situations, Situation{Item: s.Item, Place: s.Place, Minimum: s.Minimum, Maximum: s.Maximum, HasLevel: s.HasLevel, Refill: s.Refill,
		Supplier: s.Supplier, Took: s.Took})
	l.subjects = append(l.subjects, policy.Subject{Weeks: weeks, Terms: s.terms()})
}

func (s Situation) turn(today inventory.Date) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s.Item.ID)) // a hash takes everything
	return inventory.Date(h.Sum32()%learnEvery) == today%learnEvery
}

// learned is what the lesson came to: methods, and levels that do not fit any more.
func (l *lesson) learned() (methods []Method, reviews []LevelReview) {
	for i, choice := range policy.ChooseFor(l.subjects) {
		if choice == nil {
			continue
		}
		s := l.situations[i]
		methods = append(methods, Method{Spot{s.Item.ID, s.Place.ID}, *choice})
		if s.HasLevel && s.Refill.Kind != policy.Kanban {
			if review, differs := s.review(*choice, l.subjects[i]); differs {
				reviews = append(reviews, review)
			}
		}
	}
	return methods, reviews
}

// review compares the level that was set with the one that the use asks for.
func (s Situation) review(c policy.Choice, subject policy.Subject) (LevelReview, bool) {
	level, demand := c.Level(subject.Weeks, policy.Demand{}, subject.Terms)
	if s.Refill.Kind == policy.Par {
		level = policy.Refill{Kind: policy.RS}.Level(level)
	}
	if level.Target <= 0 || !shifted(s.Minimum, level.Reorder, s.Item.Pack) && !shifted(s.Maximum, level.Target, s.Item.Pack) {
		return LevelReview{}, false
	}
	before, after := subject.Compare(policy.Set(s.Minimum, s.Maximum), c)
	if !worthIt(before, after, subject.Terms.Service) {
		return LevelReview{}, false
	}
	a := policy.Advice{Level: level, Demand: demand, Terms: subject.Terms}
	return LevelReview{Item: s.Item, Place: s.Place, OldMin: s.Minimum, OldMax: s.Maximum, Minimum: level.Reorder, Maximum: level.Target,
		Reason: policy.Contrast(before, after, s.Item.Unit), Figures: a.LevelFigures(s.Item.Unit)}, true
}

// worthIt says whether a change serves more, or the same (at least what is wanted)
// with clearly less on the shelf.
func worthIt(before, after policy.Outcome, service float64) bool {
	was, is := before.FillRate(), after.FillRate()
	return is > was+serviceShift || is >= min(was, service) && after.AverageStock() < (1-stockShift)*before.AverageStock()
}

func shifted(set, now, pack int64) bool {
	difference := max(set-now, now-set)
	return difference >= max(pack, 1) && float64(difference) > levelShift*float64(max(set, 1))
}

// learn stores what a lesson came to, and has those spots looked at again.
func (d *Desk) learn(ctx context.Context, l *lesson) error {
	methods, reviews := l.learned()
	if len(methods) == 0 {
		return nil
	}
	spots := make([]Spot, len(methods))
	for i, m := range methods {
		spots[i] = m.Spot
	}
	return d.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.SaveMethods(ctx, methods, l.today); err != nil {
			return err
		}
		if err := tx.ReviewLevels(ctx, reviews, tx.Now().AddDate(0, 0, -levelRest)); err != nil {
			return err
		}
		return tx.MarkDue(ctx, spots)
	})
}

// TakeLevel sets the level that a review proposes; KeepLevel leaves it as people
// have set it. Both answer ErrUnknownReview when somebody was faster.
func (d *Desk) TakeLevel(ctx context.Context, by hospital.Actor, id ReviewID, why string) error {
	return d.decideLevel(ctx, by, id, why, true)
}

// KeepLevel needs a reason.
func (d *Desk) KeepLevel(ctx context.Context, by hospital.Actor, id ReviewID, why string) error {
	if strings.TrimSpace(why) == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say why the level stays as it is.")
	}
	return d.decideLevel(ctx, by, id, why, false)
}

func (d *Desk) decideLevel(ctx context.Context, by hospital.Actor, id ReviewID, why string, take bool) error {
	if err := by.Need(hospital.ApproveOrders); err != nil {
		return err
	}
	what := "level.keep"
	if take {
		what = "level.take"
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		r, err := tx.DecideReview(ctx, id, by, strings.TrimSpace(why), take)
		if err != nil {
			return err
		}
		level := func(minimum, maximum int64) string {
			return fmt.Sprintf(`{"place":%q,"minimum":%d,"maximum":%d}`, r.Place.ID, minimum, maximum)
		}
		deed := hospital.Deed{By: by, What: what, On: "stock/" + string(r.Item.ID), Why: why, Before: level(r.OldMin, r.OldMax), After: level(r.OldMin, r.OldMax)}
		if take {
			deed.After = level(r.Minimum, r.Maximum)
		}
		return tx.Record(ctx, deed)
	})
	if err != nil {
		return fmt.Errorf("decide on level %d: %w", id, err)
	}
	return nil
}
