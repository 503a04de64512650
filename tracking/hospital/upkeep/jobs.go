package upkeep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"wardwatch/tracking/hospital"
)

// Job is something that happens by the clock.
type Job struct {
	// Name is what people and the log call it: "backup".
	Name string
	// WhatFor completes "It …": "copies the database".
	WhatFor string
	// When says how often, in words.
	When string
	// Next is when it is due after an instant; nil: that can't be told.
	Next func(ctx context.Context, at time.Time) (time.Time, error)
}

// Run is one time that a job worked.
type Run struct {
	Job                string
	StartedAt, EndedAt time.Time
	By                 hospital.PersonID // who asked for it: job:NAME by the clock
	ByName             string
	// Says is what it reports; may be empty. Fault is why it failed; empty when it did not.
	Says, Fault string
}

// History is what is kept of a job: its last run and how often it worked.
type History struct {
	Last Run // zero when it never ran
	// GoodAt is when it last did not fail; zero for never.
	GoodAt         time.Time
	Runs, Failures int64
}

// JobLine is a job as it stands.
type JobLine struct {
	Job
	History
	// Since is when the run in progress began; zero while there is none. Step is what it
	// does now, as far as it says; Stopping says that somebody asked it to stop.
	Since    time.Time
	Step     string
	Stopping bool
	NextAt   time.Time // zero when that can't be told
	Waits    bool      // somebody has asked for it and it has not begun
}

// Store keeps what jobs did.
type Store interface {
	// Ended notes a run, and with deed, unless it is nil, who asked for it.
	Ended(ctx context.Context, run Run, deed *hospital.Deed) error
	// Histories are what is kept of all jobs, by name.
	Histories(ctx context.Context) (map[string]History, error)
}

// JobTopic changes when a job begins or ends.
const JobTopic = "jobs"

// maxWishes is how many jobs may be asked for before the first of them begins.
const maxWishes = 16

// Wish is somebody's word that a job should run now.
type Wish struct {
	Job string
	By  hospital.Actor
}

// Desk knows the jobs, how they went, and takes wishes for one to run now.
type Desk struct {
	Store Store
	Now   func() time.Time
	// Announce tells open pages what changed; nil: nobody.
	Announce func(topics []string)

	wishes  chan Wish
	mu      sync.Mutex
	jobs    []Job
	running map[string]time.Time
	waiting map[string]bool
	says    map[string]string
	stops   map[string]context.CancelCauseFunc // of the runs in progress
	stopped map[string]hospital.Actor          // who asked one of them to stop
}

// ErrStopped: somebody asked the job to stop before it was done.
var ErrStopped = errors.New("stopped by somebody before it was done")

// NewDesk is a desk without jobs.
func NewDesk(store Store, now func() time.Time, announce func([]string)) *Desk {
	return &Desk{Store: store, Now: now, Announce: announce, wishes: make(chan Wish, maxWishes),
		running: map[string]time.Time{}, waiting: map[string]bool{}, says: map[string]string{},
		stops: map[string]context.CancelCauseFunc{}, stopped: map[string]hospital.Actor{}}
}

// Know sets the jobs that there are.
func (d *Desk) Know(jobs []Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jobs = jobs
}

// Wishes are the jobs that somebody asks for, for whoever runs them.
func (d *Desk) Wishes() <-chan Wish { return d.wishes }

// Jobs are all jobs as they stand.
func (d *Desk) Jobs(ctx context.Context, by hospital.Actor) ([]JobLine, error) {
	if err := by.Need(hospital.SeeAudit); err != nil {
		return nil, err
	}
	histories, err := d.Store.Histories(ctx)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	var lines []JobLine
	for _, job := range d.jobs {
		line := JobLine{Job: job, History: histories[job.Name], Since: d.running[job.Name], Waits: d.waiting[job.Name]}
		if !line.Since.IsZero() {
			line.Step, line.Stopping = d.says[job.Name], d.stopped[job.Name].ID != ""
		}
		lines = append(lines, line)
	}
	d.mu.Unlock()
	for i := range lines {
		if lines[i].Next != nil {
			if lines[i].NextAt, err = lines[i].Next(ctx, d.Now()); err != nil {
				return nil, err
			}
		}
	}
	return lines, nil
}

