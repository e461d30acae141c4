package operate

import (
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// Token is how one token is doing. Times that are not known are absent.
type Token struct {
	ID        string    `json:"token"`
	State     State     `json:"state"`
	Problem   string    `json:"problem,omitempty"`
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	DueAt     time.Time `json:"due_at,omitzero"`

	// Version is that of the access-token secret; of client credentials only.
	Version string `json:"version,omitempty"`

	// Of grants only.
	Revision          int64     `json:"revision,omitempty"`           // in the journal
	PublishedRevision int64     `json:"published_revision,omitempty"` // in the grant's secret
	ConsentedAt       time.Time `json:"consented_at,omitzero"`
	Since             time.Time `json:"since,omitzero"` // when consent became required
	Reason            string    `json:"reason,omitempty"`
}

// State is how a token is doing.
type State string

// The states of a token.
const (
	StateFresh           State = "fresh"            // not due yet
	StateDue             State = "due"              // the next sweep renews it
	StateHeld            State = "held"             // due, but its secret was written too recently
	StateIdle            State = "idle"             // expired and wanted by nobody: renewed when it is asked for
	StateExpired         State = "expired"          // of no use to anybody
	StateMissing         State = "missing"          // promised, never got
	StateUnreadable      State = "unreadable"       // there is something else, or it cannot be opened
	StateConsentRequired State = "consent_required" // only the merchant can help
	StateParked          State = "parked"           // the grant's secret was deleted
	StateRemoved         State = "removed"          // by command
)

// showPublished says how a published token of client credentials is doing.
func (i *Inventory) showPublished(id token.ID, stored token.Stored[token.AccessToken], credentialsAt, now time.Time) Token {
	shown := Token{ID: id.String(), Version: stored.Version}
	switch {
	case errors.Is(stored.Err, token.ErrNotFound):
		shown.State = StateMissing
		return shown
	case stored.Err != nil:
		shown.State, shown.Problem = StateUnreadable, stored.Err.Error()
		return shown
	}
	t := stored.Value
	shown.IssuedAt, shown.ExpiresAt, shown.DueAt = t.IssuedAt, t.ExpiresAt, i.Schedule.DueAt(t)
	switch i.Schedule.Judge(now, t, stored.WrittenAt, credentialsAt) {
	case token.Due:
		shown.State = StateDue
	case token.Held:
		shown.State = StateHeld
	default:
		shown.State = StateFresh
	}
	if !now.Before(t.ExpiresAt) {
		shown.State = StateExpired
	}
	return shown
}

// showEntry says how a grant and its access token are doing.
func (i *Inventory) showEntry(e token.Entry, now time.Time) Token {
	shown := Token{
		ID: e.ID.String(), Revision: e.Revision, ConsentedAt: e.Grant.ConsentedAt,
		IssuedAt: e.Access.IssuedAt, ExpiresAt: e.Access.ExpiresAt, DueAt: e.DueAt,
		State: entryState(e, now),
	}
	if e.Put.Confirmed {
		shown.PublishedRevision = e.Put.Revision
	}
	shown.Reason, shown.Since = consentRequired(e)
	switch {
	case e.Sealed != nil:
		shown.Problem = e.Sealed.Error()
	case e.Result.Failures > 0:
		shown.Problem = fmt.Sprintf("%s %d times in a row", e.Result.Outcome, e.Result.Failures)
	}
	return shown
}

func entryState(e token.Entry, now time.Time) State {
	reason, _ := consentRequired(e)
	switch {
	case e.Removed:
		return StateRemoved
	case e.Parked:
		return StateParked
	case e.Sealed != nil:
		return StateUnreadable
	case reason != "":
		return StateConsentRequired
	case e.Access.Value.Empty():
		return StateMissing
	case now.Before(e.Access.ExpiresAt) && now.Before(e.DueAt):
		return StateFresh
	case now.Before(e.DueAt) && e.Result.Failures == 0:
		return StateIdle
	case now.Before(e.Access.ExpiresAt):
		return StateDue
	default:
		return StateExpired
	}
}

// consentRequired says why only the merchant can help, and since when; the
// reason is empty if that is not so.
func consentRequired(e token.Entry) (reason string, since time.Time) {
	latch := e.Result.Latch
	switch {
	case e.Suspect:
		return token.ReasonIdentityMismatch, e.CommittedAt
	case latch == nil:
		return "", time.Time{}
	case e.Result.RotationLost:
		return token.ReasonRotationLost, latch.Since
	default:
		return token.ReasonRevoked, latch.Since
	}
}
