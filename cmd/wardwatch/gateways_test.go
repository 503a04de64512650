package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mqttHello is a CONNECT of MQTT 3.1.1 with name and token.
func mqttHello(name, token string) []byte {
	body := []byte("\x00\x04MQTT\x04\xc2\x00\x3c")
	for _, text := range []string{name, name, token} {
		body = append(append(body, byte(len(text)>>8), byte(len(text))), text...)
	}
	return append([]byte{0x10, byte(len(body))}, body...)
}

// flood publishes sightings without waiting for anything until the wire ends.
func flood(wire net.Conn, token string) {
	if _, err := wire.Write(mqttHello("gw-01", token)); err != nil {
		return
	}
	topic := "wardwatch/v1/gw-01/sightings"
	body := `{"sightings":[` + strings.Repeat(`{"tag":"c4000000000b","rssi_dbm":-60},`, 200) + `{"tag":"c4000000000b","rssi_dbm":-60}]}`
	size := 2 + len(topic) + len(body)
	frame := []byte{0x30, byte(size&0x7f | 0x80), byte(size >> 7), byte(len(topic) >> 8), byte(len(topic))} // QoS 0
	frame = append(append(frame, topic...), body...)
	frames := bytes.Repeat(frame, 32)
	for {
		if _, err := wire.Write(frames); err != nil {
			return
		}
	}
}

// One gateway floods, others stall in the middle of a packet or of a request, and the
// disk takes its time for each write: those beside them are served, and what they were
// promised is kept.
func TestGatewaysThatFloodAndStallBesideASlowDisk(t *testing.T) {
	s, token, path, start, k := faulty(t)
	callOff := tamper(t, s, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=20000")
	stalled, want := 20, 60
	if long() {
		stalled, want = 1000, 2000
	}
	var wires []net.Conn
	dial := func(address string) net.Conn {
		wire, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		wires = append(wires, wire)
		return wire
	}
	for i := range stalled {
		if i%2 == 0 { // a packet that promises two megabytes and brings a few bytes
			wire := dial(s.mqtt)
			_, _ = wire.Write(append(mqttHello(fmt.Sprintf("gw-%03d", i), token), 0x32, 0xff, 0xff, 0x7f, 0, 4, 'a', 'b'))
			continue
		}
		wire := dial(strings.TrimPrefix(s.http, "http://"))
		_, _ = fmt.Fprintf(wire, "POST /ingest HTTP/1.1\r\nHost: ward\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n{\"readings\":[", token)
	}
	var flooding sync.WaitGroup
	for range 2 {
		wire := dial(s.mqtt)
		flooding.Go(func() { flood(wire, token) })
	}
	f := &sender{t: t, s: s, token: token, at: start}
	for begun := time.Now(); len(f.kept) < want; f.send() {
		if time.Since(begun) > 2*patience {
			t.Fatalf("beside them only %d readings were taken: %s", len(f.kept), s.said)
		}
	}
	k.until(&k.answered, 4)
	callOff()
	for _, wire := range wires {
		_ = wire.Close()
	}
	flooding.Wait()
	f.untilTaken()
	afterwards(t, s, token, path, f.kept, k)
}

// recorder is a logger that keeps its history and tells it until it is acknowledged,
// to whichever server is there.
type recorder struct {
	first int64 // measured at
	kept  int64 // this many were acknowledged by the server that is there now
	there *atomic.Pointer[server]
	token string
}

// tell tells the next readings of the history until it is stopped.
func (r *recorder) tell(stop <-chan struct{}, acknowledged *atomic.Int64) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		s := r.there.Load()
		if s == nil {
			time.Sleep(10 * time.Millisecond) // nobody is there; a logger comes back
			continue
		}
		body := fmt.Appendf(nil, `{"readings":[{"sensor":"c4000000000a","channel":"probe","celsius":4.5,"at":%d}]}`, r.first+r.kept*1000)
		if answer, err := postBody(s, r.token, body); err == nil && answer.status == http.StatusOK {
			r.kept++
			acknowledged.Add(1)
		}
	}
}

// Yesterday's backup is taken and put back while loggers go on telling: what they were
// promised by the server that was there before they tell again, and at the end all of
// it is there once.
func TestYesterdaysBackupIsPutBackUnderLoad(t *testing.T) {
	s, token, path, start, k := faulty(t)
	database, backup := "sqlite:"+path, filepath.Join(t.TempDir(), "yesterday.db")
	var there atomic.Pointer[server]
	there.Store(s)
	var acknowledged atomic.Int64
	loggers := make([]*recorder, 4)
	stop := make(chan struct{})
	var telling sync.WaitGroup
	begin := func() {
		stop = make(chan struct{})
		for i := range loggers {
			telling.Go(func() { loggers[i].tell(stop, &acknowledged) })
		}
	}
	until := func(n int64) {
		t.Helper()
		for begun := time.Now(); acknowledged.Load() < n; time.Sleep(5 * time.Millisecond) { // the loggers say nothing else
			if time.Since(begun) > patience {
				t.Fatalf("only %d of %d were acknowledged: %s", acknowledged.Load(), n, there.Load().said)
			}
		}
	}
	for i := range loggers {
		loggers[i] = &recorder{first: start + int64(i)*3_600_000, there: &there, token: token}
	}
	begin()
	until(40)
	k.until(&k.answered, 4)
	yesterday := k.learned()
	k.begin(s.http)
	if code, _, errs := commandLine(t, nil, "backup", backup, "--db", database); code != exitDone {
		t.Fatal(errs)
	}
	until(acknowledged.Load() + 40)
	k.until(&k.answered, 4)
	there.Store(nil)
	s.stop(t) // in the middle of their telling
	if code, _, errs := commandLine(t, nil, "restore", backup, "--force", "--db", database); code != exitDone {
		t.Fatal(errs)
	}
	k.end()
	k.reread(path, yesterday)
	s.pager.reread(path)
	close(stop)
	telling.Wait()
	for _, l := range loggers {
		l.kept = 0 // the history is told again, as a logger's whole file is
	}
	s = s.pager.serve(database)
	there.Store(s)
	k.begin(s.http)
	begin()
	until(acknowledged.Load() + 160)
	close(stop)
	telling.Wait()
	var kept []int64
	for _, l := range loggers {
		for i := range l.kept {
			kept = append(kept, l.first+i*1000)
		}
	}
	afterwards(t, s, token, path, kept, k)
}
