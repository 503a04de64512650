package inventory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"wardwatch/tracking/coldchain"
)

// LotReader answers what the page of one lot asks.
type LotReader interface {
	// Keepings are products' versions, of each the oldest first.
	Keepings(ctx context.Context, items ...ItemID) ([]KeepingVersion, error)
	// LotByID answers ErrUnknownLot.
	LotByID(ctx context.Context, id LotID) (Lot, error)
	// LotMovements are a lot's lines of the ledger, oldest first, at most MaxLotMovements.
	LotMovements(ctx context.Context, lot LotID) ([]Movement, error)
	// ClockOf is the clock that made a lot; false when it is whole.
	ClockOf(ctx context.Context, lot LotID) (RunningClock, bool, error)
	// LotsMovements are LotMovements of many lots; one that never moved is left out.
	LotsMovements(ctx context.Context, lots []LotID) (map[LotID][]Movement, error)
	// ClocksOf are ClockOf of many lots; one that is whole is left out.
	ClocksOf(ctx context.Context, lots []LotID) (map[LotID]RunningClock, error)
	// PartsOf are the clocks that were started on parts of a lot, oldest first.
	PartsOf(ctx context.Context, lot LotID) ([]RunningClock, error)
	// ClocksWait says whether MindClocks has anything to do.
	ClocksWait(ctx context.Context, at time.Time) (bool, error)
	// ColdItems are the items that are kept at a temperature, by name.
	ColdItems(ctx context.Context) ([]Item, error)
}

// MaxLotMovements is how much of a lot's ledger its history is told from.
const MaxLotMovements = 20_000

// Stay is a time that some of a lot lay at a place.
type Stay struct {
	Place    PlaceID
	From, To time.Time // To is zero while it lies there
}

// until is the end of a stay, or now.
func (s Stay) until(now time.Time) time.Time {
	if s.To.IsZero() {
		return now
	}
	return s.To
}

// Stays are the times that places held some of a lot, by its movements in their order.
func Stays(movements []Movement) []Stay {
	type lying struct {
		sum   int64
		since time.Time
	}
	places := map[PlaceID]*lying{}
	var stays []Stay
	for _, m := range movements {
		at := places[m.Place]
		if at == nil {
			at = &lying{}
			places[m.Place] = at
		}
		before := at.sum
		at.sum += m.Quantity()
		switch {
		case before <= 0 && at.sum > 0:
			at.since = m.At
		case before > 0 && at.sum <= 0 && m.At.After(at.since):
			stays = append(stays, Stay{Place: m.Place, From: at.since, To: m.At})
		}
	}
	for id, at := range places {
		if at.sum > 0 {
			stays = append(stays, Stay{Place: id, From: at.since})
		}
	}
	slices.SortFunc(stays, func(a, b Stay) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Place, b.Place))
	})
	return stays
}

// PathTo are the stays that what lies at a place at a moment can have come by: the
// stay there, those at the places that it was carried from before, and so on. Where
// it came together from several places all of them count: the strictest reading.
func PathTo(movements []Movement, place PlaceID, at time.Time) []Stay {
	stays := Stays(movements)
	reached := map[int]time.Time{} // stay → until when it counts
	var follow func(place PlaceID, at time.Time)
	follow = func(place PlaceID, at time.Time) {
		for i, s := range stays {
			if s.Place != place || s.From.After(at) || !s.To.IsZero() && s.To.Before(at) {
				continue
			}
			if seen, known := reached[i]; known && !seen.Before(at) {
				continue
			}
			reached[i] = at
			for _, m := range movements {
				if m.Kind == MoveIn && m.Place == place && m.Other != place && !m.At.Before(s.From) && !m.At.After(at) {
					follow(m.Other, m.At)
				}
			}
		}
	}
	follow(place, at)
	var path []Stay
	for i, until := range reached {
		s := stays[i]
		if s.To.IsZero() || until.Before(s.To) {
			s.To = until
		}
		path = append(path, s)
	}
	slices.SortFunc(path, func(a, b Stay) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Place, b.Place)) })
	return path
}

// Spell is a time that a lot spent beyond the band of the fridge that it stood in,
// or that nobody measured.
type Spell struct {
	coldchain.Outside
	Fridge coldchain.FridgeID
}

