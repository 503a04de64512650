package supplier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pkg/sftp"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

const (
	// maxFetched is how many answers one look into a folder takes.
	maxFetched = 100
	// settled is how long a file must have lain unchanged: a younger one may still be written.
	settled = 10 * time.Second
	// setAside is added to the name of a file that was refused, so that it is not read again.
	setAside = ".refused"
)

// Fetch hands the answers that lie in a supplier's folder to take, the oldest name
// first. One that was taken is removed; one that take refuses is set aside under
// another name, for the supplier to see; after any other error the folder is left as
// it is. It says how many were taken. A file whose removal failed comes again, and
// taking it twice changes nothing.
func (f Folder) Fetch(ctx context.Context, s inventory.Supplier, at time.Time, take func(name string, file []byte) error) (n int, err error) {
	err = f.within(ctx, s.ID, s.Channel, func(files *sftp.Client, _ string) error {
		folder := path.Join("/", s.Channel.Answers)
		names, err := answersIn(files, folder, at)
		for _, name := range names {
			file, err := readAnswer(files, path.Join(folder, name))
			if err != nil {
				return err
			}
			if err := settle(files, path.Join(folder, name), take(name, file)); err != nil {
				return err
			}
			n++
		}
		return err
	})
	if err != nil {
		return n, fmt.Errorf("fetch answers of supplier %s: %w", s.ID, err)
	}
	return n, nil
}

// answersIn are the names of the files that can be read now, in their order.
func answersIn(files *sftp.Client, folder string, at time.Time) (names []string, err error) {
	all, err := files.ReadDir(folder)
	for _, file := range all {
		age := at.Sub(file.ModTime())
		young := age >= 0 && age < settled // the clock there may run ahead
		if file.Mode().IsRegular() && strings.HasSuffix(strings.ToLower(file.Name()), ".xml") && !strings.HasPrefix(file.Name(), ".") && !young {
			names = append(names, file.Name())
		}
	}
	slices.Sort(names)
	return names[:min(len(names), maxFetched)], err
}

// readAnswer reads one byte more than an answer may have: enough to refuse it.
func readAnswer(files *sftp.Client, name string) ([]byte, error) {
	in, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	file, err := io.ReadAll(io.LimitReader(in, MaxAnswer+1))
	return file, errors.Join(err, in.Close())
}

// settle removes a file that was taken, and sets one aside that was refused.
func settle(files *sftp.Client, name string, outcome error) error {
	switch {
	case outcome == nil:
		return files.Remove(name)
	case errors.Is(outcome, hospital.ErrInvalid), errors.Is(outcome, hospital.ErrUnknown), errors.Is(outcome, hospital.ErrStale):
		return files.Rename(name, name+setAside)
	}
	return outcome
}
