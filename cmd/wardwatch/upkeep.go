package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/tracking/notify"
	"wardwatch/views"
	"wardwatch/web"
)

// wireUpkeep connects how the house itself does with pages, /readyz and /metrics.
func (h *house) wireUpkeep(context.Context) error {
	h.upkeep = upkeep.NewDesk(db.Jobs{DB: h.db}, h.now, h.announce)
	h.upkeep.Know(h.knownJobs())
	h.parts.Upkeep, h.parts.Backups, h.parts.Storage = h.upkeep, h.backups, h.db.Storage
	h.parts.Checks = append(h.parts.Checks, web.Check{Name: "storage", Work: h.db.Storable})
	h.parts.Administration = &web.Administration{Document: hospitalDocument{h}, Notices: db.Alarms{DB: h.db}.Sent, Slowed: h.slowed}
	h.metrics.MustRegister(houseMeters{h})
	h.work = append(h.work, task{"storage", h.db.Watch}, task{"memory", economiseOn})
	h.metrics.MustRegister(storageMeters(h.db.Storage)...)
	return nil
}

// slowed are who sent more over MQTT than they may.
func (h *house) slowed() (all []views.SlowedSender) {
	for _, one := range h.broker.Slowed() {
		all = append(all, views.SlowedSender{Name: one.Name, At: one.At})
	}
	return all
}

// storageMeters shows in /metrics whether anything can be stored, and how much room is left.
func storageMeters(storage func() upkeep.Storage) []prometheus.Collector {
	gauge := func(name, help string, labels prometheus.Labels, of func(upkeep.Storage) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wardwatch_storage_" + name, Help: help, ConstLabels: labels},
			func() float64 { return of(storage()) })
	}
	meters := []prometheus.Collector{
		gauge("bytes", "How long the database file is.", nil, func(s upkeep.Storage) float64 { return float64(s.Size) }),
		gauge("free_bytes", "How much of the database's disk is left; -1 where that can't be told.", nil, func(s upkeep.Storage) float64 { return float64(s.Free) }),
	}
	for _, trouble := range upkeep.Troubles() {
		meters = append(meters, gauge("trouble", "1 while nothing can be stored for this reason: readings are refused.",
			prometheus.Labels{"trouble": string(trouble)}, func(s upkeep.Storage) float64 {
				if s.Trouble == trouble {
					return 1
				}
				return 0
			}))
	}
	return meters
}

const (
	verifyJob  = "check what is stored"
	verifyHour = 3
	// retentionHour follows the backup: what is let go is in a copy.
	retentionHour = 5
)

// doJob runs a job for somebody, notes how it went, and rings when one fails that
// people rely on.
func (h *house) doJob(ctx context.Context, j job, at time.Time, by hospital.Actor) error {
	done, err := h.upkeep.Do(ctx, j.name, by, func(ctx context.Context) error { return j.run(ctx, at) })
	if !done || ctx.Err() != nil || !relied[j.name] || errors.Is(err, upkeep.ErrStopped) { // who stopped it knows
		return err
	}
	return errors.Join(err, h.ringOf(ctx, j.name, err))
}

// relied are the jobs whose failing somebody must see to.
var relied = map[string]bool{backupJob: true, drillJob: true, verifyJob: true, checkpointJob: true}

// jobFailed is the alarm of a job that people rely on.
const jobFailed notify.Kind = "job failed"

// ringOf raises the alarm of a job that failed, or says that it is over.
func (h *house) ringOf(ctx context.Context, name string, failed error) error {
	by, subject := hospital.Job(name), "job/"+name
	return h.db.InTx(ctx, func(tx *db.Tx) error {
		if failed == nil {
			return notify.Return(ctx, tx, by, jobFailed, subject)
		}
		_, err := notify.Raise(ctx, tx, h.operators(), notify.Trouble{Kind: jobFailed, Subject: subject, Name: "The job “" + name + "”",
			Text: "see Administration, Jobs, for why; it is tried again by itself", Severity: notify.Serious, By: by})
		return err
	})
}

// operators is who is told of the house itself: administrators, at once.
func (h *house) operators() notify.Ladder {
	ladder, _, _ := h.ways() // settings that can't be were refused at the start
	ladder.Steps = []notify.Step{{Roles: []hospital.Role{hospital.Administrator}}}
	return ladder
}

