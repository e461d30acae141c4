package app_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/app"
	"token-refresher/internal/oauth"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

const clientSecret = "correct+horse/battery=staple"

// credentials are those of client pos, with the fields that the test changes.
func credentials(t *testing.T, provider, more string) token.Credentials {
	t.Helper()
	value := fmt.Sprintf(`{"provider":%s,"client_id":"integrator-1","client_secret":%q%s}`, provider, clientSecret, more)
	parsed, err := token.ParseCredentials("pos", []byte(value))
	if err != nil {
		t.Fatalf("ParseCredentials: %v", err)
	}
	return parsed
}

func TestDialFaults(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	a, err := start(t, lookup(nil), io.Discard)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	tests := []struct {
		name, provider, more, want string
	}{
		{"unknown preset", `"mobilepay"`, "", "mobilepay-integrator-production"},
		{"preset of the other grant", `"mobilepay-merchant-production-dk"`, "", "authorization_code"},
		{"host outside PROVIDER_HOSTS", `{"grant_type":"client_credentials","token_endpoint":"https://tokens.example.com/token"}`, "", "PROVIDER_HOSTS"},
		{"http endpoint", `{"grant_type":"client_credentials","token_endpoint":"http://api.mobilepay.dk/token"}`, "", "only https"},
		{"bad VAT number", `"mobilepay-integrator-sandbox"`, `,"merchants":["DK12345678","SE1"]`, "merchants[1]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			endpoint, err := app.Dial(a, credentials(t, test.provider, test.more))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("dial: got %v and error %v, want an error with %q", endpoint, err, test.want)
			}
			if text := err.Error(); strings.Contains(text, clientSecret) || strings.Contains(text, "\n") {
				t.Errorf("dial: got %q, want one line without the secret", text)
			}
		})
	}
}

// authorizationServer runs the emulator with client integrator-1, and returns
// it with the JSON of a provider that leads to it.
func authorizationServer(t *testing.T) (server *authserver.Server, provider string) {
	t.Helper()
	server, err := authserver.New(authserver.Config{
		Clients: []authserver.Client{{ID: "integrator-1", Secret: token.NewSecret(clientSecret)}},
	})
	if err != nil {
		t.Fatalf("authserver: %v", err)
	}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return server, fmt.Sprintf(`{"grant_type":"client_credentials","token_endpoint":%q,`+
		`"headers":{"x-ibm-client-id":"{client_id}"},"merchant_parameter":"merchant_vat"}`, listener.URL+authserver.TokenPath)
}

func TestEndpointRequest(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	server, provider := authorizationServer(t)
	var output bytes.Buffer
	a, err := start(t, lookup(map[string]string{"PROVIDER_HOSTS": "127.0.0.1"}), &output)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	endpoint, err := app.Dial(a, credentials(t, provider, `,"merchants":["DK12345678"]`))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	if got := endpoint.Provider(); !strings.HasSuffix(got, authserver.TokenPath) {
		t.Errorf("provider: got %q, want the token endpoint", got)
	}

	before := time.Now()
	got, err := endpoint.Request(t.Context(), "DK12345678")
	if err != nil {
		t.Fatalf("Request: %v", err)
	}
	issued := server.Issued()
	if len(issued) != 1 || issued[0].Merchant != "DK12345678" || !got.Value.Equal(issued[0].Token) {
		t.Errorf("Request: the token is not the one that was issued for DK12345678")
	}
	if want := (token.ID{Client: "pos", Merchant: "DK12345678"}); got.ID != want || got.Type != "Bearer" || got.Scope == "" {
		t.Errorf("Request: got id %s, type %q, scope %q", got.ID, got.Type, got.Scope)
	}
	if got.Lifetime() != authserver.DefaultLifetime || got.IssuedAt.Before(before) || got.IssuedAt.After(time.Now()) {
		t.Errorf("Request: issued at %s, lives %s", got.IssuedAt, got.Lifetime())
	}
	if output.Len() > 0 {
		t.Errorf("output: got %q, want none", output.String())
	}
}

func TestEndpointLogsOddities(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	server, provider := authorizationServer(t)
	if err := server.SetFault(authserver.Fault{Kind: authserver.ExpiresIn, Times: 1}); err != nil {
		t.Fatalf("SetFault: %v", err)
	}
	var output bytes.Buffer
	a, err := start(t, lookup(map[string]string{"PROVIDER_HOSTS": "127.0.0.1"}), &output)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	endpoint, err := app.Dial(a, credentials(t, provider, ""))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	if got, err := endpoint.Request(t.Context(), ""); err != nil || got.Lifetime() != 300*time.Second {
		t.Errorf("Request: got lifetime %s and error %v, want the default of 300 s", got.Lifetime(), err)
	}
	if got := output.String(); !strings.Contains(got, "answer was odd") || !strings.Contains(got, "expires_in missing") {
		t.Errorf("output: got %q, want a line that says expires_in missing", got)
	}
}

func TestEndpointPassesTheClassOn(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	server, provider := authorizationServer(t)
	if err := server.SetFault(authserver.Fault{Kind: authserver.InvalidClient}); err != nil {
		t.Fatalf("SetFault: %v", err)
	}
	a, err := start(t, lookup(map[string]string{"PROVIDER_HOSTS": "127.0.0.1"}), io.Discard)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	endpoint, err := app.Dial(a, credentials(t, provider, ""))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	_, err = endpoint.Request(t.Context(), "")
	refusal, ok := err.(*oauth.Error) //nolint:errorlint // the contract of refresh.Endpoint is the type itself
	if !ok || refusal.Class != oauth.ClassClient {
		t.Errorf("Request: got %v (%T), want an *oauth.Error of class client", err, err)
	}
}
