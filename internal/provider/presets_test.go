package provider_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

func TestPresets(t *testing.T) {
	t.Parallel()
	want := []string{
		"mobilepay-integrator-production", "mobilepay-integrator-sandbox",
		"mobilepay-merchant-production-dk", "mobilepay-merchant-production-fi",
		"mobilepay-merchant-sandbox-dk", "mobilepay-merchant-sandbox-fi",
		"vipps-partner-production", "vipps-partner-test", "vipps-production", "vipps-test",
	}
	if diff := cmp.Diff(want, provider.Presets()); diff != "" {
		t.Errorf("names differ (-want +got):\n%s", diff)
	}
}

func TestPresetHosts(t *testing.T) {
	t.Parallel()
	want := []string{
		"admin.mobilepay.dk", "admin.mobilepay.fi", "api.mobilepay.dk", "api.sandbox.mobilepay.dk", "api.vipps.no",
		"apitest.vipps.no", "sandprod-admin.mobilepay.dk", "sandprod-admin.mobilepay.fi",
	}
	if diff := cmp.Diff(want, provider.PresetHosts()); diff != "" {
		t.Errorf("hosts differ (-want +got):\n%s", diff)
	}
}

// facts are what a preset says, in a form that shows differences well.
type facts struct {
	Grant                                                     token.GrantType
	Request                                                   provider.TokenRequest
	Issuer, Discovery, Token, Authorization, JWKS, Revocation string
	Auth                                                      provider.AuthMethod
	Parameter, Pattern, ResponseType, ResponseMode            string
	Scopes                                                    []string
	CodeVerifierOnRefresh                                     bool
	DefaultExpiresIn, Timeout                                 time.Duration
}

func factsOf(p provider.Provider) facts {
	return facts{
		Grant: p.GrantType, Request: p.TokenRequest, Issuer: p.Issuer, Discovery: p.DiscoveryURL, Token: p.TokenEndpoint,
		Authorization: p.AuthorizationEndpoint, JWKS: p.JWKSURI, Revocation: p.RevocationEndpoint, Auth: p.AuthMethod,
		Parameter: p.MerchantParameter, Pattern: p.MerchantPattern.String(), ResponseType: p.ResponseType,
		ResponseMode: p.ResponseMode, Scopes: p.Scopes, CodeVerifierOnRefresh: p.CodeVerifierOnRefresh,
		DefaultExpiresIn: p.DefaultExpiresIn, Timeout: p.Timeout,
	}
}

const vat = `^(?:^(DK|FI)[0-9]{8}$)$`

func integrator(base string) facts {
	return facts{
		Grant: token.GrantTypeClientCredentials, Request: provider.RequestForm,
		Issuer:    "https://api.mobilepay.dk/integrator-authentication",
		Discovery: base + "/.well-known/openid-configuration", Token: base + "/connect/token",
		Auth: provider.AuthBasic, Parameter: "merchant_vat", Pattern: vat,
		CodeVerifierOnRefresh: true, DefaultExpiresIn: 300 * time.Second, Timeout: 10 * time.Second,
	}
}

func merchant(account, connect string) facts {
	return facts{
		Grant: token.GrantTypeAuthorizationCode, Request: provider.RequestForm,
		Issuer:    "https://api.mobilepay.dk/merchant", // in the sandbox and for Finland too
		Discovery: account + "/.well-known/openid-configuration", Authorization: account + "/connect/authorize",
		Token: connect + "/token", Revocation: connect + "/revocation",
		Auth: provider.AuthPost, Parameter: "merchant_vat", Pattern: vat,
		ResponseType: "code id_token", ResponseMode: "form_post", Scopes: []string{"openid", "offline_access"},
		CodeVerifierOnRefresh: true, DefaultExpiresIn: 300 * time.Second, Timeout: 10 * time.Second,
	}
}

func TestPresetFacts(t *testing.T) {
	t.Parallel()
	const (
		sandbox    = "https://api.sandbox.mobilepay.dk/merchant-authentication-openidconnect/connect"
		production = "https://api.mobilepay.dk/merchant-authentication-openidconnect/connect"
	)
	vipps := facts{
		Grant: token.GrantTypeClientCredentials, Request: provider.RequestHeaders, Auth: provider.AuthNone,
		Token: "https://apitest.vipps.no/accesstoken/get", Pattern: `^(?:^[0-9]{4,7}$)$`,
		CodeVerifierOnRefresh: true, DefaultExpiresIn: 300 * time.Second, Timeout: 10 * time.Second,
	}
	partner := facts{
		Grant: token.GrantTypeClientCredentials, Request: provider.RequestForm, Auth: provider.AuthBasic,
		Token: "https://apitest.vipps.no/miami/v1/token", Pattern: vat,
		CodeVerifierOnRefresh: true, DefaultExpiresIn: 300 * time.Second, Timeout: 10 * time.Second,
	}
	at := func(f facts, endpoint string) facts { f.Token = endpoint; return f }
	want := map[string]facts{
		"mobilepay-integrator-sandbox":     integrator("https://api.sandbox.mobilepay.dk/integrator-authentication"),
		"mobilepay-integrator-production":  integrator("https://api.mobilepay.dk/integrator-authentication"),
		"mobilepay-merchant-sandbox-dk":    merchant("https://sandprod-admin.mobilepay.dk/account", sandbox),
		"mobilepay-merchant-sandbox-fi":    merchant("https://sandprod-admin.mobilepay.fi/account", sandbox),
		"mobilepay-merchant-production-dk": merchant("https://admin.mobilepay.dk/account", production),
		"mobilepay-merchant-production-fi": merchant("https://admin.mobilepay.fi/account", production),
		"vipps-test":                       vipps,
		"vipps-production":                 at(vipps, "https://api.vipps.no/accesstoken/get"),
		"vipps-partner-test":               partner,
		"vipps-partner-production":         at(partner, "https://api.vipps.no/miami/v1/token"),
	}
	allowed := hosts(t, provider.PresetHosts()...)
	for _, name := range provider.Presets() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, _ := json.Marshal(name)
			p, err := provider.Parse(raw, allowed)
			if err != nil {
				t.Fatalf("got error %v, want the preset", err)
			}
			if diff := cmp.Diff(want[name], factsOf(p)); diff != "" {
				t.Errorf("facts differ (-want +got):\n%s", diff)
			}
			if p.Name != name {
				t.Errorf("got name %q, want %q", p.Name, name)
			}
		})
	}
}

func TestPresetOutsideTheAllowedHosts(t *testing.T) {
	t.Parallel()
	_, err := provider.Parse([]byte(`"mobilepay-merchant-sandbox-fi"`), hosts(t, "api.sandbox.mobilepay.dk"))
	wantError(t, err, []string{
		"discovery_url has the host sandprod-admin.mobilepay.fi", "authorization_endpoint has the host", "PROVIDER_HOSTS",
	}, "token_endpoint has")
}

func TestUnknownPreset(t *testing.T) {
	t.Parallel()
	_, err := provider.Parse([]byte(`"5ecret-pasted-here"`), hosts(t, "idp.example"))
	wantError(t, err, []string{"known are", "mobilepay-integrator-sandbox", "vipps-test"}, "5ecret-pasted-here")
}
