package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/tracking/notify"
)

func TestAnEncryptedBackupIsReadWithItsKeyAlone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := func(name string) string { return filepath.Join(folder, name) }
	database := "--db=sqlite:" + path("w.db")
	importSmallHospital(t, path("w.db"))
	code, recipient, errs := commandLine(t, nil, "key", "new", path("ours.key"))
	if recipient = strings.TrimSpace(recipient); code != exitDone || !strings.HasPrefix(recipient, "age1") {
		t.Fatal(code, recipient, errs)
	}
	for _, step := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"key", "new", path("ours.key")}, exitFault, "not written over"},
		{[]string{"key", "new", path("theirs.key")}, exitDone, "age1"},
		{[]string{"backup", path("copy.age"), database, "--recipient=" + recipient}, exitDone, "is a whole copy"},
		{[]string{"backup", path("copy.age"), database, "--recipient=" + recipient}, exitFault, "say --force"},
		{[]string{"backup", path("x.age"), database, "--recipient=age1wrong"}, exitUsage, "wardwatch key new"},
		{[]string{"restore", path("copy.age"), "--db=sqlite:" + path("back.db")}, exitUsage, "--identity"},
		{[]string{"restore", path("copy.age"), "--db=sqlite:" + path("back.db"), "--identity=" + path("theirs.key")}, exitFault, "another key"},
		{[]string{"restore", path("copy.age"), "--db=sqlite:" + path("back.db"), "--identity=" + path("nowhere.key")}, exitUsage, "no key file"},
		{[]string{"restore", path("copy.age"), "--db=sqlite:" + path("back.db"), "--identity=" + path("ours.key")}, exitDone, "restored"},
		{[]string{"verify", "--db=sqlite:" + path("back.db")}, exitDone, "every page sound"},
	} {
		code, out, errs := commandLine(t, nil, step.args...)
		if code != step.code || !strings.Contains(out+errs, step.says) {
			t.Errorf("%q: exit %d, %s%s", step.args, code, out, errs)
		}
	}
	text, err := os.ReadFile(path("copy.age"))
	if err != nil || strings.Contains(string(text), "SQLite") || strings.Contains(string(text), "P-001") {
		t.Errorf("the copy can be read by anybody: %v", err)
	}
	left, err := filepath.Glob(path("*.plain"))
	if err != nil || len(left) != 0 {
		t.Errorf("left lying about: %v", left)
	}
	info, err := os.Stat(path("ours.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("anybody may read the key: %v", err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path("copy.age"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := commandLine(t, nil, "restore", path("copy.age"), "--db=sqlite:"+path("third.db"), "--identity="+path("ours.key")); code != exitFault {
		t.Errorf("a changed copy: exit %d, %s%s", code, out, errs)
	}
}

