package main

import (
	"context"
	"sync/atomic"
	"time"

	"wardwatch/db"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
)

// enrolled knows every device of the hospital: tags on equipment, and probes in
// fridges, which gateways hear as well and nobody should be asked to adopt.
type enrolled struct {
	tracker *tracking.Tracker
	kept    db.Fridges
	probes  atomic.Pointer[map[string]bool]
}

// Enrolled says whether an identity belongs to the hospital.
func (e *enrolled) Enrolled(identity string) bool {
	if e.tracker.Enrolled(identity) {
		return true
	}
	probes := e.probes.Load()
	return probes != nil && (*probes)[identity]
}

// look reads which probes watch a fridge.
func (e *enrolled) look(ctx context.Context) error {
	watched, err := e.kept.Watched(ctx)
	if err != nil {
		return err
	}
	probes := make(map[string]bool, len(watched))
	for _, w := range watched {
		probes[w.Sensor.Key.Sensor] = true
	}
	e.probes.Store(&probes)
	return nil
}

// enrolled follows the adoption of devices from now on.
func (h *house) enrolled(ctx context.Context) (*enrolled, error) {
	e := &enrolled{tracker: h.tracker, kept: db.Fridges{DB: h.db}}
	h.followers = append(h.followers, e.look)
	adopted := h.wakeOn(func(topic string) bool { return topic == db.DevicesTopic })
	h.work = append(h.work, task{"adopted devices", func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-adopted:
			}
			if err := e.look(ctx); err != nil && ctx.Err() == nil {
				h.log.Error("could not read which probes are adopted", "error", err)
			}
		}
	}})
	return e, e.look(ctx)
}

// lifeSigns passes on that a gateway is connected to both who want to know: the
// list of devices and the tracker, for which a room without a live gateway is blind.
type lifeSigns struct {
	*ingest.Book
	tracker *tracking.Tracker
}

// Alive notes that a gateway is connected.
func (l lifeSigns) Alive(gateway hospital.GatewayID, at time.Time) {
	l.Book.Alive(gateway, at)
	l.tracker.GatewayAlive(gateway, at)
}
