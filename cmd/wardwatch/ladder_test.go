package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheWatchdogHearsOfAHouseThatIsWellAlone(t *testing.T) {
	t.Parallel()
	heard, answer := 0, http.StatusOK
	watchdog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { heard++; w.WriteHeader(answer) }))
	defer watchdog.Close()
	var fault error
	b := heartbeat{url: watchdog.URL, client: watchdog.Client(), checks: func(context.Context) error { return fault }}
	if err := b.beat(t.Context()); err != nil || heard != 1 {
		t.Fatalf("a house that is well: %v, heard %d", err, heard)
	}
	fault = errors.New("the database is gone")
	if err := b.beat(t.Context()); !errors.Is(err, fault) || heard != 1 {
		t.Errorf("a house that is not well: %v, heard %d", err, heard)
	}
	fault, answer = nil, http.StatusNotFound
	if err := b.beat(t.Context()); err == nil || heard != 2 {
		t.Errorf("a watchdog that does not know us: %v", err)
	}
	watchdog.Close()
	if err := b.beat(t.Context()); err == nil {
		t.Error("a watchdog that is gone was reached")
	}
}

func TestTheHouseSaysWhetherItIsWell(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	if err := h.well(t.Context()); err != nil {
		t.Error(err)
	}
	if err := h.testLadder(t.Context(), h.now()); err != nil { // no ladder was stored: none is due
		t.Error(err)
	}
	if err := h.settleTest(t.Context(), h.now()); err != nil {
		t.Error(err)
	}
}
