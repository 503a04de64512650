package coldchain

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// ErrUnknownProfile: there is no profile of that name.
var ErrUnknownProfile = fmt.Errorf("profile %w", hospital.ErrUnknown)

const (
	// MaxProfiles bounds the site's own profiles.
	MaxProfiles = 100
	// maxAhead is how far ahead a change of a profile can be set.
	maxAhead = 366 * 24 * time.Hour
	// previewFor is how much of a fridge's record a preview judges.
	previewFor = 30 * 24 * time.Hour
)

// ProfileShelf is a profile as its page shows it.
type ProfileShelf struct {
	// Profile is what is judged by now.
	Profile Profile
	// ReadyMade profiles come with Wardwatch and are copied, never changed.
	ReadyMade bool
	// Versions of a profile of the site's own, newest first; some may lie ahead.
	Versions []ProfileVersion
	// Fridges that are judged by it now.
	Fridges []Fridge
}

// Profiles are all profiles with their fridges, ready-made ones first.
func (m *Monitor) Profiles(ctx context.Context, at time.Time) ([]ProfileShelf, error) {
	shelves, err := m.shelves(ctx, at)
	if err != nil {
		return nil, err
	}
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return nil, err
	}
	for i := range shelves {
		for _, f := range fridges {
			if f.Profile == shelves[i].Profile.ID {
				shelves[i].Fridges = append(shelves[i].Fridges, f)
			}
		}
	}
	return shelves, nil
}

// KnownProfiles are what a fridge can be judged by now, ready-made ones first.
func (m *Monitor) KnownProfiles(ctx context.Context, at time.Time) ([]Profile, error) {
	shelves, err := m.shelves(ctx, at)
	if err != nil {
		return nil, err
	}
	known := make([]Profile, len(shelves))
	for i, shelf := range shelves {
		known[i] = shelf.Profile
	}
	return known, nil
}

// shelves are all profiles, still without their fridges.
func (m *Monitor) shelves(ctx context.Context, at time.Time) (shelves []ProfileShelf, err error) {
	versions, err := m.store.ProfileVersions(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range ReadyMade() {
		shelves = append(shelves, ProfileShelf{Profile: p, ReadyMade: true})
	}
	for _, v := range versions {
		n := len(shelves)
		if v.Version == 1 {
			shelves, n = append(shelves, ProfileShelf{Profile: v.Profile}), n+1
		}
		shelf := &shelves[n-1]
		shelf.Versions = slices.Insert(shelf.Versions, 0, v)
		if !v.From.After(at) {
			shelf.Profile = v.Profile
		}
	}
	return shelves, nil
}

// ProfileOn is one profile's shelf; ErrUnknownProfile when there is none.
func (m *Monitor) ProfileOn(ctx context.Context, id ProfileID, at time.Time) (ProfileShelf, error) {
	all, err := m.Profiles(ctx, at)
	if err != nil {
		return ProfileShelf{}, err
	}
	i := slices.IndexFunc(all, func(s ProfileShelf) bool { return s.Profile.ID == id })
	if i < 0 {
		return ProfileShelf{}, ErrUnknownProfile
	}
	return all[i], nil
}

// profileID is how a profile of the site's own is known.
var profileID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// SaveProfile stores a new profile of the site's own, or the next version of one,
// which takes over at from; a zero from is now. What was judged before stays as
// it was. A ready-made profile is copied under another name, never changed.
func (m *Monitor) SaveProfile(ctx context.Context, by hospital.Actor, p Profile, from time.Time, why string) (ProfileVersion, error) {
	if err := by.Need(hospital.ManageColdChain); err != nil {
		return ProfileVersion{}, err
	}
	if !by.Reach(hospital.ManageColdChain).Everywhere {
		return ProfileVersion{}, hospital.ErrForbidden // profiles are the whole hospital's
	}
	var version ProfileVersion
	why = strings.TrimSpace(why)
	err := m.store.InTx(ctx, func(tx Tx) error {
		all, err := tx.ProfileVersions(ctx)
		if err != nil {
			return err
		}
		made := ProfileVersion{Profile: p, From: from, MadeAt: tx.Now(), By: by.Name, Why: why}
		var before string
		if version, before, err = NextProfile(made, all); err != nil {
			return err
		}
		if err := tx.AddProfileVersion(ctx, by, version); err != nil {
			return err
		}
		tx.Announce(Topic)
		return tx.Record(ctx, hospital.Deed{By: by, What: "profile.save", On: "profile/" + string(p.ID), Why: why, Before: before, After: p.print()})
	})
	if err != nil {
		return ProfileVersion{}, fmt.Errorf("save profile %s: %w", p.ID, err)
	}
	return version, nil
}

// NextProfile is a version as it follows those that there are, and what the last was; a
// zero From is when it was made. What can't be judged by, or begins before another, is refused.
func NextProfile(v ProfileVersion, all []ProfileVersion) (next ProfileVersion, before string, err error) {
	if err := savable(v.Profile, v.Why); err != nil {
		return ProfileVersion{}, "", err
	}
	v.Version = 1
	before, err = v.follow(all, v.MadeAt)
	return v, before, err
}

func savable(p Profile, why string) error {
	if !profileID.MatchString(string(p.ID)) {
		return hospital.Refuse(ErrInvalidProfile, "Give the profile a short name in small letters, digits and hyphens.")
	}
	if _, taken := ReadyMadeProfile(p.ID); taken {
		return hospital.Refuse(ErrInvalidProfile, "That name is a ready-made profile's. Choose another for your copy.")
	}
	if strings.TrimSpace(p.Name) == "" || strings.TrimSpace(p.Source) == "" {
		return hospital.Refuse(ErrInvalidProfile, "A profile needs a name, and a source that its limits come from.")
	}
	if why == "" || len(why) > maxCheckNote {
		return hospital.Refuse(hospital.ErrInvalid, "Say in a few words why the profile is changed.")
	}
	if err := p.Validate(); err != nil {
		return hospital.Refuse(ErrInvalidProfile, "The profile can't be judged by: "+strings.TrimPrefix(err.Error(), ErrInvalidProfile.Error()+": ")+".")
	}
	return nil
}

// follow numbers the version behind those that there are, and says what the last was.
func (v *ProfileVersion) follow(all []ProfileVersion, now time.Time) (before string, err error) {
	if v.From.IsZero() {
		v.From = now
	}
	known := map[ProfileID]bool{}
	last := time.Time{}
	for _, other := range all {
		known[other.Profile.ID] = true
		if other.Profile.ID == v.Profile.ID {
			v.Version, last, before = other.Version+1, other.From, other.Profile.print()
		}
	}
	switch {
	case before == "" && len(known) >= MaxProfiles:
		return "", hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("There can be %d profiles of your own.", MaxProfiles))
	case v.From.Before(now):
		return "", hospital.Refuse(hospital.ErrInvalid, "A profile can't begin in the past: what was judged stays as it was.")
	case v.From.After(now.Add(maxAhead)):
		return "", hospital.Refuse(hospital.ErrInvalid, "A profile can begin at most a year ahead.")
	case !v.From.After(last) && before != "":
		return "", hospital.Refuse(hospital.ErrInvalid, "The version before begins later than that. Choose a later time.")
	case before == v.Profile.print():
		return "", hospital.Refuse(hospital.ErrInvalid, "Nothing was changed.")
	}
	return before, nil
}

