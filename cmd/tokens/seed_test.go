package main

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"token-refresher/internal/provider"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/token"
)

const (
	oldProvider = "http://localhost:9400"
	newProvider = "http://localhost:9500"
)

// known are the registrations of a provider that was last at url.
func known(url string) registrations {
	clients := map[string]registration{}
	for _, c := range seededClients() {
		clients[c.name] = registration{ClientID: "sandbox-" + c.name, Secret: token.NewSecret("s3cret of " + c.name)}
	}
	return registrations{Clients: clients, URL: url}
}

func credentialsOf(c seeded, url string) string { return c.credentials(known("").Clients[c.name], url) }

// seedWorld is a Secrets Manager and a provider that knows the clients.
type seedWorld struct {
	secrets  *secretsmanager.Server
	provider *authserver.Server
	client   secretsClient
}

func newSeedWorld(t *testing.T) seedWorld {
	t.Helper()
	secrets, err := secretsmanager.Open(secretsmanager.Config{Path: filepath.Join(t.TempDir(), "secrets.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = secrets.Close() })
	config := authserver.Config{}
	for _, c := range seededClients() {
		config.Clients = append(config.Clients, c.registered(known("").Clients[c.name], func(d time.Duration) time.Duration { return d }))
	}
	provider, err := authserver.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return seedWorld{secrets, provider, secretsClient{http: http.Client{Transport: authserver.Transport(secrets)}}}
}

func (w *seedWorld) seed(t *testing.T, from string) {
	t.Helper()
	if err := newSeeder(w.secrets, w.provider, newProvider, known(from)).run(t.Context()); err != nil {
		t.Fatalf("seed: %v", err)
	}
}

func (w *seedWorld) value(t *testing.T, name string) (string, error) {
	var got struct{ SecretString string }
	_, err := w.client.call(t.Context(), "GetSecretValue", map[string]any{"SecretId": name}, &got)
	return got.SecretString, err
}

// TestSeed starts from what an earlier run and a person left, for each client.
func TestSeed(t *testing.T) {
	t.Parallel()
	for _, c := range seededClients() {
		tests := []struct {
			name string
			left string // value of the secret before; empty: no secret
			gone bool   // it was then deleted
			from string // where the provider was
			want string
		}{
			{name: "first start", want: credentialsOf(c, newProvider)},
			{name: "nothing changed", left: credentialsOf(c, newProvider), from: newProvider, want: credentialsOf(c, newProvider)},
			{name: "the provider moved", left: credentialsOf(c, oldProvider), from: oldProvider, want: credentialsOf(c, newProvider)},
			{name: "an older sandbox", left: c.earlierCredentials(known("").Clients[c.name], newProvider), from: newProvider, want: credentialsOf(c, newProvider)},
			{name: "an older sandbox elsewhere", left: c.earlierCredentials(known("").Clients[c.name], oldProvider), from: oldProvider, want: credentialsOf(c, newProvider)},
			{name: "a person changed it", left: `{"client_id":"mine"}`, from: oldProvider, want: `{"client_id":"mine"}`},
			{name: "killed before it was kept", left: credentialsOf(c, oldProvider), want: credentialsOf(c, oldProvider)},
			{name: "a person deleted it", left: credentialsOf(c, oldProvider), gone: true, from: oldProvider, want: ""},
		}
		for _, test := range tests {
			t.Run(c.name+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				w := newSeedWorld(t)
				if test.left != "" {
					must(t, &w.client, "CreateSecret", map[string]any{"Name": c.secret(), "SecretString": test.left, "ClientRequestToken": requestToken()})
				}
				if test.gone {
					must(t, &w.client, "DeleteSecret", map[string]any{"SecretId": c.secret()})
				}
				w.seed(t, test.from)
				got, err := w.value(t, c.secret())
				if got != test.want || (err != nil) != test.gone {
					t.Errorf("credentials: got %s (%v), want %s", got, err, test.want)
				}
			})
		}
	}
}

// TestSeedKeepsGrants: a second start changes neither grants nor the key that
// the journal is sealed with, whatever a person made of them.
func TestSeedKeepsGrants(t *testing.T) {
	t.Parallel()
	w := newSeedWorld(t)
	w.seed(t, "")
	names := []string{"mobilepay/sealing-key", "mobilepay/invite-key"}
	for _, c := range seededClients() {
		for _, id := range c.grantIDs() {
			names = append(names, "mobilepay/"+id.String()+"/grant")
		}
	}
	if len(names) != 6 || len(w.provider.Consents()) != 4 {
		t.Fatalf("seeded: got %q and %d consents, want 4 grants", names, len(w.provider.Consents()))
	}
	const deleted = "mobilepay/reporting/FI12345678/grant"
	must(t, &w.client, "DeleteSecret", map[string]any{"SecretId": deleted})
	before := map[string]string{}
	for _, name := range names {
		before[name], _ = w.value(t, name)
	}
	w.seed(t, newProvider)
	for _, name := range names {
		if got, err := w.value(t, name); got != before[name] || (err != nil) != (name == deleted) {
			t.Errorf("%s: changed by a second start (%v)", name, err)
		}
	}
	if got := len(w.provider.Consents()); got != 4 {
		t.Errorf("consents: got %d, want no new ones", got)
	}
}

func must(t *testing.T, c *secretsClient, operation string, input any) {
	t.Helper()
	if _, err := c.call(t.Context(), operation, input, nil); err != nil {
		t.Fatal(err)
	}
}

// TestSeedIsWhatTheFunctionsTake holds the seed to the checks that the functions
// apply to it.
func TestSeedIsWhatTheFunctionsTake(t *testing.T) {
	t.Parallel()
	hosts, err := provider.NewHosts([]string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range seededClients() {
		credentials, err := token.ParseCredentials(c.name, []byte(credentialsOf(c, oldProvider)))
		if err != nil {
			t.Fatalf("credentials of %s: %v", c.name, err)
		}
		p, err := provider.Parse([]byte(credentials.Provider.Reveal()), hosts)
		if err != nil {
			t.Fatalf("provider of %s: %v", c.name, err)
		}
		if err := p.Check(credentials); err != nil || p.GrantType != c.grantType {
			t.Errorf("%s: grant type %s, provider against credentials: %v", c.name, p.GrantType, err)
		}
		if err := p.CheckConsent(); (err == nil) != (c.grantType == token.GrantTypeAuthorizationCode) {
			t.Errorf("%s: can merchants consent: %v", c.name, err)
		}
	}
}
