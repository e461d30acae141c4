package secretsmanager

import "token-refresher/internal/sandbox/awsjson"

// A Fault is something that goes wrong with one call on purpose.
type Fault = awsjson.Fault

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
