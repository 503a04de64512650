package views

import (
	"context"
	"slices"
	"strings"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// SeesPrices says whether whoever looks may see what things cost. Parts that are
// drawn for everybody who listens to a topic show none.
func SeesPrices(ctx context.Context) bool { return hospital.Shown(ctx, hospital.SeePrices) }

// priced is an amount after a separator, for those who may see it; else empty.
func priced(ctx context.Context, before string, amount inventory.Money) string {
	if !SeesPrices(ctx) {
		return ""
	}
	return before + amount.String()
}

// figuresFor are a proposal's figures, without prices for those who may not see them.
func figuresFor(ctx context.Context, p reorder.Proposal) []policy.Figure {
	if SeesPrices(ctx) {
		return p.Figures
	}
	return slices.DeleteFunc(slices.Clone(p.Figures), func(f policy.Figure) bool { return strings.HasPrefix(f.Name, "Price") })
}

// BudgetBefore says what is left of a budget before a proposal is charged to it, and after.
func BudgetBefore(b reorder.Charged) string {
	left := b.Name + ": " + b.Left.String() + " of " + b.Amount.String() + " left"
	if b.After.Minor < 0 {
		over := inventory.Money{Minor: -b.After.Minor, Currency: b.After.Currency}
		return left + ", this takes " + over.String() + " more."
	}
	return left + ", " + b.After.String() + " after this."
}

// budgetFor names a broken budget, without its amounts for those who may not see them.
func budgetFor(ctx context.Context, said string) string {
	if name, _, found := strings.Cut(said, " ("); found && !SeesPrices(ctx) {
		return name
	}
	return said
}
