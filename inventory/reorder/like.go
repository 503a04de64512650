package reorder

import (
	"wardwatch/inventory"
)

// likeDays is after how many days of its own an item is no longer forecast from its like.
const likeDays = 28

// New says whether the spot has too little history of its own on a day.
func (s Situation) New(today inventory.Date) bool {
	return s.FirstUse.IsZero() || s.FirstUse > today-likeDays
}

// StartedFrom is the situation of a new item with the use of what it is like in
// front of its own. Where the like was never used there, nothing changes.
func (s Situation) StartedFrom(like inventory.Item, other Situation) Situation {
	if other.FirstUse.IsZero() || !s.FirstUse.IsZero() && other.FirstUse >= s.FirstUse {
		return s
	}
	var use []DayUse
	for _, u := range other.Use {
		if s.FirstUse.IsZero() || u.Day < s.FirstUse {
			use = append(use, u)
		}
	}
	s.Like, s.Use, s.FirstUse = like.Name, append(use, s.Use...), other.FirstUse
	return s
}
