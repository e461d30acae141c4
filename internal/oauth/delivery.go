package oauth

import (
	"context"
	"errors"
	"net/http/httptrace"
	"sync/atomic"
)

// Delivery says what is known about a request that failed, and with that when
// the same refresh token may be sent again.
type Delivery string

// The deliveries.
const (
	// Answered: a complete answer came. What it says is in Status and Code.
	Answered Delivery = "answered"
	// NotSent: nothing of the request left. The server cannot have acted on it.
	NotSent Delivery = "not_sent"
	// Broken: the connection ended before the answer was complete. The server
	// may have acted, and does nothing more about it: to send again at once is
	// right, since nobody else can.
	Broken Delivery = "broken"
	// TimedOut: nobody waited any longer, because time ran out or the caller
	// gave up. The server may still be at it, so that a second request could
	// meet the first.
	TimedOut Delivery = "timed_out"
)

// Delivery reports what is known about the request. Where that is doubtful it
// is what allows less: an error that another package made without saying more
// than a class counts as Broken, never as NotSent.
func (e *Error) Delivery() Delivery {
	switch {
	case e.NotSent:
		return NotSent
	case e.Timeout, errors.Is(e.cause, context.Canceled):
		return TimedOut
	case e.Status == 0, e.incomplete:
		return Broken
	}
	return Answered
}

// wire watches whether a request got a connection. It relies on the transport
// to say that it looks for one, so that a transport which tells nothing (one in
// memory) is never believed to have sent nothing.
type wire struct{ sought, found atomic.Bool }

func (w *wire) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.sought.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.found.Store(true) },
	})
}

// untouched reports that resolving, dialling or the TLS handshake failed, or
// was not over in time.
func (w *wire) untouched() bool { return w.sought.Load() && !w.found.Load() }
