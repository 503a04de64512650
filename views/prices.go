package views

import (
	"context"

	"wardwatch/inventory"
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
