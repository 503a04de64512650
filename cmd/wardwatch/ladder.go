package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"wardwatch/tracking/hospital"
)

const (
	// testHour is when a test alarm rings on the days that the ladder names: by day, when people are there.
	testHour = 10
	// heartbeatEvery is how often a watchdog outside is told that all is well.
	heartbeatEvery = time.Minute
	// heartbeatTime is how long it may take to answer.
	heartbeatTime = 15 * time.Second
)

// testLadder rings a test alarm on the days that the ladder names.
func (h *house) testLadder(ctx context.Context, at time.Time) error {
	local := at.In(h.register.Current().Site.Location())
	due, err := h.desk.TestDue(ctx, local.Weekday())
	if err != nil || !due {
		return err
	}
	_, err = h.desk.Test(ctx, hospital.Job("test alarm"))
	return err
}

func (h *house) settleTest(ctx context.Context, _ time.Time) error {
	return h.desk.SettleTest(ctx, hospital.Job("test alarm"))
}

// heartbeat tells a watchdog outside that the house is alive. It is silent while
// something that must work does not: then the watchdog calls somebody.
type heartbeat struct {
	url    string
	checks func(context.Context) error
	client *http.Client
}

// beat asks the watchdog's address once, if all is well.
func (b heartbeat) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, heartbeatTime)
	defer cancel()
	if err := b.checks(ctx); err != nil {
		return fmt.Errorf("the watchdog was not told: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return err
	}
	answer, err := b.client.Do(request)
	if err != nil {
		return fmt.Errorf("the watchdog can't be reached") // its address may hold a secret
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("the watchdog answered %d", answer.StatusCode)
	}
	return nil
}

func (h *house) wireHeartbeat() {
	address := h.config.HeartbeatURL.reveal()
	if address == "" {
		return
	}
	b := heartbeat{url: address, checks: h.well, client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	h.work = append(h.work, task{"heartbeat", func(ctx context.Context) error {
		ticker := time.NewTicker(heartbeatEvery)
		defer ticker.Stop()
		for {
			if err := b.beat(ctx); err != nil && ctx.Err() == nil {
				h.log.Warn("no heartbeat", "error", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
			}
		}
	}})
}

// well is nil while everything works that /readyz asks for.
func (h *house) well(ctx context.Context) error {
	for _, check := range h.parts.Checks {
		if err := check.Work(ctx); err != nil {
			return fmt.Errorf("%s: %w", check.Name, err)
		}
	}
	return nil
}
