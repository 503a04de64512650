package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital/upkeep"
)

const (
	// backupHour is the hour of the hospital's day from which the daily backup is due.
	backupHour = 2
	// drillHour is when the newest backup is restored, beside the house, to see that it can be.
	drillHour = 4
	// keptBackups is how many daily backups stay unless --backup-keep says otherwise; the older ones go.
	keptBackups  = 14
	backupPrefix = "wardwatch-"
	backupSuffix = ".db"
)

const backupJob, drillJob = "backup", "restore drill"

// backUp copies the database into the folder of --backup-to, checks the copy as a
// restore would, encrypts it to --backup-recipient, and lets the oldest copies go
// once the new one is sound.
func (h *house) backUp(ctx context.Context, at time.Time) (err error) {
	folder := h.config.BackupTo
	if folder == "" {
		h.upkeep.Say(backupJob, "no copy is made: --backup-to names no folder")
		return nil
	}
	to, err := recipients(h.config.BackupRecipient)
	if err != nil {
		return err
	}
	name := backupPrefix + at.In(h.register.Current().Site.Location()).Format("20060102") + backupSuffix
	file := filepath.Join(folder, name)
	plain := file
	if len(to) > 0 {
		plain = filepath.Join(folder, "."+name+".plain")
		defer func() { err = errors.Join(err, removed(plain)) }()
	}
	h.upkeep.Say(backupJob, "step 1 of 3: copying the database")
	if err := db.Backup(ctx, h.config.DB, plain, db.CopyOptions{Force: true}); err != nil {
		return err
	}
	h.upkeep.Say(backupJob, "step 2 of 3: checking the copy")
	if err := verifyFile(ctx, plain); err != nil {
		return fmt.Errorf("check backup %s: %w", file, err)
	}
	if len(to) > 0 {
		file += sealedSuffix
		h.upkeep.Say(backupJob, "step 3 of 3: encrypting it")
		if err := seal(ctx, plain, file, to); err != nil {
			return err
		}
	}
	h.upkeep.Say(backupJob, filepath.Base(file)+", checked")
	h.log.Info("backed up and checked", "file", file)
	return dropOldBackups(folder, h.keepBackups())
}

func (h *house) keepBackups() int {
	if h.config.BackupKeep > 0 {
		return h.config.BackupKeep
	}
	return keptBackups
}

// verifyFile checks a database beside the one that is at work.
func verifyFile(ctx context.Context, file string) error {
	copied, err := db.Inspect(ctx, file)
	if err != nil {
		return err
	}
	defer copied.Close() // read only: nothing can be lost
	report, err := copied.Verify(ctx)
	if err != nil {
		return err
	}
	return report.FirstFault()
}

// backupFiles are the daily backups in a folder, the oldest first.
func backupFiles(folder string) ([]string, error) {
	var all []string
	for _, suffix := range []string{backupSuffix, backupSuffix + sealedSuffix} {
		files, err := filepath.Glob(filepath.Join(folder, backupPrefix+"????????"+suffix))
		if err != nil {
			return nil, fmt.Errorf("list backups: %w", err)
		}
		all = append(all, files...)
	}
	slices.Sort(all)
	return all, nil
}

func dropOldBackups(folder string, keep int) error {
	files, err := backupFiles(folder)
	if err != nil {
		return err
	}
	for _, old := range files[:max(0, len(files)-keep)] {
		if err := os.Remove(old); err != nil {
			return fmt.Errorf("remove an old backup: %w", err)
		}
	}
	return nil
}

// drill restores the newest backup into a folder of its own, opens it as the house
// would, judges everything in it anew and throws it away.
func (h *house) drill(ctx context.Context, _ time.Time) (err error) {
	files, err := backupFiles(h.config.BackupTo)
	if err != nil || h.config.BackupTo == "" || len(files) == 0 {
		h.upkeep.Say(drillJob, "there is no backup to restore")
		return err
	}
	newest, began := files[len(files)-1], time.Now()
	sealed, err := isSealed(newest)
	if err != nil {
		return err
	}
	if sealed && h.config.BackupIdentity == "" {
		h.upkeep.Say(drillJob, filepath.Base(newest)+" is encrypted and was read back when it was written; with --backup-identity it would be restored here")
		return nil
	}
	folder, err := os.MkdirTemp("", "wardwatch-drill-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	plain := newest
	if sealed {
		plain = filepath.Join(folder, "plain.db")
		if err := unseal(ctx, newest, plain, h.config.BackupIdentity); err != nil {
			return err
		}
	}
	lines, err := h.restoreElsewhere(ctx, plain, filepath.Join(folder, "restored.db"))
	if err != nil {
		return fmt.Errorf("restore %s for a try: %w", filepath.Base(newest), err)
	}
	h.upkeep.Say(drillJob, fmt.Sprintf("%s was restored and judged anew in %s: sound, with %d lines of the audit trail",
		filepath.Base(newest), time.Since(began).Round(100*time.Millisecond), lines))
	return nil
}

// restoreElsewhere restores a backup beside the house and answers with the length of its audit trail.
func (h *house) restoreElsewhere(ctx context.Context, backup, to string) (lines int64, err error) {
	if _, err := db.Restore(ctx, to, backup, db.CopyOptions{Says: func(step string) { h.upkeep.Say(drillJob, step) }}); err != nil {
		return 0, err
	}
	d, err := db.Open(ctx, to, db.Options{Now: h.now, Log: h.log})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	report, err := d.VerifyDeep(ctx)
	if err == nil {
		err = report.FirstFault()
	}
	if err != nil {
		return 0, err
	}
	anchor, err := d.AuditAnchor(ctx)
	return anchor.Seq, err
}

// backups are the copies there are, for the page.
func (h *house) backups() upkeep.Backups {
	all := upkeep.Backups{Folder: h.config.BackupTo, Encrypted: h.config.BackupRecipient != "", Keep: h.keepBackups()}
	if all.Folder == "" {
		return all
	}
	if _, err := os.ReadDir(all.Folder); err != nil {
		all.Fault = "The folder can't be read. Look at --backup-to and at who may read it."
		return all
	}
	files, _ := backupFiles(all.Folder) // the pattern is a constant
	for _, file := range slices.Backward(files) {
		if info, err := os.Stat(file); err == nil {
			all.Files = append(all.Files, upkeep.Backup{File: info.Name(), At: info.ModTime(), Size: info.Size(), Encrypted: strings.HasSuffix(file, sealedSuffix)})
		}
	}
	return all
}
