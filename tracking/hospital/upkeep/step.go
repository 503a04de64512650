package upkeep

import (
	"bytes"
	"context"
	"io"
)

// Step is how far long work has come.
type Step struct {
	// What it does now, as a person reads it: "equipment". It is step No of Of, from 1.
	What   string
	No, Of int
	// Done of Total are behind it within the step; Total is 0 where that can't be told.
	Done, Total int
}

// Says is told of each step as it begins, and again as it comes further. It must not
// block; nil: nobody is told.
type Says func(Step)

// After is for work that comes behind n other steps: it tells them as done.
func (s Says) After(n int) Says {
	if s == nil {
		return nil
	}
	return func(step Step) {
		step.No, step.Of = step.No+n, step.Of+n
		s(step)
	}
}

// paceEvery is how many entries are done before somebody is told, or can stop it.
const paceEvery = 256

// Pace goes through the steps of long work: it tells how far it is, and ends it once its
// context does. A nil Pace tells nobody and never ends.
type Pace struct {
	ctx  context.Context
	says Says
	step Step
}

// NewPace is a pace before its first step.
func NewPace(ctx context.Context, says Says) *Pace { return &Pace{ctx: ctx, says: says} }

// Begin begins a step of so many entries. The error is why the context ended.
func (p *Pace) Begin(what string, no, of, total int) error {
	if p == nil {
		return nil
	}
	p.step = Step{What: what, No: no, Of: of, Total: total}
	return p.look()
}

// On says that n more entries are done.
func (p *Pace) On(n int) error {
	if p == nil {
		return nil
	}
	before := p.step.Done / paceEvery
	if p.step.Done += n; p.step.Done/paceEvery == before {
		return nil
	}
	return p.look()
}

func (p *Pace) look() error {
	if p.says != nil {
		p.says(p.step)
	}
	return context.Cause(p.ctx)
}

// Reading reads data as the first of so many steps: it tells how many bytes are read, and
// its error is why ctx ended.
func Reading(ctx context.Context, says Says, data []byte, of int) io.Reader {
	return &pacedReader{from: bytes.NewReader(data), pace: Pace{ctx: ctx, says: says, step: Step{What: "reading the file", No: 1, Of: of, Total: len(data)}}}
}

type pacedReader struct {
	from *bytes.Reader
	pace Pace
}

func (r *pacedReader) Read(into []byte) (int, error) {
	n, err := r.from.Read(into)
	r.pace.step.Done += n
	if stopped := r.pace.look(); stopped != nil {
		return 0, stopped
	}
	return n, err
}
