package authserver_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"token-refresher/internal/sandbox/authserver"
)

// serve puts the server behind a socket and returns its base URL.
func serve(t *testing.T, server *authserver.Server) string {
	t.Helper()
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	return listening.URL
}

// newHTTPClient returns a client that keeps nothing open.
func newHTTPClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestResetOverASocket(t *testing.T) {
	t.Parallel()
	for _, kind := range []authserver.Kind{authserver.ResetBefore, authserver.ResetAfter} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server := newFaulty(t, authserver.Fault{Kind: kind})
			response, err := newHTTPClient(t).Do(integratorRequest(t.Context(), serve(t, server)))
			if err == nil {
				_ = response.Body.Close()
			}
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("error: got %v, want a connection reset", err)
			}
		})
	}
}

func TestHangOverASocketEndsWithTheClient(t *testing.T) {
	t.Parallel()
	server := newFaulty(t, authserver.Fault{Kind: authserver.Hang})
	base := serve(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() {
		response, err := newHTTPClient(t).Do(integratorRequest(ctx, base))
		if err == nil {
			_ = response.Body.Close()
		}
		asked <- err
	}()
	for now := 0; now == 0; now, _ = server.InFlight() {
		select {
		case err := <-asked:
			t.Fatalf("the request ended by itself: %v", err)
		default:
		}
	}
	cancel()
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Errorf("error: got %v, want %v", err, context.Canceled)
	}
	// The test server's Close, on the way out, waits for the handler.
}

func TestControlOverASocket(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{})
	base := serve(t, server)
	client := newHTTPClient(t)
	do := func(method, target, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, base+target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatalf("%s %s: %v", method, target, err)
		}
		defer func() { _ = response.Body.Close() }()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(answer)
	}
	steps := []struct {
		name, method, target, body string
		wantStatus                 int
		wantFaults                 int
	}{
		{"switch one on", http.MethodPut, "/sandbox/faults", `{"client_id":"a","fault":"hang","times":3}`, 204, 1},
		{"and one for all", http.MethodPut, "/sandbox/faults", `{"fault":"expires_in","value":"300.0"}`, 204, 2},
		{"unknown kind", http.MethodPut, "/sandbox/faults", `{"fault":"x"}`, 400, 2},
		{"unknown field", http.MethodPut, "/sandbox/faults", `{"fault":"hang","client":"a"}`, 400, 2},
		{"two at once", http.MethodPut, "/sandbox/faults", `{"fault":"hang"}{"fault":"hang"}`, 400, 2},
		{"no JSON", http.MethodPut, "/sandbox/faults", `hang`, 400, 2},
		{"list", http.MethodGet, "/sandbox/faults", "", 200, 2},
		{"remove one for all", http.MethodDelete, "/sandbox/faults?client_id=", "", 204, 1},
		{"remove the rest", http.MethodDelete, "/sandbox/faults", "", 204, 0},
		{"other method", http.MethodPost, "/sandbox/faults", "", 404, 0},
		{"other path", http.MethodGet, "/", "", 404, 0},
	}
	for _, step := range steps {
		status, answer := do(step.method, step.target, step.body)
		if status != step.wantStatus {
			t.Errorf("%s: got status %d, want %d", step.name, status, step.wantStatus)
		}
		if got := len(server.Faults()); got != step.wantFaults {
			t.Errorf("%s: got %d faults on, want %d", step.name, got, step.wantFaults)
		}
		if step.method == http.MethodGet && status == http.StatusOK {
			for _, want := range []string{`"client_id": "a"`, `"value": "300.0"`, `"does": "never answers; nothing is issued"`} {
				if !strings.Contains(answer, want) {
					t.Errorf("%s: the list lacks %s", step.name, want)
				}
			}
		}
	}
}
