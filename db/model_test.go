package db_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
)

// The model test: anything that may happen, in any order, to a real database and to
// a few maps beside it. What each step is answered must be what the model says; every
// lookEvery steps, after each restart and crash and at the end all that is stored is held
// against it. Rapid prints the seed of a run that fails and shrinks it to the shortest story:
//
//	go test ./db -run Model -v -rapid.checks 25 -rapid.steps 1000
//
// The files lie in memory where there is room, so that a step costs what the program does
// and not what a disk takes to be safe: whether what was acknowledged is there after the
// power fails is for TestLivesThatEndAtAnyInstantLoseNothing to show, which kills processes.

// model is what the hospital must be, in a few maps.
type model struct {
	readings map[int64]coldchain.MilliCelsius // by minute
	stock    map[[2]string]int64              // by item and place
	keys     map[string]bool                  // requests that were carried out
	acked    map[notify.AlarmID]string        // alarm → why somebody acknowledged it
	closed   map[notify.AlarmID]bool
	approved map[reorder.ProposalID]int64 // proposal → quantity
	assets   map[tracking.AssetID]*modelAsset
	lots     map[inventory.LotID]*modelLot // that stand in the fridge
	quiet    map[notify.AlarmID]time.Time  // alarm → until when its acknowledgement keeps it quiet
}

// machine is a hospital that lives through a random story beside its model.
type machine struct {
	base    testing.TB
	path    string
	planted string // a trigger that breaks a rule
	at      time.Time
	db      *db.DB
	monitor *coldchain.Monitor
	alarms  notify.Desk
	stock   *inventory.Stock
	desk    *reorder.Desk
	model   model
	lives   int
	steps   int64

	register *hospital.Register
	outbox   outbox
	tracker  *tracking.Tracker
	equip    tracking.Equipment
	unseen   int64 // steps since all was looked at
	shrinks  bool  // a story that failed is being shrunk: all is looked at after each step
}

// lookEvery is after how many steps all that is stored is held against the model. What
// went wrong in between stays wrong, so it is found, and shrinking leaves the step that did it.
const lookEvery = 100

// modelTemps are temperatures on either side of every limit, and one that can't be.
var modelTemps = []coldchain.MilliCelsius{5000, 5000, 5000, 7900, 8000, 8100, 12_000, 2000, 1900, -500, -600, 400_000}

var modelPlaces, modelItems = []string{"store", "fridge-2"}, []string{"gloves", "swabs"}

// modelDocument is the pharmacy's, with a fridge that is watched.
func modelDocument() document.Document {
	doc := stockDocument
	ward := wardDocument()
	doc.Buildings, doc.Floors, doc.Units, doc.Rooms, doc.Gateways, doc.Assets = ward.Buildings, ward.Floors, ward.Units, ward.Rooms, ward.Gateways, ward.Assets
	doc.Fridges = []document.Fridge{{ID: "f-01", Name: "Fridge 1", Profile: "refrigerator", Sensors: []document.Sensor{{ID: "aabbccddee01"}}},
		{ID: "f-02", Name: "Fridge 2", Profile: "refrigerator"}}
	return doc
}

// modelStart is the night before the clocks change.
var modelStart = time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC)

// modelFile is the file of the hospital as every story finds it.
func modelFile(base testing.TB) (file []byte, register *hospital.Register) {
	blank := dbtest.Open(base, db.Options{Now: func() time.Time { return modelStart }})
	if _, err := (db.Hospital{DB: blank}).Import(base.Context(), hospital.Job("import"), modelDocument(), true); err != nil {
		base.Fatal(err)
	}
	directory, err := db.Hospital{DB: blank}.Load(base.Context())
	if err != nil {
		base.Fatal(err)
	}
	var from string
	if err := blank.QueryRow(base.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&from); err != nil {
		base.Fatal(err)
	}
	if err := blank.Close(); err != nil {
		base.Fatal(err)
	}
	if file, err = os.ReadFile(from); err != nil {
		base.Fatal(err)
	}
	return file, hospital.NewRegister(directory)
}

