package bench

import (
	"context"
	"fmt"
	"path/filepath"
)

const (
	// largest is how many times the hospital the growth scenario goes up to.
	largest = 10
	// growthBrowsers is the most browsers that it has.
	growthBrowsers = 1000
	// costlier is how much more an event may cost in a larger hospital.
	costlier = 1.25
)

// measureGrowth is the mixed load with once to ten times the hospital, and as many
// times the sightings, readings, browsers and scanners: what an event costs must not
// depend on it. The second half of each is measured; in the first every tag is found
// for the first time.
func measureGrowth(ctx context.Context, r *run) error {
	first := 0.0
	for _, times := range r.Sizes {
		size := r.Size
		size.Tags, size.Gateways, size.Fridges = min(size.Tags*times, MaxTags), min(size.Gateways*times, MaxGateways), min(size.Fridges*times, MaxFridges)
		size.Browsers = min(min(size.Browsers, mixedBrowsers)*times, growthBrowsers)
		d, err := r.grown(ctx, size, times)
		if err != nil {
			return fmt.Errorf("%d times the hospital: %w", times, err)
		}
		half := d.looks[len(d.looks)/2:]
		cost := (half[len(half)-1].Processor - half[0].Processor) * 1e6 / max(half[len(half)-1].Events-half[0].Events, 1)
		what := fmt.Sprintf("the server's CPU a million events, %s tags, %s sensors, %s browsers", groups(fmt.Sprint(size.Tags)), groups(fmt.Sprint(size.Fridges)), groups(fmt.Sprint(size.Browsers)))
		row := Row{What: what, Value: cost, Unit: "s"}
		if first == 0 {
			first = cost
		} else {
			row.Beside, row.BesideWhat, row.Bar, row.OfRatio = first, fmt.Sprintf("%d times the hospital", r.Sizes[0]), costlier, true
		}
		r.add(row)
		bar := 0.0
		if times == largest {
			bar = largeMemory
		}
		r.add(Row{What: fmt.Sprintf("the most resident, %s tags and %s browsers", groups(fmt.Sprint(size.Tags)), groups(fmt.Sprint(size.Browsers))),
			Value: most(d.looks, func(l look) float64 { return l.Resident }), Unit: "MiB", Bar: bar})
	}
	return nil
}

// grown lives through a short day of a hospital so many times as large.
func (r *run) grown(ctx context.Context, size Size, times int) (*day, error) {
	m, err := r.hospitalAt(ctx, filepath.Join(r.folder, fmt.Sprintf("growth-%d.db", times)), size)
	if err != nil {
		return nil, err
	}
	s, err := r.serve(ctx, m.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.stop() }()
	d := newDay(s, m, load{size: size, sightings: steadySightings * times, readings: mixedReadings * times, scanners: mixedScanners * times, length: 6 * r.For})
	if err := d.liveThrough(ctx, func(string, ...any) {}); err != nil {
		return nil, err
	}
	return d, s.stop()
}
