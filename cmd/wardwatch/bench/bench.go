// Package bench measures a running Wardwatch from outside, as its users and
// devices meet it, and says beside each figure what the machine itself can do.
//
// The path of a measurement: Run makes a hospital of the size that was asked for
// in a folder of its own → starts the program's own `serve` on it, a process apart
// → a scenario drives it over real MQTT, HTTP and websockets → the same scenario
// measures its limit in the same minute: the driver's own inserts, the filter's
// own loop, a bare websocket server, a static page from a bare router → rows of a
// Report, which prints as a table, is kept as JSON, and can be compared with
// another.
//
// Absolute figures depend on the machine and on what else it does; judge by the
// ratio to the limit beside them.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options of a run.
type Options struct {
	// Program is the wardwatch binary that is measured.
	Program string
	// Only names the scenarios to run, in the order of Scenarios; empty: those that are quick.
	Only []string
	// For is how long each steady load lasts.
	For time.Duration
	// Mixed is how long the mixed load lasts.
	Mixed time.Duration
	// Size is how large the hospital is.
	Size Size
	// Stored is how many readings the stored scenario has behind it.
	Stored int
	// Sizes is how many times the hospital the growth scenario measures, one after the other.
	Sizes []int
	// Profile is a folder where every measured server leaves what it cost, for go tool pprof; empty: none does.
	Profile string
	// Says is told what is being done; nil: nobody.
	Says io.Writer
	// Wardwatch's version, for the report.
	Version string
}

// Size is how much of everything there is.
type Size struct {
	Tags       int `json:"tags"`
	Gateways   int `json:"gateways"`
	Fridges    int `json:"fridges"`
	Publishers int `json:"publishers"`
	Browsers   int `json:"browsers"`
}

// Limits of a run.
const (
	// MaxTags, MaxGateways, MaxFridges and MaxBrowsers are the most that one run makes.
	MaxTags, MaxGateways, MaxFridges, MaxBrowsers = 100_000, 2_000, 5_000, 4_000
	// MaxPublishers is the most connections that publish readings.
	MaxPublishers = 1_000
	// MaxStored is the most readings that one run stores beforehand.
	MaxStored = 100_000_000
)

// ErrAsked: the run that was asked for can't be.
var ErrAsked = errors.New("there is no such measurement")

func (o Options) check() error {
	for _, bound := range []struct {
		name      string
		is, limit int
	}{{"tags", o.Size.Tags, MaxTags}, {"gateways", o.Size.Gateways, MaxGateways}, {"fridges", o.Size.Fridges, MaxFridges},
		{"publishers", o.Size.Publishers, MaxPublishers}, {"browsers", o.Size.Browsers, MaxBrowsers}, {"stored readings", o.Stored, MaxStored}} {
		if bound.is < 1 || bound.is > bound.limit {
			return fmt.Errorf("%d %s are not between 1 and %d: %w", bound.is, bound.name, bound.limit, ErrAsked)
		}
	}
	for _, times := range o.Sizes {
		if times < 1 || times > largest {
			return fmt.Errorf("%d times the hospital is not between 1 and %d: %w", times, largest, ErrAsked)
		}
	}
	for _, name := range o.Only {
		if !slices.ContainsFunc(scenarios(), func(s scenario) bool { return s.name == name }) {
			return fmt.Errorf("scenario %q: %w; there are %s", name, ErrAsked, strings.Join(Scenarios(), ", "))
		}
	}
	return nil
}

// scenario is one thing that is measured.
type scenario struct {
	name  string
	quick bool // part of a run that names none
	run   func(context.Context, *run) error
}

func scenarios() []scenario {
	return []scenario{
		{"readings", true, measureReadings},
		{"sightings", true, measureSightings},
		{"live", true, measureLive},
		{"map", true, measureMap},
		{"pages", true, measurePages},
		{"stored", false, measureStored},
		{"mixed", false, measureMixed},
		{"growth", false, measureGrowth},
	}
}

// Scenarios are the names of all that can be measured.
func Scenarios() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

// run is one measurement on its way.
type run struct {
	Options
	folder string
	report *Report
	now    string // the scenario that runs
}

// Run measures. What it writes lies in a folder of its own that goes with it. A scenario that
// fails costs the others nothing: the error says so, and the report has what was measured.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Says == nil {
		o.Says = io.Discard
	}
	folder, err := os.MkdirTemp("", "wardwatch-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the measurement: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	r := &run{Options: o, folder: folder, report: newReport(o)}
	err = r.measure(ctx, scenarios())
	r.report.end()
	return r.report, err
}

// measure runs those of the scenarios that were asked for, one after the other.
func (r *run) measure(ctx context.Context, all []scenario) (failed error) {
	for _, s := range all {
		if len(r.Only) == 0 && !s.quick || len(r.Only) > 0 && !slices.Contains(r.Only, s.name) || ctx.Err() != nil {
			continue
		}
		r.now = s.name
		if err := s.run(ctx, r); err != nil {
			r.says("failed: %v", err)
			failed = errors.Join(failed, fmt.Errorf("measure %s: %w", s.name, err))
		}
	}
	return failed
}

// says tells the operator what is going on.
func (r *run) says(format string, args ...any) {
	fmt.Fprintf(r.Says, r.now+": "+format+"\n", args...)
}

// database is the path of a scenario's own database.
func (r *run) database() string { return filepath.Join(r.folder, r.now+".db") }

// add keeps a figure.
func (r *run) add(row Row) {
	row.Scenario = r.now
	row.judge()
	r.report.Rows = append(r.report.Rows, row)
	r.says("%s", row.line())
}
