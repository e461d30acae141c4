package authserver_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
)

func TestAuthorizeRefusals(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(url.Values) { return func(q url.Values) { q.Set(name, value) } }
	tests := []struct {
		name   string
		change func(url.Values)
		want   string // the error that is posted; empty: none is, anywhere
	}{
		{"unknown client", set("client_id", "x"), ""},
		{"no client", func(q url.Values) { q.Del("client_id") }, ""},
		{"client twice", func(q url.Values) { q.Add("client_id", consentID) }, ""},
		{"another client's redirect_uri", set("client_id", otherConsent), ""},
		{"no redirect_uri", func(q url.Values) { q.Del("redirect_uri") }, ""},
		{"redirect_uri with a slash more", set("redirect_uri", redirectURI+"/"), ""},
		{"redirect_uri with a query", set("redirect_uri", redirectURI+"?x=y"), ""},
		{"redirect_uri in capitals", set("redirect_uri", "HTTP://127.0.0.1:8080/consent/callback"), ""},
		{"redirect_uri twice", func(q url.Values) { q.Add("redirect_uri", "https://stranger.example/") }, ""},
		{"code alone", set("response_type", "code"), "unsupported_response_type"},
		{"the other order", set("response_type", "id_token code"), "unsupported_response_type"},
		{"fragment", set("response_mode", "fragment"), "invalid_request"},
		{"no openid", set("scope", "offline_access"), "invalid_scope"},
		{"no offline_access", set("scope", "openid"), "invalid_scope"},
		{"unknown scope", set("scope", "openid offline_access everything"), "invalid_scope"},
		{"no nonce", set("nonce", ""), "invalid_request"},
		{"no code_challenge", func(q url.Values) { q.Del("code_challenge") }, "invalid_request"},
		{"code_challenge of another length", set("code_challenge", "x"), "invalid_request"},
		{"plain", set("code_challenge_method", "plain"), "invalid_request"},
		{"no method", func(q url.Values) { q.Del("code_challenge_method") }, "invalid_request"},
		{"no merchant", func(q url.Values) { q.Del("merchant_vat") }, "invalid_request"},
		{"no VAT number", set("merchant_vat", "DK1234567"), "invalid_request"},
		{"merchant twice", func(q url.Values) { q.Add("merchant_vat", "FI12345678") }, "invalid_request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newAuthorizeServer(t, authserver.Config{}, nil)
			query := authorizeQuery("n1")
			test.change(query)
			post, err := server.Approve(authorizeURL(query))
			if test.want == "" {
				if err == nil {
					t.Errorf("got an answer for %s, want none", post.RedirectURI)
				}
			} else {
				want := authserver.FormPost{RedirectURI: redirectURI, Values: url.Values{"error": {test.want}, "state": {"state of n1"}}}
				if diff := cmp.Diff(want, post); diff != "" || err != nil {
					t.Errorf("error %v; the form (-want +got):\n%s", err, diff)
				}
			}
			if got := len(server.Codes()); got != 0 {
				t.Errorf("codes: got %d, want none", got)
			}
		})
	}
}

func TestAuthorizeWithoutState(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	query := authorizeQuery("n1")
	query.Del("state")
	post, err := server.Approve(authorizeURL(query))
	if diff := cmp.Diff(url.Values{"error": {"invalid_request"}}, post.Values); diff != "" || err != nil {
		t.Errorf("error %v; the form (-want +got):\n%s", err, diff)
	}
}

func TestNonceIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	mustApprove(t, server, "n1")
	post, err := server.Approve(authorizeURL(authorizeQuery("n1")))
	if err != nil || post.Values.Get("error") != "invalid_request" {
		t.Errorf("again: got error %v and %q, want invalid_request", err, post.Values.Get("error"))
	}
	mustApprove(t, server, "n2")
}

func TestDecline(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{ResponseIssuer: true}, nil)
	post, err := server.Decline(authorizeURL(authorizeQuery("n1")))
	want := url.Values{"error": {"access_denied"}, "state": {"state of n1"}, "iss": {authserver.MerchantIssuer}}
	if diff := cmp.Diff(want, post.Values); diff != "" || err != nil || len(server.Codes()) != 0 {
		t.Errorf("error %v, %d codes; the form (-want +got):\n%s", err, len(server.Codes()), diff)
	}
}

func TestResponseIssuer(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{false, true} {
		server := newAuthorizeServer(t, authserver.Config{ResponseIssuer: on}, nil)
		want := ""
		if on {
			want = authserver.MerchantIssuer
		}
		if got := mustApprove(t, server, "n1").Get("iss"); got != want {
			t.Errorf("setting %v: got iss %q, want %q", on, got, want)
		}
		_, body := send(t, server, getRequest(t, authserver.MerchantDiscoveryPath))
		if got := decode(t, body)["authorization_response_iss_parameter_supported"]; got != on {
			t.Errorf("setting %v: the discovery document says %v", on, got)
		}
	}
}

func TestApproveRefusesOtherAddresses(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	for _, address := range []string{"", "%zz", "http://localhost:9400/account/connect/authorize2?x=y"} {
		if _, err := server.Approve(address); err == nil {
			t.Errorf("%q: got no error", address)
		}
	}
}

func TestMerchantDiscovery(t *testing.T) {
	t.Parallel()
	const base = "http://localhost:1234"
	server := newAuthorizeServer(t, authserver.Config{URL: base}, nil)
	response, body := send(t, server, getRequest(t, authserver.MerchantDiscoveryPath))
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status: got %d, want 200", response.StatusCode)
	}
	document := decode(t, body)
	want := map[string]string{
		"issuer":                 "https://api.mobilepay.dk/merchant",
		"jwks_uri":               base + authserver.JWKSPath,
		"authorization_endpoint": base + authserver.AuthorizePath,
		"token_endpoint":         base + authserver.MerchantTokenPath,
		"revocation_endpoint":    base + authserver.RevocationPath,
	}
	for name, value := range want {
		if document[name] != value {
			t.Errorf("%s: got %v, want %s", name, document[name], value)
		}
	}
}

func TestRedirectURIsThatCannotBeRegistered(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	for _, address := range []string{"", "/callback", "javascript:alert(1)", "https://", "https://x.example/#y"} {
		if err := server.AddClient(authserver.Client{ID: "x", RedirectURIs: []string{address}}); err == nil {
			t.Errorf("%q: got no error", address)
		}
	}
}

func getRequest(t *testing.T, path string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, authserver.DefaultURL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return request
}