// RunNow asks for a job to run as soon as it can.
func (d *Desk) RunNow(_ context.Context, by hospital.Actor, name string) error {
	if err := by.Need(hospital.ManageHospital); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.ContainsFunc(d.jobs, func(j Job) bool { return j.Name == name }) {
		return fmt.Errorf("job %q: %w", name, hospital.ErrUnknown)
	}
	if d.waiting[name] || !d.running[name].IsZero() {
		return hospital.Refuse(hospital.ErrStale, "It is running already. Look again in a moment.")
	}
	select {
	case d.wishes <- Wish{Job: name, By: by}:
		d.waiting[name] = true
		return nil
	default:
		return hospital.Refuse(hospital.ErrStale, "Too many jobs wait already. Try again in a moment.")
	}
}

// Stop asks the run in progress of a job to end before it is done. What it has not
// finished is not there; what it left half done it takes away, as when it fails.
func (d *Desk) Stop(_ context.Context, by hospital.Actor, name string) error {
	if err := by.Need(hospital.ManageHospital); err != nil {
		return err
	}
	d.mu.Lock()
	stop := d.stops[name]
	if stop != nil {
		d.stopped[name] = by
	}
	d.mu.Unlock()
	if stop == nil {
		return hospital.Refuse(hospital.ErrStale, "It is not running any more.")
	}
	stop(ErrStopped)
	d.tell()
	return nil
}

// Say leaves what the job in progress does, and at last what it reports: open pages show
// it while it runs, and it stands beside its outcome.
func (d *Desk) Say(job, text string) {
	d.mu.Lock()
	d.says[job] = text
	d.mu.Unlock()
	d.tell()
}

// Do runs a job for somebody and notes how it went. One that is running already is
// not run twice: done is false. The job's context ends when somebody stops it; what it
// returns then counts as a fault.
func (d *Desk) Do(ctx context.Context, name string, by hospital.Actor, run func(context.Context) error) (done bool, err error) {
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if !d.begin(name, stop) {
		return false, nil
	}
	d.tell()
	line := Run{Job: name, StartedAt: d.Now(), By: by.ID, ByName: by.Name}
	err = d.guarded(name, func() error { return run(working) })
	says, stopper := d.end(name)
	line.EndedAt, line.Says = d.Now(), says
	if err != nil {
		line.Fault = err.Error()
	}
	var deed *hospital.Deed
	if by.Name != name { // somebody asked, not the clock
		deed = &hospital.Deed{By: by, What: "job.run", On: "job/" + name}
	}
	if err != nil && stopper.ID != "" {
		line.Fault = "Stopped by " + stopper.Name + " before it was done."
		deed = &hospital.Deed{By: stopper, What: "job.stop", On: "job/" + name}
		err = fmt.Errorf("%w: %w", ErrStopped, err)
	}
	noted := d.Store.Ended(context.WithoutCancel(ctx), line, deed)
	d.tell()
	if err == nil {
		err = noted
	}
	return true, err
}

// guarded runs a job; whatever it does, it is not left standing as running.
func (d *Desk) guarded(name string, run func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("job %s panicked: %v", name, reason)
		}
	}()
	return run()
}

func (d *Desk) begin(name string, stop context.CancelCauseFunc) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running[name].IsZero() {
		return false
	}
	d.running[name], d.waiting[name] = d.Now(), false
	delete(d.says, name)
	d.stops[name] = stop
	return true
}

// end is what the job said at last, and who stopped it, the zero Actor for nobody.
func (d *Desk) end(name string) (says string, stopper hospital.Actor) {
	d.mu.Lock()
	defer d.mu.Unlock()
	stopper = d.stopped[name]
	delete(d.running, name)
	delete(d.stops, name)
	delete(d.stopped, name)
	return d.says[name], stopper
}

func (d *Desk) tell() {
	if d.Announce != nil {
		d.Announce([]string{JobTopic})
	}
}
