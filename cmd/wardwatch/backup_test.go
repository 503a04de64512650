package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestBackupVerifyRestore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	database, copied := "--db=sqlite:"+filepath.Join(folder, "w.db"), filepath.Join(folder, "copy.db")
	damaged := filepath.Join(folder, "damaged.db")
	if err := os.WriteFile(damaged, []byte("not a database at all, whatever its name says"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"verify", database}, exitUsage, "look at --db"},
		{[]string{"backup", copied, database}, exitUsage, "look at --db"},
		{[]string{"import", "hospital", smallHospital, "--apply", database}, exitDone, "were added"},
		{[]string{"verify", database}, exitDone, "audit trail"},
		{[]string{"backup", copied, database}, exitDone, "is a whole copy"},
		{[]string{"backup", copied, database}, exitFault, "say --force"},
		{[]string{"verify", "--db=sqlite:" + copied}, exitDone, "stock ledger"},
		{[]string{"verify", "--db=sqlite:" + damaged}, exitFault, "not a database"},
		{[]string{"restore", copied, database}, exitFault, "say --force"},
		{[]string{"restore", damaged, database, "--force"}, exitFault, "choose another backup"},
		{[]string{"restore", copied, database, "--force"}, exitDone, "is kept as"},
		{[]string{"verify", database}, exitDone, "every page sound"},
		{[]string{"restore"}, exitUsage, "<file>"},
	} {
		code, out, errs := commandLine(t, nil, step.args...)
		if code != step.code || !strings.Contains(out+errs, step.says) {
			t.Errorf("%q: exit %d, %s%s", step.args, code, out, errs)
		}
	}
}

// Whoever stops a copy is told that nothing has changed, an encrypted one's plain twin included.
func TestACopyThatIsStopped(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	database := "--db=sqlite:" + filepath.Join(folder, "w.db")
	plain, sealed, key := filepath.Join(folder, "copy.db"), filepath.Join(folder, "copy.age"), filepath.Join(folder, "ours.key")
	_, said, _ := commandLine(t, nil, "key", "new", key)
	public := regexp.MustCompile(`age1[a-z0-9]+`).FindString(said)
	for _, args := range [][]string{{"import", "hospital", smallHospital, "--apply", database}, {"backup", plain, database}, {"backup", sealed, database, "--recipient", public}} {
		if code, out, errs := commandLine(t, nil, args...); code != exitDone || args[0] == "backup" && !strings.Contains(errs, "copying") {
			t.Fatalf("%q: exit %d, %s%s", args, code, out, errs)
		}
	}
	entries := func() (names []string) {
		all, _ := os.ReadDir(folder)
		for _, entry := range all {
			names = append(names, entry.Name())
		}
		return names
	}
	before := entries()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, args := range [][]string{{"backup", plain, database, "--force"}, {"backup", sealed, database, "--force", "--recipient", public},
		{"restore", plain, database, "--force"}, {"restore", sealed, database, "--force", "--identity", key}} {
		var out, errs bytes.Buffer
		code := run(process{ctx: stopped, stdout: &out, stderr: &errs}, args, nil)
		if code != exitFault || !strings.Contains(errs.String(), "stopped; everything is as it was") || !slices.Equal(before, entries()) {
			t.Errorf("%q: exit %d, %s%s; there is %v", args, code, &out, &errs, entries())
		}
	}
}
