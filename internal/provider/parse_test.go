package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// pasted stands for a secret that was written into a wrong field.
const pasted = "5ecret.pa5ted"

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const endpoint = `{"grant_type":"client_credentials","token_endpoint":`
	tests := []struct {
		name, object string
		want         string
	}{
		{"nothing", ``, "neither the name of a preset nor a JSON object"},
		{"null", `null`, "provider is not the name of a preset"},
		{"number", `7`, "neither the name of a preset nor a JSON object"},
		{"list", `["` + pasted + `"]`, "neither the name of a preset nor a JSON object"},
		{"broken JSON", `{"issuer":"` + pasted, "neither the name of a preset nor a JSON object"},
		{"unknown field", inline(`"tokn_endpoint":"` + pasted + `"`), "tokn_endpoint is not a field"},
		{"unknown field in another case", inline(`"Timeout":"5s"`), "Timeout is not a field"},
		{"unknown field that may be a secret", inline(`"` + pasted + `/+=":""`), "a field with an unusual name is not a field"},
		{"no grant type", `{"token_endpoint":"https://idp.example/token"}`, "grant_type is missing"},
		{"unknown grant type", strings.Replace(inline(""), "client_credentials", pasted, 1), "grant_type must be one of client_credentials, authorization_code"},
		{"no endpoint", `{"grant_type":"client_credentials"}`, "token_endpoint is missing, and there is no discovery_url"},
		{"no authorization endpoint", strings.Replace(inline(`"issuer":"i"`), "client_credentials", "authorization_code", 1), "authorization_endpoint is missing"},
		{"no issuer for discovery", inline(`"discovery_url":"https://idp.example/d"`), "issuer is missing: a discovered document"},
		{"no issuer for ID tokens", `{"grant_type":"authorization_code","token_endpoint":"https://idp.example/t","authorization_endpoint":"https://idp.example/a"}`, "issuer is missing: ID tokens"},
		{"endpoint not a string", endpoint + `["` + pasted + `"]}`, "token_endpoint is not a string"},
		{"endpoint not a URL", endpoint + `"` + pasted + `"}`, "token_endpoint is not an absolute URL"},
		{"endpoint http", endpoint + `"http://idp.example/"}`, "token_endpoint is http: only https"},
		{"endpoint on another host", endpoint + `"https://evil.example/"}`, "token_endpoint has the host evil.example"},
		{"headers not strings", inline(`"headers":{"X-A":7}`), "headers is not an object of strings"},
		{"authorization header", inline(`"headers":{"authorization":"Bearer ` + pasted + `"}`), "headers.authorization is reserved"},
		{"host header", inline(`"headers":{"Host":"x"}`), "headers.Host is reserved"},
		{"length header", inline(`"headers":{"CONTENT-LENGTH":"1"}`), "headers.CONTENT-LENGTH is reserved"},
		{"hop-by-hop header", inline(`"headers":{"Connection":"close"}`), "headers.Connection is reserved"},
		{"proxy header", inline(`"headers":{"Proxy-Authorization":"x"}`), "headers.Proxy-Authorization is reserved"},
		{"header that makes net/http repeat", inline(`"headers":{"Idempotency-Key":"x"}`), "headers.Idempotency-Key is reserved"},
		{"header name with a space", inline(`"headers":{"X ` + pasted + `":"x"}`), "headers has a name that no header can have"},
		{"header twice", inline(`"headers":{"X-A":"1","x-a":"2"}`), "headers.x-a is there twice"},
		{"header with a line break", inline(`"headers":{"X-A":"1\r\nX-B: ` + pasted + `"}`), "headers.X-A has a character"},
		{"open placeholder", inline(`"headers":{"X-A":"{client_id"}`), "headers.X-A has a placeholder"},
		{"empty placeholder", inline(`"headers":{"X-A":"{}"}`), "headers.X-A has a placeholder"},
		{"placeholder of nothing", inline(`"headers":{"X-A":"{|}"}`), "headers.X-A has a placeholder"},
		{"stray brace", inline(`"headers":{"X-A":"a}"}`), "headers.X-A has a } without a {"},
		{"unknown request", inline(`"token_request":"json"`), "token_request must be one of form, headers"},
		{"unknown auth method", inline(`"token_endpoint_auth_method":"private_key_jwt"`), "token_endpoint_auth_method must be one of"},
		{"auth method of a request without a body", inline(`"token_request":"headers","token_endpoint_auth_method":"client_secret_post"`), "must be none or absent"},
		{"merchant parameter of a request without a body", inline(`"token_request":"headers","merchant_parameter":"m"`), "merchant_parameter cannot be sent"},
		{"token parameters of a request without a body", inline(`"token_request":"headers","token_parameters":{"a":"b"}`), "token_parameters cannot be sent"},
		{"scopes of a request without a body", inline(`"token_request":"headers","scopes":["a"]`), "scopes cannot be sent"},
		{"code in a request without a body", strings.Replace(inline(`"token_request":"headers","issuer":"i","discovery_url":"https://idp.example/d"`), "client_credentials", "authorization_code", 1), "token_request must be form"},
		{"bad pattern", inline(`"merchant_pattern":"(` + pasted + `"`), "merchant_pattern is not a regular expression"},
		{"scope with a space", inline(`"scopes":["a b"]`), "scopes[0] is not a scope"},
		{"own parameter", inline(`"token_parameters":{"grant_type":"` + pasted + `"}`), "token_parameters names a parameter that the request sets itself"},
		{"own merchant parameter", inline(`"merchant_parameter":"m","token_parameters":{"m":"` + pasted + `"}`), "token_parameters names a parameter"},
		{"merchant parameter that replaces ours", inline(`"merchant_parameter":"grant_type"`), "merchant_parameter names a parameter that the request sets itself"},
		{"own authorize parameter", inline(`"authorize_parameters":{"state":"x"}`), "authorize_parameters names a parameter"},
		{"timeout too long", inline(`"timeout":"20001ms"`), "timeout must be 20s at most"},
		{"timeout of nothing", inline(`"timeout":"0s"`), "timeout must be more than zero"},
		{"timeout negative", inline(`"timeout":"-1s"`), "timeout must be more than zero"},
		{"timeout unreadable", inline(`"timeout":"` + pasted + `"`), "timeout is neither a duration"},
		{"lifetime of a year", inline(`"default_expires_in":31536000`), "default_expires_in must be 720h0m0s at most"},
		{"lifetime beyond numbers", inline(`"default_expires_in":1e300`), "default_expires_in is neither a duration"},
		{"rate of nothing", inline(`"requests_per_second":0`), "requests_per_second must be more than zero"},
		{"rate negative", inline(`"requests_per_second":-1`), "requests_per_second must be more than zero"},
		{"rate in words", inline(`"requests_per_second":"` + pasted + `"`), "requests_per_second is not a number"},
		{"flag in words", inline(`"code_verifier_on_refresh":"` + pasted + `"`), "code_verifier_on_refresh is not true or false"},
		{"hosts that widen", inline(`"hosts":["idp.example","evil.example"]`), "hosts names the host evil.example that PROVIDER_HOSTS does not"},
		{"hosts that narrow away", inline(`"hosts":["other.example"]`), "token_endpoint has the host idp.example"},
		{"hosts with a wildcard", inline(`"hosts":["*.example"]`), "hosts is wrong: host 1 of 1 has a wildcard"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := provider.Parse([]byte(test.object), hosts(t, "idp.example", "other.example"))
			wantError(t, err, []string{test.want}, pasted)
		})
	}
}

func TestParseReportsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := provider.Parse([]byte(`{"token_endpoint":"http://idp.example/","timeout":"1m","headers":{"Host":"a"},"colour":"red"}`), hosts(t, "idp.example"))
	wantError(t, err, []string{"grant_type is missing", "token_endpoint is http", "timeout must be", "headers.Host is reserved", "colour is not a field"})
}

func TestParseDefaults(t *testing.T) {
	t.Parallel()
	for _, object := range []string{inline(""), inline(`"timeout":null,"headers":null,"hosts":null,"token_request":null,"default_expires_in":null`)} {
		got := factsOf(parse(t, object))
		want := facts{
			Grant: token.GrantTypeClientCredentials, Request: provider.RequestForm, Token: "https://idp.example/token",
			Auth: provider.AuthBasic, Pattern: vat, CodeVerifierOnRefresh: true,
			DefaultExpiresIn: 300 * time.Second, Timeout: 10 * time.Second,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: defaults differ (-want +got):\n%s", object, diff)
		}
	}
}

func TestParseEveryField(t *testing.T) {
	t.Parallel()
	p := parse(t, `{"grant_type":"authorization_code","token_request":"form","issuer":"https://idp.example/i",
		"discovery_url":"https://idp.example/d","token_endpoint":"https://idp.example/t","authorization_endpoint":"https://idp.example/a",
		"jwks_uri":"https://idp.example/j","revocation_endpoint":"https://idp.example/r","hosts":["idp.example"],
		"token_endpoint_auth_method":"none","headers":{"X-A":"{client_id}"},"merchant_parameter":"shop","merchant_pattern":"[a-z]+",
		"scopes":["openid"],"authorize_parameters":{"prompt":"login"},"token_parameters":{"audience":"x"},"response_type":"code",
		"response_mode":"query","code_verifier_on_refresh":false,"default_expires_in":60,"requests_per_second":2.5,"timeout":"20s"}`)
	want := facts{
		Grant: token.GrantTypeAuthorizationCode, Request: provider.RequestForm, Issuer: "https://idp.example/i",
		Discovery: "https://idp.example/d", Token: "https://idp.example/t", Authorization: "https://idp.example/a",
		JWKS: "https://idp.example/j", Revocation: "https://idp.example/r", Auth: provider.AuthNone, Parameter: "shop",
		Pattern: "^(?:[a-z]+)$", ResponseType: "code", ResponseMode: "query", Scopes: []string{"openid"},
		DefaultExpiresIn: time.Minute, Timeout: 20 * time.Second,
	}
	if diff := cmp.Diff(want, factsOf(p)); diff != "" {
		t.Errorf("fields differ (-want +got):\n%s", diff)
	}
	if p.RequestsPerSecond != 2.5 || p.AuthorizeParameters["prompt"] != "login" || p.TokenParameters["audience"] != "x" {
		t.Errorf("got rate %v, parameters %v and %v", p.RequestsPerSecond, p.AuthorizeParameters, p.TokenParameters)
	}
}

