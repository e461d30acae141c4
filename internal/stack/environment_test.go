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
			"AllowedClients": "pos,reporting",
		}},
	}
	functions := map[string]token.GrantType{
		"RefreshFunction": token.GrantTypeClientCredentials, "GrantsFunction": token.GrantTypeAuthorizationCode,
		"ConsentFunction": "", "AccessTokenFunction": "", "OperatorFunction": "",
	}
	for _, test := range tests {
		for function, grantType := range functions {
			t.Run(function+" with "+test.name, func(t *testing.T) {
				t.Parallel()
				checkEnvironment(t, load(t, test.overrides), function, grantType)
			})
		}
	}
}

// publicURL is what the API's endpoint becomes.
const publicURL = "https://abc123.execute-api.eu-west-1.amazonaws.com"

// deployed puts names in the place of references to what a deployment makes.
func deployed(environment map[string]string) {
	names := map[string]string{"ref:Journal": "journal", "ConsentApi.ApiEndpoint": publicURL}
	for name, value := range environment {
		if known, ok := names[value]; ok {
			environment[name] = known
		}
	}
}

func checkEnvironment(t *testing.T, stack *stack, function string, grantType token.GrantType) {
	t.Helper()
	environment := environment(t, stack, function)
	deployed(environment)
	read := map[string]bool{}
	config, err := app.ParseConfig(func(name string) (string, bool) {
		read[name] = true
		value, ok := environment[name]
		return value, ok
	}, "SECRET_PREFIX")
	if err != nil {
		t.Fatalf("the configuration has faults: %v", err)
	}
	if config.GrantType != grantType || config.SecretPrefix != stack.values["SecretPrefix"] || config.AllowGet {
		t.Errorf("got grant type %q, prefix %q and get allowed %v, want %q, %q and not", config.GrantType, config.SecretPrefix,
			config.AllowGet, grantType, stack.values["SecretPrefix"])
	}
	if (config.JournalTable != "") != (grantType != token.GrantTypeClientCredentials) {
		t.Errorf("the journal's table is %q", config.JournalTable)
	}
	if warnings := config.Warnings(); len(warnings) > 0 {
		t.Errorf("the configuration is risky: %v", warnings)
	}
	for name := range environment {
		if !read[name] {
			t.Errorf("%s is set, but the function does not read it", name)
		}
	}
}
