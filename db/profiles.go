package db

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

func profileVersions(ctx context.Context, ask asker) ([]coldchain.ProfileVersion, error) {
	const q = `
		SELECT id, version, content, from_at, made_at, by_name, why
		FROM profile_versions
		ORDER BY id, version`
	rows, err := ask.Query(ctx, q)
	versions, err := scanAll(rows, err, func(row scanner) (v coldchain.ProfileVersion, err error) {
		var id coldchain.ProfileID
		var content []byte
		var from, made int64
		if err := row.Scan(&id, &v.Version, &content, &from, &made, &v.By, &v.Why); err != nil {
			return v, err
		}
		v.From, v.MadeAt = fromMS(from), fromMS(made)
		if v.Profile, err = coldchain.ReadProfile(bytes.NewReader(content)); err != nil {
			return v, fmt.Errorf("profile %s, version %d: %w", id, v.Version, err)
		}
		return v, nil
	})
	if err != nil {
		return nil, fmt.Errorf("versions of profiles: %w", err)
	}
	return versions, nil
}

// ProfileVersions are all versions of the site's own profiles, by identifier, oldest first.
func (f Fridges) ProfileVersions(ctx context.Context) ([]coldchain.ProfileVersion, error) {
	return profileVersions(ctx, f.DB)
}

// ProfileVersions are all versions, as this change has left them.
func (tx fridgesTx) ProfileVersions(ctx context.Context) ([]coldchain.ProfileVersion, error) {
	return profileVersions(ctx, tx.Tx)
}

// AddProfileVersion stores a version, and makes every process judge by it.
func (tx fridgesTx) AddProfileVersion(ctx context.Context, by hospital.Actor, v coldchain.ProfileVersion) error {
	const q = `
		INSERT INTO profile_versions (id, version, content, from_at, made_at, made_by, by_name, why)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	content, err := v.Profile.File()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, q, v.Profile.ID, v.Version, string(content), ms(v.From), ms(v.MadeAt), by.ID, v.By, v.Why); err != nil {
		return fmt.Errorf("add version %d of profile %s: %w", v.Version, v.Profile.ID, err)
	}
	return fridgesChanged(ctx, tx.Tx)
}

// GiveProfile makes a fridge be judged by another profile from a moment on.
func (tx fridgesTx) GiveProfile(ctx context.Context, id coldchain.FridgeID, profile coldchain.ProfileID, from time.Time) error {
	return giveProfile(ctx, tx.Tx, id, profile, from)
}

func giveProfile(ctx context.Context, tx *Tx, id coldchain.FridgeID, profile coldchain.ProfileID, from time.Time) error {
	const q = `
		INSERT INTO fridge_profiles (fridge, from_at, profile)
		VALUES ($1, $2, $3)`
	const now = `
		UPDATE fridges
		SET profile = $2
		WHERE id = $1`
	if _, err := tx.Exec(ctx, q, id, ms(from), profile); err != nil {
		return fmt.Errorf("give %s the profile %s: %w", id, profile, err)
	}
	if _, err := tx.Exec(ctx, now, id, profile); err != nil {
		return fmt.Errorf("give %s the profile %s: %w", id, profile, err)
	}
	return fridgesChanged(ctx, tx)
}

// planned gives fridges the plans that they are judged by.
func planned(ctx context.Context, ask asker, fridges []coldchain.Fridge) error {
	versions, err := profileVersions(ctx, ask)
	if err != nil {
		return err
	}
	byID := map[coldchain.ProfileID][]coldchain.ProfileVersion{}
	for _, v := range versions {
		byID[v.Profile.ID] = append(byID[v.Profile.ID], v)
	}
	given, err := profilesGiven(ctx, ask, fridges)
	if err != nil {
		return fmt.Errorf("profiles of fridges: %w", err)
	}
	for i, f := range fridges {
		fridges[i].Plan = coldchain.PlanOf(given[f.ID], byID)
	}
	return nil
}

// profilesGiven are the profiles that fridges were given, oldest first.
func profilesGiven(ctx context.Context, ask asker, fridges []coldchain.Fridge) (map[coldchain.FridgeID][]coldchain.Assignment, error) {
	const all = `
		SELECT fridge, from_at, profile
		FROM fridge_profiles
		ORDER BY seq`
	const one = `
		SELECT fridge, from_at, profile
		FROM fridge_profiles
		WHERE fridge = $1
		ORDER BY seq`
	given := make(map[coldchain.FridgeID][]coldchain.Assignment, len(fridges))
	var rows *sql.Rows
	var err error
	if len(fridges) == 1 {
		rows, err = ask.Query(ctx, one, fridges[0].ID)
	} else {
		rows, err = ask.Query(ctx, all)
	}
	_, err = scanAll(rows, err, func(row scanner) (struct{}, error) {
		var id coldchain.FridgeID
		var a coldchain.Assignment
		var from int64
		err := row.Scan(&id, &from, &a.Profile)
		a.From = fromMS(from)
		given[id] = append(given[id], a)
		return struct{}{}, err
	})
	return given, err
}
