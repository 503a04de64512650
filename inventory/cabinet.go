package inventory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"wardwatch/tracking/gs1"
	"wardwatch/tracking/hospital"
)

const (
	// CabinetGrace is for how long a tag that the reader does not read counts as being
	// there all the same: metal and bodies shade tags.
	CabinetGrace = time.Minute
	// ReaderQuiet is after how long without any word a reader says nothing about what is inside.
	ReaderQuiet = 30 * time.Second
	// maxTagsHeard is how many tags of one reader are remembered; more than any cabinet holds.
	maxTagsHeard = 5000
)

// Cabinet is a place whose reader reads all that is in it.
type Cabinet struct {
	Place   Place
	Gateway hospital.GatewayID
}

// CabinetTag is a tag on a pack.
type CabinetTag struct {
	EPC       string
	Item      Item
	Lot       Lot
	Place     PlaceID
	Quantity  int64 // units in the pack
	Inside    bool
	ChangedAt time.Time
}

// TagTrouble is what a cabinet could not book: a tag that nobody knows, or one that
// was taken where the ledger has nothing to take. A person resolves it.
type TagTrouble struct {
	ID    int64
	Place PlaceID
	EPC   string
	Kind  string // "unknown", "short"
	Since time.Time
}

// The kinds of trouble.
const (
	TagUnknown = "unknown"
	TagShort   = "short"
)

var (
	// ErrUnknownCabinet: no reader reads this place.
	ErrUnknownCabinet = fmt.Errorf("cabinet %w", hospital.ErrUnknown)
	// ErrUnknownTrouble: it does not wait, or no longer.
	ErrUnknownTrouble = fmt.Errorf("trouble %w", hospital.ErrUnknown)
)

// CompareCabinet says what a snapshot of a cabinet means: the tags that were taken
// out since, those that came back, and those that nobody knows. seen is when each
// tag was read last; listening is since when the reader is heard without a gap, so
// that nothing is missed while nobody listened.
func CompareCabinet(known []CabinetTag, seen map[string]time.Time, listening, at time.Time) (taken, back []CabinetTag, strange []string) {
	mine := make(map[string]bool, len(known))
	for _, tag := range known {
		mine[tag.EPC] = true
		last, read := seen[tag.EPC]
		if !read || last.Before(listening) {
			last = listening
		}
		switch {
		case tag.Inside && at.Sub(last) >= CabinetGrace:
			taken = append(taken, tag)
		case !tag.Inside && read && last.After(tag.ChangedAt) && at.Sub(last) < CabinetGrace:
			back = append(back, tag)
		}
	}
	for epc, last := range seen {
		if !mine[epc] && at.Sub(last) < CabinetGrace {
			strange = append(strange, epc)
		}
	}
	slices.Sort(strange)
	return taken, back, strange
}

// CabinetReader answers what pages ask about cabinets.
type CabinetReader interface {
	Cabinets(ctx context.Context) ([]Cabinet, error)
	// CabinetTags of a place, those inside first.
	CabinetTags(ctx context.Context, place PlaceID) ([]CabinetTag, error)
	// TagTroubles wait to be resolved; of all places when none is named.
	TagTroubles(ctx context.Context, place PlaceID) ([]TagTrouble, error)
}

// CabinetTx is what cabinets need of a transaction.
type CabinetTx interface {
	// SetCabinet has a reader read a place; no reader: it is no cabinet any more.
	SetCabinet(ctx context.Context, place PlaceID, gateway hospital.GatewayID) error
	TagsIn(ctx context.Context, place PlaceID) ([]CabinetTag, error)
	SaveTag(ctx context.Context, t CabinetTag) error
	// RaiseTrouble is false when it waits already.
	RaiseTrouble(ctx context.Context, t TagTrouble) (bool, error)
	// EndTrouble answers ErrUnknownTrouble.
	EndTrouble(ctx context.Context, place PlaceID, epc, kind, by, why string) error
}

