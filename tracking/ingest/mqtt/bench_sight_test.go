package mqtt_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/mqtt"
	"wardwatch/tracking/notify"
)

// The benchmark below measures the way of sightings from gateways' PUBLISH to stored
// moves: 5,000 tags, 200 gateways, three of which hear each tag, 75 sightings a
// message of Minew's JSON. It reports sightings a second and the processor's time a
// million, the load generator's own included:
//
//	go test ./tracking/ingest/mqtt -run '^$' -bench Sightings -benchtime 40000x

const (
	busyGateways = 200
	busyTags     = 5_000
	busyRows     = 75
)

type anyProgram struct{}

func (anyProgram) Check(context.Context, string) (hospital.GatewayID, error) { return "", nil }

// busyHospital has a room for each gateway, in a row, and a pump for each tag.
func busyHospital(b *testing.B) (*db.DB, *hospital.Register) {
	b.Helper()
	base := dbtest.Open(b, db.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "Busy", Zone: "UTC"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}},
		Floors:    []document.Floor{{ID: "f", Building: "b", Name: "Ground", WidthMetres: 10 * busyGateways, HeightMetres: 10}}}
	for i := range busyGateways {
		x := float64(10 * i)
		room := document.Room{ID: hospital.RoomID(fmt.Sprintf("r-%d", i)), Floor: "f", Name: fmt.Sprintf("Room %d", i), Kind: hospital.PatientRoom,
			Outline: []hospital.Point{{X: x, Y: 0}, {X: x + 10, Y: 0}, {X: x + 10, Y: 10}, {X: x, Y: 10}}}
		if i > 0 {
			room.Neighbours = []hospital.RoomID{hospital.RoomID(fmt.Sprintf("r-%d", i-1))}
		}
		doc.Rooms = append(doc.Rooms, room)
		doc.Gateways = append(doc.Gateways, document.Gateway{ID: busyGateway(i), Name: fmt.Sprintf("Gateway %d", i), Make: "minew", Room: room.ID, Position: &hospital.Point{X: x + 5, Y: 5}})
	}
	for i := range busyTags {
		doc.Assets = append(doc.Assets, document.Asset{ID: fmt.Sprintf("P-%05d", i), Kind: "infusion pump", Name: fmt.Sprintf("Pump %d", i),
			Tags: []document.Tag{{ID: fmt.Sprintf("c0ffee%06x", i)}}})
	}
	if _, err := (db.Hospital{DB: base}).Import(b.Context(), hospital.Job("bench"), doc, true); err != nil {
		b.Fatal(err)
	}
	directory, err := db.Hospital{DB: base}.Load(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return base, hospital.NewRegister(directory)
}

func busyGateway(i int) hospital.GatewayID { return hospital.GatewayID(fmt.Sprintf("ac233f%06x", i)) }

// busyMessages are what each gateway sends: the tags of its own room and its neighbours'.
func busyMessages() [][]byte {
	var messages [][]byte
	for g := range busyGateways {
		var s strings.Builder
		fmt.Fprintf(&s, `[{"timestamp":"2026-05-04T09:59:58.123Z","type":"Gateway","mac":"AC233F%06X","gatewayFree":96,"gatewayLoad":0.07}`, g)
		for row := range busyRows {
			home := (g + row%3 - 1 + busyGateways) % busyGateways
			tag := home*(busyTags/busyGateways) + row/3
			fmt.Fprintf(&s, `,{"timestamp":"2026-05-04T09:59:58.%03dZ","mac":"C0FFEE%06X","bleName":"","rssi":%d,"rawData":"0201060303E1FF0D16E1FFA10364001A000300FA%02X0000EEFFC0"}`,
				row, tag, -50-15*((row%3+1)%2)-row%7, row)
		}
		s.WriteString("]")
		messages = append(messages, publish("/gw/"+string(busyGateway(g))+"/status", 1, []byte(s.String())))
	}
	return messages
}

