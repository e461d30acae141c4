package app_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"token-refresher/internal/app"
)

// What the command line names goes before the environment, and what only
// functions have is nobody's business there.
func TestSecretsOpen(t *testing.T) {
	awsEnvironment(t, "")
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Authorization"))
		_, _ = w.Write([]byte(`{"SecretList":[]}`))
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1")

	environment := map[string]string{
		"SECRET_PREFIX": "staging", "SECRET_WRITES_PER_SECOND": "7", "GRANT_TYPE": "client_credentials", "JOURNAL_TABLE": "journal",
	}
	lookup := func(name string) (string, bool) { value, ok := environment[name]; return value, ok }
	store, config, err := app.Secrets{Lookup: lookup, Prefix: "mine", Region: "eu-north-1", Endpoint: server.URL}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if config.SecretPrefix != "mine" || config.SecretWritesPerSecond != 7 || config.JournalTable != "" {
		t.Errorf("prefix %s, %d writes a second, journal %q; want mine, 7 and none", config.SecretPrefix, config.SecretWritesPerSecond, config.JournalTable)
	}
	if _, err := store.Untagged(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 1 || !strings.Contains(asked[0], "/eu-north-1/secretsmanager/") {
		t.Errorf("asked %q, want once and in eu-north-1", asked)
	}
}

func TestSecretsOpenTellsAllFaults(t *testing.T) {
	awsEnvironment(t, "")
	lookup := func(name string) (string, bool) { return "-", name == "SECRET_WRITES_PER_SECOND" }
	_, _, err := app.Secrets{Lookup: lookup, Prefix: "/"}.Open(t.Context())
	fault, ok := errors.AsType[*app.ConfigError](err)
	if !ok || len(fault.Faults) != 3 {
		t.Errorf("got %v, want faults of AWS_REGION, SECRET_PREFIX and SECRET_WRITES_PER_SECOND", err)
	}
}
