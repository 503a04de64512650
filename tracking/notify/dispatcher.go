package notify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Message is a notice ready to be sent.
type Message struct {
	// ID is the same at every try, so that a receiver can tell a repeated message.
	ID       NoticeID
	To       string
	ToName   string
	Subject  string
	Body     string
	URL      string // where the alarm can be looked at; may be empty
	Answer   string // where whoever gets the message answers without signing in; a secret; may be empty
	Alarm    Alarm  // its Text worded as the message is
	Step     int
	Attempts int
	// Say words what a sender adds; nil: as it was written, in English.
	Say func(string) string
}

// Word is a sender's own text in the message's language.
func (m Message) Word(text string) string { return worded(m.Say, text) }

func worded(say func(string) string, text string) string {
	if say == nil {
		return text
	}
	return say(text)
}

// Sender takes a message away over one way.
type Sender interface {
	// Send returns once the other side has taken responsibility. ErrRefused in
	// the error says that trying again is of no use.
	Send(context.Context, Message) error
}

// ErrRefused: the other side will never take this message.
var ErrRefused = errors.New("refused for good")

// Outbox is where the dispatcher finds what is due.
type Outbox interface {
	// Claim hands over at most limit notices of a way that are due, marked as being
	// sent for the length of the lease; one whose dispatcher died comes again after that.
	Claim(ctx context.Context, way Way, limit int, lease time.Duration) ([]Claimed, error)
	// Done notes the outcome of a try.
	Done(ctx context.Context, n Notice) error
	// Release makes what is marked as being sent due at once: whoever was sending it has died.
	Release(ctx context.Context) error
	// AddLink keeps the hash of the link that a try of a notice carries.
	AddLink(ctx context.Context, notice NoticeID, hash [sha256.Size]byte) error
	// NextTry is when the next notice of a way may be tried; false when none waits.
	NextTry(ctx context.Context, way Way) (time.Time, bool, error)
}

// Claimed is a notice with its alarm.
type Claimed struct {
	Notice Notice
	Alarm  Alarm
}

const (
	// MaxTries is how often a notice is tried before it counts as failed.
	MaxTries = 8
	// claimSize is how many notices of a way are taken, and sent, at once.
	claimSize = 8
	// sendTime is how long one try may take.
	sendTime = 30 * time.Second
	// noteTime is for how long the outcome of a try is tried to be kept.
	noteTime = 45 * time.Second
	// lease is how long a dispatcher that has died keeps its notices: longer than it takes to send a claim and to note it.
	lease = sendTime + noteTime + 15*time.Second
	// idle is the longest sleep while something waits: the house's clock may run faster than ours.
	idle = 2 * time.Second
)

// Dispatcher sends what is due.
type Dispatcher struct {
	Outbox Outbox
	Ways   map[Way]Sender
	Now    func() time.Time
	Log    *slog.Logger
	// URL is where people reach Wardwatch; may be empty.
	URL string
	// Zone is the clock that messages tell times by; nil: UTC.
	Zone func() *time.Location
	// Say words messages; nil: as they were written, in English. What the outbox and the
	// audit trail keep stays as it was written.
	Say func(string) string
	// Patience is how long one try may take; zero: half a minute. A server that takes
	// a connection and never answers is given up then, and tried again later.
	Patience time.Duration
	// Wake is told when the alarms may have changed; a full channel loses nothing.
	Wake <-chan struct{}
}

// Run sends until ctx ends, each way by itself: a mail server that hangs keeps no
// webhook and no text message waiting. There is one dispatcher on a database: what
// one before it had claimed when it died is sent first, not when its lease runs out.
func (d *Dispatcher) Run(ctx context.Context) error {
	if err := d.Outbox.Release(ctx); err != nil {
		return fmt.Errorf("look for notices whose sending was cut off: %w", err)
	}
	var all sync.WaitGroup
	wakes := map[Way]chan struct{}{}
	for _, way := range Ways() {
		wake := make(chan struct{}, 1)
		wakes[way] = wake
		all.Go(func() { d.runWay(ctx, way, wake) })
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-d.Wake:
			for _, wake := range wakes {
				select {
				case wake <- struct{}{}:
				default: // it will look already
				}
			}
		}
	}
	all.Wait()
	return ctx.Err()
}

// runWay sends what goes one way until ctx ends.
func (d *Dispatcher) runWay(ctx context.Context, way Way, wake <-chan struct{}) {
	for ctx.Err() == nil {
		sent, err := d.sendDue(ctx, way)
		if err != nil && ctx.Err() == nil {
			d.Log.Error("notices could not be sent", "way", way, "error", err)
		}
		if sent > 0 && err == nil {
			continue
		}
		d.rest(ctx, way, wake, err != nil)
	}
}

// rest waits until a notice of a way may be due or somebody calls.
func (d *Dispatcher) rest(ctx context.Context, way Way, wake <-chan struct{}, failed bool) {
	var timer <-chan time.Time
	next, waiting, err := d.Outbox.NextTry(ctx, way)
	if failed || err != nil {
		timer = time.After(idle)
	} else if waiting {
		timer = time.After(min(max(next.Sub(d.Now()), 10*time.Millisecond), idle))
	}
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer:
	}
}

