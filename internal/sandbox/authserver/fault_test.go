package authserver_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"token-refresher/internal/sandbox/authserver"
)

// newFaulty returns a server with one fault on for every client.
func newFaulty(t *testing.T, fault authserver.Fault) *authserver.Server {
	t.Helper()
	server := newServer(t, authserver.Config{})
	if err := server.SetFault(fault); err != nil {
		t.Fatalf("SetFault: %v", err)
	}
	return server
}

func TestFaultAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		fault      authserver.Fault
		wantStatus int
		wantHeader [2]string
		wantBody   string
		wantIssued int
	}{
		{"500", authserver.Fault{Kind: authserver.HTML500}, 500, [2]string{"Content-Type", "text/html; charset=utf-8"}, "<h1>Internal Server Error</h1>", 0},
		{"503", authserver.Fault{Kind: authserver.Unavailable}, 503, [2]string{"Content-Type", "text/html; charset=utf-8"}, "<h1>Service Unavailable</h1>", 0},
		{"429", authserver.Fault{Kind: authserver.Throttle}, 429, [2]string{"Retry-After", ""}, `"httpCode":"429"`, 0},
		{"429 with a wait", authserver.Fault{Kind: authserver.Throttle, Value: "7"}, 429, [2]string{"Retry-After", "7"}, `"httpCode":"429"`, 0},
		{"gateway", authserver.Fault{Kind: authserver.Gateway401}, 401, [2]string{}, `"error_description":{"message"`, 0},
		{"invalid_client", authserver.Fault{Kind: authserver.InvalidClient}, 400, [2]string{}, `{"error":"invalid_client"}`, 0},
		{"invalid_scope", authserver.Fault{Kind: authserver.InvalidScope}, 400, [2]string{}, `{"error":"invalid_scope"}`, 0},
		{"error in 200", authserver.Fault{Kind: authserver.ErrorIn200}, 200, [2]string{}, `{"error":"temporarily_unavailable"}`, 0},
		{"other error in 200", authserver.Fault{Kind: authserver.ErrorIn200, Value: "invalid_grant"}, 200, [2]string{}, `{"error":"invalid_grant"}`, 0},
		{"text/plain", authserver.Fault{Kind: authserver.TextPlain}, 200, [2]string{"Content-Type", "text/plain; charset=utf-8"}, `{"access_token":"`, 1},
		{"redirect", authserver.Fault{Kind: authserver.Redirect}, 307, [2]string{"Location", "https://elsewhere.invalid/connect/token"}, "", 0},
		{"redirect to a place", authserver.Fault{Kind: authserver.Redirect, Value: "http://127.0.0.2:1/"}, 307, [2]string{"Location", "http://127.0.0.2:1/"}, "", 0},
		{"literal expiry", authserver.Fault{Kind: authserver.ExpiresIn, Value: "300.0"}, 200, [2]string{}, `"expires_in":300.0,`, 1},
		{"expiry that is no JSON", authserver.Fault{Kind: authserver.ExpiresIn, Value: "NaN"}, 200, [2]string{}, `"expires_in":NaN,`, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newFaulty(t, test.fault)
			response, body := send(t, server, integratorRequest(t.Context(), authserver.DefaultURL))
			if response.StatusCode != test.wantStatus {
				t.Errorf("status: got %d, want %d", response.StatusCode, test.wantStatus)
			}
			if name, want := test.wantHeader[0], test.wantHeader[1]; name != "" && response.Header.Get(name) != want {
				t.Errorf("%s: got %q, want %q", name, response.Header.Get(name), want)
			}
			if !strings.Contains(string(body), test.wantBody) {
				t.Errorf("body: lacks %s", test.wantBody)
			}
			if got := len(server.Issued()); got != test.wantIssued {
				t.Errorf("tokens issued: got %d, want %d", got, test.wantIssued)
			}
		})
	}
}

