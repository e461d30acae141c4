package app

import "token-refresher/internal/token"

// Dial and DialGrants are what sweeps dial with.
var (
	Dial       = (*App).dial
	DialGrants = (*App).dialGrants
)

// DialEither is what tokens are handed out with.
var DialEither = (*App).dialEither

// UseOf is what publishing believes of a client.
func UseOf(a *App, client string) token.Use { return a.grants.uses.of(client) }

// CompareIdentity compares an ID token with what is known of a grant.
func CompareIdentity(issuer, subject, audience string, idToken token.Secret) (mismatch string, unreadable bool) {
	return identity{issuer: issuer, subject: subject, audience: audience}.compare(idToken)
}
