package secretstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"golang.org/x/time/rate"
)

// The defaults of Config.
const (
	DefaultPrefix          = "mobilepay"
	DefaultWritesPerSecond = 40
	DefaultWriteInterval   = 16 * time.Minute
	DefaultTimeout         = 10 * time.Second
)

// Limits of a secret's tags (API reference, TagResource and Tag).
const (
	maxTags        = 50
	maxTagKeyLen   = 128
	maxTagValueLen = 256
)

// API are the calls of Secrets Manager that a Store makes; *secretsmanager.Client
// has them. A role needs the actions of the same names on the secrets under its
// prefix, and ListSecrets on all; BatchGetSecretValue also needs GetSecretValue.
type API interface {
	ListSecrets(context.Context, *secretsmanager.ListSecretsInput, ...func(*secretsmanager.Options)) (*secretsmanager.ListSecretsOutput, error)
	BatchGetSecretValue(context.Context, *secretsmanager.BatchGetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.BatchGetSecretValueOutput, error)
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
	CreateSecret(context.Context, *secretsmanager.CreateSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error)
	PutSecretValue(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
	DeleteSecret(context.Context, *secretsmanager.DeleteSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error)
	RestoreSecret(context.Context, *secretsmanager.RestoreSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.RestoreSecretOutput, error)
	TagResource(context.Context, *secretsmanager.TagResourceInput, ...func(*secretsmanager.Options)) (*secretsmanager.TagResourceOutput, error)
}

// Config is what a Store is made of. Only Client is required.
type Config struct {
	Client          API
	Prefix          string            // first part of every name; DefaultPrefix if empty
	KMSKeyID        string            // encrypts secrets made here; the account's default key if empty
	Tags            map[string]string // put on secrets made here, beside our own
	WritesPerSecond float64           // all writes of this Store together; DefaultWritesPerSecond if 0
	WriteInterval   time.Duration     // how often one secret is written; DefaultWriteInterval if 0
	Timeout         time.Duration     // of one call with its retries; DefaultTimeout if 0
}

// Store reads and writes the secrets under one prefix. It is safe for
// concurrent use and holds no secret in memory.
type Store struct {
	client        API
	names         names
	kmsKeyID      string
	tags          map[string]string
	writes        *rate.Limiter
	writeInterval time.Duration
	timeout       time.Duration
}

// New makes a Store. All faults of the configuration are reported at once.
func New(c Config) (*Store, error) {
	c.setDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("secret store: %w", err)
	}
	return &Store{
		client:   c.Client,
		names:    names{prefix: c.Prefix},
		kmsKeyID: c.KMSKeyID,
		tags:     maps.Clone(c.Tags),
		// A burst of one: no second ever holds more writes than were allowed.
		writes:        rate.NewLimiter(rate.Limit(c.WritesPerSecond), 1),
		writeInterval: c.WriteInterval,
		timeout:       c.Timeout,
	}, nil
}

func (c *Config) setDefaults() {
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	if c.WritesPerSecond == 0 {
		c.WritesPerSecond = DefaultWritesPerSecond
	}
	if c.WriteInterval == 0 {
		c.WriteInterval = DefaultWriteInterval
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
}

func (c *Config) check() error {
	var faults []error
	if c.Client == nil {
		faults = append(faults, errors.New("no client"))
	}
	if err := CheckPrefix(c.Prefix); err != nil {
		faults = append(faults, err)
	}
	if !(c.WritesPerSecond > 0) { // so that NaN is refused too
		faults = append(faults, errors.New("writes per second must be positive"))
	}
	if c.WriteInterval < 0 {
		faults = append(faults, errors.New("the write interval must be positive"))
	}
	if c.Timeout < 0 {
		faults = append(faults, errors.New("the timeout must be positive"))
	}
	return errors.Join(append(faults, CheckTags(c.Tags))...)
}

// CheckTags reports all that is wrong with tags that are to be put on secrets
// beside our own, or nil. Keys are named in the error, values are not.
func CheckTags(tags map[string]string) error {
	var faults []error
	if room := maxTags - ownTagCount; len(tags) > room {
		faults = append(faults, fmt.Errorf("%d tags: there is room for %d beside our own", len(tags), room))
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		switch {
		case key == "" || len(key) > maxTagKeyLen:
			faults = append(faults, fmt.Errorf("tag key %.20q: must have 1 to %d bytes", key, maxTagKeyLen))
		case strings.HasPrefix(strings.ToLower(key), "aws:"), strings.HasPrefix(key, tagNamespace):
			faults = append(faults, fmt.Errorf("tag key %q: keys that start with aws: or %s are taken", key, tagNamespace))
		case len(tags[key]) > maxTagValueLen:
			faults = append(faults, fmt.Errorf("tag key %q: the value must have at most %d bytes", key, maxTagValueLen))
		}
	}
	return errors.Join(faults...)
}