// A job copies the house at night and another one restores the copy for a try; both
// say how it went, and one that fails rings.
func TestTheNightlyBackupIsRestoredForATry(t *testing.T) {
	t.Parallel()
	for name, sealed := range map[string]bool{"plain": false, "encrypted": true} {
		t.Run(name, func(t *testing.T) {
			h, _ := wholeHouse(t)
			h.config.BackupTo = t.TempDir()
			if sealed {
				h.config.BackupIdentity = filepath.Join(t.TempDir(), "ours.key")
				_, recipient, _ := commandLine(t, nil, "key", "new", h.config.BackupIdentity)
				h.config.BackupRecipient = strings.TrimSpace(recipient)
			}
			do := func(name string) upkeep.JobLine {
				t.Helper()
				h.grant(t.Context(), h.jobNamed(t, name), atTheConsole)
				return jobLine(t, h, name)
			}
			if line := do(backupJob); line.Last.Fault != "" || !strings.HasSuffix(line.Last.Says, ", checked") || line.Last.ByName != atTheConsole.Name {
				t.Errorf("backup: %+v", line.Last)
			}
			if kept := h.backups(); len(kept.Files) != 1 || kept.Files[0].Encrypted != sealed || kept.Files[0].Size == 0 {
				t.Errorf("kept %+v", kept)
			}
			if line := do(drillJob); line.Last.Fault != "" || !strings.Contains(line.Last.Says, "was restored and judged anew") {
				t.Errorf("drill: %+v", line.Last)
			}
			newest := filepath.Join(h.config.BackupTo, h.backups().Files[0].File)
			if err := os.Truncate(newest, h.backups().Files[0].Size/2); err != nil {
				t.Fatal(err)
			}
			if line := do(drillJob); line.Last.Fault == "" || line.GoodAt.IsZero() || line.Failures != 1 || line.Runs != 2 {
				t.Errorf("a damaged backup: %+v", line)
			}
			standing, err := h.desk.Standing(t.Context())
			if err != nil || len(standing.Open) != 1 || standing.Open[0].Kind != jobFailed || standing.Open[0].Severity != notify.Serious {
				t.Errorf("alarms %+v %v", standing.Open, err)
			}
			do(backupJob)
			do(drillJob)
			if standing, err = h.desk.Standing(t.Context()); err != nil || standing.Open[0].ReturnedAt.IsZero() {
				t.Errorf("once it is well again: %+v %v", standing.Open, err)
			}
		})
	}
}

func (h *house) jobNamed(t *testing.T, name string) job {
	t.Helper()
	for _, j := range h.jobs() {
		if j.name == name {
			return j
		}
	}
	t.Fatalf("there is no job %s", name)
	return job{}
}

func jobLine(t *testing.T, h *house, name string) upkeep.JobLine {
	t.Helper()
	lines, err := h.upkeep.Jobs(t.Context(), atTheConsole)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if line.Name == name {
			return line
		}
	}
	t.Fatalf("the desk does not know %s", name)
	return upkeep.JobLine{}
}

func TestAJobRunsWhenSomebodyAsksWhoMay(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	auditor := hospital.Person{ID: "a", Name: "A", Roles: []hospital.Role{hospital.Auditor}}.Actor()
	if err := h.upkeep.RunNow(t.Context(), auditor, verifyJob); err == nil {
		t.Error("an auditor ran a job")
	}
	if err := h.upkeep.RunNow(t.Context(), atTheConsole, "nonsense"); err == nil {
		t.Error("a job that is none was taken")
	}
	if err := h.upkeep.RunNow(t.Context(), atTheConsole, verifyJob); err != nil {
		t.Fatal(err)
	}
	if err := h.upkeep.RunNow(t.Context(), atTheConsole, verifyJob); err == nil {
		t.Error("it was taken twice")
	}
	if line := jobLine(t, h, verifyJob); !line.Waits || line.NextAt.IsZero() {
		t.Errorf("it waits: %+v", line)
	}
	wish := <-h.upkeep.Wishes()
	h.grant(t.Context(), h.jobNamed(t, wish.Job), wish.By)
	if line := jobLine(t, h, verifyJob); line.Waits || !strings.Contains(line.Last.Says, "all sound") || line.Last.EndedAt.Before(line.Last.StartedAt) {
		t.Errorf("it ran: %+v", line)
	}
	// The clock's own runs are told by their next time.
	j := h.jobNamed(t, "reorders")
	morning := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	next, err := h.nextRun(t.Context(), j, morning)
	if err != nil || next.In(h.register.Current().Site.Location()).Hour() != reorderHour && !next.Equal(morning) {
		t.Errorf("reorders are due at %v, %v", next, err)
	}
}

func TestWhatIsOldGoesAndWhatIsHeldStays(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	h.config.KeepDays = 1 // never less than a year
	at := time.Now()
	if err := h.retain(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	h.config.KeepDays = 0
	if err := h.retain(t.Context(), at.AddDate(50, 0, 0)); err != nil {
		t.Fatal(err)
	}
}