func (b beginning) machine() *machine {
	folder, err := os.MkdirTemp(b.folder, "story-")
	if err != nil {
		b.base.Fatal(err)
	}
	m := &machine{base: b.base, planted: b.planted, path: filepath.Join(folder, "0.db"), at: modelStart, register: b.register, unseen: lookEvery,
		model: model{readings: map[int64]coldchain.MilliCelsius{}, stock: map[[2]string]int64{{"gloves", "store"}: 500, {"swabs", "store"}: 400},
			keys: map[string]bool{}, acked: map[notify.AlarmID]string{}, closed: map[notify.AlarmID]bool{}, approved: map[reorder.ProposalID]int64{},
			assets: modelAssets(), quiet: map[notify.AlarmID]time.Time{}},
		outbox: outbox{sent: map[notify.NoticeID]bool{}}}
	if err := os.WriteFile(m.path, b.file, 0o600); err != nil {
		b.base.Fatal(err)
	}
	m.open()
	m.model.lots = modelLots(m)
	return m
}

// open opens the file and begins.
func (m *machine) open() {
	var err error
	m.db, err = db.Open(m.base.Context(), m.path, db.Options{Now: func() time.Time { return m.at }})
	m.must(nil, err)
	if m.planted != "" {
		m.must(nil, m.db.InTx(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec(context.Background(), m.planted)
			return err
		}))
	}
	m.begin()
}

// begin starts everything anew, as a restart of the process does: nothing is known but what is stored.
func (m *machine) begin() {
	now := func() time.Time { return m.at }
	ladder := notify.DefaultLadder(notify.Webhook)
	ladder.Webhook = "http://127.0.0.1:1/"
	m.monitor = coldchain.NewMonitor(db.Fridges{DB: m.db}, ladder, m.register)
	m.alarms = notify.Desk{Store: db.Alarms{DB: m.db}, Ladder: ladder, Now: now}
	m.stock = &inventory.Stock{Store: db.Stock{DB: m.db}, Register: m.register}
	m.desk = &reorder.Desk{Store: db.Orders{DB: m.db}, Stock: m.stock, Register: m.register, Now: now,
		Paper: func(o reorder.Order, _ hospital.Site, _ time.Time) ([]byte, error) {
			return []byte("%PDF " + o.Number), nil
		}}
	m.openEquipment(now)
}

func (m *machine) must(_ any, err error) {
	if err != nil {
		m.differ("%v", err)
	}
}

func copyFile(t testing.TB, from, to string) {
	source, err := os.Open(from)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(target, source); err != nil {
		t.Fatal(err)
	}
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
}

// tell is readings of any minute of the past, in any order, some of them again.
func (m *machine) tell(t *rapid.T) {
	latest := m.at.Unix() / 60
	var batch []coldchain.Reading
	for range rapid.IntRange(1, 12).Draw(t, "readings") {
		minute := latest - rapid.Int64Range(-10, 600).Draw(t, "minutes ago")
		temp := rapid.SampledFrom(modelTemps).Draw(t, "temp")
		batch = append(batch, coldchain.Reading{Sensor: "aabbccddee01", Temp: temp, MeasuredAt: time.Unix(minute*60, 0).UTC(), Source: "mqtt", Gateway: "g-1"})
	}
	outcomes, err := m.monitor.Observe(context.Background(), batch)
	m.must(nil, err)
	// The monitor takes a batch in the order it was measured; the first of a minute stands.
	order := make([]int, len(batch))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return batch[a].MeasuredAt.Compare(batch[b].MeasuredAt) })
	for _, i := range order {
		r, minute := batch[i], batch[i].MeasuredAt.Unix()/60
		_, known := m.model.readings[minute]
		possible := r.Temp < 150_000 && !r.MeasuredAt.After(m.at.Add(5*time.Minute))
		if accepted := outcomes[i].Verdict == coldchain.Accepted; accepted != (possible && !known) {
			m.differ("%v °C of %v: %+v; known before: %v", r.Temp.Celsius(), r.MeasuredAt, outcomes[i], known)
		}
		if possible && !known {
			m.model.readings[minute] = r.Temp
		}
	}
}

