package oauth_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// basic is RFC 6749 section 2.3.1 by hand: both parts form-encoded, then
// base64.
var basic = "Basic " + base64.StdEncoding.EncodeToString([]byte("client%2Bid%3A1:5ecret%2B%2F%25%3A+%3D%26%C3%BCn%C3%AFcode"))

const (
	form          = "application/x-www-form-urlencoded"
	encodedSecret = "5ecret%2B%2F%25%3A+%3D%26%C3%BCn%C3%AFcode"
)

// TestRequests holds every preset and every style to the exact request.
func TestRequests(t *testing.T) {
	t.Parallel()
	vippsHeaders := map[string]string{
		"client_id": "client+id:1", "client_secret": "plain-5ecret", "Ocp-Apim-Subscription-Key": headerKey, "Content-Type": "", "Authorization": "",
	}
	tests := []struct {
		name, provider, merchant string
		change                   func(*token.Credentials)
		wantURL, wantBody        string
		wantHeader               map[string]string
	}{
		{
			name: "integrator in the sandbox", provider: `"mobilepay-integrator-sandbox"`,
			wantURL:    "https://api.sandbox.mobilepay.dk/integrator-authentication/connect/token",
			wantBody:   "grant_type=client_credentials",
			wantHeader: map[string]string{"Authorization": basic, "X-IBM-Client-Id": "client+id:1", "Content-Type": form},
		},
		{
			name: "integrator for a merchant", provider: `"mobilepay-integrator-production"`, merchant: "DK12345678",
			change:     func(c *token.Credentials) { c.Fields["ibm_client_id"] = token.NewSecret("ibm-1") },
			wantURL:    "https://api.mobilepay.dk/integrator-authentication/connect/token",
			wantBody:   "grant_type=client_credentials&merchant_vat=DK12345678",
			wantHeader: map[string]string{"Authorization": basic, "X-IBM-Client-Id": "ibm-1", "Content-Type": form},
		},
		{
			name: "Vipps in test", provider: `"vipps-test"`,
			change:     func(c *token.Credentials) { c.ClientSecret = token.NewSecret("plain-5ecret") },
			wantURL:    "https://apitest.vipps.no/accesstoken/get",
			wantHeader: vippsHeaders,
		},
		{
			name: "Vipps for a sales unit", provider: `"vipps-production"`, merchant: "123456",
			change:     func(c *token.Credentials) { c.ClientSecret = token.NewSecret("plain-5ecret") },
			wantURL:    "https://api.vipps.no/accesstoken/get",
			wantHeader: map[string]string{"client_id": "client+id:1", "client_secret": "plain-5ecret", "Merchant-Serial-Number": "123456", "Content-Type": ""},
		},
		{
			name: "Vipps partner in test", provider: `"vipps-partner-test"`,
			wantURL: "https://apitest.vipps.no/miami/v1/token", wantBody: "grant_type=client_credentials",
			wantHeader: map[string]string{"Authorization": basic, "Content-Type": form, "Ocp-Apim-Subscription-Key": "", "Vipps-System-Name": ""},
		},
		{
			name: "Vipps partner", provider: `"vipps-partner-production"`,
			change:  func(c *token.Credentials) { c.Fields["vipps_system_name"] = token.NewSecret("acme") },
			wantURL: "https://api.vipps.no/miami/v1/token", wantBody: "grant_type=client_credentials",
			wantHeader: map[string]string{"Authorization": basic, "Content-Type": form, "Vipps-System-Name": "acme"},
		},
		{
			name: "secret in the body", provider: inline(`"token_endpoint_auth_method":"client_secret_post"`),
			wantURL:    "https://idp.example/token?version=2",
			wantBody:   "client_id=client%2Bid%3A1&client_secret=" + encodedSecret + "&grant_type=client_credentials",
			wantHeader: map[string]string{"Authorization": "", "Content-Type": form, "Accept": "application/json", "User-Agent": "token-refresher", "Cookie": ""},
		},
		{
			name: "public client", provider: inline(`"token_endpoint_auth_method":"none"`),
			wantURL: "https://idp.example/token?version=2", wantBody: "client_id=client%2Bid%3A1&grant_type=client_credentials",
			wantHeader: map[string]string{"Authorization": ""},
		},
		{
			name: "scopes and parameters", provider: inline(`"scopes":["a","b"],"token_parameters":{"audience":"https://api.example/"}`),
			wantURL: "https://idp.example/token?version=2", wantBody: "audience=https%3A%2F%2Fapi.example%2F&grant_type=client_credentials&scope=a+b",
			wantHeader: map[string]string{"Authorization": basic},
		},
		{
			name: "own scopes", provider: inline(`"scopes":["a","b"],"headers":{"accept":"application/vnd.example+json"}`),
			change:  func(c *token.Credentials) { c.Scopes = []string{"c"} },
			wantURL: "https://idp.example/token?version=2", wantBody: "grant_type=client_credentials&scope=c",
			wantHeader: map[string]string{"Accept": "application/vnd.example+json"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := serving(http.StatusOK, goodAnswer)
			_, err := newClient(t, idp).ClientCredentials(t.Context(), parse(t, test.provider), credentials(test.change), test.merchant)
			if err != nil {
				t.Fatal(err)
			}
			idp.wantSent(t, test.wantURL, test.wantBody, test.wantHeader)
		})
	}
}

