package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Keeping is what a product bears: its stability budgets outside its range, and
// how long it may be used once something was done to it.
type Keeping struct {
	Bands  []Stability `json:"bands,omitempty"`
	Clocks []BeyondUse `json:"clocks,omitempty"`
}

// ClockKind is what starts a beyond-use clock.
type ClockKind string

// The kinds.
const (
	Opened        ClockKind = "opened"
	Punctured     ClockKind = "punctured"
	Thawed        ClockKind = "thawed" // out of the freezer, into the fridge
	Reconstituted ClockKind = "reconstituted"
	OutOfTheCold  ClockKind = "out of the cold" // taken to room temperature for good
)

// ClockKinds lists the kinds in the order pages show them.
func ClockKinds() []ClockKind {
	return []ClockKind{Opened, Punctured, Thawed, Reconstituted, OutOfTheCold}
}

// BeyondUse is a clock of a product: usable for so long after it was opened,
// thawed or reconstituted, and never beyond its expiry.
type BeyondUse struct {
	Kind   ClockKind `json:"kind"`
	Hours  float64   `json:"hours"`
	Source string    `json:"source"`
}

// Then is what a band's maker says of goods that were in it, within its time.
type Then string

// What may follow.
const (
	ThenReturn  Then = ""        // back into the fridge, to be used until its expiry
	ThenUseNow  Then = "use now" // used within the time, not put back
	ThenCallFor Then = "call"    // the maker is asked each time
)

// Thens lists them in the order pages show them.
func Thens() []Then { return []Then{ThenReturn, ThenUseNow, ThenCallFor} }

// KeepingVersion is a product's keeping as it stood from a moment on. Versions are
// never changed; a later one takes over at its From.
type KeepingVersion struct {
	Keeping
	Item    ItemID
	Version int // from 1
	From    time.Time
	MadeAt  time.Time
	By      string
	Why     string
}

const (
	// MaxBands and MaxClocks bound a product's keeping.
	MaxBands, MaxClocks = 12, 5
	// longestHours is the longest time that a band or clock may have: three years.
	longestHours = 3 * 366 * 24 // 26,352
	// maxKeepingAhead is how far ahead a change can be set.
	maxKeepingAhead = 366 * 24 * time.Hour
	// maxWords is the longest citation or reason, in bytes.
	maxWords = 500
)

// KeepingAt is what is in force at a moment: the newest version that has begun, or
// what the item came with.
func (i Item) KeepingAt(versions []KeepingVersion, at time.Time) Keeping {
	for _, v := range slices.Backward(versions) {
		if !v.From.After(at) {
			return v.Keeping
		}
	}
	return Keeping{Bands: i.Stability}
}

// Clock is the product's clock of a kind; false when its maker names none.
func (k Keeping) Clock(kind ClockKind) (BeyondUse, bool) {
	i := slices.IndexFunc(k.Clocks, func(c BeyondUse) bool { return c.Kind == kind })
	if i < 0 {
		return BeyondUse{}, false
	}
	return k.Clocks[i], true
}

// Check says what is wrong with a keeping, in a sentence; nil when nothing is.
func (k Keeping) Check() error {
	refuse := func(format string, a ...any) error {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf(format, a...))
	}
	if len(k.Bands) > MaxBands || len(k.Clocks) > MaxClocks {
		return refuse("A product has at most %d temperature bands and %d clocks.", MaxBands, MaxClocks)
	}
	for _, b := range k.Bands {
		switch {
		case b.FromCelsius >= b.ToCelsius || b.FromCelsius < -273 || b.ToCelsius > 200:
			return refuse("A band goes from the lower to the higher temperature, such as 8 to 25 °C.")
		case b.Hours < 0 || b.Hours > longestHours:
			return refuse("The time in a band is 0 hours (none is allowed) or more, up to three years.")
		case strings.TrimSpace(b.Source) == "" || len(b.Source) > maxWords:
			return refuse("Name where the time at %g to %g °C comes from: the maker's leaflet with its date, or a letter.", b.FromCelsius, b.ToCelsius)
		case !slices.Contains(Thens(), b.Then):
			return refuse("Choose what follows after the band at %g to %g °C.", b.FromCelsius, b.ToCelsius)
		}
	}
	seen := map[ClockKind]bool{}
	for _, c := range k.Clocks {
		switch {
		case !slices.Contains(ClockKinds(), c.Kind):
			return refuse("Choose what starts the clock.")
		case seen[c.Kind]:
			return refuse("There are two clocks for “%s”. Keep one.", c.Kind)
		case c.Hours <= 0 || c.Hours > longestHours:
			return refuse("A clock runs for more than 0 hours and at most three years.")
		case strings.TrimSpace(c.Source) == "" || len(c.Source) > maxWords:
			return refuse("Name where the time after “%s” comes from.", c.Kind)
		}
		seen[c.Kind] = true
	}
	return nil
}