// warm is a stretch in which the fridge fails, told minute by minute or, mostly, all at once.
func (m *machine) warm(t *rapid.T) {
	length := rapid.Int64Range(5, 60).Draw(t, "minutes")
	temp := rapid.SampledFrom([]coldchain.MilliCelsius{12_000, -3_000, 5_000}).Draw(t, "temp")
	each := rapid.SampledFrom([]int{20, 20, 20, 1}).Draw(t, "readings at once")
	latest := m.at.Unix() / 60
	var all []coldchain.Reading
	for minute := latest - length; minute <= latest; minute += 3 {
		all = append(all, coldchain.Reading{Sensor: "aabbccddee01", Temp: temp, MeasuredAt: time.Unix(minute*60, 0).UTC(), Source: "http"})
	}
	for batch := range slices.Chunk(all, each) {
		outcomes, err := m.monitor.Observe(context.Background(), batch)
		m.must(nil, err)
		for i, r := range batch {
			minute := r.MeasuredAt.Unix() / 60
			if _, known := m.model.readings[minute]; known == (outcomes[i].Verdict == coldchain.Accepted) {
				m.differ("minute %d: %+v; known before: %v", minute, outcomes[i], known)
			} else if !known {
				m.model.readings[minute] = temp
			}
		}
	}
}

// use, receive and move book stock; a repeated request is carried out once.
func (m *machine) use(t *rapid.T) {
	spot, n := m.spot(t), rapid.Int64Range(1, 250).Draw(t, "n")
	taking := inventory.Taking{Item: inventory.ItemID(spot[0]), Place: inventory.PlaceID(spot[1]), Quantity: n, Key: m.key(t)}
	err := m.stock.Use(context.Background(), nora, taking)
	m.booked(t, taking.Key, err, m.model.stock[spot] >= n, func() { m.model.stock[spot] -= n })
}

func (m *machine) receive(t *rapid.T) {
	spot, n := m.spot(t), rapid.Int64Range(1, 250).Draw(t, "n")
	in := inventory.Receiving{Item: inventory.ItemID(spot[0]), Place: inventory.PlaceID(spot[1]), Quantity: n, Key: m.key(t)}
	err := m.stock.Receive(context.Background(), pharmacist, in)
	m.booked(t, in.Key, err, true, func() { m.model.stock[spot] += n })
}

func (m *machine) move(t *rapid.T) {
	item, n, from := rapid.SampledFrom(modelItems).Draw(t, "item"), rapid.Int64Range(1, 250).Draw(t, "n"), rapid.IntRange(0, 1).Draw(t, "from")
	here, there := [2]string{item, modelPlaces[from]}, [2]string{item, modelPlaces[1-from]}
	moving := inventory.Moving{Taking: inventory.Taking{Item: inventory.ItemID(item), Place: inventory.PlaceID(here[1]), Quantity: n, Key: m.key(t)}, To: inventory.PlaceID(there[1])}
	err := m.stock.Move(context.Background(), nora, moving)
	m.booked(t, moving.Key, err, m.model.stock[here] >= n, func() { m.model.stock[here] -= n; m.model.stock[there] += n })
}

func (m *machine) spot(t *rapid.T) [2]string {
	return [2]string{rapid.SampledFrom(modelItems).Draw(t, "item"), rapid.SampledFrom(modelPlaces).Draw(t, "place")}
}

// key is a request's own, none, or one that was carried out before.
func (m *machine) key(t *rapid.T) string {
	known := slices.Sorted(maps.Keys(m.model.keys))
	switch kind := rapid.IntRange(0, 9).Draw(t, "key"); {
	case kind < 4:
		return ""
	case kind == 9 && len(known) > 0:
		return rapid.SampledFrom(known).Draw(t, "again")
	}
	return fmt.Sprintf("request-%d-%d", m.lives, len(known))
}

