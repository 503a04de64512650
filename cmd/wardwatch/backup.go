package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"

	"filippo.io/age"

	"wardwatch/db"
)

type backupCommand struct {
	databaseFlag `embed:""`
	File         string `arg:"" help:"Where the copy goes."`
	Force        bool   `help:"Write over a file that exists."`
	Recipient    string `placeholder:"AGE1…" help:"Encrypt the copy to this public key; wardwatch key new makes one."`
}

// Run copies the database while servers may be running on it.
func (c backupCommand) Run(p process) error {
	to, err := recipients(c.Recipient)
	if err != nil {
		return err
	}
	if len(to) == 0 {
		err = db.Backup(p.ctx, c.DB, c.File, db.CopyOptions{Force: c.Force, Check: true, Says: p.tells()})
	} else {
		err = c.sealed(p, to)
	}
	if err != nil {
		return adviseOnFiles(err, c.DB, c.File)
	}
	_, err = fmt.Fprintf(p.stdout, "%s is a whole copy; keep it where the server can't reach it\n", c.File)
	return err
}

// sealed copies the database and encrypts the copy. In between it lies beside the file, for its owner's eyes.
func (c backupCommand) sealed(p process, to []age.Recipient) (err error) {
	if _, err := os.Stat(c.File); err == nil && !c.Force {
		return fmt.Errorf("%s: %w", c.File, db.ErrExists)
	}
	plain := c.File + ".plain"
	defer func() { err = errors.Join(err, removed(plain)) }()
	if err := db.Backup(p.ctx, c.DB, plain, db.CopyOptions{Force: true, Check: true, Says: p.tells()}); err != nil {
		return err
	}
	p.tells()("encrypting it")
	return seal(p.ctx, plain, c.File, to)
}

// tells says on standard error how far long work is.
func (p process) tells() func(step string) {
	return func(step string) { fmt.Fprintln(p.stderr, step) }
}

type restoreCommand struct {
	databaseFlag `embed:""`
	File         string `arg:"" help:"The backup."`
	Identity     string `type:"path" placeholder:"FILE" help:"The private key that an encrypted backup is decrypted with."`
	Force        bool   `help:"Put the database that is there aside and restore over it."`
}

// Run puts a backup back, once it has been checked.
func (c restoreCommand) Run(p process) (err error) {
	file, tidy, err := c.plain(p)
	if err != nil {
		return adviseOnFiles(err, c.DB, c.File)
	}
	defer func() { err = errors.Join(err, tidy()) }()
	kept, err := db.Restore(p.ctx, c.DB, file, db.CopyOptions{Force: c.Force, Says: p.tells()})
	if err != nil {
		return adviseOnFiles(err, c.DB, c.File)
	}
	if kept != "" {
		fmt.Fprintf(p.stdout, "the database that was there is kept as %s\n", kept)
	}
	_, err = fmt.Fprintf(p.stdout, "restored %s; start the server\n", c.File)
	return err
}

// plain is the backup's file, decrypted beside it where it was encrypted; tidy removes that.
func (c restoreCommand) plain(p process) (file string, tidy func() error, err error) {
	nothing := func() error { return nil }
	sealed, err := isSealed(c.File)
	if err != nil || !sealed {
		return c.File, nothing, err
	}
	file = c.File + ".plain"
	p.tells()("decrypting the backup")
	if err := unseal(p.ctx, c.File, file, c.Identity); err != nil {
		return "", nothing, errors.Join(err, removed(file))
	}
	return file, func() error { return removed(file) }, nil
}

// adviseOnFiles says what to do about a refusal.
func adviseOnFiles(err error, dsn, file string) error {
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("stopped; everything is as it was: %w", err)
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
	Checkpoint   string `type:"path" placeholder:"FILE" help:"A signed checkpoint that somebody kept outside: the audit trail must still hold its line. Give its key with --public-key."`
	PublicKey    string `placeholder:"KEY|FILE" help:"The key that checkpoints are checked with; wardwatch key audit printed it."`
}

// Run checks all that is stored, beside a running server or on a backup.
func (c verifyCommand) Run(p process) (err error) {
	var anchor db.Anchor
	if c.Anchor != "" {
		if anchor, err = db.ParseAnchor(c.Anchor); err != nil {
			return usageError{err}
		}
	}
	if (c.Checkpoint == "") != (c.PublicKey == "") {
		return usageError{errors.New("--checkpoint and --public-key belong together: give both")}
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
	if c.Checkpoint != "" {
		if err := holdsCheckpoint(p.ctx, d, c.Checkpoint, c.PublicKey); err != nil {
			return err
		}
	}
	return d.HoldsAnchor(p.ctx, anchor)
}
