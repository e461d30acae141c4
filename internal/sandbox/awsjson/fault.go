package awsjson

import "errors"

// ErrAnswerLost makes [Service.Serve] close the connection instead of answering.
var ErrAnswerLost = errors.New("answer lost by a fault")

// A Fault is something that goes wrong with one call on purpose. Exactly one of
// its two kinds is set. A nil Fault is none.
type Fault struct {
	// Type, if set, refuses the call with this AWS error type and Message before
	// anything is processed, e.g. "ThrottlingException",
	// "AccessDeniedException".
	Type, Message string

	// LoseAnswer processes the call and, if it succeeded, closes the connection
	// instead of answering: ServeHTTP panics with http.ErrAbortHandler, which a
	// caller other than net/http's server must recover.
	LoseAnswer bool
}

// Refusal is the error of a fault that refuses, or nil.
func (f *Fault) Refusal() error {
	if f == nil || f.Type == "" {
		return nil
	}
	return &Error{Type: f.Type, Message: f.Message}
}

// After is what becomes of the outcome of a call that was processed: the answer
// of one that succeeded may be lost.
func (f *Fault) After(answer any, err error) (any, error) {
	if err == nil && f != nil && f.LoseAnswer {
		return nil, ErrAnswerLost
	}
	return answer, err
}
