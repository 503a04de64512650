// Package audit reads the trail of who did what, when, to which thing and why.
// The trail is written by each change in its own transaction (see
// hospital.Deed) and never altered; here it is searched, page by page.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

// PageSize is how many lines one page of the trail holds.
const PageSize = 50

// Line is one line of the trail.
type Line struct {
	Seq   int64             `json:"number"`
	At    time.Time         `json:"at"`
	By    hospital.PersonID `json:"who"`
	Name  string            `json:"name"`  // as she was called when she did it
	Deed  string            `json:"deed"`  // "alarm.acknowledge"
	Thing string            `json:"thing"` // "fridge/f-03"
	Why   string            `json:"why,omitempty"`
	// Before and After are small JSON objects; may be empty.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Filter says which lines are wanted; the zero Filter wants all.
type Filter struct {
	Who   string // part of a name or id
	Deed  string // beginning of a deed: "alarm" or "alarm.acknowledge"
	Thing string // beginning of a thing: "fridge/" or "fridge/f-03"
	From  time.Time
	Until time.Time // not itself
}

// Look is the deed of whoever searches the trail: that is a sensitive look itself.
const Look = "audit.look"

// said is what was asked for, as it stands in the trail.
func (f Filter) said() string {
	asked := map[string]string{}
	for name, value := range map[string]string{"who": f.Who, "deed": f.Deed} {
		if value != "" {
			asked[name] = value
		}
	}
	if !f.From.IsZero() {
		asked["from"] = f.From.UTC().Format(time.RFC3339)
	}
	if !f.Until.IsZero() {
		asked["until"] = f.Until.UTC().Format(time.RFC3339)
	}
	text, err := json.Marshal(asked)
	if err != nil || len(asked) == 0 {
		return ""
	}
	return string(text)
}

// Page is a part of the trail, the newest line first.
type Page struct {
	Lines []Line
	// Older is where the next page begins; 0 when there is none.
	Older int64
}

// Store keeps the trail.
type Store interface {
	// Record notes that somebody took a copy of the trail.
	Record(ctx context.Context, deed hospital.Deed) error
	// Checkpoint is the text of the newest signed checkpoint, or hospital.ErrUnknown.
	Checkpoint(ctx context.Context) (string, error)
	// Lines are up to limit lines older than before, the newest first; before 0 begins with the newest of all.
	Lines(ctx context.Context, f Filter, before int64, limit int) ([]Line, error)
}

// Trail is the trail for those who may read it.
type Trail struct {
	Store Store
	// Notary signs checkpoints; nil: there are none.
	Notary *Notary
}

// exportPage is how many lines are read at once while the trail is written out.
const exportPage = 1000

// Read is the page that begins below the line before, or with the newest line when before is 0.
func (t Trail) Read(ctx context.Context, by hospital.Actor, f Filter, before int64) (Page, error) {
	if err := by.Need(hospital.SeeAudit); err != nil {
		return Page{}, err
	}
	if before <= 0 { // looking is noted once, not for each page of the same search
		if err := t.Store.Record(ctx, hospital.Deed{By: by, What: Look, On: "audit/" + f.Thing, After: f.said()}); err != nil {
			return Page{}, fmt.Errorf("look at the audit trail: %w", err)
		}
	}
	lines, err := t.Store.Lines(ctx, f, before, PageSize+1)
	if err != nil || len(lines) <= PageSize {
		return Page{Lines: lines}, err
	}
	lines = lines[:PageSize]
	return Page{Lines: lines, Older: lines[PageSize-1].Seq}, nil
}

// Export hands over every line that the filter wants, the newest first, and
// notes in the trail itself that a copy was taken.
func (t Trail) Export(ctx context.Context, by hospital.Actor, f Filter, write func(Line) error) error {
	if err := by.Need(hospital.SeeAudit); err != nil {
		return err
	}
	if err := t.Store.Record(ctx, hospital.Deed{By: by, What: "audit.export", On: "audit/" + f.Thing}); err != nil {
		return fmt.Errorf("export audit trail: %w", err)
	}
	for before := int64(0); ; {
		lines, err := t.Store.Lines(ctx, f, before, exportPage)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if err := write(line); err != nil {
				return err
			}
			before = line.Seq
		}
		if len(lines) < exportPage {
			return nil
		}
	}
}
