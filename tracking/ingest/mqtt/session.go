package mqtt

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"wardwatch/tracking/hospital"
)

// session is one connection whose sender is known. Its acknowledgements are written
// by a goroutine of its own, which is there while some wait: a gateway that does not read
// holds up nobody else, and one that is silent costs no more than its connection.
type session struct {
	server *mochi.Server
	client *mochi.Client
	from   hospital.GatewayID
	shown  papers // are looked at again now and then: they may have been revoked

	pace *pace // shared by all connections of the same sender

	window chan struct{} // a place for each message that is not yet acknowledged
	closed chan struct{}
	once   sync.Once

	// acks wait to be written, in turn: never more than there are places, and hardly ever
	// many, so a gateway holds no room for all of them.
	mu      sync.Mutex
	acks    []acknowledgement
	writing bool               // somebody writes them
	ended   bool               // nothing is written any more
	writers func(write func()) // begins a goroutine that the broker waits for
}

// acknowledgement answers one message.
type acknowledgement struct {
	id     uint16
	qos    byte
	reason byte // of MQTT 5; zero: success
	failed bool // not acknowledged: the connection ends, so that the message is sent again
}

// of is the acknowledgement of a message that came to this end.
func (a acknowledgement) of(err error) acknowledgement {
	a.failed = err != nil
	return a
}

func newSession(server *mochi.Server, cl *mochi.Client, from hospital.GatewayID, shown papers, writers func(func())) *session {
	return &session{server: server, client: cl, from: from, shown: shown, window: make(chan struct{}, MaxUnacknowledged),
		closed: make(chan struct{}), writers: writers}
}

// wait takes a place for one more message.
func (s *session) wait(ctx context.Context) error {
	select {
	case s.window <- struct{}{}:
		return nil
	case <-s.closed:
		return errClosing
	case <-ctx.Done():
		return errClosing
	}
}

// acknowledge answers a message that has a place; it never blocks.
func (s *session) acknowledge(a acknowledgement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acks = append(s.acks, a)
	if !s.writing && !s.ended {
		s.writing = true
		s.writers(s.write)
	}
}

// waiting takes over the acknowledgements that wait; spent is used for the next. With none
// the writer is done.
func (s *session) waiting(spent []acknowledgement) []acknowledgement {
	if cap(spent) > keptAcks {
		spent = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := s.acks
	s.acks = spent[:0]
	if s.writing = len(waiting) > 0 && !s.ended; !s.writing {
		return nil
	}
	return waiting
}

// close has nothing more written.
func (s *session) close() {
	s.once.Do(func() {
		close(s.closed)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = true
	})
}

// write writes acknowledgements until none waits, or the connection ends.
func (s *session) write() {
	var buffer []byte
	for acks := s.waiting(nil); len(acks) > 0; acks = s.waiting(acks) {
		buffer = s.answer(buffer[:0], acks)
	}
}

const (
	// maxAckBuffer is how many bytes of acknowledgements are written at once.
	maxAckBuffer = 4 << 10
	// keptAcks is how much room for acknowledgements a calm connection keeps.
	keptAcks = 64
)

// answer writes acknowledgements, and gives their places back.
func (s *session) answer(buffer []byte, acks []acknowledgement) []byte {
	for _, a := range acks {
		<-s.window
		if a.failed {
			s.flush(buffer)
			s.disconnect(packets.ErrServerBusy)
			return buffer[:0]
		}
		if buffer = s.append(buffer, a); len(buffer) >= maxAckBuffer {
			s.flush(buffer)
			buffer = buffer[:0]
		}
	}
	s.flush(buffer)
	return buffer
}

// disconnect ends the connection; MQTT 5 clients are told why.
func (s *session) disconnect(why packets.Code) {
	if s.client.Properties.ProtocolVersion == 5 {
		_ = s.server.DisconnectClient(s.client, why)
		return
	}
	s.client.Stop(why)
}

// append encodes one acknowledgement. QoS 0 has none.
func (s *session) append(buffer []byte, a acknowledgement) []byte {
	kind := packets.Puback
	switch a.qos {
	case 0:
		return buffer
	case 2:
		kind = packets.Pubrec
		if a.reason == 0 {
			s.expectRelease(a.id)
		}
	}
	if a.reason != 0 && s.client.Properties.ProtocolVersion == 5 {
		return append(buffer, kind<<4, 3, byte(a.id>>8), byte(a.id), a.reason)
	}
	return append(buffer, kind<<4, 2, byte(a.id>>8), byte(a.id))
}

// expectRelease tells the library that a QoS 2 message stands at PUBREC, so that it
// recognises a repetition and answers the PUBREL. It gives back one place of the
// quota then, so one is taken here.
func (s *session) expectRelease(id uint16) {
	s.client.State.Inflight.DecreaseReceiveQuota()
	received := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubrec}, PacketID: id, Created: time.Now().Unix()}
	if s.client.State.Inflight.Set(received) {
		atomic.AddInt64(&s.server.Info.Inflight, 1)
	}
}

// flush writes whole packets, between those that the library writes.
func (s *session) flush(buffer []byte) {
	if len(buffer) == 0 || s.client.Closed() {
		return
	}
	s.client.Lock()
	_, err := s.client.Net.Conn.Write(buffer)
	s.client.Unlock()
	if err != nil {
		s.client.Stop(err)
	}
}