// grantWishes runs the jobs that somebody asks for, until ctx ends and the last is done.
func (h *house) grantWishes(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case wish := <-h.upkeep.Wishes():
			for _, j := range h.jobs() {
				if j.name == wish.Job {
					working.Go(func() { h.grant(ctx, j, wish.By) })
				}
			}
		}
	}
}

func (h *house) grant(ctx context.Context, j job, by hospital.Actor) {
	if err := h.doJob(ctx, j, h.now(), by); err != nil && ctx.Err() == nil {
		h.log.Error("job failed", "job", j.name, "actor", by.ID, "error", err)
	}
}

// knownJobs are the jobs as the desk lists them.
func (h *house) knownJobs() []upkeep.Job {
	var all []upkeep.Job
	for _, j := range h.jobs() {
		all = append(all, upkeep.Job{Name: j.name, WhatFor: j.whatFor, When: j.when(), Next: func(ctx context.Context, at time.Time) (time.Time, error) {
			return h.nextRun(ctx, j, at)
		}})
	}
	return all
}

// when says how often a job works, in words.
func (j job) when() string {
	if j.daily != notDaily {
		return fmt.Sprintf("every day from %02d:00", j.daily)
	}
	every, _ := j.every() // jobs are constants
	return "every " + shortly(every)
}

// every is how often a job is woken.
func (j job) every() (time.Duration, error) {
	return time.ParseDuration(strings.TrimPrefix(j.spec, "@every "))
}

// shortly is a span as a person says it: "minute", "10 minutes", "hour".
func shortly(d time.Duration) string {
	switch {
	case d == time.Minute:
		return "minute"
	case d == time.Hour:
		return "hour"
	case d%time.Hour == 0:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d%time.Minute == 0:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return d.String()
}

// nextRun is when a job is due after an instant: at once where it has waited for today's hour to pass.
func (h *house) nextRun(ctx context.Context, j job, at time.Time) (time.Time, error) {
	kept := db.Jobs{DB: h.db}
	if j.daily == notDaily {
		every, err := j.every()
		if err != nil {
			return time.Time{}, err
		}
		histories, err := kept.Histories(ctx)
		if last := histories[j.name].Last.StartedAt; err == nil && !last.IsZero() && last.Add(every).After(at) {
			return last.Add(every), nil
		}
		return at, err
	}
	last, err := kept.LastRun(ctx, j.name)
	if err != nil {
		return time.Time{}, err
	}
	local := at.In(h.register.Current().Site.Location())
	due := time.Date(local.Year(), local.Month(), local.Day(), j.daily, 0, 0, 0, local.Location())
	switch {
	case last >= local.Format(time.DateOnly):
		return due.AddDate(0, 0, 1), nil
	case due.Before(at):
		return at, nil
	}
	return due, nil
}

// verify checks all that is stored.
func (h *house) verify(ctx context.Context, _ time.Time) error {
	report, err := h.db.Verify(ctx)
	if err != nil {
		return err
	}
	if err := report.FirstFault(); err != nil {
		return err
	}
	h.upkeep.Say(verifyJob, fmt.Sprintf("%d checks, all sound", len(report)))
	return nil
}

// leastKeepDays is the least that --keep-days may say: a vaccine's storage is looked into for longer than a year.
const leastKeepDays = 366

// thin lets raw readings go that are older than the site keeps them.
func (h *house) thin(ctx context.Context, at time.Time) error {
	thinned, err := h.monitor.LetGo(ctx, hospital.Job(thinJob), at)
	if err != nil {
		return err
	}
	gone := int64(0)
	for _, t := range thinned {
		gone += t.Readings
	}
	h.upkeep.Say(thinJob, fmt.Sprintf("%d readings of %d probes", gone, len(thinned)))
	return nil
}

// retain lets go what the hospital need not keep.
func (h *house) retain(ctx context.Context, at time.Time) error {
	days := h.config.KeepDays
	if days == 0 {
		h.upkeep.Say("retention", "everything is kept: --keep-days is 0")
		return nil
	}
	gone, err := h.db.LetGo(ctx, hospital.Job("retention"), at.AddDate(0, 0, -max(days, leastKeepDays)))
	if err != nil {
		return err
	}
	said := "nothing was old enough"
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		said = strings.TrimPrefix(said+", ", "nothing was old enough, ") + fmt.Sprintf("%d %s", gone[name], name)
	}
	h.upkeep.Say("retention", said)
	return nil
}

