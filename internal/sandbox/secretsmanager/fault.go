package secretsmanager

import "errors"

// errAnswerLost makes the handler close the connection instead of answering.
var errAnswerLost = errors.New("answer lost by a fault")

// A Fault is something that goes wrong with one call on purpose. Exactly one of
// its two kinds is set.
type Fault struct {
	// Type, if set, refuses the call with this AWS error type and Message before
	// anything is processed, e.g. "ThrottlingException", "InternalServiceError",
	// "AccessDeniedException".
	Type, Message string

	// LoseAnswer processes the call and, if it succeeded, closes the connection
	// instead of answering: ServeHTTP panics with http.ErrAbortHandler, which a
	// caller other than net/http's server must recover.
	LoseAnswer bool
}

// A FaultFunc chooses the fault of a call, or nil. It is asked for each call,
// concurrently, with the operation and the name of the secret (as sent, if it
// names none); also, as "GetSecretValue", for each secret of a
// BatchGetSecretValue, where a refusal becomes an entry of Errors.
type FaultFunc func(operation, secret string) *Fault

// SetFault installs what goes wrong from now on; nil ends it.
func (s *Server) SetFault(choose FaultFunc) {
	if choose == nil {
		s.fault.Store(nil)
		return
	}
	s.fault.Store(&choose)
}

func (s *Server) faultFor(operation, secret string) *Fault {
	if choose := s.fault.Load(); choose != nil {
		return (*choose)(operation, secret)
	}
	return nil
}

// refusal is the error of a fault that refuses, or nil.
func (f *Fault) refusal() error {
	if f == nil || f.Type == "" {
		return nil
	}
	return &apiError{Type: f.Type, Message: f.Message}
}

func (f *Fault) lost() bool { return f != nil && f.LoseAnswer }
