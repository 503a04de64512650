package rfid

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"wardwatch/tracking/ingest/internal/beside"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// reportOf is a tag report as a reader builds it, with the parameters in an order of its own.
func reportOf(epc string, antenna uint16, rssi int8, seen time.Time) []byte {
	raw, _ := hex.DecodeString(epc)
	us := make([]byte, 8)
	for i, n := 7, uint64(seen.UnixMicro()); i >= 0; i, n = i-1, n>>8 {
		us[i] = byte(n)
	}
	if len(raw) == 12 {
		return tlv(paramTagReport, append([]byte{0x80 | paramEPC96}, raw...), append([]byte{0x80 | paramAntennaID}, u16(antenna)...),
			[]byte{0x80 | paramPeakRSSI, byte(rssi)}, append([]byte{0x80 | paramFirstSeenUTC}, us...))
	}
	return tlv(paramTagReport, append([]byte{0x80 | paramPeakRSSI}, byte(rssi)), tlv(paramEPCData, u16(uint16(8*len(raw))), raw),
		append([]byte{0x80 | paramLastSeenUTC}, us...), append([]byte{0x80 | paramAntennaID}, u16(antenna)...))
}

const (
	pumpEPC = "30340000000000000000ABCD"
	longEPC = "300000000000000000000000000000000001"
)

func shown(reads []Read) string {
	var lines []string
	for _, r := range reads {
		lines = append(lines, fmt.Sprintf("%X at %d %d %v %s %s", r.EPC, r.Antenna, r.RSSIdBm, r.HasRSSI, stamp(r.FirstSeen), stamp(r.LastSeen)))
	}
	return strings.Join(lines, "\n")
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Format("15:04:05.000000")
}

func TestTagReportsAreReadWhateverTheirOrder(t *testing.T) {
	body := append(reportOf(pumpEPC, 2, -57, noon.Add(225*time.Millisecond)), reportOf(longEPC, 1, -61, noon)...)
	// A parameter of a vendor's own, and uptime instead of UTC.
	body = append(body, tlv(1023, []byte("vendor"))...)
	body = append(body, tlv(paramTagReport, append([]byte{0x80 | paramEPC96}, make([]byte, 12)...), append([]byte{0x80 | 3}, make([]byte, 8)...))...)
	want := "30340000000000000000ABCD at 2 -57 true 12:00:00.225000 -\n" + longEPC + " at 1 -61 true - 12:00:00.000000\n000000000000000000000000 at 0 0 false - -"
	m := LLRPMessage{Type: ROAccessReport, ID: 7, Body: body}
	for name, from := range map[string]io.Reader{"at once": bytes.NewReader(m.Bytes()), "byte by byte": iotest.OneByteReader(bytes.NewReader(m.Bytes()))} {
		got, err := ReadLLRP(from)
		if err != nil || got.ID != 7 {
			t.Fatal(name, got, err)
		}
		if reads, err := got.Reads(); err != nil || shown(reads) != want {
			t.Errorf("%s: %v\n%s", name, err, shown(reads))
		}
	}
	if parsed, err := ParseLLRP(body); err != nil || parsed.Type != ROAccessReport {
		t.Errorf("a body without its header: %v %v", parsed.Type, err)
	}
}

func TestABrokenReportKeepsTheReadsBeforeTheBreak(t *testing.T) {
	whole := append(reportOf(pumpEPC, 2, -57, noon), reportOf(longEPC, 1, -61, noon)...)
	for n := 1; n < len(whole); n++ {
		reads, err := LLRPMessage{Type: ROAccessReport, Body: whole[:n]}.Reads()
		atEdge := n == len(reportOf(pumpEPC, 2, -57, noon))
		if (err == nil) != atEdge || err != nil && !errors.Is(err, ErrLLRP) {
			t.Errorf("cut at %d: %v", n, err)
		}
		if n >= len(reportOf(pumpEPC, 2, -57, noon)) && len(reads) != 1 {
			t.Errorf("cut at %d: %d reads", n, len(reads))
		}
	}
	if _, err := (LLRPMessage{Type: keepalive}).Reads(); !errors.Is(err, ErrLLRP) {
		t.Errorf("a keep-alive read as a report: %v", err)
	}
	for _, head := range []string{"043d000000090000000000", "043dffffffff00000000"} {
		b, _ := hex.DecodeString(head)
		if _, err := ReadLLRP(bytes.NewReader(b)); !errors.Is(err, ErrLLRP) {
			t.Errorf("%s: %v", head, err)
		}
	}
}

