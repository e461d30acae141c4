package authserver_test

import (
	"net/http"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/authserver"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	const internal = "http://sandprod-az3-front-ext-rest-integrator-auth.ext.mobilepay.dk/integrator-authentication-restapi"
	tests := []struct {
		name       string
		document   authserver.Discovery
		wantIssuer string
		wantToken  string
	}{
		{
			name:       "consistent with the sandbox",
			document:   authserver.DiscoveryConsistent,
			wantIssuer: "http://127.0.0.1:1234/integrator-authentication",
			wantToken:  "http://127.0.0.1:1234/integrator-authentication/connect/token",
		},
		{
			name:       "as published",
			document:   authserver.DiscoveryInternalHosts,
			wantIssuer: "https://api.mobilepay.dk/integrator-authentication",
			wantToken:  internal + "/connect/token",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, authserver.Config{URL: "http://127.0.0.1:1234"})
			if err := server.SetDiscovery(test.document); err != nil {
				t.Fatal(err)
			}
			response, body := send(t, server, discoveryRequest(t))
			if response.StatusCode != http.StatusOK {
				t.Fatalf("status: got %d, want 200", response.StatusCode)
			}
			document := decode(t, body)
			if document["issuer"] != test.wantIssuer || document["token_endpoint"] != test.wantToken {
				t.Errorf("got issuer %v and token endpoint %v, want %s and %s",
					document["issuer"], document["token_endpoint"], test.wantIssuer, test.wantToken)
			}
			if test.document == authserver.DiscoveryConsistent && strings.Contains(string(body), "mobilepay.dk") {
				t.Error("the sandbox's document names a host that is not its own")
			}
		})
	}
}

func TestDiscoveryRefusals(t *testing.T) {
	t.Parallel()
	server := newServer(t, authserver.Config{})
	request := discoveryRequest(t)
	request.Header.Del("X-IBM-Client-Id")
	if response, _ := send(t, server, request); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the header: got status %d, want 401", response.StatusCode)
	}
	request = discoveryRequest(t)
	request.Method = http.MethodPost
	if response, _ := send(t, server, request); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: got status %d, want 405", response.StatusCode)
	}
	if err := server.SetDiscovery("x"); err == nil {
		t.Error("SetDiscovery took an unknown document")
	}
}

func discoveryRequest(t *testing.T) *http.Request {
	t.Helper()
	request := post(t.Context(), authserver.DefaultURL+authserver.DiscoveryPath, "")
	request.Method = http.MethodGet
	request.Header.Set("X-IBM-Client-Id", ibmClientID)
	return request
}
