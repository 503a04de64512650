package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// knows makes streams known to the house, in no fridge yet.
func knows(t *testing.T, h *house, keys ...coldchain.SensorKey) {
	t.Helper()
	err := db.Fridges{DB: h.db}.InTx(t.Context(), func(tx coldchain.Tx) error {
		for _, key := range keys {
			if _, err := tx.Attach(t.Context(), coldchain.Sensor{Key: key}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// caller is a program of the house that sends with headers of its own.
type caller struct {
	t      *testing.T
	house  *house
	client *http.Client
	header http.Header
}

func (p caller) send(method, path, body string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.house.pages.Addr().String()+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header = p.header.Clone()
	response, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(response.Body); err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(answer.String())
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// stored are the temperatures of one stream, in thousandths of a degree, oldest first.
func stored(t *testing.T, h *house, sensor, channel string) (all []int) {
	t.Helper()
	rows, err := h.db.Query(t.Context(), `
		SELECT r.temp_mc
		FROM readings r
		JOIN sensors s ON s.id = r.sensor
		WHERE s.sensor = $1 AND s.channel = $2
		ORDER BY r.measured_at`, sensor, channel)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var temp int
		if err := rows.Scan(&temp); err != nil {
			t.Fatal(err)
		}
		all = append(all, temp)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestARefrigeratorAfterTheWHOsStandardDeliversAsOftenAsItLikes(t *testing.T) {
	t.Parallel()
	h, _ := open(t, "sqlite:"+t.TempDir()+"/ward.db")
	token := furnish(t, h)
	knows(t, h, coldchain.SensorKey{Sensor: "ILR-0007", Channel: "probe"}, coldchain.SensorKey{Sensor: "ILR-0007", Channel: "ambient"})
	delivery := func(id, records string) string {
		return `{"meta":{"schemaVersion":"0.8.1","transferType":"ems","transferId":"` + id + `","transferSrc":"org.example"},"data":[{"ASER":"ILR-0007","records":[` + records + `]}]}`
	}
	newer := delivery("t-2", `{"ABST":"20260504T095958Z","TVC":-0.5,"TAMB":23.1}`)
	older := delivery("t-1", `{"ABST":"20260504T094458Z","TVC":4.7,"TAMB":23.0},{"ABST":"soon","TVC":4}`)
	plain := caller{t, h, http.DefaultClient, http.Header{"Authorization": {"Bearer " + token}}}
	zipped := caller{t, h, http.DefaultClient, http.Header{"Authorization": {"Bearer " + token}, "Content-Encoding": {"gzip"}}}
	basic := caller{t, h, http.DefaultClient, http.Header{}}
	r, _ := http.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth("gw-a", token)
	basic.header = r.Header
	for _, c := range []struct {
		by     caller
		body   string
		status int
		says   string
	}{
		{plain, newer, 200, `{"accepted":2,"duplicates":0,"rejected":[]}`},
		{zipped, packed(t, older), 200, `{"accepted":2,"duplicates":0,"rejected":[{"index":1,"reason":"ABST is no time such as 20260131T080000Z"}]}`},
		{basic, newer, 200, `{"accepted":0,"duplicates":2,"rejected":[]}`},
		{caller{t, h, http.DefaultClient, http.Header{}}, newer, 401, "token"},
		{zipped, newer, 400, "not"},
		{zipped, packed(t, newer)[:40], 400, "before it is whole"},
		{zipped, packed(t, strings.Repeat(" ", 1<<20+1)), 413, "too large"},
		{caller{t, h, http.DefaultClient, http.Header{"Authorization": {"Bearer " + token}, "Content-Encoding": {"br"}}}, newer, 415, "gzip"},
		{plain, `{"meta":{"transferType":"other"},"data":[]}`, 400, "shape"},
	} {
		if status, answer := c.by.send(http.MethodPost, "/ems", c.body); status != c.status || !strings.Contains(answer, c.says) {
			t.Errorf("%.60q: %d %s; want %d %s", c.body, status, answer, c.status, c.says)
		}
	}
	if got := stored(t, h, "ILR-0007", "probe"); len(got) != 2 || got[0] != 4700 || got[1] != -500 {
		t.Errorf("stored %v", got)
	}
}

func TestOpenMSupplysAppTakesThisServerAsItsOwn(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + t.TempDir() + "/ward.db"
	h, stop := open(t, dsn)
	token := furnish(t, h)
	knows(t, h, coldchain.SensorKey{Sensor: "c0ffee000001", Channel: "probe"})
	jar, _ := cookiejar.New(nil)
	app := caller{t, h, &http.Client{Jar: jar}, http.Header{}}
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"PUT", "/sensor", `[]`, 401, "token"},
		{"POST", "/login", `{"username":"fridge","password":"wrong"}`, 401, "not known here"},
		{"POST", "/login", `fridge`, 400, "JSON"},
		{"POST", "/login", `{"username":"fridge","password":"` + token + `"}`, 200, `{"success":true}`},
		{"PUT", "/sensor", `[{"id":"s-1","macAddress":"C0:FF:EE:00:00:01 | BLUE_MAESTRO","logInterval":300,"batteryLevel":95}]`, 200, `"rejected":[]`},
		{"PUT", "/temperature-log", `[{"id":"l-1","temperature":-0.5,"timestamp":1777888798,"sensorId":"s-1"}]`, 200, `"accepted":1`},
		{"PUT", "/temperature-log", `[{"id":"l-1","temperature":-0.5,"timestamp":1777888798,"sensorId":"s-1"}]`, 200, `"duplicates":1`},
		{"PUT", "/temperature-breach", `[{"id":"b-1","sensorId":"s-1","startTimestamp":1777885198,"endTimestamp":null,"type":"COLD_CONSECUTIVE"}]`, 200, `"rejected":[]`},
	} {
		if status, answer := app.send(c.method, "/coldchain/v1"+c.path, c.body); status != c.status || !strings.Contains(answer, c.says) {
			t.Errorf("%s %s: %d %s; want %d %s", c.path, c.body, status, answer, c.status, c.says)
		}
	}
	stop()
	h, _ = open(t, dsn) // what s-1 stands for is remembered
	app.house = h
	app.header = http.Header{"Authorization": {"Bearer " + token}}
	if status, answer := app.send("PUT", "/coldchain/v1/temperature-log", `[{"id":"l-2","temperature":4.5,"timestamp":1777888858,"sensorId":"s-1"}]`); status != 200 || !strings.Contains(answer, `"accepted":1`) {
		t.Errorf("after a restart: %d %s", status, answer)
	}
	if got := stored(t, h, "c0ffee000001", "probe"); len(got) != 2 || got[0] != -500 || got[1] != 4500 {
		t.Errorf("stored %v", got)
	}
}

func TestASparkplugNodeIsUnderstoodByItsAliasesAfterARestart(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + t.TempDir() + "/ward.db"
	h, stop := open(t, dsn)
	knows(t, h, coldchain.SensorKey{Sensor: "Pharmacy/Fridge-2", Channel: "probe"})
	_, secret, err := account.NewKeys(db.Accounts{DB: h.db}, h.now).Add(t.Context(), hospital.Job("test"), "test", "Pharmacy")
	if err != nil {
		t.Fatal(err)
	}
	publish := func(h *house, topic, body string) {
		t.Helper()
		c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + h.broker.Address()).SetClientID("Pharmacy").SetUsername("Pharmacy").SetPassword(secret.Reveal()))
		if connecting := c.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
			t.Fatal(connecting.Error())
		}
		defer c.Disconnect(0)
		raw, err := hex.DecodeString(body)
		if err != nil {
			t.Fatal(err)
		}
		if sending := c.Publish("spBv1.0/Hospital/"+topic, 1, false, raw); !sending.WaitTimeout(patience) || sending.Error() != nil {
			t.Fatal(sending.Error())
		}
	}
	// A metric Fridge/Temperature with alias 4 at 5 °C, then alias 4 alone at -0.5 °C.
	publish(h, "DBIRTH/Pharmacy/Fridge-2", "08b0cab893df33"+"1221"+"0a124672696467652f54656d7065726174757265"+"1004"+"18b0cab893df33"+"2002"+"5005")
	stop()
	h, _ = open(t, dsn)
	publish(h, "DDATA/Pharmacy/Fridge-2", "08908ec093df33"+"120e"+"1004"+"18908ec093df33"+"65000000bf")
	if got := stored(t, h, "Pharmacy/Fridge-2", "probe"); len(got) != 2 || got[0] != 5000 || got[1] != -500 {
		t.Errorf("stored %v", got)
	}
	if err := h.parts.Devices.Book.Write(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}
