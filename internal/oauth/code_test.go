package oauth_test

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

const (
	authorizationCode = "c0de+/=&0123456789"
	redirectURI       = "https://tokens.example/consent/callback"
)

func code(change func(*oauth.Code)) oauth.Code {
	c := oauth.Code{
		Value:       token.NewSecret(authorizationCode),
		Verifier:    token.NewSecret(codeVerifier),
		RedirectURI: redirectURI,
		Merchant:    "DK12345678",
	}
	if change != nil {
		change(&c)
	}
	return c
}

func exchange(t *testing.T, transport http.RoundTripper, object string) (oauth.Answer, error) {
	t.Helper()
	return newClient(t, transport).AuthorizationCode(t.Context(), parse(t, object), credentials(nil), code(nil))
}

// encodedCode is the whole of RFC 6749 section 4.1.3 without the client.
const encodedCode = "code=c0de%2B%2F%3D%260123456789&code_verifier=verifier~0123456789&grant_type=authorization_code" +
	"&redirect_uri=https%3A%2F%2Ftokens.example%2Fconsent%2Fcallback"

func TestCodeRequests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, provider, wantURL, wantBody string
		wantHeader                        map[string]string
	}{
		{
			name: "MobilePay in production", provider: `"mobilepay-merchant-production-fi"`,
			wantURL:    "https://api.mobilepay.dk/merchant-authentication-openidconnect/connect/token",
			wantBody:   "client_id=client%2Bid%3A1&client_secret=" + encodedSecret + "&" + encodedCode,
			wantHeader: map[string]string{"Authorization": "", "Content-Type": form, "X-Ibm-Client-Id": ""},
		},
		{
			name: "Basic, whether refreshes want a verifier or not", provider: consented(`"code_verifier_on_refresh":false,"scopes":["a"]`),
			wantBody:   encodedCode,
			wantHeader: map[string]string{"Authorization": basic, "Accept": "application/json", "User-Agent": "token-refresher"},
		},
		{
			name: "public client", provider: consented(`"token_endpoint_auth_method":"none"`),
			wantBody:   "client_id=client%2Bid%3A1&" + encodedCode,
			wantHeader: map[string]string{"Authorization": ""},
		},
		{
			name:       "parameters and a header with the merchant",
			provider:   consented(`"token_parameters":{"resource":"a b"},"headers":{"X-Merchant":"{merchant}"},"merchant_parameter":"vat"`),
			wantBody:   encodedCode + "&resource=a+b",
			wantHeader: map[string]string{"X-Merchant": "DK12345678"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := serving(http.StatusOK, goodAnswer)
			if _, err := exchange(t, idp, test.provider); err != nil {
				t.Fatal(err)
			}
			idp.wantSent(t, cmp.Or(test.wantURL, "https://idp.example/token"), test.wantBody, test.wantHeader)
		})
	}
}

func TestCodeAnswer(t *testing.T) {
	t.Parallel()
	const usual = `{"access_token":"` + accessToken + `","token_type":"bearer","expires_in":"300"`
	tests := []struct {
		name, body  string
		breaks      error
		wantRefresh string
		wantScope   string
		noAccess    bool
	}{
		{name: "everything", body: usual + `,"refresh_token":"` + refreshToken + `","id_token":"i.d.t","scope":"other"}`, wantRefresh: refreshToken, wantScope: "other"},
		{name: "no scope", body: usual + `,"refresh_token":"` + refreshToken + `","id_token":"i.d.t"}`, wantRefresh: refreshToken, wantScope: "openid offline_access payments"},
		{name: "no refresh token", body: usual + `,"id_token":"i.d.t"}`, wantScope: "openid offline_access payments"},
		{name: "no access token", body: `{"refresh_token":"` + refreshToken + `","id_token":"i.d.t"}`, wantRefresh: refreshToken, wantScope: "openid offline_access payments", noAccess: true},
		{name: "broken off", body: `{"refresh_token":"` + refreshToken + `","id_token":"i.d.t","acc`, breaks: syscall.ECONNRESET, wantRefresh: refreshToken, wantScope: "openid offline_access payments", noAccess: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				idp, asked := breaking(http.StatusOK, test.body, test.breaks, "text/plain"), time.Now()
				quick := idp.answer
				idp.answer = func(request *http.Request) (*http.Response, error) {
					<-time.After(3 * time.Second)
					return quick(request)
				}
				got, err := exchange(t, idp, consented(`"scopes":["offline_access","payments"]`))
				if err != nil {
					t.Fatal(err)
				}
				if got.RefreshToken.Reveal() != test.wantRefresh || got.IDToken.Reveal() != "i.d.t" || got.AccessToken.Empty() != test.noAccess {
					t.Error("the tokens are not those that were sent")
				}
				if !got.IssuedAt.Equal(asked) || got.TokenType != "Bearer" || got.Scope != test.wantScope || got.Rotated {
					t.Errorf("got issued at %v, type %s, scope %q, rotated %v", got.IssuedAt, got.TokenType, got.Scope, got.Rotated)
				}
			})
		})
	}
}

