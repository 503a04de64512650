package mqtt_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/mqtt"
	"wardwatch/tracking/notify"
)

// The benchmarks below measure the way of a reading from a gateway's PUBLISH to its
// PUBACK after the commit, beside the plain insertion of the same rows a hundred to
// a commit. Judge by the ratio within one run:
//
//	go test ./tracking/ingest/mqtt -run '^$' -bench Readings -benchtime 100000x

const (
	benchSensors     = 400
	benchConnections = 8
	benchWindow      = 1_000 // messages of one connection that may be unacknowledged
)

type noSights struct{}

func (noSights) Sight(context.Context, []tracking.Sighting) error { return nil }

type anyToken struct{}

func (anyToken) Check(context.Context, string) (hospital.GatewayID, error) { return "", nil }

// furnished is a database with fridges, each judged by one probe.
func furnished(b *testing.B) *db.DB {
	b.Helper()
	base := dbtest.Open(b, db.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	err := base.InTx(b.Context(), func(tx *db.Tx) error {
		for i := range benchSensors {
			const q = `INSERT INTO fridges (id, name, profile) VALUES ($1, $1, 'refrigerator')`
			if _, err := tx.Exec(b.Context(), q, fmt.Sprintf("f-%d", i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	err = db.Fridges{DB: base}.InTx(b.Context(), func(tx coldchain.Tx) error {
		for i := range benchSensors {
			key := coldchain.SensorKey{Sensor: fmt.Sprintf("probe-%d", i), Channel: coldchain.Probe}
			fridge := coldchain.FridgeID(fmt.Sprintf("f-%d", i))
			if _, err := tx.Attach(b.Context(), coldchain.Sensor{Key: key, Fridge: fridge, Judged: true}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return base
}

func BenchmarkReadingsQoS1ToCommit(b *testing.B) {
	base := furnished(b)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	register := hospital.NewRegister(hospital.NewDirectory(hospital.Site{ID: "s"}, nil, nil, nil, nil, []hospital.Gateway{{ID: "gw-a"}}))
	book, err := ingest.OpenBook(b.Context(), db.Devices{DB: base}, log)
	if err != nil {
		b.Fatal(err)
	}
	monitor := coldchain.NewMonitor(db.Fridges{DB: base}, notify.DefaultLadder(), register)
	intake := ingest.New(ingest.Parts{Sights: noSights{}, Observes: monitor, Register: register, Book: book, Now: time.Now, Log: log})
	broker, err := mqtt.Listen("127.0.0.1:0", mqtt.Parts{Intake: intake, Tokens: anyToken{}, Book: book, Register: register, Now: time.Now, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = broker.Run(ctx) })
	running.Go(func() { _ = intake.Run(ctx) })
	defer func() { stop(); running.Wait() }()
	start := time.Now().Add(-24 * time.Hour).UnixMilli()
	var sending sync.WaitGroup
	conns := dial(b, broker.Address(), benchConnections)
	b.ResetTimer()
	for c, conn := range conns {
		sending.Go(func() { pour(b, conn, c, b.N/benchConnections, start) })
	}
	sending.Wait()
	b.StopTimer()
	report(b)
}

func BenchmarkReadingsRawBatch100(b *testing.B) {
	base := furnished(b)
	const q = `
		INSERT INTO readings (sensor, measured_at, temp_mc, received_after, origin)
		VALUES ($1, $2, $3, $4, 1)
		ON CONFLICT (sensor, measured_at) DO NOTHING`
	const origin = `INSERT INTO reading_origins (id, gateway, source) VALUES (1, 'gw-a', 'mqtt')`
	if err := base.InTx(b.Context(), func(tx *db.Tx) error { _, err := tx.Exec(b.Context(), origin); return err }); err != nil {
		b.Fatal(err)
	}
	start := time.Now().Add(-24 * time.Hour).UnixMilli()
	b.ResetTimer()
	for first := 0; first < b.N; first += 100 {
		err := base.InTx(b.Context(), func(tx *db.Tx) error {
			for i := first; i < min(first+100, b.N); i++ {
				if _, err := tx.Exec(b.Context(), q, i%benchSensors+1, start+int64(i/benchSensors)*1000, 4000+i%900, 5); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	report(b)
}

func report(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}

func dial(b *testing.B, address string, gateways int) []net.Conn {
	b.Helper()
	var conns []net.Conn
	for c := range gateways {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		if _, err := conn.Write(connect(fmt.Sprintf("gw-%d", c))); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 4)); err != nil {
			b.Fatal(err)
		}
		conns = append(conns, conn)
	}
	return conns
}

// pour publishes n readings on one connection and waits for every acknowledgement.
func pour(b *testing.B, conn net.Conn, c, n int, start int64) {
	window := make(chan struct{}, benchWindow)
	var acks sync.WaitGroup
	acks.Go(func() {
		in, ack := bufio.NewReaderSize(conn, 64<<10), make([]byte, 4)
		for range n {
			if _, err := io.ReadFull(in, ack); err != nil || ack[0] != 0x40 {
				b.Errorf("acknowledgement % x: %v", ack, err)
				return
			}
			<-window
		}
	})
	out := bufio.NewWriterSize(conn, 16<<10)
	for i := range n {
		sensor := (i*benchConnections + c) % benchSensors
		body := fmt.Appendf(nil, `{"sensor":"probe-%d","celsius":%d.%d,"at":%d}`, sensor, 2+i%6, i%10, start+int64(i)*1000)
		select {
		case window <- struct{}{}:
		default:
			_ = out.Flush()
			window <- struct{}{}
		}
		if _, err := out.Write(publish("wardwatch/v1/gw-a/readings", uint16(i%60_000+1), body)); err != nil {
			b.Error(err)
			return
		}
	}
	_ = out.Flush()
	acks.Wait()
}

func text(s string) []byte { return append([]byte{byte(len(s) >> 8), byte(len(s))}, s...) }

func frame(head byte, body []byte) []byte {
	b := []byte{head}
	for n := len(body); ; {
		d := byte(n & 0x7F)
		if n >>= 7; n > 0 {
			b = append(b, d|0x80)
			continue
		}
		return append(append(b, d), body...)
	}
}

func connect(client string) []byte {
	body := append(text("MQTT"), 4, 0xC2, 0, 60)
	for _, s := range []string{client, "gw-a", "token"} {
		body = append(body, text(s)...)
	}
	return frame(0x10, body)
}

func publish(topic string, id uint16, payload []byte) []byte {
	body := append(text(topic), byte(id>>8), byte(id))
	return frame(0x32, append(body, payload...))
}
