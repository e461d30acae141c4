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

// nominations is how many due grants one sweep takes from the index.
const nominations = 20_000

// GrantJournal is what a sweep of grants needs of the journal.
type GrantJournal interface {
	Journal
	// Due nominates the entries whose DueAt has come, in that order. An index
	// may lag: only a claim decides.
	Due(ctx context.Context, now time.Time, limit int) ([]token.ID, error)
	// Note and SwapNote keep a client's Health for all instances. Note answers
	// token.ErrNotFound if there is none, SwapNote token.ErrConflict if it is
	// not at that version any more.
	Note(ctx context.Context, key string) (value []byte, version string, err error)
	SwapNote(ctx context.Context, key string, value []byte, version string) (string, error)
}

// Publisher writes what the journal has ahead of Secrets Manager.
type Publisher interface {
	// Publish publishes these entries and those that the journal names. It
	// stops by itself before the context's deadline.
	Publish(ctx context.Context, ids []token.ID) Published
	// Reconcile compares journal and secrets, if that is due.
	Reconcile(ctx context.Context) (Reconciled, error)
}

// Published are the figures of a publishing pass.
type Published struct {
	SecretWriteFailed int
	Adopted           int           // grants from secrets that took the journal's place
	Lag               time.Duration // age of the oldest answer that no secret holds yet
	Failed            []Failure
}

// Reconciled are the figures of a reconcile.
type Reconciled struct {
	Adopted      int
	MassDeletion bool // so many secrets are gone that none was believed
	Failed       []Failure
}

// GrantConfig is what a GrantSweep is made of. Every field is needed but Trace.
type GrantConfig struct {
	Store     ClientStore
	Journal   GrantJournal
	Renewer   *Renewer
	Publisher Publisher

	// Dial makes an endpoint of credentials, or says all that is wrong with
	// them. It sends nothing.
	Dial func(token.Credentials) (GrantEndpoint, error)

	ReconcileInterval time.Duration // how often all secrets are listed (15 minutes)
	Concurrency       int           // requests in flight at the same time (32)
	Log               *slog.Logger

	Trace Tracer // runs each phase of a sweep
}

func (c GrantConfig) check() error {
	switch {
	case c.Store == nil, c.Journal == nil, c.Renewer == nil, c.Publisher == nil, c.Dial == nil, c.Log == nil:
		return errors.New("refresh: Store, Journal, Renewer, Publisher, Dial and Log are needed")
	case c.ReconcileInterval <= 0:
		return errors.New("refresh: the interval must be positive")
	case c.Concurrency <= 0:
		return errors.New("refresh: Concurrency must be positive")
	}
	return nil
}

// GrantSweep renews the grants that are due, publishes what is ahead and
// reconciles now and then. Any number of them may run at the same time.
type GrantSweep struct {
	GrantConfig
	*memory
	roster   roster
	reported map[string]time.Time // stopped clients, since when
	orphaned map[string]time.Time // clients without credentials, since when
	busy     atomic.Bool
}

// NewGrantSweep checks the configuration and returns a sweep that has seen
// nothing.
func NewGrantSweep(config GrantConfig) (*GrantSweep, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if config.Trace == nil {
		config.Trace = untraced
	}
	memory := newMemory(config.Log)
	return &GrantSweep{
		GrantConfig: config,
		memory:      memory,
		reported:    map[string]time.Time{},
		orphaned:    map[string]time.Time{},
		roster:      roster{memory: memory, store: config.Store, grantType: token.GrantTypeAuthorizationCode, auditInterval: config.ReconcileInterval},
	}, nil
}

// Run renews, publishes and reconciles once. What fails is told in the report;
// Run itself fails only if nothing could be read.
func (s *GrantSweep) Run(ctx context.Context) (Report, error) {
	if !s.busy.CompareAndSwap(false, true) {
		return Report{}, ErrBusy
	}
	defer s.busy.Store(false)

	report := newReport()
	report.ResultAtRisk = s.Renewer.Settle(ctx)
	var clients map[string]*client
	var due []*item
	err := s.Trace(ctx, "plan", func(ctx context.Context) (err error) {
		if clients, err = s.roster.load(ctx, s.dial, report); err != nil {
			return err
		}
		due, err = s.nominated(ctx, clients, report)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("sweep: %w", err)
	}
	var renewed []token.ID
	_ = s.Trace(ctx, "renew", func(ctx context.Context) error {
		renewed = s.renewAll(ctx, due, clients, report)
		return nil
	})
	_ = s.Trace(ctx, "publish", func(ctx context.Context) error {
		published := s.Publisher.Publish(ctx, renewed)
		s.tell(ctx, "publish", published.Failed)
		report.published(published)
		return nil
	})
	_ = s.Trace(ctx, "reconcile", func(ctx context.Context) error {
		reconciled, err := s.Publisher.Reconcile(ctx)
		if err != nil {
			s.log.ErrorContext(ctx, "reconcile failed", "error", err)
		}
		s.tell(ctx, "reconcile", reconciled.Failed)
		report.reconciled(reconciled)
		return err
	})
	return report.finish(), nil
}

// tell logs what would be only in the answer otherwise, which nobody reads where
// a schedule starts the sweep.
func (s *GrantSweep) tell(ctx context.Context, phase string, failed []Failure) {
	for _, f := range failed {
		s.log.WarnContext(ctx, "failed", "phase", phase, "token", f.Token, "class", classStore, "error", f.Error)
	}
}

// dial prepares a client of grants.
func (s *GrantSweep) dial(c *client) error {
	endpoint, err := s.Dial(c.credentials.Value)
	if err != nil {
		return err
	}
	c.grants, c.provider = endpoint, endpoint.Provider()
	c.tokens = severalTokens // how many grants it has is not known here
	return nil
}

// nominated are the grants that the index says are due, in that order. Those of
// clients whose credentials cannot be used wait.
func (s *GrantSweep) nominated(ctx context.Context, clients map[string]*client, report *Report) ([]*item, error) {
	ids, err := s.Journal.Due(ctx, time.Now(), nominations)
	if err != nil {
		return nil, fmt.Errorf("reading what is due: %w", err)
	}
	report.Due = len(ids)
	var due []*item
	orphaned := map[string]bool{}
	for _, id := range ids {
		c := clients[id.Client]
		if c == nil {
			report.Remaining++
			orphaned[id.Client] = true
			continue
		}
		c.due++
		due = append(due, &item{id: id, client: c})
	}
	s.orphans(ctx, orphaned, report)
	return due, nil
}
