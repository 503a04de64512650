package maintain

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Reader is what can be read, in and outside of a change.
type Reader interface {
	// Piece is one asset with its papers; tracking.ErrUnknownAsset when there is none.
	Piece(ctx context.Context, id tracking.AssetID) (Piece, error)
	// Pieces are those of the models and lots; both empty: all that are broken; at most limit.
	Pieces(ctx context.Context, s Selection, limit int) ([]Piece, error)
	Plans(ctx context.Context) ([]Plan, error)
	// LastWork is the last work that passed, by piece and plan.
	LastWork(ctx context.Context) (map[WorkKey]Last, error)
	// Recall is one recall; ErrUnknown when there is none.
	Recall(ctx context.Context, id RecallID) (Recall, error)
	// Ticks are the pieces that a recall is done with.
	Ticks(ctx context.Context, id RecallID) (map[tracking.AssetID]Tick, error)
	// Steps are the newest step of each piece.
	Steps(ctx context.Context) (map[tracking.AssetID]Step, error)
}

// Selection chooses pieces; what is empty does not narrow.
type Selection struct {
	Models []string // one of them
	Unit   hospital.UnitID
	Lot    string
	Status tracking.Status
	Rented bool
}

// WorkKey tells last works apart.
type WorkKey struct {
	Asset tracking.AssetID
	Plan  PlanID
}

// Store is where all this is kept. Package db satisfies it.
type Store interface {
	Reader
	InTx(ctx context.Context, change func(Tx) error) error
	// LastWorkOf and StepsOf are LastWork and Steps of the pieces that a unit owns.
	LastWorkOf(ctx context.Context, unit hospital.UnitID) (map[WorkKey]Last, error)
	StepsOf(ctx context.Context, unit hospital.UnitID) (map[tracking.AssetID]Step, error)
	// Models are all models of equipment, by name.
	Models(ctx context.Context) ([]string, error)
	// Recalls are all, the open ones first, the newest first; at most limit.
	Recalls(ctx context.Context, limit int) ([]Recall, error)
	// WorkOn is what was done on a piece, the newest first.
	WorkOn(ctx context.Context, id tracking.AssetID, limit int) ([]Work, error)
	// FollowUse folds the timeline's new marks into how long pieces were in use; false when there was nothing more.
	FollowUse(ctx context.Context) (more bool, err error)
}

// Tx is a change in progress.
type Tx interface {
	Reader
	Now() time.Time
	Announce(topics ...string)
	Record(ctx context.Context, deed hospital.Deed) error
	Sign(ctx context.Context, by hospital.Actor, s hospital.Signing) (hospital.Signature, error)

	AddPlan(ctx context.Context, p Plan) (PlanID, error)
	// EndPlan takes a plan off; ErrUnknown when there is none.
	EndPlan(ctx context.Context, id PlanID) error
	AddWork(ctx context.Context, w Work) error
	AddStep(ctx context.Context, s Step) error
	// SetStatus sets a piece's status on a person's word.
	SetStatus(ctx context.Context, id tracking.AssetID, status tracking.Status, by, note string) error
	AddRecall(ctx context.Context, r Recall) (RecallID, error)
	CloseRecall(ctx context.Context, id RecallID, by string) error
	// AddTick is false when the piece was ticked off before.
	AddTick(ctx context.Context, id RecallID, t Tick) (bool, error)
	// ReturnRental notes that a rented piece went back, and forgets its rental.
	ReturnRental(ctx context.Context, p Piece, by, note string) error
	// Assign gives a tag to a piece, taking it from the one that bears it; from is that one, empty when none did.
	Assign(ctx context.Context, id tracking.AssetID, tag string) (from tracking.AssetID, err error)
}

// Desk is where a biomedical engineer works.
type Desk struct {
	Register *hospital.Register
	Store    Store
	Now      func() time.Time
}

