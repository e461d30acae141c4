package operate

import (
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// Token is how one token is doing. What is not known is absent.
type Token struct {
	ID        string    `json:"token"`
	State     State     `json:"state"`
	Problem   string    `json:"problem,omitempty"`
	IssuedAt  time.Time `json:"issued_at,omitzero"` // the last success
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	DueAt     time.Time `json:"due_at,omitzero"`

	// Version is that of the access-token secret; of client credentials only.
	Version string `json:"version,omitempty"`

	// Of grants only.
	Outcome           token.Outcome `json:"outcome,omitempty"`            // of the last try
	TriedAt           time.Time     `json:"tried_at,omitzero"`            // when that was
	Revision          int64         `json:"revision,omitempty"`           // in the journal
	PublishedRevision int64         `json:"published_revision,omitempty"` // in the grant's secret
	ConsentedAt       time.Time     `json:"consented_at,omitzero"`
	Since             time.Time     `json:"since,omitzero"` // when consent became required
	Reason            string        `json:"reason,omitempty"`
}

// State is how a token is doing.
type State string

// The states of a token.
const (
	StateFresh           State = "fresh"            // not due yet
	StateDue             State = "due"              // the next sweep renews it
	StateHeld            State = "held"             // due, but its secret was written too recently
	StateIdle            State = "idle"             // wanted by nobody: got when it is asked for
	StateExpired         State = "expired"          // of no use to anybody
	StateMissing         State = "missing"          // promised, never got
	StateUnreadable      State = "unreadable"       // there is something else, or it cannot be opened
	StateConsentRequired State = "consent_required" // only the merchant can help
	StateParked          State = "parked"           // the grant's secret was deleted
	StateRemoved         State = "removed"          // by command
)

// showPublished says how a published token of client credentials is doing.
func (i *Inventory) showPublished(
	id token.ID, stored token.Stored[token.AccessToken], credentials token.Stored[token.Credentials], now time.Time,
) Token {
	shown := Token{ID: id.String(), Version: stored.Version}
	switch {
	case token.Absent(stored.Err) && credentials.Value.Publish == token.PublishFunction:
		shown.State = StateIdle
		return shown
	case errors.Is(stored.Err, token.ErrNotFound):
		shown.State = StateMissing
		if waited := now.Sub(credentials.WrittenAt); waited > lateSweeps*i.Schedule.SweepInterval {
			shown.Problem = fmt.Sprintf("no secret has it, %s after its credentials were stored: `tokens refresh %s` says why", span(waited), id)
		}
		return shown
	case stored.Err != nil:
		shown.State, shown.Problem = StateUnreadable, stored.Err.Error()
		return shown
	}
	t := stored.Value
	shown.IssuedAt, shown.ExpiresAt, shown.DueAt = t.IssuedAt, t.ExpiresAt, i.Schedule.DueAt(t)
	switch i.Schedule.Judge(now, t, stored.WrittenAt, credentials.WrittenAt) {
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
	wanted := credentials.Value.Publish != token.PublishFunction
	if waited := now.Sub(i.renewable(stored, credentials.WrittenAt)); wanted && waited > lateSweeps*i.Schedule.SweepInterval {
		shown.Problem = fmt.Sprintf("due for %s and not renewed: `tokens refresh %s` says why", span(waited), id)
	}
	return shown
}

// renewable is since when the sweeps should renew a published token for
// credentials that were stored at storedAt.
func (i *Inventory) renewable(stored token.Stored[token.AccessToken], storedAt time.Time) time.Time {
	due := i.Schedule.DueAt(stored.Value)
	if stored.Value.IssuedAt.Before(storedAt.Truncate(time.Second)) && storedAt.Before(due) { // for older credentials
		due = storedAt
	}
	if allowed := stored.WrittenAt.Add(i.Schedule.WriteInterval); allowed.After(due) {
		due = allowed
	}
	return due
}

// showEntry says how a grant and its access token are doing.
func (i *Inventory) showEntry(e token.Entry, now time.Time) Token {
	shown := Token{
		ID: e.ID.String(), Revision: e.Revision, ConsentedAt: e.Grant.ConsentedAt,
		IssuedAt: e.Access.IssuedAt, ExpiresAt: e.Access.ExpiresAt, DueAt: e.DueAt,
		Outcome: e.Result.Outcome, TriedAt: e.Result.At,
		State: entryState(e, now),
	}
	if e.Put.Confirmed {
		shown.PublishedRevision = e.Put.Revision
	}
	shown.Reason, shown.Since = serve.ConsentReason(e)
	switch {
	case e.Sealed != nil:
		shown.Problem = e.Sealed.Error()
	case e.Result.Failures > 0:
		shown.Problem = inWords(e.Result.Outcome) + " at the last try"
		if e.Result.Failures > 1 {
			shown.Problem = fmt.Sprintf("%s at the last %d tries", inWords(e.Result.Outcome), e.Result.Failures)
		}
	}
	return shown
}

// inWords is what a failed try was, to whoever looks for the cause.
func inWords(outcome token.Outcome) string {
	switch outcome {
	case token.OutcomeRefused:
		return "refused by the provider"
	case token.OutcomeUnknown:
		return "no usable answer from the provider"
	default:
		return "failed"
	}
}

// entryState goes by when a grant is due, unless its last try failed: that puts
// the next one off, and does not make the token fresh.
func entryState(e token.Entry, now time.Time) State {
	reason, _ := serve.ConsentReason(e)
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
	case e.Result.Failures == 0 && now.Before(e.DueAt) && now.Before(e.Access.ExpiresAt):
		return StateFresh
	case e.Result.Failures == 0 && now.Before(e.DueAt):
		return StateIdle
	case now.Before(e.Access.ExpiresAt):
		return StateDue
	default:
		return StateExpired
	}
}
