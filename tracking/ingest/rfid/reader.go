package rfid

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// How a reader is kept to its word.
const (
	// KeepalivePeriod is how often the reader is told to show that it lives.
	KeepalivePeriod = 10 * time.Second
	// silentAfter is how long it may say nothing before the connection is given up.
	silentAfter = 3 * KeepalivePeriod
	// answerTime is how long it may take to answer a request.
	answerTime = 10 * time.Second
	// firstRetry and lastRetry are the pauses before connecting again: each twice the last.
	firstRetry = time.Second
	lastRetry  = time.Minute
	// roSpecID numbers the one inventory that is set up.
	roSpecID = 1014
)

// Reader is an RFID reader that we connect to, by LLRP.
type Reader struct {
	// Address is host and port, 5084 by the standard.
	Address string
	// Heard is called with the reads of each report, and when it came.
	Heard func(reads []Read, at time.Time)
	// Refused is called when a report could not be read to its end; the connection goes on.
	Refused func(why error)
	// Changed is called when the connection comes up, with nil, and when it ends, with why.
	Changed func(why error)
	// Now is our clock, by which reads are received. Time-outs go by the real one.
	Now func() time.Time
	// After is time.After unless a test sets it.
	After func(time.Duration) <-chan time.Time
}

// Run keeps the reader connected until ctx ends.
func (r *Reader) Run(ctx context.Context) error {
	pause := firstRetry
	for {
		started, err := r.serve(ctx)
		if ctx.Err() != nil {
			return nil
		}
		r.Changed(err)
		if started {
			pause = firstRetry
		}
		select {
		case <-r.after(pause):
		case <-ctx.Done():
			return nil
		}
		pause = min(2*pause, lastRetry)
	}
}

func (r *Reader) after(d time.Duration) <-chan time.Time {
	if r.After != nil {
		return r.After(d)
	}
	return time.After(d)
}

// serve lives through one connection; started says whether the inventory ran.
func (r *Reader) serve(ctx context.Context) (started bool, err error) {
	conn, err := (&net.Dialer{Timeout: answerTime}).DialContext(ctx, "tcp", r.Address)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	s := &conversation{conn: conn, reader: r}
	stop := context.AfterFunc(ctx, func() {
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write(LLRPMessage{Type: closeConnection, ID: 1}.Bytes())
		_ = conn.Close()
	})
	defer stop()
	if err := s.begin(); err != nil {
		return false, err
	}
	r.Changed(nil)
	return true, s.listen()
}

// conversation is one connection to a reader.
type conversation struct {
	conn   net.Conn
	reader *Reader
	id     uint32
}

// begin waits for the reader's welcome and sets the inventory up.
func (s *conversation) begin() error {
	for {
		m, err := s.next(answerTime)
		if err != nil {
			return fmt.Errorf("wait for the reader's welcome: %w", err)
		}
		code, told := m.connectionAttempt()
		if !told {
			continue
		}
		if code != 0 {
			return fmt.Errorf("the reader refused the connection (code %d): another program may be connected to it", code)
		}
		break
	}
	for _, step := range []struct {
		what        string
		send, reply MessageType
		body        []byte
	}{
		{"remove earlier inventories", deleteROSpec, deleteROSpecReply, u32(0)},
		{"ask for keep-alives", setReaderConfig, setReaderConfigReply, append([]byte{0}, keepaliveSpec()...)},
		{"add the inventory", addROSpec, addROSpecReply, inventory()},
		{"start the inventory", enableROSpec, enableROSpecReply, u32(roSpecID)},
	} {
		if err := s.ask(step.send, step.reply, step.body); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return s.send(LLRPMessage{Type: enableEventsAndReports})
}

// keepaliveSpec asks for a periodic sign of life.
func keepaliveSpec() []byte {
	const periodic = 1
	return tlv(paramKeepalive, []byte{periodic}, u32(uint32(KeepalivePeriod.Milliseconds())))
}

// inventory reads all antennas for ever and reports each tag at once, with its
// antenna, strength and times.
func inventory() []byte {
	const immediate, none, uponEachTag = 1, 0, 1
	const antenna, rssi, firstSeen, lastSeen = 1 << 12, 1 << 10, 1 << 9, 1 << 8
	boundary := tlv(paramROBoundary, tlv(paramStartTrigger, []byte{immediate}), tlv(paramStopTrigger, []byte{none}, u32(0)))
	everyAntenna := append(u16(1), u16(0)...)
	round := tlv(paramAISpec, everyAntenna, tlv(paramAIStopTrigger, []byte{none}, u32(0)), tlv(paramInventory, u16(1), []byte{epcClass1Gen2}))
	report := tlv(paramReportSpec, []byte{uponEachTag}, u16(1), tlv(paramReportContent, u16(antenna|rssi|firstSeen|lastSeen)))
	return tlv(paramROSpec, u32(roSpecID), []byte{0, 0}, boundary, round, report)
}

// ask sends a request and waits for its reply; what comes between is dealt with.
func (s *conversation) ask(send, reply MessageType, body []byte) error {
	s.id++
	if err := s.send(LLRPMessage{Type: send, ID: s.id, Body: body}); err != nil {
		return err
	}
	deadline := time.Now().Add(answerTime)
	for {
		m, err := s.next(time.Until(deadline))
		if err != nil {
			return err
		}
		if m.ID != s.id || m.Type != reply && m.Type != errorMessage {
			continue
		}
		if code, text := m.status(); code != 0 || m.Type == errorMessage {
			return fmt.Errorf("the reader answered %d %s", code, text)
		}
		return nil
	}
}

// listen hands on reports until the connection ends or falls silent.
func (s *conversation) listen() error {
	for {
		if _, err := s.next(silentAfter); err != nil {
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				return fmt.Errorf("the reader said nothing for %s", silentAfter)
			}
			return err
		}
	}
}

// next reads a message and deals with those that ask for nothing but an answer.
func (s *conversation) next(patience time.Duration) (LLRPMessage, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(max(patience, time.Millisecond))); err != nil {
		return LLRPMessage{}, err
	}
	m, err := ReadLLRP(s.conn)
	if err != nil {
		return m, err
	}
	switch m.Type {
	case keepalive:
		return m, s.send(LLRPMessage{Type: keepaliveAck, ID: m.ID})
	case ROAccessReport:
		reads, err := m.Reads()
		if err != nil {
			s.reader.Refused(err)
		}
		if len(reads) > 0 {
			s.reader.Heard(reads, s.reader.Now())
		}
	}
	return m, nil
}

func (s *conversation) send(m LLRPMessage) error {
	_, err := s.conn.Write(m.Bytes())
	return err
}
