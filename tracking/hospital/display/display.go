// Package display knows the screens that hang on walls.
//
// Nobody signs in at a wall: an administrator makes a link for each display, which says
// what it shows in turn and of which unit. The link is a secret, kept as its hash; it
// reads and changes nothing, and an administrator ends it at once.
package display

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wardwatch/tracking/hospital"
)

// ID names a display.
type ID string

// Person is the display as the audit trail and the live pages name it.
func (id ID) Person() hospital.PersonID { return hospital.PersonID("display:" + id) }

// Board is one thing that a display can show.
type Board string

// The boards, in the order in which they are shown in turn.
const (
	ColdChain Board = "coldchain" // every fridge, the worst first
	OneUnit   Board = "unit"      // what the display's unit has and needs, and its fridges
	Equipment Board = "equipment" // what units have free, and lack
	Orders    Board = "orders"    // what is on its way, and late
)

// Boards lists all of them.
func Boards() []Board { return []Board{ColdChain, OneUnit, Equipment, Orders} }

// Limits of a display.
const (
	maxName = 60
	// ShortestTurn and LongestTurn bound how many seconds each board stands.
	ShortestTurn, LongestTurn = 5, 600
	// MostInUse is how many displays may be in use at once.
	MostInUse = 200
	// touchEvery is how exactly it is known when a display was last seen.
	touchEvery = time.Minute
	// secretLength is what crypto/rand.Text gives, twice: 256 bits and more.
	secretLength = 52
)

// Display is a screen on a wall.
type Display struct {
	ID   ID
	Name string // "Pharmacy wall"
	// Unit limits it to what belongs to one; empty: the whole hospital.
	Unit   hospital.UnitID
	Boards []Board
	// Turn is how many seconds each board stands, where there are several.
	Turn int
	// DimFrom and DimUntil are hours of the site's clock between which it is dimmed; equal: never.
	DimFrom, DimUntil int
	MadeAt            time.Time
	MadeBy            hospital.PersonID
	LastSeen          time.Time // zero: never; to the minute
	EndedAt           time.Time // zero while its link is good
}

// Actor is the display as one who looks.
func (d Display) Actor() hospital.Actor { return hospital.Onlooker(d.ID.Person(), d.Name, d.Unit) }

// Hash is what is kept of a link's secret.
type Hash string

// HashOf is a secret's SHA-256, in hexadecimal.
func HashOf(secret string) Hash {
	sum := sha256.Sum256([]byte(secret))
	return Hash(hex.EncodeToString(sum[:]))
}

// Store keeps displays.
type Store interface {
	InTx(ctx context.Context, change func(Tx) error) error
	// Display is the one whose link has this hash, hospital.ErrUnknown when there is none.
	Display(ctx context.Context, hash Hash) (Display, error)
	// DisplayByID is one of them, or hospital.ErrUnknown.
	DisplayByID(ctx context.Context, id ID) (Display, error)
	// Displays are all, those in use first, by name.
	Displays(ctx context.Context) ([]Display, error)
}

// Tx is a change in progress.
type Tx interface {
	Now() time.Time
	// InUse counts the displays whose link is good.
	InUse(ctx context.Context) (int, error)
	AddDisplay(ctx context.Context, d Display, hash Hash) error
	TouchDisplay(ctx context.Context, id ID) error
	// EndDisplay ends a link; hospital.ErrUnknown when there is none that is good.
	EndDisplay(ctx context.Context, id ID) error
	Announce(topics ...string)
	Record(ctx context.Context, deed hospital.Deed) error
}

// Desk is where displays are looked after.
type Desk struct {
	Store    Store
	Register *hospital.Register
	Now      func() time.Time
}

// List is every display.
func (d *Desk) List(ctx context.Context, by hospital.Actor) ([]Display, error) {
	if err := by.Need(hospital.SeeDevices); err != nil {
		return nil, err
	}
	return d.Store.Displays(ctx)
}

