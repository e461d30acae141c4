package refresh

import (
	"slices"
	"time"

	"token-refresher/internal/token"
)

// Health is what is known about one client: whether its provider still accepts
// its credentials, and whether it asked us to wait. The zero value is healthy.
//
// A client is stopped when two of its tokens in a row were refused because of
// the client (invalid_client and its like), or its only one. While stopped one
// token a sweep is tried: a grant that worked the last time, else the one whose
// last try is longest ago; a success, or a new version of the credentials,
// resumes it.
type Health struct {
	Version     string   // version of the credentials this speaks of
	Refused     token.ID // first token refused because of the client since the last success
	Stopped     bool
	Mass        bool      // stopped for a mass rejection of its grants
	Since       time.Time // when it was stopped
	Told        bool      // others were told that it is
	PausedUntil time.Time // the provider's Retry-After

	// Rejected are good grants that were refused in sweeps without a success, as
	// many as make a mass rejection.
	Rejected [massRejections]token.ID
}

// Observe tells Health which version of the credentials is in use: a new one
// clears what was held against the old.
func (h *Health) Observe(version string) {
	if h.Version != version {
		*h = Health{Version: version}
	}
}

// Succeeded notes that the provider gave a token. It reports whether that
// resumed the client.
func (h *Health) Succeeded() (resumed bool) {
	resumed = h.Stopped
	*h = Health{Version: h.Version}
	return resumed
}

// Accepted notes that the provider knows the client, although it gave no token.
// It reports whether that resumed the client.
func (h *Health) Accepted() (resumed bool) {
	resumed = h.Stopped
	*h = Health{Version: h.Version, Rejected: h.Rejected}
	return resumed
}

// Reject adds good grants that were refused in a sweep without a success. It
// reports whether they have become a mass.
func (h *Health) Reject(ids []token.ID) (mass bool) {
	for _, id := range ids {
		if free := slices.Index(h.Rejected[:], token.ID{}); free >= 0 && !slices.Contains(h.Rejected[:], id) {
			h.Rejected[free] = id
		}
	}
	return !slices.Contains(h.Rejected[:], token.ID{})
}

// RefusedClient notes that the provider refused the client when it asked for
// id, one of that many tokens. It reports whether that stopped it.
func (h *Health) RefusedClient(id token.ID, tokens int, now time.Time) (stopped bool) {
	if h.Stopped {
		return false
	}
	if tokens > 1 && (h.Refused == token.ID{} || h.Refused == id) {
		h.Refused = id
		return false
	}
	h.Stopped, h.Since = true, now
	return true
}

// event tells others that the client is stopped.
func (h *Health) event(client string) Event {
	if h.Mass {
		return Event{MassRejection, token.ID{Client: client}, ReasonInvalidGrant, h.Since}
	}
	return Event{ClientMisconfigured, token.ID{Client: client}, ReasonInvalidClient, h.Since}
}

// Pause notes that the provider asked the client to wait.
func (h *Health) Pause(until time.Time) {
	if until.After(h.PausedUntil) {
		h.PausedUntil = until
	}
}

// RejectedInMass stops the client because its grants were refused in number.
func (h *Health) RejectedInMass(now time.Time) {
	h.Stopped, h.Mass, h.Since = true, true, now
}
