package idtoken_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"token-refresher/internal/idtoken"
	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// with changes claims; a nil value removes one.
func with(changed claims) func(claims) {
	return func(c claims) {
		maps.Copy(c, changed)
		maps.DeleteFunc(c, func(_ string, value any) bool { return value == nil })
	}
}

func in(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// common are the flaws, and the variations, that both tokens have. Times are
// relative to a clock that the claims are made by.
func common() []variation {
	return []variation{
		{name: "as usual"},
		{name: "two audiences, and we are the authorized party", claims: with(claims{"aud": []string{clientID, "other"}, "azp": clientID})},
		{name: "a list with us alone", claims: with(claims{"aud": []string{clientID}})},
		{name: "the authorized party said without need", claims: with(claims{"azp": clientID})},
		{name: "no nbf", claims: with(claims{"nbf": nil})},
		{name: "a fraction of a second", claims: func(c claims) { c["iat"] = json.Number("946684799.25") }},
		{name: "claims that nobody knows", claims: with(claims{"merchant_vat": "DK12345678", "amr": []string{"pwd"}, "x": claims{"y": 1}})},
		{name: "a clock that is 30 s ahead", claims: func(c claims) { c["iat"], c["nbf"] = in(30*time.Second), in(30*time.Second) }},
		{name: "expired 30 s ago", claims: func(c claims) { c["exp"] = in(-30 * time.Second) }},
		{name: "sub of 255 bytes", claims: with(claims{"sub": strings.Repeat("s", 255)}), subject: strings.Repeat("s", 255)},

		{name: "none", raw: func(string) string { return "" }, want: "missing"},
		{name: "redacted", raw: func(string) string { return token.Redacted }, want: "missing"},
		{name: "a word", raw: func(string) string { return "token" }, want: "malformed"},
		{name: "encrypted", raw: func(s string) string { return s + ".a.b" }, want: "malformed"},
		{name: "JSON serialization", raw: general, want: "malformed"},
		{name: "larger than 16 KiB", claims: with(claims{"x": strings.Repeat("x", 12<<10)}), want: "malformed"},
		{name: "no JSON", payload: func(string) string { return "hello" }, want: "malformed"},
		{name: "a claim twice", payload: func(s string) string { return strings.Replace(s, "{", `{"sub":"other",`, 1) }, want: "malformed"},
		{name: "an unknown claim twice", payload: func(s string) string { return strings.Replace(s, "{", `{"x":1,"x":2,`, 1) }, want: "malformed"},
		{name: "exp in words", claims: with(claims{"exp": "tomorrow"}), want: "malformed"},
		{name: "exp beyond all time", claims: with(claims{"exp": json.Number("1e300")}), want: "malformed"},
		{name: "aud a number", claims: with(claims{"aud": 7}), want: "malformed"},
		{name: "a claim that somebody else has", claims: with(claims{"_claim_names": claims{"x": "elsewhere"}}), want: "malformed"},
		{name: "sub a number", claims: with(claims{"sub": 7}), want: "malformed"},

		{name: "alg none", raw: func(s string) string { return headed(s, `{"alg":"none","kid":"1"}`, "") }, want: "alg"},
		{name: "alg NONE", raw: func(s string) string { return headed(s, `{"alg":"NonE","kid":"1"}`, "") }, want: "alg"},
		{name: "no alg", raw: func(s string) string { return headed(s, `{"kid":"1"}`, "c2ln") }, want: "alg"},
		{name: "HS256 with the public key as secret", sign: hs256, want: "alg"},
		{name: "RS512", sign: signed(jose.RS512), want: "alg"},
		{name: "PS256", sign: signed(jose.PS256), want: "alg"},
		{name: "an unknown key", sign: func(t *testing.T, payload string) string { return sign(t, jose.RS256, key2(), "2", payload) }, want: "kid"},
		{name: "no kid with two keys", sign: func(t *testing.T, payload string) string { return sign(t, jose.RS256, key1(), "", payload) }, want: "kid"},
		{name: "a kid for encryption", sign: func(t *testing.T, payload string) string { return sign(t, jose.RS256, key1(), "enc", payload) }, want: "kid"},
		{name: "another issuer's key", sign: func(t *testing.T, payload string) string { return sign(t, jose.RS256, key2(), "1", payload) }, want: "signature"},
		{name: "a key that it brought itself", sign: embedded, want: "signature"},
		{name: "no signature", raw: func(s string) string { return s[:strings.LastIndex(s, ".")+1] }, want: "signature"},
		{name: "another payload under the signature", raw: tampered, want: "signature"},

		{name: "another issuer", claims: with(claims{"iss": "https://idp.evil/merchant"}), want: "iss"},
		{name: "the issuer with a slash", claims: with(claims{"iss": issuer + "/"}), want: "iss"},
		{name: "no issuer", claims: with(claims{"iss": nil}), want: "iss"},
		{name: "no pinned issuer", claims: with(claims{"iss": nil}), provider: func(p *provider.Provider) { p.Issuer, p.JWKSURI = "", "https://idp.example/pinned" }, want: "iss"},
		{name: "another audience", claims: with(claims{"aud": "client-2"}), want: "aud"},
		{name: "another audience, we are the authorized party", claims: with(claims{"aud": "client-2", "azp": clientID}), want: "aud"},
		{name: "no audience", claims: with(claims{"aud": nil}), want: "aud"},
		{name: "no client id of ours", claims: with(claims{"aud": ""}), credentials: func(c *token.Credentials) { c.ClientID = "" }, want: "aud"},
		{name: "two audiences and no authorized party", claims: with(claims{"aud": []string{clientID, "other"}}), want: "azp"},
		{name: "another authorized party", claims: with(claims{"azp": "other"}), want: "azp"},
		{name: "an empty authorized party", claims: with(claims{"azp": ""}), want: "azp"},
		{name: "expired", claims: func(c claims) { c["exp"] = in(-31 * time.Second) }, want: "exp"},
		{name: "no exp", claims: with(claims{"exp": nil}), want: "exp"},
		{name: "EXP for exp", claims: func(c claims) { c["EXP"] = c["exp"]; delete(c, "exp") }, want: "exp"},
		{name: "from the future", claims: func(c claims) { c["iat"] = in(31 * time.Second) }, want: "iat"},
		{name: "no iat", claims: with(claims{"iat": nil}), want: "iat"},
		{name: "not yet", claims: func(c claims) { c["nbf"] = in(31 * time.Second) }, want: "nbf"},
		{name: "not for an hour", claims: func(c claims) { c["nbf"] = in(time.Hour) }, want: "nbf"},
		{name: "another nonce", claims: with(claims{"nonce": "another"}), want: "nonce"},
		{name: "no nonce", claims: with(claims{"nonce": nil}), want: "nonce"},
		{name: "no nonce of ours", claims: with(claims{"nonce": nil}), nonceless: true, want: "nonce"},
		{name: "no sub", claims: with(claims{"sub": nil}), want: "sub"},
		{name: "sub of 256 bytes", claims: with(claims{"sub": strings.Repeat("s", 256)}), want: "sub"},
	}
}

// variation is one ID token, and what is to come of it.
type variation struct {
	name        string
	claims      func(claims)
	payload     func(string) string
	sign        func(t *testing.T, payload string) string // instead of RS256 by the first key
	raw         func(string) string                       // of what was signed
	provider    func(*provider.Provider)
	credentials func(*token.Credentials)
	front       func(*idtoken.Front)
	back        func(*idtoken.Back)
	nonceless   bool
	subject     string // empty: the usual one
	want        string // the check; empty: accepted
}

// token makes the variation of a token with these claims.
func (v variation) token(t *testing.T, usual claims) token.Secret {
	t.Helper()
	if v.claims != nil {
		v.claims(usual)
	}
	payload := usual.json(t)
	if v.payload != nil {
		payload = v.payload(payload)
	}
	if v.sign == nil {
		v.sign = signed(jose.RS256)
	}
	text := v.sign(t, payload)
	if v.raw != nil {
		text = v.raw(text)
	}
	return token.NewSecret(text)
}

func (v variation) parties(t *testing.T) (provider.Provider, token.Credentials) {
	t.Helper()
	p, c := parse(t, ""), client("subscriptions")
	if v.provider != nil {
		v.provider(&p)
	}
	if v.credentials != nil {
		v.credentials(&c)
	}
	return p, c
}
