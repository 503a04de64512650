package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// Whatever a gateway sends beside them, good readings are taken; what was refused stands
// on the administrators' page with its reason and is counted in the metrics, over MQTT as
// over HTTP.
func TestBadInputCostsItsGoodNeighbourNothing(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + t.TempDir() + "/ward.db"
	importSmallHospital(t, dsn)
	h, _ := open(t, dsn)
	token := furnish(t, h)
	knows(t, h, coldchain.SensorKey{Sensor: "probe-2", Channel: coldchain.Probe})
	now := time.Now()
	good := 0
	next := func() string { // a reading that is right, each with a time of its own
		good++
		return fmt.Sprintf(`{"sensor":"probe-2","celsius":4,"at":%d}`, now.Add(-time.Hour).UnixMilli()+int64(good)*1000)
	}
	kinds := []struct{ name, beside, reason string }{
		{"cut off", `{"readings":[{"sensor":"probe-1","cel`, "the message is not JSON"},
		{"of an unknown format", `{"hello":"world"}`, "in no format that is known here"},
		{"longer than a message may be", `{"readings":[` + strings.Repeat(" ", 1<<20) + `]}`, "longer than 1 MiB"},
		{"of another gateway", `[{"type":"Gateway","mac":"AC233F000009"},{"mac":"C0FFEE000001","rssi":-60}]`, "may not speak for"},
		{"a field of the wrong kind", `{"readings":[{"sensor":"probe-1","celsius":"warm"},GOOD]}`, "celsius is no number"},
		{"an impossible value", `{"readings":[{"sensor":"probe-1","celsius":900,"at":%d},GOOD]}`, coldchain.ReasonImpossible},
		{"dated in the future", `{"readings":[{"sensor":"probe-1","celsius":4,"at":"2093-01-01T00:00:00Z"},GOOD]}`, "dated in the future"},
	}
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + h.broker.Address()).SetClientID("gw-a").SetUsername("gw-a").SetPassword(token))
	if connecting := c.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
		t.Fatal(connecting.Error())
	}
	defer c.Disconnect(0)
	publish := func(body string) {
		t.Helper()
		if sending := c.Publish("sensors/any", 1, false, body); !sending.WaitTimeout(patience) || sending.Error() != nil {
			t.Fatal(sending.Error())
		}
	}
	send := func(body string) {
		t.Helper()
		if status, answer := post(t, h, token, body); status >= http.StatusInternalServerError {
			t.Fatalf("%d %s", status, answer)
		}
	}
	for way, give := range map[string]func(string){"mqtt": publish, "http": send} {
		for i, k := range kinds {
			body := strings.ReplaceAll(k.beside, "%d", fmt.Sprint(now.Add(-time.Minute).UnixMilli()+int64(i)))
			if strings.Contains(body, "GOOD") {
				give(strings.Replace(body, "GOOD", next(), 1))
			} else {
				give(body)
				give(`{"readings":[` + next() + `]}`)
			}
			if got := len(stored(t, h, "probe-2", "probe")); got != good {
				t.Errorf("%s over %s: %d good readings are stored, %d were sent", k.name, way, got, good)
			}
		}
	}
	if err := h.parts.Devices.Book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	people := visitors(t, h)
	var page, meters string
	for _, v := range people {
		if v.name == string(hospital.Administrator) {
			page = v.ask(http.MethodGet, "/admin/devices/refused").Body.String()
		}
	}
	families, err := h.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), "wardwatch_ingest_refused_total") {
			for _, m := range family.GetMetric() {
				meters += fmt.Sprintf("%s=%v ", m.GetLabel()[0].GetValue(), m.GetCounter().GetValue())
			}
		}
	}
	for _, k := range kinds {
		if n := strings.Count(page, k.reason); n < 2 {
			t.Errorf("%s: the page names %q %d times, for two ways", k.name, k.reason, n)
		}
	}
	for _, want := range []string{"unreadable=6 ", "foreign gateway=2 ", "record=4 ", "reading=2 "} {
		if !strings.Contains(meters, want) {
			t.Errorf("counted %s, want %s", meters, want)
		}
	}
}

// A gateway keeps what it measured while nobody took it, as it would on a ward: the server
// down, then a database that can't write. The record closes the gap, tells when each
// reading was received, and rings for nothing that is past.
func TestHistoryClosesTheGapOfAnOutage(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + t.TempDir() + "/ward.db"
	h, stop := open(t, dsn)
	token := furnish(t, h)
	begin := time.Now().Add(-3 * time.Hour).Truncate(time.Second)
	reading := func(minute int) string {
		return fmt.Sprintf(`{"readings":[{"sensor":"probe-1","celsius":4.5,"at":%d}]}`, begin.Add(time.Duration(minute)*time.Minute).UnixMilli())
	}
	if status, answer := post(t, h, token, reading(0)); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	address := h.pages.Addr().String()
	stop() // the server is away: nothing answers, and the gateway keeps its readings
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/ingest", strings.NewReader(reading(10)))
	if answer, err := http.DefaultClient.Do(r); err == nil {
		answer.Body.Close()
		t.Fatal("a server that is down took a reading")
	}
	h, _ = open(t, dsn)
	refuse(t, h) // the database can't write: sent back, not lost
	if status, _ := post(t, h, token, reading(10)); status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		t.Errorf("while it can't be written a reading is answered %d", status)
	}
	allow(t, h)
	var history []string // out of order, and one of it twice, as gateways' stores are
	for _, minute := range []int{60, 10, 20, 30, 50, 40, 10} {
		history = append(history, strings.TrimSuffix(strings.TrimPrefix(reading(minute), `{"readings":[`), `]}`))
	}
	if status, answer := post(t, h, token, `{"readings":[`+strings.Join(history, ",")+`]}`); status != http.StatusOK || answer != `{"accepted":6,"duplicates":1,"rejected":[]}` {
		t.Fatalf("%d %s", status, answer)
	}
	rows, err := h.db.Query(t.Context(), `SELECT measured_at, received_after FROM readings ORDER BY measured_at`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var measured, after int64
		if err := rows.Scan(&measured, &after); err != nil {
			t.Fatal(err)
		}
		if want := begin.Add(time.Duration(n) * 10 * time.Minute); measured != want.UnixMilli() || time.UnixMilli(measured+after).Before(begin.Add(2*time.Hour)) {
			t.Errorf("reading %d measured %v, received %v", n, time.UnixMilli(measured), time.UnixMilli(measured+after))
		}
	}
	if err := rows.Err(); err != nil || n != 7 {
		t.Errorf("%d readings, %v", n, err)
	}
}

// refuse makes the database refuse readings, as a full disk does; allow ends that.
func refuse(t *testing.T, h *house) {
	t.Helper()
	change(t, h, `CREATE TRIGGER disk_full BEFORE INSERT ON readings BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
}

func allow(t *testing.T, h *house) {
	t.Helper()
	change(t, h, `DROP TRIGGER disk_full`)
}

func change(t *testing.T, h *house, q string) {
	t.Helper()
	if err := h.db.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(context.Background(), q)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
