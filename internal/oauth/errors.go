package oauth

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Class says whose fault a failure is, and with that what helps.
type Class string

// The classes of failures.
const (
	ClassGrant     Class = "grant"     // this grant was refused: only a new consent helps
	ClassClient    Class = "client"    // our configuration: every token of the client is refused
	ClassTransient Class = "transient" // the network or the server: trying again helps
	ClassThrottled Class = "throttled" // too many requests: waiting helps
	ClassUnknown   Class = "unknown"   // condemns neither the grant nor the client
)

// Error is a token request that brought no token, or a revocation that failed.
// It is made of fixed words, a status and values that were checked character by
// character: it never holds what else a server sent, nor anything of the
// request.
type Error struct {
	Class         Class
	Status        int           // of the answer; 0 if none came
	Code          string        // error of RFC 6749 section 5.2, only if it is a known one
	CorrelationID string        // the server's name for this request, for its support
	RetryAfter    time.Duration // what the server asked us to wait, 15 minutes at most; 0 if it did not say

	// Timeout is set if no complete answer came in time. Unless NotSent is set
	// too, the request may still be alive at the server.
	Timeout bool
	// NotSent is set if it is certain that nothing of the request left.
	NotSent bool

	request    string // what was asked for; "token request" if empty
	problem    string
	incomplete bool // Status is that of an answer that broke off
	cause      error
}

// Error implements error.
func (e *Error) Error() string {
	problem := e.problem
	if problem == "" {
		problem = e.Class.problem()
	}
	var details []string
	if e.Status != 0 {
		details = append(details, fmt.Sprintf("status %d", e.Status))
	}
	if e.Code != "" {
		details = append(details, "code "+e.Code)
	}
	if e.CorrelationID != "" {
		details = append(details, "correlation id "+e.CorrelationID)
	}
	if e.RetryAfter > 0 {
		details = append(details, "wait "+e.RetryAfter.String())
	}
	text := cmp.Or(e.request, "token request") + ": " + problem
	if len(details) > 0 {
		text += " (" + strings.Join(details, ", ") + ")"
	}
	return text
}

// Unwrap returns context.DeadlineExceeded, context.Canceled or nil. Causes that
// could quote a request or an answer are not kept.
func (e *Error) Unwrap() error { return e.cause }

func (c Class) problem() string {
	switch c {
	case ClassGrant:
		return "the grant was refused"
	case ClassClient:
		return "the client was refused"
	case ClassTransient:
		return "the provider failed"
	case ClassThrottled:
		return "the provider asks to slow down"
	default:
		return "the answer was not understood"
	}
}
