package serve

import (
	"errors"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

// Code is why there is no token, in a word for programs.
type Code string

// The codes.
const (
	ConsentRequired     Code = "consent_required"     // only the merchant can help
	UnknownToken        Code = "unknown_token"        // no such client or merchant
	ProviderUnavailable Code = "provider_unavailable" // try again later
	ClientMisconfigured Code = "client_misconfigured" // an operator can help
	NotAllowed          Code = "not_allowed"          // the stack does not want it
)

// Refusal is a normal answer: there is no token, and why. It is an error too.
type Refusal struct { //nolint:errname // an answer in the first place, an error only on its way there
	Code    Code      `json:"error"`
	Message string    `json:"message"`
	Since   time.Time `json:"since,omitzero"`
}

// Error implements error.
func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Message }

func refuse(code Code, message string) *Refusal { return &Refusal{Code: code, Message: message} }

// RefusalOf is what a failed renewal of a grant means to who asked, or nil if it
// was a store that failed.
func RefusalOf(e token.Entry, err error) *Refusal {
	if e.Removed || e.Parked {
		return refuse(UnknownToken, "the grant of this merchant was removed")
	}
	if reason, since := ConsentReason(e); reason != "" {
		return &Refusal{Code: ConsentRequired, Message: "the merchant has to consent again: " + reason, Since: since}
	}
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal
	}
	if failure, ok := errors.AsType[*oauth.Error](err); ok {
		if failure.Class == oauth.ClassClient {
			return refuse(ClientMisconfigured, failure.Error())
		}
		return refuse(ProviderUnavailable, failure.Error())
	}
	switch {
	case errors.Is(err, token.ErrRemoved), errors.Is(err, token.ErrNotFound):
		return refuse(UnknownToken, "there is no grant of this merchant")
	case errors.Is(err, token.ErrNotDue):
		return refuse(ProviderUnavailable, "the last tries failed; it is tried again by "+e.DueAt.UTC().Format(time.RFC3339))
	case errors.Is(err, token.ErrLeased):
		return refuse(ProviderUnavailable, "it is being renewed right now")
	case errors.Is(err, errSlow): // somebody gave up who has a token
		return refuse(ProviderUnavailable, err.Error())
	default:
		return nil
	}
}

// ConsentReason says why only the merchant can help, and since when; the reason
// is empty if that is not so.
func ConsentReason(e token.Entry) (reason string, since time.Time) {
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
