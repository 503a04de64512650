package modbus

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/tracking/ingest/internal/beside"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

var both = Query{Unit: 1, Function: ReadInput, Register: 1, Count: 2}

func TestFramesAreThoseOfTheStandard(t *testing.T) {
	if got := hex.EncodeToString(both.RTU()); got != "010400010002200b" {
		t.Errorf("asked %s", got)
	}
	if got := hex.EncodeToString(Query{Unit: 17, Function: ReadHolding, Register: 0x006B, Count: 3}.TCP(1)); got != "0001000000061103006b0003" {
		t.Errorf("asked %s", got)
	}
	for _, c := range []struct {
		frame string
		want  string
	}{
		{"010404fffb01f4ba76", "-0.5 50"},
		{"018402c2c1", "the probe refuses: illegal data address"},
		{"0184630329", "the probe refuses: exception 99"},
		{"010404fffb01f4ba77", "not an answer to what was asked: its checksum is wrong"},
		{"020404fffb01f4ffff", "not an answer to what was asked"},
		{"0104", "not an answer to what was asked"},
		{"01040200647893", "not an answer to what was asked"},
	} {
		raw, _ := hex.DecodeString(c.frame)
		registers, err := both.FromRTU(raw)
		got := fmt.Sprint(err)
		if err == nil {
			celsius, _ := Value(registers[0], 0.1)
			humidity, _ := Value(registers[1], 0.1)
			got = fmt.Sprint(celsius, " ", humidity)
		}
		if got != c.want && !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.frame, got, c.want)
		}
	}
	tcp, _ := hex.DecodeString("000700000007010404fffb01f4")
	if registers, err := both.FromTCP(7, tcp); err != nil || registers[0] != 0xFFFB {
		t.Errorf("%v, %v", registers, err)
	}
	if _, err := both.FromTCP(8, tcp); !errors.Is(err, ErrFrame) {
		t.Errorf("the answer to another question: %v", err)
	}
	for _, register := range []uint16{0x8000, 0x7FFF} {
		if v, ok := Value(register, 0.1); ok {
			t.Errorf("%04x is %v", register, v)
		}
	}
}

func TestReferenceFrames(t *testing.T) {
	lines := bufio.NewScanner(bytes.NewReader(beside.File(t, "samples/sensors/modbus-xymd02.jsonl")))
	for lines.Scan() {
		var sample struct {
			Kind, Hex string
			Expected  struct {
				Celsius float64
				Hum     float64 `json:"humidity_pct"`
				Error   string
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &sample); err != nil {
			t.Fatal(err)
		}
		raw, _ := hex.DecodeString(sample.Hex)
		if sample.Kind == "request" {
			if !bytes.Equal(raw, both.RTU()) {
				t.Errorf("asked %x", both.RTU())
			}
			continue
		}
		registers, err := both.FromRTU(raw)
		if sample.Expected.Error != "" {
			if err == nil || !strings.Contains(err.Error(), sample.Expected.Error) {
				t.Errorf("%s: %v", sample.Hex, err)
			}
			continue
		}
		s, _ := ParseSetting("probe")
		if got := s.sample(both, registers, noon); err != nil || got.Celsius != sample.Expected.Celsius || *got.HumidityPct != sample.Expected.Hum {
			t.Errorf("%s: %+v, %v", sample.Hex, got, err)
		}
	}
}

func TestSettingsAreReadOrRefused(t *testing.T) {
	for said, want := range map[string]string{
		"10.0.0.7": "10.0.0.7:502 1 4 1 2 0.1 1m0s false",
		"probe.ward:1502/17?register=0&function=3&scale=0.01&every=30s&framing=rtu": "probe.ward:1502 17 3 0 -1 0.01 30s true",
		"[::1]:502/2?humidity=3": "[::1]:502 2 4 1 3 0.1 1m0s false",
		"":                       "no Modbus probe", "10.0.0.7/300": "no Modbus probe", "10.0.0.7:0": "no Modbus probe", "10.0.0.7?function=5": "no Modbus probe", "10.0.0.7?every=1ms": "no Modbus probe",
		"10.0.0.7?scale=0": "no Modbus probe", "10.0.0.7?hello=1": "no Modbus probe", "10.0.0.7?register=70000": "no Modbus probe", "10.0.0.7?framing=x": "no Modbus probe",
	} {
		s, err := ParseSetting(said)
		got := fmt.Sprint(s.Address, " ", s.Unit, " ", s.Function, " ", s.Temperature, " ", s.Humidity, " ", s.Scale, " ", s.Every, " ", s.RTU)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s, want %s", said, got, want)
		}
	}
}

// probe is a device on the network that speaks the protocol; what it does with each
// question is a step of its script, the last of which goes on for ever.
type probe struct {
	listener net.Listener
	rtu      bool
	script   []func(conn net.Conn, answer []byte) bool // false ends the connection
	asked    int
	serving  sync.WaitGroup
}

