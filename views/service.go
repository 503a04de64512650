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
	if t.Plan.EveryHours > 0 && t.Due.On.IsZero() {
		words = append(words, fmt.Sprintf("%.0f of %d hours", t.Due.HoursUsed, t.Plan.EveryHours))
	}
	if len(words) == 0 {
		return "once, not done yet"
	}
	return strings.Join(words, ", ")
}

// hoursWords says how much of a plan's hours is used, where its day stands beside it.
func hoursWords(t maintain.Task) string {
	if t.Plan.EveryHours == 0 || t.Due.On.IsZero() {
		return ""
	}
	return fmt.Sprintf("%.0f of %d hours", t.Due.HoursUsed, t.Plan.EveryHours)
}
