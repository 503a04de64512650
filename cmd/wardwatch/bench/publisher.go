package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// publisher is one MQTT 3.1.1 connection that publishes with QoS 1. It writes its
// frames itself: a client library would cost the two cores more than the server does.
type publisher struct {
	conn net.Conn
	out  *bufio.Writer
	// window holds a token for each message that is not yet acknowledged.
	window chan struct{}
	sent   []atomic.Int64 // by packet id: when it was sent, in nanoseconds since the epoch
	next   int
	acks   *latencies
	done   chan struct{}
	failed atomic.Pointer[error]
}

// packetIDs is how many ids a connection goes through before it uses one again: more
// than any window, so that an id is free again when its turn comes.
const packetIDs = 2_000

// dial connects one gateway. Its acknowledgements are timed into acks.
func dial(ctx context.Context, address, client, user, password string, window int, acks *latencies) (*publisher, error) {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	p := &publisher{conn: conn, out: bufio.NewWriterSize(conn, 16<<10), window: make(chan struct{}, window),
		sent: make([]atomic.Int64, packetIDs+1), acks: acks, done: make(chan struct{})}
	body := append(mqttText("MQTT"), 4, 0xC2, 0, 60)
	for _, s := range []string{client, user, password} {
		body = append(body, mqttText(s)...)
	}
	answer := make([]byte, 4)
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, err = conn.Write(mqttFrame(0x10, body)); err == nil {
		_, err = io.ReadFull(conn, answer)
	}
	if err == nil && answer[3] != 0 {
		err = fmt.Errorf("the broker refused %s: code %d", client, answer[3])
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("connect %s: %w", client, err)
	}
	_ = conn.SetReadDeadline(time.Time{})
	go p.listen()
	return p, nil
}

// dialAll connects publishers that speak for the hospital's gateways.
func dialAll(ctx context.Context, s *server, m *measured, n, window int, acks *latencies) ([]*publisher, error) {
	first := m.dialled
	m.dialled += n
	var all []*publisher
	for i := range n {
		p, err := dial(ctx, s.mqtt, fmt.Sprintf("bench-%d", first+i), "bench", m.token.Reveal(), window, acks)
		if err != nil {
			hangUp(all)
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func hangUp(all []*publisher) {
	for _, p := range all {
		p.close()
	}
}

// listen times acknowledgements until the connection ends.
func (p *publisher) listen() {
	defer close(p.done)
	in, ack := bufio.NewReaderSize(p.conn, 16<<10), make([]byte, 4)
	for {
		if _, err := io.ReadFull(in, ack); err != nil {
			p.failed.Store(&err)
			return
		}
		if ack[0] != 0x40 {
			err := fmt.Errorf("not an acknowledgement: % x", ack)
			p.failed.Store(&err)
			return
		}
		id := int(ack[2])<<8 | int(ack[3])
		if id > 0 && id <= packetIDs {
			p.acks.add(time.Duration(time.Now().UnixNano() - p.sent[id].Load()))
		}
		<-p.window
	}
}

// publish sends one message once there is room in the window. What is buffered goes
// out when the window is full, and with flush.
func (p *publisher) publish(ctx context.Context, topic string, body []byte) error {
	select {
	case p.window <- struct{}{}:
	default:
		if err := p.out.Flush(); err != nil {
			return err
		}
		select {
		case p.window <- struct{}{}:
		case <-p.done:
			return fmt.Errorf("the broker hung up: %w", *p.failed.Load())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	id := p.next%packetIDs + 1
	p.next++
	head := append(mqttText(topic), byte(id>>8), byte(id))
	p.sent[id].Store(time.Now().UnixNano())
	_, err := p.out.Write(mqttFrame(0x32, append(head, body...)))
	return err
}

func (p *publisher) flush() error { return p.out.Flush() }

// settle waits until everything that was sent is acknowledged.
func (p *publisher) settle(ctx context.Context) error {
	if err := p.flush(); err != nil {
		return err
	}
	for range cap(p.window) {
		select {
		case p.window <- struct{}{}:
		case <-p.done:
			return fmt.Errorf("the broker hung up: %w", *p.failed.Load())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(patience):
			return fmt.Errorf("messages were not acknowledged within %v", patience)
		}
	}
	for range cap(p.window) {
		<-p.window
	}
	return nil
}

func (p *publisher) close() {
	_ = p.conn.Close()
	<-p.done
}

func mqttText(s string) []byte { return append([]byte{byte(len(s) >> 8), byte(len(s))}, s...) }

func mqttFrame(head byte, body []byte) []byte {
	b := make([]byte, 0, len(body)+5)
	b = append(b, head)
	for n := len(body); ; {
		d := byte(n & 0x7F)
		if n >>= 7; n > 0 {
			b = append(b, d|0x80)
			continue
		}
		return append(append(b, d), body...)
	}
}

// each runs work for every publisher at once and answers the first error.
func each(all []*publisher, work func(i int, p *publisher) error) error {
	errs := make(chan error, len(all))
	var busy sync.WaitGroup
	for i, p := range all {
		busy.Go(func() {
			if err := work(i, p); err != nil {
				errs <- err
			}
		})
	}
	busy.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}
