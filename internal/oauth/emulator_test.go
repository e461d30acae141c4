package oauth_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// emulator is an authorization server that somebody else wrote, and a client of
// this package that reaches it in memory.
func emulator(t *testing.T) (*authserver.Server, *oauth.Client) {
	t.Helper()
	server, err := authserver.New(authserver.Config{Clients: []authserver.Client{{
		ID: "client+id:1", Secret: token.NewSecret(clientSecret), SubscriptionKey: token.NewSecret(headerKey),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return server, newClient(t, authserver.Transport(server))
}

// at is an inline provider object of the emulator.
func at(t *testing.T, fields string) provider.Provider {
	t.Helper()
	allowed, err := provider.NewHosts([]string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	object := `{"grant_type":"client_credentials",` + strings.ReplaceAll(fields, "{base}", authserver.DefaultURL) + `}`
	p, err := provider.Parse([]byte(object), allowed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const atIntegrator = `"token_endpoint":"{base}/integrator-authentication/connect/token","merchant_parameter":"merchant_vat",
	"headers":{"X-IBM-Client-Id":"{ibm_client_id|client_id}"}`

func TestEmulatorGivesTokens(t *testing.T) {
	t.Parallel()
	const discovered = `"discovery_url":"{base}/integrator-authentication/.well-known/openid-configuration",
		"issuer":"{base}/integrator-authentication","headers":{"X-IBM-Client-Id":"{client_id}"}`
	tests := []struct {
		name, provider, merchant string
		want                     time.Duration
	}{
		{"integrator", atIntegrator, "", authserver.DefaultLifetime},
		{"integrator for a merchant", atIntegrator, "FI12345678", authserver.DefaultLifetime},
		{"integrator, discovered", discovered, "", authserver.DefaultLifetime},
		{"integrator, secret in the body", atIntegrator + `,"token_endpoint_auth_method":"client_secret_post"`, "", authserver.DefaultLifetime},
		{"Vipps partner", `"token_endpoint":"{base}/miami/v1/token"`, "", authserver.DefaultPartnerLifetime},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, client := emulator(t)
			got, err := client.ClientCredentials(t.Context(), at(t, test.provider), credentials(nil), test.merchant)
			if err != nil {
				t.Fatal(err)
			}
			issued := server.Issued()
			if len(issued) != 1 || !issued[0].Token.Equal(got.AccessToken) || issued[0].Merchant != test.merchant {
				t.Errorf("got another token than the one that was issued for %q", test.merchant)
			}
			if got.ExpiresIn != test.want || len(got.Oddities) > 0 {
				t.Errorf("got a lifetime of %v and oddities %q, want %v and none", got.ExpiresIn, got.Oddities, test.want)
			}
		})
	}
}

func TestEmulatorOfVipps(t *testing.T) {
	t.Parallel()
	server, err := authserver.New(authserver.Config{Clients: []authserver.Client{{
		ID: "client+id:1", Secret: token.NewSecret("plain-5ecret"), SubscriptionKey: token.NewSecret(headerKey),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	p := at(t, `"token_request":"headers","token_endpoint":"{base}/accesstoken/get","merchant_pattern":"[0-9]{4,7}","headers":{
		"client_id":"{client_id}","client_secret":"{client_secret}","Ocp-Apim-Subscription-Key":"{subscription_key}","Merchant-Serial-Number":"{merchant}"}`)
	c := credentials(func(c *token.Credentials) { c.ClientSecret = token.NewSecret("plain-5ecret") })
	got, err := newClient(t, authserver.Transport(server)).ClientCredentials(t.Context(), p, c, "123456")
	if err != nil || got.ExpiresIn != authserver.DefaultVippsLifetime || server.Issued()[0].Merchant != "123456" {
		t.Errorf("got a lifetime of %v and error %v", got.ExpiresIn, err)
	}
}

// TestEmulatorFaults meets every fault that the sandbox can switch on.
func TestEmulatorFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault   authserver.Fault
		class   oauth.Class // empty: a token
		timeout bool
	}{
		{fault: authserver.Fault{Kind: authserver.Hang}, class: oauth.ClassTransient, timeout: true},
		{fault: authserver.Fault{Kind: authserver.HTML500}, class: oauth.ClassTransient},
		{fault: authserver.Fault{Kind: authserver.Unavailable}, class: oauth.ClassTransient},
		{fault: authserver.Fault{Kind: authserver.Throttle, Value: "30"}, class: oauth.ClassThrottled},
		{fault: authserver.Fault{Kind: authserver.Gateway401}, class: oauth.ClassClient},
		{fault: authserver.Fault{Kind: authserver.InvalidClient}, class: oauth.ClassClient},
		{fault: authserver.Fault{Kind: authserver.InvalidScope}, class: oauth.ClassClient},
		{fault: authserver.Fault{Kind: authserver.ErrorIn200}, class: oauth.ClassTransient},
		{fault: authserver.Fault{Kind: authserver.TextPlain}},
		{fault: authserver.Fault{Kind: authserver.ResetBefore}, class: oauth.ClassTransient},
		{fault: authserver.Fault{Kind: authserver.ResetAfter}, class: oauth.ClassTransient},
		{fault: authserver.Fault{Kind: authserver.Redirect}, class: oauth.ClassUnknown},
		{fault: authserver.Fault{Kind: authserver.SlowDrip}, class: oauth.ClassTransient, timeout: true},
		{fault: authserver.Fault{Kind: authserver.HugeBody}, class: oauth.ClassUnknown},
		{fault: authserver.Fault{Kind: authserver.HugeToken}},
		{fault: authserver.Fault{Kind: authserver.ExpiresIn, Value: "-1"}},
	}
	for _, test := range tests {
		t.Run(string(test.fault.Kind), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, client := emulator(t)
				if err := server.SetFault(test.fault); err != nil {
					t.Fatal(err)
				}
				_, err := client.ClientCredentials(t.Context(), at(t, atIntegrator), credentials(nil), "")
				if calls := server.Calls()["client+id:1"]; calls != 1 {
					t.Errorf("got %d requests, want exactly 1", calls)
				}
				if test.class == "" {
					if err != nil {
						t.Errorf("got error %v, want a token", err)
					}
					return
				}
				if found := classified(t, err); found.Class != test.class || found.Timeout != test.timeout {
					t.Errorf("got %#v, want %s, timeout %v", found, test.class, test.timeout)
				}
				wantNoLeak(t, err)
				for _, issued := range server.Issued() {
					if strings.Contains(err.Error(), issued.Token.Reveal()) {
						t.Error("the error holds the token that was issued")
					}
				}
			})
		})
	}
}

func TestEmulatorsInternalHostsGetNothing(t *testing.T) {
	t.Parallel()
	server, client := emulator(t)
	if err := server.SetDiscovery(authserver.DiscoveryInternalHosts); err != nil {
		t.Fatal(err)
	}
	p := at(t, `"discovery_url":"{base}/integrator-authentication/.well-known/openid-configuration",
		"issuer":"https://api.mobilepay.dk/integrator-authentication","headers":{"X-IBM-Client-Id":"{client_id}"}`)
	_, err := client.ClientCredentials(t.Context(), p, credentials(nil), "")
	if err == nil || !strings.Contains(err.Error(), "the document's token_endpoint is http") || len(server.Calls()) != 0 {
		t.Errorf("got error %v and calls %v, want the endpoint refused and none", err, server.Calls())
	}
}
