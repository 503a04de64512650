package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wardwatch/tracking/gs1"
	"wardwatch/tracking/hospital"
)

// Scanned is what a scan means here.
type Scanned struct {
	Item   Item
	Number string // of the lot; empty when the code names none
	Expiry Date
	// Lot is the lot of that number; its ID is empty when it is not known here.
	Lot Lot
	// Pack is the pack whose GTIN the code is; zero for a single unit's.
	Pack Packing
	// Quantity is what the code itself says, as (30) or (37) do; 0 when it says none.
	Quantity int64
	// Warnings are sentences to show: a separator was repaired, a check digit is wrong.
	Warnings []string
}

// ErrUnknownCode: the code can be read, and no item has its number.
var ErrUnknownCode = fmt.Errorf("code %w", hospital.ErrUnknown)

// Read tells what a scan means: a GS1 symbol, a bare GTIN, a Digital Link, the EPC
// of a tag, or an item's own identifier. It changes nothing.
func (s *Stock) Read(ctx context.Context, code string, at time.Time) (Scanned, error) {
	code = strings.TrimSpace(code)
	if code == "" {
		return Scanned{}, hospital.Refuse(hospital.ErrInvalid, "Scan a code, or type one.")
	}
	if item, err := s.Store.FindItem(ctx, ItemID(code)); err == nil {
		return Scanned{Item: item}, nil
	}
	if _, id, is := strings.Cut(code, "/lots/"); is { // the label of what was opened or thawed
		return s.ofLabel(ctx, LotID(id))
	}
	if tag, err := gs1.ParseEPC(code); err == nil && len(code) >= 24 && tag.GTIN() != "" {
		return s.meaning(ctx, gs1.Scan{Elements: tag.Elements}, at)
	}
	scan, err := gs1.Parse(code)
	if err != nil {
		return Scanned{}, hospital.Refuse(hospital.ErrInvalid, "This code can't be read. Try again, or search for the item by name.")
	}
	return s.meaning(ctx, scan, at)
}

// ofLabel is the lot that a label of ours leads to.
func (s *Stock) ofLabel(ctx context.Context, id LotID) (out Scanned, err error) {
	if out.Lot, err = s.Store.LotByID(ctx, id); err != nil {
		return out, err
	}
	out.Number, out.Expiry = out.Lot.Number, out.Lot.Expiry
	out.Item, err = s.Store.FindItem(ctx, out.Lot.Item)
	return out, err
}

func (s *Stock) meaning(ctx context.Context, scan gs1.Scan, at time.Time) (Scanned, error) {
	out := Scanned{Number: scan.Lot(), Warnings: scan.Warnings}
	for _, fault := range scan.Faults {
		out.Warnings = append(out.Warnings, "The code breaks a rule: "+fault.String()+".")
	}
	if scan.GTIN() == "" {
		return out, hospital.Refuse(hospital.ErrInvalid, "This code names no trade item.")
	}
	var err error
	if out.Item, out.Pack, err = s.named(ctx, scan.GTIN()); err != nil {
		return out, hospital.Refuse(ErrUnknownCode, "No item has the GTIN "+scan.GTIN()+". Add it to the item, or search by name.")
	}
	if expiry, ok := scan.Expiry(at); ok {
		out.Expiry = DateOf(expiry, time.UTC)
	}
	for _, ai := range []string{"30", "37"} {
		if text, ok := scan.Value(ai); ok {
			out.Quantity, _ = strconv.ParseInt(text, 10, 64)
		}
	}
	if out.Number == "" {
		return out, nil
	}
	out.Lot, err = s.Store.FindLot(ctx, out.Item.ID, out.Number)
	if errors.Is(err, hospital.ErrUnknown) {
		return out, nil
	}
	return out, err
}

// named is the item of a GTIN, or of a pack of that GTIN.
func (s *Stock) named(ctx context.Context, gtin string) (Item, Packing, error) {
	item, err := s.Store.FindItemByGTIN(ctx, gtin)
	if !errors.Is(err, hospital.ErrUnknown) {
		return item, Packing{}, err
	}
	pack, err := s.Store.FindPackingByGTIN(ctx, gtin)
	if err != nil {
		return Item{}, pack, err
	}
	item, err = s.Store.FindItem(ctx, pack.Item)
	return item, pack, err
}

// ScanTask is what is done with each scan.
type ScanTask string

// The tasks.
const (
	ScanFind    ScanTask = "find"
	ScanUse     ScanTask = "use"
	ScanReturn  ScanTask = "return"
	ScanMove    ScanTask = "move"
	ScanReceive ScanTask = "receive"
	ScanCount   ScanTask = "count"
	// ScanStart starts the beyond-use clock of what was opened, thawed or mixed.
	ScanStart ScanTask = "start"
)

// Scanning is one scan with what the person has set.
type Scanning struct {
	Task     ScanTask
	Code     string
	Place    PlaceID
	To       PlaceID
	Quantity int64 // 0: what the code says, else 1
	Why      string
	Key      string
	// Kind is what was done, for ScanStart; empty: the one thing that the product has a clock for.
	Kind ClockKind
}