func TestRefusedCode(t *testing.T) {
	t.Parallel()
	const echo = `"error_description":"` + authorizationCode + " " + codeVerifier + `","correlation_id":"c0de"`
	tests := []struct {
		name  string
		idp   *server
		class oauth.Class
		want  oauth.Delivery
	}{
		{"a spent code", serving(400, `{"error":"invalid_grant",`+echo+`}`), oauth.ClassGrant, oauth.Answered},
		{"a refused client", serving(400, `{"error":"invalid_client",`+echo+`}`), oauth.ClassClient, oauth.Answered},
		{"the gateway", serving(401, `{"error":"Unauthorized","error_description":{"correlation_id":"verifier"}}`), oauth.ClassClient, oauth.Answered},
		{"an error page", serving(502, `<html>`+authorizationCode), oauth.ClassTransient, oauth.Answered},
		{"too many requests", serving(429, ``), oauth.ClassThrottled, oauth.Answered},
		{"a reset", failing(syscall.ECONNRESET), oauth.ClassTransient, oauth.Broken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := exchange(t, test.idp, consented(""))
			found := classified(t, err)
			if found.Class != test.class || found.Delivery() != test.want || len(test.idp.sent()) != 1 {
				t.Errorf("got %s, %s after %d requests, want %s, %s and 1", found.Class, found.Delivery(), len(test.idp.sent()), test.class, test.want)
			}
			for _, sent := range []string{authorizationCode, codeVerifier, "c0de", "verifier"} {
				if strings.Contains(err.Error(), sent) {
					t.Errorf("the error gives away what was sent: %v", err)
				}
			}
			wantNoLeak(t, err)
		})
	}
}

func TestIncompleteCodeIsNotSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*oauth.Code){
		"no code":          func(c *oauth.Code) { c.Value = token.Secret{} },
		"a redacted code":  func(c *oauth.Code) { c.Value = token.NewSecret(token.Redacted) },
		"no verifier":      func(c *oauth.Code) { c.Verifier = token.Secret{} },
		"no redirect_uri":  func(c *oauth.Code) { c.RedirectURI = "" },
		"another provider": nil, // whose endpoint no credential may go to
	} {
		idp, p := serving(http.StatusOK, goodAnswer), parse(t, consented(""))
		if change == nil {
			p.TokenEndpoint = "https://evil.example/token"
		}
		_, err := newClient(t, idp).AuthorizationCode(t.Context(), p, credentials(nil), code(change))
		if found := classified(t, err); found.Delivery() != oauth.NotSent || len(idp.sent()) != 0 {
			t.Errorf("%s: got %v, %s after %d requests, want it not sent", name, err, found.Delivery(), len(idp.sent()))
		}
	}
}

// TestCodeEndsInTime holds an exchange to what a merchant waits, and to less if
// the provider or the caller allows less. What comes before counts.
func TestCodeEndsInTime(t *testing.T) {
	t.Parallel()
	const undiscovered = `{"grant_type":"authorization_code","issuer":"https://idp.example","discovery_url":"https://idp.example/doc"}`
	tests := []struct {
		name, provider string
		idp            *server
		callers        time.Duration
		want           time.Duration
		delivery       oauth.Delivery
	}{
		{"a server that hangs", consented(`"timeout":"20s"`), hanging(), time.Minute, 8 * time.Second, oauth.TimedOut},
		{"a slow drip", consented(""), dripping(), time.Minute, 8 * time.Second, oauth.TimedOut},
		{"the provider's timeout", consented(`"timeout":"3s"`), hanging(), time.Minute, 3 * time.Second, oauth.TimedOut},
		{"the caller's deadline", consented(""), hanging(), 2 * time.Second, 2 * time.Second, oauth.TimedOut},
		{"a discovery that hangs", undiscovered, hanging(), time.Minute, 8 * time.Second, oauth.NotSent},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.callers)
				defer cancel()
				began := time.Now()
				_, err := newClient(t, test.idp).AuthorizationCode(ctx, parse(t, test.provider), credentials(nil), code(nil))
				if found := classified(t, err); !found.Timeout || found.Delivery() != test.delivery || time.Since(began) != test.want {
					t.Errorf("got %v, %s after %v, want %s after %v", err, found.Delivery(), time.Since(began), test.delivery, test.want)
				}
			})
		})
	}
}
