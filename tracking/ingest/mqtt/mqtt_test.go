package mqtt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
)

var morning = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// patience bounds what a test waits for; nothing waits that long when all is well.
const patience = 2 * time.Minute

// ward records what came through the broker and the intake.
type ward struct {
	mu        sync.Mutex
	sightings []tracking.Sighting
	readings  []coldchain.Reading
	refusals  []ingest.Refusal
	strangers []ingest.Stranger
	links     map[hospital.GatewayID]gateway.Status
	changed   chan struct{}
	gateways  []ingest.GatewayState
	// before is asked before readings are written
	before func() error
}

func newWard() *ward {
	return &ward{changed: make(chan struct{}, 1), links: map[hospital.GatewayID]gateway.Status{}}
}

func (w *ward) tell() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *ward) Sight(_ context.Context, s []tracking.Sighting) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sightings = append(w.sightings, s...)
	w.tell()
	return nil
}

func (w *ward) Observe(_ context.Context, rs []coldchain.Reading) ([]coldchain.Outcome, error) {
	w.mu.Lock()
	before := w.before
	w.mu.Unlock()
	if before != nil {
		if err := before(); err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readings = append(w.readings, rs...)
	outcomes := make([]coldchain.Outcome, len(rs))
	for i := range outcomes {
		outcomes[i].Verdict = coldchain.Accepted
	}
	w.tell()
	return outcomes, nil
}

func (w *ward) Remember(context.Context) (ingest.Remembered, error) { return ingest.Remembered{}, nil }

func (w *ward) Note(_ context.Context, n ingest.Notes) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refusals = append(w.refusals, n.Refusals...)
	w.strangers = append(w.strangers, n.Strangers...)
	w.gateways = append(w.gateways, n.Gateways...)
	maps.Copy(w.links, n.Links)
	return nil
}

// until waits until the ward has what the test wants.
func (w *ward) until(t *testing.T, what string, has func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		w.mu.Lock()
		done := has()
		w.mu.Unlock()
		if done {
			return
		}
		select {
		case <-w.changed:
		case <-deadline:
			t.Fatalf("still waiting for %s", what)
		}
	}
}

// tokens are "for-GATEWAY", while they are not revoked.
type tokens struct{ revoked *sync.Map }

func (t tokens) Check(_ context.Context, secret string) (hospital.GatewayID, error) {
	id, ok := strings.CutPrefix(secret, "for-")
	if _, revoked := t.revoked.Load(secret); !ok || revoked {
		return "", hospital.ErrForbidden
	}
	return hospital.GatewayID(id), nil
}

type house struct {
	*Broker
	ward    *ward
	book    *ingest.Book
	metrics *prometheus.Registry
	tokens  tokens
}

func open(t *testing.T) house {
	t.Helper()
	w := newWard()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	book, err := ingest.OpenBook(t.Context(), w, log)
	if err != nil {
		t.Fatal(err)
	}
	register := hospital.NewRegister(hospital.NewDirectory(hospital.Site{ID: "main"}, nil, nil, nil, nil,
		[]hospital.Gateway{{ID: "gw-a"}, {ID: "gw-b"}}))
	metrics := prometheus.NewRegistry()
	now, keys := func() time.Time { return morning }, tokens{new(sync.Map)}
	intake := ingest.New(ingest.Parts{Sights: w, Observes: w, Register: register, Book: book, Now: now, Log: log, Metrics: metrics})
	broker, err := Listen("127.0.0.1:0", Parts{Intake: intake, Tokens: keys, Book: book, Register: register, Now: now, Log: log, Metrics: metrics})
	if err != nil {
		t.Fatal(err)
	}
	serving, closeBroker := context.WithCancel(t.Context())
	working, stopWork := context.WithCancel(context.WithoutCancel(t.Context()))
	var brokers, work sync.WaitGroup
	brokers.Go(func() {
		if err := broker.Run(serving); err != nil {
			t.Error(err)
		}
	})
	work.Go(func() { _ = intake.Run(working) })
	t.Cleanup(func() { closeBroker(); brokers.Wait(); stopWork(); work.Wait() })
	return house{broker, w, book, metrics, keys}
}

