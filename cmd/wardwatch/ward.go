package main

import (
	"context"
	"time"

	"wardwatch/db"
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
	if h.config.demo != nil {
		h.parts.Levels.Grace = demoGrace
	}
	return nil
}

func (h *house) reviewLevels(ctx context.Context, _ time.Time) error {
	return h.parts.Levels.Review(ctx)
}