func TestMerchantPatternMatchesWholeNames(t *testing.T) {
	t.Parallel()
	p := parse(t, inline(`"merchant_parameter":"m","merchant_pattern":"a|(?m)b$"`))
	for name, want := range map[string]bool{"a": true, "b": true, "ab": false, "b\na": false, "a\nb": false, "": false} {
		if got := p.CheckMerchant(name) == nil; got != want {
			t.Errorf("merchant %q: got %v, want %v", name, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range provider.Presets() {
		f.Add(`"` + name + `"`)
	}
	f.Add(inline(`"headers":{"X-A":"{a|b}{merchant|}"},"timeout":"5s","hosts":["idp.example"]`))
	f.Add(inline(`"issuer":"i","discovery_url":"http://127.0.0.1:1/","requests_per_second":1e-9`))
	allowed, err := provider.NewHosts([]string{"idp.example", "127.0.0.1", "localhost"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := provider.Parse([]byte(raw), allowed)
		if err != nil {
			return
		}
		for _, endpoint := range []string{p.TokenEndpoint, p.DiscoveryURL, p.AuthorizationEndpoint, p.JWKSURI, p.RevocationEndpoint} {
			if endpoint != "" && p.CheckURL(endpoint) != nil {
				t.Errorf("%q was accepted with an endpoint that is not allowed: %q", raw, endpoint)
			}
		}
		if p.Timeout <= 0 || p.Timeout > provider.MaxTimeout || p.DefaultExpiresIn <= 0 || p.DefaultExpiresIn > provider.MaxExpiresIn {
			t.Errorf("%q: got timeout %v and lifetime %v", raw, p.Timeout, p.DefaultExpiresIn)
		}
		if p.Address() == "" || p.MerchantPattern == nil {
			t.Errorf("%q: got address %q and pattern %v", raw, p.Address(), p.MerchantPattern)
		}
		_ = p.Check(credentials(nil))
		_, _ = p.Headers(credentials(nil), "DK12345678")
	})
}
