package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/simulate"
)

const (
	// answerAfter is how long the made-up staff took to answer an alarm.
	answerAfter = 7 * time.Minute
	// closeAfter is how long after its end they wrote down what was done about it.
	closeAfter = 14 * time.Hour
)

// fridges is the cold chain of the past: the monitor that judged it and the desk
// where people answered.
type fridges struct {
	*past
	monitor *coldchain.Monitor
	desk    notify.Desk
	// follow is told when something may have begun or ended.
	follow func(context.Context) error
	stock  *inventory.Stock
	// carried is the emergency move that is on its way, and when it arrives.
	carried   inventory.Carry
	carriedTo time.Time
}

func (p *past) fridges(follow func(context.Context) error) *fridges {
	return &fridges{past: p, follow: follow,
		monitor: coldchain.NewMonitor(db.Fridges{DB: p.together}, notify.DefaultLadder(), p.register),
		desk:    notify.Desk{Store: db.Alarms{DB: p.together}, Ladder: notify.DefaultLadder(), Now: p.clock.Now}}
}

// agenda is what the probes told: a day's readings at once while all was well,
// since nobody had to act on them, and as they came while something was wrong.
func (f *fridges) agenda() []event {
	record := slices.SortedStableFunc(slices.Values(f.world.Record()), func(a, b simulate.Temperature) int { return a.At.Compare(b.At) })
	var agenda []event
	for len(record) > 0 {
		n := f.batch(record)
		readings := record[:n]
		record = record[n:]
		agenda = append(agenda, event{at: readings[n-1].At.Add(time.Second), do: func(ctx context.Context) error {
			return f.observe(ctx, readings)
		}})
	}
	return slices.Concat(agenda, f.rounds(), []event{{f.start, f.lookBack}})
}

// lookBack learns how each fridge goes, and keeps what would have been said before its faults.
func (f *fridges) lookBack(ctx context.Context) error {
	if err := f.monitor.Learn(ctx, f.start); err != nil {
		return err
	}
	kept := db.Fridges{DB: f.together}
	watched, err := kept.Watched(ctx)
	if err != nil {
		return err
	}
	for _, m := range f.world.Mishaps() {
		from, to := f.start.Add(m.From-6*time.Hour), f.start.Add(m.From+6*time.Hour)
		if m.From < 0 && to.After(f.start) {
			to = f.start // what goes on still was foretold too
		}
		i := slices.IndexFunc(watched, func(w coldchain.Watched) bool { return string(w.Sensor.Fridge) == m.Fridge && w.Sensor.Judged })
		if i < 0 || to.After(f.start) {
			continue
		}
		if err := f.foretold(ctx, kept, watched[i].Sensor, from, to); err != nil {
			return err
		}
	}
	return nil
}

func (f *fridges) foretold(ctx context.Context, kept db.Fridges, probe coldchain.Sensor, from, to time.Time) error {
	fridge, err := kept.Fridge(ctx, probe.Fridge)
	if err != nil {
		return err
	}
	habit, err := kept.Habit(ctx, probe.ID)
	if err != nil {
		return err
	}
	points, err := kept.Points(ctx, probe.ID, from, to)
	if err != nil {
		return err
	}
	return kept.InTx(ctx, func(tx coldchain.Tx) error {
		for _, said := range coldchain.Backtest(fridge.JudgedBy(to), habit, points) {
			said.Fridge, said.Sensor = probe.Fridge, probe.ID
			if said = said.Settle(fridge.JudgedBy(to), points, f.start); said.Outcome == coldchain.StillOpen {
				continue
			}
			if _, err := tx.AddForewarning(ctx, said); err != nil {
				return err
			}
		}
		return nil
	})
}

// batch is how many of the readings to come are told at once.
func (f *fridges) batch(record []simulate.Temperature) int {
	first := record[0].At
	until := f.nextRound(first)
	if f.troubled(first) {
		until = first.Add(time.Minute)
	}
	for i, r := range record {
		if !r.At.Before(until) || i > 0 && f.troubled(r.At) && !f.troubled(first) {
			return i
		}
	}
	return len(record)
}

// troubled says whether something was wrong with some fridge, or had just been.
func (f *fridges) troubled(at time.Time) bool {
	since := at.Sub(f.start)
	return slices.ContainsFunc(f.world.Mishaps(), func(m simulate.Mishap) bool {
		return since >= m.From && since < m.To+3*time.Hour
	})
}

func (f *fridges) observe(ctx context.Context, record []simulate.Temperature) error {
	readings := make([]coldchain.Reading, len(record))
	for i, r := range record {
		readings[i] = coldchain.Reading{Sensor: r.Sensor, Temp: coldchain.FromCelsius(r.Celsius), MeasuredAt: r.At,
			ReceivedAt: r.At.Add(time.Second), Source: "mqtt"}
	}
	outcomes, err := f.monitor.Observe(ctx, readings)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		if o.Verdict != coldchain.Accepted {
			return fmt.Errorf("reading of %s at %v: %s %s", record[i].Sensor, record[i].At, o.Verdict, o.Reason)
		}
	}
	if err := f.follow(ctx); err != nil {
		return err
	}
	return f.answer(ctx)
}

// answer lets the staff answer what has rung for a while, and close what is over.
func (f *fridges) answer(ctx context.Context) error {
	if err := f.arrive(ctx); err != nil {
		return err
	}
	open, err := f.desk.Store.OpenAlarms(ctx)
	if err != nil {
		return err
	}
	now := f.clock.Now()
	for _, alarm := range open {
		switch {
		case alarm.Ack.At.IsZero() && now.Sub(alarm.RaisedAt) >= answerAfter:
			reason, note := causeOf(alarm)
			_, err = f.desk.Acknowledge(ctx, f.actor(hospital.Pharmacist), alarm.ID, notify.Answer{Reason: reason, Note: note})
			if err == nil && alarm.Subject == "fridge/"+carriedFrom {
				err = f.setOut(ctx)
			}
		case !alarm.ReturnedAt.IsZero() && now.Sub(alarm.ReturnedAt) >= closeAfter:
			_, err = f.desk.Close(ctx, f.actor(hospital.Pharmacist), alarm.ID, "Lots checked against their makers' stability data; fridge watched for a day.", 0)
			if err == nil {
				err = f.checklist(ctx, alarm)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// causeOf is what the staff found, by the fridge that rang.
func causeOf(alarm notify.Alarm) (notify.Reason, string) {
	switch cmp.Or(alarm.Subject, "") {
	case "fridge/f-04":
		return notify.DoorOpen, "Door stood ajar behind a delivery crate."
	case "fridge/f-11":
		return notify.OtherReason, "Thermostat stuck; stock carried away in the cold box, engineer called."
	default:
		return notify.Power, "Compressor tripped; engineer reset it and found the filter blocked."
	}
}
