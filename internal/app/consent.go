package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"token-refresher/internal/consent"
	"token-refresher/internal/idtoken"
	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// Consent returns what answers merchants' browsers. It is made once per instance,
// and needs the journal and PUBLIC_URL.
func (a *App) Consent() (http.Handler, error) {
	if a.grants == nil {
		return nil, errors.New("make the consent handler: there is no journal")
	}
	verifier, err := idtoken.New(idtoken.Config{Discoverer: a.oauth.Discoverer()})
	if err != nil {
		return nil, fmt.Errorf("make the consent handler: %w", err)
	}
	sealer, err := newSealer(a.store, inviteKey)
	if err != nil {
		return nil, fmt.Errorf("make the consent handler: %w", err)
	}
	consents := &consents{App: a, verifier: verifier}
	return consent.New(consent.Config{
		PublicURL: a.Config.PublicURL,
		Clients:   consents,
		Journal:   a.grants.journal,
		Exchanger: consents,
		Seal:      sealer,
		Log:       a.Log,
	})
}

// Inviter returns what makes the links that merchants are sent. It makes no call.
func (a *App) Inviter() (*consent.Inviter, error) {
	sealer, err := newSealer(a.store, inviteKey)
	if err != nil {
		return nil, fmt.Errorf("make the inviter: %w", err)
	}
	return consent.NewInviter(consent.InviterConfig{PublicURL: a.Config.PublicURL, Seal: sealer})
}

// consents is what package consent needs of the rest.
type consents struct {
	*App
	verifier *idtoken.Verifier
}

// Client implements consent.Clients. Credentials are read anew for each request:
// there are few, and each is somebody's only one. What neither store took of an
// earlier consent is tried again first: its merchant may come with the same invite.
func (c *consents) Client(ctx context.Context, name string) (consent.Client, error) {
	if atRisk := c.grants.renewer.Settle(ctx); atRisk > 0 {
		c.atRisk(ctx, atRisk)
	}
	all, err := c.store.Credentials(ctx, []string{name})
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	stored := all[name]
	switch {
	case token.Absent(stored.Err):
		return nil, fmt.Errorf("%w: %w", consent.ErrUnknownClient, stored.Err)
	case stored.Err != nil:
		return nil, fmt.Errorf("read credentials: %w", stored.Err)
	}
	return c.newClient(stored.Value)
}

// newClient makes a client of its credentials, or says why no merchant can
// consent to it.
func (c *consents) newClient(credentials token.Credentials) (consent.Client, error) {
	c.grants.uses.learn(credentials)
	p, err := c.parseProvider(credentials, token.GrantTypeAuthorizationCode)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", credentials.Client, err)
	}
	if err := p.CheckConsent(); err != nil {
		return nil, fmt.Errorf("client %s: %w: %w", credentials.Client, consent.ErrUnknownClient, err)
	}
	return &consentClient{consents: c, provider: p, credentials: credentials}, nil
}

// Exchange implements consent.Exchanger. What is not published before ctx ends,
// the next sweep publishes.
func (c *consents) Exchange(ctx context.Context, id token.ID, attempt token.Fingerprint, redeem consent.Redeem) (string, error) {
	done := c.grants.renewer.Exchange(ctx, id, attempt, c.grants.uses.of(id.Client), refresh.Redeem(redeem))
	if done.AtRisk {
		c.atRisk(ctx, 1)
	}
	if done.Made && done.Outcome == token.ExchangeDone && done.Err == nil {
		c.publish(ctx, id)
	}
	return done.Outcome, done.Err
}

func (c *consents) publish(ctx context.Context, id token.ID) {
	if _, err := c.grants.publisher.Publish(ctx, id, publish.AtOnce); err != nil {
		c.Log.WarnContext(ctx, "a consent is stored and not published yet", "token", id.String(), "error", err)
	}
}
