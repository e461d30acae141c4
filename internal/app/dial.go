package app

import (
	"context"
	"fmt"
	"log/slog"

	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// endpoint is one client's way to its provider.
type endpoint struct {
	client      *oauth.Client
	provider    provider.Provider
	credentials token.Credentials
	log         *slog.Logger
}

// dial makes an endpoint of credentials that are tagged for client credentials,
// or says what is wrong with them. It makes no call.
func (a *App) dial(credentials token.Credentials) (refresh.Endpoint, error) {
	p, err := a.parseProvider(credentials, token.GrantTypeClientCredentials)
	if err != nil {
		return nil, err
	}
	return &endpoint{client: a.oauth, provider: p, credentials: credentials, log: a.Log}, nil
}

// parseProvider reads the provider of credentials that are tagged for a grant
// type, and checks it against both.
func (a *App) parseProvider(credentials token.Credentials, tagged token.GrantType) (provider.Provider, error) {
	p, err := provider.Parse([]byte(credentials.Provider.Reveal()), a.Config.ProviderHosts)
	if err != nil {
		return provider.Provider{}, err
	}
	if p.GrantType != tagged {
		return provider.Provider{}, fmt.Errorf("provider: its grant_type is %s, but the tag token-refresher:grant-type of the credentials is %s",
			p.GrantType, tagged)
	}
	return p, p.Check(credentials)
}

// Provider implements refresh.Endpoint.
func (e *endpoint) Provider() string { return e.provider.Address() }

// Request implements refresh.Endpoint. What was odd about an answer is logged:
// it was healed, and may tell of a change on the provider's side.
func (e *endpoint) Request(ctx context.Context, merchant string) (token.AccessToken, error) {
	answer, err := e.client.ClientCredentials(ctx, e.provider, e.credentials, merchant)
	if err != nil {
		return token.AccessToken{}, err
	}
	id := token.ID{Client: e.credentials.Client, Merchant: merchant}
	if len(answer.Oddities) > 0 {
		e.log.WarnContext(ctx, "answer was odd", "token", id.String(), "oddities", answer.Oddities)
	}
	return accessToken(id, answer), nil
}
