package main

import (
	"context"
	"strings"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// wirePorter connects moves of tagged boxes → the arrival of what they carry.
func (h *house) wirePorter() {
	fridges := db.Fridges{DB: h.db}
	porter := &inventory.Porter{Stock: h.parts.Stock, Where: fridges, Register: h.register, Now: h.now,
		Room: func(ctx context.Context, id coldchain.FridgeID) (hospital.RoomID, error) {
			f, err := fridges.Fridge(ctx, id)
			return f.Room, err
		},
		Arrived: func(ctx context.Context, c inventory.Carry, room hospital.Room) error {
			return h.monitor.TakeStep(ctx, hospital.Job("tagged boxes"), c.Excursion, coldchain.StepMoved, "Carried to "+c.PlaceName+"; its box "+c.Box+" was heard in "+room.Name+".")
		}}
	moved := h.wakeOn(func(topic string) bool { return strings.HasPrefix(topic, "room/") || topic == "stock" })
	h.work = append(h.work, task{"tagged boxes", func(ctx context.Context) error {
		for {
			if _, err := porter.Look(ctx); err != nil && ctx.Err() == nil {
				h.log.Error("could not book the arrival of tagged boxes; it is tried again", "error", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-moved:
			}
		}
	}})
}
