package provider_test

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"token-refresher/internal/provider"
)

// seedDocument is what the integrator authentication service published, with
// its internal http hosts, word for word.
//
//go:embed testdata/mobilepay-integrator-sandbox.json
var seedDocument string

const goodDocument = `{"issuer":"https://idp.example","token_endpoint":"https://idp.example/token",
	"authorization_endpoint":"https://login.idp.example/authorize","jwks_uri":"https://idp.example/jwks"}`

// server answers discovery requests and remembers them.
type server struct {
	answer func(*http.Request) (*http.Response, error)

	mu       sync.Mutex
	requests []*http.Request
}

func (s *server) RoundTrip(request *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests = append(s.requests, request)
	answer := s.answer
	s.mu.Unlock()
	return answer(request)
}

func (s *server) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *server) now(status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func (s *server) hangs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = func(request *http.Request) (*http.Response, error) {
		<-request.Context().Done()
		return nil, context.Cause(request.Context()) // as net/http's transport does
	}
}

func serving(status int, body string) *server {
	s := &server{}
	s.now(status, body)
	return s
}

func discoverer(t *testing.T, transport http.RoundTripper) *provider.Discoverer {
	t.Helper()
	d, err := provider.NewDiscoverer(provider.DiscovererConfig{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const discovered = `{"grant_type":"client_credentials","issuer":"https://idp.example","discovery_url":"https://idp.example/doc",
	"headers":{"X-IBM-Client-Id":"{client_id}","X-Secret":"{client_secret}","X-Key":"{subscription_key}","X-M":"{merchant|client_id}","X-Absent":"{absent}"}}`

func TestDiscoveryFillsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	idp := serving(http.StatusOK, goodDocument)
	p, err := discoverer(t, idp).Resolve(t.Context(), parse(t, discovered), credentials(nil), provider.TokenEndpoint, provider.JWKSURI)
	if err != nil {
		t.Fatal(err)
	}
	if p.TokenEndpoint != "https://idp.example/token" || p.JWKSURI != "https://idp.example/jwks" || p.AuthorizationEndpoint != "" {
		t.Errorf("got token %q, jwks %q, authorization %q", p.TokenEndpoint, p.JWKSURI, p.AuthorizationEndpoint)
	}
	request := idp.requests[0]
	if request.Method != http.MethodGet || request.URL.String() != "https://idp.example/doc" {
		t.Errorf("got %s %s", request.Method, request.URL)
	}
	for name, want := range map[string]string{"X-IBM-Client-Id": "the-client-id", "X-Key": "the-subscription-key", "X-Secret": "", "X-M": "", "X-Absent": ""} {
		if got := request.Header.Get(name); got != want {
			t.Errorf("header %s: got %q, want %q", name, got, want)
		}
	}
}

func TestDiscoveryIsNotAskedForWhatIsPinned(t *testing.T) {
	t.Parallel()
	idp := serving(http.StatusOK, strings.ReplaceAll(goodDocument, "/token", "/another"))
	object := strings.Replace(discovered, `"issuer"`, `"token_endpoint":"https://idp.example/pinned","issuer"`, 1)
	d := discoverer(t, idp)
	p, err := d.Resolve(t.Context(), parse(t, object), credentials(nil), provider.TokenEndpoint)
	if err != nil || p.TokenEndpoint != "https://idp.example/pinned" || idp.asked() != 0 {
		t.Errorf("got %q, error %v, %d requests; want the pinned endpoint and none", p.TokenEndpoint, err, idp.asked())
	}
	p, err = d.Resolve(t.Context(), parse(t, object), credentials(nil), provider.TokenEndpoint, provider.JWKSURI)
	if err != nil || p.TokenEndpoint != "https://idp.example/pinned" || p.JWKSURI != "https://idp.example/jwks" {
		t.Errorf("beside a discovered one: got %q and %q, error %v", p.TokenEndpoint, p.JWKSURI, err)
	}
}

func TestSeedDocumentIsRefused(t *testing.T) {
	t.Parallel()
	object := `{"grant_type":"client_credentials","issuer":"https://api.mobilepay.dk/integrator-authentication",
		"discovery_url":"https://api.sandbox.mobilepay.dk/integrator-authentication/.well-known/openid-configuration"}`
	p, err := provider.Parse([]byte(object), hosts(t, provider.PresetHosts()...))
	if err != nil {
		t.Fatal(err)
	}
	idp := serving(http.StatusOK, seedDocument)
	p, err = discoverer(t, idp).Resolve(t.Context(), p, credentials(nil), provider.TokenEndpoint)
	wantError(t, err, []string{"the document's token_endpoint is http: only https"})
	if p.TokenEndpoint != "" {
		t.Errorf("got endpoint %q beside the error, want none", p.TokenEndpoint)
	}
}

func TestDiscoveryRefuses(t *testing.T) {
	t.Parallel()
	const issuer = `{"issuer":"https://idp.example",`
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"another issuer", 200, strings.Replace(goodDocument, "https://idp.example", "https://idp.example/", 1), "another issuer"},
		{"no issuer", 200, `{}`, "another issuer"},
		{"no endpoint", 200, issuer + `"jwks_uri":"https://idp.example/jwks"}`, "names no token_endpoint"},
		{"endpoint on another host", 200, issuer + `"token_endpoint":"https://evil.example/token"}`, "token_endpoint has the host evil.example"},
		{"endpoint over http", 200, issuer + `"token_endpoint":"http://idp.example/token"}`, "token_endpoint is http"},
		{"endpoint with a password", 200, issuer + `"token_endpoint":"https://u:` + pasted + `@idp.example/token"}`, "user name or password"},
		{"endpoint that is no string", 200, issuer + `"token_endpoint":7}`, "not JSON of the expected form"},
		{"HTML", 200, "<html>" + pasted, "not JSON of the expected form"},
		{"empty", 200, "", "not JSON of the expected form"},
		{"too large", 200, `{"issuer":"` + strings.Repeat("x", 256<<10) + `"}`, "larger than 256 KiB"},
		{"not found", 404, pasted, "status 404"},
		{"failing", 503, pasted, "status 503"},
		{"a redirect", 302, "", "status 302"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := serving(test.status, test.body)
			_, err := discoverer(t, idp).Resolve(t.Context(), parse(t, discovered), credentials(nil), provider.TokenEndpoint)
			wantError(t, err, []string{"discovery: ", test.want}, pasted)
			found, ok := errors.AsType[*provider.DiscoveryError](err)
			if !ok || found.Temporary != (test.status == 503) {
				t.Errorf("got %#v, want a *DiscoveryError that is temporary: %v", err, test.status == 503)
			}
			if idp.asked() != 1 {
				t.Errorf("got %d requests, want 1", idp.asked())
			}
		})
	}
}

func TestDiscoveryFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	idp := &server{answer: func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://evil.example/"}}, Body: http.NoBody}, nil
	}}
	_, err := discoverer(t, idp).Resolve(t.Context(), parse(t, discovered), credentials(nil), provider.TokenEndpoint)
	wantError(t, err, []string{"status 302"})
	if idp.asked() != 1 {
		t.Errorf("got %d requests, want 1: the redirect was followed", idp.asked())
	}
}

func TestDiscoveryWithoutAPlaceToAsk(t *testing.T) {
	t.Parallel()
	_, err := discoverer(t, serving(200, goodDocument)).Resolve(t.Context(), parse(t, inline("")), credentials(nil), provider.JWKSURI)
	wantError(t, err, []string{"jwks_uri is not pinned, and there is no discovery_url"})
}

func TestDiscovererNeedsATransport(t *testing.T) {
	t.Parallel()
	_, err := provider.NewDiscoverer(provider.DiscovererConfig{})
	wantError(t, err, []string{"no transport"})
}
