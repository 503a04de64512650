package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// ErrUnknownCarry: there is no emergency move of that number.
var ErrUnknownCarry = fmt.Errorf("move %w", hospital.ErrUnknown)

// CarryID numbers emergency moves.
type CarryID int64

// Carry is an emergency move: what a failing fridge held, on its way to one that is
// in range. Its lines are the pick list; each is booked when its arrival is
// confirmed, by a scan or by the tag of the box that it is carried in.
type Carry struct {
	ID          CarryID
	Excursion   coldchain.ExcursionID
	From, To    coldchain.FridgeID
	Place       PlaceID // in To
	PlaceName   string
	Box         string // the tagged asset; empty: arrival is scanned
	StartedAt   time.Time
	StartedBy   hospital.PersonID
	StartedName string
	EndedAt     time.Time // zero while some of it is on its way
	Lines       []CarryLine
}

// How is how an arrival was confirmed.
type How string

// The ways. What did not arrive was Left: it was used, counted or carried elsewhere.
const (
	ByScan   How = "scan"
	ByTag    How = "tag"
	WasLeft  How = "left"
	OnItsWay How = ""
)

// CarryLine is what is carried of one lot from one place.
type CarryLine struct {
	Item      ItemID
	ItemName  string
	Unit      string
	Lot       LotID
	LotNumber string
	Place     PlaceID
	PlaceName string
	Quantity  int64
	Arrived   int64
	ArrivedAt time.Time
	By        string
	How       How
}

// Running is true while some of it is on its way.
func (c Carry) Running() bool { return c.EndedAt.IsZero() }

// Topic is what changes with a fridge that goods leave.
func (c Carry) subject() string { return fmt.Sprintf("excursion/%d", c.Excursion) }

// Refuge is a fridge that goods can be carried to, with the room that it has.
type Refuge struct {
	coldchain.Standing
	// Units is how many units of issue it holds at most, 0 when nobody has said; Used
	// how many stand in it.
	Units, Used int64
	// Place is where in it stock is kept; empty when no place is: nothing can be booked there.
	Place PlaceID
}

// Room says how the room of a refuge compares with what is to be carried.
type Room string

// The answers.
const (
	Fits      Room = "room for all"
	RoomNot   Room = "no room for all"
	RoomMaybe Room = "room not known"
)

// Room is whether so many units more go in.
func (r Refuge) Room(n int64) Room {
	switch {
	case r.Units == 0:
		return RoomMaybe
	case r.Used+n <= r.Units:
		return Fits
	}
	return RoomNot
}

// Free is how many units more go in; 0 when nobody has said how many it holds.
func (r Refuge) Free() int64 { return max(r.Units-r.Used, 0) }

// Rank puts refuges that come the nearest first into the order in which they are
// offered: those with room for n units, those of which nobody knows, those without.
// A fridge in which nothing can be booked is left out.
func Rank(refuges []Refuge, n int64) []Refuge {
	order := map[Room]int{Fits: 0, RoomMaybe: 1, RoomNot: 2}
	bookable := slices.DeleteFunc(slices.Clone(refuges), func(r Refuge) bool { return r.Place == "" })
	slices.SortStableFunc(bookable, func(a, b Refuge) int { return cmp.Compare(order[a.Room(n)], order[b.Room(n)]) })
	return bookable
}

// CarryTx is what emergency moves need of a transaction.
type CarryTx interface {
	AddCarry(context.Context, Carry) (CarryID, error)
	// Carry answers ErrUnknownCarry.
	Carry(context.Context, CarryID) (Carry, error)
	// ArriveLine keeps how a line of a move ended.
	ArriveLine(context.Context, CarryID, CarryLine) error
	EndCarry(ctx context.Context, id CarryID, at time.Time) error
	// BoxKnown says whether there is such a tagged asset.
	BoxKnown(ctx context.Context, asset string) (bool, error)
}

// CarryReader answers what pages ask of emergency moves.
type CarryReader interface {
	// CarriesOf are the moves of an excursion, newest first.
	CarriesOf(context.Context, coldchain.ExcursionID) ([]Carry, error)
	// Boxed are the moves on their way in a tagged box.
	Boxed(context.Context) ([]Carry, error)
}

// StartCarry begins an emergency move: lines names lots and places with quantities.
func (s *Stock) StartCarry(ctx context.Context, by hospital.Actor, c Carry) (CarryID, error) {
	if err := by.Need(hospital.UseStock); err != nil {
		return 0, err
	}
	if c.Box = strings.TrimSpace(c.Box); len(c.Lines) == 0 || c.Place == "" {
		return 0, hospital.Refuse(hospital.ErrInvalid, "There is nothing to carry, or no place in that fridge to carry it to.")
	}
	var id CarryID
	err := s.Store.InTx(ctx, func(tx Tx) error {
		if err := Within(ctx, tx, by, hospital.UseStock, c.Place); err != nil {
			return err
		}
		for _, line := range c.Lines {
			if err := Within(ctx, tx, by, hospital.UseStock, line.Place); err != nil {
				return err
			}
		}
		if c.Box != "" {
			if known, err := tx.BoxKnown(ctx, c.Box); err != nil {
				return err
			} else if !known {
				return hospital.Refuse(hospital.ErrInvalid, "There is no tagged box of that number. Scan its label, or leave it empty.")
			}
		}
		c.StartedAt, c.StartedBy, c.StartedName = tx.Now(), by.ID, by.Name
		var err error
		if id, err = tx.AddCarry(ctx, c); err != nil {
			return err
		}
		tx.Announce("stock", c.From.Topic(), c.To.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "stock.carry", On: c.subject(), Why: c.Box,
			After: fmt.Sprintf(`{"move":%d,"excursion":%d,"from":%q,"to":%q,"lines":%d}`, id, c.Excursion, c.From, c.To, len(c.Lines))})
	})
	if err != nil {
		return 0, fmt.Errorf("carry out of %s: %w", c.From, err)
	}
	return id, nil
}

