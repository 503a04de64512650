package main

import (
	"context"

	"wardwatch/db"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/maintain"
)

// service is what the made-up biomedical engineer set up: plans, a recall that is
// half done, and a repair that waits for a part.
func (p *past) service(ctx context.Context) error {
	by := p.actor(hospital.BiomedicalEngineer)
	desk := maintain.Desk{Register: p.register, Store: db.Maintenance{DB: p.together}, Now: p.clock.Now}
	for _, plan := range []maintain.Plan{
		{Name: "Safety check", Model: "Alba V3", EveryDays: 365},
		{Name: "Safety check", Model: "Alba V4", EveryDays: 365},
		{Name: "Filter change", Model: "Aurora 7", EveryDays: 400, EveryHours: 30},
		{Name: "Calibration", Model: "Kardia 2", EveryDays: 365, Calibration: true},
	} {
		if err := desk.AddPlan(ctx, by, plan); err != nil {
			return err
		}
	}
	if err := p.teach(ctx, by); err != nil {
		return err
	}
	recall, err := desk.OpenRecall(ctx, by, maintain.Recall{Title: "Door latch may break", Reference: "FSN 2026-014", Model: "Alba V3",
		FromSerial: "P4-70000", ToSerial: "P4-75000"}, false)
	if err != nil {
		return err
	}
	_, pieces, err := desk.Recalled(ctx, by, recall)
	if err != nil {
		return err
	}
	for _, piece := range pieces[:len(pieces)/3] {
		if err := desk.TickOff(ctx, by, recall, piece.Piece.ID, "latch replaced"); err != nil {
			return err
		}
	}
	return desk.Repair(ctx, by, tracking.AssetID("p-007"), maintain.AwaitParts, "Display ordered.")
}

// taughtSteps is a minute of teaching.
const taughtSteps = 170

// teach is what the engineer taught in the first two rooms, each with a pump in hand.
func (p *past) teach(ctx context.Context, by hospital.Actor) error {
	return db.Equipment{DB: p.together}.InTx(ctx, func(tx tracking.Tx) error {
		for i, room := range p.drawing.TaughtRooms(2) {
			lesson := tracking.Lesson{Room: room, Asset: tracking.AssetID(p.drawing.Assets[i].ID), By: by.Name, At: p.clock.Now(),
				Steps: p.world.Taught(room, taughtSteps), Kind: tracking.Taught}
			for _, g := range p.drawing.Gateways {
				lesson.Alive = append(lesson.Alive, g.ID)
			}
			if err := tx.AddLesson(ctx, lesson); err != nil {
				return err
			}
		}
		return nil
	})
}
