package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

const (
	// patience is how long a connection or an answer may take.
	patience = 5 * time.Second
	// retryAtMost is the longest pause before a probe that does not answer is tried again.
	retryAtMost = time.Minute
	// MaxHeld is how many samples are held while they can't be handed on: a day of minutes.
	MaxHeld = 1440
)

// Poller asks one probe. Its samples are handed on in order; what Heard refuses is held
// and handed on again with the next one.
type Poller struct {
	Setting Setting
	Now     func() time.Time
	// Heard takes a sample; an error means: again, later.
	Heard func(context.Context, Sample) error
	// Changed is told when the probe stops answering, with the reason, and nil when it answers again.
	Changed func(why error)

	held    []Sample
	number  uint16
	silent  bool
	started bool
}

// Run asks until ctx ends.
func (p *Poller) Run(ctx context.Context) error {
	var conn net.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	pause := time.Duration(0)
	for wait(ctx, pause) {
		sample, next, err := p.ask(ctx, conn)
		conn = next
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			p.tell(err)
			pause = min(max(2*pause, time.Second), min(p.Setting.Every, retryAtMost))
			p.handOn(ctx)
			continue
		}
		p.tell(nil)
		p.hold(sample)
		p.handOn(ctx)
		pause = p.Setting.Every
	}
	return nil
}

func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// tell says once that the probe went or came back.
func (p *Poller) tell(why error) {
	if silent := why != nil; !p.started || silent != p.silent {
		p.started, p.silent = true, silent
		p.Changed(why)
	}
}

// hold keeps a sample for handing on; when there is no room, the oldest goes.
func (p *Poller) hold(s Sample) {
	if len(p.held) == MaxHeld {
		p.held = p.held[1:]
	}
	p.held = append(p.held, s)
}

func (p *Poller) handOn(ctx context.Context) {
	for len(p.held) > 0 && p.Heard(ctx, p.held[0]) == nil {
		p.held = p.held[1:]
	}
}

// ask asks once, over conn or a new connection. The connection is nil when it broke; one
// on which the probe refused is still good.
func (p *Poller) ask(ctx context.Context, conn net.Conn) (Sample, net.Conn, error) {
	if conn == nil {
		var err error
		if conn, err = (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", p.Setting.Address); err != nil {
			return Sample{}, nil, err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	query := p.Setting.query()
	registers, err := p.exchange(conn, query)
	if errors.Is(err, ErrException) {
		return Sample{}, conn, err
	}
	if err != nil {
		_ = conn.Close()
		return Sample{}, nil, err
	}
	return p.Setting.sample(query, registers, p.Now()), conn, nil
}

func (p *Poller) exchange(conn net.Conn, q Query) ([]uint16, error) {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	p.number++
	frame := q.TCP(p.number)
	if p.Setting.RTU {
		frame = q.RTU()
	}
	if _, err := conn.Write(frame); err != nil {
		return nil, err
	}
	if p.Setting.RTU {
		return q.readRTU(conn)
	}
	return q.readTCP(conn, p.number)
}

// readTCP reads one answer, which says how long it is.
func (q Query) readTCP(from io.Reader, number uint16) ([]uint16, error) {
	head := make([]byte, tcpHead)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint16(head[4:]))
	if length < 2 || length > 3+2*maxRegisters {
		return nil, fmt.Errorf("%w: it says that it is %d bytes long", ErrFrame, length)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(from, body); err != nil {
		return nil, err
	}
	return q.FromTCP(number, append(head, body...))
}

// readRTU reads one answer, whose length follows from its function.
func (q Query) readRTU(from io.Reader) ([]uint16, error) {
	frame := make([]byte, 5) // unit, function, length or exception, and two bytes more
	if _, err := io.ReadFull(from, frame); err != nil {
		return nil, err
	}
	if frame[1] == q.Function {
		if frame[2] > 2*maxRegisters {
			return nil, ErrFrame
		}
		rest := make([]byte, frame[2])
		if _, err := io.ReadFull(from, rest); err != nil {
			return nil, err
		}
		frame = append(frame, rest...)
	}
	return q.FromRTU(frame)
}