func connect(t *testing.T, h house, name, token string) (paho.Client, error) {
	t.Helper()
	client := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + h.Address()).SetClientID(name).SetUsername(name).
		SetPassword(token).SetProtocolVersion(4).SetAutoReconnect(false).SetConnectTimeout(patience))
	connecting := client.Connect()
	if !connecting.WaitTimeout(patience) {
		t.Fatal("no answer to CONNECT")
	}
	t.Cleanup(func() { client.Disconnect(0) })
	return client, connecting.Error()
}

func publish(t *testing.T, c paho.Client, topic string, qos byte, body string) {
	t.Helper()
	sending := c.Publish(topic, qos, false, body)
	if !sending.WaitTimeout(patience) {
		t.Fatalf("no acknowledgement on %s", topic)
	}
	if err := sending.Error(); err != nil {
		t.Fatal(err)
	}
}

func TestAPumpsBeaconComesInByEveryQualityOfService(t *testing.T) {
	h := open(t)
	c, err := connect(t, h, "gw-a", "for-gw-a")
	if err != nil {
		t.Fatal(err)
	}
	for qos := range byte(3) {
		publish(t, c, "wardwatch/v1/gw-a/sightings", qos, fmt.Sprintf(`{"tag":"c0ffee00000%d","rssi_dbm":-60}`, qos))
		publish(t, c, "wardwatch/v1/gw-a/readings", qos, fmt.Sprintf(`{"sensor":"p","celsius":%d}`, qos))
	}
	h.ward.until(t, "three of each", func() bool { return len(h.ward.sightings) == 3 && len(h.ward.readings) == 3 })
	if s := h.ward.sightings[0]; s.Tag != "c0ffee000000" || s.Gateway != "gw-a" || !s.ReceivedAt.Equal(morning) {
		t.Errorf("sighting %+v", s)
	}
	if r := h.ward.readings[2]; r.Sensor != "p" || r.Source != "mqtt" {
		t.Errorf("reading %+v", r)
	}
	if n := testutil.ToFloat64(h.hook.connections); n != 1 {
		t.Errorf("%v connections counted", n)
	}
}

func TestAReadingIsAcknowledgedAfterItsCommitOnly(t *testing.T) {
	h := open(t)
	writing, mayWrite := make(chan struct{}, 1), make(chan struct{})
	h.ward.before = func() error {
		select {
		case writing <- struct{}{}:
		default:
		}
		<-mayWrite
		return nil
	}
	c, err := connect(t, h, "gw-a", "for-gw-a")
	if err != nil {
		t.Fatal(err)
	}
	const many = 200 // far more than a connection that is held up could have on its way
	var sending []paho.Token
	for i := range many {
		sending = append(sending, c.Publish("wardwatch/v1/gw-a/readings", 1, false, fmt.Sprintf(`{"sensor":"p%d","celsius":4}`, i)))
	}
	<-writing
	for i, s := range sending {
		select {
		case <-s.Done():
			t.Fatalf("reading %d was acknowledged before its commit", i)
		default:
		}
	}
	close(mayWrite)
	for i, s := range sending {
		if !s.WaitTimeout(patience) || s.Error() != nil {
			t.Fatalf("reading %d: %v", i, s.Error())
		}
	}
	if n := len(h.ward.readings); n != many {
		t.Errorf("%d readings", n)
	}
}

func TestAReadingThatCouldNotBeWrittenIsSentAgain(t *testing.T) {
	h := open(t)
	fails := 1
	h.ward.before = func() error {
		if fails > 0 {
			fails--
			return errors.New("disk full")
		}
		return nil
	}
	options := paho.NewClientOptions().AddBroker("tcp://" + h.Address()).SetClientID("gw-a").SetUsername("gw-a").SetPassword("for-gw-a").
		SetCleanSession(false).SetAutoReconnect(true).SetMaxReconnectInterval(50 * time.Millisecond)
	c := paho.NewClient(options)
	if connecting := c.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
		t.Fatal(connecting.Error())
	}
	defer c.Disconnect(0)
	c.Publish("wardwatch/v1/gw-a/readings", 1, false, `{"sensor":"p","celsius":4}`)
	h.ward.until(t, "the reading to come again", func() bool { return len(h.ward.readings) == 1 })
}