func TestExpiryLeftOut(t *testing.T) {
	t.Parallel()
	server := newFaulty(t, authserver.Fault{Kind: authserver.ExpiresIn})
	for name, request := range map[string]*http.Request{
		"integrator": integratorRequest(t.Context(), authserver.DefaultURL),
		"vipps":      vippsRequest(t),
		"partner":    partnerRequest(t),
	} {
		_, body := send(t, server, request)
		if got, has := decode(t, body)["expires_in"]; has {
			t.Errorf("%s: expires_in is %v, want none", name, got)
		}
	}
}

func TestHugeAnswers(t *testing.T) {
	t.Parallel()
	t.Run("body", func(t *testing.T) {
		t.Parallel()
		server := newFaulty(t, authserver.Fault{Kind: authserver.HugeBody})
		_, body := send(t, server, integratorRequest(t.Context(), authserver.DefaultURL))
		if len(body) < 10<<20 || !json.Valid(body) {
			t.Errorf("body: got %d bytes (valid JSON: %t), want 10 MB of JSON", len(body), json.Valid(body))
		}
		accessToken(t, body)
	})
	t.Run("token", func(t *testing.T) {
		t.Parallel()
		server := newFaulty(t, authserver.Fault{Kind: authserver.HugeToken})
		_, body := send(t, server, integratorRequest(t.Context(), authserver.DefaultURL))
		value := accessToken(t, body)
		if len(value) < 60_000 || len(value) > 65_000 {
			t.Errorf("token: got %d bytes, want some 60,000", len(value))
		}
		if server.Issued()[0].Token.Reveal() != value {
			t.Error("the recorded token is not the one that was sent")
		}
	})
}

func TestResets(t *testing.T) {
	t.Parallel()
	for kind, wantIssued := range map[authserver.Kind]int{authserver.ResetBefore: 0, authserver.ResetAfter: 1} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server := newFaulty(t, authserver.Fault{Kind: kind})
			response, err := authserver.Transport(server).RoundTrip(integratorRequest(t.Context(), authserver.DefaultURL))
			if err == nil {
				_ = response.Body.Close()
			}
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("error: got %v, want a connection reset", err)
			}
			if got := len(server.Issued()); got != wantIssued {
				t.Errorf("tokens issued: got %d, want %d", got, wantIssued)
			}
		})
	}
}

func TestFaultsLastAndAreScoped(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{})
	status := func() int {
		response, _ := send(t, server, integratorRequest(t.Context(), authserver.DefaultURL))
		return response.StatusCode
	}
	mustSet := func(fault authserver.Fault) {
		t.Helper()
		if err := server.SetFault(fault); err != nil {
			t.Fatalf("SetFault: %v", err)
		}
	}
	mustSet(authserver.Fault{ClientID: "somebody else", Kind: authserver.HTML500})
	if got := status(); got != http.StatusOK {
		t.Errorf("with another client's fault: got %d, want 200", got)
	}
	mustSet(authserver.Fault{Kind: authserver.Unavailable})
	mustSet(authserver.Fault{ClientID: clientID, Kind: authserver.HTML500, Times: 2})
	for i, want := range []int{500, 500, 503, 503} {
		if got := status(); got != want {
			t.Errorf("request %d: got %d, want %d", i, got, want)
		}
	}
	server.ClearFault("")
	if got := status(); got != http.StatusOK {
		t.Errorf("after ClearFault: got %d, want 200", got)
	}
	mustSet(authserver.Fault{ClientID: clientID, Kind: authserver.Hang})
	server.ClearFaults()
	if got := status(); got != http.StatusOK {
		t.Errorf("after ClearFaults: got %d, want 200", got)
	}
	if got := server.Faults(); len(got) != 0 {
		t.Errorf("faults: got %v, want none", got)
	}
}

func TestSetFaultRefuses(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{})
	for name, fault := range map[string]authserver.Fault{
		"unknown kind":   {Kind: "x"},
		"no kind":        {},
		"negative times": {Kind: authserver.Hang, Times: -1},
	} {
		if err := server.SetFault(fault); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
