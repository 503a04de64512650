package db

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
)

// The configuration of the cold chain as the hospital document has it: the site's own
// temperature profiles, what it asks for beside the rules, fridges as assets, and whom
// alarms reach. Each goes in as one more version, so that what held before can be read.

const documentSaid = "hospital document"

// faulty is what the domain refuses of a document, at the place that it is about.
func faulty(path string, err error) error {
	if sentence := hospital.Sentence(err); errors.Is(err, hospital.ErrInvalid) && sentence != "" {
		return document.Faults{{Path: path, Says: sentence}}
	}
	return err
}

// applyProfiles takes in the site's own temperature profiles; a change holds from now on.
func applyProfiles(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	var changes []document.Change
	for i, said := range doc.TemperatureProfiles {
		path := pathOfEntry("temperature_profiles", i)
		text, err := json.Marshal(said)
		if err != nil {
			return nil, err
		}
		profile, err := coldchain.ReadProfile(bytes.NewReader(text))
		if err != nil {
			return nil, document.Faults{{Path: path, Says: "It can't be judged by: " + err.Error() + "."}}
		}
		what, err := applyProfile(ctx, tx, profile)
		if err != nil {
			return nil, faulty(path, err)
		}
		changes = append(changes, document.Change{Path: path, What: what, Thing: "temperature profile " + said.Name})
	}
	return changes, nil
}

func applyProfile(ctx context.Context, tx *Tx, profile coldchain.Profile) (string, error) {
	all, err := profileVersions(ctx, tx)
	if err != nil {
		return "", err
	}
	what := document.Add
	if now, there := profileNow(all, profile.ID, tx.Now()); there {
		if sameProfile(now, profile) {
			return document.Same, nil
		}
		what = document.Alter
	}
	by := hospital.Job("import")
	version, _, err := coldchain.NextProfile(coldchain.ProfileVersion{Profile: profile, MadeAt: tx.Now(), By: by.Name, Why: documentSaid}, all)
	if err != nil {
		return "", err
	}
	tx.Announce(coldchain.Topic)
	return what, fridgesTx{tx}.AddProfileVersion(ctx, by, version)
}

// profileNow is the version of a profile that holds at a moment, or the first where none has begun.
func profileNow(all []coldchain.ProfileVersion, id coldchain.ProfileID, at time.Time) (now coldchain.Profile, there bool) {
	for _, v := range all {
		if v.Profile.ID == id && (!there || !v.From.After(at)) {
			now, there = v.Profile, true
		}
	}
	return now, there
}

func sameProfile(a, b coldchain.Profile) bool {
	first, err := a.File()
	second, wrong := b.File()
	return err == nil && wrong == nil && bytes.Equal(first, second)
}

// describeProfiles writes the site's own profiles as they hold now.
func describeProfiles(ctx context.Context, tx *Tx, doc *document.Document) error {
	all, err := profileVersions(ctx, tx)
	if err != nil {
		return err
	}
	for _, v := range all {
		if v.Version != 1 {
			continue
		}
		now, _ := profileNow(all, v.Profile.ID, tx.Now())
		text, err := now.File()
		if err != nil {
			return err
		}
		var said document.TemperatureProfile
		if err := json.Unmarshal(text, &said); err != nil {
			return fmt.Errorf("describe profile %s: %w", v.Profile.ID, err)
		}
		doc.TemperatureProfiles = append(doc.TemperatureProfiles, said)
	}
	return nil
}

// applyColdChain takes in what the site asks for beside the rules.
func applyColdChain(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	said := doc.ColdChain
	if said == nil {
		return nil, nil
	}
	is, err := coldPolicy(ctx, tx)
	if err != nil {
		return nil, err
	}
	want, by := is, hospital.Job("import")
	if said.ChecksADay > 0 {
		want.ChecksADay = said.ChecksADay
	}
	if said.SecondRelease != nil {
		want.SecondRelease = *said.SecondRelease
	}
	policy := document.Change{Path: "/cold_chain", What: document.Same, Thing: "policy of the cold chain"}
	if want != is {
		policy.What = document.Alter
		want.By, want.At = by.Name, tx.Now()
		if err := (fridgesTx{tx}).AddPolicy(ctx, by, want, documentSaid); err != nil {
			return nil, err
		}
		tx.Announce(coldchain.Topic)
	}
	if said.KeepYears == 0 {
		return []document.Change{policy}, nil
	}
	keeping, err := readingKeeping(ctx, tx)
	if err != nil {
		return nil, err
	}
	kept := document.Change{Path: "/cold_chain/keep_years", What: document.Same, Thing: fmt.Sprintf("readings are kept for %d years", said.KeepYears)}
	if keeping.Years != said.KeepYears {
		kept.What = document.Alter
		err = fridgesTx{tx}.AddKeeping(ctx, by, coldchain.Keeping{Years: said.KeepYears, By: by.Name, At: tx.Now()}, documentSaid)
	}
	return []document.Change{policy, kept}, err
}

