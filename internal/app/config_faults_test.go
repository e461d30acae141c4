package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"token-refresher/internal/app"
)

// faultsOf parses and returns the faults, by variable.
func faultsOf(t *testing.T, find app.Lookup, required ...string) map[string]string {
	t.Helper()
	_, err := app.ParseConfig(find, required...)
	if err == nil {
		return nil
	}
	config, ok := errors.AsType[*app.ConfigError](err)
	if !ok {
		t.Fatalf("ParseConfig: got %v (%T), want a *ConfigError", err, err)
	}
	faults := map[string]string{}
	for _, fault := range config.Faults {
		name, problem, _ := strings.Cut(fault, ": ")
		faults[name] = problem
	}
	if len(faults) != len(config.Faults) {
		t.Errorf("a variable is named twice: %q", config.Faults)
	}
	return faults
}

// secretValue stands for one that was put into the wrong variable.
const secretValue = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY="

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	manyTags := make([]string, 48)
	for i := range manyTags {
		manyTags[i] = fmt.Sprintf("tag%d=x", i)
	}
	tests := []struct {
		name, variable, value string
		problem               string // a part of it
	}{
		{"unknown grant type", "GRANT_TYPE", secretValue, "must be client_credentials or authorization_code"},
		{"journal of client credentials", "JOURNAL_TABLE", "journal", "not for client_credentials"},
		{"get neither on nor off", "ALLOW_GET", "maybe", "true or false"},
		{"prefix with a slash at its end", "SECRET_PREFIX", "mobilepay/", "between single slashes"},
		{"prefix with a space", "SECRET_PREFIX", "my tokens", "letters, digits"},
		{"concurrency zero", "REFRESH_CONCURRENCY", "0", "1 to 256"},
		{"concurrency above the bound", "REFRESH_CONCURRENCY", "257", "1 to 256"},
		{"concurrency is no number", "REFRESH_CONCURRENCY", secretValue, "1 to 256"},
		{"writes zero", "SECRET_WRITES_PER_SECOND", "0", "1 or more"},
		{"writes with a fraction", "SECRET_WRITES_PER_SECOND", "1.5", "1 or more"},
		{"duration without a unit", "SWEEP_INTERVAL", "60", "such as 1m"},
		{"duration negative", "SWEEP_INTERVAL", "-1m", "above zero"},
		{"duration zero", "RECONCILE_INTERVAL", "0s", "above zero"},
		{"duration is a secret", "SECRET_WRITE_INTERVAL", secretValue, "such as 16m"},
		{"written in every sweep", "SECRET_WRITE_INTERVAL", "1m", "longer than SWEEP_INTERVAL, 1m0s"},
		{"reconciled more often than swept", "RECONCILE_INTERVAL", "59s", "not be shorter than SWEEP_INTERVAL, 1m0s"},
		{"unknown log level", "LOG_LEVEL", secretValue, "debug, info, warn or error"},
		{"host with a scheme", "PROVIDER_HOSTS", "https://api.mobilepay.dk", "host 1 of 1"},
		{"host with a port", "PROVIDER_HOSTS", "api.mobilepay.dk,localhost:9400", "host 2 of 2"},
		{"host with a wildcard", "PROVIDER_HOSTS", "*.mobilepay.dk", "wildcard"},
		{"an empty host", "PROVIDER_HOSTS", "api.mobilepay.dk,,localhost", "host 2 of 3"},
		{"key that no KMS key has", "SECRET_KMS_KEY_ID", "my key!", "id, ARN or alias"},
		{"key is a secret", "SECRET_KMS_KEY_ID", secretValue, "id, ARN or alias"},
		{"endpoint without a scheme", "AWS_ENDPOINT_URL", "127.0.0.1:4566", "absolute URL"},
		{"endpoint without a host", "AWS_ENDPOINT_URL", "http://", "absolute URL"},
		{"endpoint of another scheme", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "ftp://127.0.0.1", "absolute URL"},
		{"endpoint is a secret", "AWS_ENDPOINT_URL_SECRETS_MANAGER", secretValue, "absolute URL"},
		{"public URL without a scheme", "PUBLIC_URL", "consent.example", "https://host"},
		{"public URL without TLS", "PUBLIC_URL", "http://consent.example", "loopback only"},
		{"public URL with a path", "PUBLIC_URL", "https://consent.example/", "nothing after it"},
		{"public URL with a user", "PUBLIC_URL", "https://me@consent.example", "nothing after it"},
		{"a client's name in capitals", "ALLOWED_CLIENTS", "pos,POS", "entry 2: the client's name"},
		{"no client between commas", "ALLOWED_CLIENTS", "pos,,reporting", "entry 2: the client's name"},
		{"a client's name is a secret", "ALLOWED_CLIENTS", secretValue, "entry 1: the client's name"},
		{"public URL is a secret", "PUBLIC_URL", secretValue, "https://host"},
		{"tag without a value", "SECRET_TAGS", "team=payments,owner", "entry 2"},
		{"tag without a key", "SECRET_TAGS", "=payments", "entry 1"},
		{"tag twice", "SECRET_TAGS", "team=a,team=b", "entry 2 repeats a key"},
		{"tag of AWS", "SECRET_TAGS", "AWS:team=payments", "aws:"},
		{"tag of ours", "SECRET_TAGS", "token-refresher:client=pos", "token-refresher:"},
		{"tag of ours for IAM", "SECRET_TAGS", "Token-Refresher:grant-type=authorization_code", "token-refresher:"},
		{"tag with a character that AWS refuses", "SECRET_TAGS", "team=a;b", "entry 1"},
		{"tags of several faults", "SECRET_TAGS", "owner,team=a,team=b", "entry 1 is not of the form key=value; entry 3 repeats a key"},
		{"tag with a value too long", "SECRET_TAGS", "team=" + strings.Repeat("x", 257), "256"},
		{"too many tags", "SECRET_TAGS", strings.Join(manyTags, ","), "47"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			faults := faultsOf(t, lookup(map[string]string{test.variable: test.value}))
			if len(faults) != 1 || !strings.Contains(faults[test.variable], test.problem) {
				t.Errorf("faults: got %q, want one of %s that says %q", faults, test.variable, test.problem)
			}
			if text := fmt.Sprint(faults); strings.Contains(text, secretValue) || strings.Contains(text, "\n") {
				t.Errorf("faults: got %q, want no value and one line", text)
			}
		})
	}
}

func TestConfigReportsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	faults := faultsOf(t, lookup(map[string]string{
		"GRANT_TYPE":               "",
		"SECRET_PREFIX":            "/",
		"PROVIDER_HOSTS":           "*",
		"REFRESH_CONCURRENCY":      "many",
		"SECRET_WRITES_PER_SECOND": "-1",
		"SECRET_WRITE_INTERVAL":    "soon",
		"SECRET_TAGS":              "owner",
		"SWEEP_INTERVAL":           "now",
		"RECONCILE_INTERVAL":       "-15m",
		"LOG_LEVEL":                "loud",
		"SECRET_KMS_KEY_ID":        "?",
		"AWS_ENDPOINT_URL":         "here",
		"PUBLIC_URL":               "there",
	}), "GRANT_TYPE")
	for _, name := range []string{
		"GRANT_TYPE", "SECRET_PREFIX", "PROVIDER_HOSTS", "REFRESH_CONCURRENCY", "SECRET_WRITES_PER_SECOND",
		"SECRET_WRITE_INTERVAL", "SECRET_TAGS", "SWEEP_INTERVAL", "RECONCILE_INTERVAL", "LOG_LEVEL", "SECRET_KMS_KEY_ID", "AWS_ENDPOINT_URL", "PUBLIC_URL",
	} {
		if faults[name] == "" {
			t.Errorf("%s is not among the faults: %q", name, faults)
		}
	}
	if got := faults["GRANT_TYPE"]; got != "is not set" {
		t.Errorf("GRANT_TYPE: got %q, want %q", got, "is not set")
	}
}
