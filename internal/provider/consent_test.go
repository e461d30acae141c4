package provider_test

import (
	"strings"
	"testing"

	"token-refresher/internal/provider"
)

func TestCheckConsent(t *testing.T) {
	t.Parallel()
	const object = `{"grant_type":"authorization_code","issuer":"https://idp.example","discovery_url":"https://idp.example/d","merchant_parameter":"merchant_vat"`
	tests := []struct{ name, provider, want string }{
		{"a preset", `"mobilepay-merchant-production-fi"`, ""},
		{"defaults", object + `}`, ""},
		{"the types the other way round", object + `,"response_type":"id_token code"}`, ""},
		{"integrator tokens", `"mobilepay-integrator-sandbox"`, "grant_type is not authorization_code"},
		{"a code only", object + `,"response_type":"code"}`, "response_type must be"},
		{"an access token in front", object + `,"response_type":"code id_token token"}`, "response_type must be"},
		{"a query", object + `,"response_mode":"query"}`, "response_mode must be form_post"},
		{"no keys", `{"grant_type":"authorization_code","issuer":"https://idp.example","token_endpoint":"https://idp.example/t",
			"authorization_endpoint":"https://idp.example/a","merchant_parameter":"vat"}`, "jwks_uri is missing"},
		{"no merchant", `{"grant_type":"authorization_code","issuer":"https://idp.example","discovery_url":"https://idp.example/d"}`, "merchant_parameter is missing"},
	}
	hosts, err := provider.NewHosts(append(provider.PresetHosts(), "idp.example"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := provider.Parse([]byte(test.provider), hosts)
			if err != nil {
				t.Fatal(err)
			}
			err = p.CheckConsent()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
