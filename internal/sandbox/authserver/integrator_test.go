package authserver_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
)

func TestIntegratorTokenAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		form     string
		lifetime time.Duration
		want     map[string]any
		merchant any
	}{
		{
			name: "unbound",
			form: "grant_type=client_credentials",
			want: map[string]any{"expires_in": json.Number("3700"), "token_type": "Bearer", "scope": "integrator_scope"},
		},
		{
			name:     "bound to a merchant",
			form:     "grant_type=client_credentials&merchant_vat=DK12345678&scope=integrator_scope",
			want:     map[string]any{"expires_in": json.Number("3700"), "token_type": "Bearer", "scope": "integrator_scope"},
			merchant: "DK12345678",
		},
		{
			name:     "at sandbox speed",
			form:     "grant_type=client_credentials",
			lifetime: 3700 * time.Second / 30,
			want:     map[string]any{"expires_in": json.Number("123"), "token_type": "Bearer", "scope": "integrator_scope"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, authserver.Config{Lifetime: test.lifetime, Now: at(1_700_000_000)})
			request := integratorRequest(t.Context(), authserver.DefaultURL)
			replaceBody(request, test.form)
			response, body := send(t, server, request)
			if response.StatusCode != http.StatusOK {
				t.Fatalf("status: got %d, want 200", response.StatusCode)
			}
			if got, want := response.Header.Get("Cache-Control"), "no-store"; !strings.Contains(got, want) {
				t.Errorf("Cache-Control: got %q, want it to hold %q", got, want)
			}
			value := accessToken(t, body)
			answer := decode(t, body)
			delete(answer, "access_token")
			if diff := cmp.Diff(test.want, answer); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			got := claims(t, value)
			if got["client_id"] != clientID || got["merchant_vat"] != test.merchant {
				t.Errorf("claims: got client %v and merchant %v, want %q and %v", got["client_id"], got["merchant_vat"], clientID, test.merchant)
			}
			if got["iat"] != json.Number("1700000000") {
				t.Errorf("iat: got %v, want the time of Config.Now", got["iat"])
			}
		})
	}
}

func TestIntegratorRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		change     func(*http.Request)
		wantStatus int
		wantError  string
	}{
		{"raw plus in the secret becomes a space", func(r *http.Request) {
			r.Header.Set("Authorization", rawBasicHeader(clientID, clientSecret))
		}, 400, "invalid_client"},
		{"wrong secret", func(r *http.Request) {
			r.Header.Set("Authorization", basicHeader(clientID, "other"))
		}, 400, "invalid_client"},
		{"empty secret", func(r *http.Request) {
			r.Header.Set("Authorization", basicHeader(clientID, ""))
		}, 400, "invalid_client"},
		{"unknown client", func(r *http.Request) {
			r.Header.Set("Authorization", basicHeader("other", clientSecret))
		}, 400, "invalid_client"},
		{"no client", func(r *http.Request) { r.Header.Del("Authorization") }, 400, "invalid_client"},
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, 400, "invalid_request"},
		{"JSON body", func(r *http.Request) {
			r.Header.Set("Content-Type", "application/json")
			replaceBody(r, `{"grant_type":"client_credentials"}`)
		}, 400, "invalid_request"},
		{"body beyond reason", func(r *http.Request) {
			replaceBody(r, "grant_type=client_credentials&x="+strings.Repeat("x", 1<<20))
		}, 400, "invalid_request"},
		{"no grant type", func(r *http.Request) { replaceBody(r, "") }, 400, "unsupported_grant_type"},
		{"unknown grant type", func(r *http.Request) { replaceBody(r, "grant_type=x") }, 400, "unsupported_grant_type"},
		{"a grant of other clients", func(r *http.Request) { replaceBody(r, "grant_type=refresh_token") }, 400, "unauthorized_client"},
		{"another scope", func(r *http.Request) {
			replaceBody(r, "grant_type=client_credentials&scope=integrator_scope+offline_access")
		}, 400, "invalid_scope"},
		{"merchant of another country", func(r *http.Request) {
			replaceBody(r, "grant_type=client_credentials&merchant_vat=SE12345678")
		}, 400, "invalid_request"},
		{"merchant with a digit too many", func(r *http.Request) {
			replaceBody(r, "grant_type=client_credentials&merchant_vat=DK123456789")
		}, 400, "invalid_request"},
		{"empty merchant", func(r *http.Request) {
			replaceBody(r, "grant_type=client_credentials&merchant_vat=")
		}, 400, "invalid_request"},
		{"no x-ibm-client-id", func(r *http.Request) { r.Header.Del("x-ibm-client-id") }, 401, "Unauthorized"},
		{"unknown x-ibm-client-id", func(r *http.Request) { r.Header.Set("x-ibm-client-id", "other") }, 401, "Unauthorized"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, authserver.Config{})
			request := integratorRequest(t.Context(), authserver.DefaultURL)
			test.change(request)
			response, body := send(t, server, request)
			if response.StatusCode != test.wantStatus {
				t.Errorf("status: got %d, want %d", response.StatusCode, test.wantStatus)
			}
			if got := decode(t, body)["error"]; got != test.wantError {
				t.Errorf("error: got %v, want %q", got, test.wantError)
			}
			if got := len(server.Issued()); got != 0 {
				t.Errorf("tokens issued: got %d, want none", got)
			}
		})
	}
}

