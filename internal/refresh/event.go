package refresh

import (
	"time"

	"token-refresher/internal/token"
)

// Event is a change that somebody outside wants to act on.
type Event struct {
	Type   EventType
	ID     token.ID // of the grant; without a merchant if it concerns the client
	Reason string   // one of the constants below, or of package token
	Since  time.Time
}

// EventType is the name that an event goes by.
type EventType string

// The events that concern a whole client. Those about a grant are part of its
// entry until they are told: see token.Notice.
const (
	ClientMisconfigured EventType = "Client Misconfigured"
	MassRejection       EventType = "Mass Rejection"
)

// Why a client is stopped.
const (
	ReasonInvalidClient = "invalid_client" // the provider refuses the client's credentials
	ReasonInvalidGrant  = "invalid_grant"  // it refuses many good grants at once
)

// tell adds to the entry what an answer means to others.
func (r *result) tell(e token.Entry, now time.Time) token.Entry {
	switch {
	case r.attempt != nil:
		return e.Tell(token.EventConsentGiven, token.ReasonConsented, now)
	case e.Suspect:
		return e.Tell(token.EventConsentRequired, token.ReasonIdentityMismatch, now)
	case r.wasLatched:
		return e.Tell(token.EventConsentRecovered, token.ReasonRefreshed, now)
	}
	return e
}

// tellRefusal adds to the entry what a refusal means to others. A grant that
// stays latched is told of again with every daily try.
func tellRefusal(e token.Entry, rotationLost bool, now time.Time) token.Entry {
	if rotationLost {
		e = e.Tell(token.EventRotationLost, token.ReasonRotationLost, now)
	}
	latch := e.Result.Latch
	if latch == nil {
		return e
	}
	reason := token.ReasonRevoked
	if e.Result.RotationLost {
		reason = token.ReasonRotationLost
	}
	return e.Tell(token.EventConsentRequired, reason, latch.Since)
}
