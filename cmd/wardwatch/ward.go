package main

import (
	"context"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/maintain"
	"wardwatch/tracking/parlevel"
)

// demoGrace is how long a unit of the made-up hospital is short before anybody is asked.
const demoGrace = 20 * time.Second

// wireLevels connects where equipment is → what units lack → tasks and alarms.
func (h *house) wireLevels() error {
	ladder, _, err := h.ways()
	if err != nil {
		return err
	}
	h.parts.Levels = &parlevel.Desk{Register: h.register, Store: db.ParLevels{DB: h.db}, Ladder: parlevel.DefaultLadder(ladder), Now: h.now}
	h.parts.Service = &maintain.Desk{Register: h.register, Store: db.Maintenance{DB: h.db}, Now: h.now}
	if h.config.demo != nil {
		h.parts.Levels.Grace = demoGrace
	}
	return nil
}

// followUse keeps how long pieces were in use in step with their timelines.
func (h *house) followUse(ctx context.Context, _ time.Time) error {
	for {
		if more, err := h.parts.Service.Store.FollowUse(ctx); err != nil || !more {
			return err
		}
	}
}

func (h *house) reviewLevels(ctx context.Context, _ time.Time) error {
	return h.parts.Levels.Review(ctx)
}
