package db_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"pgregory.net/rapid"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/notify"
)

// modelLot is a lot in the fridge as it must be: all of it is held while an excursion
// waits for a decision on it.
type modelLot struct {
	quantity int64
	waits    map[coldchain.ExcursionID]bool // false: decided
}

// open are the excursions that wait for a decision on the lot.
func (l *modelLot) open() (open []coldchain.ExcursionID) {
	for _, id := range slices.Sorted(maps.Keys(l.waits)) {
		if l.waits[id] {
			open = append(open, id)
		}
	}
	return open
}

// outbox is the pager's other side, beside what the model knows of alarms.
type outbox struct {
	mu     sync.Mutex
	sent   map[notify.NoticeID]bool
	faults []string
}

// modelLots are the lots that stand in the fridge when a story begins, by their identifiers.
func modelLots(m *machine) map[inventory.LotID]*modelLot {
	lots := map[inventory.LotID]*modelLot{}
	balances, err := m.stock.Store.Balances(context.Background(), "flu")
	m.must(nil, err)
	for _, b := range balances {
		lots[b.Lot.ID] = &modelLot{quantity: b.Free, waits: map[coldchain.ExcursionID]bool{}}
	}
	return lots
}

// follow lets the storeroom learn what the cold chain has told since: each excursion that
// began holds what stands in its fridge, once.
func (m *machine) follow(*rapid.T) {
	ctx := context.Background()
	after, err := m.stock.Store.Followed(ctx, "inventory")
	m.must(nil, err)
	events, err := db.Fridges{DB: m.db}.Events(ctx, after, 1<<20)
	m.must(nil, err)
	for _, e := range events {
		for _, lot := range m.model.lots {
			if _, known := lot.waits[e.Excursion.ID]; e.Kind == coldchain.ExcursionBegan && lot.quantity > 0 && !known {
				lot.waits[e.Excursion.ID] = true
			}
		}
	}
	follower := inventory.Follower{Chain: db.Fridges{DB: m.db}, Stock: m.stock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	n, err := follower.CatchUp(ctx)
	m.must(nil, err)
	if n != len(events) {
		m.differ("%d events were followed, there were %d", n, len(events))
	}
}

// decide releases or discards a lot that is held.
func (m *machine) decide(t *rapid.T) {
	type held struct {
		lot       inventory.LotID
		excursion coldchain.ExcursionID
	}
	var waiting []held
	for _, id := range slices.Sorted(maps.Keys(m.model.lots)) {
		for _, excursion := range m.model.lots[id].open() {
			waiting = append(waiting, held{id, excursion})
		}
	}
	if len(waiting) == 0 {
		return
	}
	one := rapid.SampledFrom(waiting).Draw(t, "hold")
	decision := rapid.SampledFrom([]inventory.Decision{inventory.ReleaseLot, inventory.ReleaseLot, inventory.ReleaseLot, inventory.DiscardLot}).Draw(t, "decision")
	var hold inventory.HoldID
	ctx := context.Background()
	const q = `SELECT id FROM stock_holds WHERE lot = $1 AND excursion = $2`
	m.must(nil, m.db.QueryRow(ctx, q, one.lot, one.excursion).Scan(&hold))
	m.must(nil, m.stock.Decide(ctx, pharmacist, hold, decision, "weighed"))
	if err := m.stock.Decide(ctx, pharmacist, hold, inventory.DiscardLot, "again"); err == nil {
		m.differ("hold %d was decided twice", hold)
	}
	lot := m.model.lots[one.lot]
	lot.waits[one.excursion] = false
	if decision == inventory.DiscardLot {
		lot.quantity = 0
		for excursion := range lot.waits {
			lot.waits[excursion] = false
		}
	}
}

// checkHolds: what is held is what waits for a decision, and nothing of it is free.
func (m *machine) checkHolds(t *rapid.T) {
	balances, err := m.stock.Store.Balances(context.Background(), "flu")
	m.must(nil, err)
	stored := map[inventory.LotID]inventory.Balance{}
	for _, b := range balances {
		stored[b.Lot.ID] = b
	}
	for id, want := range m.model.lots {
		free, held := want.quantity, int64(0)
		if len(want.open()) > 0 {
			free, held = 0, want.quantity
		}
		if is := stored[id]; is.Free != free || is.Held != held {
			m.differ("of lot %s %d are free and %d held; should be %d and %d: %v wait", id, is.Free, is.Held, free, held, want.open())
		}
	}
}

// Send takes a message away. None comes twice, and none about an alarm that somebody has
// acknowledged, until the ladder's silence is over or it became worse.
func (m *machine) Send(_ context.Context, message notify.Message) error {
	m.outbox.mu.Lock()
	defer m.outbox.mu.Unlock()
	if m.outbox.sent[message.ID] {
		m.outbox.faults = append(m.outbox.faults, fmt.Sprintf("notice %d went out twice", message.ID))
	}
	m.outbox.sent[message.ID] = true
	a := message.Alarm
	if quiet := m.model.quiet[a.ID]; !a.Ack.At.IsZero() && a.Ack.Note == m.model.acked[a.ID] && m.at.Before(quiet) {
		m.outbox.faults = append(m.outbox.faults, fmt.Sprintf("alarm %d was acknowledged and rang before %v", a.ID, quiet))
	}
	return nil
}

// dispatch sends what is due; nothing that is due is left.
func (m *machine) dispatch(t *rapid.T) {
	ctx := context.Background()
	d := notify.Dispatcher{Outbox: db.Alarms{DB: m.db}, Now: func() time.Time { return m.at }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Ways: map[notify.Way]notify.Sender{notify.Webhook: m}}
	for tried := 1; tried > 0; {
		var err error
		tried, err = d.SendDue(ctx)
		m.must(nil, err)
	}
	for _, fault := range m.outbox.faults {
		m.differ("%s", fault)
	}
	var due int
	const q = `SELECT count(*) FROM notices WHERE status IN ('waiting', 'sending') AND try_at <= $1`
	m.must(nil, m.db.QueryRow(ctx, q, m.at.UnixMilli()).Scan(&due))
	if due > 0 {
		m.differ("%d notices that are due were not sent", due)
	}
}