// GiveProfile has a fridge judged by another profile from now on.
func (m *Monitor) GiveProfile(ctx context.Context, by hospital.Actor, id FridgeID, profile ProfileID, why string) error {
	if err := by.Need(hospital.ManageColdChain); err != nil {
		return err
	}
	if why = strings.TrimSpace(why); why == "" || len(why) > maxCheckNote {
		return hospital.Refuse(hospital.ErrInvalid, "Say in a few words why the fridge gets another profile.")
	}
	if _, err := m.ProfileOn(ctx, profile, time.Time{}); err != nil {
		return err
	}
	err := m.store.InTx(ctx, func(tx Tx) error {
		f, err := tx.Fridge(ctx, id)
		if err != nil {
			return err
		}
		if err := m.within(by, hospital.ManageColdChain, f); err != nil {
			return err
		}
		if f.Profile == profile {
			return hospital.Refuse(hospital.ErrInvalid, "The fridge has that profile already.")
		}
		if err := tx.GiveProfile(ctx, id, profile, tx.Now()); err != nil {
			return err
		}
		tx.Announce(Topic, id.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "fridge.profile", On: id.Topic(), Why: why, Before: string(f.Profile), After: string(profile)})
	})
	if err != nil {
		return fmt.Errorf("give %s the profile %s: %w", id, profile, err)
	}
	return nil
}

// Preview is what a fridge's last thirty days would have been under a profile.
type Preview struct {
	Fridge   Fridge
	From, To time.Time
	// Would are the excursions that the profile finds in the record, Were those
	// that were found; both of all probes, oldest first.
	Would, Were []Excursion
	Readings    int
}

// Preview judges a fridge's last thirty days by a profile. Nothing is stored.
func (m *Monitor) Preview(ctx context.Context, id FridgeID, p Profile, at time.Time) (Preview, error) {
	if err := p.Validate(); err != nil {
		return Preview{}, err
	}
	f, err := m.store.Fridge(ctx, id)
	if err != nil {
		return Preview{}, err
	}
	preview := Preview{Fridge: f, From: at.Add(-previewFor), To: at}
	watched, err := m.store.Attended(ctx, id, preview.From, at)
	if err != nil {
		return Preview{}, err
	}
	for _, w := range watched {
		if !w.Sensor.Judged {
			continue
		}
		stays, err := m.pointsOf(ctx, w)
		if err != nil {
			return Preview{}, err
		}
		for _, points := range stays {
			replay := NewReplay(Always(p), Point{})
			for _, point := range points {
				replay.Step(point)
			}
			preview.Would = append(preview.Would, replay.Excursions()...)
			preview.Readings += len(points)
		}
	}
	stored, err := m.store.Excursions(ctx, id, maxChartExcursions)
	if err != nil {
		return Preview{}, err
	}
	for _, e := range stored {
		if !e.Withdrawn && (e.End.IsZero() || e.End.After(preview.From)) {
			preview.Were = append(preview.Were, e)
		}
	}
	byStart := func(a, b Excursion) int { return a.Start.Compare(b.Start) }
	slices.SortStableFunc(preview.Would, byStart)
	slices.SortStableFunc(preview.Were, byStart)
	return preview, nil
}