// Arrive books what has arrived: the lines of one lot, or all with an empty lot. It
// is true when nothing of the move is on its way any more. What is not there any
// more, because it was used or counted away meanwhile, is noted as left.
func (s *Stock) Arrive(ctx context.Context, by hospital.Actor, id CarryID, lot string, how How) (bool, error) {
	if err := by.Need(hospital.UseStock); err != nil {
		return false, err
	}
	whole := false
	err := s.Store.InTx(ctx, func(tx Tx) error {
		c, err := tx.Carry(ctx, id)
		if err != nil {
			return err
		}
		if err := Within(ctx, tx, by, hospital.UseStock, c.Place); err != nil {
			return err
		}
		if !c.Running() {
			return hospital.Refuse(hospital.ErrStale, "All of it has arrived already.")
		}
		whole, err = s.arrive(ctx, tx, by, c, lot, how)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("arrival of move %d: %w", id, err)
	}
	return whole, nil
}

func (s *Stock) arrive(ctx context.Context, tx Tx, by hospital.Actor, c Carry, lot string, how How) (whole bool, err error) {
	whole, booked := true, 0
	for _, line := range c.Lines {
		if line.How != OnItsWay {
			continue
		}
		if lot != "" && Printed(line.LotNumber) != lot {
			whole = false
			continue
		}
		if err := s.arriveLine(ctx, tx, by, c, line, how); err != nil {
			return false, err
		}
		booked++
	}
	if booked == 0 {
		return false, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Lot %s is not on the pick list, or has arrived already.", lot))
	}
	if whole {
		if err := tx.EndCarry(ctx, c.ID, tx.Now()); err != nil {
			return false, err
		}
	}
	tx.Announce("stock", c.From.Topic(), c.To.Topic())
	return whole, tx.Record(ctx, hospital.Deed{By: by, What: "stock.arrive", On: c.subject(), Why: string(how),
		After: fmt.Sprintf(`{"move":%d,"excursion":%d,"to":%q,"lines":%d,"lot":%q}`, c.ID, c.Excursion, c.To, booked, lot)})
}

func (s *Stock) arriveLine(ctx context.Context, tx Tx, by hospital.Actor, c Carry, line CarryLine, how How) error {
	b, err := tx.Balance(ctx, line.Lot, line.Place)
	if err != nil {
		return err
	}
	line.Arrived, line.ArrivedAt, line.By, line.How = min(b.OnHand(), line.Quantity), tx.Now(), by.Name, how
	if line.Arrived == 0 {
		line.How = WasLeft
		return tx.ArriveLine(ctx, c.ID, line)
	}
	moving := Moving{To: c.Place, Taking: Taking{Item: line.Item, Place: line.Place, Lot: line.Lot, Quantity: line.Arrived, Why: c.subject(), Source: "emergency move"}}
	if err := s.MoveIn(ctx, tx, by, moving); err != nil {
		return err
	}
	return tx.ArriveLine(ctx, c.ID, line)
}

// Whereabouts tells where tagged things were.
type Whereabouts interface {
	// Passings are the rooms that an asset was in between two times, oldest first; the
	// first is where it was at the beginning.
	Passings(ctx context.Context, asset string, from, to time.Time) ([]coldchain.Passing, error)
}

// Porter books the arrival of tagged boxes: where the readers have heard a box in
// the room of the fridge that it is carried to, nobody needs to scan.
type Porter struct {
	Stock    *Stock
	Where    Whereabouts
	Register *hospital.Register
	// Room is the room of a fridge; empty when nobody has said.
	Room func(context.Context, coldchain.FridgeID) (hospital.RoomID, error)
	// Arrived is told of each move that has ended so, after it was booked.
	Arrived func(context.Context, Carry, hospital.Room) error
	Now     func() time.Time
}

var porter = hospital.Job("tagged boxes")

// Look books what has arrived since. It answers how many boxes that were.
func (p *Porter) Look(ctx context.Context) (int, error) {
	boxed, err := p.Stock.Store.Boxed(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for boxes on their way: %w", err)
	}
	arrived := 0
	for _, c := range boxed {
		room, err := p.Room(ctx, c.To)
		if err != nil {
			return arrived, fmt.Errorf("look for the box of move %d: %w", c.ID, err)
		}
		passings, err := p.Where.Passings(ctx, c.Box, c.StartedAt, p.Now().Add(time.Millisecond))
		if err != nil {
			return arrived, fmt.Errorf("look for the box of move %d: %w", c.ID, err)
		}
		if !cameInto(room, c.StartedAt, passings) {
			continue
		}
		if _, err := p.Stock.Arrive(ctx, porter, c.ID, "", ByTag); err != nil {
			return arrived, err
		}
		arrived++
		in, _ := p.Register.Current().Room(room)
		if err := p.Arrived(ctx, c, in); err != nil {
			return arrived, err
		}
	}
	return arrived, nil
}

// cameInto says whether a thing came into a room since: having stood there before proves nothing.
func cameInto(room hospital.RoomID, since time.Time, passings []coldchain.Passing) bool {
	return room != "" && slices.ContainsFunc(passings, func(p coldchain.Passing) bool { return p.Room == room && p.At.After(since) })
}