// Due lists what wants work, the most urgent first. Pieces that are retired are not in it.
func (d Desk) Due(ctx context.Context, by hospital.Actor) ([]Task, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	plans, err := d.Store.Plans(ctx)
	if err != nil {
		return nil, fmt.Errorf("due list: %w", err)
	}
	last, err := d.Store.LastWork(ctx)
	if err != nil {
		return nil, fmt.Errorf("due list: %w", err)
	}
	steps, err := d.Store.Steps(ctx)
	if err != nil {
		return nil, fmt.Errorf("due list: %w", err)
	}
	byModel, err := d.planned(ctx, plans, "")
	if err != nil {
		return nil, fmt.Errorf("due list: %w", err)
	}
	return d.due(plans, byModel, last, steps), nil
}

// DueOf is Due of the pieces that a unit owns. It reads no others.
func (d Desk) DueOf(ctx context.Context, by hospital.Actor, unit hospital.UnitID) ([]Task, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	plans, err := d.Store.Plans(ctx)
	if err != nil {
		return nil, fmt.Errorf("due in %s: %w", unit, err)
	}
	last, err := d.Store.LastWorkOf(ctx, unit)
	if err != nil {
		return nil, fmt.Errorf("due in %s: %w", unit, err)
	}
	steps, err := d.Store.StepsOf(ctx, unit)
	if err != nil {
		return nil, fmt.Errorf("due in %s: %w", unit, err)
	}
	byModel, err := d.planned(ctx, plans, unit)
	if err != nil {
		return nil, fmt.Errorf("due in %s: %w", unit, err)
	}
	return d.due(plans, byModel, last, steps), nil
}

// due sorts out which plans want work on which pieces, the most urgent first.
func (d Desk) due(plans []Plan, byModel map[string][]Piece, last map[WorkKey]Last, steps map[tracking.AssetID]Step) (tasks []Task) {
	for _, plan := range plans {
		for _, piece := range byModel[plan.Model] {
			if plan.Lot != "" && piece.Lot != plan.Lot {
				continue
			}
			due := DueOf(plan, piece.Papers, last[WorkKey{piece.ID, plan.ID}], d.Now(), d.zone())
			if due.Urgency > Later && steps[piece.ID].Stage != Retired {
				tasks = append(tasks, Task{piece, plan, due})
			}
		}
	}
	slices.SortStableFunc(tasks, func(a, b Task) int {
		return cmp.Or(cmp.Compare(b.Due.Urgency, a.Due.Urgency), a.Due.On.Compare(b.Due.On), cmp.Compare(a.Piece.ID, b.Piece.ID))
	})
	return tasks[:min(len(tasks), MaxListed)]
}

// planned are the pieces that plans are for, of a unit or (empty) of all, by model: all that
// are looked at, in one query however many plans there are.
func (d Desk) planned(ctx context.Context, plans []Plan, unit hospital.UnitID) (map[string][]Piece, error) {
	byModel := map[string][]Piece{}
	if len(plans) == 0 {
		return byModel, nil
	}
	var models []string
	for _, plan := range plans {
		models = append(models, plan.Model)
	}
	pieces, err := d.Store.Pieces(ctx, Selection{Models: slices.Compact(slices.Sorted(slices.Values(models))), Unit: unit}, maxPlanned)
	for _, piece := range pieces {
		byModel[piece.Model] = append(byModel[piece.Model], piece)
	}
	return byModel, err
}

// reach are the pieces among which a recall's serial numbers are looked for: of its model
// and lot, where it names any.
func (r Recall) reach() Selection {
	reach := Selection{Lot: r.Lot}
	if r.Model != "" {
		reach.Models = []string{r.Model}
	}
	return reach
}

const (
	// maxPieces bounds the pieces of one recall, maxPlanned those of all plans together.
	maxPieces  = 20_000
	maxPlanned = 100_000
)

func (d Desk) zone() *time.Location { return d.Register.Current().Site.Location() }

// Way orders the rooms of pieces for a walk that begins in the workshop of the
// engineer's own unit, else in any workshop.
func (d Desk) Way(by hospital.Actor, pieces []Piece) []Stop {
	directory := d.Register.Current()
	var from hospital.RoomID
	for _, room := range directory.Rooms {
		if room.Kind == hospital.Workshop && (from == "" || room.Unit == by.Unit) {
			from = room.ID
		}
	}
	var rooms []hospital.RoomID
	for _, piece := range pieces {
		if piece.Place.Known() {
			rooms = append(rooms, piece.Place.Room)
		}
	}
	return Route(directory, from, rooms)
}

