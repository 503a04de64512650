package reorder

import (
	"context"
	"fmt"
	"strings"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// BudgetID numbers budgets.
type BudgetID int64

// Budget is what a unit, or the whole hospital, may spend on orders in a period,
// and what became of it. An order is charged to the period in which it was approved.
type Budget struct {
	ID       BudgetID
	Name     string
	Unit     hospital.UnitID // empty: the whole hospital
	UnitName string
	Currency string
	From     inventory.Date
	Until    inventory.Date // both days are within
	Amount   int64          // minor units
	// Spent is the worth of what came in, Committed of what was approved and may still come.
	Spent, Committed int64
	Version          int64
	SetName          string
}

// ErrUnknownBudget: there is none of that number.
var ErrUnknownBudget = fmt.Errorf("budget %w", hospital.ErrUnknown)

// Left is what may still be approved; negative when it is overspent.
func (b Budget) Left() int64 { return b.Amount - b.Spent - b.Committed }

// Money is an amount in the budget's currency.
func (b Budget) Money(minor int64) inventory.Money {
	return inventory.Money{Minor: minor, Currency: b.Currency}
}

// Covers says whether an order for a unit on a day is charged to the budget.
func (b Budget) Covers(unit hospital.UnitID, currency string, on inventory.Date) bool {
	return (b.Unit == "" || b.Unit == unit) && b.Currency == currency && b.From <= on && on <= b.Until
}

// Breaks says whether so much more is too much: what uses it up exactly is not.
func (b Budget) Breaks(cost int64) bool { return cost > b.Left() }

// broken are the budgets that a proposal would break, of those that there are.
func (p Proposal) broken(all []Budget, today inventory.Date) (names []string) {
	for _, b := range all {
		if b.Covers(p.Place.Unit, p.Supplier.Currency, today) && b.Breaks(p.Cost().Minor) {
			names = append(names, fmt.Sprintf("%s (%s of %s left)", b.Name, b.Money(b.Left()), b.Money(b.Amount)))
		}
	}
	return names
}

// Charged is a budget that a proposal would be charged to: of Amount, Left is left before
// it and After with it; After is negative where it breaks the budget.
type Charged struct {
	Name                string
	Amount, Left, After inventory.Money
}

// charged are the budgets that a proposal would be charged to, of those that there are.
func (p Proposal) charged(all []Budget, today inventory.Date) (to []Charged) {
	for _, b := range all {
		if b.Covers(p.Place.Unit, p.Supplier.Currency, today) {
			to = append(to, Charged{b.Name, b.Money(b.Amount), b.Money(b.Left()), b.Money(b.Left() - p.Cost().Minor)})
		}
	}
	return to
}

// WithBudgets says of each proposal which budgets it would be charged to as they stand, and
// which of them it would break.
func (d *Desk) WithBudgets(ctx context.Context, open []Proposal) error {
	today := d.Stock.Today(d.Now())
	all, err := d.Store.Budgets(ctx, today, today)
	if err != nil {
		return err
	}
	for i := range open {
		open[i].OverBudget, open[i].Budgets = open[i].broken(all, today), open[i].charged(all, today)
	}
	return nil
}

// fault says what is wrong with a budget by itself.
func (b Budget) fault() error {
	switch {
	case b.Name == "" || len(b.Name) > maxBudgetName:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Give the budget a name of at most %d characters.", maxBudgetName))
	case b.Amount < 0 || b.Amount > maxBudget:
		return hospital.Refuse(hospital.ErrInvalid, "Give an amount of nothing or more.")
	case b.From.IsZero() || b.Until < b.From:
		return hospital.Refuse(hospital.ErrInvalid, "Give the first and the last day of the period.")
	case len(b.Currency) != 3:
		return hospital.Refuse(hospital.ErrInvalid, "Give the currency as three letters, like EUR.")
	}
	return nil
}

// Beside refuses a budget that shares a day with another of its unit and currency, of
// those that touch its period.
func (b Budget) Beside(all []Budget) error {
	if err := b.fault(); err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != b.ID && other.Unit == b.Unit && other.Currency == b.Currency {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s covers a part of that period already.", other.Name))
		}
	}
	return nil
}

// SetBudget adds a budget, or changes one that has a number. Who approves does
// not set what she may spend: that takes ManageHospital. Two budgets of a unit in
// one currency may not share a day.
func (d *Desk) SetBudget(ctx context.Context, by hospital.Actor, b Budget) (BudgetID, error) {
	if err := by.NeedEverywhere(hospital.ManageHospital); err != nil {
		return 0, err
	}
	b.Name = strings.TrimSpace(b.Name)
	if err := b.fault(); err != nil {
		return 0, err
	}
	if _, known := d.Register.Current().Unit(b.Unit); b.Unit != "" && !known {
		return 0, hospital.Refuse(hospital.ErrInvalid, "There is no such unit.")
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		all, err := tx.Budgets(ctx, b.From, b.Until)
		if err != nil {
			return err
		}
		if err := b.Beside(all); err != nil {
			return err
		}
		b.SetName = by.Name
		if b.ID, err = tx.SaveBudget(ctx, b); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "budget.set", On: fmt.Sprintf("budget/%d", b.ID),
			After: fmt.Sprintf(`{"name":%q,"unit":%q,"currency":%q,"from":%q,"until":%q,"amount_minor":%d}`, b.Name, b.Unit, b.Currency, b.From, b.Until, b.Amount)})
	})
	if err != nil {
		return 0, fmt.Errorf("set budget %q: %w", b.Name, err)
	}
	return b.ID, nil
}

const (
	// maxBudgetName is in bytes; maxBudget in minor units.
	maxBudgetName = 120
	maxBudget     = 1_000_000_000_000
)
