package mqtt

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
)

type openToAll struct{ mochi.HookBase }

func (openToAll) Provides(q byte) bool {
	return q == mochi.OnConnectAuthenticate || q == mochi.OnACLCheck
}
func (openToAll) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }
func (openToAll) OnACLCheck(*mochi.Client, string, bool) bool              { return true }

// hospitalsBroker is a broker as a hospital runs one: it passes messages on.
func hospitalsBroker(t *testing.T) string {
	t.Helper()
	server := mochi.New(&mochi.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := server.AddHook(new(openToAll), nil); err != nil {
		t.Fatal(err)
	}
	tcp := listeners.NewTCP(listeners.Config{ID: "t", Address: "127.0.0.1:0"})
	if err := server.AddListener(tcp); err != nil {
		t.Fatal(err)
	}
	if err := server.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return "tcp://" + tcp.Address()
}

func TestMessagesOfTheHospitalsBrokerAreTakenAndWhatCouldNotBeWrittenComesAgain(t *testing.T) {
	w := newWard()
	fails := 1
	w.before = func() error {
		if fails > 0 {
			fails--
			return errors.New("disk full")
		}
		return nil
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	book, err := ingest.OpenBook(t.Context(), w, log)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return morning }
	intake := ingest.New(ingest.Parts{Sights: w, Observes: w, Register: hospital.NewRegister(nil), Book: book, Now: now, Log: log})
	address := hospitalsBroker(t)
	upstream := Upstream{URL: address, ClientID: "wardwatch", Topics: UpstreamTopics(), Intake: intake, Now: now, Log: log}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = intake.Run(ctx) })
	running.Go(func() {
		if err := upstream.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer func() { stop(); running.Wait() }()

	c := paho.NewClient(paho.NewClientOptions().AddBroker(address).SetClientID("some gateway"))
	if connecting := c.Connect(); !connecting.WaitTimeout(patience) || connecting.Error() != nil {
		t.Fatal(connecting.Error())
	}
	defer c.Disconnect(0)
	// Retained, so that it waits for whoever subscribes a moment later.
	for topic, body := range map[string]string{"wardwatch/v1/gw-a/readings": `{"sensor":"p","celsius":4}`, "ruuvi/c0ffeeaa0001/c0ffee000001": `{"gw_mac":"C0:FF:EE:AA:00:01","rssi":-41,"data":"020106"}`,
		"zigbee2mqtt/lamp": `rubbish`} {
		if sending := c.Publish(topic, 1, true, body); !sending.WaitTimeout(patience) || sending.Error() != nil {
			t.Fatal(sending.Error())
		}
	}
	w.until(t, "both, the reading after it was sent again", func() bool { return len(w.readings) >= 1 && len(w.sightings) >= 1 })
	if r := w.readings[0]; r.Gateway != "gw-a" || r.Sensor != "p" {
		t.Errorf("reading %+v", r)
	}
}

func TestAnUpstreamWithoutAnAddressSaysSo(t *testing.T) {
	if err := (Upstream{URL: "broker"}).Run(t.Context()); err == nil {
		t.Error("it was taken for a URL")
	}
}