func TestStrangersAreTurnedAwayAndListed(t *testing.T) {
	h := open(t)
	for _, c := range []struct{ name, token, why string }{
		{"gw-a", "", "no token"},
		{"gw-a", "guessed", "not known"},
		{"gw-a", "for-gw-b", "calls itself gw-a but brought the token of gateway gw-b"},
	} {
		if _, err := connect(t, h, c.name, c.token); err == nil {
			t.Errorf("%s came in with %q", c.name, c.token)
		}
	}
	if err := h.book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	var reasons string
	for _, r := range h.ward.refusals {
		reasons += r.Reason + "\n"
	}
	for _, want := range []string{"no token", "not known here", "calls itself gw-a but brought the token of gateway gw-b"} {
		if !strings.Contains(reasons, want) {
			t.Errorf("no refusal says %q:\n%s", want, reasons)
		}
	}
	if len(h.ward.strangers) != 1 || h.ward.strangers[0].TimesHeard != 3 {
		t.Errorf("strangers %+v", h.ward.strangers)
	}
}

func TestAGatewayPublishesUnderItsOwnNameAlone(t *testing.T) {
	h := open(t)
	c, err := connect(t, h, "gw-a", "for-gw-a")
	if err != nil {
		t.Fatal(err)
	}
	publish(t, c, "wardwatch/v1/gw-b/sightings", 1, `{"tag":"c0ffee000001"}`)
	publish(t, c, "espresense/devices/x/gw-b", 0, `{"id":"c0ffee000001","mac":"c0ffee000001","rssi":-60}`)
	publish(t, c, "my/own/topic", 1, `[{"type":"Gateway","mac":"AC233F000009"},{"mac":"C0FFEE000001","rssi":-60}]`)
	publish(t, c, "wardwatch/v1/gw-a/sightings", 1, `{"tag":"c0ffee000002"}`)
	h.ward.until(t, "its own", func() bool { return len(h.ward.sightings) == 1 })
	if s := h.ward.sightings[0]; s.Tag != "c0ffee000002" {
		t.Errorf("came through: %+v", s)
	}
	if err := h.book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(h.ward.refusals) != 3 {
		t.Errorf("an administrator reads %+v", h.ward.refusals)
	}
	if len(h.ward.strangers) != 1 || h.ward.strangers[0].ID != "ac233f000009" {
		t.Errorf("to be adopted, perhaps as another name of gw-a: %+v", h.ward.strangers)
	}
}

func TestNobodyHearsWhatGatewaysSay(t *testing.T) {
	h := open(t)
	spy, err := connect(t, h, "gw-b", "for-gw-b")
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan paho.Message, 10)
	for _, filter := range []string{"#", "$SYS/#", "wardwatch/v1/gw-a/sightings", "wardwatch/v1/gw-b/#"} {
		spy.Subscribe(filter, 0, func(_ paho.Client, m paho.Message) { heard <- m }).WaitTimeout(patience)
	}
	c, err := connect(t, h, "gw-a", "for-gw-a")
	if err != nil {
		t.Fatal(err)
	}
	publish(t, c, "wardwatch/v1/gw-a/sightings", 1, `{"tag":"c0ffee000002"}`)
	publish(t, spy, "wardwatch/v1/gw-b/sightings", 1, `{"tag":"c0ffee000002"}`)
	h.ward.until(t, "both", func() bool { return len(h.ward.sightings) == 2 })
	publish(t, spy, "wardwatch/v1/gw-b/sightings", 2, `{"tag":"c0ffee000002"}`)
	select {
	case m := <-heard:
		t.Errorf("heard %s %s", m.Topic(), m.Payload())
	default:
	}
}

