package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
)

// job is a line of the table of what happens by the clock.
type job struct {
	name    string
	whatFor string
	// spec says how often robfig/cron wakes the job, in UTC.
	spec string
	// daily is the hour of the hospital's own day from which the job is due once;
	// notDaily for a job that works at every waking. A clock change neither skips
	// nor repeats a daily job: what counts is the date it last ran for.
	daily int
	run   func(ctx context.Context, at time.Time) error
}

const (
	notDaily = -1
	thinJob  = "old readings"
)

// jobs is the table.
func (h *house) jobs() []job {
	return []job{
		{"silent probes", "raises the alarm of fridges that nobody has heard from", "@every 1m", notDaily, h.checkSilence},
		{"early warnings", "looks which fridges are on their way to a limit, and what became of earlier warnings", "@every 1m", notDaily, h.monitor.Forewarn},
		{"habits of fridges", "learns how each fridge cycles, swings and warms from its past", "@every 10m", notDaily, h.monitor.Learn},
		{"hours of use", "adds up how long each piece was in use, for plans that go by hours", "@every 1m", notDaily, h.followUse},
		{"par levels", "asks for equipment to be carried where units are short of it, and rings when one falls below its critical number", "@every 10s", notDaily, h.reviewLevels},
		{"test alarm", "tells everybody on the ladder, on the days that it names, to prove the ways", "@every 5m", testHour, h.testLadder},
		{"test alarm's end", "says how many test messages were taken", "@every 1m", notDaily, h.settleTest},
		{"reorders", "looks at everything that is ordered for, proposes what is due and notes how stock stands", "@every 1m", reorderHour, h.proposeReorders},
		{"cabinets", "books what is taken out of RFID cabinets, and what comes back", "@every 10s", notDaily, h.lookIntoCabinets},
		{"count plan", "weighs what everything is worth and plans what is counted when", "@every 1m", countHour, h.planCounts},
		{"send orders", "sends draft orders that are worth the supplier's least order", "@every 1m", sendHour, h.sendOrders},
		{"cut-offs", "sends draft orders before a supplier's cut-off of the day", "@every 1m", notDaily, h.sendBeforeCutOffs},
		{"suppliers' answers", "fetches what suppliers have answered to orders from their folders", "@every 5m", notDaily, h.fetchAnswers},
		{"fleet days", "adds up how equipment was used on the days that are over", "@every 10m", notDaily, h.addUpDays},
		{backupJob, "copies the database into --backup-to, checks the copy and lets the oldest go", "@every 5m", backupHour, h.backUp},
		{drillJob, "restores the newest backup elsewhere, judges it anew and throws it away", "@every 5m", drillHour, h.drill},
		{verifyJob, "checks all that is stored, as wardwatch verify does", "@every 5m", verifyHour, h.verify},
		{checkpointJob, "signs the end of the audit trail and writes it to the log, for whoever keeps the log elsewhere", "@every 5m", 0, h.checkpoint},
		{"beyond use", "takes goods out of use whose time after opening or thawing is over, and rings where some lie", "@every 1m", notDaily, h.mindClocks},
		{"certificates", "warns before a certificate ends", "@every 1h", notDaily, h.checkCertificates},
		{"retention", "lets go what the hospital need not keep; never what is held", "@every 5m", retentionHour, h.retain},
		{thinJob, "lets raw readings go that are older than the hospital keeps them; never about an excursion or of a held fridge", "@every 5m", retentionHour, h.thin},
		{"tidy sessions", "forgets sessions that ended by themselves", "@every 10m", notDaily, h.tidySessions},
	}
}

func (h *house) runJobs(ctx context.Context) error {
	table := cron.New(cron.WithLocation(time.UTC),
		cron.WithChain(cron.Recover(jobLog{h.log}), cron.SkipIfStillRunning(cron.DiscardLogger)))
	for _, j := range h.jobs() {
		if _, err := table.AddFunc(j.spec, func() { h.runJob(ctx, j) }); err != nil {
			return fmt.Errorf("job %s: %w", j.name, err)
		}
	}
	table.Start()
	h.grantWishes(ctx)
	<-table.Stop().Done()
	return nil
}

// jobLog tells of a job that panicked: it is tried again at its next waking, and
// costs nobody else anything.
type jobLog struct{ log *slog.Logger }

func (jobLog) Info(string, ...any) {}

func (l jobLog) Error(err error, what string, about ...any) {
	l.log.Error("job "+what, append(about, "error", err)...)
}

// runJob runs j if it is due. A job that fails is tried again at its next waking.
func (h *house) runJob(ctx context.Context, j job) {
	if err := h.runIfDue(ctx, j, h.now()); err != nil && ctx.Err() == nil {
		h.log.Error("job failed", "job", j.name, "error", err)
	}
}

func (h *house) runIfDue(ctx context.Context, j job, at time.Time) error {
	if j.daily == notDaily {
		return h.doJob(ctx, j, at, hospital.Job(j.name))
	}
	kept := db.Jobs{DB: h.db}
	last, err := kept.LastRun(ctx, j.name)
	if err != nil {
		return err
	}
	date, due := dueOn(at.In(h.register.Current().Site.Location()), j.daily, last)
	if !due {
		return nil
	}
	if err := h.doJob(ctx, j, at, hospital.Job(j.name)); err != nil && !errors.Is(err, upkeep.ErrStopped) { // not again today, against somebody's word
		return err
	}
	return kept.Ran(ctx, j.name, date)
}

// dueOn says whether a job that is due once a day from the given hour on should
// run at the local time, when it last ran for the date last (YYYY-MM-DD, empty
// for never), and which date it would run for.
func dueOn(local time.Time, hour int, last string) (date string, due bool) {
	date = local.Format(time.DateOnly)
	return date, local.Hour() >= hour && date > last
}
