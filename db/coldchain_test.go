package db_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// ward is a hospital with one fridge, its monitor and its alarms, under a clock that the test turns.
type coldWard struct {
	t       testing.TB
	db      *db.DB
	at      time.Time
	monitor *coldchain.Monitor
	desk    notify.Desk
	topics  []string
}

var coldNoon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newColdWard(t testing.TB) *coldWard {
	w := &coldWard{t: t, at: coldNoon}
	w.db = dbtest.Open(t, db.Options{Now: func() time.Time { return w.at }, Announce: func(topics []string) { w.topics = append(w.topics, topics...) }})
	w.open()
	w.exec(`INSERT INTO fridges (id, name, profile) VALUES ('f-1', 'Vaccine fridge 1', 'refrigerator')`)
	w.attach("aabbccddee01", "f-1")
	return w
}

// open starts monitor and desk anew, as a restart of the process does.
func (w *coldWard) open() {
	ladder := notify.DefaultLadder(notify.Webhook)
	ladder.Webhook = "http://127.0.0.1:1/"
	w.monitor = coldchain.NewMonitor(db.Fridges{DB: w.db}, ladder, hospital.NewRegister(nil))
	w.desk = notify.Desk{Store: db.Alarms{DB: w.db}, Ladder: ladder, Now: func() time.Time { return w.at }}
}