// Cabinets turns what readers of cabinets hear into uses and returns. Hear may be
// called from anywhere; Look is called by one goroutine.
type Cabinets struct {
	Room *Storeroom
	// Heard is when a reader last gave any word; zero for never.
	Heard func(hospital.GatewayID) time.Time
	Log   *slog.Logger

	mu   sync.Mutex
	ears map[hospital.GatewayID]*ear
}

// ear is what one reader has said.
type ear struct {
	since time.Time // heard without a gap
	last  time.Time
	tags  map[string]time.Time
}

// Listen has the tags of these readers remembered, and of no other.
func (c *Cabinets) Listen(ctx context.Context) error {
	all, err := c.Room.Store.Cabinets(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ears := make(map[hospital.GatewayID]*ear, len(all))
	for _, cabinet := range all {
		if ears[cabinet.Gateway] = c.ears[cabinet.Gateway]; ears[cabinet.Gateway] == nil {
			ears[cabinet.Gateway] = &ear{tags: map[string]time.Time{}}
		}
	}
	c.ears = ears
	return nil
}

// Hear notes that a reader read a tag. What is no reader of a cabinet costs one look into a map.
func (c *Cabinets) Hear(gateway hospital.GatewayID, tag string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.ears[gateway]
	if e == nil {
		return
	}
	e.hear(at)
	if epc, is := strings.CutPrefix(tag, "epc:"); is && (len(e.tags) < maxTagsHeard || !e.tags[epc].IsZero()) {
		e.tags[strings.ToUpper(epc)] = at
	}
}

func (e *ear) hear(at time.Time) {
	if at.Sub(e.last) > ReaderQuiet {
		e.since = at
	}
	if at.After(e.last) {
		e.last = at
	}
}

// snapshot is what a reader has read, and since when it is heard without a gap;
// false while it is silent: then nothing follows from what it does not read.
func (c *Cabinets) snapshot(gateway hospital.GatewayID, at time.Time) (seen map[string]time.Time, since time.Time, speaks bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.ears[gateway]
	if e == nil {
		return nil, since, false
	}
	if c.Heard != nil {
		if word := c.Heard(gateway); word.After(e.last) {
			e.hear(word)
		}
	}
	if e.last.IsZero() || at.Sub(e.last) > ReaderQuiet {
		return nil, since, false
	}
	seen = make(map[string]time.Time, len(e.tags))
	for epc, last := range e.tags {
		if at.Sub(last) > 2*CabinetGrace {
			delete(e.tags, epc)
			continue
		}
		seen[epc] = last
	}
	return seen, e.since, true
}

// Look books what was taken out of cabinets and what came back.
func (c *Cabinets) Look(ctx context.Context, at time.Time) error {
	all, err := c.Room.Store.Cabinets(ctx)
	if err != nil {
		return fmt.Errorf("look into cabinets: %w", err)
	}
	for _, cabinet := range all {
		seen, since, speaks := c.snapshot(cabinet.Gateway, at)
		if !speaks {
			continue
		}
		if err := c.settle(ctx, cabinet, seen, since, at); err != nil {
			return fmt.Errorf("look into cabinet %s: %w", cabinet.Place.ID, err)
		}
	}
	return nil
}

func (c *Cabinets) settle(ctx context.Context, cabinet Cabinet, seen map[string]time.Time, since, at time.Time) error {
	known, err := c.Room.Store.CabinetTags(ctx, cabinet.Place.ID)
	if err != nil {
		return err
	}
	taken, back, strange := CompareCabinet(known, seen, since, at)
	if len(taken)+len(back)+len(strange) == 0 {
		return nil
	}
	return c.Room.Store.InTx(ctx, func(tx StoreroomTx) error {
		if known, err = tx.TagsIn(ctx, cabinet.Place.ID); err != nil {
			return err
		}
		taken, back, strange = CompareCabinet(known, seen, since, at)
		for _, tag := range taken {
			if err := c.take(ctx, tx, cabinet, tag); err != nil {
				return err
			}
		}
		for _, tag := range back {
			if err := c.putBack(ctx, tx, cabinet, tag); err != nil {
				return err
			}
		}
		for _, epc := range strange {
			if _, err := tx.RaiseTrouble(ctx, TagTrouble{Place: cabinet.Place.ID, EPC: epc, Kind: TagUnknown, Since: tx.Now()}); err != nil {
				return err
			}
		}
		tx.Announce("stock")
		return nil
	})
}

var cabinetJob = hospital.Job("cabinet")

func (c *Cabinets) taking(cabinet Cabinet, tag CabinetTag) Taking {
	return Taking{Item: tag.Item.ID, Place: cabinet.Place.ID, Source: "cabinet", Why: "tag " + tag.EPC}
}

// take books a use. Where the ledger has none to take, or the lot is held or
// expired, the tag is noted as out and a person has to say what happened.
func (c *Cabinets) take(ctx context.Context, tx StoreroomTx, cabinet Cabinet, tag CabinetTag) error {
	tag.Inside, tag.ChangedAt = false, tx.Now()
	if err := tx.SaveTag(ctx, tag); err != nil {
		return err
	}
	b, err := tx.Balance(ctx, tag.Lot.ID, cabinet.Place.ID)
	if err != nil {
		return err
	}
	if b.Free < tag.Quantity {
		_, err := tx.RaiseTrouble(ctx, TagTrouble{Place: cabinet.Place.ID, EPC: tag.EPC, Kind: TagShort, Since: tx.Now()})
		return err
	}
	m := c.Room.Stock.line(tx, cabinetJob, c.taking(cabinet, tag), Use, tag.Lot, -tag.Quantity, 0)
	m.Ref = "tag/" + tag.EPC
	if err := tx.Append(ctx, m); err != nil {
		return err
	}
	return c.record(ctx, tx, "stock.use", cabinet, tag)
}

func (c *Cabinets) putBack(ctx context.Context, tx StoreroomTx, cabinet Cabinet, tag CabinetTag) error {
	tag.Inside, tag.ChangedAt = true, tx.Now()
	if err := tx.SaveTag(ctx, tag); err != nil {
		return err
	}
	switch err := tx.EndTrouble(ctx, cabinet.Place.ID, tag.EPC, TagShort, cabinetJob.Name, "it came back"); {
	case err == nil: // nothing was booked when it went
		return nil
	case !errors.Is(err, hospital.ErrUnknown):
		return err
	}
	m := c.Room.Stock.line(tx, cabinetJob, c.taking(cabinet, tag), Return, tag.Lot, tag.Quantity, 0)
	m.Ref = "tag/" + tag.EPC
	if err := c.Room.Stock.add(ctx, tx, m, tag.Lot); err != nil {
		return err
	}
	return c.record(ctx, tx, "stock.return", cabinet, tag)
}

func (c *Cabinets) record(ctx context.Context, tx StoreroomTx, what string, cabinet Cabinet, tag CabinetTag) error {
	return tx.Record(ctx, hospital.Deed{By: cabinetJob, What: what, On: "stock/" + string(tag.Item.ID), Why: "tag " + tag.EPC,
		After: fmt.Sprintf(`{"place":%q,"lot":%q,"quantity":%d}`, cabinet.Place.ID, tag.Lot.ID, tag.Quantity)})
}

// SetCabinet has a reader read a place from now on. It needs hospital.ManageItems.
func (r *Storeroom) SetCabinet(ctx context.Context, by hospital.Actor, place PlaceID, gateway hospital.GatewayID) error {
	if err := by.Need(hospital.ManageItems); err != nil {
		return err
	}
	if _, known := r.Stock.Register.Current().Gateway(gateway); gateway != "" && !known {
		return hospital.Refuse(hospital.ErrInvalid, "There is no such reader.")
	}
	return r.Store.InTx(ctx, func(tx StoreroomTx) error {
		if err := Within(ctx, tx, by, hospital.ManageItems, place); err != nil {
			return err
		}
		if err := tx.SetCabinet(ctx, place, gateway); err != nil {
			return err
		}
		tx.Announce("stock", "cabinets")
		return tx.Record(ctx, hospital.Deed{By: by, What: "cabinet.set", On: "place/" + string(place), After: fmt.Sprintf(`{"gateway":%q}`, gateway)})
	})
}

// Tagging says what a tag is on.
type Tagging struct {
	Place    PlaceID // the cabinet
	EPC      string
	Item     ItemID
	Lot      LotID
	Quantity int64
	From     PlaceID // where it stood; empty: it is counted in the cabinet already
	Key      string
}

// Tag says what a tag in a cabinet is on, and carries it there in the ledger. It
// needs hospital.UseStock.
func (r *Storeroom) Tag(ctx context.Context, by hospital.Actor, in Tagging) error {
	if err := r.Stock.check(by, hospital.UseStock, in.Quantity); err != nil {
		return err
	}
	in.EPC = strings.ToUpper(strings.TrimSpace(in.EPC))
	if epc, err := gs1.ParseEPC(in.EPC); err != nil || epc.Scheme == "" {
		return hospital.Refuse(hospital.ErrInvalid, "This is no tag: an EPC is written in hexadecimal.")
	}
	t := Taking{Item: in.Item, Place: in.Place, Lot: in.Lot, Quantity: in.Quantity, Source: "cabinet", Why: "tag " + in.EPC, Key: in.Key}
	err := r.Store.InTx(ctx, func(tx StoreroomTx) error {
		first, err := tx.FirstTime(ctx, in.Key)
		if err != nil || !first {
			return err
		}
		if err := Within(ctx, tx, by, hospital.UseStock, in.Place); err != nil {
			return err
		}
		lot, err := lotOf(ctx, tx, t)
		if err != nil {
			return err
		}
		if in.From != "" {
			t.Place = in.From
			if err := Within(ctx, tx, by, hospital.UseStock, in.From); err != nil {
				return err
			}
			if err := r.Stock.MoveIn(ctx, tx, by, Moving{Taking: t, To: in.Place}); err != nil {
				return err
			}
		}
		tag := CabinetTag{EPC: in.EPC, Item: Item{ID: in.Item}, Lot: lot, Place: in.Place, Quantity: in.Quantity, Inside: true, ChangedAt: tx.Now()}
		if err := tx.SaveTag(ctx, tag); err != nil {
			return err
		}
		if err := tx.EndTrouble(ctx, in.Place, in.EPC, TagUnknown, by.Name, "it is on "+string(in.Item)); err != nil && !errors.Is(err, hospital.ErrUnknown) {
			return err
		}
		tx.Announce("stock")
		return tx.Record(ctx, hospital.Deed{By: by, What: "cabinet.tag", On: "stock/" + string(in.Item), After: fmt.Sprintf(`{"epc":%q,"place":%q,"lot":%q,"quantity":%d}`, in.EPC, in.Place, in.Lot, in.Quantity)})
	})
	if err != nil {
		return fmt.Errorf("tag %s: %w", in.EPC, err)
	}
	return nil
}

// Resolve ends a trouble with what a person says of it. It needs hospital.CountStock.
func (r *Storeroom) Resolve(ctx context.Context, by hospital.Actor, t TagTrouble, why string) error {
	if err := by.Need(hospital.CountStock); err != nil {
		return err
	}
	if why = strings.TrimSpace(why); why == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say what it was.")
	}
	return r.Store.InTx(ctx, func(tx StoreroomTx) error {
		if err := Within(ctx, tx, by, hospital.CountStock, t.Place); err != nil {
			return err
		}
		if err := tx.EndTrouble(ctx, t.Place, t.EPC, t.Kind, by.Name, why); err != nil {
			return err
		}
		tx.Announce("stock")
		return tx.Record(ctx, hospital.Deed{By: by, What: "cabinet.resolve", On: "place/" + string(t.Place), Why: why, After: fmt.Sprintf(`{"epc":%q,"kind":%q}`, t.EPC, t.Kind)})
	})
}
