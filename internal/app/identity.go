package app

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"token-refresher/internal/token"
)

// identity is who a grant is from, and for whom: what an ID token that comes
// with a refresh must say again (OpenID Connect Core section 12.2). An empty
// issuer or subject is not known and not compared.
type identity struct{ issuer, subject, audience string }

// claims are those of an ID token that are compared.
type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
}

// audience is one name or a list of them (RFC 7519 section 4.1.3).
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*a = audience{""}
		return json.Unmarshal(text, &(*a)[0])
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// compare names the first claim that differs, or none. It verifies no
// signature: the token came from the token endpoint itself, over TLS (section
// 3.1.3.7), and checking it must not take time or a call before the answer is
// stored. A missing ID token is fine. One that cannot be read says nothing of
// anybody: it is no reason to give up a grant.
func (i identity) compare(idToken token.Secret) (mismatch string, unreadable bool) {
	if idToken.Empty() {
		return "", false
	}
	c, ok := parseClaims(idToken.Reveal())
	switch {
	case !ok:
		return "", true
	case i.issuer != "" && c.Issuer != i.issuer:
		return "iss", false
	case !slices.Contains(c.Audience, i.audience):
		return "aud", false
	case i.subject != "" && c.Subject != i.subject:
		return "sub", false
	default:
		return "", false
	}
}

// parseClaims reads the payload of a JWS in compact form (RFC 7515 section 7.1).
func parseClaims(jwt string) (c claims, ok bool) {
	payload, ok := payloadOf(jwt)
	return c, ok && json.Unmarshal(payload, &c) == nil
}

func payloadOf(jwt string) (payload []byte, ok bool) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return nil, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	return payload, err == nil
}

// errOtherMerchant: a merchant consented that is not the one who was invited.
var errOtherMerchant = errors.New("the access token is another merchant's")

// checkMerchantClaim compares the merchant that an access token names, in a claim
// of the same name as the parameter it was asked for with, if it is a JWT that
// has one.
func checkMerchantClaim(name string, accessToken token.Secret, merchant string) error {
	payload, _ := payloadOf(accessToken.Reveal())
	var claims map[string]json.RawMessage
	_ = json.Unmarshal(payload, &claims) // what is no JWT claims nothing
	claim, claimed := claims[name]
	var named string
	if claimed && (json.Unmarshal(claim, &named) != nil || named != merchant) {
		return errOtherMerchant
	}
	return nil
}
