package inventory

import (
	"cmp"
	"context"
	"slices"
)

// ExpectedWaste is how much of each lot of a spot will expire before use of so many
// units a day reaches it. Lots are used in the order in which they expire. The
// answer is in the order of the lots; days are counted from today, which is one.
func ExpectedWaste(lots []Balance, perDay float64, today Date) []int64 {
	order := make([]int, len(lots))
	for i := range lots {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return fefo(lots[a], lots[b]) })
	waste, used := make([]int64, len(lots)), 0.0
	for _, i := range order {
		b := lots[i]
		n := b.Usable(today)
		if b.Lot.Expiry.IsZero() || n == 0 {
			continue
		}
		can := max(perDay*float64(b.Lot.Expiry-today+1)-used, 0)
		take := min(float64(n), can)
		used += take
		waste[i] = n - int64(take+1e-9)
	}
	return waste
}

// Perishing is a lot at a place that expires soon, with what of it nobody will have used by then.
type Perishing struct {
	Shelved
	PerDay float64
	Waste  int64
	// Price is what a Pack costs; Minor what the waste is worth. All in minor units.
	Price, Pack, Minor int64
	Currency           string // empty where nobody sells the item
}

// MonthSum is one month of use and waste, in minor units.
type MonthSum struct {
	Month  string // "2026-03"
	Used   int64
	Wasted int64 // discarded
	Lost   int64 // what counts found missing, less what they found
}

// TopItem is an item of a table of the most used, or most wasted.
type TopItem struct {
	Item     Item
	Quantity int64
	Minor    int64
}

// Usage is what a stretch of days used and wasted, for the dashboard.
type Usage struct {
	From, To Date
	// Currency is that of all amounts; what costs in others is not among them. Currencies
	// are all that items cost in, the commonest first.
	Currency   string
	Currencies []string
	Months     []MonthSum // oldest first
	Used       []TopItem  // most worth first
	Wasted     []TopItem
	Reasons    []TopReason
	// OnHand is the worth of what is ours, Consigned of what lies here and is not;
	// Expired of what lies here past its day.
	OnHand, Consigned, Expired int64
	// EmptyDays are days on which a place that uses an item had none, summed over all.
	EmptyDays int64
}

// TopReason is why things were discarded.
type TopReason struct {
	Why   string
	Times int64
	Minor int64
}

// Sums are the totals of all months.
func (u Usage) Sums() (used, wasted, lost int64) {
	for _, m := range u.Months {
		used, wasted, lost = used+m.Used, wasted+m.Wasted, lost+m.Lost
	}
	return used, wasted, lost
}

// WasteShare is the waste as a share of all that left the shelves, 0 to 1.
func (u Usage) WasteShare() float64 {
	used, wasted, _ := u.Sums()
	if used+wasted <= 0 {
		return 0
	}
	return float64(wasted) / float64(used+wasted)
}

// Turns are how often the stock is used up in a year, at the use of these days.
func (u Usage) Turns() float64 {
	used, _, _ := u.Sums()
	days := float64(u.To - u.From + 1)
	if u.OnHand <= 0 || days <= 0 {
		return 0
	}
	return float64(used) / float64(u.OnHand) * 365 / days
}

// UsageReader answers what the dashboards ask.
type UsageReader interface {
	// Usage sums the days from one to another, of what costs in one currency; in the
	// commonest where none, or an unknown one, is named.
	Usage(ctx context.Context, from, to Date, currency string, top int) (Usage, error)
	// ExpiringSoon are usable lots that expire by a day, of all places and in no order,
	// with the use a day that the desk forecasts there; their names and numbers, and what
	// is held of them, are left out.
	ExpiringSoon(ctx context.Context, today, by Date) ([]Perishing, error)
	// NameExpiring fills in of each lot what ExpiringSoon leaves out.
	NameExpiring(ctx context.Context, lots []Perishing) error
}

// Worths are the sums of what will be wasted, one for each currency, by its name.
func Worths(all []Perishing) (sums []Money) {
	for _, e := range all {
		if e.Minor == 0 {
			continue
		}
		i := slices.IndexFunc(sums, func(m Money) bool { return m.Currency == e.Currency })
		if i < 0 {
			i, sums = len(sums), append(sums, Money{Currency: e.Currency})
		}
		sums[i].Minor += e.Minor
	}
	slices.SortFunc(sums, func(a, b Money) int { return cmp.Compare(a.Currency, b.Currency) })
	return sums
}

// WillExpire are the lots that expire by a day with what will be wasted of each,
// the most worth first. As many of the first as are shown have their names.
func (r *Storeroom) WillExpire(ctx context.Context, today, by Date, shown int) ([]Perishing, error) {
	all, err := r.Store.ExpiringSoon(ctx, today, by)
	if err != nil {
		return nil, err
	}
	all = sorted(all, func(a, b *Perishing) int {
		return cmp.Or(cmp.Compare(a.Lot.Item, b.Lot.Item), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Lot.Expiry, b.Lot.Expiry))
	})
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].Lot.Item == all[from].Lot.Item && all[to].Place == all[from].Place {
			to++
		}
		lots := make([]Balance, to-from)
		for i := range lots {
			lots[i] = all[from+i].Balance
		}
		for i, waste := range ExpectedWaste(lots, all[from].PerDay, today) {
			all[from+i].Waste = waste
			all[from+i].Minor = waste * all[from+i].Price / max(all[from+i].Pack, 1)
		}
		from = to
	}
	all = sorted(all, func(a, b *Perishing) int {
		return cmp.Or(cmp.Compare(b.Minor, a.Minor), cmp.Compare(b.Waste, a.Waste), cmp.Compare(a.Lot.Expiry, b.Lot.Expiry))
	})
	return all, r.Store.NameExpiring(ctx, all[:min(len(all), shown)])
}

// sorted puts lots into an order, equal ones as they stood. They are large: what is
// moved about is where they are.
func sorted(all []Perishing, by func(a, b *Perishing) int) []Perishing {
	order := make([]*Perishing, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	slices.SortStableFunc(order, by)
	out := make([]Perishing, len(all))
	for i, one := range order {
		out[i] = *one
	}
	return out
}
