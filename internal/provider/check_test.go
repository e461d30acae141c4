package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, template, merchant string
		want                     string // empty: left out
	}{
		{"a literal", "abc", "", "abc"},
		{"a field", "{subscription_key}", "", "the-subscription-key"},
		{"the client's id", "{client_id}", "", "the-client-id"},
		{"the client's secret", "{client_secret}", "", "the-client-secret"},
		{"text around", "a {client_id}/{subscription_key} b", "", "a the-client-id/the-subscription-key b"},
		{"the first present", "{ibm_client_id|client_id}", "", "the-client-id"},
		{"the first of two", "{client_id|subscription_key}", "", "the-client-id"},
		{"a merchant", "{merchant}", "DK12345678", "DK12345678"},
		{"a merchant in text", "vat={merchant}", "DK12345678", "vat=DK12345678"},
		{"no merchant", "{merchant}", "", ""},
		{"no merchant in text", "vat={merchant}", "", ""},
		{"a merchant before a field", "{merchant|client_id}", "DK12345678", "DK12345678"},
		{"no merchant but a field", "{merchant|client_id}", "", "the-client-id"},
		{"no merchant and no field", "{merchant|absent}", "", ""},
		{"optional and absent", "{absent|}", "", ""},
		{"optional and absent in text", "v{absent|}", "", ""},
		{"optional and present", "{absent|client_id|}", "", "the-client-id"},
		{"empty", "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, inline(`"headers":{"x-a":"`+test.template+`"}`))
			filled, err := p.Headers(credentials(nil), test.merchant)
			if err != nil {
				t.Fatalf("got error %v", err)
			}
			if got := filled["X-A"].Reveal(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if _, sent := filled["X-A"]; sent != (test.want != "") && test.template != "" {
				t.Errorf("got header sent: %v, want %v", sent, test.want != "")
			}
		})
	}
}

func TestHeadersReportWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := parse(t, inline(`"headers":{"X-A":"{absent|gone}","X-B":"{merchant} {missing}","X-C":"{broken}"}`))
	c := credentials(func(c *token.Credentials) { c.Fields["broken"] = token.NewSecret("5ecret\r\nX-D: 1") })
	_, err := p.Headers(c, "")
	wantError(t, err, []string{
		"headers.X-A needs the field absent or gone", "headers.X-B needs the field missing", "headers.X-C is filled with a character",
	}, "5ecret")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	vatObject := inline(`"merchant_parameter":"merchant_vat"`)
	tests := []struct {
		name, object string
		change       func(*token.Credentials)
		want         []string // none: no fault
	}{
		{"good", vatObject, nil, nil},
		{"good with merchants", vatObject, func(c *token.Credentials) { c.Merchants = []string{"DK12345678", "FI12345678"} }, nil},
		{"good without unbound", vatObject, func(c *token.Credentials) { c.Merchants, c.Unbound = []string{"DK12345678"}, false }, nil},
		{"good without a secret", inline(`"token_endpoint_auth_method":"none"`), func(c *token.Credentials) { c.ClientSecret = token.Secret{} }, nil},
		{"good with a merchant in a header", inline(`"headers":{"X-M":"{merchant}"}`), func(c *token.Credentials) { c.Merchants = []string{"DK12345678"} }, nil},
		{"no secret for basic", vatObject, func(c *token.Credentials) { c.ClientSecret = token.Secret{} }, []string{"client_secret is missing: the provider authenticates by client_secret_basic"}},
		{"no secret for post", inline(`"token_endpoint_auth_method":"client_secret_post"`), func(c *token.Credentials) { c.ClientSecret = token.Secret{} }, []string{"client_secret is missing"}},
		{"no secret for a header", inline(`"token_request":"headers","headers":{"client_secret":"{client_secret}"}`), func(c *token.Credentials) { c.ClientSecret = token.Secret{} }, []string{"needs the field client_secret"}},
		{"no field for a header", inline(`"headers":{"X-A":"{api_key}"}`), nil, []string{"headers.X-A needs the field api_key"}},
		{"bad merchants", vatObject, func(c *token.Credentials) { c.Merchants = []string{"DK12345678", "DK1234567", "SE12345678"} }, []string{"merchants[1] does not match", "merchants[2] does not match", "merchant_pattern ^(DK|FI)[0-9]{8}$"}},
		{"nothing to get", vatObject, func(c *token.Credentials) { c.Unbound = false }, []string{"unbound is false and merchants is empty"}},
		{"merchants that cannot be told", inline(""), func(c *token.Credentials) { c.Merchants = []string{"DK12345678"} }, []string{"merchants cannot be told to this provider"}},
		{"bad scope", vatObject, func(c *token.Credentials) { c.Scopes = []string{"a", "b\"c"} }, []string{"scopes[1] is not a scope"}},
		{"scopes without a body", inline(`"token_request":"headers"`), func(c *token.Credentials) { c.Scopes = []string{"a"} }, []string{"scopes cannot be sent"}},
		{"all at once", inline(`"headers":{"X-A":"{api_key}"}`), func(c *token.Credentials) { *c = token.Credentials{} }, []string{"client_secret is missing", "needs the field api_key", "unbound is false"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := parse(t, test.object).Check(credentials(test.change))
			if test.want == nil {
				if err != nil {
					t.Errorf("got %v, want no fault", err)
				}
				return
			}
			wantError(t, err, test.want, "the-client-secret", "the-subscription-key", "DK1234567,", "SE12345678")
		})
	}
}

