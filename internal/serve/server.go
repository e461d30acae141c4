package serve

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// DefaultMinTTL is the life left that a consumer gets who asks for none.
const DefaultMinTTL = time.Minute

// Store is what handing out needs of Secrets Manager. Every key that was asked
// for is a key of the answer; an error of the call itself means that nothing
// could be read.
type Store interface {
	Credentials(ctx context.Context, clients []string) (map[string]token.Stored[token.Credentials], error)
	AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error)
}

// Journal is what handing out needs of the journal: consistent reads, and one
// write, that somebody asked.
type Journal interface {
	refresh.Notes
	Get(ctx context.Context, id token.ID) (token.Entry, error)
	Swap(ctx context.Context, old, next token.Entry) (token.Entry, error)
}

// Renewer renews grants; *refresh.Renewer is one.
type Renewer interface {
	Demand(ctx context.Context, seen token.Entry, endpoint refresh.GrantEndpoint, asked func(token.Entry) token.Entry) refresh.Renewal
	// Settle tries once more to store answers that no store took, and returns
	// how many are still at risk.
	Settle(ctx context.Context) (atRisk int)
}

// Endpoint is one client's way to its provider: one of the two is set.
type Endpoint struct {
	Tokens refresh.Endpoint      // of client credentials
	Grants refresh.GrantEndpoint // of grants
}

// Config is what a Server is made of. Every field is needed but Allowed.
type Config struct {
	Store    Store
	Journal  Journal
	Renewer  Renewer
	Schedule token.Schedule

	// Dial makes an endpoint of credentials, or says all that is wrong with
	// them. It sends nothing.
	Dial func(token.Credentials) (Endpoint, error)

	Allowed []string // clients whose tokens are handed out; all, if it is empty

	// Tell tells others what concerns a whole client; AtRisk, that so many
	// answers are in neither store; Count, what each renewal counts for.
	Tell   func(context.Context, []refresh.Event)
	AtRisk func(ctx context.Context, answers int)
	Count  func(context.Context, refresh.Tally)

	Log *slog.Logger
}

func (c Config) check() error {
	switch {
	case c.Store == nil, c.Journal == nil, c.Renewer == nil:
		return errors.New("serve: Store, Journal and Renewer are needed")
	case c.Dial == nil, c.Tell == nil, c.AtRisk == nil, c.Count == nil, c.Log == nil:
		return errors.New("serve: Dial, Tell, AtRisk, Count and Log are needed")
	case c.Schedule.SweepInterval <= 0, c.Schedule.WriteInterval <= 0:
		return errors.New("serve: the intervals must be positive")
	}
	return nil
}

// Server hands out access tokens. It lives as long as the function's instance
// and is safe for concurrent use. The times that it keeps are without the
// monotonic clock (Round(0)): Lambda freezes an instance between two requests,
// and that clock with it.
type Server struct {
	Config
	memory  memory
	flights singleflight.Group // renewals, by token
	loads   singleflight.Group // reads of credentials, by client

	mu        sync.Mutex
	clients   map[string]*client
	standings map[string]*standing // by client
	issuances map[token.ID]issuance
}

// New checks the configuration and returns a Server that knows nothing yet.
func New(config Config) (*Server, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	return &Server{
		Config:    config,
		memory:    newMemory(config.Schedule),
		clients:   map[string]*client{},
		standings: map[string]*standing{},
		issuances: map[token.ID]issuance{},
	}, nil
}

// Request is what a consumer asks for.
type Request struct {
	ID token.ID
	// MinTTL is the life left that is wanted. Above half the token's lifetime it
	// counts as half, or every request would renew; 0 is any.
	MinTTL time.Duration
	// Rejected is the SHA-256, in hex, of an access token that an API refused. It
	// acts only if it names the current one.
	Rejected string
}

// Get returns an access token that is fresh if that can be had, and valid
// otherwise: a valid one is always preferred to an error. A renewal that this
// call began has ended when it returns. Errors: *Refusal, and those of the
// stores.
func (s *Server) Get(ctx context.Context, r Request) (token.AccessToken, error) {
	now := time.Now()
	if t, ok := s.memory.recall(r, now); ok {
		return t, nil
	}
	d := &demand{Server: s, Request: r}
	t, err := d.answer(ctx)
	d.record(ctx, err, time.Since(now))
	return t, err
}
