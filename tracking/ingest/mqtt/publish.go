package mqtt

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"
	"unicode/utf8"
)

const (
	// wireBuffer is how much of what a gateway sends is read at once, and held for each that
	// is connected. The payload of a longer packet goes straight to where it is wanted.
	wireBuffer = 2 << 10
	// bodyRoom is the room that is made for a payload, unless it needs more; room of up to
	// maxKeptBody is kept for others to come.
	bodyRoom    = 16 << 10
	maxKeptBody = 64 << 10
	// earlier is the part of its time by which a silent connection may be ended too early, so
	// that not every message puts the deadline off: an eighth.
	earlier = 8
	// soon is how long a payload may be on its way while others wait for their turn.
	soon = 5 * time.Millisecond
)

// stream is what a gateway sends. Nearly all of it is PUBLISHes in plain order: quality
// of service 0 or 1, a good topic, no properties. The library would read each into two
// fresh copies and pass it on by value, a kilobyte from call to call, on a stack that
// grows to 32 KiB for every gateway; only to be told that the message is not for it.
// So the stream takes them out and gives them to hook.take, as OnPublish does.
//
// All other packets are handed to the library byte for byte. So is whatever is not in
// order, and all that comes after quality of service 2, of which the library keeps
// count: a fault is answered as if there were no stream. Only $SYS, which nobody may
// read, misses what was taken. None but the library's reading goroutine uses a stream.
type stream struct {
	in      *bufio.Reader
	hook    *hook
	session *session // nil: everything is the library's
	topic   string   // of the last message: most gateways have but one

	// of the packet that the library reads
	next  part
	rest  uint32 // bytes after its length; of the length what is known so far
	digit uint32 // by how many bits the length's next byte is shifted

	deadline  time.Time
	allowance time.Duration // how long the library waits for a packet; zero: for ever
}

// part is a part of a packet.
type part byte

const (
	firstByte part = iota
	lengthBytes
	theRest
)

// Read hands the library what is its own, and never beyond the end of a packet: the next may be ours.
func (w *wire) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if w.next == firstByte {
		if err := w.takeOurs(); err != nil {
			return 0, err
		}
	}
	if w.next == theRest {
		n, err := w.in.Read(p[:min(len(p), int(w.rest))])
		if w.rest -= uint32(n); w.rest == 0 {
			w.next = firstByte
		}
		return n, err
	}
	b, err := w.in.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	w.follow(b)
	return 1, nil
}

// follow keeps step with the library, which reads this byte of a packet's header. It reads
// a length as packets.DecodeLength does, and ends the connection where that fails.
func (w *wire) follow(b byte) {
	if w.next == firstByte {
		w.next, w.rest, w.digit = lengthBytes, 0, 0
		if b&0xF6 == 0x34 { // PUBLISH of quality of service 2
			w.session = nil
		}
		return
	}
	w.rest |= uint32(b&0x7F) << w.digit
	w.digit += 7
	switch {
	case b >= 0x80:
	case w.rest == 0:
		w.next = firstByte
	default:
		w.next = theRest
	}
}

// takeOurs takes what was published until the next packet is one for the library.
func (w *wire) takeOurs() error {
	for w.session != nil {
		if w.session.client.Closed() {
			return net.ErrClosed
		}
		w.keepAlive()
		p, err := w.peek()
		if err == nil && p.size > 0 {
			err = w.take(p)
		}
		if err != nil || p.size == 0 {
			return err
		}
	}
	return nil
}

// SetDeadline is what the library gives a connection until its next packet has come.
func (w *wire) SetDeadline(t time.Time) error {
	w.deadline, w.allowance = t, 0
	if !t.IsZero() {
		w.allowance = time.Until(t)
	}
	return w.Conn.SetDeadline(t)
}

// keepAlive gives the packet that comes next as long as the library gave those that it read.
func (w *wire) keepAlive() {
	now := time.Now()
	if w.allowance == 0 || w.deadline.Sub(now) > w.allowance-w.allowance/earlier {
		return
	}
	w.deadline = now.Add(w.allowance)
	_ = w.Conn.SetDeadline(w.deadline)
}

// published is a PUBLISH in plain order, of which all that precedes its payload was read.
type published struct {
	start   []byte // of the packet, with its header; all of it if the buffer holds it
	size    int    // of the packet; zero: it is for the library
	topic   []byte
	ack     acknowledgement
	payload int // where it begins
}

