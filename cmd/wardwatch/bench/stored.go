package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

const (
	// storedEvery is the rhythm of the readings that are stored beforehand.
	storedEvery = time.Minute
	// storedAtOnce is how many readings the monitor is told in one transaction.
	storedAtOnce = 5_000
	// judgedAtMost is how many readings are judged one by one as they are stored; of more,
	// those before judgedDays are stored straight into their tables.
	judgedAtMost, judgedDays = 20_000_000, 3
	// looks is how often each page is asked for.
	looks = 25
)

// measureStored: what pages and a start cost with years of readings behind them.
func measureStored(ctx context.Context, r *run) error {
	size := r.Size
	// As many fridges as it takes for each to have a year.
	year := int(365 * 24 * time.Hour / storedEvery)
	size.Tags, size.Browsers, size.Fridges = min(size.Tags, 100), 1, max((r.Stored+year-1)/year, 1)
	m, err := r.hospital(ctx, size)
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := r.store(ctx, m); err != nil {
		return err
	}
	if err := m.signInAgain(ctx); err != nil { // that took so long that whoever had come has been signed out
		return err
	}
	how := "judged and stored"
	if r.Stored > judgedAtMost {
		how = "stored"
	}
	r.add(Row{What: fmt.Sprintf("%s readings %s beforehand", groups(fmt.Sprint(r.Stored)), how), Value: float64(r.Stored) / time.Since(begun).Seconds(), Unit: "/s"})
	stored, bytes, err := db.WeighReadings(ctx, m.path)
	if err != nil {
		return err
	}
	r.add(Row{What: fmt.Sprintf("bytes a reading on disk, of %s", groups(fmt.Sprint(stored))), Value: float64(bytes) / float64(stored), Unit: "B", Bar: 24})
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	r.add(Row{What: "from start to ready", Value: s.ready.Seconds(), Unit: "s", Bar: 2})
	header := http.Header{"Cookie": {m.cookie(0)}}
	month := time.Now().AddDate(0, -1, 0).Format("2006-01")
	for _, page := range []struct {
		name, path string
		bar        float64
	}{{"fridge page with a day's chart", "/fridges/%s", 0}, {"fridge page with a 30-day chart", "/fridges/%s?period=month", 60},
		{"fridge page with a year's chart", "/fridges/%s?period=year", 150}, {"month report", "/fridges/%s/month?month=" + month, 1000},
		{"cold chain board", "/coldchain", 0}} {
		path := page.path
		if page.name != "cold chain board" {
			path = fmt.Sprintf(page.path, m.fridges[len(m.fridges)/2])
		}
		if err := r.look(ctx, s.http+path, header, page.name, page.bar); err != nil {
			return err
		}
	}
	r.add(Row{What: "resident after it", Value: s.resident(), Unit: "MiB"})
	return s.stop()
}

// look asks for a page again and again, one at a time.
func (r *run) look(ctx context.Context, url string, header http.Header, name string, bar float64) error {
	var took []float64
	for range looks {
		at := time.Now()
		if _, err := fetch(ctx, url, header); err != nil {
			return err
		}
		took = append(took, time.Since(at).Seconds()*1000)
	}
	first := took[0]
	slices.Sort(took)
	r.add(Row{What: name + ", median", Value: took[len(took)/2], Unit: "ms", Bar: bar})
	r.add(Row{What: name + ", the first time", Value: first, Unit: "ms"})
	return nil
}

// store tells the monitor the past of every fridge, in the order of time, as
// loggers' files would: everything is judged and summed up by the rules of every reading.
func (r *run) store(ctx context.Context, m *measured) (err error) {
	kept, err := db.Open(ctx, m.path, db.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	monitor := coldchain.NewMonitor(db.Fridges{DB: kept}, notify.Ladder{}, hospital.NewRegister(nil))
	each := r.Stored / len(m.sensors)
	end := time.Now().Truncate(time.Minute)
	batch := make([]coldchain.Reading, 0, storedAtOnce)
	for i, sensor := range m.sensors {
		if i == 0 {
			each += r.Stored % len(m.sensors)
		} else {
			each = r.Stored / len(m.sensors)
		}
		direct := 0
		if r.Stored > judgedAtMost {
			direct = max(each-judgedDays*int(24*time.Hour/storedEvery), 0)
			stream, err := db.Fridges{DB: kept}.Sensor(ctx, coldchain.SensorKey{Sensor: sensor, Channel: coldchain.Probe})
			if err != nil {
				return err
			}
			if err := kept.FillPast(ctx, stream.ID, end.Add(-time.Duration(each-direct)*storedEvery), storedEvery, direct); err != nil {
				return err
			}
		}
		for n := direct; n < each; n++ {
			at := end.Add(-time.Duration(each-n) * storedEvery)
			batch = append(batch, coldchain.Reading{Sensor: sensor, Temp: cycle(n), MeasuredAt: at, ReceivedAt: at.Add(time.Second), Source: "bench"})
			if len(batch) == storedAtOnce || n == each-1 {
				if _, err := monitor.Observe(ctx, batch); err != nil {
					return err
				}
				batch = batch[:0]
			}
		}
		r.says("fridge %d of %d", i+1, len(m.sensors))
	}
	return nil
}

// cycle is a compressor's saw around 5 °C, with a warm hour every twenty days.
func cycle(n int) coldchain.MilliCelsius {
	temp := 5000 + 900*math.Sin(float64(n)/6)
	if n%(20*24*60) < 60 && n > 60 {
		temp += 4500
	}
	return coldchain.MilliCelsius(temp)
}
