package notify

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

// Precedent is the open alarm about the same thing, or at the same place, that somebody
// acknowledged last: what she said of it is offered again. nil where there is none. placeOf
// says where an alarm's thing is; what is nowhere shares its place with nothing.
func (a Alarm) Precedent(open []Alarm, placeOf func(Alarm) string) *Alarm {
	var last *Alarm
	here := placeOf(a)
	for _, other := range open {
		beside := other.Subject == a.Subject || here != "" && placeOf(other) == here
		if other.ID == a.ID || other.Ack.At.IsZero() || !beside {
			continue
		}
		if last == nil || other.Ack.At.After(last.Ack.At) {
			last = &other
		}
	}
	return last
}

// ErrUnknownLink: no notice carried this link, or it is too old.
var ErrUnknownLink = fmt.Errorf("link %w", hospital.ErrUnknown)

// linkFor is how long the link in a notice may be used.
const linkFor = 7 * 24 * time.Hour

// Link is the secret of a link by which whoever got a notice answers its alarm
// without signing in. It is made for each try of a notice, and only its hash is kept.
type Link string

func newLink() Link { return Link(rand.Text()) }

// Hash is what is kept of a link.
func (l Link) Hash() [sha256.Size]byte { return sha256.Sum256([]byte(l)) }

// String keeps a link out of logs.
func (Link) String() string { return "***" }

// Linked is a notice that a link was in, with its alarm and the person of its
// address; the zero Person where nobody has it.
type Linked struct {
	Notice Notice
	Alarm  Alarm
	Person hospital.Person
	MadeAt time.Time
}

// By is who answers by the link: the person of the address, or the address itself.
func (l Linked) By() hospital.Actor {
	if l.Person.ID != "" {
		by := l.Person.Actor()
		by.Name += ", by the link in a message"
		return by
	}
	return hospital.Actor{ID: hospital.PersonID("link:" + string(l.Notice.Way) + ":" + l.Notice.To), Name: l.Notice.ToName + ", by the link in a message"}
}

// Linked is the notice that a link came with; ErrUnknownLink when there is none,
// when it is older than a week, or its person's account is closed.
func (d Desk) Linked(ctx context.Context, link Link) (Linked, error) {
	l, err := d.Store.NoticeOfLink(ctx, link.Hash())
	if err != nil {
		return Linked{}, err
	}
	if d.Now().Sub(l.MadeAt) > linkFor || !l.Person.DisabledAt.IsZero() {
		return Linked{}, ErrUnknownLink
	}
	return l, nil
}

// AcknowledgeByLink is Acknowledge by whoever got a notice. The link stands for
// the permission: it was sent to those whom the ladder tells.
func (d Desk) AcknowledgeByLink(ctx context.Context, link Link, answer Answer) (Alarm, error) {
	linked, err := d.Linked(ctx, link)
	if err != nil {
		return Alarm{}, err
	}
	return d.acknowledge(ctx, linked.By(), linked.Alarm.ID, answer)
}
