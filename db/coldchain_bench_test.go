package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// BenchmarkObserve is what one reading costs through the whole path, durably, in
// batches as a broker's intake hands them over; rows/s is the figure to compare
// with BenchmarkRawInsert.
func BenchmarkObserve(b *testing.B) {
	for _, size := range []int{1, 24, 100, 1000} {
		b.Run(fmt.Sprintf("batch-%d", size), func(b *testing.B) {
			benchObserve(b, size, 8)
		})
	}
}

const benchSensors = 400

func benchObserve(b *testing.B, size, hands int) {
	at := coldNoon.Add(48 * time.Hour)
	path := filepath.Join(b.TempDir(), "bench.db")
	kept := dbtest.OpenAt(b, path, db.Options{Now: func() time.Time { return at }})
	monitor := coldchain.NewMonitor(db.Fridges{DB: kept}, notify.Ladder{}, hospital.NewRegister(nil))
	err := kept.InTx(b.Context(), func(tx *db.Tx) error {
		for i := range benchSensors {
			if _, err := tx.Exec(b.Context(), `INSERT INTO fridges (id, name, profile) VALUES ($1, $1, 'refrigerator')`, fmt.Sprintf("f-%d", i)); err != nil {
				return err
			}
			if _, err := tx.Exec(b.Context(), `INSERT INTO sensors (sensor, channel, fridge, judged, attached_at) VALUES ($1, 'probe', $2, 1, 1)`,
				fmt.Sprintf("s-%d", i), fmt.Sprintf("f-%d", i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	work := make(chan []coldchain.Reading, hands)
	var wait sync.WaitGroup
	for range hands {
		wait.Go(func() {
			for batch := range work {
				if _, err := monitor.Observe(context.Background(), batch); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ResetTimer()
	for n := 0; n < b.N; {
		batch := make([]coldchain.Reading, 0, size)
		for range size {
			measured := coldNoon.Add(time.Duration(n/benchSensors) * time.Second)
			batch = append(batch, coldchain.Reading{Sensor: fmt.Sprintf("s-%d", n%benchSensors), Temp: coldchain.MilliCelsius(4000 + n%1000),
				MeasuredAt: measured, ReceivedAt: measured.Add(1200 * time.Millisecond), Source: "mqtt", Gateway: "g-1"})
			n++
		}
		work <- batch
	}
	close(work)
	wait.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	if b.N > 50_000 {
		if _, err := kept.Query(b.Context(), `SELECT 1`); err != nil {
			b.Fatal(err)
		}
		reportSize(b, kept, path)
	}
}

func reportSize(b *testing.B, kept *db.DB, path string) {
	var bytes int64
	if err := kept.QueryRow(b.Context(), `SELECT sum(pgsize) FROM dbstat WHERE name = 'readings'`).Scan(&bytes); err != nil {
		if info, err := os.Stat(path); err == nil {
			bytes = info.Size()
		}
	}
	b.ReportMetric(float64(bytes)/float64(b.N), "B/row")
}

// BenchmarkRawInsert is the same table filled by the driver alone, a hundred rows a commit.
func BenchmarkRawInsert(b *testing.B) {
	kept := dbtest.Open(b, db.Options{})
	const q = `
		INSERT INTO readings (sensor, measured_at, temp_mc, received_after, origin)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (sensor, measured_at) DO NOTHING`
	b.ResetTimer()
	for n := 0; n < b.N; {
		err := kept.InTx(b.Context(), func(tx *db.Tx) error {
			for range 100 {
				at := coldNoon.UnixMilli() + int64(n/benchSensors)*1000
				if _, err := tx.Exec(b.Context(), q, n%benchSensors, at, 4000+n%1000, 1200, 1); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
