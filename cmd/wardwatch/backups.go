package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"wardwatch/db"
)

const (
	// backupHour is the hour of the hospital's day from which the daily backup is due.
	backupHour = 2
	// keptBackups is how many daily backups stay; the older ones go.
	keptBackups  = 14
	backupPrefix = "wardwatch-"
	backupSuffix = ".db"
)

// backUp copies the database into the folder of --backup-to, checks the copy as a
// restore would, and lets the oldest copies go once the new one is sound.
func (h *house) backUp(ctx context.Context, at time.Time) error {
	folder := h.config.BackupTo
	if folder == "" {
		return nil
	}
	day := at.In(h.register.Current().Site.Location()).Format("20060102")
	file := filepath.Join(folder, backupPrefix+day+backupSuffix)
	if err := db.Backup(ctx, h.config.DB, file, true); err != nil {
		return err
	}
	copied, err := db.Inspect(ctx, file)
	if err != nil {
		return fmt.Errorf("check backup %s: %w", file, err)
	}
	defer copied.Close() // read only: nothing can be lost
	report, err := copied.Verify(ctx)
	if err == nil {
		err = report.FirstFault()
	}
	if err != nil {
		return fmt.Errorf("check backup %s: %w", file, err)
	}
	h.log.Info("backed up and checked", "file", file)
	return dropOldBackups(folder)
}

func dropOldBackups(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, backupPrefix+"????????"+backupSuffix))
	if err != nil {
		return fmt.Errorf("list backups: %w", err)
	}
	slices.Sort(files)
	for _, old := range files[:max(0, len(files)-keptBackups)] {
		if err := os.Remove(old); err != nil {
			return fmt.Errorf("remove an old backup: %w", err)
		}
	}
	return nil
}