// Charge is what spells have left of a product's stability, minute by minute: each
// is charged to the band that its temperature lies in, and where bands overlap to
// the shorter one. What nobody measured counts where one of its ends was beyond.
func Charge(bands []Stability, spells []Spell) Budget {
	var b Budget
	for _, band := range bands {
		b.Bands = append(b.Bands, BandSpent{Stability: band})
	}
	runs := make([]run, len(bands))
	var unknown Exposure
	var beyond time.Duration
	for _, s := range spells {
		if !s.Beyond {
			continue
		}
		length := s.To.Sub(s.From)
		at := bandOf(bands, s.Temp)
		if at < 0 {
			beyond += length
			if beyond == length || farther(s.Temp, unknown.Peak) {
				unknown.Peak = s.Temp
			}
			continue
		}
		b.Bands[at].Spent = runs[at].spend(bands[at], s, b.Bands[at].Spent)
	}
	if beyond > 0 {
		unknown.Minutes = int64((beyond + time.Minute - 1) / time.Minute)
		b.Unknown = []Exposure{unknown}
	}
	for i, band := range b.Bands {
		b.Bands[i].Left = time.Duration(band.Hours*float64(time.Hour)) - band.Spent
	}
	return b
}

// run is an unbroken time in a band.
type run struct {
	length time.Duration
	until  time.Time
}

// spend is what a band has spent with one more spell: all together, or the longest stay.
func (r *run) spend(band Stability, s Spell, spent time.Duration) time.Duration {
	length := s.To.Sub(s.From)
	if !band.Single {
		return spent + length
	}
	if !r.until.Equal(s.From) {
		r.length = 0
	}
	r.length, r.until = r.length+length, s.To
	return max(spent, r.length)
}

func bandOf(bands []Stability, temp coldchain.MilliCelsius) int {
	at, celsius := -1, float64(temp)/1000
	for i, band := range bands {
		if celsius >= band.FromCelsius && celsius <= band.ToCelsius && (at < 0 || band.Hours < bands[at].Hours) {
			at = i
		}
	}
	return at
}

// farther says whether a temperature lies farther from the cold that goods are kept in.
func farther(a, b coldchain.MilliCelsius) bool {
	const middle = 5000
	return max(a-middle, middle-a) > max(b-middle, middle-b)
}

// Thermometer tells how fridges fared.
type Thermometer interface {
	// Outsides are the times of a fridge that were not known to be in range, oldest first.
	Outsides(ctx context.Context, fridge coldchain.FridgeID, from, to time.Time) ([]coldchain.Outside, error)
	// OutsidesOfAll are those of many fridges, each asked for once; one that is not there is left out.
	OutsidesOfAll(ctx context.Context, spans []coldchain.FridgeTime) (map[coldchain.FridgeID][]coldchain.Outside, error)
}

// Histories tells what lots went through, in one look at the record of each fridge.
// It is made for one answer and forgotten.
type Histories struct {
	Store       Reader
	Thermometer Thermometer
	Now         time.Time

	fridges map[PlaceID]coldchain.FridgeID
	read    map[LotID]lotRead
	moved   map[LotID][]Movement
	felt    map[coldchain.FridgeID]feltIn
}

// feltIn is how a fridge fared since a moment.
type feltIn struct {
	since time.Time
	outs  []coldchain.Outside
}

// Moved are a lot's movements with those of the lot that it is a part of, up to the
// moment when it became one, oldest first.
func (h *Histories) Moved(ctx context.Context, lot LotID) ([]Movement, error) {
	if all, known := h.moved[lot]; known {
		return all, nil
	}
	if h.moved == nil {
		h.moved = map[LotID][]Movement{}
	}
	r, err := h.ofLot(ctx, lot)
	own := r.own
	if err != nil || r.parent == "" {
		h.moved[lot] = own
		return own, err
	}
	whole, err := h.Moved(ctx, r.parent)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(own)
	for _, m := range whole {
		if len(own) > 0 && m.Seq < own[0].Seq {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b Movement) int { return cmp.Compare(a.Seq, b.Seq) })
	h.moved[lot] = all
	return all, nil
}

// lotRead is what is stored of one lot: its movements, and which lot it is a part of; empty: none.
type lotRead struct {
	own    []Movement
	parent LotID
}

func (h *Histories) ofLot(ctx context.Context, lot LotID) (r lotRead, err error) {
	if r, known := h.read[lot]; known {
		return r, nil
	}
	if r.own, err = h.Store.LotMovements(ctx, lot); err != nil {
		return r, err
	}
	clock, part, err := h.Store.ClockOf(ctx, lot)
	if part {
		r.parent = clock.Parent
	}
	return r, err
}

