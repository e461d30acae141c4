package oauth_test

import (
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

func revoke(t *testing.T, transport http.RoundTripper, provider string) error {
	t.Helper()
	return newClient(t, transport).Revoke(t.Context(), parse(t, provider), credentials(nil), token.NewSecret(oldToken))
}

func TestRevokeRequests(t *testing.T) {
	t.Parallel()
	const body = "token=" + encodedOld + "&token_type_hint=refresh_token"
	tests := []struct {
		name, provider, wantURL, wantBody, wantAuthorization string
	}{
		{"MobilePay in production", `"mobilepay-merchant-production-fi"`,
			"https://api.mobilepay.dk/merchant-authentication-openidconnect/connect/revocation",
			"client_id=client%2Bid%3A1&client_secret=" + encodedSecret + "&" + body, ""},
		{"Basic", consented(""), "https://idp.example/revoke", body, basic},
		{"public client", consented(`"token_endpoint_auth_method":"none"`), "https://idp.example/revoke", "client_id=client%2Bid%3A1&" + body, ""},
		{"with a header", consented(`"headers":{"X-Key":"{subscription_key}"}`), "https://idp.example/revoke", body, basic},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := serving(http.StatusOK, "")
			if err := revoke(t, idp, test.provider); err != nil || len(idp.sent()) != 1 {
				t.Fatalf("got error %v after %d requests, want none and 1", err, len(idp.sent()))
			}
			got := idp.sent()[0]
			if got.method != http.MethodPost || got.url != test.wantURL || got.body != test.wantBody {
				t.Errorf("got  %s %s %q\nwant POST %s %q", got.method, got.url, got.body, test.wantURL, test.wantBody)
			}
			if got.header.Get("Authorization") != test.wantAuthorization || got.header.Get("Content-Type") != form {
				t.Errorf("got the headers %v", got.header)
			}
			if strings.Contains(test.provider, "X-Key") && got.header.Get("X-Key") != headerKey {
				t.Error("the provider's header is missing")
			}
		})
	}
}

func TestRevokeOutcomes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		idp      *server
		class    oauth.Class // empty: revoked
		delivery oauth.Delivery
		text     string
	}{
		{name: "revoked, or unknown to the server", idp: serving(200, "")},
		{name: "revoked, with a page", idp: serving(200, "<html>")},
		{name: "revoked without content", idp: serving(204, "")},
		{"refused client", serving(400, `{"error":"invalid_client"}`), oauth.ClassClient, oauth.Answered, "revocation: the client was refused (status 400, code invalid_client)"},
		{"error with a good status", serving(200, `{"error":"invalid_client"}`), oauth.ClassClient, oauth.Answered, ""},
		{"kind of token not revocable", serving(400, `{"error":"unsupported_token_type"}`), oauth.ClassUnknown, oauth.Answered, "revocation: the answer was not understood (status 400, code unsupported_token_type)"},
		{"asked to wait", serving(503, "<html>"+oldToken, "Retry-After: 5"), oauth.ClassTransient, oauth.Answered, "revocation: the provider failed (status 503, wait 5s)"},
		{"redirected", serving(307, "", "Location: https://idp.example/other"), oauth.ClassUnknown, oauth.Answered, "revocation: the provider redirects, which is not followed (status 307)"},
		{"an echo", serving(400, `{"error":"`+oldToken+`","correlation_id":"`+refreshToken+`","refresh_token":"`+refreshToken+`"}`), oauth.ClassUnknown, oauth.Answered, ""},
		{"broken off", failing(syscall.ECONNRESET), oauth.ClassTransient, oauth.Broken, "revocation: the connection broke off"},
		{"anything else", failing(errors.New("malformed " + oldToken)), oauth.ClassTransient, oauth.Broken, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := revoke(t, test.idp, consented(""))
			if got := len(test.idp.sent()); got != 1 {
				t.Errorf("got %d requests, want exactly 1", got)
			}
			if test.class == "" {
				if err != nil {
					t.Errorf("got error %v, want it revoked", err)
				}
				return
			}
			found := classified(t, err)
			if found.Class != test.class || found.Delivery() != test.delivery || (test.text != "" && err.Error() != test.text) {
				t.Errorf("got %s, %s, %q; want %s, %s, %q", found.Class, found.Delivery(), err, test.class, test.delivery, test.text)
			}
			if strings.Contains(err.Error(), oldToken) {
				t.Errorf("the error gives away the token: %v", err)
			}
			wantNoLeak(t, err)
		})
	}
}

func TestRevokeEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := revoke(t, hanging(), consented(`"timeout":"3s"`))
		if found := classified(t, err); !found.Timeout || found.Delivery() != oauth.TimedOut || time.Since(began) != 3*time.Second {
			t.Errorf("got %v after %v, want a timeout after 3s", err, time.Since(began))
		}
	})
}

func TestRevokeRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	unpinned := `{"grant_type":"authorization_code","issuer":"https://idp.example","token_endpoint":"https://idp.example/token","authorization_endpoint":"https://idp.example/authorize"}`
	idp := serving(http.StatusOK, "")
	for name, err := range map[string]error{
		"no endpoint": revoke(t, idp, unpinned),
		"no token":    newClient(t, idp).Revoke(t.Context(), parse(t, consented("")), credentials(nil), token.Secret{}),
		"an endpoint elsewhere": func() error {
			p := parse(t, consented(""))
			p.RevocationEndpoint = "https://elsewhere.example/revoke"
			return newClient(t, idp).Revoke(t.Context(), p, credentials(nil), token.NewSecret(oldToken))
		}(),
	} {
		if found := classified(t, err); found.Delivery() != oauth.NotSent || !strings.HasPrefix(err.Error(), "revocation: ") {
			t.Errorf("%s: got %s, %v; want it not sent", name, found.Delivery(), err)
		}
	}
	if len(idp.sent()) != 0 {
		t.Errorf("got %d requests, want none", len(idp.sent()))
	}
}

func TestRevocationEndpointIsDiscovered(t *testing.T) {
	t.Parallel()
	idp := &server{answer: func(request *http.Request) (*http.Response, error) {
		if strings.HasSuffix(request.URL.Path, "openid-configuration") {
			return serving(200, `{"issuer":"https://idp.example","token_endpoint":"https://idp.example/token","revocation_endpoint":"https://idp.example/found"}`).answer(request)
		}
		return serving(200, "").answer(request)
	}}
	discovered := `{"grant_type":"authorization_code","issuer":"https://idp.example","discovery_url":"https://idp.example/.well-known/openid-configuration"}`
	if err := revoke(t, idp, discovered); err != nil {
		t.Fatal(err)
	}
	if sent := idp.sent(); len(sent) != 2 || sent[1].url != "https://idp.example/found" || strings.Contains(sent[0].body+sent[0].url, "token=") {
		t.Errorf("got the requests %v", sent)
	}
}
