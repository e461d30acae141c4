package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hosts allows the given host names.
func hosts(t *testing.T, names ...string) provider.Hosts {
	t.Helper()
	allowed, err := provider.NewHosts(names)
	if err != nil {
		t.Fatalf("allowing %v: %v", names, err)
	}
	return allowed
}

// parse reads an inline object whose URLs are on idp.example.
func parse(t *testing.T, object string) provider.Provider {
	t.Helper()
	parsed, err := provider.Parse([]byte(object), hosts(t, "idp.example"))
	if err != nil {
		t.Fatalf("parsing %s: %v", object, err)
	}
	return parsed
}

// inline is a good object with further fields in it.
func inline(fields string) string {
	object := `{"grant_type":"client_credentials","token_endpoint":"https://idp.example/token"`
	if fields != "" {
		object += "," + fields
	}
	return object + "}"
}

// credentials are good ones for most providers.
func credentials(change func(*token.Credentials)) token.Credentials {
	c := token.Credentials{
		Client:       "pos",
		ClientID:     "the-client-id",
		ClientSecret: token.NewSecret("the-client-secret"),
		Fields:       map[string]token.Secret{"subscription_key": token.NewSecret("the-subscription-key")},
		Unbound:      true,
	}
	if change != nil {
		change(&c)
	}
	return c
}

// wantError fails unless the error holds every wanted text and none of the
// forbidden ones.
func wantError(t *testing.T, err error, wanted []string, forbidden ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", wanted)
	}
	for _, text := range wanted {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got error %q, want %q in it", err, text)
		}
	}
	for _, text := range forbidden {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), text) {
			t.Errorf("the error %q gives away %q", err, text)
		}
	}
}

func TestProviderPrintsOnlyItsName(t *testing.T) {
	t.Parallel()
	p := parse(t, inline(`"headers":{"X-Key":"a-literal-key"},"token_parameters":{"resource":"a-literal-parameter"}`))
	printed := fmt.Sprintf("%v %+v %#v %s %v", p, p, p, p, p.LogValue())
	if got, want := printed, strings.TrimSuffix(strings.Repeat("provider inline ", 5), " "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAddressLeavesTheQueryOut(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, object, want string }{
		{"pinned", `{"grant_type":"client_credentials","token_endpoint":"https://idp.example:8443/token?key=abc"}`, "https://idp.example:8443/token"},
		{"to be discovered", `{"grant_type":"client_credentials","issuer":"i","discovery_url":"https://idp.example/doc?key=abc"}`, "https://idp.example/doc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := parse(t, test.object).Address(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestScopesOfTheCredentialsComeFirst(t *testing.T) {
	t.Parallel()
	p := parse(t, inline(`"scopes":["a","b"]`))
	if got := p.EffectiveScopes(credentials(nil)); len(got) != 2 {
		t.Errorf("without own scopes: got %v, want the provider's", got)
	}
	own := credentials(func(c *token.Credentials) { c.Scopes = []string{"c"} })
	if got := p.EffectiveScopes(own); len(got) != 1 || got[0] != "c" {
		t.Errorf("with own scopes: got %v, want [c]", got)
	}
}