// hospitalDocument describes the hospital and takes changes of it; who is connected
// follows at once.
type hospitalDocument struct{ *house }

// Describe is the hospital as a document.
func (d hospitalDocument) Describe(ctx context.Context, by hospital.Actor) (document.Document, error) {
	doc, err := db.Hospital{DB: d.db}.Describe(ctx, by)
	if errors.Is(err, db.ErrEmpty) {
		return doc, hospital.Refuse(hospital.ErrInvalid, "There is no hospital yet. Enter its first rooms under Administration, Set up, or import its document.")
	}
	return doc, err
}

// Import takes a document in, and the register follows at once.
func (d hospitalDocument) Import(ctx context.Context, by hospital.Actor, doc document.Document, apply bool, says upkeep.Says) ([]document.Change, error) {
	kept := db.Hospital{DB: d.db}
	changes, err := kept.ImportSaying(ctx, by, doc, apply, says)
	if err != nil || !apply {
		return changes, err
	}
	// The page that comes next shows it; the follower tells everybody else.
	directory, err := kept.Load(context.WithoutCancel(ctx))
	if err == nil {
		d.register.Replace(directory)
	}
	return changes, err
}

// pastUseAtOnce is how many days of use are taken in before somebody is told, or can stop it.
const pastUseAtOnce = 10_000

// ImportUse takes in what was used before, all of it or nothing.
func (d hospitalDocument) ImportUse(ctx context.Context, by hospital.Actor, all []inventory.PastUse, apply bool, says upkeep.Says) (fresh int, err error) {
	pace := upkeep.NewPace(ctx, says)
	err = d.db.Together(ctx, func(together *db.DB) error {
		if err := pace.Begin("past use", 1, 1, len(all)); err != nil {
			return err
		}
		for part := range slices.Chunk(all, pastUseAtOnce) {
			n, err := db.Stock{DB: together}.ImportPastUse(ctx, by, part, apply)
			if err != nil {
				return err
			}
			fresh += n
			if err := pace.On(len(part)); err != nil {
				return err
			}
		}
		return nil
	})
	return fresh, err
}

// houseMeters shows in /metrics when each job last worked and when certificates end.
type houseMeters struct{ *house }

var (
	jobGood = prometheus.NewDesc("wardwatch_job_good_seconds", "When the job last did not fail, in seconds since 1970.", []string{"job_name"}, nil)
	certEnd = prometheus.NewDesc("wardwatch_certificate_ends_seconds", "When the certificate ends, in seconds since 1970.", []string{"of"}, nil)
)

// Describe names the figures.
func (houseMeters) Describe(to chan<- *prometheus.Desc) { to <- jobGood; to <- certEnd }

// maxScrape is how long the database may take to answer a scrape.
const maxScrape = 2 * time.Second

// Collect reads the figures. What can't be read is left out: the storage's own say why.
func (m houseMeters) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), maxScrape)
	defer cancel()
	figure := func(what *prometheus.Desc, at time.Time, of string) {
		if !at.IsZero() {
			to <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, float64(at.Unix()), of)
		}
	}
	if histories, err := (db.Jobs{DB: m.db}).Histories(ctx); err == nil {
		for name, history := range histories {
			figure(jobGood, history.GoodAt, name)
		}
	}
	if m.tls != nil {
		figure(certEnd, m.tls.until(), "server")
	}
	certificates, err := db.Certificates{DB: m.db}.Certificates(ctx)
	if err != nil {
		return
	}
	newest := map[string]time.Time{}
	for _, c := range certificates {
		if c.BlockedAt.IsZero() && c.EndsAt.After(newest["gateway "+string(c.Gateway)]) {
			newest["gateway "+string(c.Gateway)] = c.EndsAt
		}
	}
	for of, ends := range newest {
		figure(certEnd, ends, of)
	}
}
