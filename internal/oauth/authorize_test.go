package oauth_test

import (
	"net/http"
	"net/url"
	"testing"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

// TestAuthorizationURL has every mandatory parameter of MobilePay's authorization
// request, for both countries and both environments.
func TestAuthorizationURL(t *testing.T) {
	t.Parallel()
	want := url.Values{
		"response_type": {"code id_token"}, "response_mode": {"form_post"}, "client_id": {"our-client"},
		"redirect_uri": {"https://consent.example/consent/callback"}, "scope": {"openid offline_access subscriptions"},
		"state": {"st+te"}, "nonce": {"n&nce"}, "merchant_vat": {"DK12345678"},
		"code_challenge": {"Ge5p0wzlM_2SrxcCy9WAplP_CupB2xu2uiwFq_BBUmY"}, "code_challenge_method": {"S256"},
	}
	for preset, endpoint := range map[string]string{
		"mobilepay-merchant-sandbox-dk":    "https://sandprod-admin.mobilepay.dk/account/connect/authorize",
		"mobilepay-merchant-sandbox-fi":    "https://sandprod-admin.mobilepay.fi/account/connect/authorize",
		"mobilepay-merchant-production-dk": "https://admin.mobilepay.dk/account/connect/authorize",
		"mobilepay-merchant-production-fi": "https://admin.mobilepay.fi/account/connect/authorize",
	} {
		t.Run(preset, func(t *testing.T) {
			t.Parallel()
			got := authorizationURL(t, `"`+preset+`"`, []string{"subscriptions", "openid"})
			if address := got.Scheme + "://" + got.Host + got.Path; address != endpoint {
				t.Errorf("endpoint %s, want %s", address, endpoint)
			}
			if got.Query().Encode() != want.Encode() {
				t.Errorf("parameters\n%s, want\n%s", got.Query().Encode(), want.Encode())
			}
		})
	}
}

// Without scopes of its own a client asks for the provider's, and always for an
// ID token and a refresh token; further parameters are the provider's.
func TestAuthorizationURLOfAnInlineProvider(t *testing.T) {
	t.Parallel()
	got := authorizationURL(t, consented(`"scopes":["payments"],"authorize_parameters":{"prompt":"login"},"merchant_parameter":"vat"`), nil).Query()
	if got.Get("scope") != "openid offline_access payments" || got.Get("prompt") != "login" || got.Get("vat") != "DK12345678" || got.Has("merchant_vat") {
		t.Errorf("parameters %s", got.Encode())
	}
}

func authorizationURL(t *testing.T, provider string, scopes []string) *url.URL {
	t.Helper()
	c := credentials(func(c *token.Credentials) { c.ClientID, c.Scopes = "our-client", scopes })
	raw, err := newClient(t, refusing{t}).AuthorizationURL(t.Context(), parse(t, provider), c, oauth.Authorization{
		Merchant: "DK12345678", RedirectURI: "https://consent.example/consent/callback",
		State: "st+te", Nonce: "n&nce", Challenge: "Ge5p0wzlM_2SrxcCy9WAplP_CupB2xu2uiwFq_BBUmY",
	})
	if err != nil {
		t.Fatalf("AuthorizationURL: %v", err)
	}
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// refusing is a network that nothing may be sent to.
type refusing struct{ t *testing.T }

func (r refusing) RoundTrip(request *http.Request) (*http.Response, error) {
	r.t.Errorf("a request to %s, want none", request.URL.Host)
	return nil, http.ErrHandlerTimeout
}
