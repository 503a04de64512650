package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"wardwatch/tracking/hospital/upkeep"
)

// What a backup or a restore is refused for.
var (
	// ErrExists: the file is there already and is not written over.
	ErrExists = errors.New("the file exists already")
	// ErrInUse: another process has the database open.
	ErrInUse = errors.New("the database is in use; stop the server first")
	// ErrNoBackup: the file is not a database of ours, or is damaged.
	ErrNoBackup = errors.New("not a sound backup")
)

// Inspect opens the database at dsn for reading alone: its schema stays as it is
// and nothing can be changed. Close it when done.
func Inspect(ctx context.Context, dsn string) (*DB, error) {
	path, err := pathOf(dsn)
	if err != nil {
		return nil, err
	}
	d := &DB{now: time.Now, announce: func([]string) {}, log: slog.Default()}
	if d.reading, err = openExisting(ctx, path, "query_only(1)"); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	d.reading.SetMaxOpenConns(1) // one connection, so that one transaction could see everything
	d.queries.prepare = d.reading.PrepareContext
	return d, nil
}

// openExisting opens a database file as it is; one that is not there is fs.ErrNotExist.
func openExisting(ctx context.Context, path string, pragmas ...string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", plainSource(path, pragmas...))
	if err != nil {
		return nil, err
	}
	var tables int
	if err := pool.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return pool, nil
}

// Backup writes a consistent copy of the database at dsn to file, while servers
// may be running on it. The copy is whole, or it is not there; only its owner
// may read it. A file that exists is ErrExists unless forced, and is replaced by a
// whole copy alone: whoever ends ctx before leaves it as it was.
func Backup(ctx context.Context, dsn, file string, o CopyOptions) (err error) {
	path, err := pathOf(dsn)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("back up %s: %w", path, err)
		}
	}()
	if _, err := os.Stat(file); err == nil && !o.Force {
		return fmt.Errorf("%s: %w", file, ErrExists)
	}
	pool, err := openExisting(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	part, err := emptyPart(file)
	if err != nil {
		return err
	}
	told := o.tellGrowth(part, path)
	_, err = pool.ExecContext(ctx, `VACUUM INTO ?`, part)
	told()
	if err == nil && o.Check {
		o.says("checking the copy")
		if err = checkBackup(ctx, part); errors.Is(err, ErrNoBackup) {
			err = fmt.Errorf("the copy is not kept, it has a fault that wardwatch verify tells of: %v", err) // no backup was asked for, so it is none of ErrNoBackup's
		}
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return settle(part, file)
}

// toldEvery is how often somebody is told how far a copy is that SQLite makes by itself.
const toldEvery = 2 * time.Second

// tellGrowth tells how large a part has grown, until what comes back is called.
func (o CopyOptions) tellGrowth(part, whole string) (enough func()) {
	size := func(file string) int64 {
		info, err := os.Stat(file)
		if err != nil {
			return 0 // it is told again
		}
		return info.Size() >> 20
	}
	o.says(fmt.Sprintf("copying %d MB", size(whole)))
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(toldEvery)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				o.says(fmt.Sprintf("copying, %d of about %d MB", size(part), size(whole)))
			}
		}
	}()
	return func() { close(stop); <-ended }
}

// emptyPart makes an empty file beside the one that is wanted, for its owner alone.
func emptyPart(file string) (string, error) {
	part, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".part-*")
	if err != nil {
		return "", err
	}
	return part.Name(), part.Close()
}

// settle gives a finished part its name, once its bytes and the name are on the disk.
func settle(part, file string) error {
	if err := syncFile(part); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, file); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return syncFile(filepath.Dir(file))
}

func syncFile(name string) (err error) {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return file.Sync()
}

// CopyOptions are how a backup is made or put back.
type CopyOptions struct {
	// Force goes on where a file is there already: Backup replaces it, Restore puts it aside.
	Force bool
	// Check has Backup look whether its copy is sound before it gets its name. Restore always does.
	Check bool
	// Says is told of each step as it begins, and of how much is copied; nil: nobody is.
	Says func(step string)
}

func (o CopyOptions) says(step string) {
	if o.Says != nil {
		o.Says(step)
	}
}

