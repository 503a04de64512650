// Package logger reads the files that temperature loggers leave on a USB stick:
// Berlinger's Fridge-tag and Q-tag exports, and CSV.
//
// Read recognises the format from the content. Loggers write the time of their
// own clock without saying which zone it is in; a Recording keeps such times as
// they are written and Recording.In places them in a zone.
package logger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"wardwatch/tracking/coldchain"
)

// Limits of a file.
const (
	// MaxFile is the largest file, in bytes: ten years at one-minute steps.
	MaxFile = 256 << 20
	// MaxRows is the most readings in one file.
	MaxRows = 6_000_000
	// maxLine is the longest line; Berlinger's signatures are the longest known.
	maxLine = 64 << 10
)

// What can be wrong with a file.
var (
	// ErrFormat: no supported logger writes such a file.
	ErrFormat = errors.New("not a file of a supported logger")
	// ErrTooLarge: a file is larger than MaxFile or MaxRows allow.
	ErrTooLarge = errors.New("the file is too large")
)

// Recording is what a file tells.
type Recording struct {
	// Format is "berlinger" or "csv".
	Format string
	// Device and Serial are empty where the file does not say.
	Device, Serial string
	// Local is true when times are of the device's own clock, written as if they
	// were UTC; In places them in a zone.
	Local bool
	// Rows are the readings in the file's order.
	Rows []coldchain.Point
	// Unplugged are the times at which the probe was out ("--.-").
	Unplugged []time.Time
	// Days are the device's own daily summaries, oldest first; a device without a
	// log has nothing else.
	Days []Day
	// Limits are the alarms that the device was set to.
	Limits []Limit
	// Skipped counts rows that hold no reading, Faults tells of the first of them.
	Skipped int
	Faults  []string
}

// Limit is an alarm that a device was set to.
type Limit struct {
	Index    int
	Temp     coldchain.MilliCelsius
	Duration time.Duration
}

// Day is a device's own summary of a calendar day of its clock.
type Day struct {
	Date           string // "2023-02-14"
	Min, Mean, Max coldchain.MilliCelsius
	// Known is false where the device had no value for the day.
	Known bool
	// Beyond is the time beyond each limit, by the limit's index, and when in the
	// day its alarm began; RangAt is negative when it did not ring.
	Beyond map[int]DayAlarm
	// Unplugged is how long the probe was out.
	Unplugged time.Duration
}

// DayAlarm is one limit's part in a day.
type DayAlarm struct {
	Beyond time.Duration
	// RangAt is the time of day at which the alarm began; negative when it did not.
	RangAt time.Duration
}

// maxFaults is how many faulty rows are told of.
const maxFaults = 20

func (r *Recording) skip(line int, why string) {
	r.Skipped++
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf("line %d: %s", line, why))
	}
}

// Read reads a file. What is wrong with it wraps ErrFormat or ErrTooLarge; a row
// that holds no reading is skipped and told of.
func Read(from io.Reader) (Recording, error) {
	head := bufio.NewReaderSize(&bounded{from: from, left: MaxFile}, maxLine)
	start, err := head.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return Recording{}, fmt.Errorf("read logger file: %w", err)
	}
	start = bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))
	var r Recording
	if bytes.HasPrefix(bytes.TrimSpace(start), []byte("Device:")) {
		r, err = readBerlinger(head)
	} else {
		r, err = readCSV(head)
	}
	if err != nil {
		return Recording{}, fmt.Errorf("read logger file: %w", err)
	}
	return r, nil
}

// bounded reads at most left bytes and then says that there is too much.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
