package mqtt

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// A gateway that floods the house is read no faster than it may send: nothing of it is
// lost, its neighbour does not wait, and whoever looks after the house is told.
func TestAGatewayThatFloodsIsReadNoFasterAndNobodyElseWaits(t *testing.T) {
	h := open(t)
	paces := h.hook.paces
	paces.now = func() time.Time { return morning }
	waits, release := make(chan time.Duration, 1), make(chan struct{})
	paces.rest = func(ctx context.Context, closed <-chan struct{}, d time.Duration) bool {
		waits <- d
		<-release
		return true
	}
	flooding := paces.of("gw-a", "gw-a", papers{})
	flooding.messages.ReserveN(morning, messageBurst-2) // what it sent before

	bad, err := connect(t, h, "gw-a", "for-gw-a")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 { // the last is one too many
		bad.Publish("wardwatch/v1/gw-a/sightings", 1, false, fmt.Sprintf(`{"tag":"c0ffee00000%d","rssi_dbm":-60}`, n))
	}
	if wait := <-waits; wait != time.Second/MaxMessagesASecond {
		t.Errorf("it waits %s", wait)
	}
	good, err := connect(t, h, "gw-b", "for-gw-b")
	if err != nil {
		t.Fatal(err)
	}
	publish(t, good, "wardwatch/v1/gw-b/readings", 1, `{"sensor":"p","celsius":4}`)
	h.ward.until(t, "what came before, and the neighbour's", func() bool { return len(h.ward.sightings) == 2 && len(h.ward.readings) == 1 })
	if slowed := h.Slowed(); len(slowed) != 1 || slowed[0].Name != "gw-a" || !slowed[0].At.Equal(morning) {
		t.Errorf("told of %+v", slowed)
	}
	if n := testutil.ToFloat64(h.hook.slowed); n != 1 {
		t.Errorf("%v counted", n)
	}
	close(release)
	h.ward.until(t, "the rest of the flood", func() bool { return len(h.ward.sightings) == 3 })

	// Another connection of the same gateway begins where this one stood.
	if again := paces.of("gw-a", "gw-a", papers{}); again != flooding {
		t.Error("a new connection begins anew")
	}
	paces.now = func() time.Time { return morning.Add(slowedFor) }
	if slowed := h.Slowed(); len(slowed) != 0 {
		t.Errorf("still told of %+v", slowed)
	}
}

// Bytes count as messages do, at their edge; a program that speaks for many may send as much as many.
func TestHowMuchAGatewayMaySendAtOnce(t *testing.T) {
	waited := 0
	p := newPaces(func() { waited++ })
	p.now = func() time.Time { return morning }
	p.rest = func(context.Context, <-chan struct{}, time.Duration) bool { return true }
	one := p.of("gw-a", "gw-a", papers{})
	for range byteBurst / MaxPacket {
		if !p.take(t.Context(), nil, one, MaxPacket) || waited > 0 {
			t.Fatal("its burst is cut short")
		}
	}
	if p.take(t.Context(), nil, one, 1); waited != 1 {
		t.Error("bytes are not counted")
	}
	many := p.of("", "bridge", papers{token: "t"})
	if many.messages.Burst() != programWeight*messageBurst || many.name != "bridge" || p.of("", "bridge", papers{token: "u"}) == many {
		t.Errorf("a program: %+v", many)
	}
}

// Who sent how much is remembered of so many; those at rest are forgotten first.
func TestTheMemoryOfWhoSentIsBounded(t *testing.T) {
	p := newPaces(func() {})
	p.now = func() time.Time { return morning }
	busy := p.of("busy", "busy", papers{})
	busy.messages.ReserveN(morning, 1)
	for n := range maxPaces {
		p.of("", "x", papers{token: fmt.Sprint(n)})
	}
	if len(p.known) > maxPaces || p.of("busy", "busy", papers{}) != busy {
		t.Errorf("%d are remembered", len(p.known))
	}
}
