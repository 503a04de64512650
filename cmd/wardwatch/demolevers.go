package main

import (
	"context"
	"fmt"

	"wardwatch/tracking/hospital"
	"wardwatch/web"
)

// hurry is the speed that a visitor can switch to: an hour passes in a minute.
const hurry = 60

// levers are what a visitor may do to the made-up hospital.
func (d *demo) levers() []web.Lever {
	return []web.Lever{
		{ID: "fridge", Name: "Make a fridge fail", Pull: d.failFridge},
		{ID: "gateway", Name: "Cut a gateway", Pull: d.cutGateway},
		{ID: "speed", Name: "Run the clock × 1 or × 60", Pull: d.changeSpeed},
	}
}

// wish has the goroutine that owns the world carry something out.
func (d *demo) wish(ctx context.Context, do func() (string, error)) (said string, err error) {
	done := make(chan struct{})
	select {
	case d.wishes <- func() { defer close(done); said, err = do() }:
		<-done
		return said, err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (d *demo) failFridge(ctx context.Context) (string, error) {
	return d.wish(ctx, func() (string, error) {
		fridge, ok := d.world.FailFridge()
		if !ok {
			return "", hospital.Refuse(hospital.ErrInvalid, "Every refrigerator has failed already. Wait until one is mended.")
		}
		return fmt.Sprintf("The compressor of %s has stopped. It passes 8 °C in about a quarter of an hour and rings a quarter of an hour later; run the clock × 60 to see it soon.", fridge.Name), nil
	})
}

func (d *demo) cutGateway(ctx context.Context) (string, error) {
	return d.wish(ctx, func() (string, error) {
		gateway, ok := d.world.CutGateway()
		if !ok {
			return "", hospital.Refuse(hospital.ErrInvalid, "No gateway is left that could be cut.")
		}
		return fmt.Sprintf("The gateway in %s has lost its power. Its last known equipment stays where it was; the room is blind.", gateway.Name), nil
	})
}

func (d *demo) changeSpeed(ctx context.Context) (string, error) {
	return d.wish(ctx, func() (string, error) {
		if d.clock.pace() == 1 {
			d.clock.hasten(hurry)
			return "An hour now passes in a minute.", nil
		}
		d.clock.hasten(1)
		return "The clock runs as clocks do.", nil
	})
}
