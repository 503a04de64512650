package coldchain

import (
	"context"
	"fmt"
	"strings"
	"time"

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
// silent, and returns it where all are heard again. It goes by the server's
// clock: a silent probe sends nothing that could wake anybody.
func (m *Monitor) CheckSilence(ctx context.Context) error {
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return fmt.Errorf("check silence: %w", err)
	}
	err = m.store.InTx(ctx, func(tx Tx) error {
		for _, fridge := range fridges {
			if err := m.judgeSilence(ctx, tx, fridge); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("check silence: %w", err)
	}
	return nil
}

func (m *Monitor) judgeSilence(ctx context.Context, tx Tx, fridge Fridge) error {
	watched, err := tx.WatchedIn(ctx, fridge.ID)
	if err != nil {
		return err
	}
	profile := fridge.judgedBy()
	var silent []string
	heard := 0
	for _, w := range watched {
		switch {
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
