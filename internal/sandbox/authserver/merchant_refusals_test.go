package authserver_test

import (
	"net/http"
	"net/url"
	"testing"

	"token-refresher/internal/sandbox/authserver"
)

func TestMerchantRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(url.Values)
		header [2]string
		status int
		want   any // the error; nil: a token
	}{
		{name: "secret in the form", status: 200},
		{name: "unknown fields", change: func(f url.Values) { f.Set("x", "y") }, status: 200},
		{name: "a verifier that nobody asked for", change: func(f url.Values) { f.Set("code_verifier", "wrong") }, status: 200},
		{name: "basic", change: func(f url.Values) { f.Del("client_id"); f.Del("client_secret") }, header: [2]string{"Authorization", basicHeader(consentID, consentPass)}, status: 200},
		{name: "wrong secret", change: func(f url.Values) { f.Set("client_secret", "x") }, status: 400, want: "invalid_client"},
		{name: "unknown client", change: func(f url.Values) { f.Set("client_id", "x") }, status: 400, want: "invalid_client"},
		{name: "another client's token", change: func(f url.Values) { f.Set("client_id", otherConsent) }, status: 400, want: "invalid_grant"},
		{name: "not a form", header: [2]string{"Content-Type", "application/json"}, status: 400, want: "invalid_request"},
		{name: "no refresh token", change: func(f url.Values) { f.Del("refresh_token") }, status: 400, want: "invalid_request"},
		{name: "an empty refresh token", change: func(f url.Values) { f.Set("refresh_token", "") }, status: 400, want: "invalid_grant"},
		{name: "unknown refresh token", change: func(f url.Values) { f.Set("refresh_token", "x") }, status: 400, want: "invalid_grant"},
		{name: "no code", change: func(f url.Values) { f.Set("grant_type", "authorization_code") }, status: 400, want: "invalid_request"},
		{name: "unknown code", change: func(f url.Values) { f.Set("grant_type", "authorization_code"); f.Set("code", "x") }, status: 400, want: "invalid_grant"},
		{name: "client credentials", change: func(f url.Values) { f.Set("grant_type", "client_credentials") }, status: 400, want: "unauthorized_client"},
		{name: "no grant type", change: func(f url.Values) { f.Del("grant_type") }, status: 400, want: "unsupported_grant_type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newConsentServer(t, authserver.Config{}, nil)
			form := refreshForm(mustGrant(t, server).RefreshToken.Reveal())
			if test.change != nil {
				test.change(form)
			}
			request := merchantRequest(t.Context(), authserver.MerchantTokenPath, form)
			if name := test.header[0]; name != "" {
				request.Header.Set(name, test.header[1])
			}
			response, body := send(t, server, request)
			if got := decode(t, body)["error"]; response.StatusCode != test.status || got != test.want {
				t.Errorf("got status %d and error %v, want %d and %v", response.StatusCode, got, test.status, test.want)
			}
			if refreshed := server.Counters().Refreshed == 1; refreshed != (test.want == nil) {
				t.Errorf("refreshed: got %v", refreshed)
			}
		})
	}
}

func TestDemandedVerifier(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, func(c *authserver.Client) { c.DemandVerifier = true })
	consent := mustGrant(t, server)
	form := refreshForm(consent.RefreshToken.Reveal())
	wantRefused(t, server, form, "without a verifier")
	form.Set("code_verifier", "x")
	wantRefused(t, server, form, "with a wrong verifier")
	form.Set("code_verifier", consent.CodeVerifier.Reveal())
	if status, _ := tryRefresh(t, server, form); status != http.StatusOK {
		t.Errorf("with the right one: got status %d, want 200", status)
	}
	if got := server.Counters().BadVerifier; got != 2 {
		t.Errorf("bad verifiers: got %d, want 2", got)
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(url.Values)
		status int
		ended  authserver.End
	}{
		{"the newest", func(url.Values) {}, 200, authserver.EndedByClient},
		{"with a hint", func(f url.Values) { f.Set("token_type_hint", "refresh_token") }, 200, authserver.EndedByClient},
		{"unknown", func(f url.Values) { f.Set("token", "x") }, 200, ""},
		{"another client's", func(f url.Values) { f.Set("client_id", otherConsent) }, 200, ""},
		{"no token", func(f url.Values) { f.Del("token") }, 400, ""},
		{"wrong secret", func(f url.Values) { f.Set("client_secret", "x") }, 400, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newConsentServer(t, authserver.Config{}, nil)
			spent := mustGrant(t, server).RefreshToken.Reveal()
			newest := mustRefresh(t, server, spent)
			form := url.Values{"token": {newest}, "client_id": {consentID}, "client_secret": {consentPass}}
			test.change(form)
			response, _ := send(t, server, merchantRequest(t.Context(), authserver.RevocationPath, form))
			if got := server.Consents()[0].Ended; response.StatusCode != test.status || got != test.ended {
				t.Errorf("got status %d, ended %q, want %d, %q", response.StatusCode, got, test.status, test.ended)
			}
			if got := server.Counters().Revocations; got == 1 != (test.status == 200) {
				t.Errorf("revocations: got %d with status %d", got, test.status)
			}
			if test.ended == "" {
				mustRefresh(t, server, newest)
			} else {
				wantRefused(t, server, refreshForm(newest), "the revoked one")
			}
		})
	}
}

func TestRevokingASpentTokenChangesNothing(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, nil)
	spent := mustGrant(t, server).RefreshToken.Reveal()
	newest := mustRefresh(t, server, spent)
	form := url.Values{"token": {spent}, "client_id": {consentID}, "client_secret": {consentPass}}
	if response, _ := send(t, server, merchantRequest(t.Context(), authserver.RevocationPath, form)); response.StatusCode != http.StatusOK {
		t.Errorf("status: got %d, want 200", response.StatusCode)
	}
	mustRefresh(t, server, newest)
}