// Add makes a display and answers with its link's secret, which is shown this once.
func (d *Desk) Add(ctx context.Context, by hospital.Actor, n Display) (Display, string, error) {
	if err := by.NeedEverywhere(hospital.ManageHospital); err != nil {
		return n, "", err
	}
	n, err := d.checked(n)
	if err != nil {
		return n, "", err
	}
	secret := rand.Text() + rand.Text()
	n.ID, n.MadeBy = ID(strings.ToLower(rand.Text()[:8])), by.ID
	err = d.Store.InTx(ctx, func(tx Tx) error {
		n.MadeAt = tx.Now()
		used, err := tx.InUse(ctx)
		if err != nil {
			return err
		}
		if used >= MostInUse {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("There are %d displays already. End one that nobody looks at.", used))
		}
		if err := tx.AddDisplay(ctx, n, HashOf(secret)); err != nil {
			return err
		}
		after, err := json.Marshal(map[string]any{"name": n.Name, "unit": n.Unit, "boards": n.Boards})
		if err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "display.add", On: "display/" + string(n.ID), After: string(after)})
	})
	if err != nil {
		return n, "", fmt.Errorf("add display %q: %w", n.Name, err)
	}
	return n, secret, nil
}

// checked is a display that can be so, or a sentence on why it can't.
func (d *Desk) checked(n Display) (Display, error) {
	n.Name = strings.TrimSpace(n.Name)
	_, known := d.Register.Current().Unit(n.Unit)
	switch {
	case n.Name == "" || utf8.RuneCountInString(n.Name) > maxName || strings.ContainsFunc(n.Name, unicode.IsControl):
		return n, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Give the display a name of 1 to %d characters.", maxName))
	case n.Unit != "" && !known:
		return n, hospital.Refuse(hospital.ErrInvalid, "There is no such unit.")
	case n.Unit == "" && slices.Contains(n.Boards, OneUnit):
		return n, hospital.Refuse(hospital.ErrInvalid, "Choose the unit whose board it shows.")
	case n.Turn < ShortestTurn || n.Turn > LongestTurn:
		return n, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Each board stands for %d to %d seconds.", ShortestTurn, LongestTurn))
	case n.DimFrom < 0 || n.DimFrom > 23 || n.DimUntil < 0 || n.DimUntil > 23:
		return n, hospital.Refuse(hospital.ErrInvalid, "It is dimmed between two hours of the clock, 0 to 23.")
	}
	var boards []Board
	for _, b := range Boards() {
		if slices.Contains(n.Boards, b) {
			boards = append(boards, b)
		}
	}
	if len(boards) == 0 {
		return n, hospital.Refuse(hospital.ErrInvalid, "Choose what it shows.")
	}
	n.Boards = boards
	return n, nil
}

// End ends a display's link: the screen goes dark at once.
func (d *Desk) End(ctx context.Context, by hospital.Actor, id ID) error {
	if err := by.NeedEverywhere(hospital.ManageHospital); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.EndDisplay(ctx, id); err != nil {
			return err
		}
		tx.Announce("person/" + string(id.Person()))
		return tx.Record(ctx, hospital.Deed{By: by, What: "display.end", On: "display/" + string(id)})
	})
	if err != nil {
		return fmt.Errorf("end display %s: %w", id, err)
	}
	return nil
}

// Open is the display whose link was opened; hospital.ErrUnknown for a link that never
// was one or has ended. That it was seen is noted to the minute.
func (d *Desk) Open(ctx context.Context, secret string) (Display, error) {
	if len(secret) != secretLength {
		return Display{}, hospital.ErrUnknown
	}
	n, err := d.Store.Display(ctx, HashOf(secret))
	if err == nil && !n.EndedAt.IsZero() {
		err = hospital.ErrUnknown
	}
	if err != nil {
		return Display{}, fmt.Errorf("open a display: %w", err)
	}
	if d.Now().Sub(n.LastSeen) < touchEvery {
		return n, nil
	}
	return n, d.Store.InTx(ctx, func(tx Tx) error { return tx.TouchDisplay(ctx, n.ID) })
}

// Good says whether a display's link still is.
func (d *Desk) Good(ctx context.Context, id ID) bool {
	n, err := d.Store.DisplayByID(ctx, id)
	return err == nil && n.EndedAt.IsZero()
}
