package mqtt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"pgregory.net/rapid"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
)

// ear is an intake that writes down what it is given.
type ear struct {
	mu    sync.Mutex
	heard []string
	hear  func(body string) error // may refuse, or wait
}

func (e *ear) Take(_ context.Context, from hospital.GatewayID, m gateway.Message, done func(ingest.Receipt, error)) error {
	e.mu.Lock()
	e.heard = append(e.heard, fmt.Sprintf("%s %q %q", from, m.Topic, m.Body))
	e.mu.Unlock()
	if err := e.hear(string(m.Body)); err != nil {
		return err
	}
	done(ingest.Receipt{}, nil)
	return nil
}

func unlessNo(body string) error {
	if strings.Contains(body, "no") {
		return ingest.ErrUnreadable
	}
	return nil
}

func (e *ear) TurnAway(_, name, _, why string) {
	e.heard = append(e.heard, "turned away "+name+": "+why)
}

// watcher counts what the library is given though it is plain; with off it keeps the wires from
// taking anything themselves, and then the library is given all of it.
type watcher struct {
	mochi.HookBase
	off   bool
	seen  int
	twice bool // quality of service 2 was used
}

func (*watcher) ID() string { return "watcher" }

func (*watcher) Provides(question byte) bool {
	return question == mochi.OnSessionEstablished || question == mochi.OnPacketRead
}

func (w *watcher) OnSessionEstablished(cl *mochi.Client, _ packets.Packet) {
	if w.twice = false; w.off {
		cl.Net.Conn.(*wire).session = nil
	}
}

func (w *watcher) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if pk.FixedHeader.Type == packets.Publish {
		w.twice = w.twice || pk.FixedHeader.Qos == 2
		if !w.twice && cl.State.Inflight.Len() == 0 && isPlain(pk) {
			w.seen++
		}
	}
	return pk, nil
}

// isPlain says of a packet that the library has read what the stream says of its bytes.
func isPlain(pk packets.Packet) bool {
	size := 2 + len(pk.TopicName) + 2*min(1, int(pk.FixedHeader.Qos)) + bit(pk.ProtocolVersion == 5) + len(pk.Payload)
	return pk.PublishValidate(0) == packets.CodeSuccess && !strings.HasPrefix(pk.TopicName, "$") && pk.FixedHeader.Remaining == size &&
		len(pk.TopicName) < wireBuffer-10
}

// hasLongLength says whether a length may be written in more bytes than the protocol has for it, which
// only the library reads.
func hasLongLength(sent []byte) bool {
	run := 0
	for _, b := range sent {
		if run++; b < 0x80 {
			run = 0
		}
		if run == 4 {
			return true
		}
	}
	return false
}

// connected is a broker that listens nowhere, and what it has heard.
type connected struct {
	server *mochi.Server
	hook   *hook
	ear    *ear
	door   *door
	*watcher
}

