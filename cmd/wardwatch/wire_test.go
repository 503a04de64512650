package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

func buildHouse(t *testing.T) *house {
	t.Helper()
	h, err := build(t.Context(), config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: filepath.Join(t.TempDir(), "w.db")},
		slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAWorkerThatFailsStopsTheHouse(t *testing.T) {
	onPurpose := errors.New("on purpose")
	h := buildHouse(t)
	h.work = append(h.work, task{"faulty part", func(context.Context) error { return onPurpose }})
	ended := make(chan error, 1)
	go func() { ended <- h.run(t.Context(), io.Discard) }()
	select {
	case err := <-ended:
		if !errors.Is(err, onPurpose) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the house goes on without one of its parts")
	}
}

func TestARequestInProgressIsAnsweredBeforeTheHouseCloses(t *testing.T) {
	h := buildHouse(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	slow := echo.New()
	slow.GET("/slow", func(c echo.Context) error {
		close(asked)
		<-answer
		return h.db.Ping(c.Request().Context()) // the database must still be there
	})
	h.server.Handler = slow
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx, io.Discard) }()
	status := make(chan int, 1)
	go func() {
		response, err := http.Get("http://" + h.pages.Addr().String() + "/slow")
		if err != nil {
			status <- 0
			return
		}
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	<-asked
	stop()
	for { // until the door takes nobody any more
		response, err := http.Get("http://" + h.pages.Addr().String() + "/healthz")
		if err != nil {
			break
		}
		_ = response.Body.Close()
	}
	close(answer)
	if got := <-status; got != http.StatusOK {
		t.Errorf("the request in progress was answered %d", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
