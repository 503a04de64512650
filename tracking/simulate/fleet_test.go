package simulate

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"wardwatch/tracking/hospital"
)

// patience bounds what a test waits for; nothing waits that long when all is well.
const patience = 2 * time.Minute

// allowAll lets everybody in, for a broker that stands alone in a test.
type allowAll struct{ mochi.HookBase }

func (*allowAll) ID() string { return "allow-all" }

func (*allowAll) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

func (*allowAll) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

func (*allowAll) OnACLCheck(*mochi.Client, string, bool) bool { return true }

func openBroker(t *testing.T) (*mochi.Server, string) {
	t.Helper()
	server := mochi.New(&mochi.Options{InlineClient: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := server.AddHook(new(allowAll), nil); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.AddListener(listeners.NewNet("t", listener)); err != nil {
		t.Fatal(err)
	}
	if err := server.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server, listener.Addr().String()
}

// A bare broker takes what the fleet sends: every message, of every gateway, byte for byte.
func TestTheFleetDeliversWhatTheWorldSays(t *testing.T) {
	server, address := openBroker(t)
	var mu sync.Mutex
	got := map[string][][]byte{}
	count, arrived := 0, make(chan struct{}, 1)
	world := NewWorld(Draw(Small), Options{Seed: 3, Start: noon})
	messages := append(world.Step(time.Second), world.Step(time.Second)...)
	err := server.Subscribe("#", 1, func(_ *mochi.Client, _ packets.Subscription, pk packets.Packet) {
		mu.Lock()
		defer mu.Unlock()
		got[pk.TopicName] = append(got[pk.TopicName], bytes.Clone(pk.Payload))
		if count++; count == len(messages) {
			arrived <- struct{}{}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	fleet, err := Dial(ctx, address, world.drawing.Gateways, func(g hospital.GatewayID) Login { return Login{string(g), "t"} })
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	if err := fleet.Send(ctx, messages); err != nil {
		t.Fatal(err)
	}
	select {
	case <-arrived:
	case <-ctx.Done():
		t.Fatalf("%d of %d messages arrived", count, len(messages))
	}
	mu.Lock()
	for _, m := range messages {
		if len(got[m.Topic]) == 0 || !bytes.Equal(got[m.Topic][0], m.Payload) {
			t.Fatalf("%s: sent %q, got %q", m.Topic, m.Payload, got[m.Topic])
		}
		got[m.Topic] = got[m.Topic][1:]
	}
	mu.Unlock()
}

func TestTheBrokerSpeaksTheWillOfAGatewayThatIsCut(t *testing.T) {
	node := hospital.Gateway{ID: "ward-1", Make: espresens}
	server, address := openBroker(t)
	said := make(chan string, 4)
	err := server.Subscribe("espresense/rooms/+/status", 1, func(_ *mochi.Client, _ packets.Subscription, pk packets.Packet) {
		said <- pk.TopicName + " " + string(pk.Payload)
	})
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := Dial(t.Context(), address, []hospital.Gateway{node}, func(hospital.GatewayID) Login { return Login{} })
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	fleet.Cut(node.ID)
	select {
	case got := <-said:
		if got != "espresense/rooms/ward-1/status offline" {
			t.Errorf("the broker said %q", got)
		}
	case <-time.After(patience):
		t.Error("the broker never spoke the will")
	}
}
