package coldchain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// SilentAt is true when the stream should have been heard since.
func (w Watched) SilentAt(p Profile, at time.Time) bool {
	if !w.Sensor.Judged || w.Sensor.Logger || p.SilentAfter <= 0 {
		return false
	}
	heard := later(w.Last.At, w.Sensor.AttachedAt)
	return at.Sub(heard) > p.SilentAfter
}

// CheckSilence raises the alarm of every fridge with a probe that has fallen
// silent, and returns it where all are heard again. Where a gateway has fallen
// silent with all the probes that it served, one alarm of the gateway names the
// fridges instead. It goes by the server's clock: a silent probe sends nothing
// that could wake anybody.
func (m *Monitor) CheckSilence(ctx context.Context) error {
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return fmt.Errorf("check silence: %w", err)
	}
	watched, err := m.store.Watched(ctx)
	if err != nil {
		return fmt.Errorf("check silence: %w", err)
	}
	err = m.store.InTx(ctx, func(tx Tx) error {
		blamed := blame(fridges, watched, tx.Now())
		for _, fridge := range fridges {
			if err := m.judgeSilence(ctx, tx, fridge, blamed.probes); err != nil {
				return err
			}
		}
		return m.judgeGateways(ctx, tx, watched, blamed)
	})
	if err == nil {
		err = m.leftBehind(ctx)
	}
	if err != nil {
		return fmt.Errorf("check silence: %w", err)
	}
	return nil
}

// blamed are the silent probes whose gateway is at fault, and the fridges that each such gateway leaves in the dark.
type blamed struct {
	probes  map[SensorKey]bool
	fridges map[hospital.GatewayID][]string
}

// blame finds gateways that have fallen silent: one that served probes in at
// least two fridges, and has passed nothing on for an interval after the last
// reading of a probe that is silent now.
func blame(fridges []Fridge, watched []Watched, at time.Time) blamed {
	names := map[FridgeID]Fridge{}
	for _, f := range fridges {
		names[f.ID] = f
	}
	newest, served := map[hospital.GatewayID]time.Time{}, map[hospital.GatewayID]map[FridgeID]bool{}
	for _, w := range watched {
		if w.Gateway == "" {
			continue
		}
		newest[w.Gateway] = later(newest[w.Gateway], w.Last.At)
		if served[w.Gateway] == nil {
			served[w.Gateway] = map[FridgeID]bool{}
		}
		served[w.Gateway][w.Sensor.Fridge] = true
	}
	b := blamed{map[SensorKey]bool{}, map[hospital.GatewayID][]string{}}
	for _, w := range watched {
		fridge, known := names[w.Sensor.Fridge]
		if !known || len(served[w.Gateway]) < 2 || !w.SilentAt(fridge.JudgedBy(at), at) || newest[w.Gateway].After(w.Last.At.Add(fridge.JudgedBy(at).Interval)) {
			continue
		}
		b.probes[w.Sensor.Key] = true
		if !slices.Contains(b.fridges[w.Gateway], fridge.Name) {
			b.fridges[w.Gateway] = append(b.fridges[w.Gateway], fridge.Name)
		}
	}
	return b
}

// judgeGateways raises and returns the alarms of gateways.
func (m *Monitor) judgeGateways(ctx context.Context, tx Tx, watched []Watched, b blamed) error {
	judged := map[hospital.GatewayID]bool{"": true}
	for _, w := range watched {
		if judged[w.Gateway] {
			continue
		}
		judged[w.Gateway] = true
		subject, dark := "gateway/"+string(w.Gateway), b.fridges[w.Gateway]
		if len(dark) == 0 {
			if err := notify.Return(ctx, tx, m.by, KindGateway, subject); err != nil {
				return err
			}
			continue
		}
		name := "Gateway " + string(w.Gateway)
		if gateway, known := m.register.Current().Gateway(w.Gateway); known && gateway.Name != "" {
			name = gateway.Name
		}
		_, err := notify.Raise(ctx, tx, m.ladder, notify.Trouble{Kind: KindGateway, Subject: subject, Name: name,
			Text: "nobody knows how cold it is in " + strings.Join(dark, ", "), Severity: Serious, By: m.by})
		if err != nil {
			return err
		}
	}
	return nil
}

// judgeSilence raises or returns one fridge's alarm; probes that a gateway is blamed for do not count.
func (m *Monitor) judgeSilence(ctx context.Context, tx Tx, fridge Fridge, blamed map[SensorKey]bool) error {
	watched, err := tx.WatchedIn(ctx, fridge.ID)
	if err != nil {
		return err
	}
	profile := fridge.JudgedBy(tx.Now())
	var silent []string
	heard := 0
	for _, w := range watched {
		switch {
		case blamed[w.Sensor.Key]:
		case w.SilentAt(profile, tx.Now()):
			silent = append(silent, m.silenceSaid(w))
		case w.Sensor.Judged:
			heard++
		}
	}
	if len(silent) == 0 {
		return notify.Return(ctx, tx, m.by, KindSilent, fridge.ID.Topic())
	}
	severity := Serious // nobody knows how cold it is
	if heard > 0 {
		severity = Warning
	}
	before, ongoing, err := tx.OngoingAlarm(ctx, KindSilent, fridge.ID.Topic())
	if err != nil {
		return err
	}
	if !ongoing || before.Severity < severity {
		tx.Announce(Topic, fridge.ID.Topic())
	}
	_, err = notify.Raise(ctx, tx, m.ladder, notify.Trouble{Kind: KindSilent, Subject: fridge.ID.Topic(),
		Name: m.nameOf(fridge), Text: strings.Join(silent, "; "), Severity: severity, By: m.by})
	return err
}

func (m *Monitor) silenceSaid(w Watched) string {
	if w.Last.At.IsZero() {
		return "probe " + w.Sensor.Key.String() + " has never sent anything"
	}
	zone := m.register.Current().Site.Location()
	return fmt.Sprintf("probe %s silent since %s, last %v", w.Sensor.Key, w.Last.At.In(zone).Format("2 Jan 15:04 MST"), w.Last.Temp)
}
