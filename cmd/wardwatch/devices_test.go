package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// open starts a whole house over the database at dsn and answers with a way to stop it.
func open(t *testing.T, dsn string) (h *house, stop func()) {
	t.Helper()
	return openAt(t, dsn, time.Now)
}

// openAt is open by a clock.
func openAt(t *testing.T, dsn string, now clock) (h *house, stop func()) {
	t.Helper()
	h, err := build(t.Context(), config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: dsn}, newLog(io.Discard, 0), now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.run(ctx, io.Discard); err != nil {
			t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return h, stop
}

// furnish gives the house a fridge with one probe, and a gateway with a token.
func furnish(t *testing.T, h *house) (token string) {
	t.Helper()
	err := db.Fridges{DB: h.db}.InTx(t.Context(), func(tx coldchain.Tx) error {
		_, err := tx.Attach(t.Context(), coldchain.Sensor{Key: coldchain.SensorKey{Sensor: "probe-1", Channel: coldchain.Probe}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := account.NewKeys(db.Accounts{DB: h.db}, h.now).Add(t.Context(), hospital.Job("test"), "test", "gw-a")
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

func post(t *testing.T, h *house, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.pages.Addr().String()+"/ingest", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(answer.String())
}

func kept(t *testing.T, h *house) (n int) {
	t.Helper()
	if err := h.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM readings`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatWasAnsweredIsThereAfterOpeningAgain(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + t.TempDir() + "/ward.db"
	h, stop := open(t, dsn)
	token := furnish(t, h)
	at := time.Now().Add(-time.Minute).UnixMilli()
	status, answer := post(t, h, token, fmt.Sprintf(`{"readings":[{"sensor":"probe-1","celsius":4.2,"at":%d},{"sensor":"probe-1","celsius":"?"},
		{"sensor":"nobodys","celsius":4},{"sensor":"probe-1","celsius":4.2,"at":%d}]}`, at, at))
	want := `{"accepted":1,"duplicates":1,"rejected":[{"index":1,"reason":"celsius is no number"},{"index":2,"reason":"unknown sensor"}]}`
	if status != http.StatusOK || answer != want {
		t.Errorf("%d %s", status, answer)
	}
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + h.broker.Address()).SetClientID("gw-a").SetUsername("gw-a").SetPassword(token))
	if connecting := c.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
		t.Fatal(connecting.Error())
	}
	for i := range 20 {
		sending := c.Publish("wardwatch/v1/gw-a/readings", 1, false, fmt.Sprintf(`{"sensor":"probe-1","celsius":4,"at":%d}`, at+int64(i+1)*1000))
		if !sending.WaitTimeout(patience) || sending.Error() != nil {
			t.Fatal(sending.Error())
		}
	}
	c.Disconnect(0)
	// A copy of the files as they lie there now is what a power cut would leave.
	crashed := copyDatabase(t, strings.TrimPrefix(dsn, "sqlite:"))
	stop()
	again, _ := open(t, "sqlite:"+crashed)
	if n := kept(t, again); n != 21 {
		t.Errorf("%d readings after the power cut, 21 were acknowledged", n)
	}
}

func TestPostIngestTellsTheSenderWhatItCanDo(t *testing.T) {
	t.Parallel()
	h, _ := open(t, "sqlite:"+t.TempDir()+"/ward.db")
	token := furnish(t, h)
	for _, c := range []struct {
		token, body string
		status      int
		says        string
	}{
		{"", `{}`, http.StatusUnauthorized, "token"},
		{"ww_wrong", `{}`, http.StatusUnauthorized, "not known here"},
		{token, `{"readings":[`, http.StatusBadRequest, "ends too early"},
		{token, `{"hello":1}`, http.StatusBadRequest, "in no format that is known here"},
		{token, `[{"type":"Gateway","mac":"AC233F000009"},{"mac":"C0FFEE000001","rssi":-60}]`, http.StatusForbidden, "may not speak for ac233f000009"},
		{token, `{"readings":[` + strings.Repeat(" ", 1<<20) + `]}`, http.StatusRequestEntityTooLarge, "That is too large"},
		{token, `{"sightings":[{"tag":"c0ffee000001"}]}`, http.StatusOK, `"accepted":1`},
		{token, `{"readings":[]}`, http.StatusOK, `{"accepted":0,"duplicates":0,"rejected":[]}`},
	} {
		if status, answer := post(t, h, c.token, c.body); status != c.status || !strings.Contains(answer, c.says) {
			t.Errorf("%.40s: %d %s", c.body, status, answer)
		}
	}
	if err := h.parts.Devices.Book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused, _, err := h.parts.Devices.Refused(t.Context(), hospital.Job("test"), 0)
	if err != nil {
		t.Fatal(err)
	}
	var reasons strings.Builder
	for _, r := range refused {
		fmt.Fprintln(&reasons, r.Source, r.Gateway, r.Reason)
	}
	for _, want := range []string{"http  turned away at the door: Send the gateway's token", "http  turned away at the door: The token is not known here",
		"http gw-a the message is not JSON: it ends too early", "http gw-a the message is in no format", "http gw-a the token of gateway gw-a may not speak for ac233f000009",
		"http gw-a the message is longer than 1 MiB"} {
		if !strings.Contains(reasons.String(), want) {
			t.Errorf("no refusal says %q:\n%s", want, reasons.String())
		}
	}
}

// copyDatabase copies the database's files into a folder of their own.
func copyDatabase(t *testing.T, path string) string {
	t.Helper()
	to := t.TempDir() + "/ward.db"
	for _, part := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + part)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+part, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
