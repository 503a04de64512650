package upkeep

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"wardwatch/tracking/hospital"
)

// Limits of errands.
const (
	// MaxErrands is how many are under way at once; MaxEnded how many that ended are remembered.
	MaxErrands = 4
	MaxEnded   = 64
	// errandKept is how long an errand that ended is remembered.
	errandKept = 30 * time.Minute
)

// Errand is long work that a person started on a page and may stop: an import, a logger's file.
type Errand struct {
	ID string
	By hospital.PersonID
	Task
	Began    time.Time
	Ended    time.Time // zero while it is under way
	Step     Step
	Stopping bool
	// Outcome and Err are what came of it, once it has ended. Err is ErrStopped where
	// somebody stopped it and all is as it was; a refusal says what else it left.
	Outcome Outcome
	Err     error
}

// Task says what an errand is: "Take in a file", of which thing, as a person named it, and
// from which page it was started. InParts is set where what is done stays done: stopping it
// keeps the parts before the one that it stopped in, and its refusal says how much that is.
type Task struct {
	Title, Of, Back string
	InParts         bool
}

// Outcome is what an errand reports: a sentence, and the page that shows what came of it.
type Outcome struct{ Said, Href string }

// Work is what an errand does. It ends soon after ctx does, and has then changed nothing, or
// what its task's InParts allows.
type Work func(ctx context.Context, says Says) (Outcome, error)

// Errands are those under way and those that ended lately, in memory: a restart ends them,
// and what they had not finished is as it was.
type Errands struct {
	Now func() time.Time

	mu      sync.Mutex
	all     []*underWay
	working sync.WaitGroup
	closed  bool
}

type underWay struct {
	Errand
	stop  context.CancelCauseFunc
	ended chan struct{}
}

// Start begins an errand that goes on after whoever asked has gone. It is ErrStale while
// too many are under way.
func (e *Errands) Start(ctx context.Context, by hospital.Actor, task Task, work Work) (id string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forgetOld()
	busy := 0
	for _, other := range e.all {
		if other.Errand.Ended.IsZero() {
			busy++
		}
	}
	if e.closed || busy >= MaxErrands {
		return "", hospital.Refuse(hospital.ErrStale, "Too much is being taken in just now. Try again in a minute.")
	}
	working, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	one := &underWay{Errand: Errand{ID: rand.Text(), By: by.ID, Task: task, Began: e.Now()}, stop: stop, ended: make(chan struct{})}
	e.all = append(e.all, one)
	e.working.Go(func() { e.run(working, one, work) })
	return one.ID, nil
}

func (e *Errands) run(ctx context.Context, one *underWay, work Work) {
	done, err := guardedWork(ctx, work, func(step Step) {
		e.mu.Lock()
		defer e.mu.Unlock()
		one.Step = step
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil && errors.Is(context.Cause(ctx), ErrStopped) && hospital.Sentence(err) == "" {
		err = ErrStopped
	}
	one.stop(nil)
	one.Outcome, one.Err, one.Errand.Ended = done, err, e.Now()
	close(one.ended)
}

// guardedWork turns a panic into an error: one bad file must not take down the house.
func guardedWork(ctx context.Context, work Work, says Says) (done Outcome, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("an errand panicked: %v", reason)
		}
	}()
	return work(ctx, says)
}

// forgetOld drops what ended long ago, and the oldest of what ended where they are many.
func (e *Errands) forgetOld() {
	ended := 0
	for i := len(e.all) - 1; i >= 0; i-- {
		at := e.all[i].Errand.Ended
		if at.IsZero() {
			continue
		}
		if ended++; ended > MaxEnded || e.Now().Sub(at) > errandKept {
			e.all = slices.Delete(e.all, i, i+1)
		}
	}
}

// Wait is an errand as it stands once it has ended, or after a while; ended says which.
func (e *Errands) Wait(ctx context.Context, id string, patience time.Duration) (now Errand, ended bool) {
	one := e.find(id)
	if one == nil {
		return Errand{}, false
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-one.ended:
	case <-timer.C:
	case <-ctx.Done():
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return one.Errand, !one.Errand.Ended.IsZero()
}

func (e *Errands) find(id string) *underWay {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range e.all {
		if one.ID == id {
			return one
		}
	}
	return nil
}

// Find is an errand of that person's as it stands; ErrUnknown for nobody's, another's, and
// one that ended long ago.
func (e *Errands) Find(by hospital.Actor, id string) (Errand, error) {
	one := e.find(id)
	if one == nil || one.By != by.ID {
		return Errand{}, hospital.Refuse(hospital.ErrUnknown, "This work is not known any more. It ended, or the server was started anew.")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return one.Errand, nil
}

// Lately are that person's errands that were started from one of a page's addresses (the page
// itself and what stands below it), as they stand, the newest first.
func (e *Errands) Lately(by hospital.Actor, page string) (all []Errand) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forgetOld()
	for _, one := range slices.Backward(e.all) {
		if one.By == by.ID && (one.Back == page || strings.HasPrefix(one.Back, page+"/")) {
			all = append(all, one.Errand)
		}
	}
	return all
}

// Stop asks an errand of that person's to end before it is done. One that has ended stays as it is.
func (e *Errands) Stop(by hospital.Actor, id string) error {
	if _, err := e.Find(by, id); err != nil {
		return err
	}
	one := e.find(id)
	e.mu.Lock()
	defer e.mu.Unlock()
	one.Stopping = true
	one.stop(ErrStopped)
	return nil
}

// Run waits until ctx ends; then it stops all errands and waits for their end.
func (e *Errands) Run(ctx context.Context) error {
	<-ctx.Done()
	e.mu.Lock()
	e.closed = true
	for _, one := range e.all {
		one.stop(ErrStopped)
	}
	e.mu.Unlock()
	e.working.Wait()
	return nil
}
