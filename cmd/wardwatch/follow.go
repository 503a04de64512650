package main

import (
	"context"
	"slices"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
)

// followPause is how often the house looks whether another process, such as
// wardwatch import, has changed the hospital. Changes of its own it learns at once.
const followPause = 5 * time.Second

// follower keeps the register as new as the stored hospital.
type follower struct {
	house   *house
	kept    db.Hospital
	version int64
	changed chan struct{}
}

func (h *house) wireHospital(ctx context.Context) error {
	f := &follower{house: h, kept: db.Hospital{DB: h.db}, version: -1, changed: make(chan struct{}, 1)}
	h.register = hospital.NewRegister(nil)
	if err := f.look(ctx); err != nil {
		return err
	}
	h.listeners = append(h.listeners, f.hear)
	h.work = append(h.work, task{"hospital", f.run})
	return nil
}

// hear notes that the hospital has changed; it never blocks.
func (f *follower) hear(topics []string) {
	if !slices.Contains(topics, db.HospitalTopic) {
		return
	}
	select {
	case f.changed <- struct{}{}:
	default: // a look is due already
	}
}

func (f *follower) run(ctx context.Context) error {
	tick := time.NewTicker(followPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.changed:
		case <-tick.C:
		}
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			f.house.log.Error("could not follow the hospital; trying again", "error", err)
		}
	}
}

// look replaces the register's directory when the stored hospital is a newer one.
func (f *follower) look(ctx context.Context) error {
	version, err := f.kept.Version(ctx)
	if err != nil || version == f.version {
		return err
	}
	directory, err := f.kept.Load(ctx)
	if err != nil {
		return err
	}
	f.house.register.Replace(directory)
	for _, follow := range f.house.followers {
		if err := follow(ctx); err != nil {
			return err
		}
	}
	f.version = version
	f.house.log.Info("hospital loaded", "site", f.house.register.Current().Site.ID,
		"rooms", len(f.house.register.Current().Rooms), "version", version)
	return nil
}