func TestAClientIDCanNotBeTakenOverByAnotherGateway(t *testing.T) {
	h := open(t)
	if _, err := connect(t, h, "gw-a", "for-gw-a"); err != nil {
		t.Fatal(err)
	}
	thief := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + h.Address()).SetClientID("gw-a").SetUsername("gw-b").SetPassword("for-gw-b").SetAutoReconnect(false))
	if c := thief.Connect(); !c.WaitTimeout(patience) || c.Error() == nil {
		t.Error("the session of gw-a was taken over by gw-b")
	}
}

func TestARevokedTokenEndsTheConnection(t *testing.T) {
	h := open(t)
	lost := make(chan error, 1)
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + h.Address()).SetClientID("gw-a").SetUsername("gw-a").SetPassword("for-gw-a").
		SetAutoReconnect(false).SetConnectionLostHandler(func(_ paho.Client, err error) { lost <- err }))
	if connecting := c.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
		t.Fatal(connecting.Error())
	}
	if _, err := connect(t, h, "gw-b", "for-gw-b"); err != nil {
		t.Fatal(err)
	}
	h.tokens.revoked.Store("for-gw-a", true)
	h.hook.recheck(t.Context())
	select {
	case <-lost:
	case <-time.After(patience):
		t.Fatal("the gateway is still connected")
	}
	if s, ok := h.server.Clients.Get("gw-b"); !ok || s.Closed() {
		t.Error("its neighbour was cut off too")
	}
}

// An RFID reader at a door that nobody passes says nothing for hours; it is not broken.
func TestAConnectedGatewayIsHeardThoughItSaysNothing(t *testing.T) {
	h := open(t)
	if _, err := connect(t, h, "gw-b", "for-gw-b"); err != nil {
		t.Fatal(err)
	}
	h.hook.recheck(t.Context())
	if err := h.book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.ward.mu.Lock()
	defer h.ward.mu.Unlock()
	if n := len(h.ward.gateways); n != 1 {
		t.Fatalf("%d gateways were noted", n)
	}
	if g := h.ward.gateways[0]; g.ID != "gw-b" || !g.LastHeard.Equal(morning) || g.Status != gateway.Online || g.Messages != 0 {
		t.Errorf("noted %+v", g)
	}
}

func TestRubbishIsAcknowledgedSoThatItIsNotSentForEver(t *testing.T) {
	h := open(t)
	c, err := connect(t, h, "gw-a", "for-gw-a")
	if err != nil {
		t.Fatal(err)
	}
	for _, rubbish := range []string{"", "{", "\xff\xfe", `{"hello":1}`, `{"tag":"` + strings.Repeat("a", 1<<20) + `"}`} {
		publish(t, c, "wardwatch/v1/gw-a/readings", 1, rubbish)
	}
	publish(t, c, "wardwatch/v1/gw-a/readings", 1, `{"sensor":"p","celsius":4}`)
	h.ward.until(t, "the good one", func() bool { return len(h.ward.readings) == 1 })
	if err := h.book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, r := range h.ward.refusals {
		reasons = append(reasons, r.Reason)
	}
	got := strings.Join(reasons, "\n")
	want := "the message is empty\nthe message is not JSON: it ends too early at byte 1\nthe message is not UTF-8 text\n" +
		"sensor is missing\nthe message is longer than 1 MiB"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAPacketWithoutEndEndsItsConnectionAndIsNoted(t *testing.T) {
	h := open(t)
	lost := make(chan error, 1)
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + h.Address()).SetClientID("gw-a").SetUsername("gw-a").SetPassword("for-gw-a").
		SetAutoReconnect(false).SetConnectionLostHandler(func(_ paho.Client, err error) { lost <- err }))
	if connecting := c.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
		t.Fatal(connecting.Error())
	}
	c.Publish("wardwatch/v1/gw-a/readings", 0, false, bytes.Repeat([]byte("a"), MaxPacket+1))
	select {
	case <-lost:
	case <-time.After(patience):
		t.Fatal("the connection is still open")
	}
	// The client knows before the broker has noted it: the library forgets a client after that.
	for deadline := time.Now().Add(patience); h.hook.server.Clients.Len() > 0 && time.Now().Before(deadline); runtime.Gosched() {
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.ward.links["gw-a"] != gateway.Offline {
		t.Errorf("links %v", h.ward.links)
	}
	if len(h.ward.refusals) != 1 || !strings.Contains(h.ward.refusals[0].Reason, "longer than 4 MiB") {
		t.Errorf("noted %+v", h.ward.refusals)
	}
}

