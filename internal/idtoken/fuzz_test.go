package idtoken_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"token-refresher/internal/idtoken"
	"token-refresher/internal/token"
)

// FuzzFront meets tokens that were signed with the key of nobody: none is accepted,
// and what an error says is one of our own words.
func FuzzFront(f *testing.F) {
	idp := newIDP(public("1", key1()))
	signed := sign(f, jose.RS256, key2(), "1", frontClaims().json(f))
	for _, text := range []string{signed, sign(f, jose.HS256, []byte(strings.Repeat("k", 32)), "1", "{}"), headed(signed, `{"alg":"none"}`, ""), general(signed), "..", "a.b.c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := newVerifier(t, idp).Front(t.Context(), parse(t, ""), client("a"), front(token.NewSecret(text)))
		refused, ok := errors.AsType[*idtoken.Error](err)
		if !ok || got != (idtoken.Subject{}) {
			t.Fatalf("got %v and error %v, want it refused", got, err)
		}
		if len(refused.Check) > 9 || strings.ContainsAny(refused.Check, ".\"{ ") {
			t.Errorf("got the check %q", refused.Check)
		}
	})
}

// FuzzKeys reads what a provider may publish: whatever it is, a token of another
// key is not accepted.
func FuzzKeys(f *testing.F) {
	f.Add(`{"keys":[{"kty":"RSA","kid":"1","n":"AQAB","e":"AQAB"}]}`)
	f.Fuzz(func(t *testing.T, document string) {
		idp := newIDP()
		idp.answers(func(*http.Request) (*http.Response, error) { return reply(http.StatusOK, document), nil })
		signed := token.NewSecret(sign(t, jose.RS256, key2(), "1", frontClaims().json(t)))
		if got, err := newVerifier(t, idp).Front(t.Context(), parse(t, ""), client("a"), front(signed)); err == nil {
			t.Errorf("got %v, want it refused", got)
		}
	})
}
