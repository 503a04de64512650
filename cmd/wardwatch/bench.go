package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"wardwatch/cmd/wardwatch/bench"
)

type benchCommand struct {
	Run     benchRunCommand     `cmd:"" default:"withargs" help:"Measure this program on this machine, beside the limits of the machine."`
	Compare benchCompareCommand `cmd:"" help:"Say what changed from one run to another."`
	Bare    benchBareCommand    `cmd:"" hidden:"" help:"The limits as a server: what a run holds pages and live updates against."`
}

type benchRunCommand struct {
	Only       []string      `placeholder:"SCENARIO" help:"What to measure, of readings, sightings, live, map, pages, stored, mixed, growth; none: the first five, in about a minute."`
	For        time.Duration `default:"4s" help:"How long each steady load lasts."`
	Mixed      time.Duration `default:"10m" help:"How long the mixed load lasts."`
	Tags       int           `default:"5000" help:"Tags of the hospital."`
	Gateways   int           `default:"200" help:"Gateways of the hospital."`
	Fridges    int           `default:"500" help:"Fridges of the hospital, a sensor each."`
	Publishers int           `default:"100" help:"MQTT connections that publish readings."`
	Browsers   int           `default:"1000" help:"Browsers that watch."`
	Stored     int           `default:"10000000" help:"Readings that the stored scenario has behind it."`
	Sizes      []int         `default:"1,2,5,10" placeholder:"TIMES" help:"How many times the hospital growth measures, one after the other."`
	Profile    string        `type:"path" placeholder:"FOLDER" help:"Where the measured servers leave profiles of CPU and memory, for go tool pprof."`
	JSON       string        `name:"json" placeholder:"FILE" help:"Keep the figures as JSON, too, for bench compare."`
	Program    string        `placeholder:"FILE" help:"The wardwatch to measure; this one when absent."`
}

// Run measures and prints the table; a bar that is missed is a fault.
func (c benchRunCommand) Run(p process) error {
	if c.Program == "" {
		own, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find this program: %w; name it with --program", err)
		}
		c.Program = own
	}
	report, err := bench.Run(p.ctx, bench.Options{Program: c.Program, Only: c.Only, For: c.For, Mixed: c.Mixed, Stored: c.Stored, Sizes: c.Sizes, Profile: c.Profile, Says: p.stderr, Version: version(),
		Size: bench.Size{Tags: c.Tags, Gateways: c.Gateways, Fridges: c.Fridges, Publishers: c.Publishers, Browsers: c.Browsers}})
	if errors.Is(err, bench.ErrAsked) {
		return usageError{err}
	}
	if report == nil {
		return err
	}
	if c.JSON != "" {
		err = errors.Join(err, keepReport(c.JSON, report))
	}
	if err = errors.Join(err, report.Table(p.stdout)); err != nil {
		return err
	}
	if missed := report.Missed(); len(missed) > 0 {
		return fmt.Errorf("%d of %d bars were missed", len(missed), report.Bars())
	}
	return nil
}

func keepReport(name string, report *bench.Report) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return report.Write(file)
}

type benchCompareCommand struct {
	Before string `arg:"" help:"The JSON of the run before."`
	After  string `arg:"" help:"The JSON of the run after."`
}

// Run prints what changed.
func (c benchCompareCommand) Run(p process) error {
	before, err := readReport(c.Before)
	if err != nil {
		return usageError{err}
	}
	after, err := readReport(c.After)
	if err != nil {
		return usageError{err}
	}
	return bench.Compare(p.stdout, before, after)
}

func readReport(name string) (report *bench.Report, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if report, err = bench.Read(file); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return report, nil
}

type benchBareCommand struct{}

// Run serves until the process is told to stop.
func (benchBareCommand) Run(p process) error { return bench.Bare(p.ctx, p.stdout) }