// Merchants of an authorization code client come by consent, not from the
// credentials.
func TestCheckOfConsentClients(t *testing.T) {
	t.Parallel()
	p, err := provider.Parse([]byte(`"mobilepay-merchant-sandbox-dk"`), hosts(t, provider.PresetHosts()...))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(credentials(func(c *token.Credentials) { c.Unbound = false })); err != nil {
		t.Errorf("got %v, want no fault", err)
	}
	for _, name := range []string{"DK12345678", "FI12345678"} { // both countries, at both consent pages
		if err := p.CheckMerchant(name); err != nil {
			t.Errorf("merchant %s: got %v, want it known", name, err)
		}
	}
}

func TestVippsHeaders(t *testing.T) {
	t.Parallel()
	p, err := provider.Parse([]byte(`"vipps-test"`), hosts(t, provider.PresetHosts()...))
	if err != nil {
		t.Fatal(err)
	}
	c := credentials(func(c *token.Credentials) {
		c.Fields["merchant_serial_number"] = token.NewSecret("99999")
		c.Fields["vipps_system_name"] = token.NewSecret("acme")
	})
	base := map[string]string{
		"Client_id": "the-client-id", "Client_secret": "the-client-secret", "Ocp-Apim-Subscription-Key": "the-subscription-key",
		"Vipps-System-Name": "acme", "Merchant-Serial-Number": "99999",
	}
	got, err := p.Headers(c, "")
	if diff := cmp.Diff(base, revealed(got)); err != nil || diff != "" {
		t.Errorf("bound to none: error %v, headers differ (-want +got):\n%s", err, diff)
	}
	base["Merchant-Serial-Number"] = "123456"
	got, err = p.Headers(c, "123456")
	if diff := cmp.Diff(base, revealed(got)); err != nil || diff != "" {
		t.Errorf("bound to one: error %v, headers differ (-want +got):\n%s", err, diff)
	}
	delete(c.Fields, "subscription_key")
	wantError(t, p.Check(c), []string{"headers.Ocp-Apim-Subscription-Key needs the field subscription_key"})
}

func revealed(headers map[string]token.Secret) map[string]string {
	shown := map[string]string{}
	for name, value := range headers {
		shown[name] = value.Reveal()
	}
	return shown
}