func newConnected(t testing.TB, off bool) connected {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	book, err := ingest.OpenBook(t.Context(), newWard(), log)
	if err != nil {
		t.Fatal(err)
	}
	c := connected{ear: &ear{hear: unlessNo}, watcher: &watcher{off: off}, door: &door{open: map[*wire]struct{}{}}}
	register := hospital.NewRegister(hospital.NewDirectory(hospital.Site{ID: "main"}, nil, nil, nil, nil, []hospital.Gateway{{ID: "gw-a"}}))
	parts := Parts{Intake: c.ear, Tokens: tokens{new(sync.Map)}, Book: book, Register: register, Now: func() time.Time { return morning }, Log: log}
	if c.server, c.hook, err = newServer(parts); err == nil {
		err = c.server.AddHook(c.watcher, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// said is something that a gateway sends.
type said struct {
	bytes []byte
	// reply is the identifier of the acknowledgement that a gateway waits for before it says more; zero: none
	reply uint16
}

// GoString keeps a failure readable.
func (s said) GoString() string { return fmt.Sprintf("%d bytes % .24x…", len(s.bytes), s.bytes) }

// life is what came of one connection.
type life struct {
	heard []string
	// acks are the PUBACKs that we write; replies is all else, which the library writes meanwhile, or
	// which the gateway waits for
	acks, replies []string
	why           string // it ended
	whole         bool   // all was said, and the last message acknowledged
}

const (
	farewell = 60_000 // the identifier of the last message but for what is broken off
	hungUp   = "the gateway hung up"
)

// live plays one connection: what is said, in pieces that take no heed of packets, until the
// gateway hangs up.
func (c connected) live(all []said, pieces []int) life {
	ours, theirs := net.Pipe()
	end, answers, over := make(chan error, 1), make(chan []byte), make(chan struct{})
	go func() { end <- c.server.EstablishConnection("gateways", newWire(ours, c.door)) }()
	go hear(theirs, answers)
	l, replied := &life{}, make(chan uint16, len(all))
	go func() {
		defer close(over)
		for a := range answers {
			if id := l.note(a); slices.ContainsFunc(all, func(s said) bool { return s.reply == id && id != 0 }) {
				replied <- id
			}
		}
	}()
	l.whole = speak(theirs, all, pieces, replied, over)
	_ = theirs.Close()
	l.why = reasonOf(<-end)
	<-over
	c.hook.writers.Wait()
	l.heard = c.ear.heard
	return *l
}

// speak says all of it; false when the connection ended meanwhile.
func speak(conn net.Conn, all []said, pieces []int, replied <-chan uint16, over <-chan struct{}) bool {
	var waiting []byte
	n := 0
	for i, s := range all {
		if waiting = append(waiting, s.bytes...); s.reply == 0 && i < len(all)-1 {
			continue
		}
		for ; len(waiting) > 0; n++ {
			size := min(pieces[n%len(pieces)], len(waiting))
			if _, err := conn.Write(waiting[:size]); err != nil {
				return false
			}
			waiting = waiting[size:]
		}
		for id := uint16(0); id != s.reply; {
			select {
			case id = <-replied:
			case <-over:
				return false
			}
		}
	}
	return true
}

// hear passes on the answers, packet by packet.
func hear(conn net.Conn, answers chan<- []byte) {
	defer close(answers)
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		rest := make([]byte, head[1]) // none is longer than 127 bytes
		if _, err := io.ReadFull(conn, rest); err != nil {
			return
		}
		answers <- append(head, rest...)
	}
}

// note notes an answer, and returns the identifier of the message that it acknowledges.
func (l *life) note(answer []byte) uint16 {
	kind, text := answer[0]>>4, fmt.Sprintf("% x", answer)
	ours := len(answer) == 4 || len(answer) == 5 && answer[4] == packets.ErrPayloadFormatInvalid.Code
	if kind == packets.Puback && ours {
		l.acks = append(l.acks, text)
	} else {
		l.replies = append(l.replies, text)
	}
	if kind == packets.Puback || kind == packets.Pubrec {
		return binary.BigEndian.Uint16(answer[2:])
	}
	return 0
}

// compare holds that the library would have done the same.
func (l life) compare(r *rapid.T, library life) {
	if !slices.Equal(l.heard, library.heard) {
		r.Fatalf("heard\n%s\nand by the library\n%s", strings.Join(l.heard, "\n"), strings.Join(library.heard, "\n"))
	}
	if !slices.Equal(l.replies, library.replies) || l.why != library.why || l.whole != library.whole {
		r.Fatalf("%v %s %v\nand by the library\n%v %s %v", l.replies, l.why, l.whole, library.replies, library.why, library.whole)
	}
	n := min(len(l.acks), len(library.acks)) // a connection that is ended may not tell all it has taken
	if !slices.Equal(l.acks[:n], library.acks[:n]) || l.whole && len(l.acks) != len(library.acks) {
		r.Fatalf("acknowledged %v\nand by the library %v", l.acks, library.acks)
	}
}

func reasonOf(err error) string {
	for _, gone := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed} {
		if errors.Is(err, gone) {
			return hungUp
		}
	}
	return fmt.Sprint(err)
}

// TestWhatTheWireTakesIsAnsweredAsTheLibraryWould plays the same connection twice, once with a library
// that reads every packet.
func TestWhatTheWireTakesIsAnsweredAsTheLibraryWould(t *testing.T) {
	taken, ends := 0, map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]int{1, 2, 7, 100, wireBuffer - 1, wireBuffer, 5_000, 1 << 20}), 1, 4).Draw(r, "pieces")
		a, b := newConnected(t, false), newConnected(t, true)
		five, resumed := rapid.Bool().Draw(r, "MQTT 5"), rapid.Bool().Draw(r, "resumed")
		for again := range 1 + bit(resumed) {
			all := conversation(r, five, again > 0, resumed)
			a.seen, b.seen = 0, 0
			short, long := a.live(all, pieces), b.live(all, pieces)
			short.compare(r, long)
			if a.seen > 0 && !slices.ContainsFunc(all, func(s said) bool { return hasLongLength(s.bytes) }) {
				r.Fatalf("%d plain messages went to the library", a.seen)
			}
			taken += b.seen - a.seen
			ends[short.why]++
		}
	})
	if taken == 0 || len(ends) < 5 {
		t.Errorf("%d messages went by the short way; connections ended %v", taken, ends)
	}
}

