package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"token-refresher/internal/token"
)

// Store is what a sweep needs of Secrets Manager.
type Store interface {
	ClientStore
	// AccessTokens holds an entry for everything that was asked for; an error
	// of the call itself means that nothing could be read.
	AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error)
	// PutAccessToken replaces that version of the secret, or creates the secret
	// if there was none. token.ErrConflict: another writer was first.
	PutAccessToken(ctx context.Context, grantType token.GrantType, t token.AccessToken, replaces string) error
	// RestoreAccessToken takes a secret back that is scheduled for deletion.
	RestoreAccessToken(ctx context.Context, id token.ID) error
}

// Endpoint is one client's way to its provider, made from its credentials.
type Endpoint interface {
	// Provider names the authorization server by the URL that tokens come from.
	Provider() string
	// Request asks for a token, bound to the merchant if one is named. It ends
	// within the provider's timeout; errors are of type *oauth.Error.
	Request(ctx context.Context, merchant string) (token.AccessToken, error)
}

// Config is what a Sweep is made of. Every field is needed but Trace.
type Config struct {
	Store    Store
	Schedule token.Schedule

	// Dial makes an endpoint of credentials, or says all that is wrong with
	// them. It sends nothing.
	Dial func(token.Credentials) (Endpoint, error)

	ReconcileInterval time.Duration // how often all secrets are listed (15 minutes)
	Concurrency       int           // requests in flight at the same time (32)
	Log               *slog.Logger

	Trace Tracer // runs each phase of a sweep
}

func (c Config) check() error {
	switch {
	case c.Store == nil, c.Dial == nil, c.Log == nil:
		return errors.New("refresh: Store, Dial and Log are needed")
	case c.Schedule.SweepInterval <= 0, c.Schedule.WriteInterval <= 0, c.ReconcileInterval <= 0:
		return errors.New("refresh: the intervals must be positive")
	case c.Concurrency <= 0:
		return errors.New("refresh: Concurrency must be positive")
	}
	return nil
}

// ErrBusy is returned by Run while another Run of the same Sweep goes on.
var ErrBusy = errors.New("refresh: this sweep is running already")

// Sweep renews the published tokens of client credentials that are due. It
// lives as long as the function's instance and remembers what failed.
type Sweep struct {
	Config
	*memory
	roster roster
	busy   atomic.Bool
	short  map[token.ID]shortLived // tokens that cannot be published
}

// shortLived remembers a token that lives too short to be published, so that
// it is not asked for in every sweep only to find that again.
type shortLived struct {
	version  string // of the credentials it was got with
	lifetime time.Duration
	until    time.Time
}

// shortLivedSweeps is after how many sweeps it is asked for again: lifetimes
// are settings that a provider may change. An hour, by default.
const shortLivedSweeps = 60

// NewSweep checks the configuration and returns a Sweep that has seen nothing.
func NewSweep(config Config) (*Sweep, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if config.Trace == nil {
		config.Trace = untraced
	}
	memory := newMemory(config.Log)
	return &Sweep{
		Config: config,
		memory: memory,
		roster: roster{memory: memory, store: config.Store, grantType: token.GrantTypeClientCredentials, auditInterval: config.ReconcileInterval},
		short:  map[token.ID]shortLived{},
	}, nil
}

// dial prepares a client of client credentials.
func (s *Sweep) dial(c *client) error {
	endpoint, err := s.Dial(c.credentials.Value)
	if err != nil {
		return err
	}
	c.endpoint, c.provider, c.tokens = endpoint, endpoint.Provider(), len(c.credentials.Value.IDs())
	return nil
}

// Run looks at every token once and renews those that are due. A token or a
// client that fails is told in the report; Run itself fails only if nothing
// could be read.
func (s *Sweep) Run(ctx context.Context) (Report, error) {
	if !s.busy.CompareAndSwap(false, true) {
		return Report{}, ErrBusy
	}
	defer s.busy.Store(false)

	report := newReport()
	var clients map[string]*client
	var due []*item
	err := s.Trace(ctx, "plan", func(ctx context.Context) (err error) {
		if clients, err = s.roster.load(ctx, s.dial, report); err != nil {
			return err
		}
		due, err = s.plan(ctx, clients, report)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("sweep: %w", err)
	}
	_ = s.Trace(ctx, "renew", func(ctx context.Context) error {
		s.renewAll(ctx, due, clients, report)
		return nil
	})
	return report.finish(), nil
}
