package lambda

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// function is a Function with its instances.
type function struct {
	Function
	emulator *Emulator
	log      io.Writer
	// work hands invocations to whichever instance asks for one.
	work chan *invocation
	room room
}

func newFunction(e *Emulator, f Function) *function {
	return &function{
		Function: f,
		emulator: e,
		log:      &lockedWriter{to: f.Log},
		work:     make(chan *invocation),
		room:     room{size: f.MaxInstances, changed: make(chan struct{})},
	}
}

// invoke finds an instance for the invocation and waits for the result.
func (f *function) invoke(ctx context.Context, inv *invocation) (Result, error) {
	f.room.join()
	failed, err := f.queue(ctx, inv)
	if failed != nil || err != nil {
		f.room.leave()
	}
	if err != nil {
		return Result{}, err
	}
	if failed != nil {
		return failed.result(inv.id), nil
	}
	select {
	case <-inv.done:
	case <-ctx.Done():
		return Result{}, context.Cause(ctx)
	}
	if f.emulator.ctx.Err() != nil && !inv.answered {
		return Result{}, ErrClosed
	}
	return inv.result, nil
}

// queue waits until an instance has taken the invocation, and starts one if it
// is needed and there is room. A busy instance is free at its timeout at the
// latest, so waiting longer than that and a start takes means that too many
// wait.
//
// It returns the failure of the instance it started if that one never came up.
func (f *function) queue(ctx context.Context, inv *invocation) (*failure, error) {
	patience := time.NewTimer(f.Timeout + f.emulator.config.StartTimeout)
	defer patience.Stop()
	var own *instance
	var ended chan struct{} // of our own instance
	for {
		changed := f.room.watch()
		if own == nil {
			own, ended = f.grow()
		}
		select {
		case f.work <- inv:
			return nil, nil
		case <-ended:
			if own.startFailure != nil && f.emulator.ctx.Err() == nil {
				return own.startFailure, nil
			}
			own = nil // it served somebody else, and ended
		case <-changed:
		case <-patience.C:
			return nil, ErrThrottled
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-f.emulator.ctx.Done():
			return nil, ErrClosed
		}
	}
}

// grow starts an instance if one is needed and there is room for it.
func (f *function) grow() (*instance, chan struct{}) {
	if !f.room.claim() {
		return nil, nil
	}
	i := newInstance(f)
	if !f.emulator.spawn(i.run) {
		f.room.vacate(true)
		return nil, nil
	}
	return i, i.ended
}

// note writes a line to the log about what ended without an answer of the
// function itself, unless it was the emulator's own end.
func (f *function) note(what string, why failure) {
	if f.emulator.ctx.Err() == nil {
		_, _ = fmt.Fprintf(f.log, "%s %s %s: %s\n", time.Now().UTC().Format(time.RFC3339), what, why.kind, why.message)
	}
}

// lockedWriter keeps the lines of several processes apart.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (w *lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}
