// Package upkeep is how the house itself does: whether anything can be stored,
// which jobs ran by the clock and how they ended, which backups there are. It holds
// the words for it and who may see and do what; the program fills it.
package upkeep

import (
	"errors"
	"time"
)

// ErrUnkept says that nothing can be stored just now: whoever sent something keeps
// it and sends it again, whoever typed something is told. The Trouble that is in the
// error's chain says why.
var ErrUnkept = errors.New("nothing can be stored now")

// Trouble is why nothing can be stored; empty for no trouble. As an error it is ErrUnkept.
type Trouble string

// The troubles.
const (
	// DiskFull: the disk, or the share of it that the database may use.
	DiskFull Trouble = "disk full"
	// ReadOnly: the file or its disk may not be written to.
	ReadOnly Trouble = "read-only"
	// DiskFails: the disk answers with errors.
	DiskFails Trouble = "disk fails"
	// Damaged: the file is not a sound database any more. Nothing more is written to it.
	Damaged Trouble = "database damaged"
)

// Troubles lists them all.
func Troubles() []Trouble { return []Trouble{DiskFull, ReadOnly, DiskFails, Damaged} }

// Error names the trouble.
func (t Trouble) Error() string { return string(t) }

// Is makes every trouble ErrUnkept.
func (t Trouble) Is(target error) bool { return target == ErrUnkept }

var sentences = map[Trouble]string{
	DiskFull:  "The server's disk is full, so nothing can be saved and readings are refused; gateways keep them and send them again. Whoever looks after the server must make room: Wardwatch goes on by itself.",
	ReadOnly:  "The server's disk can't be written to, so nothing can be saved and readings are refused; gateways keep them and send them again. Whoever looks after the server must make it writable: Wardwatch goes on by itself.",
	DiskFails: "The server's disk fails, so nothing can be saved and readings are refused; gateways keep them and send them again. Whoever looks after the server must look at the disk now.",
	Damaged:   "The database is damaged, so nothing more is written to it and readings are refused; gateways keep them and send them again. Whoever looks after the server must restore the newest backup: wardwatch restore.",
}

// Sentence says what it means and who must do what; empty for no trouble.
func (t Trouble) Sentence() string { return sentences[t] }

// TroubleOf is the trouble in an error's chain; empty when it has none.
func TroubleOf(err error) Trouble {
	trouble, _ := errors.AsType[Trouble](err)
	return trouble
}

// Storage is how what is stored does.
type Storage struct {
	Trouble Trouble
	Since   time.Time // when the trouble was first met
	// Size is how long the database file is, Free how much of its disk is left, both in
	// bytes; Free is -1 where that can't be told.
	Size, Free int64
}

const (
	// leastFree is how much of the disk should be left at least, in bytes.
	leastFree = 512 << 20
	// leastShare is how many times its own size the database should have left.
	leastShare = 0.25
)

// Narrow says whether the disk fills up: nothing is wrong yet, but somebody should make room.
func (s Storage) Narrow() bool {
	return s.Free >= 0 && s.Free < max(leastFree, int64(leastShare*float64(s.Size)))
}