// Scan does with a scanned code what the task says. The lot that the code names is
// the lot that is booked; where it names none, use and start take what expires first.
// Of a start the answer's Lot is the part whose clock runs.
func (s *Stock) Scan(ctx context.Context, by hospital.Actor, in Scanning, at time.Time) (Scanned, int64, error) {
	what, err := s.Read(ctx, in.Code, at)
	if err != nil || in.Task == ScanFind {
		return what, 0, err
	}
	n := in.Quantity
	if n == 0 && in.Task != ScanCount {
		n = max(what.Quantity, 1)
	}
	n *= max(what.Pack.Units, 1) // the box was scanned, and what is in it is booked
	if in.Task != ScanReceive && what.Number != "" && what.Lot.ID == "" {
		return what, n, hospital.Refuse(ErrUnknownLot, fmt.Sprintf("Lot %s of %s is not known here. Receive it first.", what.Number, what.Item.Name))
	}
	if in.Task == ScanUse && what.Lot.ID != "" {
		if what.Lot, err = s.startedFirst(ctx, what.Lot, in.Place, n, at); err != nil {
			return what, n, err
		}
	}
	t := Taking{Item: what.Item.ID, Place: in.Place, Lot: what.Lot.ID, Quantity: n, Why: in.Why, Source: "scan", Key: in.Key}
	switch in.Task {
	case ScanUse:
		err = s.Use(ctx, by, t)
	case ScanStart:
		what.Lot, err = s.startScanned(ctx, by, what, in.Kind, t, at)
	case ScanReturn:
		err = s.Return(ctx, by, t)
	case ScanMove:
		err = s.Move(ctx, by, Moving{Taking: t, To: in.To})
	case ScanCount:
		err = s.Count(ctx, by, Counting{Taking: t})
	case ScanReceive:
		err = s.Receive(ctx, by, Receiving{Item: what.Item.ID, Place: in.Place, Number: what.Number, Expiry: what.Expiry, Quantity: n,
			Why: in.Why, Source: "scan", Key: in.Key})
	default:
		err = hospital.Refuse(hospital.ErrInvalid, "Choose what to do with what is scanned.")
	}
	return what, n, err
}

// startScanned starts a clock on a scanned lot, or on the whole lot that expires first.
func (s *Stock) startScanned(ctx context.Context, by hospital.Actor, what Scanned, kind ClockKind, t Taking, at time.Time) (Lot, error) {
	versions, err := s.Store.Keepings(ctx, what.Item.ID)
	if err != nil {
		return Lot{}, err
	}
	clocks := what.Item.KeepingAt(versions, at).Clocks
	switch {
	case kind != "":
	case len(clocks) == 1:
		kind = clocks[0].Kind
	case len(clocks) > 1:
		return Lot{}, hospital.Refuse(hospital.ErrInvalid, what.Item.Name+" has more than one clock. Choose what was done.")
	default:
		return Lot{}, hospital.Refuse(hospital.ErrInvalid, "Nobody has said how long "+what.Item.Name+" keeps once it is opened or thawed. Set it under “How it keeps” first.")
	}
	if t.Lot == "" {
		if t.Lot, err = s.firstWhole(ctx, t, at); err != nil {
			return Lot{}, err
		}
	}
	return s.StartClock(ctx, by, Starting{Taking: t, Kind: kind})
}

// firstWhole is the lot at a place that expires first and of which nothing was opened or thawed.
func (s *Stock) firstWhole(ctx context.Context, t Taking, at time.Time) (LotID, error) {
	all, err := s.Store.Balances(ctx, t.Item)
	if err != nil {
		return "", err
	}
	today := s.Today(at)
	for _, b := range all {
		if b.Place == t.Place && b.Usable(today) >= t.Quantity && b.Lot.Printed() == b.Lot.Number {
			return b.Lot.ID, nil
		}
	}
	return "", hospital.Refuse(ErrShort, "No lot there has so many that are whole. Scan the box itself, or choose another place.")
}

// startedFirst is the part of a scanned lot that is used first: one that was opened
// or thawed, that lies there and is enough; else the lot itself.
func (s *Stock) startedFirst(ctx context.Context, lot Lot, place PlaceID, n int64, at time.Time) (Lot, error) {
	parts, err := s.Store.PartsOf(ctx, lot.ID)
	if err != nil || len(parts) == 0 {
		return lot, err
	}
	all, err := s.Store.Balances(ctx, lot.Item) // those first that expire first
	if err != nil {
		return lot, err
	}
	for _, b := range all {
		if b.Place == place && b.Free >= n && slices.ContainsFunc(parts, func(c RunningClock) bool { return c.Lot == b.Lot.ID && c.PassedAt.IsZero() && at.Before(c.UseBy) }) {
			return b.Lot, nil
		}
	}
	return lot, nil
}
