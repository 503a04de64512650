package upkeep

import (
	"context"
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
	// Since is when the run in progress began; zero while there is none.
	Since  time.Time
	NextAt time.Time // zero when that can't be told
	Waits  bool      // somebody has asked for it and it has not begun
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
}

// NewDesk is a desk without jobs.
func NewDesk(store Store, now func() time.Time, announce func([]string)) *Desk {
	return &Desk{Store: store, Now: now, Announce: announce, wishes: make(chan Wish, maxWishes),
		running: map[string]time.Time{}, waiting: map[string]bool{}, says: map[string]string{}}
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
		lines = append(lines, JobLine{Job: job, History: histories[job.Name], Since: d.running[job.Name], Waits: d.waiting[job.Name]})
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

// Say leaves what the job in progress reports; it stands beside its outcome.
func (d *Desk) Say(job, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.says[job] = text
}

// Do runs a job for somebody and notes how it went. One that is running already is
// not run twice: done is false.
func (d *Desk) Do(ctx context.Context, name string, by hospital.Actor, run func() error) (done bool, err error) {
	if !d.begin(name) {
		return false, nil
	}
	line := Run{Job: name, StartedAt: d.Now(), By: by.ID, ByName: by.Name}
	err = d.guarded(name, run)
	line.EndedAt, line.Says = d.Now(), d.end(name)
	if err != nil {
		line.Fault = err.Error()
	}
	var deed *hospital.Deed
	if by.Name != name { // somebody asked, not the clock
		deed = &hospital.Deed{By: by, What: "job.run", On: "job/" + name}
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

func (d *Desk) begin(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running[name].IsZero() {
		return false
	}
	d.running[name], d.waiting[name] = d.Now(), false
	delete(d.says, name)
	return true
}

func (d *Desk) end(name string) (says string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.running, name)
	return d.says[name]
}

func (d *Desk) tell() {
	if d.Announce != nil {
		d.Announce([]string{JobTopic})
	}
}
