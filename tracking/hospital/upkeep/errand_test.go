package upkeep

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func worker(name string) hospital.Actor {
	return hospital.Actor{ID: hospital.PersonID(name), Name: name, Roles: []hospital.Role{hospital.Administrator}}
}

// TestAnErrandSaysItsStepAndEndsWhenItIsStopped: whoever started it sees its step and may stop
// it; nobody else knows of it; what panics is a failure of its own.
func TestAnErrandSaysItsStepAndEndsWhenItIsStopped(t *testing.T) {
	e, ada := &Errands{Now: func() time.Time { return noon }}, worker("ada")
	begun := make(chan struct{})
	id, err := e.Start(t.Context(), ada, Task{Title: "Take in a file", Of: "x.csv", Back: "/admin/imports"}, func(ctx context.Context, says Says) (Outcome, error) {
		pace := NewPace(ctx, says.After(1))
		if err := pace.Begin("equipment", 1, 3, 600); err != nil {
			return Outcome{}, err
		}
		if err := pace.On(300); err != nil {
			return Outcome{}, err
		}
		close(begun)
		<-ctx.Done()
		return Outcome{}, pace.On(300)
	})
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	if now, err := e.Find(ada, id); err != nil || now.Step != (Step{"equipment", 2, 4, 300, 600}) || !now.Ended.IsZero() {
		t.Errorf("under way: %+v, %v", now, err)
	}
	if _, err := e.Find(worker("bo"), id); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("another finds it: %v", err)
	}
	if err := e.Stop(worker("bo"), id); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("another stops it: %v", err)
	}
	if _, ended := e.Wait(t.Context(), id, 0); ended {
		t.Error("it ended by itself")
	}
	if err := e.Stop(ada, id); err != nil {
		t.Fatal(err)
	}
	if now, ended := e.Wait(t.Context(), id, time.Minute); !ended || !errors.Is(now.Err, ErrStopped) || !now.Stopping {
		t.Errorf("stopped: %+v", now)
	}
	id, _ = e.Start(t.Context(), ada, Task{}, func(context.Context, Says) (Outcome, error) { panic("bad file") })
	if now, ended := e.Wait(t.Context(), id, time.Minute); !ended || now.Err == nil || !strings.Contains(now.Err.Error(), "bad file") {
		t.Errorf("panicked: %+v", now)
	}
}

// TestAPageFindsItsErrands: the newest first, one's own, and none of a page beside it.
func TestAPageFindsItsErrands(t *testing.T) {
	at := noon
	e, ada := &Errands{Now: func() time.Time { return at }}, worker("ada")
	does := func(by hospital.Actor, of, back string) {
		t.Helper()
		id, err := e.Start(t.Context(), by, Task{Of: of, Back: back}, func(context.Context, Says) (Outcome, error) { return Outcome{}, nil })
		if err != nil {
			t.Fatal(err)
		}
		e.Wait(t.Context(), id, time.Minute)
	}
	does(ada, "first", "/fridges/f-1")
	does(ada, "another fridge's", "/fridges/f-10")
	does(worker("bo"), "another's", "/fridges/f-1")
	does(ada, "second", "/fridges/f-1/readings/x")
	var of []string
	for _, one := range e.Lately(ada, "/fridges/f-1") {
		of = append(of, one.Of)
	}
	if got := strings.Join(of, ", "); got != "second, first" {
		t.Errorf("the page finds %q", got)
	}
	at = at.Add(errandKept + time.Second)
	if late := e.Lately(ada, "/fridges/f-1"); len(late) > 0 {
		t.Errorf("after half an hour: %+v", late)
	}
}

// TestErrandsAreBounded: four at once, and the house waits for them when it ends.
func TestErrandsAreBounded(t *testing.T) {
	at := noon
	e, ada := &Errands{Now: func() time.Time { return at }}, worker("ada")
	waits := func(ctx context.Context, _ Says) (Outcome, error) { <-ctx.Done(); return Outcome{}, context.Cause(ctx) }
	var ids []string
	for range MaxErrands {
		id, err := e.Start(t.Context(), ada, Task{}, waits)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if _, err := e.Start(t.Context(), ada, Task{}, waits); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("one too many: %v", err)
	}
	if err := e.Stop(ada, ids[0]); err != nil {
		t.Fatal(err)
	}
	e.Wait(t.Context(), ids[0], time.Minute)
	at = at.Add(errandKept + time.Second)
	if _, err := e.Start(t.Context(), ada, Task{}, waits); err != nil {
		t.Errorf("one has ended, and there is no room: %v", err)
	}
	if _, err := e.Find(ada, ids[0]); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("after half an hour it is remembered: %v", err)
	}
	ending, end := context.WithCancel(t.Context())
	end()
	if err := e.Run(ending); err != nil {
		t.Error(err)
	}
	if now, ended := e.Wait(t.Context(), ids[1], 0); !ended || !errors.Is(now.Err, ErrStopped) {
		t.Errorf("at the house's end: %+v", now)
	}
	if _, err := e.Start(t.Context(), ada, Task{}, waits); err == nil {
		t.Error("an errand begins in a house that ends")
	}
}

func TestReadingAFileSaysHowFarAndStops(t *testing.T) {
	var last Step
	if text, err := io.ReadAll(Reading(t.Context(), func(s Step) { last = s }, []byte("abc"), 2)); err != nil || string(text) != "abc" || last != (Step{"reading the file", 1, 2, 3, 3}) {
		t.Errorf("%q, %v, %+v", text, err, last)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	stop(ErrStopped)
	if _, err := io.ReadAll(Reading(ctx, nil, []byte("abc"), 2)); !errors.Is(err, ErrStopped) {
		t.Errorf("it reads on: %v", err)
	}
}
