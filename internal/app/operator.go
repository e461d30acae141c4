package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"token-refresher/internal/operate"
	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// Operator returns what answers operators' events. It is made once per instance,
// and needs the journal; invites need PUBLIC_URL.
func (a *App) Operator() (*operate.Handler, error) {
	if a.grants == nil {
		return nil, errors.New("make the operator: there is no journal")
	}
	operator, err := a.newOperator()
	if err != nil {
		return nil, fmt.Errorf("make the operator: %w", err)
	}
	return operate.NewHandler(operate.HandlerConfig{Operator: operator, AllowGet: a.Config.AllowGet, Log: a.Log})
}

// OpenOperator returns the same without a function, for the command line: the
// environment is the functions', log lines and metrics go to output. It makes no
// call. All faults of the environment are reported at once, as a *ConfigError.
func OpenOperator(ctx context.Context, lookup Lookup, output io.Writer) (*operate.Handler, error) {
	a, err := newApp(ctx, Function{
		Lookup: func(name string) (value string, found bool) {
			if name == "GRANT_TYPE" { // an operator looks after both
				return "", false
			}
			return lookup(name)
		},
		Output:   output,
		Required: []string{"JOURNAL_TABLE"},
	})
	if err != nil {
		return nil, err
	}
	return a.Operator()
}

func (a *App) newOperator() (*operate.Operator, error) {
	server, err := a.Server()
	if err != nil {
		return nil, err
	}
	config := operate.Config{
		Inventory: operate.Inventory{
			Store: a.store, Journal: a.grants.journal, Schedule: a.schedule(), Concurrency: a.Config.RefreshConcurrency,
		},
		Writer:      a.store,
		Renewer:     a.grants.renewer,
		Publisher:   a.grants.publisher,
		Server:      server,
		Dial:        a.dialEither,
		Consenting:  a.consenting,
		AtRisk:      a.atRisk,
		Count:       a.count,
		Examination: a.examination(),
		Log:         a.Log,
	}
	if a.Config.PublicURL != "" {
		if config.Inviter, err = a.Inviter(); err != nil {
			return nil, err
		}
	}
	return operate.New(config)
}

// consenting is the provider that merchants consent at, or what is wrong with
// the credentials for that. It makes no call.
func (a *App) consenting(credentials token.Credentials) (operate.Merchants, error) {
	p, err := provider.Parse([]byte(credentials.Provider.Reveal()), a.Config.ProviderHosts)
	if err == nil {
		err = p.CheckConsent()
	}
	if err == nil {
		err = p.Check(credentials)
	}
	return p, err
}
