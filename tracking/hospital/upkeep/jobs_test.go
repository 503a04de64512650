package upkeep

import (
	"context"
	"errors"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

// notes keeps what a desk notes.
type notes struct {
	runs  []Run
	deeds []hospital.Deed
}

func (n *notes) Ended(_ context.Context, run Run, deed *hospital.Deed) error {
	n.runs = append(n.runs, run)
	if deed != nil {
		n.deeds = append(n.deeds, *deed)
	}
	return nil
}

func (n *notes) Histories(context.Context) (map[string]History, error) { return nil, nil }

// TestALongJobSaysHowFarItIsAndCanBeStopped: it tells its step while it runs; who stops it is
// noted; nobody else may; and what is not running can't be stopped.
func TestALongJobSaysHowFarItIsAndCanBeStopped(t *testing.T) {
	kept, told := &notes{}, 0
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	d := NewDesk(kept, func() time.Time { return at }, func([]string) { told++ })
	d.Know([]Job{{Name: "backup"}})
	ada := hospital.Actor{ID: "ada", Name: "Ada", Roles: []hospital.Role{hospital.Administrator}}
	nele := hospital.Actor{ID: "nele", Name: "Nele", Roles: []hospital.Role{hospital.Nurse}}
	if err := d.Stop(t.Context(), ada, "backup"); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("stop what does not run: %v", err)
	}
	done, err := d.Do(t.Context(), "backup", hospital.Job("backup"), func(ctx context.Context) error {
		d.Say("backup", "step 1 of 3")
		line := d.line(t, ada)
		if line.Step != "step 1 of 3" || line.Since.IsZero() || line.Stopping {
			t.Errorf("while it runs: %+v", line)
		}
		if err := d.Stop(t.Context(), nele, "backup"); !errors.Is(err, hospital.ErrForbidden) {
			t.Errorf("a nurse stops it: %v", err)
		}
		if ctx.Err() != nil {
			t.Error("it was stopped by who may not")
		}
		if err := d.Stop(t.Context(), ada, "backup"); err != nil {
			t.Error(err)
		}
		if !d.line(t, ada).Stopping {
			t.Error("it does not say that it is stopping")
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if !done || !errors.Is(err, ErrStopped) {
		t.Errorf("%v, %v", done, err)
	}
	if len(kept.runs) != 1 || kept.runs[0].Fault != "Stopped by Ada before it was done." || len(kept.deeds) != 1 || kept.deeds[0].What != "job.stop" || kept.deeds[0].By.ID != "ada" {
		t.Errorf("noted are %+v, %+v", kept.runs, kept.deeds)
	}
	if line := d.line(t, ada); !line.Since.IsZero() || line.Step != "" || line.Stopping {
		t.Errorf("afterwards: %+v", line)
	}
	if told < 3 {
		t.Errorf("open pages were told %d times", told)
	}
	if done, err := d.Do(t.Context(), "backup", hospital.Job("backup"), func(context.Context) error { return nil }); !done || err != nil || kept.runs[1].Fault != "" {
		t.Errorf("the next run: %v %v", done, err)
	}
}

func (d *Desk) line(t *testing.T, by hospital.Actor) JobLine {
	t.Helper()
	lines, err := d.Jobs(t.Context(), by)
	if err != nil || len(lines) != 1 {
		t.Fatal(lines, err)
	}
	return lines[0]
}
