package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"token-refresher/internal/provider"
	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/telemetry"
	"token-refresher/internal/token"
)

// Server returns what hands out access tokens. It is made once per instance,
// since it remembers them. It needs the journal.
func (a *App) Server() (*serve.Server, error) {
	if a.grants == nil {
		return nil, errors.New("make the server of tokens: there is no journal")
	}
	server, err := serve.New(serve.Config{
		Store:    a.store,
		Journal:  a.grants.journal,
		Renewer:  a.grants.renewer,
		Schedule: a.schedule(),
		Dial:     a.dialEither,
		Allowed:  a.Config.AllowedClients,
		Tell:     a.tell,
		AtRisk:   a.atRisk,
		Count:    a.count,
		Log:      a.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("make the server of tokens: %w", err)
	}
	return server, nil
}

// dialEither makes an endpoint of credentials of either grant type: their
// provider says which. It makes no call.
func (a *App) dialEither(credentials token.Credentials) (endpoint serve.Endpoint, err error) {
	p, err := provider.Parse([]byte(credentials.Provider.Reveal()), a.Config.ProviderHosts)
	switch {
	case err != nil:
	case p.GrantType == token.GrantTypeClientCredentials:
		endpoint.Tokens, err = a.dial(credentials)
	default:
		endpoint.Grants, err = a.dialGrants(credentials)
	}
	return endpoint, err
}

// atRisk pages: these answers are in neither store.
func (a *App) atRisk(ctx context.Context, answers int) {
	if err := a.Metrics.AtRisk(answers); err != nil {
		a.Log.ErrorContext(ctx, "metrics not written", "error", err)
	}
}

// count writes what a renewal on demand counts for.
func (a *App) count(ctx context.Context, t refresh.Tally) {
	if t.Empty() {
		return
	}
	err := a.Metrics.OnDemand(telemetry.OnDemand{
		GrantType: string(t.GrantType), Renewed: t.Renewed, FailedClass: t.Class,
		ConsentRequired: t.ConsentRequired, RotationLost: t.RotationLost, Adopted: t.Adopted,
	})
	if err != nil {
		a.Log.ErrorContext(ctx, "metrics not written", "error", err)
	}
}

// Clients are names of clients.
type Clients []string

// parseClients reads names, comma-separated, with spaces around them if need be.
// A fault tells the position, not the text, which may belong somewhere else.
func parseClients(text string) (Clients, error) {
	var clients Clients
	var faults []error
	for i, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		if err := (token.ID{Client: name}).Check(); err != nil {
			faults = append(faults, fmt.Errorf("entry %d: %w", i+1, err))
			continue
		}
		clients = append(clients, name)
	}
	return clients, errors.Join(faults...)
}
