package main

import (
	"errors"
	"time"
)

type serveCommand struct {
	config `embed:""`
}

// Run serves until the process is told to stop.
func (s serveCommand) Run(p process) error {
	h, err := build(p.ctx, s.config, newLog(p.stderr, s.LogLevel), time.Now)
	if err != nil {
		return err
	}
	if err := h.welcome(p.ctx, p.stderr); err != nil {
		return errors.Join(err, h.close())
	}
	return h.run(p.ctx, p.stdout)
}