func TestIntegratorAcceptsCredentialsInTheForm(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{})
	request := integratorRequest(t.Context(), authserver.DefaultURL)
	request.Header.Del("Authorization")
	replaceBody(request, "grant_type=client_credentials&client_id=pos+client&client_secret=s%2Becret%2Fwith%3Asigns%25%26%3D+and+space")
	if response, _ := send(t, server, request); response.StatusCode != http.StatusOK {
		t.Errorf("status: got %d, want 200", response.StatusCode)
	}
}

func TestGatewayErrorDescriptionIsAnObject(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{})
	request := integratorRequest(t.Context(), authserver.DefaultURL)
	request.Header.Del("x-ibm-client-id")
	_, body := send(t, server, request)
	description, ok := decode(t, body)["error_description"].(map[string]any)
	if !ok {
		t.Fatalf("error_description is no object: %s", body)
	}
	if description["error_type"] != "ClientError" || description["message"] == "" || description["correlation_id"] == "" {
		t.Errorf("error_description: got %v, want message, error_type ClientError and correlation_id", description)
	}
}

func TestTokensAreUniqueAndRecorded(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{Now: at(1_700_000_000)})
	seen := map[string]bool{}
	for range 3 {
		request := integratorRequest(t.Context(), authserver.DefaultURL)
		replaceBody(request, "grant_type=client_credentials&merchant_vat=FI12345678")
		_, body := send(t, server, request)
		seen[accessToken(t, body)] = true
	}
	if len(seen) != 3 {
		t.Errorf("different tokens: got %d, want 3", len(seen))
	}
	for _, issued := range server.Issued() {
		if !seen[issued.Token.Reveal()] {
			t.Error("a recorded token is none that was sent")
		}
		if issued.Client != clientID || issued.Merchant != "FI12345678" || issued.At.Unix() != 1_700_000_000 {
			t.Errorf("record: got %q, %q, %v", issued.Client, issued.Merchant, issued.At)
		}
	}
	if diff := cmp.Diff(map[string]int{clientID: 3}, server.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	secrets := map[string]bool{}
	for _, secret := range server.Secrets() {
		secrets[secret.Reveal()] = true
	}
	for value := range seen {
		if !secrets[value] {
			t.Error("Secrets lacks an issued token")
		}
	}
	if !secrets[clientSecret] || !secrets[subscriptionKey] {
		t.Error("Secrets lacks the client's secret or subscription key")
	}
}