// readLots reads many lots and those that they are parts of: a question for each
// generation, and not for each lot.
func (h *Histories) readLots(ctx context.Context, lots []LotID) error {
	h.read = make(map[LotID]lotRead, len(lots))
	for young := lots; len(young) > 0; {
		moved, err := h.Store.LotsMovements(ctx, young)
		if err != nil {
			return err
		}
		clocks, err := h.Store.ClocksOf(ctx, young)
		if err != nil {
			return err
		}
		var old []LotID
		for _, lot := range young {
			h.read[lot] = lotRead{moved[lot], clocks[lot].Parent}
		}
		for _, clock := range clocks {
			if _, known := h.read[clock.Parent]; !known && !slices.Contains(old, clock.Parent) {
				old = append(old, clock.Parent)
			}
		}
		young = old
	}
	return nil
}

// readAhead reads what Weigh will ask of lots, of all of them at once.
func (h *Histories) readAhead(ctx context.Context, held []HeldLot, ended func(coldchain.ExcursionID) time.Time) error {
	lots := make([]LotID, len(held))
	for i, one := range held {
		lots[i] = one.Lot
	}
	slices.Sort(lots)
	if err := h.readLots(ctx, slices.Compact(lots)); err != nil {
		return err
	}
	since := map[coldchain.FridgeID]time.Time{}
	for _, one := range held {
		moved, err := h.Moved(ctx, one.Lot)
		if err != nil {
			return err
		}
		place, at := whereAt(moved, one.Place, ended(one.Excursion))
		for _, stay := range slices.Concat(PathTo(moved, place, at), PathTo(moved, one.Place, h.Now)) {
			fridge, err := h.Fridge(ctx, stay.Place)
			if err != nil {
				return err
			}
			if first, known := since[fridge]; fridge != "" && (!known || stay.From.Before(first)) {
				since[fridge] = stay.From
			}
		}
	}
	return h.readFridges(ctx, since)
}

// readFridges reads how fridges fared since a moment of each.
func (h *Histories) readFridges(ctx context.Context, since map[coldchain.FridgeID]time.Time) error {
	var spans []coldchain.FridgeTime
	for fridge, from := range since {
		spans = append(spans, coldchain.FridgeTime{Fridge: fridge, From: from, To: h.Now})
	}
	all, err := h.Thermometer.OutsidesOfAll(ctx, spans)
	if err != nil {
		return err
	}
	h.felt = make(map[coldchain.FridgeID]feltIn, len(all))
	for fridge, outs := range all {
		h.felt[fridge] = feltIn{since[fridge], outs}
	}
	return nil
}

// Fridge is the fridge that a place is in; empty for a shelf.
func (h *Histories) Fridge(ctx context.Context, place PlaceID) (coldchain.FridgeID, error) {
	if h.fridges == nil {
		places, err := h.Store.Places(ctx)
		if err != nil {
			return "", err
		}
		h.fridges = map[PlaceID]coldchain.FridgeID{}
		for _, p := range places {
			h.fridges[p.ID] = p.Fridge
		}
	}
	return h.fridges[place], nil
}

// Spells are what a lot went through in one stay, up to a moment.
func (h *Histories) Spells(ctx context.Context, s Stay, until time.Time) ([]Spell, error) {
	fridge, err := h.Fridge(ctx, s.Place)
	if err != nil || fridge == "" {
		return nil, err
	}
	from, to := s.From, s.until(h.Now)
	if until.Before(to) {
		to = until
	}
	if !from.Before(to) {
		return nil, nil
	}
	outs, err := h.outsides(ctx, fridge, from)
	if err != nil {
		return nil, err
	}
	var spells []Spell
	for _, o := range outs {
		if o.From.Before(from) {
			o.From = from
		}
		if o.To.After(to) {
			o.To = to
		}
		if o.From.Before(o.To) {
			spells = append(spells, Spell{o, fridge})
		}
	}
	return spells, nil
}

func (h *Histories) outsides(ctx context.Context, fridge coldchain.FridgeID, from time.Time) ([]coldchain.Outside, error) {
	if felt, known := h.felt[fridge]; known && !from.Before(felt.since) {
		return felt.outs, nil
	}
	outs, err := h.Thermometer.Outsides(ctx, fridge, from, h.Now)
	if err != nil {
		return nil, err
	}
	if h.felt == nil {
		h.felt = map[coldchain.FridgeID]feltIn{}
	}
	h.felt[fridge] = feltIn{from, outs}
	return outs, nil
}

