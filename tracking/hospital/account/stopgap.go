package account

import (
	"context"
	"errors"
	"sync"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
)

// While nothing can be stored, people still have to see what is wrong. A session that is
// there goes on, and a right password lets in: both are kept in memory, and stored with
// their line of the audit trail as soon as that can be.

// stopgap is what could not be stored of sessions.
type stopgap struct {
	mu sync.Mutex
	// begun are sessions that are nowhere else; seen is when others were last used.
	begun map[Hash]Session
	seen  map[Hash]time.Time
}

// keep begins a session in memory.
func (s *stopgap) keep(one Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun == nil {
		s.begun = map[Hash]Session{}
	}
	makeRoom(s.begun, func(Session) bool { return false })
	s.begun[one.Hash] = one
}

// touch notes the use of a session.
func (s *stopgap) touch(hash Hash, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one, ok := s.begun[hash]; ok {
		one.SeenAt = at
		s.begun[hash] = one
		return
	}
	if s.seen == nil {
		s.seen = map[Hash]time.Time{}
	}
	makeRoom(s.seen, func(old time.Time) bool { return at.Sub(old) > time.Hour })
	s.seen[hash] = at
}

// lastUse is the later of what is stored and what is remembered.
func (s *stopgap) lastUse(one Session) Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.seen[one.Hash]; at.After(one.SeenAt) {
		one.SeenAt = at
	}
	return one
}

func (s *stopgap) session(hash Hash) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.begun[hash]
	return one, ok
}

func (s *stopgap) forget(hash Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.begun, hash)
	delete(s.seen, hash)
}

// sessionOf is the session of a secret and its person, from the store or from memory.
func (p *Porter) sessionOf(ctx context.Context, hash Hash) (Session, hospital.Person, error) {
	session, person, err := p.store.Session(ctx, hash)
	if err == nil {
		return p.stopgap.lastUse(session), person, nil
	}
	kept, ok := p.stopgap.session(hash)
	if !errors.Is(err, hospital.ErrUnknown) || !ok {
		return session, person, err
	}
	person, err = p.store.Person(ctx, kept.Person)
	return kept, person, err
}

// touchSession notes the use of a session; where nothing can be stored, in memory.
func (p *Porter) touchSession(ctx context.Context, session Session, person hospital.Person) error {
	kept, inMemory := p.stopgap.session(session.Hash)
	err := p.store.InTx(ctx, func(tx Tx) error {
		if !inMemory {
			return tx.TouchSession(ctx, session.Hash, tx.Now())
		}
		kept.SeenAt = tx.Now()
		return p.storeLate(ctx, tx, kept, person)
	})
	if upkeep.TroubleOf(err) != "" {
		p.stopgap.touch(session.Hash, p.now())
		return nil
	}
	if err == nil {
		p.stopgap.forget(session.Hash)
	}
	return err
}

// storeLate stores a session that was begun in memory, with its line of the trail.
func (p *Porter) storeLate(ctx context.Context, tx Tx, kept Session, person hospital.Person) error {
	if err := tx.StartSession(ctx, kept); err != nil {
		return err
	}
	return tx.Record(ctx, hospital.Deed{By: person.Actor(), What: "account.sign-in", On: "person/" + string(person.ID),
		Why: "signed in while nothing could be stored", After: jsonOf(map[string]any{"address": kept.Origin.Address, "at": kept.StartedAt.UTC()})})
}

// beginInMemory starts a session that can't be stored.
func (p *Porter) beginInMemory(ctx context.Context, who Credential, secret Secret, from Origin) (Secret, error) {
	person, err := p.store.Person(ctx, who.Person.ID)
	if err != nil {
		return "", err
	}
	if !person.DisabledAt.IsZero() {
		return "", errWrong
	}
	at := p.now()
	p.stopgap.keep(Session{Hash: secret.Hash(), Person: person.ID, StartedAt: at, SeenAt: at, Origin: from})
	p.throttle.succeeded(who.Person.Email, from.Address, at)
	return secret, nil
}