// describeColdChain writes what the site asks for, and whom alarms reach, where somebody has said.
func describeColdChain(ctx context.Context, tx *Tx, doc *document.Document) error {
	policy, err := coldPolicy(ctx, tx)
	if err != nil {
		return err
	}
	keeping, err := readingKeeping(ctx, tx)
	if err != nil {
		return err
	}
	said := document.ColdChain{}
	if !policy.At.IsZero() {
		said.ChecksADay, said.SecondRelease = policy.ChecksADay, &policy.SecondRelease
	}
	if !keeping.At.IsZero() {
		said.KeepYears = keeping.Years
	}
	if said != (document.ColdChain{}) {
		doc.ColdChain = &said
	}
	rota, err := scanRota(tx.QueryRow(ctx, qRotas+" LIMIT 1"))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	ladder := ladderOf(rota.Rota)
	doc.Ladder = &ladder
	return err
}

// applyRota takes in whom alarms reach; alarms that are raised from then on climb it.
func applyRota(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	if doc.Ladder == nil {
		return nil, nil
	}
	rota, err := rotaOf(*doc.Ladder)
	if err == nil {
		err = rota.Validate()
	}
	if err != nil {
		return nil, faulty("/ladder", err)
	}
	change := document.Change{Path: "/ladder", What: document.Add, Thing: "whom alarms reach"}
	is, err := scanRota(tx.QueryRow(ctx, qRotas+" LIMIT 1"))
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return nil, fmt.Errorf("rota: %w", err)
	case sameRota(is.Rota, rota):
		change.What = document.Same
		return []document.Change{change}, nil
	default:
		change.What = document.Alter
	}
	by := hospital.Job("import")
	return []document.Change{change}, tx.AddRota(ctx, by, notify.RotaVersion{Rota: rota, MadeAt: tx.Now(), By: by.Name, Why: documentSaid})
}

func sameRota(a, b notify.Rota) bool {
	first, err := json.Marshal(ladderOf(a))
	second, wrong := json.Marshal(ladderOf(b))
	return err == nil && wrong == nil && bytes.Equal(first, second)
}

// rotaOf is a ladder as it is stored; the schema has seen to its shapes.
func rotaOf(l document.Ladder) (notify.Rota, error) {
	r := notify.Rota{SilenceMinutes: l.SilenceMinutes}
	var err error
	if r.TestDays, err = weekdaysOf(l.TestDays); err != nil {
		return r, err
	}
	for _, day := range l.Holidays {
		r.Holidays = append(r.Holidays, string(day))
	}
	for _, s := range l.Shifts {
		shift := notify.Shift{Name: s.Name, Holidays: s.Holidays, From: minuteOf(s.From, 0), To: minuteOf(s.To, 24*60)}
		if shift.Days, err = weekdaysOf(s.Days); err != nil {
			return r, err
		}
		for _, rung := range s.Rungs {
			told := notify.Rung{AfterMinutes: rung.AfterMinutes, Roles: rung.Roles, Phones: rung.Phones, Addresses: rung.Addresses}
			for _, way := range rung.Ways {
				told.Ways = append(told.Ways, notify.Way(way))
			}
			shift.Rungs = append(shift.Rungs, told)
		}
		r.Shifts = append(r.Shifts, shift)
	}
	return r, nil
}

// ladderOf is a stored rota as a document says it.
func ladderOf(r notify.Rota) document.Ladder {
	l := document.Ladder{SilenceMinutes: r.SilenceMinutes, TestDays: namesOfDays(r.TestDays)}
	for _, day := range r.Holidays {
		l.Holidays = append(l.Holidays, document.Date(day))
	}
	for _, s := range r.Shifts {
		shift := document.LadderShift{Name: s.Name, Days: namesOfDays(s.Days), Holidays: s.Holidays, From: clockOfMinute(s.From), To: clockOfMinute(s.To)}
		for _, rung := range s.Rungs {
			told := document.LadderRung{AfterMinutes: rung.AfterMinutes, Roles: rung.Roles, Phones: rung.Phones, Addresses: rung.Addresses}
			for _, way := range rung.Ways {
				told.Ways = append(told.Ways, string(way))
			}
			shift.Rungs = append(shift.Rungs, told)
		}
		l.Shifts = append(l.Shifts, shift)
	}
	return l
}

