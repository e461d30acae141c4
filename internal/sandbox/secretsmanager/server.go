// Package secretsmanager emulates AWS Secrets Manager in this process: an
// http.Handler that speaks the service's JSON 1.1 protocol, so that the AWS SDK
// and the aws command line work against it unchanged.
//
// It owns what the project relies on at AWS: names and ARNs, versions,
// idempotency tokens and staging labels, deletion windows, tags, filters and
// pagination, the lag of lists, the quota of versions with its 24 hours, and
// the rates that operations share. Every change is one transaction in one bbolt
// file, on disk before it is answered, so that a kill at any moment loses
// nothing that was acknowledged.
//
// It does not verify signatures and evaluates no policy: every caller is the
// account's owner. Values lie in the file as they were sent, unencrypted. KMS
// keys are remembered, never used. Rotation, replication, managed secrets and
// resource policies are not emulated and answer as an unknown operation does.
// Listening, and sharing the port with other services, is left to the caller;
// see [Claims].
package secretsmanager

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// The figures of AWS that a zero [Config] stands for. From "AWS Secrets Manager
// quotas" in the user guide, and ListSecrets in the API reference.
const (
	defaultListLag         = 5 * time.Minute
	defaultWritesPerSecond = 50
	defaultRegion          = "eu-west-1"
	defaultAccount         = "000000000000"
)

// Config says where the emulator keeps its state and how closely it follows
// AWS's figures. Only Path is required; the zero value of every other field is
// what AWS does.
type Config struct {
	// Path of the state file. It is created with mode 0600; its folder must
	// exist. One process has it open at a time.
	Path string

	// Region and Account appear in ARNs. Default: eu-west-1, 000000000000.
	Region, Account string

	// Now is the clock. Default: time.Now.
	Now func() time.Time

	// Speed divides every duration of the service (the lag of lists, the 24
	// hours of the version quota, deletion windows) and multiplies its rates.
	// Default: 1.
	Speed float64

	// ListLag is the time after which a change shows in ListSecrets and in
	// filters of BatchGetSecretValue, before Speed. AWS promises no more than
	// five minutes, so that is the default; a negative value means none. What
	// waits to be shown is shown when the file is opened again.
	ListLag time.Duration

	// WritesPerSecond is the rate that PutSecretValue, UpdateSecret and
	// UpdateSecretVersionStage share, before Speed. Default: 50.
	WritesPerSecond int

	// Unthrottled lifts every rate. The version quota stays.
	Unthrottled bool

	// Observe, if set, is told of every call before it is judged: the operation
	// and the name of the secret (as sent, if it names none; empty for lists).
	// As in CloudTrail, each secret of a BatchGetSecretValue is told of as one
	// more GetSecretValue. It is called concurrently.
	Observe func(operation, secret string)
}

// Server is the emulator. It is safe for concurrent use.
type Server struct {
	config   Config
	store    *store
	limits   limiters
	fault    atomic.Pointer[FaultFunc]
	mutating sync.Mutex // held from the read to the commit of every change
}

// Open reads the state file, or creates it. It fails if another process has the
// file open.
func Open(config Config) (*Server, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	st, err := openStore(config.Path, config.scale(max(config.ListLag, 0)), config.Now())
	if err != nil {
		return nil, err
	}
	return &Server{config: config, store: st, limits: newLimiters(config)}, nil
}

// Close releases the state file. Requests must have ended.
func (s *Server) Close() error {
	if err := s.store.db.Close(); err != nil {
		return fmt.Errorf("closing the state file: %w", err)
	}
	return nil
}

func (c Config) withDefaults() (Config, error) {
	if c.Path == "" {
		return c, errors.New("secretsmanager: no path of a state file")
	}
	if c.Speed < 0 || c.WritesPerSecond < 0 {
		return c, errors.New("secretsmanager: speed and writes per second must not be negative")
	}
	if c.Region == "" {
		c.Region = defaultRegion
	}
	if c.Account == "" {
		c.Account = defaultAccount
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Speed == 0 {
		c.Speed = 1
	}
	if c.ListLag == 0 {
		c.ListLag = defaultListLag
	}
	if c.WritesPerSecond == 0 {
		c.WritesPerSecond = defaultWritesPerSecond
	}
	return c, nil
}

// scale turns a duration of AWS into one of this emulator.
func (c Config) scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.Speed)
}
