package main

import (
	"context"
	"strings"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/fleet"
	"wardwatch/tracking/health"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/floorplan"
	"wardwatch/tracking/notify"
)

// wireFleet connects moves → fences → alarms, and devices → alarms.
func (h *house) wireFleet(context.Context) error {
	guard := &fence.Guard{Store: db.Fences{DB: h.db}, Register: h.register, Ladder: h.equipmentLadder, Now: h.now, Log: h.log}
	moved := h.wakeOn(func(topic string) bool { return strings.HasPrefix(topic, "room/") })
	changed := h.wakeOn(func(topic string) bool { return topic == fence.Topic || topic == db.HospitalTopic })
	keeper := &health.Keeper{Store: db.Health{DB: h.db}, Register: h.register, Heard: h.tracker.GatewayHeard, Ladder: h.equipmentLadder,
		Now: h.now, Log: h.log, Began: h.now()}
	h.work = append(h.work,
		task{"fences", func(ctx context.Context) error { return guard.Run(ctx, moved, changed) }},
		task{"devices' health", keeper.Run})
	h.parts.Fences, h.parts.Health = guard, keeper
	h.parts.Board = &floorplan.Board{Keeper: db.Hospital{DB: h.db}, Register: h.register}
	h.parts.Fleet = &fleet.Desk{Store: db.Fleet{DB: h.db}, Register: h.register, Now: h.now}
	return nil
}

// addUpDays adds up how equipment was used on the days that are over.
func (h *house) addUpDays(ctx context.Context, at time.Time) error {
	clerk := fleet.Clerk{Ledger: db.Fleet{DB: h.db}, Register: h.register}
	return clerk.CatchUp(ctx, at)
}

// equipmentLadder is who is told of equipment: the biomedical engineer at once,
// administrators after half an hour. The inbox shows it to everybody.
func (h *house) equipmentLadder() notify.Ladder {
	ladder := h.desk.Ladder
	ladder.Rota = false
	ladder.Steps = []notify.Step{
		{Roles: []hospital.Role{hospital.BiomedicalEngineer}},
		{After: 30 * time.Minute, Roles: []hospital.Role{hospital.BiomedicalEngineer, hospital.Administrator}},
	}
	return ladder
}
