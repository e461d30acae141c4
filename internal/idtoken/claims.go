package idtoken

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/json"
	numeric "github.com/go-jose/go-jose/v4/jwt"

	"token-refresher/internal/token"
)

const (
	skew       = 30 * time.Second // that clocks may be apart
	maxAge     = 10 * time.Minute // of a token in a browser: what an attempt lives
	maxSubject = 255              // OpenID Connect Core section 2
)

// expected is what the claims of an ID token are compared with.
type expected struct{ issuer, audience, nonce string }

// claims are those of an ID token that are looked at. go-jose's json, which takes
// names as they are spelt and no name twice, reads them.
type claims struct {
	Issuer          string               `json:"iss"`
	Subject         string               `json:"sub"`
	Audience        numeric.Audience     `json:"aud"`
	AuthorizedParty *string              `json:"azp"`
	Expiry          *numeric.NumericDate `json:"exp"`
	IssuedAt        *numeric.NumericDate `json:"iat"`
	NotBefore       *numeric.NumericDate `json:"nbf"`
	Nonce           string               `json:"nonce"`
	CodeHash        string               `json:"c_hash"`
	AccessTokenHash *string              `json:"at_hash"`
}

func readClaims(payload []byte) (claims, error) {
	var found claims
	if json.Unmarshal(payload, &found) != nil {
		return claims{}, &Error{Check: checkMalformed}
	}
	return found, nil
}

// flaw names the first check of OpenID Connect Core section 3.1.3.7 that fails, or
// none. What is expected but empty equals nothing.
func (c claims) flaw(want expected) string {
	another := func(audience string) bool { return audience != want.audience }
	switch {
	case want.issuer == "" || c.Issuer != want.issuer:
		return checkIss
	case want.audience == "" || !slices.Contains(c.Audience, want.audience):
		return checkAud
	case c.AuthorizedParty == nil && slices.ContainsFunc(c.Audience, another),
		c.AuthorizedParty != nil && *c.AuthorizedParty != want.audience:
		return checkAzp
	case want.nonce == "" || !same(c.Nonce, want.nonce):
		return checkNonce
	case c.Subject == "" || len(c.Subject) > maxSubject:
		return checkSub
	}
	return c.timeFlaw(time.Now())
}

func (c claims) timeFlaw(now time.Time) string {
	switch {
	case c.Expiry == nil || c.Expiry.Time().Before(now.Add(-skew)):
		return checkExp
	case c.IssuedAt == nil || c.IssuedAt.Time().After(now.Add(skew)):
		return checkIat
	case c.NotBefore != nil && c.NotBefore.Time().After(now.Add(skew)):
		return checkNbf
	}
	return ""
}

// frontFlaw is sections 3.3.2.11 and 3.3.2.12: the token vouches for the code, and
// comes straight from the provider.
func (c claims) frontFlaw(code token.Secret) string {
	switch {
	case c.IssuedAt.Time().Before(time.Now().Add(-maxAge - skew)):
		return checkIat
	case code.Empty() || !same(c.CodeHash, leftHalf(code)):
		return checkCHash
	}
	return ""
}

// backFlaw is section 3.3.3.6: both tokens tell of the same person, and this one of
// the access token beside it.
func (c claims) backFlaw(front Subject, accessToken token.Secret) string {
	switch {
	case c.Issuer != front.Issuer:
		return checkIss
	case c.Subject != front.Subject:
		return checkSub
	case c.AccessTokenHash != nil && !accessToken.Empty() && !same(*c.AccessTokenHash, leftHalf(accessToken)):
		return checkAtHash
	}
	return ""
}

// judged is what is told of a token in the end.
func (c claims) judged(flaw string) (Subject, error) {
	if flaw != "" {
		return Subject{}, &Error{Check: flaw}
	}
	return Subject{Issuer: c.Issuer, Subject: c.Subject}, nil
}

// leftHalf is c_hash and at_hash of RS256: the left half of the SHA-256, in base64url.
func leftHalf(secret token.Secret) string {
	sum := sha256.Sum256([]byte(secret.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