// peek looks at the next packet, and waits for as much of it as the library would.
func (w *wire) peek() (published, error) {
	start, err := w.in.Peek(1)
	if err != nil || !plain(start[0]) || w.session.client.State.Inflight.Len() > 0 {
		return published{}, err
	}
	head, size, err := w.measure()
	if err != nil || size == 0 || size > MaxPacket {
		return published{}, err
	}
	if start, err = w.in.Peek(min(size, w.in.Size())); err != nil {
		return published{}, err
	}
	p := published{start: start, size: size, payload: head, ack: acknowledgement{qos: start[0] >> 1 & 3}}
	if !p.read(w.session.client.Properties.ProtocolVersion == 5) {
		return published{}, nil
	}
	return p, nil
}

// plain says whether a packet begins as a PUBLISH of quality of service 0 that says it is no
// repetition, or of 1; retained or not.
func plain(b byte) bool { return b&0xFE == 0x30 || b&0xF6 == 0x32 }

// measure says how long the next packet's header is, and the whole of it; zero when that is not said in
// the four bytes that the protocol allows.
func (w *wire) measure() (head, size int, err error) {
	for head = 2; head <= 5; head++ {
		b, err := w.in.Peek(head)
		if err != nil {
			return 0, 0, err
		}
		digit := int(b[head-1])
		if size |= digit & 0x7F << (7 * (head - 2)); digit < 0x80 {
			return head, head + size, nil
		}
	}
	return 0, 0, nil
}

// read reads topic and identifier; false when anything is not in plain order.
func (p *published) read(properties bool) bool {
	topic, ok := p.skip(2)
	if !ok {
		return false
	}
	if p.topic, ok = p.skip(int(binary.BigEndian.Uint16(topic))); !ok || !goodTopic(p.topic) {
		return false
	}
	if p.ack.qos > 0 {
		id, ok := p.skip(2)
		if !ok {
			return false
		}
		if p.ack.id = binary.BigEndian.Uint16(id); p.ack.id == 0 {
			return false
		}
	}
	if !properties {
		return true
	}
	none, ok := p.skip(1)
	return ok && none[0] == 0
}

// skip moves the payload's beginning on by n bytes, and returns those.
func (p *published) skip(n int) ([]byte, bool) {
	at := p.payload
	if at+n > len(p.start) {
		return nil, false
	}
	p.payload += n
	return p.start[at:p.payload], true
}

// goodTopic says whether a message may have this topic; a $ begins those of the broker.
func goodTopic(topic []byte) bool {
	return len(topic) > 0 && topic[0] != '$' && utf8.Valid(topic) && !bytes.ContainsAny(topic, "\x00+#")
}

// take takes a message that was looked at, waiting for the rest of it.
func (w *wire) take(p published) error {
	if w.topic != string(p.topic) {
		w.topic = string(p.topic)
	}
	if p.size == len(p.start) {
		w.hook.take(w.session, p.ack, w.topic, p.start[p.payload:])
		_, err := w.in.Discard(p.size)
		return err
	}
	if !w.hook.admit(w.session, p.size-p.payload) {
		return net.ErrClosed
	}
	if _, err := w.in.Discard(p.payload); err != nil {
		return err
	}
	return w.takeLong(p)
}

// takeLong takes a message that was admitted, and whose payload goes into room of its own,
// when it is its turn.
func (w *wire) takeLong(p published) error {
	turn := w.hook.turns.begin(w.session.closed)
	defer func() { turn.end() }()
	room := w.hook.room(p.size - p.payload)
	defer w.hook.giveBack(room)
	read, err := w.readSoon(*room)
	if errors.Is(err, os.ErrDeadlineExceeded) { // it is still on its way: meanwhile it is the others' turn
		turn = turn.end()
		_, err = io.ReadFull(w.in, (*room)[read:])
		turn = w.hook.turns.begin(w.session.closed)
	}
	if err == nil {
		w.hook.takeIn(w.session, p.ack, w.topic, *room)
	}
	return err
}

// readSoon reads what comes at once, which most often is all of it.
func (w *wire) readSoon(room []byte) (int, error) {
	_ = w.Conn.SetReadDeadline(time.Now().Add(soon))
	read, err := io.ReadFull(w.in, room)
	_ = w.Conn.SetReadDeadline(w.deadline)
	return read, err
}

// room is room for a payload of this size, to be given back.
func (h *hook) room(size int) *[]byte {
	room, _ := h.bodies.Get().(*[]byte)
	if room == nil || cap(*room) < size {
		fresh := make([]byte, size, max(size, bodyRoom))
		return &fresh
	}
	*room = (*room)[:size]
	return room
}

func (h *hook) giveBack(room *[]byte) {
	if cap(*room) <= maxKeptBody {
		h.bodies.Put(room)
	}
}