// AddPlan says how often a model wants work.
func (d Desk) AddPlan(ctx context.Context, by hospital.Actor, p Plan) error {
	p.Name, p.Model, p.Lot = strings.TrimSpace(p.Name), strings.TrimSpace(p.Model), strings.TrimSpace(p.Lot)
	if err := p.Check(); err != nil {
		return err
	}
	return d.change(ctx, by, "add plan "+p.Name, func(tx Tx) error {
		id, err := tx.AddPlan(ctx, p)
		if err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "service.plan", On: fmt.Sprintf("plan/%d", id), After: facts(p)})
	})
}

// EndPlan takes a plan off the list; its work stays.
func (d Desk) EndPlan(ctx context.Context, by hospital.Actor, id PlanID) error {
	return d.change(ctx, by, "end plan", func(tx Tx) error {
		if err := tx.EndPlan(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "service.plan-end", On: fmt.Sprintf("plan/%d", id)})
	})
}

// Done is work on one or more pieces of a plan.
type Done struct {
	Plan        PlanID
	Assets      []tracking.AssetID
	Result      Result
	Certificate string
	Note        string
	// Proof signs a calibration; other work needs none.
	Proof hospital.Proof
}

func (w Done) check(p Plan) error {
	switch {
	case len(w.Assets) == 0:
		return hospital.Refuse(hospital.ErrInvalid, "Tick the pieces that the work was done on.")
	case len(w.Assets) > MaxAtOnce:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Record %d pieces at a time at most.", MaxAtOnce))
	case w.Result != Passed && w.Result != Failed:
		return hospital.Refuse(hospital.ErrInvalid, "Say whether it passed or failed.")
	case !fits(w.Certificate, 0, MaxText) || !fits(w.Note, 0, MaxNote):
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The certificate's number may have %d characters and the note %d.", MaxText, MaxNote))
	case p.Calibration && w.Result == Passed && w.Certificate == "":
		return hospital.Refuse(hospital.ErrInvalid, "A calibration that passed needs its certificate's number.")
	case p.Calibration && len(w.Assets) > 1:
		return hospital.Refuse(hospital.ErrInvalid, "A calibration is signed for one piece at a time.")
	}
	return nil
}

