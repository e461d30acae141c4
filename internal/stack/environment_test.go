package stack_test

import (
	"testing"

	"token-refresher/internal/app"
	"token-refresher/internal/token"
)

// What the template sets is what the code reads, and is free of faults.
func TestEnvironmentStartsTheFunction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		overrides map[string]string
	}{
		{"defaults", nil},
		{"everything set", map[string]string{
			"SecretPrefix":   "team/tokens",
			"SecretKmsKeyId": keyARN,
			"SecretTags":     "team=payments,cost centre=42",
			"ProviderHosts":  "api.mobilepay.dk,api.vipps.no",
			"LogLevel":       "debug",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stack := load(t, test.overrides)
			environment := environment(t, stack, "RefreshFunction")
			read := map[string]bool{}
			config, err := app.ParseConfig(func(name string) (string, bool) {
				read[name] = true
				value, ok := environment[name]
				return value, ok
			}, "GRANT_TYPE", "SECRET_PREFIX")
			if err != nil {
				t.Fatalf("the configuration has faults: %v", err)
			}
			if config.GrantType != token.GrantTypeClientCredentials || config.SecretPrefix != stack.values["SecretPrefix"] {
				t.Errorf("got grant type %q and prefix %q, want client_credentials and %q", config.GrantType, config.SecretPrefix, stack.values["SecretPrefix"])
			}
			if warnings := config.Warnings(); len(warnings) > 0 {
				t.Errorf("the configuration is risky: %v", warnings)
			}
			for name := range environment {
				if !read[name] {
					t.Errorf("%s is set, but the function does not read it", name)
				}
			}
		})
	}
}
