package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"token-refresher/internal/provider"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/token"
)

const (
	oldProvider = "http://localhost:9400"
	newProvider = "http://localhost:9500"
)

// TestSeed starts from what an earlier run and a person left.
func TestSeed(t *testing.T) {
	t.Parallel()
	pos := registration{ClientID: "sandbox-pos", Secret: token.NewSecret("s3cret")}
	moved := pos
	moved.URL = oldProvider
	tests := []struct {
		name string
		left string // value of the secret before; empty: no secret
		gone bool   // it was then deleted
		from registration
		want string
	}{
		{name: "first start", from: pos, want: seedCredentials(pos, newProvider)},
		{name: "nothing changed", left: seedCredentials(pos, newProvider), from: moved, want: seedCredentials(pos, newProvider)},
		{name: "the provider moved", left: seedCredentials(pos, oldProvider), from: moved, want: seedCredentials(pos, newProvider)},
		{name: "a person changed it", left: `{"client_id":"mine"}`, from: moved, want: `{"client_id":"mine"}`},
		{name: "killed before it was kept", left: seedCredentials(pos, oldProvider), from: pos, want: seedCredentials(pos, oldProvider)},
		{name: "a person deleted it", left: seedCredentials(pos, oldProvider), gone: true, from: moved, want: ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			secrets, err := secretsmanager.Open(secretsmanager.Config{Path: filepath.Join(t.TempDir(), "secrets.db")})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = secrets.Close() })
			c := secretsClient{http: http.Client{Transport: authserver.Transport(secrets)}}
			if test.left != "" {
				must(t, &c, "CreateSecret", map[string]any{"Name": seedSecret, "SecretString": test.left, "ClientRequestToken": requestToken()})
			}
			if test.gone {
				must(t, &c, "DeleteSecret", map[string]any{"SecretId": seedSecret})
			}
			if err := seed(t.Context(), secrets, test.from, newProvider); err != nil {
				t.Fatalf("seed: %v", err)
			}
			var got struct{ SecretString string }
			_, err = c.call(t.Context(), "GetSecretValue", map[string]any{"SecretId": seedSecret}, &got)
			if got.SecretString != test.want || (err != nil) != test.gone {
				t.Errorf("credentials: got %s (%v), want %s", got.SecretString, err, test.want)
			}
		})
	}
}

func must(t *testing.T, c *secretsClient, operation string, input any) {
	t.Helper()
	if _, err := c.call(t.Context(), operation, input, nil); err != nil {
		t.Fatal(err)
	}
}

// TestSeedIsWhatTheFunctionTakes holds the seed to the checks that the function
// applies to it.
func TestSeedIsWhatTheFunctionTakes(t *testing.T) {
	t.Parallel()
	value := seedCredentials(registration{ClientID: "sandbox-pos", Secret: token.NewSecret("s3cret")}, oldProvider)
	credentials, err := token.ParseCredentials(seedClient, []byte(value))
	if err != nil {
		t.Fatalf("credentials: %v", err)
	}
	var ids []string
	for _, id := range credentials.IDs() {
		ids = append(ids, id.String())
	}
	if got, want := strings.Join(ids, " "), "pos pos/DK12345678 pos/FI12345678"; got != want {
		t.Errorf("tokens: got %s, want %s", got, want)
	}
	hosts, err := provider.NewHosts([]string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := provider.Parse([]byte(credentials.Provider.Reveal()), hosts)
	if err != nil {
		t.Fatalf("provider: %v", err)
	}
	if err := p.Check(credentials); err != nil {
		t.Errorf("provider against credentials: %v", err)
	}
}