// booked holds what a booking answered against what it should have, and books in the model.
func (m *machine) booked(t *rapid.T, key string, err error, possible bool, book func()) {
	switch again := key != "" && m.model.keys[key]; {
	case again && err == nil: // carried out already
	case again:
		m.differ("a repeated request was refused: %v", err)
	case possible != (err == nil):
		m.differ("possible: %v, answered %v", possible, err)
	case err == nil:
		book()
		if key != "" {
			m.model.keys[key] = true
		}
	case !errors.Is(err, hospital.ErrInvalid):
		t.Fatal(err)
	}
}

// night proposes what is to be ordered.
func (m *machine) night(t *rapid.T) {
	m.must(nil, m.desk.Nightly(context.Background()))
}

// approve decides on what waits.
func (m *machine) approve(t *rapid.T) {
	waiting, err := m.desk.Store.OpenProposals(context.Background())
	m.must(nil, err)
	if len(waiting) == 0 {
		return
	}
	p := rapid.SampledFrom(waiting).Draw(t, "proposal")
	done, err := m.desk.Approve(context.Background(), manager, reorder.Answer{ID: p.ID, Version: p.Version})
	m.must(nil, err)
	if done.Status == reorder.Approved {
		m.model.approved[p.ID] = p.Quantity
	}
	if _, err := m.desk.Approve(context.Background(), second, reorder.Answer{ID: p.ID, Version: p.Version}); !errors.Is(err, hospital.ErrStale) {
		m.differ("approved a second time: %v", err)
	}
}

// acknowledge answers one of the open alarms; close ends one that is over.
func (m *machine) acknowledge(t *rapid.T) {
	open := m.ringing(t)
	if len(open) == 0 {
		return
	}
	a := rapid.SampledFrom(open).Draw(t, "alarm")
	note := fmt.Sprintf("look %d", len(m.model.acked))
	if _, err := m.alarms.Acknowledge(context.Background(), pharmacist, a.ID, notify.Answer{Reason: notify.OnIt, Note: note, Version: a.Version}); err != nil {
		t.Fatal(err)
	}
	m.model.acked[a.ID], m.model.quiet[a.ID] = note, m.at.Add(m.alarms.Ladder.Silence)
	if _, err := m.alarms.Acknowledge(context.Background(), nora, a.ID, notify.Answer{Reason: notify.OnIt, Version: a.Version}); !errors.Is(err, hospital.ErrStale) {
		m.differ("acknowledged from an old page: %v", err)
	}
}

func (m *machine) closeAlarm(t *rapid.T) {
	open := m.ringing(t)
	if len(open) == 0 {
		return
	}
	a := rapid.SampledFrom(open).Draw(t, "alarm")
	_, err := m.alarms.Close(context.Background(), pharmacist, a.ID, "done", a.Version)
	if over := !a.ReturnedAt.IsZero(); over != (err == nil) {
		m.differ("alarm %d is over: %v, closing it answers %v", a.ID, over, err)
	}
	if err == nil {
		m.model.closed[a.ID] = true
	}
}

func (m *machine) ringing(t *rapid.T) []notify.Alarm {
	open, err := m.alarms.Store.OpenAlarms(context.Background())
	m.must(nil, err)
	return open
}

// pass lets time go by; the silence is looked at as the clock does.
func (m *machine) pass(t *rapid.T) {
	m.at = m.at.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes")) * time.Minute)
	m.must(nil, m.monitor.CheckSilence(context.Background()))
}

// restart begins anew with what is stored, mostly upon the file that is open: to open it
// takes as long as fifty other steps.
func (m *machine) restart(t *rapid.T) {
	if rare.Draw(t, "closes the file") {
		m.reopen(t)
		return
	}
	m.begin()
}

func (m *machine) reopen(t *rapid.T) {
	m.must(nil, m.db.Close())
	m.open()
	m.unseen = lookEvery
}

