package app_test

import (
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/app"
	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// lookup finds variables in a map, and GRANT_TYPE unless the map has it.
func lookup(variables map[string]string) app.Lookup {
	all := map[string]string{"GRANT_TYPE": "client_credentials"}
	maps.Copy(all, variables)
	return func(name string) (string, bool) {
		value, ok := all[name]
		return value, ok
	}
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	got, err := app.ParseConfig(lookup(nil), "GRANT_TYPE")
	if err != nil {
		t.Fatalf("ParseConfig: %v", err)
	}
	hosts, err := provider.NewHosts(provider.PresetHosts())
	if err != nil {
		t.Fatalf("NewHosts: %v", err)
	}
	want := app.Config{
		GrantType:             token.GrantTypeClientCredentials,
		SecretPrefix:          "mobilepay",
		ProviderHosts:         hosts,
		RefreshConcurrency:    32,
		SecretWritesPerSecond: 40,
		SecretWriteInterval:   16 * time.Minute,
		SweepInterval:         time.Minute,
		ReconcileInterval:     15 * time.Minute,
		LogLevel:              slog.LevelInfo,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(provider.Hosts{})); diff != "" {
		t.Errorf("defaults differ (-want +got):\n%s", diff)
	}
}

func TestConfigReadsEveryVariable(t *testing.T) {
	t.Parallel()
	got, err := app.ParseConfig(lookup(map[string]string{
		"SECRET_PREFIX":            "payments/tokens",
		"PROVIDER_HOSTS":           " localhost , api.example.com",
		"REFRESH_CONCURRENCY":      "256",
		"SECRET_WRITES_PER_SECOND": "1200",
		"SECRET_WRITE_INTERVAL":    "32s",
		"SECRET_KMS_KEY_ID":        "alias/tokens",
		"SECRET_TAGS":              "team=payments, cost-center = 4711,empty=,equation=a=b",
		"SWEEP_INTERVAL":           "2s",
		"RECONCILE_INTERVAL":       "30s",
		"LOG_LEVEL":                "warn",
		"ALLOWED_CLIENTS":          "pos, subscriptions ",
	}))
	if err != nil {
		t.Fatalf("ParseConfig: %v", err)
	}
	hosts, err := provider.NewHosts([]string{"api.example.com", "localhost"})
	if err != nil {
		t.Fatalf("NewHosts: %v", err)
	}
	want := app.Config{
		GrantType:             token.GrantTypeClientCredentials,
		SecretPrefix:          "payments/tokens",
		ProviderHosts:         hosts,
		RefreshConcurrency:    256,
		SecretWritesPerSecond: 1200,
		SecretWriteInterval:   32 * time.Second,
		SecretKMSKeyID:        "alias/tokens",
		SecretTags:            app.Tags{"team": "payments", "cost-center": "4711", "empty": "", "equation": "a=b"},
		SweepInterval:         2 * time.Second,
		ReconcileInterval:     30 * time.Second,
		LogLevel:              slog.LevelWarn,
		AllowedClients:        app.Clients{"pos", "subscriptions"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(provider.Hosts{})); diff != "" {
		t.Errorf("configuration differs (-want +got):\n%s", diff)
	}
}

func TestConfigTakesEmptyForUnset(t *testing.T) {
	t.Parallel()
	unset, err := app.ParseConfig(lookup(nil))
	if err != nil {
		t.Fatalf("ParseConfig: %v", err)
	}
	empty, err := app.ParseConfig(lookup(map[string]string{
		"ALLOWED_CLIENTS": "", "SECRET_PREFIX": "", "PROVIDER_HOSTS": "", "SECRET_TAGS": "", "SECRET_KMS_KEY_ID": "", "SWEEP_INTERVAL": "", "LOG_LEVEL": "",
	}))
	if err != nil {
		t.Fatalf("ParseConfig of empty variables: %v", err)
	}
	if diff := cmp.Diff(unset, empty, cmp.AllowUnexported(provider.Hosts{})); diff != "" {
		t.Errorf("empty differs from unset (-unset +empty):\n%s", diff)
	}
}

func TestConfigWarnings(t *testing.T) {
	t.Parallel()
	scaled := func(more map[string]string) map[string]string {
		all := map[string]string{
			"SECRET_WRITES_PER_SECOND": "1200", "SECRET_WRITE_INTERVAL": "32s", "SWEEP_INTERVAL": "2s", "RECONCILE_INTERVAL": "30s",
		}
		maps.Copy(all, more)
		return all
	}
	tests := []struct {
		name      string
		variables map[string]string
		want      int
	}{
		{"defaults", nil, 0},
		{"sandbox speed against AWS", scaled(nil), 2},
		{"sandbox speed against loopback", scaled(map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}), 0},
		{"sandbox speed against localhost", scaled(map[string]string{"AWS_ENDPOINT_URL": "http://localhost:4566"}), 0},
		{"sandbox speed against localhost in other letters", scaled(map[string]string{"AWS_ENDPOINT_URL": "http://LocalHost:4566"}), 0},
		{"sandbox speed against IPv6 loopback", scaled(map[string]string{"AWS_ENDPOINT_URL": "http://[::1]:4566"}), 0},
		{
			"the service's own endpoint wins",
			scaled(map[string]string{
				"AWS_ENDPOINT_URL":                 "http://127.0.0.1:4566",
				"AWS_ENDPOINT_URL_SECRETS_MANAGER": "https://secretsmanager.eu-west-1.amazonaws.com",
			}),
			2,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config, err := app.ParseConfig(lookup(test.variables))
			if err != nil {
				t.Fatalf("ParseConfig: %v", err)
			}
			if got := config.Warnings(); len(got) != test.want {
				t.Errorf("warnings: got %q, want %d of them", got, test.want)
			}
		})
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("team=payments,owner=me", "api.mobilepay.dk, localhost", "16m")
	f.Add("aws:x=1,,=", "*,", "1e9h")
	f.Fuzz(func(t *testing.T, tags, hosts, interval string) {
		config, err := app.ParseConfig(lookup(map[string]string{
			"SECRET_TAGS": tags, "PROVIDER_HOSTS": hosts, "SECRET_WRITE_INTERVAL": interval,
		}))
		if err != nil {
			if _, ok := errors.AsType[*app.ConfigError](err); !ok {
				t.Errorf("ParseConfig: got %T, want a *ConfigError", err)
			}
			return
		}
		if config.SecretWriteInterval <= config.SweepInterval || len(config.SecretTags) > 47 || len(config.ProviderHosts.Names()) == 0 {
			t.Errorf("an unsound configuration was accepted: %+v", config)
		}
		for key := range config.SecretTags {
			if lower := strings.ToLower(key); strings.HasPrefix(lower, "aws:") || strings.HasPrefix(lower, "token-refresher:") || key == "" {
				t.Errorf("the tag %q was accepted", key)
			}
		}
	})
}