func TestReferenceReports(t *testing.T) {
	sample, _ := hex.DecodeString(strings.TrimSpace(string(beside.File(t, "samples/gateways/llrp-ro-access-report.hex"))))
	m, err := ParseLLRP(sample)
	if err != nil || m.ID != 4711 {
		t.Fatal(m.ID, err)
	}
	want := "3414257BF400000000004FC1 at 2 -57 true 09:26:53.225000 -\n3034257BF718F840000003E9 at 1 -61 true 09:26:53.256000 -"
	if reads, err := m.Reads(); err != nil || shown(reads) != want {
		t.Errorf("%v\n%s", err, shown(reads))
	}
	lines := bufio.NewScanner(bytes.NewReader(beside.File(t, "data/vectors/llrp.jsonl")))
	for lines.Scan() {
		var v struct {
			Hex      string
			Expected struct {
				Tags []struct {
					EPC     string `json:"epc"`
					Antenna int    `json:"antenna_id"`
					RSSI    int    `json:"peak_rssi_dbm"`
					First   int64  `json:"first_seen_utc_us"`
				}
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		raw, _ := hex.DecodeString(v.Hex)
		m, err := ParseLLRP(raw)
		if err != nil {
			t.Fatal(err)
		}
		reads, err := m.Reads()
		if err != nil || len(reads) != len(v.Expected.Tags) {
			t.Errorf("%s: %d reads, %v", v.Hex, len(reads), err)
			continue
		}
		for i, want := range v.Expected.Tags {
			if got := reads[i]; hex.EncodeToString(got.EPC) != want.EPC || got.Antenna != want.Antenna || got.RSSIdBm != want.RSSI || got.FirstSeen.UnixMicro() != want.First {
				t.Errorf("%s: %s", v.Hex, shown(reads))
			}
		}
	}
}

// fakeReader is a reader of our own making that speaks the protocol, one connection at a time.
type fakeReader struct {
	t        *testing.T
	listener net.Listener
	asked    chan MessageType
	conns    chan net.Conn
	refuse   MessageType // a request that it turns down
}

func newFakeReader(t *testing.T) *fakeReader {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeReader{t: t, listener: l, asked: make(chan MessageType, 100), conns: make(chan net.Conn, 10)}
	t.Cleanup(func() { _ = l.Close() })
	return f
}

// serve welcomes one client and answers what it asks until the connection ends.
func (f *fakeReader) serve(welcome uint16) {
	conn, err := f.listener.Accept()
	if err != nil {
		return
	}
	event := tlv(paramReaderEvent, tlv(paramConnectionAttempt, u16(welcome)))
	_, _ = conn.Write(LLRPMessage{Type: readerEvent, Body: event}.Bytes())
	f.conns <- conn
	for {
		m, err := ReadLLRP(conn)
		if err != nil {
			return
		}
		f.asked <- m.Type
		if m.Type == setReaderConfig || m.Type == addROSpec || m.Type == deleteROSpec || m.Type == enableROSpec {
			code := uint16(0)
			if m.Type == f.refuse {
				code = 101
			}
			reply := LLRPMessage{Type: m.Type + 10, ID: m.ID, Body: tlv(paramStatus, u16(code), u16(2), []byte("no"))}
			_, _ = conn.Write(reply.Bytes())
		}
	}
}

func (f *fakeReader) expect(types ...MessageType) {
	f.t.Helper()
	for _, want := range types {
		select {
		case got := <-f.asked:
			if got != want {
				f.t.Fatalf("asked for %d, want %d", got, want)
			}
		case <-time.After(2 * time.Minute):
			f.t.Fatalf("was never asked for %d", want)
		}
	}
}

func TestAReaderIsSetUpKeptAliveAndFoundAgain(t *testing.T) {
	f := newFakeReader(t)
	heard, changed := make(chan []Read, 10), make(chan error, 10)
	retries := make(chan time.Duration, 10)
	retry := make(chan time.Time)
	r := &Reader{Address: f.listener.Addr().String(), Now: func() time.Time { return noon },
		Heard: func(reads []Read, at time.Time) {
			if !at.Equal(noon) {
				t.Errorf("received at %v", at)
			}
			heard <- reads
		},
		Refused: func(why error) { t.Log("refused:", why) },
		Changed: func(why error) { changed <- why },
		After:   func(d time.Duration) <-chan time.Time { retries <- d; return retry }}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	go f.serve(0)
	setUp := []MessageType{deleteROSpec, setReaderConfig, addROSpec, enableROSpec, enableEventsAndReports}
	f.expect(setUp...)
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
	conn := <-f.conns
	_, _ = conn.Write(LLRPMessage{Type: keepalive, ID: 9}.Bytes())
	f.expect(keepaliveAck)
	broken := append(reportOf(pumpEPC, 1, -50, noon), 0)
	_, _ = conn.Write(append(LLRPMessage{Type: ROAccessReport, Body: broken}.Bytes(), LLRPMessage{Type: ROAccessReport, Body: reportOf(longEPC, 2, -60, noon)}.Bytes()...))
	for _, want := range []string{pumpEPC, longEPC} {
		if reads := <-heard; len(reads) != 1 || fmt.Sprintf("%X", reads[0].EPC) != want {
			t.Errorf("heard %s, want %s", shown(reads), want)
		}
	}
	_ = conn.Close() // the reader loses its power
	if err := <-changed; err == nil {
		t.Error("nobody was told")
	}
	if d := <-retries; d != firstRetry {
		t.Errorf("first retry after %v", d)
	}
	go f.serve(1) // another program holds it
	retry <- noon
	if err := <-changed; err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("told %v", err)
	}
	if d := <-retries; d != 2*firstRetry {
		t.Errorf("second retry after %v", d)
	}
	<-f.conns
	go f.serve(0)
	retry <- noon
	f.expect(setUp...)
	if err := <-changed; err != nil {
		t.Errorf("found again, but told %v", err)
	}
	cancel()
	running.Wait()
}

func TestAReaderThatTurnsTheInventoryDownSaysSo(t *testing.T) {
	f := newFakeReader(t)
	f.refuse = addROSpec
	changed := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := &Reader{Address: f.listener.Addr().String(), Now: time.Now, Changed: func(why error) { changed <- why },
		After: func(time.Duration) <-chan time.Time { return nil }}
	go f.serve(0)
	go func() { _ = r.Run(ctx) }()
	if err := <-changed; err == nil || !strings.Contains(err.Error(), "add the inventory: the reader answered 101 no") {
		t.Errorf("told %v", err)
	}
}

func FuzzLLRP(f *testing.F) {
	f.Add(LLRPMessage{Type: ROAccessReport, ID: 7, Body: append(reportOf(pumpEPC, 2, -57, noon), reportOf(longEPC, 1, -61, noon)...)}.Bytes())
	f.Add(reportOf(longEPC, 2, -57, noon))
	f.Add(LLRPMessage{Type: readerEvent, Body: tlv(paramReaderEvent, tlv(paramConnectionAttempt, u16(1)))}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseLLRP(b)
		if err != nil {
			return
		}
		reads, _ := m.Reads()
		for _, r := range reads {
			if len(r.EPC) == 0 {
				t.Fatal("a read without an EPC")
			}
		}
		_, _ = m.status()
		_, _ = m.connectionAttempt()
	})
}

func FuzzReadLLRP(f *testing.F) {
	report := LLRPMessage{Type: ROAccessReport, ID: 7, Body: reportOf(pumpEPC, 2, -57, noon)}.Bytes()
	f.Add(append(report, LLRPMessage{Type: keepalive, ID: 9}.Bytes()...))
	f.Add(report[:len(report)-1])
	f.Add([]byte("\x04\x3d\xff\xff\xff\xff\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		from := bytes.NewReader(b)
		for {
			left := from.Len()
			m, err := ReadLLRP(from)
			if err != nil {
				return
			}
			// What was read is written back byte for byte, but for the bits that say nothing.
			again, err := ReadLLRP(bytes.NewReader(m.Bytes()))
			if err != nil || again.Type != m.Type || again.ID != m.ID || !bytes.Equal(again.Body, m.Body) {
				t.Fatalf("%+v became %+v (%v)", m, again, err)
			}
			if from.Len() >= left {
				t.Fatal("a message of no bytes")
			}
		}
	})
}