func (w *coldWard) exec(q string, args ...any) {
	w.t.Helper()
	if err := w.db.InTx(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(context.Background(), q, args...)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *coldWard) attach(sensor string, fridge coldchain.FridgeID) {
	w.t.Helper()
	err := db.Fridges{DB: w.db}.InTx(context.Background(), func(tx coldchain.Tx) error {
		_, err := tx.Attach(context.Background(), coldchain.Sensor{Key: coldchain.SensorKey{Sensor: sensor, Channel: coldchain.Probe},
			Fridge: fridge, Judged: true, AttachedAt: tx.Now()})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func coldReading(at time.Time, celsius float64) coldchain.Reading {
	return coldchain.Reading{Sensor: "aabbccddee01", Temp: coldchain.FromCelsius(celsius), MeasuredAt: at, Source: "mqtt", Gateway: "g-1"}
}

func (w *coldWard) observe(readings ...coldchain.Reading) []coldchain.Outcome {
	w.t.Helper()
	outcomes, err := w.monitor.Observe(context.Background(), readings)
	if err != nil {
		w.t.Fatal(err)
	}
	return outcomes
}

// live sends one reading every five minutes as time passes.
func (w *coldWard) live(celsius ...float64) {
	w.t.Helper()
	for _, c := range celsius {
		w.at = w.at.Add(5 * time.Minute)
		w.observe(coldReading(w.at, c))
	}
}

func (w *coldWard) alarms() []notify.Alarm {
	w.t.Helper()
	open, err := w.desk.Store.OpenAlarms(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return open
}

func (w *coldWard) excursions() []coldchain.Excursion {
	w.t.Helper()
	all, err := db.Fridges{DB: w.db}.Excursions(context.Background(), "f-1", 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *coldWard) chain() []coldchain.EventKind {
	w.t.Helper()
	events, err := db.Fridges{DB: w.db}.Events(context.Background(), 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	var kinds []coldchain.EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (w *coldWard) notices(id notify.AlarmID) map[notify.Status]int {
	w.t.Helper()
	all, err := w.desk.Store.Notices(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	count := map[notify.Status]int{}
	for _, n := range all {
		count[n.Status]++
	}
	return count
}

var pat = hospital.Actor{ID: "p-pat", Name: "Pat", Roles: []hospital.Role{hospital.Pharmacist}}

func TestAWarmFridgeRingsIsAcknowledgedReturnsAndIsClosed(t *testing.T) {
	w := newColdWard(t)
	w.live(4.5, 9, 9.2, 9.4, 9.1)
	open := w.alarms()
	if len(open) != 1 || open[0].Kind != coldchain.KindWarm || open[0].Subject != "fridge/f-1" || open[0].Text != "9.4 °C, limit 8.0 °C" {
		t.Fatalf("alarms: %+v", open)
	}
	if !slices.Contains(w.topics, "alarms") || !slices.Contains(w.topics, "fridge/f-1") || !slices.Contains(w.topics, "coldchain") {
		t.Errorf("told %v", w.topics)
	}
	if n := w.notices(open[0].ID); n[notify.Waiting] != 3 {
		t.Errorf("notices %v, want one a rung", n)
	}

	_, err := w.desk.Acknowledge(t.Context(), pat, open[0].ID, notify.Answer{})
	if !errors.Is(err, notify.ErrNoReason) {
		t.Errorf("acknowledged without a reason: %v", err)
	}
	acked, err := w.desk.Acknowledge(t.Context(), pat, open[0].ID, notify.Answer{Reason: notify.DoorOpen, Note: "restocking", Version: open[0].Version})
	if err != nil {
		t.Fatal(err)
	}
	if acked.Life(w.at) != notify.Acknowledged || acked.Life(w.at.Add(2*time.Hour)) != notify.Active {
		t.Error("an acknowledgement must hold for its time and no longer")
	}
	if n := w.notices(acked.ID); n[notify.Stopped] != 3 || n[notify.Waiting] != 3 {
		t.Errorf("notices %v: the first ladder stops, the next waits for the end of the silence", n)
	}
	if _, err := w.desk.Acknowledge(t.Context(), pat, acked.ID, notify.Answer{Reason: notify.Power, Version: open[0].Version}); !errors.Is(err, notify.ErrStaleAlarm) {
		t.Errorf("a second answer to the old version: %v", err)
	}
	if _, err := w.desk.Close(t.Context(), pat, acked.ID, "moved the stock", 0); !errors.Is(err, notify.ErrStillWrong) {
		t.Errorf("closed while it is warm: %v", err)
	}

	w.live(7.5, 6, 5, 5)
	open = w.alarms()
	if len(open) != 1 || open[0].Life(w.at) != notify.Returned {
		t.Fatalf("after the return: %+v", open)
	}
	if n := w.notices(acked.ID); n[notify.Waiting] != 0 {
		t.Errorf("notices still wait after the return: %v", n)
	}
	if _, err := w.desk.Close(t.Context(), pat, acked.ID, "door seal cleaned", 0); err != nil {
		t.Fatal(err)
	}
	if open := w.alarms(); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
	if got := w.chain(); !slices.Equal(got, []coldchain.EventKind{coldchain.ExcursionBegan, coldchain.ExcursionEnded}) {
		t.Errorf("the chain has %v", got)
	}
}

func TestANurseMayAcknowledgeAndASupplyManagerMayNot(t *testing.T) {
	w := newColdWard(t)
	w.live(4.5, 9, 9, 9, 9)
	id := w.alarms()[0].ID
	buyer := hospital.Actor{ID: "p-sam", Name: "Sam", Roles: []hospital.Role{hospital.SupplyManager}}
	if _, err := w.desk.Acknowledge(t.Context(), buyer, id, notify.Answer{Reason: notify.OnIt}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("got %v", err)
	}
	nurse := hospital.Actor{ID: "p-nia", Name: "Nia", Roles: []hospital.Role{hospital.Nurse}}
	if _, err := w.desk.Acknowledge(t.Context(), nurse, id, notify.Answer{Reason: notify.OnIt}); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestEachReadingHasItsOwnOutcome(t *testing.T) {
	w := newColdWard(t)
	good, impossible := coldReading(coldNoon.Add(-time.Minute), 4.2), coldReading(coldNoon.Add(-2*time.Minute), 6553.5)
	future, unknown := coldReading(coldNoon.Add(time.Hour), 4), coldReading(coldNoon, 4)
	unknown.Sensor = "ffffffffffff"
	got := w.observe(good, impossible, good, future, unknown, coldchain.Reading{MeasuredAt: coldNoon}, coldchain.Reading{Sensor: "aabbccddee01"})
	want := []coldchain.Outcome{{Verdict: coldchain.Accepted}, {Verdict: coldchain.Refused, Reason: coldchain.ReasonImpossible}, {Verdict: coldchain.Duplicate},
		{Verdict: coldchain.Refused, Reason: coldchain.ReasonFuture}, {Verdict: coldchain.Refused, Reason: coldchain.ReasonUnknownSensor},
		{Verdict: coldchain.Refused, Reason: coldchain.ReasonNoSensor}, {Verdict: coldchain.Refused, Reason: coldchain.ReasonNoTime}}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	fridges := db.Fridges{DB: w.db}
	strange, err := fridges.Strange(t.Context())
	if err != nil || len(strange) != 1 || strange[0].Key.Sensor != "ffffffffffff" || strange[0].Gateway != "g-1" {
		t.Errorf("for adoption: %+v, %v", strange, err)
	}
	aside, err := fridges.Quarantined(t.Context(), "f-1", 10)
	if err != nil || len(aside) != 2 || aside[0].Reason != coldchain.ReasonFuture && aside[1].Reason != coldchain.ReasonFuture {
		t.Errorf("set aside: %+v, %v", aside, err)
	}
}

func TestProbeFallsSilentOvernight(t *testing.T) {
	w := newColdWard(t)
	w.live(4.5, 4.6)
	check := func() []notify.Alarm {
		t.Helper()
		if err := w.monitor.CheckSilence(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w.alarms()
	}
	w.at = w.at.Add(20 * time.Minute)
	if open := check(); len(open) != 0 {
		t.Fatalf("rang at the limit: %+v", open)
	}
	w.at = w.at.Add(time.Millisecond)
	open := check()
	if len(open) != 1 || open[0].Kind != coldchain.KindSilent || open[0].Severity != notify.Serious {
		t.Fatalf("alarms: %+v", open)
	}
	w.at = w.at.Add(time.Hour)
	if again := check(); len(again) != 1 || again[0].ID != open[0].ID {
		t.Fatalf("rang twice: %+v", again)
	}
	w.live(4.7)
	if open := w.alarms(); len(open) != 1 || open[0].Life(w.at) != notify.Returned {
		t.Errorf("after it was heard again: %+v", open)
	}
}

func TestADeadGatewayRaisesOneAlarmThatNamesItsFridges(t *testing.T) {
	w := newColdWard(t)
	w.exec(`INSERT INTO fridges (id, name, profile) VALUES ('f-2', 'Vaccine fridge 2', 'refrigerator'), ('f-3', 'Other gateway', 'refrigerator')`)
	w.attach("p-2", "f-2")
	w.attach("p-3", "f-3")
	from := func(sensor string, gateway hospital.GatewayID, at time.Time) coldchain.Reading {
		r := coldReading(at, 4.5)
		r.Sensor, r.Gateway = sensor, gateway
		return r
	}
	w.at = w.at.Add(10 * time.Minute)
	w.observe(from("aabbccddee01", "g-1", w.at), from("p-2", "g-1", w.at.Add(-4*time.Minute)), from("p-3", "g-2", w.at))
	check := func() []notify.Alarm {
		t.Helper()
		if err := w.monitor.CheckSilence(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w.alarms()
	}
	w.at = w.at.Add(17 * time.Minute) // the second probe is silent already, the first not yet
	w.observe(from("p-3", "g-2", w.at))
	open := check()
	if len(open) != 1 || open[0].Kind != coldchain.KindGateway || open[0].Subject != "gateway/g-1" || open[0].Text != "nobody knows how cold it is in Vaccine fridge 2" {
		t.Fatalf("alarms: %+v", open)
	}
	w.at = w.at.Add(5 * time.Minute)
	w.observe(from("p-3", "g-2", w.at))
	if open := check(); len(open) != 1 {
		t.Fatalf("every fridge rang by itself: %+v", open)
	}
	w.observe(from("aabbccddee01", "g-1", w.at), from("p-2", "g-1", w.at))
	if open := check(); len(open) != 1 || open[0].Life(w.at) != notify.Returned {
		t.Errorf("after it was heard again: %+v", open)
	}
}

func TestDataThatComesWhenItIsOverOpensACaseWithoutASiren(t *testing.T) {
	w := newColdWard(t)
	w.live(4.5)
	w.at = w.at.Add(6 * time.Hour)
	var backlog []coldchain.Reading
	for i, c := range []float64{4.5, 9, 9.5, 9.9, 9, 9, 6, 5, 5, 5} {
		backlog = append(backlog, coldReading(coldNoon.Add(time.Hour+time.Duration(i)*5*time.Minute), c))
	}
	w.observe(append(backlog, coldReading(w.at, 4.4))...)
	open := w.alarms()
	if len(open) != 1 || open[0].Kind != coldchain.KindFoundLate || open[0].Life(w.at) != notify.Returned || !open[0].Waits(w.at) {
		t.Fatalf("alarms: %+v", open)
	}
	if n := w.notices(open[0].ID); len(n) != 0 {
		t.Errorf("a past excursion rang: %v", n)
	}
	if es := w.excursions(); len(es) != 1 || !es[0].FoundLate || es[0].Max != 9_900 {
		t.Errorf("excursions: %+v", es)
	}
}

func TestABacklogThatEndsInAWarmFridgeRings(t *testing.T) {
	w := newColdWard(t)
	w.live(4.5)
	w.at = w.at.Add(2 * time.Hour)
	var backlog []coldchain.Reading
	for at := w.at.Add(-time.Hour); !at.After(w.at); at = at.Add(5 * time.Minute) {
		backlog = append(backlog, coldReading(at, 9.5))
	}
	w.observe(backlog...)
	open := w.alarms()
	if len(open) != 1 || open[0].Kind != coldchain.KindWarm || w.notices(open[0].ID)[notify.Waiting] != 3 {
		t.Errorf("alarms: %+v", open)
	}
}

// An excursion runs on over a gap and rings. Then the gap's cold readings come: there were two
// excursions. The fridge is warm now as it was a minute ago, and whoever took the alarm in hand
// is not called a second time for it.
func TestLateDataThatPartsARunningExcursionLeavesItsAlarm(t *testing.T) {
	w := newColdWard(t)
	w.live(4.5, 9, 9, 9, 9, 9)
	begun := w.at
	w.at = w.at.Add(6 * time.Hour)
	for range 6 {
		w.live(9.5)
	}
	rang := w.alarms()
	if es := w.excursions(); len(es) != 1 || !es[0].Running() || len(rang) != 1 {
		t.Fatalf("before: excursions %+v, alarms %+v", es, rang)
	}
	if _, err := w.desk.Acknowledge(context.Background(), pat, rang[0].ID, notify.Answer{Reason: notify.DoorOpen, Note: "closing it"}); err != nil {
		t.Fatal(err)
	}
	rang = w.alarms()
	var late []coldchain.Reading
	for at := begun.Add(5 * time.Minute); at.Before(begun.Add(5 * time.Hour)); at = at.Add(5 * time.Minute) {
		late = append(late, coldReading(at, 4.5))
	}
	w.observe(late...)
	if es := w.excursions(); len(es) != 2 || es[0].Running() == es[1].Running() {
		t.Fatalf("afterwards: excursions %+v", es)
	}
	w.live(9.5)
	if open := w.alarms(); !reflect.DeepEqual(open, rang) {
		t.Errorf("alarms: %+v, were %+v", open, rang)
	}
}

func TestARestartInTheMiddleOfAnExcursionGoesOn(t *testing.T) {
	w := newColdWard(t)
	w.live(4.5, 9, 9)
	w.open()
	w.live(9, 9, 9)
	w.open()
	w.live(9, 7, 6, 5, 5)
	es := w.excursions()
	if len(es) != 1 || es[0].Running() || es[0].Known != 30*time.Minute {
		t.Errorf("excursions: %+v", es)
	}
	if got := w.chain(); len(got) != 2 {
		t.Errorf("the chain has %v", got)
	}
}

func TestFreezingIsAnAlarmOfItsOwn(t *testing.T) {
	w := newColdWard(t)
	w.live(3, -0.6, -0.8)
	open := w.alarms()
	if len(open) != 1 || open[0].Kind != coldchain.KindFreezing || open[0].Severity != notify.Critical {
		t.Errorf("alarms: %+v", open)
	}
}

// Through the real database: any order of arrival, in any batches, with restarts
// in between, leaves the excursions of one replay of the sorted record.
func TestTheStoredExcursionsAreThoseOfOneReplay(t *testing.T) {
	w := newColdWard(t)
	w.at = coldNoon.Add(30 * 24 * time.Hour)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		probe := fmt.Sprintf("probe-%d", run)
		w.attach(probe, "f-1")
		points := drawSeries(rt)
		want := coldchain.NewReplay(coldchain.Always(coldchain.Refrigerator()), coldchain.Point{})
		for _, p := range points {
			want.Step(p)
		}
		rnd := rand.New(rand.NewSource(rapid.Int64().Draw(rt, "shuffle")))
		arrival := append(slices.Clone(points), points[:len(points)/4]...)
		if rapid.Bool().Draw(rt, "any order") {
			rnd.Shuffle(len(arrival), func(i, j int) { arrival[i], arrival[j] = arrival[j], arrival[i] })
		}
		for len(arrival) > 0 {
			n := rapid.IntRange(1, len(arrival)).Draw(rt, "batch")
			var batch []coldchain.Reading
			for _, p := range arrival[:n] {
				r := coldReading(p.At, p.Temp.Celsius())
				r.Sensor = probe
				batch = append(batch, r)
			}
			w.observe(batch...)
			arrival = arrival[n:]
			if rapid.Bool().Draw(rt, "restart") {
				w.open()
			}
		}
		var got []coldchain.Excursion
		for _, e := range w.excursions() {
			if !e.Withdrawn && e.Sensor.Sensor == probe {
				e.ID, e.Fridge, e.Sensor, e.FoundLate, e.Revision = 0, "", coldchain.SensorKey{}, false, 0
				got = append(got, e)
			}
		}
		wanted := want.Excursions()
		byStart := func(a, b coldchain.Excursion) int {
			if c := a.Start.Compare(b.Start); c != 0 {
				return c
			}
			return slices.Compare([]byte(a.Rule), []byte(b.Rule))
		}
		slices.SortFunc(got, byStart)
		slices.SortFunc(wanted, byStart)
		if !slices.Equal(got, wanted) {
			rt.Errorf("stored %+v\nreplay %+v", got, wanted)
		}
	})
}

// A page of the record is small at first: one late reading of two days ago is settled by the
// readings of the next hours and does not fetch the thousands that follow.
func TestALateReadingCostsTheSameHoweverMuchCameSince(t *testing.T) {
	w := newColdWard(t)
	const minutes = 2 * 4500
	w.at = coldNoon.Add(minutes * time.Minute)
	var all []coldchain.Reading
	for minute := 0; minute < minutes; minute += 2 {
		all = append(all, coldReading(coldNoon.Add(time.Duration(minute)*time.Minute), 5))
	}
	w.observe(all...)
	late := func(minute int) float64 {
		return testing.AllocsPerRun(20, func() {
			w.observe(coldReading(coldNoon.Add(time.Duration(minute)*time.Minute), 5))
			minute += 2
		})
	}
	if recent, old := late(minutes-401), late(401); old > 2*recent {
		t.Errorf("a late reading with 200 after it allocates %.0f times, one with 4,000 after it %.0f times", recent, old)
	}
}

// What is warm for longer than a page is judged over all the pages it lies in.
func TestLateReadingsOverManyPagesAreJudgedAsOneReplay(t *testing.T) {
	w := newColdWard(t)
	w.at = coldNoon.Add(10 * 24 * time.Hour)
	var points []coldchain.Point
	var live, late []coldchain.Reading
	for minute := range 9000 {
		p := coldchain.Point{At: coldNoon.Add(time.Duration(minute) * time.Minute), Temp: 5_000}
		if minute > 500 && minute < 2500 || minute > 6000 && minute < 8999 {
			p.Temp = 12_000
		}
		points = append(points, p)
		// The thirty hours' warmth comes at once, but for what broke off before it and within it.
		if r := coldReading(p.At, p.Temp.Celsius()); minute > 400 && minute < 600 || minute%1500 == 7 {
			late = append(late, r)
		} else {
			live = append(live, r)
		}
	}
	w.observe(live...)
	w.observe(late...)
	want := coldchain.NewReplay(coldchain.Always(coldchain.Refrigerator()), coldchain.Point{})
	for _, p := range points {
		want.Step(p)
	}
	var got []coldchain.Excursion
	for _, e := range w.excursions() {
		if !e.Withdrawn {
			e.ID, e.Fridge, e.Sensor, e.FoundLate, e.Revision = 0, "", coldchain.SensorKey{}, false, 0
			got = append(got, e)
		}
	}
	wanted := want.Excursions()
	for _, told := range [][]coldchain.Excursion{got, wanted} {
		slices.SortFunc(told, func(a, b coldchain.Excursion) int {
			return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Rule, b.Rule))
		})
	}
	if len(wanted) < 2 || !slices.Equal(got, wanted) {
		t.Errorf("stored %+v\nreplay %+v", got, wanted)
	}
}

func drawSeries(t *rapid.T) []coldchain.Point {
	n := rapid.IntRange(1, 60).Draw(t, "readings")
	at, temp := coldNoon, coldchain.MilliCelsius(5_000)
	points := make([]coldchain.Point, n)
	for i := range points {
		at = at.Add(time.Duration(rapid.SampledFrom([]int{1, 5, 5, 5, 5, 12, 40, 700}).Draw(t, "minutes")) * time.Minute)
		if rapid.IntRange(0, 3).Draw(t, "move") == 0 {
			temp = rapid.SampledFrom([]coldchain.MilliCelsius{8_100, 7_800, 5_000, 1_900, -700, 12_000}).Draw(t, "jump")
		}
		points[i] = coldchain.Point{At: at, Temp: temp}
	}
	return points
}

func TestTheListsThatUnwantedReadingsFillAreBounded(t *testing.T) {
	w := newColdWard(t)
	fridges := db.Fridges{DB: w.db}
	var strangers, wild []coldchain.Reading
	for i := range coldchain.MaxStrangeSensors + 1 {
		r := coldReading(w.at, 4)
		r.Sensor = fmt.Sprintf("stranger-%04d", i)
		strangers = append(strangers, r)
	}
	for i := range coldchain.MaxQuarantined + 1 {
		wild = append(wild, coldReading(w.at.Add(-time.Duration(i)*time.Minute), 6553.5))
	}
	w.observe(strangers[:coldchain.MaxStrangeSensors]...)
	w.at = w.at.Add(time.Second)
	w.observe(strangers[1]) // heard again: it is not the one to go
	w.observe(strangers[coldchain.MaxStrangeSensors])
	listed, err := fridges.Strange(t.Context())
	if err != nil || len(listed) != coldchain.MaxStrangeSensors {
		t.Fatalf("%d strange sensors, %v", len(listed), err)
	}
	if again := listed[slices.IndexFunc(listed, func(s coldchain.StrangeSensor) bool { return s.Key.Sensor == "stranger-0001" })]; again.Times != 2 {
		t.Errorf("heard twice, noted as %+v", again)
	}
	w.observe(wild...)
	aside, err := fridges.Quarantined(t.Context(), "f-1", 10*coldchain.MaxQuarantined)
	if err != nil || len(aside) != coldchain.MaxQuarantined {
		t.Errorf("%d readings set aside, %v", len(aside), err)
	}
}

func TestAFridgeOpenedOnPurposeRingsOnceTheTimeIsUp(t *testing.T) {
	w := newColdWard(t)
	w.live(4.5)
	if _, err := w.monitor.Open(t.Context(), pat, "f-1", coldchain.MaxOpening+1, "defrosting"); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("opened for too long: %v", err)
	}
	if _, err := w.monitor.Open(t.Context(), pat, "f-1", 30*time.Minute, "restocking"); err != nil {
		t.Fatal(err)
	}
	w.live(9, 9, 9, 9, 9)
	if open := w.alarms(); len(open) != 0 || len(w.excursions()) != 1 {
		t.Fatalf("it rang while it was opened on purpose, or was not recorded: %+v", open)
	}
	w.live(9, 9)
	if open := w.alarms(); len(open) != 1 || open[0].Kind != coldchain.KindWarm {
		t.Errorf("it stayed quiet after the time was up: %+v", open)
	}
}