func (k Keeping) print() string {
	text, _ := json.Marshal(k) // plain values: it can't fail
	return string(text)
}

// KeepingTx is what keepings and clocks need of a transaction.
type KeepingTx interface {
	// Keepings are a product's versions, oldest first.
	Keepings(ctx context.Context, item ItemID) ([]KeepingVersion, error)
	AddKeeping(ctx context.Context, by hospital.Actor, v KeepingVersion) error
	// SetBands has an item's budgets judged by these bands.
	SetBands(ctx context.Context, item ItemID, bands []Stability) error
	ClockTx
}

// SaveKeeping stores the next version of a product's keeping, in force from a
// moment on; a zero from is now. It takes hospital.ManageColdChain in the whole
// hospital, and a reason.
func (s *Stock) SaveKeeping(ctx context.Context, by hospital.Actor, id ItemID, k Keeping, from time.Time, why string) (KeepingVersion, error) {
	if err := by.Need(hospital.ManageColdChain); err != nil {
		return KeepingVersion{}, err
	}
	if !by.Reach(hospital.ManageColdChain).Everywhere {
		return KeepingVersion{}, hospital.Refuse(hospital.ErrForbidden, "A product's stability concerns the whole hospital; your role is limited to units.")
	}
	if why = strings.TrimSpace(why); why == "" || len(why) > maxWords {
		return KeepingVersion{}, hospital.Refuse(hospital.ErrInvalid, "Say in a few words why this is changed.")
	}
	if err := k.Check(); err != nil {
		return KeepingVersion{}, err
	}
	version := KeepingVersion{Keeping: k, Item: id, Version: 1, From: from, By: by.Name, Why: why}
	err := s.Store.InTx(ctx, func(tx Tx) error {
		item, err := tx.Item(ctx, id)
		if err != nil {
			return err
		}
		before, err := tx.Keepings(ctx, id)
		if err != nil {
			return err
		}
		version.MadeAt = tx.Now()
		if err := version.follow(item, before, tx.Now()); err != nil {
			return err
		}
		return s.addKeeping(ctx, tx, by, version, item.KeepingAt(before, version.From))
	})
	if err != nil {
		return KeepingVersion{}, fmt.Errorf("save the keeping of %s: %w", id, err)
	}
	return version, nil
}

func (s *Stock) addKeeping(ctx context.Context, tx Tx, by hospital.Actor, v KeepingVersion, before Keeping) error {
	if err := tx.AddKeeping(ctx, by, v); err != nil {
		return err
	}
	if !v.From.After(tx.Now()) {
		if err := tx.SetBands(ctx, v.Item, v.Bands); err != nil {
			return err
		}
	}
	tx.Announce("stock", "stock/"+string(v.Item))
	return tx.Record(ctx, hospital.Deed{By: by, What: "item.keeping", On: "stock/" + string(v.Item), Why: v.Why, Before: before.print(), After: v.print()})
}

// follow numbers the version behind those that there are.
func (v *KeepingVersion) follow(item Item, before []KeepingVersion, now time.Time) error {
	if v.From.IsZero() {
		v.From = now
	}
	last := Keeping{Bands: item.Stability}
	if n := len(before); n > 0 {
		v.Version, last = before[n-1].Version+1, before[n-1].Keeping
		if v.From.Before(before[n-1].From) {
			return hospital.Refuse(hospital.ErrInvalid, "The version before begins later than that. Choose a later time.")
		}
	}
	switch {
	case v.From.Before(now):
		return hospital.Refuse(hospital.ErrInvalid, "It can't begin in the past: what was decided stays as it was.")
	case v.From.After(now.Add(maxKeepingAhead)):
		return hospital.Refuse(hospital.ErrInvalid, "It can begin at most a year ahead.")
	case last.print() == v.print():
		return hospital.Refuse(hospital.ErrInvalid, "Nothing was changed.")
	}
	return nil
}
