package token

import (
	"slices"
	"time"
)

// The events about a grant, by the name that others know them by.
const (
	EventConsentGiven     = "Consent Given"
	EventConsentRequired  = "Consent Required"
	EventConsentRecovered = "Consent Recovered"
	EventConsentRemoved   = "Consent Removed"
	EventRotationLost     = "Rotation Lost"
)

// The reasons that these events give.
const (
	ReasonConsented        = "consented"
	ReasonIdentityMismatch = "identity_mismatch" // the ID token names somebody else
	ReasonRefreshed        = "refreshed"         // the provider accepts the grant again
	ReasonRemoved          = "removed"           // by command
	ReasonNotRevoked       = "not_revoked"       // the removed refresh token could not be revoked
	ReasonRevoked          = "revoked"           // the provider refuses the grant for good
	ReasonRotationLost     = "rotation_lost"     // the answer with the newer refresh token never came
)

// Notice is an event about a grant that others have not been told of yet. It is
// stored by the very write that it tells of, so that it outlives whoever made
// that.
type Notice struct {
	Type   string
	Reason string
	Since  time.Time
}

// Tell adds a notice, for the next publishing pass to tell. The same event for
// the same reason is told once, with its last time.
func (e Entry) Tell(kind, reason string, since time.Time) Entry {
	untold := slices.DeleteFunc(slices.Clone(e.Untold), func(n Notice) bool { return n.Type == kind && n.Reason == reason })
	e.Untold = append(untold, Notice{Type: kind, Reason: reason, Since: since})
	if e.PublishAt.IsZero() || since.Before(e.PublishAt) {
		e.PublishAt = since
	}
	return e
}

// Told takes out the notices that were told. One that was added meanwhile stays.
func (e Entry) Told(sent []Notice) Entry {
	e.Untold = slices.DeleteFunc(slices.Clone(e.Untold), func(n Notice) bool {
		return slices.ContainsFunc(sent, func(s Notice) bool {
			return s.Type == n.Type && s.Reason == n.Reason && s.Since.Equal(n.Since)
		})
	})
	return e
}
