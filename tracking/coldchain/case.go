package coldchain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// Step is one line of a case's checklist: what CDC's toolkit asks for when
// vaccines were out of range.
type Step string

// The steps.
const (
	StepLabel Step = "label" // the goods bear a "do not use" label
	StepMoved Step = "moved" // they stand where it is cold
	StepMaker Step = "maker" // the maker was asked
	StepCause Step = "cause" // why it happened, and what keeps it from happening again
)

// Steps are the checklist in its order.
func Steps() []Step { return []Step{StepLabel, StepMoved, StepMaker, StepCause} }

// CaseStep is a step that somebody took. A later one of the same step corrects it.
type CaseStep struct {
	Step   Step
	At     time.Time
	By     hospital.PersonID
	ByName string
	Note   string
}

// CaseLot is a lot of the case, as its owner tells it.
type CaseLot struct {
	Item, Lot, Quantity string
	// Decision is what was decided; empty while nothing is.
	Decision string
}

// LotBand is the time that a lot spent in one band of its product's stability budget:
// before an excursion, during it and since. Allowed and Left are in words; Source is the
// maker's word that they go by.
type LotBand struct {
	Band                  string
	Before, During, Since time.Duration
	Allowed, Left, Source string
	// Over is true where more was spent than is allowed, or where nobody says how much is.
	Over bool
}

// CaseDeed is a line of the audit chain that is about a case: what was done, and
// the number and hash that prove the line.
type CaseDeed struct {
	Seq                          int64
	Hash                         []byte
	At                           time.Time
	ByName, What, On, Why, After string
}

// deedWords are the deeds as people say them.
var deedWords = map[string]string{
	"excursion.begin": "found the excursion", "excursion.end": "found it over", "excursion.revise": "judged it anew by data that came later",
	"alarm.raise": "rang the alarm", "alarm.worsen": "rang anew: it became worse", "alarm.acknowledge": "acknowledged the alarm", "alarm.return": "noted the return to range",
	"alarm.close": "closed the alarm", "case.step": "noted a step of the checklist", "case.close": "closed and signed the case",
	"stock.hold": "put a lot on hold", "stock.release": "released a lot", "stock.release.first": "released a lot as the first of two", "stock.discard": "discarded a lot",
	"stock.carry": "set out with the goods", "stock.arrive": "booked what arrived", "signature.sign": "signed",
}

// Said is the deed in words.
func (d CaseDeed) Said() string {
	words, known := deedWords[d.What]
	if !known {
		words = d.What
	}
	if d.Why != "" {
		words += ": “" + d.Why + "”"
	}
	return words
}

// Proof names the line of the chain: "line 1204, 9f86d081".
func (d CaseDeed) Proof() string {
	return fmt.Sprintf("line %d, %x", d.Seq, d.Hash[:min(4, len(d.Hash))])
}

// CaseTrail is who did what about an excursion, as the audit chain holds it, oldest first.
func (m *Monitor) CaseTrail(ctx context.Context, e Excursion, alarms []notify.Alarm) ([]CaseDeed, error) {
	topics := make([]string, len(alarms))
	for i, a := range alarms {
		topics[i] = a.Topic()
	}
	return m.store.CaseTrail(ctx, e, topics)
}

// CaseRecord is what is signed when a case is closed: all of it, as it stood.
type CaseRecord struct {
	Excursion Excursion
	Steps     []CaseStep
	Lots      []CaseLot
}

// Subject names the case as the audit trail and its signatures do.
func (e Excursion) Subject() string { return fmt.Sprintf("excursion/%d", e.ID) }

// Case is how far the work on an excursion has come.
type Case struct {
	Steps []CaseStep // all that were noted, oldest first
	// Signed are its signatures; one that does not Stand over Content was given
	// before something changed.
	Signed  []hospital.Signature
	Content hospital.Content
}

// Done is the newest note of a step; false while nobody has taken it.
func (c Case) Done(step Step) (CaseStep, bool) {
	for i := len(c.Steps) - 1; i >= 0; i-- {
		if c.Steps[i].Step == step {
			return c.Steps[i], true
		}
	}
	return CaseStep{}, false
}

