package mqtt

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// many gateways are connected, each on its own wire.
func (c connected) many(t *testing.T, n int) (all []net.Conn) {
	t.Helper()
	for i := range n {
		ours, theirs := net.Pipe()
		go func() { _ = c.server.EstablishConnection("gateways", newWire(ours, c.door)) }()
		client := fmt.Appendf(nil, "c-%02d", i)
		if _, err := theirs.Write(bytes.Replace(greeting(false, false, false), []byte("gw-a"), client, 1)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(theirs, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the watcher knows one connection at a time
		all = append(all, theirs)
	}
	return all
}

func (e *ear) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.heard)
}

// Whatever many gateways send in the same breath, only so much of it is in hand; and when
// that can't be done with, the others wait for a while and not for ever.
func TestLongMessagesWaitForTheirTurn(t *testing.T) {
	const more = 9
	synctest.Test(t, func(t *testing.T) {
		c, done := newConnected(t, false), make(chan struct{})
		c.ear.hear = func(string) error { <-done; return nil }
		all := c.many(t, mostAtOnce+more)
		for _, gateway := range all {
			go func() { _, _ = gateway.Write(message(false, 0x30, "t", 0, strings.Repeat("-", 9_000))) }()
		}
		synctest.Wait()
		if n := c.ear.count(); n != mostAtOnce {
			t.Errorf("%d are in hand at once", n)
		}
		time.Sleep(turnPatience + time.Second)
		if n := c.ear.count(); n != mostAtOnce+more {
			t.Errorf("%d were taken of %d", n, mostAtOnce+more)
		}
		close(done)
		for _, gateway := range all {
			_ = gateway.Close()
		}
	})
}

// Of messages that were long on their way, too, only so many are in hand when their ends come
// in the same breath.
func TestMessagesThatCameLateWaitForTheirTurn(t *testing.T) {
	const more = 9
	long := message(false, 0x30, "t", 0, strings.Repeat("-", 9_000))
	synctest.Test(t, func(t *testing.T) {
		c, done := newConnected(t, false), make(chan struct{})
		c.ear.hear = func(string) error { <-done; return nil }
		all := c.many(t, mostAtOnce+more)
		for _, part := range [][]byte{long[:5_000], long[5_000:]} {
			for _, gateway := range all {
				go func() { _, _ = gateway.Write(part) }()
			}
			time.Sleep(2 * soon)
			synctest.Wait()
		}
		if n := c.ear.count(); n != mostAtOnce {
			t.Errorf("%d are in hand at once", n)
		}
		close(done)
		synctest.Wait()
		if n := c.ear.count(); n != mostAtOnce+more {
			t.Errorf("%d were taken of %d", n, mostAtOnce+more)
		}
		for _, gateway := range all {
			_ = gateway.Close()
		}
	})
}

// A payload that is on its way for long, as over a weak radio, keeps nobody else waiting.
func TestHalfALongMessageHoldsUpNobody(t *testing.T) {
	long := message(false, 0x30, "t", 0, strings.Repeat("-", 9_000))
	synctest.Test(t, func(t *testing.T) {
		c := newConnected(t, false)
		all := c.many(t, mostAtOnce+1)
		for _, gateway := range all[:mostAtOnce] {
			if _, err := gateway.Write(long[:5_000]); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		if _, err := all[mostAtOnce].Write(long); err != nil { // which ends as the last byte is read
			t.Fatal(err)
		}
		synctest.Wait()
		if n, waited := c.ear.count(), time.Since(began); n != 1 || waited > 20*time.Millisecond {
			t.Errorf("%d were heard after %v", n, waited)
		}
		for _, gateway := range all[:mostAtOnce] {
			if _, err := gateway.Write(long[5_000:]); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if n := c.ear.count(); n != mostAtOnce+1 {
			t.Errorf("%d were heard at the end", n)
		}
		for _, gateway := range all {
			_ = gateway.Close()
		}
	})
}
