package authserver_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		config authserver.Config
		want   string
	}{
		{"client without id", authserver.Config{Clients: []authserver.Client{{Secret: token.NewSecret("x")}}}, "has no id"},
		{"client twice", authserver.Config{Clients: []authserver.Client{client(), client()}}, "registered already"},
		{"lifetime below a second", authserver.Config{VippsLifetime: time.Millisecond}, "below one second"},
		{"negative lifetime", authserver.Config{Lifetime: -time.Hour}, "below one second"},
		{"unknown discovery", authserver.Config{Discovery: "x"}, "unknown discovery document"},
		{"no randomness", authserver.Config{Rand: iotest.ErrReader(os.ErrClosed)}, "signing key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := authserver.New(test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error: got %v, want one that says %q", err, test.want)
			}
		})
	}
}

func TestRandomnessThatEndsIsAServerError(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{Rand: strings.NewReader(strings.Repeat("k", 32))})
	for name, change := range map[string]func(*http.Request){
		"token":       func(*http.Request) {},
		"gateway 401": func(r *http.Request) { r.Header.Del("x-ibm-client-id") },
	} {
		request := integratorRequest(t.Context(), authserver.DefaultURL)
		change(request)
		if response, _ := send(t, server, request); response.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: got status %d, want 500", name, response.StatusCode)
		}
	}
	if got := len(server.Issued()); got != 0 {
		t.Errorf("tokens issued: got %d, want none", got)
	}
}

func TestIBMClientIDIsTheIDWhenNoneIsGiven(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{})
	err := server.AddClient(authserver.Client{ID: "second", Secret: token.NewSecret("x")})
	if err != nil {
		t.Fatal(err)
	}
	request := integratorRequest(t.Context(), authserver.DefaultURL)
	request.Header.Set("x-ibm-client-id", "second")
	if response, _ := send(t, server, request); response.StatusCode != http.StatusOK {
		t.Errorf("status: got %d, want 200", response.StatusCode)
	}
}

func TestClientWithoutSecretCannotAuthenticate(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{})
	if err := server.AddClient(authserver.Client{ID: "bare"}); err != nil {
		t.Fatal(err)
	}
	request := integratorRequest(t.Context(), authserver.DefaultURL)
	request.Header.Set("Authorization", basicHeader("bare", ""))
	if response, _ := send(t, server, request); response.StatusCode != http.StatusBadRequest {
		t.Errorf("status: got %d, want 400", response.StatusCode)
	}
}
