package mqtt

import (
	"bufio"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// greetingTime is how long a connection may take to say who it is. Without it a wire
// that was cut before that would be held for ever.
const greetingTime = 10 * time.Second

// door is a listener that knows its open wires: the library knows those of gateways
// that have said who they are, and waits for the others for ever.
type door struct {
	net.Listener
	secure *tls.Config // nil: gateways are spoken with in the clear
	mu     sync.Mutex
	open   map[*wire]struct{}
	shut   bool
}

func newDoor(address string, secure *tls.Config) (*door, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &door{Listener: listener, secure: secure, open: map[*wire]struct{}{}}, nil
}

// Accept gives the next connection time to greet.
func (d *door) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(greetingTime)) // the library sets another once it knows the keep-alive
	w := newWire(conn, d)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	d.open[w] = struct{}{}
	return w, nil
}

// Close ends the listener and every wire that is still open. The library calls it
// once it has said goodbye to the gateways that it knows.
func (d *door) Close() error {
	err := d.Listener.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = true
	for w := range d.open {
		_ = w.beneath.Close()
	}
	clear(d.open)
	return err
}

// wire is one connection: what the library writes to, and reads from what is its own (see stream).
type wire struct {
	net.Conn // speaks TLS where the door does
	stream
	beneath net.Conn // what carries it
	door    *door
}

func newWire(conn net.Conn, d *door) *wire {
	w := &wire{Conn: conn, beneath: conn, door: d}
	if d.secure != nil {
		w.Conn = tls.Server(conn, d.secure)
	}
	w.stream.in = bufio.NewReaderSize(w.Conn, wireBuffer)
	return w
}

// Close ends the connection.
func (w *wire) Close() error {
	w.door.mu.Lock()
	delete(w.door.open, w)
	w.door.mu.Unlock()
	return w.Conn.Close()
}
