package app

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"token-refresher/internal/secretstore"
)

// Secrets is Secrets Manager as an operator reaches it from the command line,
// with rights of their own.
type Secrets struct {
	Lookup   Lookup // the environment, read as the functions do
	Prefix   string // instead of SECRET_PREFIX
	Region   string // instead of the AWS configuration's
	Endpoint string // instead of AWS's, and of what the environment names
}

// Open returns the secrets and the configuration that they were opened by. It
// asks for nothing but credentials. All faults of the environment are reported at
// once, as a *ConfigError.
func (s Secrets) Open(ctx context.Context) (*secretstore.Store, Config, error) {
	found := faults{}
	config := parseConfig(s.lookup, nil, found)
	awsConfig := loadAWS(ctx, config.RefreshConcurrency, found)
	if s.Region != "" {
		delete(found, "AWS_REGION")
		awsConfig.Region = s.Region
	}
	if err := found.err(); err != nil {
		return nil, Config{}, err
	}
	if _, err := Identify(ctx, awsConfig); err != nil {
		return nil, Config{}, err
	}
	if s.Endpoint != "" {
		awsConfig.BaseEndpoint = aws.String(s.Endpoint)
		awsConfig.ConfigSources = nil // where a client would look for an endpoint of its own
	}
	store, err := newStore(config, awsConfig)
	return store, config, err
}

// lookup is the environment without what only functions have: GRANT_TYPE and
// JOURNAL_TABLE say nothing about secrets.
func (s Secrets) lookup(name string) (value string, found bool) {
	switch {
	case name == "GRANT_TYPE", name == "JOURNAL_TABLE":
		return "", false
	case name == "SECRET_PREFIX" && s.Prefix != "":
		return s.Prefix, true
	default:
		return s.Lookup(name)
	}
}

func newStore(config Config, awsConfig aws.Config) (*secretstore.Store, error) {
	return secretstore.New(secretstore.Config{
		Client:          secretstore.NewClient(awsConfig),
		Prefix:          config.SecretPrefix,
		KMSKeyID:        config.SecretKMSKeyID,
		Tags:            config.SecretTags,
		WritesPerSecond: float64(config.SecretWritesPerSecond),
		WriteInterval:   config.SecretWriteInterval,
	})
}
