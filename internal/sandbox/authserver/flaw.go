package authserver

import (
	"net/http"
	"time"

	"token-refresher/internal/token"
)

// The flaws of an ID token. Each spoils one that is otherwise good: that of the
// authorize response, or with Fault.Value BackChannel that of the token
// endpoint.
const (
	WrongNonce     Kind = "wrong_nonce"
	NoNonce        Kind = "no_nonce"
	WrongCodeHash  Kind = "wrong_c_hash"
	NoCodeHash     Kind = "no_c_hash"
	WrongTokenHash Kind = "wrong_at_hash"
	AlgorithmNone  Kind = "alg_none"
	AlgorithmHS256 Kind = "alg_hs256"
	UnknownKey     Kind = "unknown_kid"
	ForeignKey     Kind = "foreign_key"
	WrongIssuer    Kind = "wrong_iss"
	WrongAudience  Kind = "wrong_aud"
	WrongParty     Kind = "wrong_azp"
	Expired        Kind = "expired_id_token"
	FromTheFuture  Kind = "future_id_token"
	NoIDToken      Kind = "no_id_token"

	// Flaws of what the token endpoint answers beside it.
	OtherMerchant  Kind = "other_merchant"
	NoRefreshToken Kind = "no_refresh_token"

	// KeysUnavailable is one of the JWK set.
	KeysUnavailable Kind = "keys_unavailable"
)

// BackChannel is the Fault.Value that puts a flaw of an ID token into that of
// the token endpoint.
const BackChannel = "back"

// channel is where a fault is met.
type channel string

const (
	tokenChannel channel = ""      // token endpoints and revocation
	frontChannel channel = "front" // the answer to an authorize request
	keysChannel  channel = "keys"  // the JWK set
)

const (
	foreignIssuer = "https://issuer.invalid/merchant"
	somebodyElse  = "somebody-else"
	// farOff is more than any allowance for clocks.
	farOff = time.Hour
)

// flaws are the behaviours of the kinds of this file.
func flaws() []behaviour {
	flaw := func(kind Kind, says string, spoil func(*idToken)) behaviour {
		return behaviour{kind: kind, says: "ID token: " + says + "; value: back for the token endpoint's", spoil: spoil, deliver: deliver}
	}
	return []behaviour{
		flaw(WrongNonce, "another nonce", func(t *idToken) { t.claims.Nonce = "another-" + t.claims.Nonce }),
		flaw(NoNonce, "no nonce", func(t *idToken) { t.claims.Nonce = "" }),
		flaw(WrongCodeHash, "the c_hash of another code", func(t *idToken) { t.claims.CodeHash = foreignHash() }),
		flaw(NoCodeHash, "no c_hash", func(t *idToken) { t.claims.CodeHash = "" }),
		flaw(WrongTokenHash, "the at_hash of another token", func(t *idToken) { t.claims.AccessTokenHash = foreignHash() }),
		flaw(AlgorithmNone, "alg none, not signed", func(t *idToken) { t.algorithm = algorithmNone }),
		flaw(AlgorithmHS256, "HS256, with the public key for its secret", func(t *idToken) { t.algorithm = algorithmHMAC }),
		flaw(UnknownKey, "a kid that is not published", func(t *idToken) { t.keyID = somebodyElse }),
		flaw(ForeignKey, "a published kid, but another key", func(t *idToken) { t.forged = true }),
		flaw(WrongIssuer, "another iss", func(t *idToken) { t.claims.Issuer = foreignIssuer }),
		flaw(WrongAudience, "another client's aud", func(t *idToken) { t.claims.Audience = somebodyElse }),
		flaw(WrongParty, "another client's azp", func(t *idToken) { t.claims.AuthorizedParty = somebodyElse }),
		flaw(Expired, "expired an hour ago", func(t *idToken) { t.moved(-farOff - idTokenLifetime) }),
		flaw(FromTheFuture, "issued in an hour", func(t *idToken) { t.moved(farOff) }),
		flaw(NoIDToken, "none at all", func(t *idToken) { t.omitted = true }),
		{kind: OtherMerchant, says: "an access token of another merchant", shape: otherMerchant, deliver: deliver},
		{kind: NoRefreshToken, says: "no refresh token in the answer", shape: noRefreshToken, deliver: deliver},
		{kind: KeysUnavailable, says: "503 in place of the JWK set", instead: html(http.StatusServiceUnavailable), where: keysChannel, deliver: deliver},
	}
}

// moved shifts every time of the token.
func (t *idToken) moved(by time.Duration) {
	seconds := int64(by / time.Second)
	t.claims.NotBefore += seconds
	t.claims.IssuedAt += seconds
	t.claims.Expires += seconds
}

func foreignHash() string { return halfHash(token.NewSecret("another value")) }

func otherMerchant(_ Fault, g *grant) {
	other := "DK87654321"
	if g.merchant == other {
		other = "DK12345678"
	}
	g.merchant = other
}

func noRefreshToken(_ Fault, g *grant) { g.refreshToken = token.Secret{} }
