package views

import (
	"context"
	"fmt"
	"strings"

	"wardwatch/tracking/maintain"
)

// dueWords says when work is due: "was due 3 May 2026", "92 of 100 hours".
func dueWords(ctx context.Context, t maintain.Task) string {
	var words []string
	if !t.Due.On.IsZero() {
		verb := "due "
		if t.Due.Urgency == maintain.Overdue {
			verb = "was due "
		}
		words = append(words, verb+Day(ctx, t.Due.On))
	}
	if t.Plan.EveryHours > 0 {
		words = append(words, fmt.Sprintf("%.0f of %d hours", t.Due.HoursUsed, t.Plan.EveryHours))
	}
	if len(words) == 0 {
		return "once, not done yet"
	}
	return strings.Join(words, ", ")
}