// conversation is what a gateway says, well or ill. In one that is resumed the broker may remember
// messages of quality of service 2 of the one before.
func conversation(r *rapid.T, five, again, keep bool) []said {
	all := []said{{bytes: greeting(five, rapid.Bool().Draw(r, "with a will"), keep)}}
	plain := rapid.Custom(func(r *rapid.T) said { return orderly(r, five) })
	for range rapid.IntRange(0, 12).Draw(r, "packets") {
		switch rapid.IntRange(0, 12).Draw(r, "kind") {
		case 0:
			s := said{reply: 1} // alone: the library repeats several in any order
			s.bytes = message(five, rapid.SampledFrom([]byte{0x34, 0x3C, 0x32}).Draw(r, "head"), "t/2", s.reply, "{}")
			if again {
				s.bytes, s.reply = message(five, 0x32, "t/2", s.reply, "{}"), 0
			}
			all = append(all, s)
		case 1:
			all = append(all, said{bytes: []byte{0x62, 2, 0, rapid.ByteRange(0, 2).Draw(r, "released")}})
		case 2, 3:
			all = append(all, said{bytes: rapid.SampledFrom(oddities(five)).Draw(r, "oddity")})
		case 4:
			all = append(all, said{bytes: rapid.SampledFrom(unusual(five)).Draw(r, "unusual")})
		default:
			all = append(all, plain.Draw(r, "message"))
		}
	}
	all = append(all, said{bytes: message(five, 0x32, "t/last", farewell, "{}"), reply: farewell})
	switch rapid.IntRange(0, 3).Draw(r, "end") {
	case 0:
		broken := plain.Draw(r, "broken off").bytes
		all = append(all, said{bytes: broken[:rapid.IntRange(1, len(broken)-1).Draw(r, "at")]})
	case 1: // too short for a message that is acknowledged
		all = append(all, said{bytes: rapid.SliceOfN(rapid.Byte(), 1, 6).Draw(r, "noise")})
	}
	return all
}

func greeting(five, will, keep bool) []byte {
	version, flags, properties := byte(4), byte(0xC2), []byte{}
	if five {
		version, properties = 5, []byte{0}
	}
	if keep {
		flags &^= 0x02
	}
	if will {
		flags |= 0x04
	}
	body := append(append(mqttText("MQTT"), version, flags, 0, 60), properties...)
	body = append(body, mqttText("gw-a")...)
	if will {
		body = append(append(append(body, properties...), mqttText("t/will")...), mqttText("gone")...)
	}
	return framed(0x10, append(append(body, mqttText("gw-a")...), mqttText("for-gw-a")...))
}

// message is a PUBLISH without properties.
func message(five bool, head byte, topic string, id uint16, payload string) []byte {
	var none []byte
	if five {
		none = []byte{0}
	}
	return messageWith(head, topic, id, none, payload)
}

func messageWith(head byte, topic string, id uint16, properties []byte, payload string) []byte {
	body := mqttText(topic)
	if head&0x06 > 0 {
		body = binary.BigEndian.AppendUint16(body, id)
	}
	return framed(head, append(append(body, properties...), payload...))
}

// orderly is a message in plain order, long or short, that may be refused.
func orderly(r *rapid.T, five bool) said {
	head := rapid.SampledFrom([]byte{0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B}).Draw(r, "head")
	topic := rapid.SampledFrom([]string{"t", "t/ä", "/", strings.Repeat("t", 300)}).Draw(r, "topic")
	payload := rapid.SampledFrom([]string{"", "{}", "no", "\x00\xff"}).Draw(r, "payload")
	size := rapid.SampledFrom([]int{0, 0, 100, wireBuffer - 320, wireBuffer - 10, wireBuffer, 9_000, maxKeptBody + 1}).Draw(r, "size")
	payload += strings.Repeat("-", max(0, size-rapid.IntRange(0, 12).Draw(r, "less")))
	return said{bytes: message(five, head, topic, rapid.Uint16Range(4, 9).Draw(r, "identifier"), payload)}
}

