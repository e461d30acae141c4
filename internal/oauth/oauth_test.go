package oauth_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Secrets of the credentials, with every character that an encoding may get
// wrong.
const (
	clientSecret = "5ecret+/%: =&ünïcode"
	headerKey    = "5ubscription-Key-0123456789"
	literalKey   = "literal-Key-0123456789" // in an inline provider object
)

// Tokens that servers in these tests issue.
const (
	accessToken  = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.5ignature"
	refreshToken = "refre5h-token-0123456789"
)

func credentials(change func(*token.Credentials)) token.Credentials {
	c := token.Credentials{
		Client:       "pos",
		ClientID:     "client+id:1",
		ClientSecret: token.NewSecret(clientSecret),
		Fields:       map[string]token.Secret{"subscription_key": token.NewSecret(headerKey)},
		Unbound:      true,
	}
	if change != nil {
		change(&c)
	}
	return c
}

// parse reads a provider whose hosts are idp.example or a preset's.
func parse(t *testing.T, raw string) provider.Provider {
	t.Helper()
	allowed, err := provider.NewHosts(append(provider.PresetHosts(), "idp.example", "127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := provider.Parse([]byte(raw), allowed)
	if err != nil {
		t.Fatalf("parsing %s: %v", raw, err)
	}
	return p
}

func inline(fields string) string {
	object := `{"grant_type":"client_credentials","token_endpoint":"https://idp.example/token?version=2"`
	if fields != "" {
		object += "," + fields
	}
	return object + "}"
}

func newClient(t *testing.T, transport http.RoundTripper) *oauth.Client {
	t.Helper()
	client, err := oauth.New(oauth.Config{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// sent is a request as it would have gone over the wire.
type sent struct {
	method, url, body string
	header            http.Header
}

// server is a token endpoint in memory. It remembers what it was sent.
type server struct {
	answer func(*http.Request) (*http.Response, error)

	mu       sync.Mutex
	requests []sent
}

func (s *server) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		body, _ = io.ReadAll(request.Body)
		_ = request.Body.Close()
	}
	s.mu.Lock()
	s.requests = append(s.requests, sent{request.Method, request.URL.String(), string(body), request.Header})
	s.mu.Unlock()
	return s.answer(request)
}

func (s *server) sent() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// wantSent checks the one request that was sent, and those of its headers that
// are named.
func (s *server) wantSent(t *testing.T, url, body string, header map[string]string) {
	t.Helper()
	if len(s.sent()) != 1 {
		t.Fatalf("got %d requests, want 1", len(s.sent()))
	}
	got := s.sent()[0]
	if got.method != http.MethodPost || got.url != url || got.body != body {
		t.Errorf("got  %s %s %q\nwant POST %s %q", got.method, got.url, got.body, url, body)
	}
	for name, want := range header {
		if value := got.header.Get(name); value != want {
			t.Errorf("header %s: got %q, want %q", name, value, want)
		}
	}
}

// serving always gives the same answer. Header lines are "Name: value".
func serving(status int, body string, header ...string) *server {
	return &server{answer: func(*http.Request) (*http.Response, error) {
		response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		for _, line := range header {
			name, value, _ := strings.Cut(line, ": ")
			response.Header.Set(name, value)
		}
		return response, nil
	}}
}

// failing never answers.
func failing(err error) *server {
	return &server{answer: func(*http.Request) (*http.Response, error) { return nil, err }}
}

const goodAnswer = `{"access_token":"` + accessToken + `","token_type":"Bearer","expires_in":3700,"scope":"integrator_scope"}`

// wantNoLeak fails if an error gives away a secret in any of the ways in which
// it may be printed, or keeps a cause that could.
func wantNoLeak(t *testing.T, err error) {
	t.Helper()
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		printed := fmt.Sprintf("%v\n%+v\n%#v\n%s\n%q", cause, cause, cause, cause, cause)
		for _, secret := range []string{clientSecret, headerKey, literalKey, accessToken, refreshToken, "client+id:1", "version=2"} {
			for _, form := range []string{
				secret, strings.ToLower(secret), url.QueryEscape(secret), url.PathEscape(secret),
				base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
			} {
				if strings.Contains(printed, form) {
					t.Errorf("the error gives away %q: %s", secret, printed)
				}
			}
		}
		if strings.ContainsAny(printed, "\x1b\r\x00") {
			t.Errorf("the error holds control characters: %q", printed)
		}
		var withURL *url.Error
		if errors.As(cause, &withURL) {
			t.Errorf("the error keeps a *url.Error: %#v", cause)
		}
	}
}

// classified returns the *oauth.Error, which every error must be.
func classified(t *testing.T, err error) *oauth.Error {
	t.Helper()
	var found *oauth.Error
	if !errors.As(err, &found) {
		t.Fatalf("got error %v, want an *oauth.Error", err)
	}
	return found
}
