package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestADailyBackupIsCheckedAndTheOldestGo(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	h.config.BackupTo = t.TempDir()
	for day := 1; day <= 20; day++ {
		old := filepath.Join(h.config.BackupTo, fmt.Sprintf("wardwatch-202603%02d.db", day))
		if err := os.WriteFile(old, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(h.config.BackupTo, "notes.db")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 20, 23, 30, 0, 0, time.UTC) // the 21st in Berlin
	for range 2 {                                        // twice a day does no harm
		if err := h.backUp(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(h.config.BackupTo, "*"))
	if len(files) != keptBackups+1 || filepath.Base(files[0]) != "notes.db" || filepath.Base(files[1]) != "wardwatch-20260308.db" || filepath.Base(files[keptBackups]) != "wardwatch-20260321.db" {
		t.Errorf("kept %v", files)
	}
	if code, out, errs := commandLine(t, nil, "verify", "--db=sqlite:"+files[keptBackups]); code != exitDone {
		t.Errorf("the backup: %s%s", out, errs)
	}
	h.config.BackupTo = filepath.Join(h.config.BackupTo, "not-there")
	if err := h.backUp(t.Context(), at); err == nil {
		t.Error("a folder that is not there was taken")
	}
	h.config.BackupTo = ""
	if err := h.backUp(t.Context(), at); err != nil {
		t.Errorf("without --backup-to: %v", err)
	}
}
