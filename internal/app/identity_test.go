package app_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"token-refresher/internal/app"
	"token-refresher/internal/token"
)

// idToken is a JWS with this payload and a signature that nobody made.
func idToken(payload string) token.Secret {
	encode := base64.RawURLEncoding.EncodeToString
	return token.NewSecret(encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(payload)) + ".c2ln")
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	const good = `{"iss":"https://idp.example","aud":"client-1","sub":"merchant-1"}`
	tests := []struct {
		name       string
		idToken    token.Secret
		unknown    bool // the grant knows neither issuer nor subject
		mismatch   string
		unreadable bool
	}{
		{name: "the same", idToken: idToken(good)},
		{name: "none", idToken: token.Secret{}},
		{name: "several audiences", idToken: idToken(`{"iss":"https://idp.example","aud":["other","client-1"],"sub":"merchant-1"}`)},
		{name: "another issuer", idToken: idToken(strings.Replace(good, "idp.example", "idp.evil", 1)), mismatch: "iss"},
		{name: "no issuer", idToken: idToken(`{"aud":"client-1","sub":"merchant-1"}`), mismatch: "iss"},
		{name: "another audience", idToken: idToken(strings.Replace(good, "client-1", "client-2", 1)), mismatch: "aud"},
		{name: "other audiences", idToken: idToken(`{"iss":"https://idp.example","aud":["a","b"],"sub":"merchant-1"}`), mismatch: "aud"},
		{name: "no audience", idToken: idToken(`{"iss":"https://idp.example","sub":"merchant-1"}`), mismatch: "aud"},
		{name: "another subject", idToken: idToken(strings.Replace(good, "merchant-1", "merchant-2", 1)), mismatch: "sub"},
		{name: "no subject", idToken: idToken(`{"iss":"https://idp.example","aud":"client-1"}`), mismatch: "sub"},
		{name: "another subject, and nobody knows the right one", unknown: true, idToken: idToken(strings.Replace(good, "merchant-1", "merchant-2", 1))},
		{name: "another audience, which is always known", unknown: true, idToken: idToken(strings.Replace(good, "client-1", "client-2", 1)), mismatch: "aud"},
		{name: "a word", idToken: token.NewSecret("token"), unreadable: true},
		{name: "an encrypted one", idToken: token.NewSecret("a.b.c.d.e"), unreadable: true},
		{name: "no base64", idToken: token.NewSecret("a.?.c"), unreadable: true},
		{name: "no JSON", idToken: idToken(`hello`), unreadable: true},
		{name: "audience of another type", idToken: idToken(`{"iss":"https://idp.example","aud":7,"sub":"merchant-1"}`), unreadable: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			issuer, subject := "https://idp.example", "merchant-1"
			if test.unknown {
				issuer, subject = "", ""
			}
			mismatch, unreadable := app.CompareIdentity(issuer, subject, "client-1", test.idToken)
			if mismatch != test.mismatch || unreadable != test.unreadable {
				t.Errorf("compare: got mismatch %q, unreadable %v; want %q, %v", mismatch, unreadable, test.mismatch, test.unreadable)
			}
		})
	}
}

func FuzzIdentity(f *testing.F) {
	f.Add(idToken(`{"iss":"i","aud":["c"],"sub":"s"}`).Reveal())
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		mismatch, unreadable := app.CompareIdentity("i", "s", "c", token.NewSecret(text))
		if mismatch != "" && unreadable {
			t.Errorf("%q is both unreadable and somebody else's", text)
		}
		if mismatch == "" && !unreadable && text != "" && strings.Count(text, ".") != 2 {
			t.Errorf("%q passes as an ID token", text)
		}
	})
}
