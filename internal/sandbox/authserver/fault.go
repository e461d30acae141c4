package authserver

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Kind names a fault that can be switched on.
type Kind string

// The faults. What each does is in behaviours; GET /sandbox/faults lists them
// with a line for each.
const (
	Hang          Kind = "hang"
	HTML500       Kind = "html_500"
	Unavailable   Kind = "unavailable"
	Throttle      Kind = "throttle"
	Gateway401    Kind = "gateway_401"
	InvalidClient Kind = "invalid_client"
	InvalidScope  Kind = "invalid_scope"
	ErrorIn200    Kind = "error_in_200"
	TextPlain     Kind = "text_plain"
	ResetBefore   Kind = "reset_before"
	ResetAfter    Kind = "reset_after"
	Redirect      Kind = "redirect"
	SlowDrip      Kind = "slow_drip"
	HugeBody      Kind = "huge_body"
	HugeToken     Kind = "huge_token"
	ExpiresIn     Kind = "expires_in"

	// Those that matter where a request changes something: what becomes of its
	// answer after that.
	HTML500After Kind = "html_500_after"
	HangAfter    Kind = "hang_after"
	Late         Kind = "late"
	OtherSubject Kind = "other_subject"
)

// Fault is a fault switched on: for the token endpoints and revocation, or if it
// is a flaw, for what that spoils.
type Fault struct {
	// ClientID is the OAuth client that meets it; empty for every client. A
	// client's own fault goes before that of all.
	ClientID string `json:"client_id,omitempty"`
	Kind     Kind   `json:"fault"`
	// Times is the number of requests it lasts; 0 lasts until it is removed.
	Times int `json:"times,omitempty"`
	// Value is what some kinds take: Throttle its Retry-After header (none
	// when empty), Redirect its Location (a host that does not exist),
	// ErrorIn200 its error code (temporarily_unavailable), ExpiresIn the
	// literal text after "expires_in": (the field is left out when empty), Late
	// how long it takes, as in "15s", a flaw of an ID token BackChannel.
	Value string `json:"value,omitempty"`
}

// SetFault switches a fault on, in place of the one its client had before. It
// fails on an unknown kind and on a negative number of times.
func (s *Server) SetFault(fault Fault) error {
	if err := s.faults.set(fault); err != nil {
		return fmt.Errorf("authserver: %w", err)
	}
	return nil
}

// ClearFault switches off the fault of one client, or with an empty id the one
// for every client.
func (s *Server) ClearFault(clientID string) { s.faults.clear(clientID) }

// ClearFaults switches every fault off.
func (s *Server) ClearFaults() { s.faults.clearAll() }

// Faults returns the faults that are on, by client id.
func (s *Server) Faults() []Fault { return s.faults.list() }

// faults holds what is switched on, one fault for a client.
type faults struct {
	known []behaviour

	mu sync.Mutex
	on map[string]Fault
}

func newFaults(known []behaviour) *faults {
	return &faults{known: known, on: map[string]Fault{}}
}

func (f *faults) set(fault Fault) error {
	if !slices.ContainsFunc(f.known, func(b behaviour) bool { return b.kind == fault.Kind }) {
		return fmt.Errorf("unknown fault %q", string(fault.Kind))
	}
	if _, err := time.ParseDuration(fault.Value); fault.Kind == Late && fault.Value != "" && err != nil {
		return fmt.Errorf("fault %q: its value is no duration", string(fault.Kind))
	}
	if f.behaviour(fault.Kind).spoil != nil && fault.Value != "" && fault.Value != BackChannel {
		return fmt.Errorf("fault %q: its value is neither empty nor %q", string(fault.Kind), BackChannel)
	}
	if fault.Times < 0 {
		return fmt.Errorf("fault %q: times is %d, and cannot be negative", string(fault.Kind), fault.Times)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on[fault.ClientID] = fault
	return nil
}

// take returns the fault that a request of this client meets there and counts
// it, or the zero Fault and the behaviour of a healthy server.
func (f *faults) take(clientID string, where channel) (Fault, behaviour) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range []string{clientID, ""} {
		fault, on := f.on[key]
		if !on || f.channel(fault) != where {
			continue
		}
		f.count(key)
		return fault, f.behaviour(fault.Kind)
	}
	return Fault{}, f.behaviour("")
}

// channel is where the fault is met.
func (f *faults) channel(fault Fault) channel {
	how := f.behaviour(fault.Kind)
	if how.spoil != nil && fault.Value != BackChannel {
		return frontChannel
	}
	return how.where
}

// count takes one off a fault that lasts a number of times.
func (f *faults) count(key string) {
	fault := f.on[key]
	switch fault.Times {
	case 0:
	case 1:
		delete(f.on, key)
	default:
		fault.Times--
		f.on[key] = fault
	}
}

// behaviour is that of a known kind, or without one of a healthy server.
func (f *faults) behaviour(kind Kind) behaviour {
	if kind == "" {
		return behaviour{deliver: deliver}
	}
	return f.known[slices.IndexFunc(f.known, func(b behaviour) bool { return b.kind == kind })]
}

func (f *faults) clear(clientID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.on, clientID)
}

func (f *faults) clearAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.on)
}

func (f *faults) list() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	on := make([]Fault, 0, len(f.on))
	for _, client := range slices.Sorted(maps.Keys(f.on)) {
		on = append(on, f.on[client])
	}
	return on
}