func TestALastWillSaysThatTheNodeIsOffLine(t *testing.T) {
	h := open(t)
	options := paho.NewClientOptions().AddBroker("tcp://"+h.Address()).SetClientID("gw-a").SetUsername("gw-a").SetPassword("for-gw-a").
		SetWill("wardwatch/v1/gw-a/sightings", `{"tag":"c0ffee00dead"}`, 0, true).SetAutoReconnect(false)
	var conn net.Conn
	options.SetCustomOpenConnectionFn(func(uri *url.URL, _ paho.ClientOptions) (net.Conn, error) {
		var err error
		conn, err = net.Dial("tcp", uri.Host)
		return conn, err
	})
	c := paho.NewClient(options)
	if connecting := c.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
		t.Fatal(connecting.Error())
	}
	_ = conn.Close()
	h.ward.until(t, "the last will", func() bool { return len(h.ward.sightings) == 1 })
}

// TestMQTT5AcknowledgementsSayWhy speaks MQTT 5 byte by byte.
func TestMQTT5AcknowledgementsSayWhy(t *testing.T) {
	h := open(t)
	conn, err := net.Dial("tcp", h.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	send := func(b []byte) {
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	send(connect5("gw-a", "for-gw-a"))
	if connack := packet(t, conn); connack[0] != 0x20 || connack[3] != 0 {
		t.Fatalf("CONNACK % x", connack)
	}
	for _, c := range []struct {
		qos         byte
		topic, body string
		want        []byte
	}{
		{1, "wardwatch/v1/gw-a/readings", `{"sensor":"p","celsius":4}`, []byte{0x40, 2, 0, 7}},
		{1, "wardwatch/v1/gw-a/readings", `{`, []byte{0x40, 3, 0, 7, 0x99}},
		{1, "some/topic", `[{"type":"Gateway","mac":"AC233F000009"},{"mac":"C0FFEE000001","rssi":-60}]`, []byte{0x40, 3, 0, 7, 0x87}},
		{2, "wardwatch/v1/gw-a/readings", `{"sensor":"p","celsius":5}`, []byte{0x50, 2, 0, 7}},
	} {
		send(publish5(c.qos, 7, c.topic, c.body))
		if got := packet(t, conn); !bytes.Equal(got, c.want) {
			t.Errorf("%s %s: % x, want % x", c.topic, c.body, got, c.want)
		}
	}
	send([]byte{0x62, 2, 0, 7}) // PUBREL
	if got := packet(t, conn); got[0] != 0x70 || len(got) > 4 && got[4] != 0 {
		t.Errorf("PUBCOMP % x", got)
	}
}

func mqttText(s string) []byte { return append([]byte{byte(len(s) >> 8), byte(len(s))}, s...) }

func framed(head byte, body []byte) []byte {
	b := []byte{head}
	for n := len(body); ; {
		d := byte(n & 0x7F)
		if n >>= 7; n > 0 {
			b = append(b, d|0x80)
			continue
		}
		return append(append(b, d), body...)
	}
}

func connect5(name, token string) []byte {
	body := append(mqttText("MQTT"), 5, 0xC2, 0, 60, 0)
	for _, s := range []string{name, name, token} {
		body = append(body, mqttText(s)...)
	}
	return framed(0x10, body)
}

func publish5(qos, id byte, topic, payload string) []byte {
	body := append(mqttText(topic), 0, id, 0)
	return framed(0x30|qos<<1, append(body, payload...))
}

// packet reads one packet whose length fits into one byte.
func packet(t *testing.T, conn net.Conn) []byte {
	t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(conn, head); err != nil {
		t.Fatal(err)
	}
	rest := make([]byte, head[1])
	if _, err := io.ReadFull(conn, rest); err != nil {
		t.Fatal(err)
	}
	return append(head, rest...)
}
