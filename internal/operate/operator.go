package operate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
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
	Renew(ctx context.Context, id token.ID, endpoint refresh.GrantEndpoint, occasion refresh.Occasion) refresh.Renewal
}

// Publisher publishes one grant; *publish.Publisher is one.
type Publisher interface {
	Publish(ctx context.Context, id token.ID, urgency publish.Urgency) (publish.Outcome, error)
}

// Swapper changes an entry of the journal.
type Swapper interface {
	Swap(ctx context.Context, old, next token.Entry) (token.Entry, error)
}

// Config is what an Operator is made of. Every field is needed.
type Config struct {
	Inventory
	Writer    Writer
	Swapper   Swapper
	Renewer   Renewer
	Publisher Publisher

	// Dial and DialGrants make endpoints of credentials, or say all that is
	// wrong with them. They send nothing.
	Dial       func(token.Credentials) (refresh.Endpoint, error)
	DialGrants func(token.Credentials) (refresh.GrantEndpoint, error)

	// Tell tells others what a renewal found out.
	Tell func(context.Context, []refresh.Event)

	Log *slog.Logger
}

func (c Config) check() error {
	switch {
	case c.Store == nil, c.Journal == nil, c.Writer == nil, c.Swapper == nil, c.Renewer == nil, c.Publisher == nil:
		return errors.New("operate: Store, Journal, Writer, Swapper, Renewer and Publisher are needed")
	case c.Dial == nil, c.DialGrants == nil, c.Tell == nil, c.Log == nil:
		return errors.New("operate: Dial, DialGrants, Tell and Log are needed")
	case c.Concurrency <= 0:
		return errors.New("operate: Concurrency must be positive")
	}
	return nil
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

// client is whose token is asked for.
type client struct {
	grantType   token.GrantType
	credentials token.Credentials
}

// clientOf finds the token's client. Errors: *Refusal, and the store's.
func (o *Operator) clientOf(ctx context.Context, id token.ID) (client, error) {
	stored, err := o.Store.Credentials(ctx, []string{id.Client})
	if err != nil {
		return client{}, fmt.Errorf("read credentials: %w", err)
	}
	found := stored[id.Client]
	switch {
	case errors.Is(found.Err, token.ErrNotFound), errors.Is(found.Err, token.ErrDeleted):
		return client{}, refuse(UnknownToken, "there is no client of this name")
	case errors.Is(found.Err, token.ErrUnreadable):
		return client{}, refuse(ClientMisconfigured, found.Err.Error())
	case found.Err != nil:
		return client{}, found.Err
	}
	grantType, err := o.grantTypeOf(ctx, id.Client)
	return client{grantType: grantType, credentials: found.Value}, err
}

// grantTypeOf is what the tag of the client's credentials says.
func (o *Operator) grantTypeOf(ctx context.Context, name string) (token.GrantType, error) {
	for _, grantType := range []token.GrantType{token.GrantTypeClientCredentials, token.GrantTypeAuthorizationCode} {
		names, err := o.Store.Clients(ctx, grantType)
		if err != nil {
			return "", fmt.Errorf("list clients: %w", err)
		}
		for _, found := range names {
			if found == name {
				return grantType, nil
			}
		}
	}
	return "", refuse(ClientMisconfigured, "its credentials carry no tag token-refresher:grant-type")
}

// renew renews a grant now, and tells what that found out.
func (o *Operator) renew(ctx context.Context, id token.ID, endpoint refresh.GrantEndpoint) refresh.Renewal {
	renewal := o.Renewer.Renew(ctx, id, endpoint, refresh.OnDemand)
	if events := renewal.Events(time.Now()); len(events) > 0 {
		o.Tell(ctx, events)
	}
	return renewal
}
