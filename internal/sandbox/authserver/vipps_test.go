package authserver_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
)

// vippsRequest is a good request in the header style.
func vippsRequest(t *testing.T) *http.Request {
	t.Helper()
	request := post(t.Context(), authserver.DefaultURL+authserver.VippsTokenPath, "")
	request.Header.Del("Content-Type")
	request.Header.Set("client_id", clientID)
	request.Header.Set("client_secret", clientSecret)
	request.Header.Set("Ocp-Apim-Subscription-Key", subscriptionKey)
	request.Header.Set("Merchant-Serial-Number", "123456")
	return request
}

func partnerRequest(t *testing.T) *http.Request {
	t.Helper()
	request := post(t.Context(), authserver.DefaultURL+authserver.PartnerTokenPath, "grant_type=client_credentials")
	request.Header.Set("Authorization", basicHeader(clientID, clientSecret))
	return request
}

func TestVippsNumbersAreStrings(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{Now: at(1_700_000_000)})
	response, body := send(t, server, vippsRequest(t))
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status: got %d, want 200", response.StatusCode)
	}
	accessToken(t, body)
	answer := decode(t, body)
	delete(answer, "access_token")
	want := map[string]any{
		"token_type":     "Bearer",
		"expires_in":     "3600",
		"ext_expires_in": "0",
		"expires_on":     "1700003600",
		"not_before":     "1700000000",
		"resource":       "00000002-0000-0000-c000-000000000000",
	}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if got := server.Issued()[0].Merchant; got != "123456" {
		t.Errorf("merchant: got %q, want the serial number", got)
	}
}

func TestVippsRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		change     func(*http.Request)
		wantStatus int
		wantError  any
	}{
		{"no subscription key", func(r *http.Request) { r.Header.Del("Ocp-Apim-Subscription-Key") }, 401, nil},
		{"wrong subscription key", func(r *http.Request) { r.Header.Set("Ocp-Apim-Subscription-Key", "x") }, 401, nil},
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, 404, nil},
		{"unknown client", func(r *http.Request) { r.Header.Set("client_id", "x") }, 400, "unauthorized_client"},
		{"wrong secret", func(r *http.Request) { r.Header.Set("client_secret", "x") }, 401, "invalid_client"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, authserver.Config{})
			request := vippsRequest(t)
			test.change(request)
			response, body := send(t, server, request)
			if response.StatusCode != test.wantStatus {
				t.Errorf("status: got %d, want %d", response.StatusCode, test.wantStatus)
			}
			if got := decode(t, body)["error"]; got != test.wantError {
				t.Errorf("error: got %v, want %v", got, test.wantError)
			}
		})
	}
}

func TestPartnerToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		change     func(*http.Request)
		wantStatus int
		wantError  any
	}{
		{"good", func(*http.Request) {}, 200, nil},
		{"wrong secret", func(r *http.Request) { r.Header.Set("Authorization", basicHeader(clientID, "x")) }, 401, "invalid_client"},
		{"no grant type", func(r *http.Request) { replaceBody(r, "") }, 401, "invalid_client"},
		{"subscription key", func(r *http.Request) { r.Header.Set("Ocp-Apim-Subscription-Key", subscriptionKey) }, 401, "invalid_client"},
		{"credentials in the form", func(r *http.Request) {
			r.Header.Del("Authorization")
			replaceBody(r, "grant_type=client_credentials&client_id=pos+client&client_secret=s%2Becret%2Fwith%3Asigns%25%26%3D+and+space")
		}, 401, "invalid_client"},
		{"other grant", func(r *http.Request) { replaceBody(r, "grant_type=password") }, 400, "unsupported_grant_type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, authserver.Config{})
			request := partnerRequest(t)
			test.change(request)
			response, body := send(t, server, request)
			if response.StatusCode != test.wantStatus {
				t.Errorf("status: got %d, want %d", response.StatusCode, test.wantStatus)
			}
			answer := decode(t, body)
			if answer["error"] != test.wantError {
				t.Errorf("error: got %v, want %v", answer["error"], test.wantError)
			}
			if test.wantStatus == http.StatusOK && answer["expires_in"] != json.Number("900") {
				t.Errorf("expires_in: got %v, want the number 900", answer["expires_in"])
			}
		})
	}
}