// Closed says whether the case was closed and nothing has changed since.
func (c Case) Closed() bool {
	return slices.ContainsFunc(c.Signed, func(s hospital.Signature) bool { return s.Stands(c.Content) })
}

// CaseOf is how far the work on an excursion has come; lots as their owner tells them.
func (m *Monitor) CaseOf(ctx context.Context, e Excursion, lots []CaseLot) (Case, error) {
	steps, err := m.store.CaseSteps(ctx, e.ID)
	if err != nil {
		return Case{}, err
	}
	told := Case{Steps: steps}
	if told.Content, err = hospital.ContentOf(CaseRecord{e, steps, lots}); err != nil {
		return Case{}, err
	}
	told.Signed, err = m.store.Signatures(ctx, e.Subject())
	return told, err
}

// TakeStep notes that a step of the checklist was taken, or why it was not needed.
func (m *Monitor) TakeStep(ctx context.Context, by hospital.Actor, id ExcursionID, step Step, note string) error {
	if err := by.Need(hospital.Acknowledge); err != nil {
		return err
	}
	note = strings.TrimSpace(note)
	switch {
	case !slices.Contains(Steps(), step):
		return hospital.Refuse(hospital.ErrInvalid, "There is no such step.")
	case note == "" && step != StepLabel:
		return hospital.Refuse(hospital.ErrInvalid, stepNeeds[step])
	case len(note) > maxCheckNote:
		return hospital.Refuse(hospital.ErrInvalid, "The note is too long: 1,000 characters are possible.")
	}
	e, err := m.reachable(ctx, by, hospital.Acknowledge, id)
	if err != nil {
		return err
	}
	err = m.store.InTx(ctx, func(tx Tx) error {
		if err := tx.AddCaseStep(ctx, id, CaseStep{Step: step, At: tx.Now(), By: by.ID, ByName: by.Name, Note: note}); err != nil {
			return err
		}
		tx.Announce(e.Fridge.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "case.step", On: e.Subject(), Why: note, After: fmt.Sprintf(`{"step":%q}`, step)})
	})
	if err != nil {
		return fmt.Errorf("note step %s of excursion %d: %w", step, id, err)
	}
	return nil
}

// stepNeeds is what a step's note must say.
var stepNeeds = map[Step]string{
	StepMoved: "Say where the goods are now, or why they were not moved.",
	StepMaker: "Say whom you called and what they said, with their reference, or why nobody was called.",
	StepCause: "Say what the cause was and what prevents it.",
}

// reachable is an excursion of a fridge that the actor's permission reaches.
func (m *Monitor) reachable(ctx context.Context, by hospital.Actor, p hospital.Permission, id ExcursionID) (Excursion, error) {
	e, err := m.store.Excursion(ctx, id)
	if err != nil {
		return Excursion{}, err
	}
	f, err := m.store.Fridge(ctx, e.Fridge)
	if err != nil {
		return Excursion{}, err
	}
	return e, m.within(by, p, f)
}

// CloseCase closes an excursion's case with a signature over all of it: the
// excursion, the checklist and what was decided of each lot. What changes
// afterwards voids the signature, and the case is open again.
func (m *Monitor) CloseCase(ctx context.Context, by hospital.Actor, id ExcursionID, lots []CaseLot, proof hospital.Proof) (hospital.Signature, error) {
	if err := by.Need(hospital.DecideLots); err != nil {
		return hospital.Signature{}, err
	}
	if _, err := m.reachable(ctx, by, hospital.DecideLots, id); err != nil {
		return hospital.Signature{}, err
	}
	var signed hospital.Signature
	err := m.store.InTx(ctx, func(tx Tx) error {
		e, err := m.store.Excursion(ctx, id) // inside the change: nothing else is written meanwhile
		if err != nil {
			return err
		}
		told, err := m.CaseOf(ctx, e, lots)
		if err != nil {
			return err
		}
		if err := told.closable(e, lots); err != nil {
			return err
		}
		signed, err = tx.Sign(ctx, by, hospital.Signing{Subject: e.Subject(), Meaning: hospital.Decided, Content: told.Content, Proof: proof, Why: "case closed"})
		if err != nil {
			return err
		}
		tx.Announce(e.Fridge.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "case.close", On: e.Subject()})
	})
	if err != nil {
		return hospital.Signature{}, fmt.Errorf("close the case of excursion %d: %w", id, err)
	}
	return signed, nil
}