func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, merchant string
		provider       func(*testing.T) provider.Provider
		want           string
	}{
		{"a merchant that cannot be told", "DK12345678", func(t *testing.T) provider.Provider { t.Helper(); return parse(t, inline("")) }, "the merchant cannot be told"},
		{"a merchant of another pattern", "SE1", func(t *testing.T) provider.Provider { t.Helper(); return parse(t, `"mobilepay-integrator-sandbox"`) }, "does not match the provider's merchant_pattern"},
		{"a header without its field", "", func(t *testing.T) provider.Provider {
			t.Helper()
			return parse(t, inline(`"headers":{"X-A":"{gone}"}`))
		}, "headers.X-A needs the field gone"},
		{"a provider that was not parsed", "", func(*testing.T) provider.Provider { return provider.Provider{TokenEndpoint: "https://idp.example/"} }, "token_endpoint has the host"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := serving(http.StatusOK, goodAnswer)
			_, err := newClient(t, idp).ClientCredentials(t.Context(), test.provider(t), credentials(nil), test.merchant)
			if found := classified(t, err); found.Class != oauth.ClassClient || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got class %s and %q, want client and %q in it", found.Class, err, test.want)
			}
			if len(idp.sent()) != 0 {
				t.Errorf("got %d requests, want none", len(idp.sent()))
			}
			wantNoLeak(t, err)
		})
	}
}

func TestAnswerOfAGoodServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := serving(http.StatusOK, goodAnswer)
		quick := idp.answer
		idp.answer = func(request *http.Request) (*http.Response, error) {
			<-time.After(3 * time.Second)
			return quick(request)
		}
		asked := time.Now()
		got, err := newClient(t, idp).ClientCredentials(t.Context(), parse(t, inline("")), credentials(nil), "")
		if err != nil {
			t.Fatal(err)
		}
		if got.AccessToken.Reveal() != accessToken || !got.RefreshToken.Empty() || !got.IDToken.Empty() {
			t.Error("the tokens are not those that were sent")
		}
		if !got.IssuedAt.Equal(asked) {
			t.Errorf("got issued at %v, want %v, when it was asked for", got.IssuedAt, asked)
		}
		rest := oauth.Answer{TokenType: got.TokenType, Scope: got.Scope, ExpiresIn: got.ExpiresIn, Oddities: got.Oddities}
		want := oauth.Answer{TokenType: "Bearer", Scope: "integrator_scope", ExpiresIn: 3700 * time.Second}
		if diff := cmp.Diff(want, rest, cmp.Comparer(token.Secret.Equal)); diff != "" {
			t.Errorf("answer differs (-want +got):\n%s", diff)
		}
	})
}
