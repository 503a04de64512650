package api

import (
	"context"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// ExposedLot is a lot that an excursion put on hold, with the time that it spent in each
// band of its product's stability budget.
type ExposedLot struct {
	Hold     inventory.HoldID  `json:"hold"`
	Item     inventory.ItemID  `json:"item"`
	ItemName string            `json:"item_name"`
	Lot      inventory.LotID   `json:"lot"`
	Number   string            `json:"lot_number,omitempty"`
	Place    inventory.PlaceID `json:"place"`
	Quantity int64             `json:"quantity" doc:"What lay there when it was put on hold."`
	Decision string            `json:"decision,omitempty" doc:"Absent while a pharmacist has not decided."`
	Bands    []Exposure        `json:"bands" doc:"One for each band of its product, and a last one without limits for what lay beyond them all."`
}

// Exposure is the time that a lot spent in one band. It informs; it never releases a lot.
type Exposure struct {
	From    *float64 `json:"from_celsius,omitempty"`
	To      *float64 `json:"to_celsius,omitempty"`
	Allowed *float64 `json:"allowed_minutes,omitempty" doc:"Absent where nobody has said how long it bears this."`
	Single  bool     `json:"single" doc:"Each stay counts by itself: the minutes are those of the longest one."`
	Before  float64  `json:"before_minutes" doc:"Before the excursion, in every fridge and carrier that it stood in."`
	During  float64  `json:"during_minutes"`
	Since   float64  `json:"since_minutes"`
	Left    *float64 `json:"left_minutes,omitempty" doc:"Less than nothing when it is over."`
	Source  string   `json:"source,omitempty" doc:"Whose word the allowance is."`
}

func wireExposure(e inventory.BandExposure) Exposure {
	out := Exposure{Single: e.Single, Before: e.Before.Minutes(), During: e.During.Minutes(), Since: e.Since.Minutes(), Source: e.Source}
	if !e.Open {
		allowed, left := e.Hours*60, e.Left.Minutes()
		out.From, out.To, out.Allowed, out.Left = &e.FromCelsius, &e.ToCelsius, &allowed, &left
	}
	return out
}

// exposures are the lots of an excursion with their times in each band.
func (a *API) exposures(ctx context.Context, _ hospital.Actor, in ExcursionIn) (none List[ExposedLot], err error) {
	e, err := a.Lists.Excursion(ctx, in.ID)
	if err != nil {
		return none, err
	}
	held, err := a.Stock.Store.HoldsOf(ctx, e.ID)
	if err != nil {
		return none, err
	}
	told := &inventory.Histories{Store: a.Stock.Store, Thermometer: a.ColdChain, Now: a.Now()}
	whole := hospital.LookingWithin(ctx, hospital.Reach{Everywhere: true}) // what is left counts all that happened, wherever that was
	if err := told.WeighAll(whole, held, a.ColdChain); err != nil {
		return none, err
	}
	out := List[ExposedLot]{Items: []ExposedLot{}}
	for _, h := range held {
		lot := ExposedLot{Hold: h.ID, Item: h.Item, ItemName: h.ItemName, Lot: h.Lot, Number: h.LotNumber, Place: h.Place, Quantity: h.Quantity,
			Decision: string(h.Decision), Bands: []Exposure{}}
		for _, band := range h.Bands() {
			lot.Bands = append(lot.Bands, wireExposure(band))
		}
		out.Items = append(out.Items, lot)
	}
	return out, nil
}

// Forewarning is a crossing of a limit that was foretold, and what became of it.
type Forewarning struct {
	ID        coldchain.ForewarningID `json:"id"`
	Fridge    coldchain.FridgeID      `json:"fridge"`
	Rule      string                  `json:"rule"`
	Power     bool                    `json:"without_power" doc:"The mains were away: it went by the fridge's own warming."`
	At        time.Time               `json:"at" doc:"When it was said."`
	Celsius   float64                 `json:"celsius" doc:"How cold it was then."`
	Soonest   time.Time               `json:"soonest" doc:"Between this time and the latest the limit was expected to be crossed."`
	Latest    time.Time               `json:"latest"`
	Outcome   string                  `json:"outcome" enum:"open,came true,did not,nobody knows"`
	CrossedAt time.Time               `json:"crossed_at,omitzero" doc:"The first reading beyond the limit; absent unless it came true."`
}

func wireForewarning(f coldchain.Forewarning) Forewarning {
	return Forewarning{ID: f.ID, Fridge: f.Fridge, Rule: f.Rule, Power: f.Power, At: f.At, Celsius: f.Temp.Celsius(), Soonest: f.Soonest, Latest: f.Latest,
		Outcome: f.Outcome.Word(), CrossedAt: f.CrossedAt}
}

// ForewarningsIn chooses forewarnings.
type ForewarningsIn struct {
	Fridge coldchain.FridgeID `query:"fridge" doc:"Of this fridge; of all when absent."`
	From   time.Time          `query:"from" doc:"Said at this time or later."`
	To     time.Time          `query:"to" doc:"Said before this time."`
	Part
}

func (a *API) forewarnings(ctx context.Context, _ hospital.Actor, in ForewarningsIn) (none List[Forewarning], err error) {
	ask := coldchain.ForewarningQuery{Fridge: in.Fridge, From: in.From, To: in.To}
	if err := keysOf(in.Cursor, "forewarnings", (*int64)(&ask.Before)); err != nil {
		return none, err
	}
	said, err := a.Lists.Forewarnings(ctx, ask, in.limit()+1)
	return listOf(in.Part, "forewarnings", said, func(f coldchain.Forewarning) []string { return []string{number(f.ID)} }, wireForewarning), err
}

// TrackRecord says how often forewarnings of the last 90 days came true.
type TrackRecord struct {
	Days        int     `json:"days"`
	Right       int     `json:"came_true"`
	Wrong       int     `json:"did_not"`
	Unknown     int     `json:"nobody_knows" doc:"The probe fell silent before the time was up."`
	Open        int     `json:"open"`
	LeadMinutes float64 `json:"lead_minutes" doc:"The median from a warning that came true to the crossing."`
}

// TrackIn chooses whose warnings are counted.
type TrackIn struct {
	Fridge coldchain.FridgeID `query:"fridge" required:"yes"`
}

func (a *API) track(ctx context.Context, _ hospital.Actor, in TrackIn) (TrackRecord, error) {
	if _, err := a.ColdChain.Standing(ctx, in.Fridge, a.Now()); err != nil {
		return TrackRecord{}, err
	}
	t, err := a.ColdChain.Track(ctx, in.Fridge, a.Now())
	return TrackRecord{Days: int(coldchain.TrackFor / (24 * time.Hour)), Right: t.Right, Wrong: t.Wrong, Unknown: t.Unknown, Open: t.Open, LeadMinutes: t.Lead.Minutes()}, err
}