func (c Case) closable(e Excursion, lots []CaseLot) error {
	if e.Running() {
		return hospital.Refuse(hospital.ErrInvalid, "It is not over yet. The case can be closed once the temperature is back.")
	}
	if c.Closed() {
		return hospital.Refuse(hospital.ErrInvalid, "The case is closed already, and nothing has changed since.")
	}
	for _, lot := range lots {
		if lot.Decision == "" {
			return hospital.Refuse(hospital.ErrInvalid, "Lot "+lot.Lot+" of "+lot.Item+" still waits for a decision.")
		}
	}
	for _, step := range Steps() {
		if _, done := c.Done(step); !done {
			return hospital.Refuse(hospital.ErrInvalid, "The checklist is not complete: note each step, or why it was not needed.")
		}
	}
	return nil
}

// Policy is what the site asks for beside the rules.
type Policy struct {
	// SecondRelease: a held lot is given free by two different people.
	SecondRelease bool
	// ChecksADay is how often each fridge is looked at on a workday: 1 or 2.
	ChecksADay int
	By         string
	At         time.Time // zero while nobody has said
}

// Policy is what the site asks for now.
func (m *Monitor) Policy(ctx context.Context) (Policy, error) { return m.store.Policy(ctx) }

// SetPolicy changes what the site asks for.
func (m *Monitor) SetPolicy(ctx context.Context, by hospital.Actor, p Policy, why string) error {
	if err := by.Need(hospital.ManageColdChain); err != nil {
		return err
	}
	if !by.Reach(hospital.ManageColdChain).Everywhere {
		return hospital.ErrForbidden
	}
	if why = strings.TrimSpace(why); why == "" || len(why) > maxCheckNote {
		return hospital.Refuse(hospital.ErrInvalid, "Say in a few words why this is changed.")
	}
	if p.ChecksADay != 1 && p.ChecksADay != 2 {
		return hospital.Refuse(hospital.ErrInvalid, "A fridge is checked once or twice a day.")
	}
	err := m.store.InTx(ctx, func(tx Tx) error {
		p.At, p.By = tx.Now(), by.Name
		if err := tx.AddPolicy(ctx, by, p, why); err != nil {
			return err
		}
		tx.Announce(Topic)
		return tx.Record(ctx, hospital.Deed{By: by, What: "coldchain.policy", On: "coldchain", Why: why,
			After: fmt.Sprintf(`{"second_release":%t,"checks_a_day":%d}`, p.SecondRelease, p.ChecksADay)})
	})
	if err != nil {
		return fmt.Errorf("set the cold chain's policy: %w", err)
	}
	return nil
}

// Refuges are the fridges that what stands in a failing one can be carried to:
// in range and heard of now, with no wider band, the nearest first.
func (m *Monitor) Refuges(ctx context.Context, id FridgeID, at time.Time) ([]Standing, error) {
	board, err := m.Board(ctx, at)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(board, func(s Standing) bool { return s.Fridge.ID == id })
	if i < 0 {
		return nil, ErrUnknownFridge
	}
	from := board[i]
	var refuges []Standing
	for _, s := range board {
		if s.Fridge.ID != id && s.Condition == InRange && !s.Stale && s.Profile.Low >= from.Profile.Low && s.Profile.High <= from.Profile.High {
			refuges = append(refuges, s)
		}
	}
	slices.SortStableFunc(refuges, func(a, b Standing) int { return cmp.Compare(a.distance(from), b.distance(from)) })
	return refuges, nil
}

// distance is how far away a fridge stands: 0 in the room, 1 in the unit, 2 on the floor, 3 elsewhere.
func (s Standing) distance(from Standing) int {
	switch {
	case s.Fridge.Room != "" && s.Fridge.Room == from.Fridge.Room:
		return 0
	case s.Fridge.Unit != "" && s.Fridge.Unit == from.Fridge.Unit:
		return 1
	case s.Room.Floor != "" && s.Room.Floor == from.Room.Floor:
		return 2
	}
	return 3
}