// RecordWork notes work that was done, a whole batch at once. A piece that failed
// is marked as broken. A calibration is signed.
func (d Desk) RecordWork(ctx context.Context, by hospital.Actor, w Done) error {
	w.Certificate, w.Note = strings.TrimSpace(w.Certificate), strings.TrimSpace(w.Note)
	return d.change(ctx, by, "record work", func(tx Tx) error {
		plans, err := tx.Plans(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(plans, func(p Plan) bool { return p.ID == w.Plan })
		if i < 0 {
			return ErrUnknown
		}
		if err := w.check(plans[i]); err != nil {
			return err
		}
		for _, id := range w.Assets {
			if err := d.workOn(ctx, tx, by, plans[i], w, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d Desk) workOn(ctx context.Context, tx Tx, by hospital.Actor, plan Plan, w Done, id tracking.AssetID) error {
	piece, err := tx.Piece(ctx, id)
	if err != nil {
		return err
	}
	if !plan.Covers(piece) {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s does not fall under %s.", piece.Name, plan.Name))
	}
	work := Work{Asset: id, Plan: plan.ID, PlanName: plan.Name, At: tx.Now(), By: by.Name, Result: w.Result, Certificate: w.Certificate, Note: w.Note, Used: piece.UsedBy(tx.Now())}
	if plan.Calibration {
		if work.Signed, err = sign(ctx, tx, by, work, w.Proof); err != nil {
			return err
		}
	}
	if err := tx.AddWork(ctx, work); err != nil {
		return err
	}
	if w.Result == Failed {
		if err := tx.SetStatus(ctx, id, tracking.Broken, by.Name, cmp.Or(w.Note, "Failed: "+plan.Name)); err != nil {
			return err
		}
	}
	tx.Announce("asset/" + string(id))
	return tx.Record(ctx, hospital.Deed{By: by, What: "service.work", On: "asset/" + string(id), Why: w.Note, After: facts(work)})
}

func sign(ctx context.Context, tx Tx, by hospital.Actor, work Work, proof hospital.Proof) (string, error) {
	content, err := hospital.ContentOf(work)
	if err != nil {
		return "", err
	}
	signed, err := tx.Sign(ctx, by, hospital.Signing{Subject: "asset/" + string(work.Asset), Meaning: hospital.Calibrated, Content: content, Proof: proof, Why: work.Note})
	return signed.ID, err
}

// Repairs lists what is broken, with how far each repair is. A step from before it
// broke (again) does not count. Retired pieces are left out.
func (d Desk) Repairs(ctx context.Context, by hospital.Actor) ([]Repair, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	pieces, err := d.Store.Pieces(ctx, Selection{Status: tracking.Broken}, MaxListed)
	if err != nil {
		return nil, fmt.Errorf("repairs: %w", err)
	}
	steps, err := d.Store.Steps(ctx)
	if err != nil {
		return nil, fmt.Errorf("repairs: %w", err)
	}
	var repairs []Repair
	for _, piece := range pieces {
		repair := Repair{Piece: piece, Stage: Reported}
		if step := steps[piece.ID]; !step.At.IsZero() && !step.At.Before(piece.StatusAt) {
			repair.Stage, repair.Last = step.Stage, step
		}
		if repair.Stage != Retired {
			repairs = append(repairs, repair)
		}
	}
	return repairs, nil
}

// Repair takes a broken piece a step on. Fit makes it free; Retired ends its days.
func (d Desk) Repair(ctx context.Context, by hospital.Actor, id tracking.AssetID, stage Stage, note string) error {
	note = strings.TrimSpace(note)
	switch {
	case !slices.Contains(Stages(), stage):
		return hospital.Refuse(hospital.ErrInvalid, "Choose how far the repair is.")
	case !fits(note, 0, MaxNote):
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A note may have %d characters at most.", MaxNote))
	case note == "" && (stage == Fit || stage == Retired):
		return hospital.Refuse(hospital.ErrInvalid, "Say what was done before it goes back, or why it goes.")
	}
	return d.change(ctx, by, "repair", func(tx Tx) error {
		piece, err := tx.Piece(ctx, id)
		if err != nil {
			return err
		}
		if piece.Status != tracking.Broken {
			return hospital.Refuse(ErrClosed, piece.Name+" is not marked as broken any more.")
		}
		if err := tx.AddStep(ctx, Step{Asset: id, At: tx.Now(), Stage: stage, By: by.Name, Note: note}); err != nil {
			return err
		}
		if stage == Fit {
			if err := tx.SetStatus(ctx, id, tracking.Free, by.Name, note); err != nil {
				return err
			}
		}
		tx.Announce("asset/" + string(id))
		return tx.Record(ctx, hospital.Deed{By: by, What: "service.repair", On: "asset/" + string(id), Why: note, After: facts(map[string]Stage{"stage": stage})})
	})
}

// OpenRecall asks to find every piece that a maker or an authority calls back.
// outOfUse marks each as broken, so that nobody takes one meanwhile.
func (d Desk) OpenRecall(ctx context.Context, by hospital.Actor, r Recall, outOfUse bool) (id RecallID, err error) {
	if err := r.Check(); err != nil {
		return 0, err
	}
	err = d.change(ctx, by, "open recall", func(tx Tx) error {
		r.OpenedAt, r.OpenedBy = tx.Now(), by.Name
		if id, err = tx.AddRecall(ctx, r); err != nil {
			return err
		}
		pieces, err := covered(ctx, tx, r)
		if err != nil {
			return err
		}
		for _, piece := range pieces {
			tx.Announce("asset/" + string(piece.ID))
			if !outOfUse || piece.Status == tracking.Broken {
				continue
			}
			if err := tx.SetStatus(ctx, piece.ID, tracking.Broken, by.Name, "Recalled: "+r.Title); err != nil {
				return err
			}
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "recall.open", On: fmt.Sprintf("equipment-recall/%d", id), Why: r.Title, After: facts(map[string]any{"pieces": len(pieces), "out_of_use": outOfUse})})
	})
	return id, err
}

func covered(ctx context.Context, from Reader, r Recall) ([]Piece, error) {
	pieces, err := from.Pieces(ctx, r.reach(), maxPieces)
	return slices.DeleteFunc(pieces, func(p Piece) bool { return !r.Covers(p) }), err
}

// Recalled is a recall with its pieces, those still open first. Pieces that were
// taken in after it was opened are in it too.
func (d Desk) Recalled(ctx context.Context, by hospital.Actor, id RecallID) (Recall, []Recalled, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return Recall{}, nil, err
	}
	recall, err := d.Store.Recall(ctx, id)
	if err != nil {
		return Recall{}, nil, err
	}
	pieces, err := recalledOf(ctx, d.Store, recall)
	return recall, pieces, err
}

func recalledOf(ctx context.Context, from Reader, recall Recall) ([]Recalled, error) {
	pieces, err := covered(ctx, from, recall)
	if err != nil {
		return nil, fmt.Errorf("pieces of recall %d: %w", recall.ID, err)
	}
	ticks, err := from.Ticks(ctx, recall.ID)
	if err != nil {
		return nil, fmt.Errorf("pieces of recall %d: %w", recall.ID, err)
	}
	var all []Recalled
	for _, piece := range pieces {
		all = append(all, Recalled{piece, ticks[piece.ID]})
	}
	slices.SortStableFunc(all, func(a, b Recalled) int { return order(a.Done(), b.Done()) })
	return all, nil
}

// order puts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// TickOff says that a recall is done with a piece, and what was done.
func (d Desk) TickOff(ctx context.Context, by hospital.Actor, id RecallID, asset tracking.AssetID, outcome string) error {
	outcome = strings.TrimSpace(outcome)
	if !fits(outcome, 1, MaxText) {
		return hospital.Refuse(hospital.ErrInvalid, "Say in a few words what was done with it.")
	}
	return d.change(ctx, by, "tick off", func(tx Tx) error {
		recall, err := tx.Recall(ctx, id)
		if err != nil {
			return err
		}
		piece, err := tx.Piece(ctx, asset)
		if err != nil {
			return err
		}
		if !recall.ClosedAt.IsZero() || !recall.Covers(piece) {
			return hospital.Refuse(ErrClosed, "The recall is closed, or does not name this piece.")
		}
		fresh, err := tx.AddTick(ctx, id, Tick{Asset: asset, At: tx.Now(), By: by.Name, Outcome: outcome})
		if err != nil || !fresh {
			return err
		}
		tx.Announce("asset/" + string(asset))
		return tx.Record(ctx, hospital.Deed{By: by, What: "recall.tick", On: "asset/" + string(asset), Why: outcome, After: facts(map[string]RecallID{"recall": id})})
	})
}

// CloseRecall ends a recall of which every piece is ticked off.
func (d Desk) CloseRecall(ctx context.Context, by hospital.Actor, id RecallID) error {
	return d.change(ctx, by, "close recall", func(tx Tx) error {
		recall, err := tx.Recall(ctx, id)
		if err != nil {
			return err
		}
		pieces, err := recalledOf(ctx, tx, recall)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(pieces, func(r Recalled) bool { return !r.Done() }) {
			return hospital.Refuse(hospital.ErrInvalid, "Some pieces are not ticked off yet.")
		}
		if err := tx.CloseRecall(ctx, id, by.Name); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "recall.close", On: fmt.Sprintf("equipment-recall/%d", id)})
	})
}

// RecallsOf are the open recalls that a piece is not ticked off of.
func (d Desk) RecallsOf(ctx context.Context, piece Piece) ([]Recall, error) {
	all, err := d.Store.Recalls(ctx, MaxListed)
	if err != nil {
		return nil, err
	}
	var open []Recall
	for _, recall := range all {
		if !recall.ClosedAt.IsZero() || !recall.Covers(piece) {
			continue
		}
		ticks, err := d.Store.Ticks(ctx, recall.ID)
		if err != nil {
			return nil, err
		}
		if _, done := ticks[piece.ID]; !done {
			open = append(open, recall)
		}
	}
	return open, nil
}

// Rentals lists what is rented, what goes back first first.
func (d Desk) Rentals(ctx context.Context, by hospital.Actor) ([]Piece, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	pieces, err := d.Store.Pieces(ctx, Selection{Rented: true}, MaxListed)
	slices.SortStableFunc(pieces, func(a, b Piece) int { return a.DueBack.Compare(b.DueBack) })
	return pieces, err
}

// Overdue says whether a rented piece should have gone back before today.
func (d Desk) Overdue(p Piece) bool {
	return !p.DueBack.IsZero() && p.DueBack.Before(dayOf(d.Now(), d.zone()))
}

// GiveBack notes that a rented piece went back to its owner.
func (d Desk) GiveBack(ctx context.Context, by hospital.Actor, id tracking.AssetID, note string) error {
	note = strings.TrimSpace(note)
	if !fits(note, 0, MaxNote) {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A note may have %d characters at most.", MaxNote))
	}
	return d.change(ctx, by, "give back", func(tx Tx) error {
		piece, err := tx.Piece(ctx, id)
		if err != nil {
			return err
		}
		if piece.RentedFrom == "" {
			return hospital.Refuse(ErrClosed, piece.Name+" is not rented.")
		}
		if err := tx.ReturnRental(ctx, piece, by.Name, note); err != nil {
			return err
		}
		tx.Announce("asset/" + string(id))
		return tx.Record(ctx, hospital.Deed{By: by, What: "rental.return", On: "asset/" + string(id), Why: note, Before: facts(map[string]string{"rented_from": piece.RentedFrom})})
	})
}

// AssignTag gives a tag to a piece; a tag that another bears moves over when move is true.
func (d Desk) AssignTag(ctx context.Context, by hospital.Actor, id tracking.AssetID, tag string, move bool) (from tracking.AssetID, err error) {
	tag = strings.TrimSpace(tag)
	if !hospital.FitsTag(tag) {
		return "", hospital.Refuse(hospital.ErrInvalid, "This is no tag's identity: a MAC address, iBeacon, Eddystone or EPC.")
	}
	err = d.change(ctx, by, "assign tag", func(tx Tx) error {
		if _, err := tx.Piece(ctx, id); err != nil {
			return err
		}
		if from, err = tx.Assign(ctx, id, tag); err != nil {
			return err
		}
		if from != "" && from != id && !move {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Asset %s bears this tag. Tick that it moves over if that is so.", from))
		}
		tx.Announce("asset/"+string(id), "asset/"+string(from))
		return tx.Record(ctx, hospital.Deed{By: by, What: "asset.tag", On: "asset/" + string(id), Before: facts(map[string]tracking.AssetID{"on": from}), After: facts(map[string]string{"tag": tag})})
	})
	return from, err
}

func (d Desk) change(ctx context.Context, by hospital.Actor, deed string, change func(Tx) error) error {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		tx.Announce(Topic)
		return change(tx)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", deed, err)
	}
	return nil
}

// Counts is what the engineer's home page tells.
type Counts struct{ Overdue, Soon, Broken, Recalls, Rentals int }

// Counts counts what waits: work, repairs, open recalls, rentals that should be back.
func (d Desk) Counts(ctx context.Context, by hospital.Actor) (c Counts, err error) {
	due, err := d.Due(ctx, by)
	if err != nil {
		return c, err
	}
	for _, task := range due {
		if task.Due.Urgency == Overdue {
			c.Overdue++
		} else {
			c.Soon++
		}
	}
	repairs, err := d.Repairs(ctx, by)
	if err != nil {
		return c, err
	}
	c.Broken = len(repairs)
	recalls, err := d.Store.Recalls(ctx, MaxListed)
	if err != nil {
		return c, err
	}
	for _, recall := range recalls {
		if recall.ClosedAt.IsZero() {
			c.Recalls++
		}
	}
	rentals, err := d.Rentals(ctx, by)
	for _, piece := range rentals {
		if d.Overdue(piece) {
			c.Rentals++
		}
	}
	return c, err
}

// facts is a small JSON object for the audit trail.
func facts(of any) string {
	b, err := json.Marshal(of)
	if err != nil {
		return "" // plain values always marshal
	}
	return string(b)
}
