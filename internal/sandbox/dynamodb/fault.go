package dynamodb

import "errors"

// errAnswerLost makes the handler close the connection instead of answering.
var errAnswerLost = errors.New("answer lost by a fault")

// A Fault is something that goes wrong with one call on purpose. Exactly one of
// its two kinds is set.
type Fault struct {
	// Type, if set, refuses the call with this AWS error type and Message before
	// anything is processed, e.g. "ProvisionedThroughputExceededException",
	// "InternalServerError", "AccessDeniedException".
	Type, Message string

	// LoseAnswer processes the call and, if it succeeded, closes the connection
	// instead of answering.
	LoseAnswer bool
}

// A FaultFunc chooses the fault of a call, or nil. It is asked for each call,
// concurrently.
type FaultFunc func(Call) *Fault

// SetFault installs what goes wrong from now on; nil ends it.
func (s *Server) SetFault(choose FaultFunc) {
	if choose == nil {
		s.fault.Store(nil)
		return
	}
	s.fault.Store(&choose)
}

// refusal is the error of a fault that refuses, or nil.
func (f *Fault) refusal() error {
	if f == nil || f.Type == "" {
		return nil
	}
	return &apiError{Type: f.Type, Message: f.Message}
}

func (f *Fault) lost() bool { return f != nil && f.LoseAnswer }
