package document

import (
	"fmt"
	"slices"
)

// knownProfile refuses a temperature profile that is neither ready-made nor the document's own.
func (c *checker) knownProfile(id string, steps ...any) {
	own := slices.ContainsFunc(c.doc.TemperatureProfiles, func(p TemperatureProfile) bool { return p.ID == id })
	if id != "" && !own && !slices.Contains(Profiles(), id) {
		c.say(fmt.Sprintf("There is no temperature profile %q: the ready-made ones are %s, and the document has none of that name.", id, values(asAny(Profiles()))), steps...)
	}
}

func asAny(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

func (c *checker) calibrations(i int, f Fridge) {
	for j, paper := range f.Calibrations {
		if paper.Due <= paper.Done {
			c.say("The next one is due after this one was done.", "fridges", i, "calibrations", j, "due")
		}
	}
}

func (c *checker) profiles() {
	unique(c, "temperature_profiles", "id", c.doc.TemperatureProfiles, func(p TemperatureProfile) string { return p.ID })
	for i, p := range c.doc.TemperatureProfiles {
		if slices.Contains(Profiles(), p.ID) {
			c.say(fmt.Sprintf("%q is a ready-made profile; choose another name for yours.", p.ID), "temperature_profiles", i, "id")
		}
		if p.Low >= p.High {
			c.say("low_celsius must be less than high_celsius.", "temperature_profiles", i, "high_celsius")
		}
		seen := make(set)
		for j, rule := range p.Rules {
			if seen[rule.Name] {
				c.say(fmt.Sprintf("There is a rule named %q already.", rule.Name), "temperature_profiles", i, "rules", j, "name")
			}
			seen[rule.Name] = true
			if rule.Mode == "cumulative" && rule.WindowHours*60 < rule.Minutes {
				c.say("The window of a cumulative rule is at least as long as its minutes.", "temperature_profiles", i, "rules", j, "window_hours")
			}
		}
	}
}

// ladder refuses one under which an alarm could reach nobody.
func (c *checker) ladder() {
	if c.doc.Ladder == nil {
		return
	}
	shifts, seen := c.doc.Ladder.Shifts, make(set)
	for i, shift := range shifts {
		if seen[shift.Name] {
			c.say(fmt.Sprintf("There is a shift named %q already.", shift.Name), "ladder", "shifts", i, "name")
		}
		seen[shift.Name] = true
		if len(shift.Days) == 0 && !shift.Holidays && i < len(shifts)-1 {
			c.say("It has no days. Only the last shift holds by itself.", "ladder", "shifts", i)
		}
		for j, rung := range shift.Rungs {
			if len(rung.Roles)+len(rung.Phones)+len(rung.Addresses) == 0 {
				c.say("It tells nobody.", "ladder", "shifts", i, "rungs", j)
			}
			if j == 0 && rung.AfterMinutes != 0 {
				c.say("The first rung must tell at once, or an alarm could reach nobody.", "ladder", "shifts", i, "rungs", j, "after_minutes")
			}
			if j > 0 && rung.AfterMinutes <= shift.Rungs[j-1].AfterMinutes {
				c.say("The rungs must come one after the other.", "ladder", "shifts", i, "rungs", j, "after_minutes")
			}
		}
	}
}
