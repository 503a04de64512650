package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"wardwatch/db"
)

const (
	// mixedBrowsers and mixedScanners are the people of a busy day.
	mixedBrowsers, mixedScanners = 200, 20
	// mixedReadings is how many readings a second come in: each of 500 sensors once.
	mixedReadings = 500
	// mixedBar is what the slowest hundredth of anything may take in a mixed load, in milliseconds.
	mixedBar = 500
	// mixedMemory is how many MiB the server may hold meanwhile; largeMemory with ten
	// times the tags and a thousand browsers.
	mixedMemory, largeMemory = 128, 300
	// flat is how much more memory the last third may hold than the middle one.
	flat = 1.05
)

// measureMixed is a busy hospital's minutes, everything at once: tags, probes,
// people who look, people who scan. Afterwards all that was acknowledged is there,
// and verify --deep finds nothing.
func measureMixed(ctx context.Context, r *run) error {
	size := r.Size
	size.Browsers = min(size.Browsers, mixedBrowsers)
	m, err := r.hospital(ctx, size)
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	d := newDay(s, m, load{size: size, sightings: steadySightings, readings: mixedReadings, scanners: mixedScanners, length: r.Mixed})
	if err := d.liveThrough(ctx, r.says); err != nil {
		return err
	}
	dropped, err := s.lost(ctx)
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	d.addWaits(r)
	d.addQueues(r)
	sent := float64(d.heard.events.Load())
	r.add(Row{What: title(r, "sightings taken"), Value: (sent - dropped) / sent * 100, Unit: "%", More: true, Bar: 100})
	if well, failed := float64(d.answered()), float64(d.failed.Load()); well+failed > 0 { // a short run may ask for nothing
		r.add(Row{What: title(r, "pages, scans and bookings answered well"), Value: well / (well + failed) * 100, Unit: "%", More: true, Bar: 100})
	}
	r.add(Row{What: title(r, "live updates"), Value: float64(d.live.Load()) / r.Mixed.Seconds(), Unit: "updates a second"})
	stored, _, err := db.WeighReadings(ctx, m.path)
	if err != nil {
		return err
	}
	r.add(Row{What: title(r, fmt.Sprintf("%s readings acknowledged, of them stored", groups(fmt.Sprint(d.told.total())))), Value: float64(stored) / float64(d.told.total()) * 100, Unit: "%", More: true, Bar: 100})
	return r.verified(ctx, m.path)
}

func title(r *run, what string) string { return what + " under a mixed load of " + r.Mixed.String() }

// addWaits tells how long things took.
func (d *day) addWaits(r *run) {
	for _, of := range []struct {
		what string
		*latencies
	}{{"a reading until acknowledged", d.readingAcks}, {"sightings until acknowledged", d.sightingAcks}, {"a reading until a browser shows it", d.faces.took},
		{"a move until a browser shows it", d.moves.took}, {"a page", d.pages}, {"a piece of equipment marked", d.marks}, {"stock booked", d.bookings}} {
		if of.n() == 0 {
			continue // too short a run for one
		}
		r.add(Row{What: title(r, of.what+", p50"), Value: of.at(0.50), Unit: "ms"})
		r.add(Row{What: title(r, of.what+", p99"), Value: of.at(0.99), Unit: "ms", Bar: mixedBar})
	}
}

// addQueues tells whether queues grew and whether memory did. The first third, in which
// every tag is found for the first time, is not judged.
func (d *day) addQueues(r *run) {
	middle, last := d.thirds()
	for _, queue := range []struct {
		what, unit string
		of         func(look) float64
		bar        float64 // a twentieth of a second's work more than before is chance
	}{{"sightings that wait", "sightings", func(l look) float64 { return l.Sightings }, steadySightings / 20},
		{"messages with readings that wait", "messages", func(l look) float64 { return l.Readings }, mixedReadings / 20},
		{"changes that wait for a commit", "changes", func(l look) float64 { return l.Changes }, mixedReadings / 20}} {
		r.add(Row{What: title(r, "the most "+queue.what), Value: most(d.looks, queue.of), Unit: queue.unit})
		r.add(Row{What: title(r, queue.what+", last third above the middle one"), Value: mean(last, queue.of) - mean(middle, queue.of), Unit: queue.unit, Bar: queue.bar})
	}
	resident := func(l look) float64 { return l.Resident }
	r.add(Row{What: title(r, "resident, last third"), Value: mean(last, resident), Unit: "MiB", Beside: mean(middle, resident), BesideWhat: "middle third", Bar: flat, OfRatio: true})
	r.add(Row{What: title(r, "the most resident"), Value: most(d.looks, resident), Unit: "MiB", Bar: mixedMemory})
	r.add(Row{What: title(r, "the server's share of a core, last third"), Value: 100 * share(last), Unit: "%"})
	r.report.Course = append(r.report.Course, thinned(d.looks)...)
}

// thirds are the looks of the middle and the last third.
func (d *day) thirds() (middle, last []look) {
	n := len(d.looks)
	return d.looks[n/3 : max(2*n/3, n/3+1)], d.looks[min(2*n/3, n-1):]
}

// look is how the server stood at one moment of a mixed load.
type look struct {
	Seconds   float64 `json:"seconds"`
	Resident  float64 `json:"resident_mib"`
	Sightings float64 `json:"sightings_waiting"`
	Readings  float64 `json:"messages_waiting"`
	Changes   float64 `json:"changes_waiting"`
	Processor float64 `json:"processor_seconds"`
	// Events are the sightings and readings that had gone out.
	Events float64 `json:"events"`
	// Stolen is what the machine's host has given to others of its cores' time since the load began.
	Stolen float64 `json:"stolen_seconds"`
}

func mean(looks []look, of func(look) float64) (sum float64) {
	for _, l := range looks {
		sum += of(l) / float64(len(looks))
	}
	return sum
}

func most(looks []look, of func(look) float64) (top float64) {
	for _, l := range looks {
		top = max(top, of(l))
	}
	return top
}

// share is how much of a core the server used from the first look to the last.
func share(looks []look) float64 {
	first, last := looks[0], looks[len(looks)-1]
	return (last.Processor - first.Processor) / max(last.Seconds-first.Seconds, 0.001)
}

// maxCourse is how many looks a report keeps of one load.
const maxCourse = 20

// thinned keeps looks at even distances, the last one among them.
func thinned(looks []look) (kept []look) {
	n := min(len(looks), maxCourse)
	for i := range n {
		kept = append(kept, looks[(i+1)*len(looks)/n-1])
	}
	return kept
}

// verified has the program itself judge all that is stored.
func (r *run) verified(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, r.Program, "verify", "--deep", "--db", "sqlite:"+path).CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("verify --deep found a fault: %s", strings.TrimSpace(string(out))), err)
	}
	r.says("verify --deep finds nothing wrong")
	return nil
}

// lookEvery is how often memory and queues are looked at in a load of some length.
func lookEvery(length time.Duration) time.Duration {
	return min(max(length/50, 50*time.Millisecond), 2*time.Second)
}