func weekdaysOf(names []string) ([]time.Weekday, error) {
	var days []time.Weekday
	for _, name := range names {
		at := slices.Index(document.Weekdays(), name)
		if at < 0 {
			return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%q is no day of the week.", name))
		}
		days = append(days, time.Weekday(at))
	}
	return days, nil
}

func namesOfDays(days []time.Weekday) []string {
	var names []string
	for _, day := range days {
		names = append(names, strings.ToLower(day.String()))
	}
	return names
}

// minuteOf is "08:30" in minutes after midnight; when it says nothing, otherwise.
func minuteOf(clock string, otherwise int) int {
	var hours, minutes int
	if _, err := fmt.Sscanf(clock, "%d:%d", &hours, &minutes); err != nil {
		return otherwise
	}
	return hours*60 + minutes
}

func clockOfMinute(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// applyFridgeAsset takes in what a document says of a fridge as an asset. What it does not
// say stays; a certificate that is there already is the same one.
func applyFridgeAsset(ctx context.Context, tx *Tx, path string, said document.Fridge) (changes []document.Change, err error) {
	is, err := fridgeAsset(ctx, tx, coldchain.Fridge{ID: coldchain.FridgeID(said.ID)})
	if err != nil {
		return nil, err
	}
	by, want := hospital.Job("import"), is.Facts
	overlay(&want.PQS, said.PQS)
	overlay(&want.Litres, said.Litres)
	overlay(&want.Units, said.RoomForUnits)
	overlay(&want.HoldOver, time.Duration(said.HoldOverMinutes)*time.Minute)
	overlay(&want.BackupLogger, said.BackupLogger)
	if want != is.Facts {
		want.By, want.At = by.Name, tx.Now()
		changes = append(changes, document.Change{Path: path, What: document.Alter, Thing: "fridge " + said.ID + " as an asset"})
		if err := (fridgesTx{tx}).AddFacts(ctx, by, coldchain.FridgeID(said.ID), want); err != nil {
			return nil, err
		}
	}
	for j, c := range said.Calibrations {
		there := slices.ContainsFunc(is.Papers, func(p coldchain.Paper) bool {
			return p.Kind == coldchain.Calibration && p.Device == c.Device && p.Done == string(c.Done) && p.Number == c.Certificate
		})
		change := document.Change{Path: fmt.Sprintf("%s/calibrations/%d", path, j), What: document.Same, Thing: "certificate " + c.Certificate}
		if !there {
			change.What = document.Add
			_, err = fridgesTx{tx}.AddPaper(ctx, by, coldchain.FridgeID(said.ID), coldchain.Paper{Kind: coldchain.Calibration, Device: c.Device, Done: string(c.Done),
				Due: string(c.Due), Number: c.Certificate, Note: c.Note, By: by.Name, At: tx.Now()})
		}
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	return changes, nil
}

// overlay replaces what is stored where the document says something.
func overlay[T comparable](is *T, said T) {
	var nothing T
	if said != nothing {
		*is = said
	}
}

// describeFridgeAssets adds to fridges what is known of them as assets: of calibrations the
// newest of each device.
func describeFridgeAssets(ctx context.Context, tx *Tx, doc *document.Document) error {
	for i := range doc.Fridges {
		f := &doc.Fridges[i]
		asset, err := fridgeAsset(ctx, tx, coldchain.Fridge{ID: coldchain.FridgeID(f.ID)})
		if err != nil {
			return err
		}
		f.PQS, f.Litres, f.RoomForUnits, f.BackupLogger = asset.Facts.PQS, asset.Facts.Litres, asset.Facts.Units, asset.Facts.BackupLogger
		f.HoldOverMinutes = int(asset.Facts.HoldOver / time.Minute)
		seen := map[string]bool{}
		for _, p := range asset.Papers { // the newest first
			if p.Kind != coldchain.Calibration || seen[p.Device] {
				continue
			}
			seen[p.Device] = true
			f.Calibrations = append(f.Calibrations, document.Calibration{Device: p.Device, Done: document.Date(p.Done), Due: document.Date(p.Due), Certificate: p.Number, Note: p.Note})
		}
	}
	return nil
}
