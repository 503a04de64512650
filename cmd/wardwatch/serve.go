package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/web"
)

type serveCommand struct {
	config  `embed:""`
	Profile string `hidden:"" type:"path" placeholder:"FOLDER" help:"Where profiles of the processor's time and of memory go, for go tool pprof."`
}

// Run serves until the process is told to stop.
func (s serveCommand) Run(p process) error {
	return profiled(p.ctx, s.Profile, func() error { return s.serve(p) })
}

func (s serveCommand) serve(p process) error {
	h, err := s.open(p.ctx, newLog(p.stderr, s.LogLevel), openAgain)
	if h == nil || err != nil {
		return err
	}
	if err := h.welcome(p.ctx, p.stderr); err != nil {
		return errors.Join(err, h.close())
	}
	return h.run(p.ctx, p.stdout)
}

// openAgain is how long it takes until a database that could not be opened is tried again.
const openAgain = 10 * time.Second

// open puts the house together. While its database can't be used it answers everybody
// that and why, and tries again: ending would only make whoever looks after processes
// start it anew, for ever. Nil without an error when it was told to stop meanwhile.
func (s serveCommand) open(ctx context.Context, log *slog.Logger, again time.Duration) (*house, error) {
	for {
		h, err := build(ctx, s.config, log, time.Now)
		trouble := upkeep.TroubleOf(err)
		if trouble == "" {
			return h, err
		}
		log.Error("the database can't be used; trying again", "trouble", string(trouble), "error", err)
		if err := s.excuse(ctx, trouble, log, again); err != nil || ctx.Err() != nil {
			return nil, err
		}
	}
}

// excuse answers all requests with why nothing works, for a while.
func (s serveCommand) excuse(ctx context.Context, trouble upkeep.Trouble, log *slog.Logger, again time.Duration) error {
	plain, err := net.Listen("tcp", s.HTTP)
	if err != nil {
		return fmt.Errorf("listen for pages (choose another address with --http): %w", err)
	}
	files, err := openCertificates(s.config, log)
	if err != nil {
		return errors.Join(err, plain.Close())
	}
	listener := (&house{tls: files}).overTLS(plain)
	log.Info("telling visitors so", "http", listener.Addr().String())
	server := &http.Server{Handler: web.Excuse(trouble), ReadHeaderTimeout: headerTime, ReadTimeout: headerTime, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	ctx, cancel := context.WithTimeout(ctx, again)
	defer cancel()
	ended := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer ended()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