// oddities are packets of other kinds, and messages that are out of order.
func oddities(five bool) [][]byte {
	all := [][]byte{
		{0xC0, 0}, {0xC0, 0}, {0xE0, 0}, {0xC1, 0}, {0x40, 2, 0, 1}, {0x50, 2, 0, 1}, {0xF0, 0}, {0x00, 0}, greeting(five, false, false),
		framed(0x82, append(append([]byte{0, 9}, make([]byte, bit(five))...), append(mqttText("wardwatch/v1/gw-a/#"), 0)...)),
		{0x30, 0}, {0x30, 1, 0}, {0x32, 3, 0, 1, 't'}, {0x30, 0xFF, 0xFF, 0xFF, 0x7F}, {0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F},
		message(five, 0x36, "t", 1, "{}"), message(five, 0x38, "t", 1, "{}"), message(five, 0x32, "t", 0, "{}"),
	}
	for _, topic := range []string{"", "a/+", "#", "$SYS/x", "$sys/x", "$share/x", "$else", "\xff", "a\x00b"} {
		all = append(all, message(five, 0x30, topic, 0, "{}"), message(five, 0x32, topic, 4, "{}"))
	}
	if five {
		for _, properties := range []string{"\x05\x02\x00\x00\x00\x09", "\x07\x26\x00\x01a\x00\x01b", "\x03\x23\x00\x01", "\x09", "\x01\xff"} {
			all = append(all, messageWith(0x32, "t", 5, []byte(properties), "{}"))
		}
		all = append(all, messageWith(0x32, "", 5, []byte{3, 0x23, 0, 1}, "{}"), messageWith(0x30, "t", 5, nil, ""))
	}
	return all
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// unusual messages are plain, but said in so many words that the library is left to read them.
func unusual(five bool) [][]byte {
	plain := message(five, 0x30, "t", 0, "{}")
	long := append([]byte{plain[0], plain[1] | 0x80, 0x80, 0x80, 0x80, 0x80, 0}, plain[2:]...)
	return [][]byte{long, message(five, 0x32, strings.Repeat("t", wireBuffer), 6, "{}"), messageWith(0x30, "t", 0, []byte{0x80, 0}[:2*bit(five)], "{}")}
}

// tape is a connection whose gateway has said all that it will.
type tape struct {
	net.Conn // of which no more is asked
	said     []byte
	pieces   []byte // how much comes at once, in turn
	n        int
}

func (t *tape) Read(p []byte) (int, error) {
	if len(t.said) == 0 {
		return 0, io.EOF
	}
	size := min(len(p), len(t.said))
	if len(t.pieces) > 0 {
		size = min(size, 1+int(t.pieces[t.n%len(t.pieces)]))
		t.n++
	}
	n := copy(p, t.said[:size])
	t.said = t.said[n:]
	return n, nil
}

func (*tape) Write(p []byte) (int, error)     { return len(p), nil }
func (*tape) Close() error                    { return nil }
func (*tape) SetReadDeadline(time.Time) error { return nil }
func (*tape) RemoteAddr() net.Addr            { return &net.TCPAddr{} }

// read has the library read a connection to its end; what it reads is written down as what the wire takes.
func (c connected) read(conn net.Conn, five bool) error {
	cl := c.server.NewClient(conn, "gateways", "gw-a", false)
	if five {
		cl.Properties.ProtocolVersion = 5
	}
	w, wired := conn.(*wire)
	if wired {
		w.hook, w.session = c.hook, newSession(c.server, cl, "gw-a", papers{}, c.hook.writers.Go)
		w.session.pace = c.hook.paces.of("gw-a", "", papers{})
	}
	for {
		var head packets.FixedHeader
		if err := cl.ReadFixedHeader(&head); err != nil {
			return err
		}
		pk, err := cl.ReadPacket(&head)
		switch {
		case err != nil:
			return err
		case head.Type != packets.Publish:
			c.ear.heard = append(c.ear.heard, fmt.Sprintf("packet %d of %d bytes", head.Type, head.Remaining))
		case pk.PublishValidate(0) != packets.CodeSuccess:
			return pk.PublishValidate(0)
		case wired && w.session != nil && head.Qos == 2:
			return errors.New("the library no longer knows of every message, though it counts them")
		default:
			_ = c.ear.Take(context.Background(), "gw-a", c.hook.message(pk.TopicName, pk.Payload), func(ingest.Receipt, error) {})
		}
	}
}

// FuzzStream holds that whatever a gateway sends, in whatever pieces, is told apart into the same
// packets with the wire as without, and comes to the same end.
func FuzzStream(f *testing.F) {
	for _, five := range []bool{false, true} {
		all := [][]byte{message(five, 0x32, "t", 7, "{}"), message(five, 0x3B, "t/ä", 8, strings.Repeat("-", 5_000)), {0xC0, 0}}
		for _, odd := range append(unusual(five), oddities(five)...) {
			f.Add(bytes.Join(append(all, odd, all[0], all[1]), nil), []byte{0, 99, 3}, five)
		}
	}
	f.Fuzz(func(t *testing.T, sent, pieces []byte, five bool) {
		a, b := newConnected(t, false), newConnected(t, true)
		short := a.read(newWire(&tape{said: sent, pieces: pieces}, a.door), five)
		long := b.read(&tape{said: sent}, five)
		a.hook.writers.Wait()
		if !slices.Equal(a.ear.heard, b.ear.heard) {
			t.Fatalf("read\n%q\nand without a wire\n%q", a.ear.heard, b.ear.heard)
		}
		if a.seen > 0 && !hasLongLength(sent) {
			t.Fatalf("%d plain messages were read by the library", a.seen)
		}
		if reasonOf(short) != reasonOf(long) {
			t.Fatalf("ended by %v, and without a wire by %v", short, long)
		}
	})
}

// TestOnlySilenceEndsAConnection has a gateway with a keep-alive of a minute send nothing but messages, which the
// library never sees; it is ended when it falls silent, between messages or within one.
func TestOnlySilenceEndsAConnection(t *testing.T) {
	long := message(false, 0x30, "t", 0, strings.Repeat("-", 9_000))
	for name, last := range map[string][]byte{"after a message": nil, "in its header": long[:2], "in its topic": long[:4], "in its payload": long[:5_000]} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConnected(t, false)
				ours, theirs := net.Pipe()
				end := make(chan error, 1)
				go func() { end <- c.server.EstablishConnection("gateways", newWire(ours, c.door)) }()
				say := func(b []byte) {
					if _, err := theirs.Write(b); err != nil {
						t.Fatal(err)
					}
				}
				say(greeting(false, false, false))
				if _, err := io.ReadFull(theirs, make([]byte, 4)); err != nil {
					t.Fatal(err)
				}
				const hour = 72 // messages
				for range hour {
					time.Sleep(50 * time.Second)
					say(long)
				}
				time.Sleep(50 * time.Second)
				began := time.Now()
				for len(last) > 0 { // a byte now and then does not keep half a message alive
					if _, err := theirs.Write(last[:1]); err != nil {
						break
					}
					last = last[1:]
					time.Sleep(time.Second)
				}
				err := <-end
				if silent := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || silent < 25*time.Second || silent > 41*time.Second {
					t.Errorf("ended after %v: %v", silent, err)
				}
				if n := len(c.ear.heard); n != hour {
					t.Errorf("%d messages came in", n)
				}
			})
		})
	}
}

