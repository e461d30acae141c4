package dynamodb

import "token-refresher/internal/sandbox/awsjson"

// A Fault is something that goes wrong with one call on purpose.
type Fault = awsjson.Fault

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
