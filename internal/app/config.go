package app

import (
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// Lookup finds an environment variable, as os.LookupEnv does.
type Lookup func(name string) (value string, found bool)

// Config is the environment of the functions (docs/contract.md). A variable
// that is empty counts as one that is not set: that is how a template's empty
// parameter arrives.
//
// The tag `want` ends the sentence "NAME must be …".
type Config struct {
	GrantType    token.GrantType `env:"GRANT_TYPE"`
	SecretPrefix string          `env:"SECRET_PREFIX" envDefault:"mobilepay"`

	// JournalTable is the table of the journal, for everything that touches
	// grants. A function of client credentials is to have none.
	JournalTable string `env:"JOURNAL_TABLE"`

	// ProviderHosts are the only hosts that credentials are ever sent to; those
	// of the presets, if PROVIDER_HOSTS names none.
	ProviderHosts provider.Hosts `env:"PROVIDER_HOSTS"`

	RefreshConcurrency    int           `env:"REFRESH_CONCURRENCY" envDefault:"32" want:"a whole number from 1 to 256"`
	SecretWritesPerSecond int           `env:"SECRET_WRITES_PER_SECOND" envDefault:"40" want:"a whole number, 1 or more"`
	SecretWriteInterval   time.Duration `env:"SECRET_WRITE_INTERVAL" envDefault:"16m" want:"a duration above zero, such as 16m or 90s"`
	SecretKMSKeyID        string        `env:"SECRET_KMS_KEY_ID" want:"the id, ARN or alias of a KMS key"`
	SecretTags            Tags          `env:"SECRET_TAGS"`
	SweepInterval         time.Duration `env:"SWEEP_INTERVAL" envDefault:"1m" want:"a duration above zero, such as 1m or 90s"`
	ReconcileInterval     time.Duration `env:"RECONCILE_INTERVAL" envDefault:"15m" want:"a duration above zero, such as 15m or 1h30m"`
	LogLevel              slog.Level    `env:"LOG_LEVEL" envDefault:"INFO" want:"debug, info, warn or error"`

	// PublicURL is where merchants reach the consent pages: {PUBLIC_URL}/consent/callback
	// is registered as redirect_uri at the provider.
	PublicURL string `env:"PUBLIC_URL" want:"https://host or https://host:port, nothing after it (http on loopback only)"`

	// AllowGet lets the operator function hand out access tokens.
	AllowGet bool `env:"ALLOW_GET" want:"true or false"`

	// AllowedClients are those whose tokens the access-token function hands out;
	// all, if it is empty.
	AllowedClients Clients `env:"ALLOWED_CLIENTS"`

	// Endpoint and SecretsEndpoint are the SDK's own; they are read here to be
	// checked before the SDK fails by them, and to tell the sandbox from AWS
	// (Warnings).
	Endpoint        string `env:"AWS_ENDPOINT_URL" want:"an absolute URL, such as http://127.0.0.1:4566"`
	SecretsEndpoint string `env:"AWS_ENDPOINT_URL_SECRETS_MANAGER" want:"an absolute URL, such as http://127.0.0.1:4566"`
}

// ParseConfig reads the configuration. required names the variables that the
// function cannot do without and that have no default. The error is a
// *ConfigError with all faults at once.
func ParseConfig(lookup Lookup, required ...string) (Config, error) {
	found := faults{}
	config := parseConfig(lookup, required, found)
	return config, found.err()
}

func parseConfig(lookup Lookup, required []string, found faults) Config {
	for _, name := range required {
		if value, _ := lookup(name); value == "" {
			found.add(name, "is not set")
		}
	}
	config := read(lookup, found)
	config.check(found)
	return config
}

// read takes what can be read, and notes what cannot.
func read(lookup Lookup, found faults) Config {
	config := Config{ProviderHosts: defaultHosts()}
	err := env.ParseWithOptions(&config, env.Options{
		Environment: environment(lookup),
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[provider.Hosts](): func(value string) (any, error) { return parseHosts(value) },
			reflect.TypeFor[Tags]():           func(value string) (any, error) { return parseTags(value) },
			reflect.TypeFor[Clients]():        func(value string) (any, error) { return parseClients(value) },
		},
	})
	all, _ := errors.AsType[env.AggregateError](err)
	for _, err := range all.Errors {
		fault, _ := errors.AsType[env.ParseError](err)
		field, _ := reflect.TypeFor[Config]().FieldByName(fault.Name)
		found.add(field.Tag.Get("env"), problem(field, fault.Err))
	}
	return config
}

// problem says what is wrong with a variable. Texts of parsers that are not
// this package's are not shown: they quote the value.
func problem(field reflect.StructField, err error) string {
	if want := field.Tag.Get("want"); want != "" {
		return "must be " + want
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// environment looks up every variable that Config names. The library takes an
// empty one for one that is not set.
func environment(lookup Lookup) map[string]string {
	found := map[string]string{}
	for field := range reflect.TypeFor[Config]().Fields() {
		name := field.Tag.Get("env")
		if value, ok := lookup(name); ok {
			found[name] = value
		}
	}
	return found
}