// Went is all that what lies of a lot at a place at a moment went through until then.
func (h *Histories) Went(ctx context.Context, lot LotID, place PlaceID, at time.Time) ([]Spell, error) {
	moved, err := h.Moved(ctx, lot)
	if err != nil {
		return nil, err
	}
	var all []Spell
	for _, s := range PathTo(moved, place, at) {
		spells, err := h.Spells(ctx, s, at)
		if err != nil {
			return nil, err
		}
		all = append(all, spells...)
	}
	slices.SortStableFunc(all, func(a, b Spell) int { return a.From.Compare(b.From) })
	return all, nil
}

// Weigh tells each held lot's budget before and after its excursion, minute by
// minute; began and ended are its excursion's, ended zero while it runs.
func (h *Histories) Weigh(ctx context.Context, held []HeldLot, times func(coldchain.ExcursionID) (began, ended time.Time, err error)) error {
	for i := range held {
		one := &held[i]
		began, ended, err := times(one.Excursion)
		if err != nil {
			return err
		}
		if ended.IsZero() {
			ended = h.Now
		}
		moved, err := h.Moved(ctx, one.Lot)
		if err != nil {
			return err
		}
		place, at := whereAt(moved, one.Place, ended)
		spells, err := h.Went(ctx, one.Lot, place, at)
		if err != nil {
			return err
		}
		now, err := h.Went(ctx, one.Lot, one.Place, h.Now)
		if err != nil {
			return err
		}
		w := Weighed{Before: Charge(one.Stability, Until(spells, began)), During: Charge(one.Stability, since(Until(spells, ended), began)),
			After: Charge(one.Stability, Until(spells, ended)), Since: Charge(one.Stability, since(now, ended)), Now: Charge(one.Stability, now)}
		one.Weighed = &w
	}
	return nil
}

// Excursions tells of excursions; one of a fridge that is gone is left out.
type Excursions interface {
	ExcursionsOf(ctx context.Context, ids []coldchain.ExcursionID) (map[coldchain.ExcursionID]coldchain.Excursion, error)
}

// WeighAll is Weigh by the excursions that hold the lots. What is stored is asked for all
// of them at once.
func (h *Histories) WeighAll(ctx context.Context, held []HeldLot, all Excursions) error {
	ids := make([]coldchain.ExcursionID, len(held))
	for i, one := range held {
		ids[i] = one.Excursion
	}
	slices.Sort(ids)
	known, err := all.ExcursionsOf(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	times := func(id coldchain.ExcursionID) (began, ended time.Time, err error) {
		if e, there := known[id]; there {
			return e.Start, e.End, nil
		}
		return h.Now, h.Now, nil
	}
	err = h.readAhead(ctx, held, func(id coldchain.ExcursionID) time.Time {
		if _, ended, _ := times(id); !ended.IsZero() {
			return ended
		}
		return h.Now
	})
	if err != nil {
		return err
	}
	return h.Weigh(ctx, held, times)
}

// whereAt is the place whose path to tell of a moment: the place itself, or, when
// the goods came there later, the moment that they came.
func whereAt(moved []Movement, place PlaceID, at time.Time) (PlaceID, time.Time) {
	for _, s := range Stays(moved) {
		if s.Place == place && !s.From.After(at) && (s.To.IsZero() || !s.To.Before(at)) {
			return place, at
		}
	}
	last := at
	for _, s := range Stays(moved) {
		if s.Place == place {
			last = s.From
			if !s.To.IsZero() && s.To.Before(at) {
				last = s.To
			}
		}
	}
	return place, last
}

// Until cuts spells off at a moment.
func Until(spells []Spell, at time.Time) []Spell {
	var cut []Spell
	for _, s := range spells {
		if !s.From.Before(at) {
			continue
		}
		if s.To.After(at) {
			s.To = at
		}
		cut = append(cut, s)
	}
	return cut
}

// since cuts off of spells what was before a moment.
func since(spells []Spell, at time.Time) []Spell {
	var cut []Spell
	for _, s := range spells {
		if !s.To.After(at) {
			continue
		}
		if s.From.Before(at) {
			s.From = at
		}
		cut = append(cut, s)
	}
	return cut
}

// Weighed is a lot's budget minute by minute: as it was before an excursion, what the
// excursion alone spent, what it left, what was spent since, and what is left now.
type Weighed struct{ Before, During, After, Since, Now Budget }
