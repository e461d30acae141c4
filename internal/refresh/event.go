package refresh

import (
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

// Event is a change that somebody outside wants to act on.
type Event struct {
	Type   EventType
	ID     token.ID // of the grant; without a merchant if it concerns the client
	Reason string   // one of the constants below
	Since  time.Time
}

// EventType is the name that an event goes by.
type EventType string

// The events that sweeps tell of.
const (
	ConsentRequired     EventType = "Consent Required"
	ConsentRecovered    EventType = "Consent Recovered"
	RotationLost        EventType = "Rotation Lost"
	ClientMisconfigured EventType = "Client Misconfigured"
	MassRejection       EventType = "Mass Rejection"
)

// Why a consent is required, a client stopped, or a grant in use again.
const (
	ReasonRevoked          = "revoked"           // the provider refuses the grant for good
	ReasonRotationLost     = "rotation_lost"     // the answer with the newer refresh token never came
	ReasonIdentityMismatch = "identity_mismatch" // the ID token names somebody else
	ReasonInvalidClient    = "invalid_client"    // the provider refuses the client's credentials
	ReasonInvalidGrant     = "invalid_grant"     // it refuses many good grants at once
	ReasonRefreshed        = "refreshed"         // it accepts the grant again
)

// Events are what one renewal is told of: whoever renews tells them.
func (r Renewal) Events(now time.Time) (events []Event) {
	id, result := r.Entry.ID, r.Entry.Result
	if r.RotationLost {
		events = append(events, Event{RotationLost, id, ReasonRotationLost, now})
	}
	reminded := r.WasLatched && result.Latch != nil && classOf(r.Err) == oauth.ClassGrant // the daily try
	switch {
	case (r.Latched || reminded) && result.RotationLost:
		events = append(events, Event{ConsentRequired, id, ReasonRotationLost, result.Latch.Since})
	case r.Latched || reminded:
		events = append(events, Event{ConsentRequired, id, ReasonRevoked, result.Latch.Since})
	case r.Err == nil && r.Entry.Suspect:
		events = append(events, Event{ConsentRequired, id, ReasonIdentityMismatch, now})
	case r.Err == nil && r.WasLatched:
		events = append(events, Event{ConsentRecovered, id, ReasonRefreshed, now})
	}
	return events
}