// Restore puts a backup in the place of the database at dsn. The backup is
// checked first: a damaged one is ErrNoBackup. A database that is there is
// ErrExists unless forced, and is then kept beside the new one under the
// name that comes back; one that is in use is ErrInUse. Whoever ends ctx before the
// last step leaves everything as it was.
func Restore(ctx context.Context, dsn, file string, o CopyOptions) (kept string, err error) {
	path, err := pathOf(dsn)
	if err != nil {
		return "", err
	}
	o.says("step 1 of 3: checking the backup")
	if err := checkBackup(ctx, file); err != nil {
		return "", fmt.Errorf("restore %s: %w", file, err)
	}
	part, err := emptyPart(path)
	if err != nil {
		return "", fmt.Errorf("restore %s: %w", file, err)
	}
	if err := copyInto(ctx, part, file, o.says); err != nil {
		return "", fmt.Errorf("restore %s: %w", file, errors.Join(err, os.Remove(part)))
	}
	if err := doubtLetters(ctx, part); err != nil {
		return "", fmt.Errorf("restore %s: %w", file, errors.Join(err, os.Remove(part)))
	}
	o.says("step 3 of 3: putting it in its place")
	if err := ctx.Err(); err != nil { // from here on it is finished
		return "", fmt.Errorf("restore %s: %w", file, errors.Join(err, os.Remove(part)))
	}
	ctx = context.WithoutCancel(ctx)
	release, kept, err := setAside(ctx, path, o.Force)
	if err != nil {
		return "", fmt.Errorf("restore over %s: %w", path, errors.Join(err, os.Remove(part)))
	}
	return kept, errors.Join(settle(part, path), release())
}

// doubtLetters marks orders that were on their way out when the backup was made:
// they may have left since, and a supplier delivers what he is sent twice.
func doubtLetters(ctx context.Context, part string) (err error) {
	pool, err := sql.Open("sqlite", plainSource(part))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	const q = `
		UPDATE order_mail
		SET status = 'unsure', trouble = 'A backup from before it was sent was put back. Ask the supplier whether the order arrived.'
		WHERE status IN ('waiting', 'sending')`
	_, err = pool.ExecContext(ctx, q)
	return err
}

// checkBackup opens a copy's content as a stranger's: nothing in it is believed. What is
// found while ctx ends says nothing of the copy.
func checkBackup(ctx context.Context, file string) error {
	if err := faultOf(ctx, file); ctx.Err() == nil {
		return err
	}
	return ctx.Err()
}

func faultOf(ctx context.Context, file string) error {
	d, err := Inspect(ctx, file)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoBackup, err)
	}
	report, err := d.Verify(ctx)
	if err = errors.Join(err, d.Close()); err != nil {
		return fmt.Errorf("%w: %w", ErrNoBackup, err)
	}
	if first := report.FirstFault(); first != nil {
		return fmt.Errorf("%w: %w", ErrNoBackup, first)
	}
	return nil
}

// copiedAtOnce is how many bytes of a backup are copied before somebody is told, or can stop it.
const copiedAtOnce = 64 << 20

func copyInto(ctx context.Context, part, file string, says func(step string)) (err error) {
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	to, err := os.OpenFile(part, os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	for copied := int64(0); ctx.Err() == nil; {
		says(fmt.Sprintf("step 2 of 3: copying, %d of %d MB", copied>>20, info.Size()>>20))
		n, err := io.CopyN(to, from, copiedAtOnce)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		copied += n
	}
	return ctx.Err()
}

// setAside renames the database that is there. Until release is called nobody
// else can open it, so that nothing is written to a file that is on its way out.
func setAside(ctx context.Context, path string, force bool) (release func() error, kept string, err error) {
	none := func() error { return nil }
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return none, "", nil
	}
	if !force {
		return none, "", ErrExists
	}
	pool, err := sql.Open("sqlite", plainSource(path, "busy_timeout(0)"))
	if err != nil {
		return none, "", err
	}
	pool.SetMaxOpenConns(1)
	// Leaving write-ahead mode folds the log into the file and needs it for oneself.
	var mode string
	err = pool.QueryRowContext(ctx, `PRAGMA journal_mode=DELETE`).Scan(&mode)
	if troubleOf(err) == upkeep.Damaged {
		kept, err := setDamagedAside(path)
		return none, kept, errors.Join(err, pool.Close())
	}
	if err != nil || mode != "delete" {
		return none, "", errors.Join(ErrInUse, pool.Close())
	}
	if _, err := pool.ExecContext(ctx, `BEGIN EXCLUSIVE`); err != nil {
		return none, "", errors.Join(ErrInUse, pool.Close())
	}
	kept = freeName(path + ".before-restore")
	if err := os.Rename(path, kept); err != nil {
		return none, "", errors.Join(err, pool.Close())
	}
	return pool.Close, kept, nil
}

// setDamagedAside renames a file that is no database any more, and its log, which
// would be taken for the restored one's.
func setDamagedAside(path string) (kept string, err error) {
	kept = freeName(path + ".before-restore")
	for _, part := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+part, kept+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return kept, nil
}

// freeName is the name, with a number behind it when it is taken.
func freeName(name string) string {
	free := name
	for n := 2; ; n++ {
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, n)
	}
}

// plainSource is source for a file whose mode stays as it is.
func plainSource(path string, pragmas ...string) string {
	return sourceOf(path, append([]string{"busy_timeout(10000)", "foreign_keys(1)", "temp_store(MEMORY)"}, pragmas...))
}
