package upkeep

import "time"

// Backup is one copy of the database that is kept.
type Backup struct {
	File      string // its name, without the folder
	At        time.Time
	Size      int64 // bytes
	Encrypted bool
}

// Backups are the copies there are, the newest first.
type Backups struct {
	// Folder is where they lie; empty: no copies are made.
	Folder    string
	Encrypted bool // what is made from now on
	Keep      int  // how many stay
	Files     []Backup
	// Fault says why the folder can't be read; empty when it can.
	Fault string
}
