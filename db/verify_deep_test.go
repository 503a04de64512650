package db_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// willing takes every letter.
type willing struct{}

func (willing) Send(context.Context, reorder.Mail) error { return nil }

type willingPager struct{}

func (willingPager) Send(context.Context, notify.Message) error { return nil }

// busyDay is a database in which everything has happened that the deep checks look
// at: an order was sent and an approval signed, a fridge warmed and rings, a late
// block revised an older excursion, some people were told.
func busyDay(t *testing.T) (path string) {
	t.Helper()
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	approved, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: p.open()[0].ID, Version: 1})
	p.must(err)
	p.must(p.desk.SendDrafts(ctx))
	out := supplier.Dispatcher{Outbox: db.Orders{DB: p.db}, Now: p.now, Log: slog.New(slog.DiscardHandler), Sender: willing{}}
	if tried, err := out.SendDue(ctx); tried != 1 || err != nil {
		t.Fatalf("order %s: %d tries, %v", approved.Order, tried, err)
	}
	ring(t, p)
	if err := p.db.QueryRow(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	return path
}

// ring has fridge f-01 warm twice: once in the past, revised by a late block, and now.
func ring(t *testing.T, p *pharmacy) {
	ctx := t.Context()
	ladder := notify.DefaultLadder(notify.Webhook)
	ladder.Webhook = "http://127.0.0.1:1/"
	monitor := coldchain.NewMonitor(db.Fridges{DB: p.db}, ladder, hospital.NewRegister(nil))
	p.must(p.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO fridges (id, name, profile) VALUES ('f-01', 'Fridge 1', 'refrigerator')`)
		return err
	}))
	p.must(db.Fridges{DB: p.db}.InTx(ctx, func(tx coldchain.Tx) error {
		_, err := tx.Attach(ctx, coldchain.Sensor{Key: coldchain.SensorKey{Sensor: "aabbccddee01", Channel: coldchain.Probe}, Fridge: "f-01", Judged: true,
			AttachedAt: p.at.Add(-48 * time.Hour)})
		return err
	}))
	observe := func(from, to time.Duration, celsius float64) {
		for at := p.at.Add(from); at.Before(p.at.Add(to)); at = at.Add(5 * time.Minute) {
			r := coldReading(at, celsius)
			r.DeviceAt = at.Add(time.Second)
			_, err := monitor.Observe(ctx, []coldchain.Reading{r})
			p.must(err)
		}
	}
	observe(-10*time.Hour, -8*time.Hour, 5)
	observe(-8*time.Hour, -7*time.Hour, 11)
	observe(-6*time.Hour, -time.Hour, 5)
	observe(-7*time.Hour, -6*time.Hour, 11) // the late block: the first excursion was longer
	observe(-time.Hour, time.Minute, 12)
	d := &notify.Dispatcher{Outbox: db.Alarms{DB: p.db}, Now: p.now, Log: slog.New(slog.DiscardHandler), Ways: map[notify.Way]notify.Sender{notify.Webhook: willingPager{}}}
	if sent, err := d.SendDue(ctx); sent == 0 || err != nil {
		t.Fatalf("%d notices went out, %v", sent, err)
	}
}

// Each fault is planted behind the house's back; verify --deep names it.
func TestVerifyingDeepNamesEachPlantedFault(t *testing.T) {
	path := busyDay(t)
	const lineTwice = `INSERT INTO order_lines (number, line, item, place, pack, price_minor, ordered, proposal)
		SELECT number, line + 1, item, place, pack, price_minor, ordered, proposal FROM order_lines`
	const letterTwice = `INSERT INTO order_mail (number, message_id, recipient, subject, body, paper, status, attempts, next_at, created_at, sent_at)
		SELECT number, message_id || 'x', recipient, subject, body, paper, status, attempts, next_at, created_at, sent_at FROM order_mail`
	for name, c := range map[string]struct{ plant, says string }{
		"all is well":                {`SELECT 1`, ""},
		"a former version is gone":   {`DELETE FROM excursion_revisions`, "revisions: excursion"},
		"a revision out of nothing":  {`UPDATE excursions SET revision = revision + 1`, "revisions: excursion"},
		"readings of nobody":         {`INSERT INTO readings VALUES (999, 1, 5000, 1, 1)`, "readings: there are readings of sensor 999"},
		"a clock without a reading":  {`UPDATE reading_clocks SET measured_at = measured_at + 1 WHERE measured_at = (SELECT min(measured_at) FROM reading_clocks)`, "readings: a device's own time"},
		"ordered twice":              {lineTwice, "proposals: proposal"},
		"ordered undecided":          {`UPDATE proposals SET status = 'waiting'`, "proposals: proposal"},
		"another item is ordered":    {`UPDATE order_lines SET item = 'swabs'`, "proposals: line"},
		"closed, goods outstanding":  {`UPDATE purchase_orders SET status = 'closed'`, "orders: order"},
		"received, yet only sent":    {`UPDATE order_lines SET received = 1`, "orders: order"},
		"it left twice":              {letterTwice, "left the house 2 times"},
		"a draft on its way":         {`UPDATE purchase_orders SET status = 'draft'`, "is a draft and is on its way"},
		"sent without a paper":       {`UPDATE order_mail SET paper = x''`, "without a time or a paper"},
		"a notice is stuck":          {`UPDATE notices SET try_at = 1, due_at = 1 WHERE id = (SELECT max(id) FROM notices WHERE status = 'waiting')`, "ladders: notice"},
		"a sending is stuck":         {`UPDATE notices SET status = 'sending', try_at = 1 WHERE id = (SELECT max(id) FROM notices WHERE status = 'waiting')`, "ladders: notice"},
		"waits though it is over":    {`UPDATE alarms SET returned_at = raised_at WHERE id IN (SELECT alarm FROM notices WHERE status = 'waiting')`, "although the trouble"},
		"waits though acknowledged":  {`UPDATE alarms SET ack_at = raised_at, ack_by = 'x', ack_reason = 'on-it', ack_until = raised_at + 99999999`, "is acknowledged for longer"},
		"sent without being tried":   {`UPDATE notices SET tries = 0`, "never tried"},
		"the whole ladder is silent": {`UPDATE notices SET status = 'stopped'`, "its whole ladder was stopped"},
		"a ghost has signed": {`INSERT INTO people (id, name, email) VALUES ('ghost', 'Ghost', 'ghost@wards.example');
			INSERT INTO signatures (id, subject, meaning, person, name, at, local, zone, content, why)
			VALUES ('s', 'excursion/1', 'approved', 'ghost', 'Ghost', 1, 'x', 'UTC', zeroblob(32), '')`, "signatures: signature s is by ghost"},
	} {
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := db.Backup(t.Context(), path, copied, db.CopyOptions{}); err != nil {
			t.Fatal(err)
		}
		plant(t, copied, []string{c.plant})
		if fault := deeply(t, copied); c.says == "" && fault != nil || c.says != "" && (fault == nil || !strings.Contains(fault.Error(), c.says)) {
			t.Errorf("%s: found %v, want %q", name, fault, c.says)
		}
	}
}

func deeply(t *testing.T, path string) error {
	t.Helper()
	return findings(t, path).FirstFault()
}

// findings is all that verify --deep finds in a file.
func findings(t *testing.T, path string) db.Report {
	t.Helper()
	d, err := db.Inspect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	report, err := d.VerifyDeep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}
