package operate

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// storeTimeout is what one write may take, also when the invocation is being
// ended.
const storeTimeout = 10 * time.Second

// Writer is what renewing tokens of client credentials needs of Secrets
// Manager.
type Writer interface {
	PutAccessToken(ctx context.Context, grantType token.GrantType, t token.AccessToken, replaces string) error
}

// Renewer renews one grant; *refresh.Renewer is one.
type Renewer interface {
	// Settle tries once more to store answers that no store took, and returns
	// how many are still at risk.
	Settle(ctx context.Context) (atRisk int)
	Renew(ctx context.Context, id token.ID, endpoint refresh.GrantEndpoint, occasion refresh.Occasion) refresh.Renewal
}

// Publisher publishes or removes one grant; *publish.Publisher is one.
type Publisher interface {
	Publish(ctx context.Context, id token.ID, urgency publish.Urgency) (publish.Outcome, error)
	Remove(ctx context.Context, id token.ID) (token.Removal, error)
}

// Server hands out access tokens; *serve.Server is one.
type Server interface {
	Get(ctx context.Context, r serve.Request) (token.AccessToken, error)
}

// Inviter makes invites; *consent.Inviter is one.
type Inviter interface {
	NewInvite(ctx context.Context, invite consent.Invite) (link string, err error)
}

// Merchants says which merchants a provider knows of.
type Merchants interface {
	CheckMerchant(merchant string) error
}

// Config is what an Operator is made of. Every field is needed but Inviter.
type Config struct {
	Inventory
	Writer    Writer
	Renewer   Renewer
	Publisher Publisher
	Server    Server
	Inviter   Inviter // nil: this deployment has no consent pages

	// Dial makes an endpoint of credentials, or says all that is wrong with them.
	// Consenting does the same for those who are to consent. Neither sends
	// anything.
	Dial       func(token.Credentials) (serve.Endpoint, error)
	Consenting func(token.Credentials) (Merchants, error)

	// AtRisk pages: so many answers are in neither store. Count takes what each
	// renewal counts for.
	AtRisk func(ctx context.Context, answers int)
	Count  func(context.Context, refresh.Tally)

	Examination Examination
	Log         *slog.Logger
}

func (c Config) check() error {
	switch {
	case c.Store == nil, c.Journal == nil, c.Writer == nil, c.Renewer == nil, c.Publisher == nil, c.Server == nil:
		return errors.New("operate: Store, Journal, Writer, Renewer, Publisher and Server are needed")
	case c.Dial == nil, c.Consenting == nil, c.AtRisk == nil, c.Count == nil, c.Log == nil:
		return errors.New("operate: Dial, Consenting, AtRisk, Count and Log are needed")
	case c.Concurrency <= 0:
		return errors.New("operate: Concurrency must be positive")
	}
	return c.Examination.check()
}

// Operator does what people ask for. It is safe for concurrent use.
type Operator struct{ Config }

// New checks the configuration and returns an Operator.
func New(config Config) (*Operator, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	return &Operator{config}, nil
}

// credentialsOf are the credentials that were read, or why there are none: as a
// *serve.Refusal, or as the store says it.
func credentialsOf(stored token.Stored[token.Credentials]) (token.Credentials, error) {
	switch {
	case token.Absent(stored.Err):
		return token.Credentials{}, refuse(serve.UnknownToken, "there is no client of this name")
	case errors.Is(stored.Err, token.ErrUnreadable):
		return token.Credentials{}, refuse(serve.ClientMisconfigured, stored.Err.Error())
	default:
		return stored.Value, stored.Err
	}
}
