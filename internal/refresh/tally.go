package refresh

import (
	"errors"

	"token-refresher/internal/token"
)

// Tally is what one renewal on demand counts for in metrics. Those of a sweep are
// counted in its Report.
type Tally struct {
	GrantType       token.GrantType
	Renewed         bool
	Class           string // of what failed; empty if nothing did
	ConsentRequired bool   // from now on
	RotationLost    bool
	Adopted         bool
}

// TallyOf is what asking for a token of client credentials counts for.
func TallyOf(err error) Tally {
	return Tally{GrantType: token.GrantTypeClientCredentials, Renewed: err == nil, Class: string(classOf(err))}
}

// Tally is what the renewal counts for: nothing if the provider was not asked.
// Who asks for a token goes on asking, also when the journal is down.
func (r Renewal) Tally() Tally {
	if !r.Sent {
		return Tally{}
	}
	return Tally{
		GrantType: token.GrantTypeAuthorizationCode, Renewed: r.Err == nil, Class: r.class(),
		ConsentRequired: r.consentRequired(), RotationLost: r.RotationLost, Adopted: r.Adopted,
	}
}

// Empty reports whether there is nothing to count.
func (t Tally) Empty() bool { return t == Tally{GrantType: t.GrantType} }

// class is that of the failure that a renewal met, or empty.
func (r Renewal) class() string {
	switch err := r.Err; {
	case err == nil, errors.Is(err, token.ErrLeased), errors.Is(err, token.ErrSuperseded),
		errors.Is(err, token.ErrNotDue), errors.Is(err, token.ErrRemoved), errors.Is(err, token.ErrNotFound):
		return ""
	case isAnswer(err):
		return string(classOf(err))
	default:
		return classStore
	}
}

// consentRequired reports whether only the merchant can help, since this try.
func (r Renewal) consentRequired() bool { return r.Latched || r.Err == nil && r.Entry.Suspect }
