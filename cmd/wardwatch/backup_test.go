package main

import (
	"os"
	"path/filepath"
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