func newProbe(t *testing.T, rtu bool, script ...func(net.Conn, []byte) bool) *probe {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &probe{listener: listener, rtu: rtu, script: script}
	p.serving.Go(p.serve)
	t.Cleanup(func() { _ = listener.Close(); p.serving.Wait() })
	return p
}

func (p *probe) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.talk(conn)
		_ = conn.Close()
	}
}

func (p *probe) talk(conn net.Conn) {
	size := 12
	if p.rtu {
		size = 8
	}
	question := make([]byte, size)
	for {
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		answer := []byte{1, 4, 4, 0xFF, 0xFB, 0x01, 0xF4} // -0.5 °C, 50 %
		if p.rtu {
			answer = binary.LittleEndian.AppendUint16(answer, checksum(answer))
		} else {
			answer = append(append(bytes.Clone(question[:4]), 0, byte(len(answer))), answer...)
		}
		step := p.script[min(p.asked, len(p.script)-1)]
		p.asked++
		if !step(conn, answer) {
			return
		}
	}
}

func answers(conn net.Conn, answer []byte) bool { _, err := conn.Write(answer); return err == nil }

// slowly sends byte after byte, as a serial server does.
func slowly(conn net.Conn, answer []byte) bool {
	for i := range answer {
		if _, err := conn.Write(answer[i : i+1]); err != nil {
			return false
		}
	}
	return true
}

func TestAProbeIsAskedWhateverItAnswers(t *testing.T) {
	for _, rtu := range []bool{false, true} {
		t.Run(fmt.Sprint("rtu ", rtu), func(t *testing.T) {
			p := newProbe(t, rtu, slowly,
				func(net.Conn, []byte) bool { return false },                                          // hangs up
				func(conn net.Conn, answer []byte) bool { return answers(conn, answer[:5]) && false }, // in the middle
				func(conn net.Conn, answer []byte) bool {
					answer[len(answer)-1]++
					answer[0]++
					return answers(conn, answer)
				}, // rubbish
				answers)
			ctx, stop := context.WithCancel(t.Context())
			var changes []string
			var heard []Sample
			refuse := 1
			setting, err := ParseSetting(p.listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			setting.RTU, setting.Every = rtu, time.Millisecond
			poller := &Poller{Setting: setting, Now: func() time.Time { return noon },
				Heard: func(_ context.Context, s Sample) error {
					if len(heard) == 1 && refuse > 0 {
						refuse--
						return errors.New("disk full")
					}
					if heard = append(heard, s); len(heard) == 3 {
						stop()
					}
					return nil
				},
				Changed: func(why error) { changes = append(changes, fmt.Sprint(why != nil)) }}
			if err := poller.Run(ctx); err != nil {
				t.Fatal(err)
			}
			for _, s := range heard {
				if s.Celsius != -0.5 || s.HumidityPct == nil || *s.HumidityPct != 50 || s.Fault || !s.At.Equal(noon) {
					t.Errorf("heard %+v", s)
				}
			}
			if got := strings.Join(changes, " "); got != "false true false" {
				t.Errorf("told %s", got)
			}
		})
	}
}

func TestWhatCantBeHandedOnIsHeldUpToADay(t *testing.T) {
	p := &Poller{Heard: func(context.Context, Sample) error { return errors.New("disk full") }}
	for i := range MaxHeld + 10 {
		p.hold(Sample{At: noon.Add(time.Duration(i) * time.Minute)})
	}
	p.handOn(t.Context())
	if len(p.held) != MaxHeld || !p.held[0].At.Equal(noon.Add(10*time.Minute)) {
		t.Errorf("%d held, from %v on", len(p.held), p.held[0].At)
	}
	var got []Sample
	p.Heard = func(_ context.Context, s Sample) error { got = append(got, s); return nil }
	p.handOn(t.Context())
	if len(got) != MaxHeld || len(p.held) != 0 {
		t.Errorf("%d handed on, %d left", len(got), len(p.held))
	}
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{"010404fffb01f4ba76", "018402c2c1", "000700000007010404fffb01f4", ""} {
		raw, _ := hex.DecodeString(seed)
		f.Add(raw, "10.0.0.7:502/1?register=1")
	}
	f.Fuzz(func(t *testing.T, frame []byte, said string) {
		if registers, err := both.FromRTU(frame); err == nil && len(registers) != 2 {
			t.Fatal(registers)
		}
		if registers, err := both.readRTU(bytes.NewReader(frame)); err == nil && len(registers) != 2 {
			t.Fatal(registers)
		}
		if registers, err := both.readTCP(bytes.NewReader(frame), 7); err == nil && len(registers) != 2 {
			t.Fatal(registers)
		}
		s, err := ParseSetting(said)
		if err != nil {
			return
		}
		q := s.query()
		if q.Count == 0 || q.Count > maxRegisters {
			t.Fatalf("%q asks for %d registers", said, q.Count)
		}
		s.sample(q, make([]uint16, q.Count), noon)
	})
}