// SendDue sends one claim of due notices of every way, all ways at once, and
// answers how many it tried.
func (d *Dispatcher) SendDue(ctx context.Context) (int, error) {
	var all sync.WaitGroup
	tried, errs := make([]int, len(Ways())), make([]error, len(Ways()))
	for i, way := range Ways() {
		all.Go(func() { tried[i], errs[i] = d.sendDue(ctx, way) })
	}
	all.Wait()
	sum := 0
	for _, n := range tried {
		sum += n
	}
	return sum, errors.Join(errs...)
}

// sendDue sends one claim of a way, all of it at once: nobody waits for the one
// before her whose server hangs, and what is claimed is under way, so that an
// acknowledgement stops all that is not.
func (d *Dispatcher) sendDue(ctx context.Context, way Way) (int, error) {
	claimed, err := d.Outbox.Claim(ctx, way, claimSize, lease)
	if err != nil {
		return 0, fmt.Errorf("claim due notices: %w", err)
	}
	var all sync.WaitGroup
	errs := make([]error, len(claimed))
	for i, c := range claimed {
		all.Go(func() {
			outcome := d.try(ctx, c)
			if err := d.note(ctx, outcome); err != nil {
				errs[i] = fmt.Errorf("note outcome of notice %d: %w", outcome.ID, err)
			}
		})
	}
	all.Wait()
	return len(claimed), errors.Join(errs...)
}

// note keeps the outcome of a try, and tries again while a disk is full or read-only:
// forgotten, whoever was told would be told once more when the lease runs out.
func (d *Dispatcher) note(ctx context.Context, outcome Notice) error {
	for begun := time.Now(); ; {
		err := d.Outbox.Done(context.WithoutCancel(ctx), outcome)
		if err == nil || time.Since(begun) > noteTime {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(idle):
		}
	}
}

// try sends one notice and says what became of it.
func (d *Dispatcher) try(ctx context.Context, c Claimed) Notice {
	n := c.Notice
	n.Tries++
	sender, configured := d.Ways[n.Way]
	if !configured {
		n.Status, n.DoneAt, n.Outcome = Failed, d.Now(), "this server is not set up to send "+string(n.Way)
		return n
	}
	sending, cancel := context.WithTimeout(ctx, d.patience())
	defer cancel()
	message, err := d.message(ctx, c)
	if err == nil {
		err = sender.Send(sending, message)
	}
	switch {
	case err == nil:
		n.Status, n.DoneAt, n.Outcome = Sent, d.Now(), "taken"
	case errors.Is(err, ErrRefused) || n.Tries >= MaxTries:
		n.Status, n.DoneAt, n.Outcome = Failed, d.Now(), err.Error()
		d.Log.Error("a notice could not be delivered", "notice", n.ID, "way", n.Way, "error", err)
	default:
		n.Status, n.TryAt, n.Outcome = Waiting, d.Now().Add(backOff(n.Tries)), err.Error()
	}
	return n
}

func (d *Dispatcher) patience() time.Duration {
	if d.Patience > 0 {
		return min(d.Patience, sendTime)
	}
	return sendTime
}

// backOff doubles from ten seconds: eight tries take about twenty minutes.
func backOff(tries int) time.Duration {
	return 10 * time.Second << max(tries-1, 0)
}

func (d *Dispatcher) message(ctx context.Context, c Claimed) (Message, error) {
	a := c.Alarm
	a.Text = worded(d.Say, a.Text)
	m := Message{ID: c.Notice.ID, To: c.Notice.To, ToName: c.Notice.ToName, Alarm: a, Step: c.Notice.Step, Attempts: c.Notice.Tries, Say: d.Say}
	m.Subject = fmt.Sprintf("%s: %s, %s", a.Name, m.Word(string(a.Kind)), m.Word(a.Severity.String()))
	zone := time.UTC
	if d.Zone != nil {
		zone = d.Zone()
	}
	m.Body = fmt.Sprintf("%s\n%s\n%s\n", a.Name, a.Text, m.Word("Since "+a.RaisedAt.In(zone).Format("2 Jan 2006 15:04 MST")+"."))
	switch {
	case !a.Ack.At.IsZero():
		m.Body += m.Word(fmt.Sprintf("%s acknowledged it at %s, and it still goes on.", a.Ack.ByName, a.Ack.At.In(zone).Format("15:04"))) + "\n"
	case c.Notice.Step > 0:
		m.Body += m.Word("Nobody has acknowledged it yet.") + "\n"
	}
	if d.URL != "" {
		link := newLink()
		if err := d.Outbox.AddLink(ctx, c.Notice.ID, link.Hash()); err != nil {
			return Message{}, fmt.Errorf("keep the link of notice %d: %w", c.Notice.ID, err)
		}
		m.URL, m.Answer = d.URL+"/alarms#alarm-"+fmt.Sprint(a.ID), d.URL+"/answer/"+string(link)
		m.Body += "\n" + m.Word("Acknowledge it here") + ": " + m.Answer + "\n" + m.Word("Look at it") + ": " + m.URL + "\n"
	}
	return m, nil
}
