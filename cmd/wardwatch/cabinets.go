package main

import (
	"context"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking"
	"wardwatch/tracking/ingest"
)

// cabinetSights passes sightings on to the tracker, and tells the cabinets which
// tags their readers have read.
type cabinetSights struct {
	tracker  ingest.Sights
	cabinets *inventory.Cabinets
	now      clock
}

// Sight is ingest.Sights.
func (s cabinetSights) Sight(ctx context.Context, sightings []tracking.Sighting) error {
	for i := range sightings {
		at := sightings[i].ReceivedAt
		if at.IsZero() {
			at = s.now()
		}
		s.cabinets.Hear(sightings[i].Gateway, sightings[i].Tag, at)
	}
	return s.tracker.Sight(ctx, sightings)
}

// wireCabinets has readers of cabinets book what is taken and what comes back.
func (h *house) wireCabinets(ctx context.Context) error {
	h.cabinets = &inventory.Cabinets{Room: h.parts.Storeroom, Heard: h.tracker.GatewayHeard, Log: h.log}
	if err := h.cabinets.Listen(ctx); err != nil {
		return err
	}
	changed := h.wakeOn(func(topic string) bool { return topic == "cabinets" })
	h.work = append(h.work, task{"cabinets", func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
			}
			if err := h.cabinets.Listen(ctx); err != nil && ctx.Err() == nil {
				h.log.Error("could not read which readers are of cabinets", "error", err)
			}
		}
	}})
	return nil
}

func (h *house) lookIntoCabinets(ctx context.Context, at time.Time) error {
	return h.cabinets.Look(ctx, at)
}
