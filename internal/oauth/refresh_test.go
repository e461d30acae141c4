package oauth_test

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

const (
	oldToken     = "0ld+refresh/token=&"
	codeVerifier = "verifier~0123456789"
)

// consented is a provider that merchants gave consent at.
func consented(fields string) string {
	object := `{"grant_type":"authorization_code","issuer":"https://idp.example","token_endpoint":"https://idp.example/token",` +
		`"authorization_endpoint":"https://idp.example/authorize","revocation_endpoint":"https://idp.example/revoke","default_expires_in":"7m"`
	if fields != "" {
		object += "," + fields
	}
	return object + "}"
}

func grant(change func(*token.Grant)) token.Grant {
	g := token.Grant{
		ID:           token.ID{Client: "subscriptions", Merchant: "DK12345678"},
		RefreshToken: token.NewSecret(oldToken),
		CodeVerifier: token.NewSecret(codeVerifier),
		Scope:        "openid offline_access",
	}
	if change != nil {
		change(&g)
	}
	return g
}

func refresh(t *testing.T, transport http.RoundTripper, provider string) (oauth.Answer, error) {
	t.Helper()
	return newClient(t, transport).Refresh(t.Context(), parse(t, provider), credentials(nil), grant(nil))
}

const encodedOld = "0ld%2Brefresh%2Ftoken%3D%26"

func TestRefreshRequests(t *testing.T) {
	t.Parallel()
	const merchantToken = "https://api.sandbox.mobilepay.dk/merchant-authentication-openidconnect/connect/token"
	tests := []struct {
		name, provider    string
		change            func(*token.Grant)
		wantURL, wantBody string
		wantHeader        map[string]string
	}{
		{
			name: "MobilePay in the sandbox", provider: `"mobilepay-merchant-sandbox-dk"`, wantURL: merchantToken,
			wantBody: "client_id=client%2Bid%3A1&client_secret=" + encodedSecret + "&grant_type=refresh_token&refresh_token=" + encodedOld +
				"&code_verifier=verifier~0123456789",
			wantHeader: map[string]string{"Authorization": "", "Content-Type": form, "X-Ibm-Client-Id": ""},
		},
		{
			name: "in Finland, without a verifier", provider: `"mobilepay-merchant-sandbox-fi"`, wantURL: merchantToken,
			change:   func(g *token.Grant) { g.CodeVerifier = token.Secret{} },
			wantBody: "client_id=client%2Bid%3A1&client_secret=" + encodedSecret + "&grant_type=refresh_token&refresh_token=" + encodedOld,
		},
		{
			name: "Basic, with no verifier wanted", provider: consented(`"code_verifier_on_refresh":false,"scopes":["a"]`),
			wantBody:   "grant_type=refresh_token&refresh_token=" + encodedOld,
			wantHeader: map[string]string{"Authorization": basic, "Accept": "application/json"},
		},
		{
			name: "public client", provider: consented(`"token_endpoint_auth_method":"none"`),
			wantBody:   "client_id=client%2Bid%3A1&grant_type=refresh_token&refresh_token=" + encodedOld + "&code_verifier=verifier~0123456789",
			wantHeader: map[string]string{"Authorization": ""},
		},
		{
			name:       "parameters and a header with the merchant",
			provider:   consented(`"token_parameters":{"resource":"a b"},"headers":{"X-Merchant":"{merchant}"},"merchant_parameter":"vat"`),
			wantBody:   "grant_type=refresh_token&refresh_token=" + encodedOld + "&code_verifier=verifier~0123456789&resource=a+b",
			wantHeader: map[string]string{"X-Merchant": "DK12345678"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := serving(http.StatusOK, goodAnswer)
			_, err := newClient(t, idp).Refresh(t.Context(), parse(t, test.provider), credentials(nil), grant(test.change))
			if err != nil {
				t.Fatal(err)
			}
			idp.wantSent(t, cmp.Or(test.wantURL, "https://idp.example/token"), test.wantBody, test.wantHeader)
		})
	}
}

func TestRefreshAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := serving(http.StatusOK, `{"access_token":"`+accessToken+`","token_type":"Bearer","expires_in":300,"refresh_token":"`+refreshToken+`","id_token":"i.d.t","scope":"other"}`)
		quick := idp.answer
		idp.answer = func(request *http.Request) (*http.Response, error) {
			<-time.After(3 * time.Second)
			return quick(request)
		}
		asked := time.Now()
		got, err := refresh(t, idp, consented(""))
		if err != nil {
			t.Fatal(err)
		}
		if got.AccessToken.Reveal() != accessToken || got.RefreshToken.Reveal() != refreshToken || got.IDToken.Reveal() != "i.d.t" || !got.Rotated {
			t.Errorf("the tokens are not those that were sent, rotated %v", got.Rotated)
		}
		if !got.IssuedAt.Equal(asked) || got.ExpiresIn != 300*time.Second || got.Scope != "other" || got.TokenType != "Bearer" || len(got.Oddities) != 0 {
			t.Errorf("got %v, want it issued at %v", got, asked)
		}
	})
}

func TestRefreshTokenStaysIfNoneCame(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]string{
		"missing": ``, "null": `,"refresh_token":null`, "empty": `,"refresh_token":""`, "the same": `,"refresh_token":"` + oldToken + `"`,
		"redacted": `,"refresh_token":"[redacted]"`, "an object": `,"refresh_token":{}`,
	} {
		got, err := refresh(t, serving(http.StatusOK, `{"access_token":"a","token_type":"Bearer","expires_in":300`+field+`}`), consented(""))
		if err != nil || got.RefreshToken.Reveal() != oldToken || got.Rotated {
			t.Errorf("%s: got error %v, kept %v, rotated %v; want the old one kept", name, err, got.RefreshToken.Reveal() == oldToken, got.Rotated)
		}
		if got.Scope != "openid offline_access" {
			t.Errorf("%s: got scope %q, want the grant's (RFC 6749 section 6)", name, got.Scope)
		}
	}
}

func TestRefreshWithoutAToken(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"none": "", "redacted": token.Redacted} {
		idp := serving(http.StatusOK, goodAnswer)
		without := grant(func(g *token.Grant) { g.RefreshToken = token.NewSecret(value) })
		_, err := newClient(t, idp).Refresh(t.Context(), parse(t, consented("")), credentials(nil), without)
		if found := classified(t, err); found.Class != oauth.ClassUnknown || found.Delivery() != oauth.NotSent || len(idp.sent()) != 0 {
			t.Errorf("%s: got %v, %s after %d requests, want it not sent", name, err, found.Delivery(), len(idp.sent()))
		}
	}
}

func TestRefusedRefresh(t *testing.T) {
	t.Parallel()
	echo := `"error_description":"` + oldToken + " " + codeVerifier + `","correlation_id":"` + codeVerifier[:8] + `"`
	for body, want := range map[string]oauth.Class{
		`{"error":"invalid_grant",` + echo + `}`:  oauth.ClassGrant,
		`{"error":"invalid_client",` + echo + `}`: oauth.ClassClient,
		`{"error":"oops",` + echo + `}`:           oauth.ClassUnknown,
	} {
		idp := serving(http.StatusBadRequest, body)
		_, err := refresh(t, idp, consented(""))
		found := classified(t, err)
		if found.Class != want || found.Delivery() != oauth.Answered || len(idp.sent()) != 1 {
			t.Errorf("got %s, %s after %d requests, want %s, answered and 1", found.Class, found.Delivery(), len(idp.sent()), want)
		}
		if strings.Contains(err.Error(), oldToken) || strings.Contains(err.Error(), codeVerifier[:8]) {
			t.Errorf("the error gives away what was sent: %v", err)
		}
		wantNoLeak(t, err)
	}
}

// TestRefreshEndsInTime holds a refresh to its caller's deadline: a lease ends
// with it.
func TestRefreshEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		began := time.Now()
		_, err := newClient(t, hanging()).Refresh(ctx, parse(t, consented("")), credentials(nil), grant(nil))
		if found := classified(t, err); !found.Timeout || found.Delivery() != oauth.TimedOut || time.Since(began) != 4*time.Second {
			t.Errorf("got %v, %s after %v, want a timeout after 4s", err, found.Delivery(), time.Since(began))
		}
	})
}
