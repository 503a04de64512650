package main

import (
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"

	"wardwatch/db"
)

type backupCommand struct {
	databaseFlag `embed:""`
	File         string `arg:"" help:"Where the copy goes."`
	Force        bool   `help:"Write over a file that exists."`
}

// Run copies the database while servers may be running on it.
func (c backupCommand) Run(p process) error {
	err := db.Backup(p.ctx, c.DB, c.File, c.Force)
	if err != nil {
		return adviseOnFiles(err, c.DB, c.File)
	}
	_, err = fmt.Fprintf(p.stdout, "%s is a whole copy; keep it where the server can't reach it\n", c.File)
	return err
}

type restoreCommand struct {
	databaseFlag `embed:""`
	File         string `arg:"" help:"The backup."`
	Force        bool   `help:"Put the database that is there aside and restore over it."`
}

// Run puts a backup back, once it has been checked.
func (c restoreCommand) Run(p process) error {
	kept, err := db.Restore(p.ctx, c.DB, c.File, c.Force)
	if err != nil {
		return adviseOnFiles(err, c.DB, c.File)
	}
	if kept != "" {
		fmt.Fprintf(p.stdout, "the database that was there is kept as %s\n", kept)
	}
	_, err = fmt.Fprintf(p.stdout, "restored %s; start the server\n", c.File)
	return err
}

// adviseOnFiles says what to do about a refusal.
func adviseOnFiles(err error, dsn, file string) error {
	switch {
	case errors.Is(err, db.ErrExists):
		return fmt.Errorf("%w; say --force to go on all the same", err)
	case errors.Is(err, db.ErrNoBackup):
		return fmt.Errorf("%w; choose another backup", err)
	case errors.Is(err, fs.ErrNotExist):
		return usageError{fmt.Errorf("%w; look at --db (%s) and the file's name (%s)", err, dsn, file)}
	}
	return err
}

type verifyCommand struct {
	databaseFlag `embed:""`
	Deep         bool   `help:"Judge every stored reading anew, too; takes as long as there are readings."`
	Anchor       string `placeholder:"N:HASH" help:"An anchor that an earlier verify or the server's log gave: the audit trail must still hold that line."`
}

// Run checks all that is stored, beside a running server or on a backup.
func (c verifyCommand) Run(p process) (err error) {
	var anchor db.Anchor
	if c.Anchor != "" {
		if anchor, err = db.ParseAnchor(c.Anchor); err != nil {
			return usageError{err}
		}
	}
	d, err := db.Inspect(p.ctx, c.DB)
	if errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("%w; look at --db", err)}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	look := d.Verify
	if c.Deep {
		look = d.VerifyDeep
	}
	report, err := look(p.ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, finding := range report {
		if finding.Fault == nil {
			fmt.Fprintf(table, "ok\t%s\t%s\n", finding.Check, finding.Says)
		} else {
			fmt.Fprintf(table, "FAULT\t%s\t%v\n", finding.Check, finding.Fault)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if first := report.FirstFault(); first != nil {
		return fmt.Errorf("%w; restore a backup from before it", first)
	}
	return d.HoldsAnchor(p.ctx, anchor)
}
