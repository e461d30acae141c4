package app_test

import (
	"io"
	"strings"
	"testing"

	"token-refresher/internal/app"
)

func TestServerNeedsAJournal(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	a, err := start(t, lookup(nil), io.Discard)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	if _, err := a.Server(); err == nil || !strings.Contains(err.Error(), "journal") {
		t.Errorf("Server without a journal: %v, want an error about it", err)
	}
	a, err = start(t, lookup(map[string]string{"GRANT_TYPE": "authorization_code", "JOURNAL_TABLE": "journal"}), io.Discard)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	if _, err := a.Server(); err != nil {
		t.Errorf("Server: %v", err)
	}
}

// The provider says of which grant type a client is; what is wrong with its
// credentials is said of either.
func TestDialEither(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	a, err := start(t, lookup(map[string]string{"GRANT_TYPE": "authorization_code", "JOURNAL_TABLE": "journal"}), io.Discard)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	tests := []struct {
		name, provider string
		tokens, grants bool
	}{
		{"client credentials", `"mobilepay-integrator-sandbox"`, true, false},
		{"grants", `"mobilepay-merchant-sandbox-dk"`, false, true},
		{"unknown preset", `"mobilepay"`, false, false},
		{"client credentials that lack a field", `"vipps-test"`, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := app.DialEither(a, credentials(t, tt.provider, ""))
			if (got.Tokens != nil) != tt.tokens || (got.Grants != nil) != tt.grants || (err == nil) != (tt.tokens || tt.grants) {
				t.Errorf("dial: %+v and %v, want tokens %v, grants %v", got, err, tt.tokens, tt.grants)
			}
		})
	}
}