func BenchmarkSightingsToStoredMoves(b *testing.B) {
	base, register := busyHospital(b)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	tracker, err := tracking.NewTracker(b.Context(), register, db.Equipment{DB: base}, tracking.TrackerOptions{Log: log})
	if err != nil {
		b.Fatal(err)
	}
	book, err := ingest.OpenBook(b.Context(), db.Devices{DB: base}, log)
	if err != nil {
		b.Fatal(err)
	}
	monitor := coldchain.NewMonitor(db.Fridges{DB: base}, notify.DefaultLadder(), register)
	intake := ingest.New(ingest.Parts{Sights: tracker, Observes: monitor, Enrolled: tracker, Register: register, Book: book, Now: time.Now, Log: log})
	broker, err := mqtt.Listen("127.0.0.1:0", mqtt.Parts{Intake: intake, Tokens: anyProgram{}, Book: book, Register: register, Now: time.Now, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = broker.Run(ctx) })
	running.Go(func() { _ = intake.Run(ctx) })
	running.Go(func() { _ = tracker.Run(ctx) })
	messages := busyMessages()
	conns := dial(b, broker.Address(), benchConnections)
	before := processorTime()
	b.ResetTimer()
	var sending sync.WaitGroup
	for c, conn := range conns {
		sending.Go(func() { flood(b, conn, messages, c, b.N/benchConnections) })
	}
	sending.Wait()
	stop()
	running.Wait()
	b.StopTimer()
	sightings := float64(b.N * busyRows)
	b.ReportMetric(sightings/b.Elapsed().Seconds(), "sightings/s")
	b.ReportMetric((processorTime()-before).Seconds()*1e6/sightings, "cpu-s/million")
	counts := tracker.Counts()
	b.ReportMetric(float64(counts.Dropped)/sightings, "dropped")
	if counts.Moves == 0 && b.N >= 40_000 { // a shorter flood is over before the filter may believe it
		b.Error("nothing moved")
	}
}

// BenchmarkGatewaysHeld measures what two thousand connected gateways hold of memory, each of
// which sends a message in turn: stacks while it is busy, and stacks and heap when all are calm.
//
//	go test ./tracking/ingest/mqtt -run '^$' -bench Held -benchtime 10x
func BenchmarkGatewaysHeld(b *testing.B) {
	const gateways = 2_000
	log := slog.New(slog.DiscardHandler)
	base := dbtest.Open(b, db.Options{Log: log})
	register := hospital.NewRegister(hospital.NewDirectory(hospital.Site{ID: "s"}, nil, nil, nil, nil, nil))
	book, err := ingest.OpenBook(b.Context(), db.Devices{DB: base}, log)
	if err != nil {
		b.Fatal(err)
	}
	intake := ingest.New(ingest.Parts{Sights: noSights{}, Register: register, Book: book, Now: time.Now, Log: log})
	broker, err := mqtt.Listen("127.0.0.1:0", mqtt.Parts{Intake: intake, Tokens: anyProgram{}, Book: book, Register: register, Now: time.Now, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = broker.Run(ctx) })
	running.Go(func() { _ = intake.Run(ctx) })
	var before, busy, calm runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	messages, conns := busyMessages(), dial(b, broker.Address(), gateways)
	b.ResetTimer()
	for n := range b.N {
		for c, conn := range conns {
			flood(b, conn, messages, n+c, 1)
		}
	}
	b.StopTimer()
	runtime.ReadMemStats(&busy)
	runtime.GC()
	runtime.GC() // the first sees stacks shrink and pools half emptied
	runtime.ReadMemStats(&calm)
	each := func(now, then uint64) float64 { return float64(now-then) / 1024 / gateways }
	b.ReportMetric(each(busy.StackInuse, before.StackInuse), "KiB-stack-busy/gateway")
	b.ReportMetric(each(calm.StackInuse, before.StackInuse), "KiB-stack/gateway")
	b.ReportMetric(each(calm.HeapAlloc, before.HeapAlloc), "KiB-heap/gateway")
	b.ReportMetric(float64(busy.TotalAlloc-before.TotalAlloc)/float64(b.N*gateways), "B/message")
	stop()
	running.Wait()
}

// flood publishes n messages on one connection, a window of them unacknowledged.
func flood(b *testing.B, conn net.Conn, messages [][]byte, c, n int) {
	const window = 16
	in, ack := bufio.NewReaderSize(conn, 4<<10), make([]byte, 4)
	for i := range n + window {
		if i < n {
			if _, err := conn.Write(messages[(i*benchConnections+c)%len(messages)]); err != nil {
				b.Error(err)
				return
			}
		}
		if i >= window {
			if _, err := io.ReadFull(in, ack); err != nil {
				b.Error(err)
				return
			}
		}
	}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