// crash takes the file as a power cut leaves it: the log is not folded in, nothing was told to stop.
func (m *machine) crash(t *rapid.T) {
	m.lives++
	next := filepath.Join(filepath.Dir(m.path), fmt.Sprintf("%d.db", m.lives))
	copyFile(m.base, m.path, next)
	copyFile(m.base, m.path+"-wal", next+"-wal")
	m.must(nil, m.db.Close())
	for _, left := range []string{m.path, m.path + "-wal", m.path + "-shm"} {
		_ = os.Remove(left)
	}
	m.path = next
	m.open()
	m.unseen = lookEvery
}

// check holds all that is stored against the model, now and then.
func (m *machine) check(t *rapid.T) {
	if m.unseen++; m.unseen >= lookEvery || m.shrinks {
		m.lookAtAll(t)
	}
}

// difference is what hospital and model tell differently. It ends the story.
type difference string

func (m *machine) differ(format string, told ...any) {
	panic(difference(fmt.Sprintf(format, told...)))
}

func (m *machine) lookAtAll(t *rapid.T) {
	m.unseen = 0
	m.checkReadings(t)
	m.checkStock(t)
	m.checkDecisions(t)
	m.checkHolds(t)
	m.checkEquipment(t)
}

func (m *machine) checkReadings(t *rapid.T) {
	points, err := db.Fridges{DB: m.db}.Points(context.Background(), m.sensor(t), time.UnixMilli(0), m.at.Add(time.Hour))
	m.must(nil, err)
	if len(points) != len(m.model.readings) {
		m.differ("%d readings are stored, %d were accepted", len(points), len(m.model.readings))
	}
	for _, p := range points {
		if want, known := m.model.readings[p.At.Unix()/60]; !known || want != p.Temp {
			m.differ("stored %v of %v, accepted %v", p.Temp, p.At, want)
		}
	}
}

func (m *machine) checkStock(t *rapid.T) {
	stored := map[[2]string]int64{}
	for _, item := range modelItems {
		balances, err := m.stock.Store.Balances(context.Background(), inventory.ItemID(item))
		m.must(nil, err)
		for _, b := range balances {
			stored[[2]string{item, string(b.Place)}] += b.Free
		}
	}
	for spot, want := range m.model.stock {
		if stored[spot] != want {
			m.differ("%v holds %d, should hold %d", spot, stored[spot], want)
		}
	}
}

func (m *machine) sensor(t *rapid.T) coldchain.SensorID {
	s, err := db.Fridges{DB: m.db}.Sensor(context.Background(), coldchain.SensorKey{Sensor: "aabbccddee01", Channel: coldchain.Probe})
	m.must(nil, err)
	return s.ID
}

// checkDecisions: what people decided stands.
func (m *machine) checkDecisions(t *rapid.T) {
	ctx := context.Background()
	for id, note := range m.model.acked {
		a, err := m.alarms.Store.Alarm(ctx, id)
		m.must(nil, err)
		if m.model.closed[id] != !a.Closing.At.IsZero() {
			m.differ("alarm %d: closed %v, should be %v", id, !a.Closing.At.IsZero(), m.model.closed[id])
		}
		// An alarm that became worse rings anew; any other keeps the word that was given.
		if !a.Ack.At.IsZero() && a.Ack.Note != note {
			m.differ("alarm %d was acknowledged with %q and says %q", id, note, a.Ack.Note)
		}
	}
	for id, quantity := range m.model.approved {
		p, err := m.desk.Store.FindProposal(ctx, id)
		m.must(nil, err)
		if p.Status != reorder.Approved || p.Quantity != quantity {
			m.differ("proposal %d over %d was approved and is %s over %d", id, quantity, p.Status, p.Quantity)
		}
	}
}

// end judges the whole record from its beginning.
func (m *machine) end(t *rapid.T) {
	report, err := m.db.VerifyDeep(context.Background())
	m.must(nil, err)
	if fault := report.FirstFault(); fault != nil {
		m.differ("%v", fault)
	}
	m.must(nil, m.db.Close())
}
