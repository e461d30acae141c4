package authserver_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/authserver"
)

// FuzzTokenRequest sends any header and form: the answer is JSON with a fitting
// status, and nobody gets a token without the secret.
func FuzzTokenRequest(f *testing.F) {
	f.Add("Basic eDp5", "grant_type=client_credentials", "application/x-www-form-urlencoded")
	f.Add("basic ", "client_id=pos+client&client_secret=x&grant_type=client_credentials", "application/x-www-form-urlencoded; charset=utf-8")
	f.Add("Basic !", "%zz=%", "text/")
	f.Add("Bearer x", "merchant_vat=DK12345678", "")
	f.Fuzz(func(t *testing.T, authorization, form, contentType string) {
		server := newServer(t, authserver.Config{})
		request := integratorRequest(t.Context(), authserver.DefaultURL)
		request.Header.Set("Authorization", authorization)
		request.Header.Set("Content-Type", contentType)
		replaceBody(request, form)
		response, body := send(t, server, request)
		if response.StatusCode != http.StatusBadRequest || !json.Valid(body) {
			t.Errorf("got status %d (valid JSON: %t), want 400 and JSON", response.StatusCode, json.Valid(body))
		}
		if got := len(server.Issued()); got != 0 {
			t.Errorf("tokens issued: got %d, want none", got)
		}
	})
}

// FuzzFault puts any body to the control path: it is either refused or listed.
func FuzzFault(f *testing.F) {
	f.Add(`{"client_id":"pos","fault":"hang","times":1,"value":"x"}`)
	f.Add(`{"fault":"hang"}{"fault":"hang"}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		server := newServer(t, authserver.Config{})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut,
			authserver.DefaultURL+authserver.FaultsPath, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, _ := send(t, server, request)
		on := len(server.Faults())
		if accepted := response.StatusCode == http.StatusNoContent; accepted != (on == 1) {
			t.Errorf("got status %d and %d faults on", response.StatusCode, on)
		}
	})
}

// FuzzMerchantRequest sends any form to both endpoints of merchants: only the
// right client with a live refresh token changes anything.
func FuzzMerchantRequest(f *testing.F) {
	f.Add("grant_type=refresh_token&refresh_token=x&client_id=subscriptions&client_secret=p%2Bss%2Fword")
	f.Add("token=x&client_id=subscriptions&client_secret=p%2Bss%2Fword&token_type_hint=access_token")
	f.Add("grant_type=authorization_code&code=x&redirect_uri=%00")
	f.Fuzz(func(t *testing.T, form string) {
		server := newConsentServer(t, authserver.Config{}, nil)
		live := mustGrant(t, server).RefreshToken.Reveal()
		for _, path := range []string{authserver.MerchantTokenPath, authserver.RevocationPath} {
			response, body := send(t, server, post(t.Context(), authserver.DefaultURL+path, form))
			if response.StatusCode != http.StatusBadRequest && (path != authserver.RevocationPath || response.StatusCode != http.StatusOK) {
				t.Errorf("%s: got status %d", path, response.StatusCode)
			}
			if len(body) > 0 && !json.Valid(body) {
				t.Errorf("%s: the answer is not JSON", path)
			}
		}
		mustRefresh(t, server, live)
	})
}

// FuzzAuthorize sends any query to the authorize endpoint, in a browser and
// without one: nobody but a registered redirect_uri is answered, and nobody
// gets a code that asked for less than all.
func FuzzAuthorize(f *testing.F) {
	f.Add(authorizeQuery("n1").Encode())
	f.Add("client_id=subscriptions&redirect_uri=" + redirectURI)
	f.Add("client_id=subscriptions&redirect_uri=" + redirectURI + "&redirect_uri=https://stranger.example/&state=%00")
	f.Add("%zz;=&&&")
	f.Fuzz(func(t *testing.T, query string) {
		server := newAuthorizeServer(t, authserver.Config{}, nil)
		request := getRequest(t, authserver.AuthorizePath)
		address, err := url.Parse(authserver.DefaultURL + authserver.AuthorizePath + "?" + query)
		if err != nil {
			t.Skip("not an address")
		}
		request.URL = address
		response, body := send(t, server, request)
		posts := strings.Contains(string(body), `<form method="post" action="`)
		if trusted := strings.Contains(string(body), `action="`+redirectURI+`"`) || strings.Contains(string(body), `action="https://other.example/callback"`); posts != trusted {
			t.Errorf("got status %d and a form for a stranger", response.StatusCode)
		}
		post, err := newAuthorizeServer(t, authserver.Config{}, nil).Approve(address.String())
		if asked := response.StatusCode == http.StatusSeeOther; err == nil && asked != post.Values.Has("code") {
			t.Errorf("the browser is asked: %v, a code without one: %v", asked, post.Values.Has("code"))
		}
	})
}
