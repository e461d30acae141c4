package consent

import (
	"context"
	"errors"

	"token-refresher/internal/token"
)

// ErrUnknownClient is what Clients says of a name that has no credentials, or
// none that merchants consent to.
var ErrUnknownClient = errors.New("unknown client")

// Clients finds a client by its name. Errors: ErrUnknownClient (errors.Is); any
// other may pass.
type Clients interface {
	Client(ctx context.Context, name string) (Client, error)
}

// Client is one client's way to its provider.
type Client interface {
	// Issuer is the provider's pinned issuer, or empty if none is.
	Issuer() string
	// CheckMerchant reports why this is no merchant of the provider, or nil.
	CheckMerchant(merchant string) error
	// Ready makes sure that what a verification needs is in memory: the
	// provider's keys.
	Ready(ctx context.Context) error
	// AuthorizationURL is where the merchant's browser is sent.
	AuthorizationURL(ctx context.Context, a Authorization) (string, error)
	// VerifyFront verifies the ID token of an authorization response. Errors:
	// *Flaw if the token is bad; any other may pass.
	VerifyFront(ctx context.Context, r Response) (Identity, error)
	// Redeem exchanges the code, once, verifies what came in memory, and revokes
	// it if it fails a check.
	Redeem(ctx context.Context, r Redemption) (token.Grant, token.AccessToken, error)
}

// Authorization is what an authorization request carries of one attempt, beside
// what is the client's.
type Authorization struct {
	Merchant    string
	RedirectURI string
	State       string
	Nonce       string
	Challenge   string // code_challenge, method S256 (RFC 7636 section 4.2)
}

// Response is what VerifyFront judges.
type Response struct {
	IDToken token.Secret
	Code    token.Secret // that c_hash is of
	Nonce   string
}

// Identity is who an ID token names.
type Identity struct{ Issuer, Subject string }

// Redemption is what a code is exchanged with, and what must come back.
type Redemption struct {
	ID          token.ID
	Code        token.Secret
	Verifier    token.Secret // code_verifier
	Nonce       string
	RedirectURI string
	Front       Identity
}

// Flaw is what is wrong with an ID token: the check that it fails.
type Flaw struct{ Check string } //nolint:errname // the word of those who verify; an error only on its way

// Error implements error.
func (f *Flaw) Error() string { return "the ID token fails a check: " + f.Check }

// Journal reads what is known about a grant, strongly consistent. A grant that
// never was is token.ErrNotFound.
type Journal interface {
	Get(ctx context.Context, id token.ID) (token.Entry, error)
}

// Exchanger stores what a code gives. One conditional write takes the grant's
// lease and records the attempt, so that redeem is called at most once for it in
// the whole world, whoever repeats it; then the grant is committed and published.
//
// The outcome is the recorded one, one of token.Exchange…, also for an attempt
// that somebody else makes or made: that is waited for. It is empty if none is
// recorded. The error says why there is no grant: token.ErrRemoved and
// token.ErrTooManyExchanges before anything is sent, the journal's, redeem's.
type Exchanger interface {
	Exchange(ctx context.Context, id token.ID, attempt token.Fingerprint, redeem Redeem) (outcome string, err error)
}

// Redeem exchanges the code that an Exchanger was given an attempt for.
type Redeem = func(context.Context) (token.Grant, token.AccessToken, error)