// TestNothingMoreIsTakenOfAConnectionThatIsEnded has three messages come at once, of which the first can't be
// taken now: the connection is ended, so that it is sent again, and the third is not taken either.
func TestNothingMoreIsTakenOfAConnectionThatIsEnded(t *testing.T) {
	c, over := newConnected(t, false), make(chan struct{})
	c.ear.hear = func(body string) error {
		if body == "first" {
			return ingest.ErrBusy
		}
		<-over
		return nil
	}
	ours, theirs := net.Pipe()
	end := make(chan error, 1)
	go func() { end <- c.server.EstablishConnection("gateways", newWire(ours, c.door)) }()
	if _, err := theirs.Write(greeting(false, false, false)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(theirs, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(message(false, 0x32, "t", 1, "first"), message(false, 0x32, "t", 2, "second"), message(false, 0x32, "t", 3, "third"))
	if _, err := theirs.Write(all); err != nil {
		t.Fatal(err)
	}
	if n, err := theirs.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Fatalf("%d bytes were answered: %v", n, err)
	}
	close(over)
	if err := <-end; !errors.Is(err, net.ErrClosed) {
		t.Errorf("ended by %v", err)
	}
	if len(c.ear.heard) != 2 {
		t.Errorf("heard %v", c.ear.heard)
	}
}
