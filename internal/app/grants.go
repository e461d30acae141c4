package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"token-refresher/internal/journal"
	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/telemetry"
	"token-refresher/internal/token"
)

// grants is what an instance that renews merchants' grants has beside the rest.
type grants struct {
	journal   *journal.Journal
	renewer   *refresh.Renewer
	publisher *publish.Publisher
	uses      uses
}

// newGrants builds them. It makes no call.
func (a *App) newGrants(config aws.Config) (*grants, error) {
	sealer, err := NewSealer(a.store)
	if err != nil {
		return nil, err
	}
	g := &grants{}
	g.journal, err = journal.New(journal.Config{
		Client: journal.NewClient(config),
		Table:  a.Config.JournalTable,
		Seal:   sealer,
	})
	if err != nil {
		return nil, err
	}
	g.renewer = &refresh.Renewer{
		Journal: g.journal, Secrets: a.store, Schedule: a.schedule(), NewID: rand.Text, Revoke: a.revoke, Log: a.Log,
	}
	g.publisher, err = publish.New(publish.Config{
		Journal: g.journal, Secrets: a.store, Schedule: a.schedule(), Use: g.uses.of,
		Revoke: a.revoke, Tell: a.tellOf,
		ReconcileInterval: a.Config.ReconcileInterval, Concurrency: a.Config.RefreshConcurrency, Log: a.Log,
	})
	return g, err
}

// grantSweep returns the sweep of grants. It is made once per instance.
func (a *App) grantSweep() (*refresh.GrantSweep, error) {
	if a.grants == nil {
		return nil, errors.New("make the sweep of grants: there is no journal")
	}
	sweep, err := refresh.NewGrantSweep(refresh.GrantConfig{
		Store: a.store, Journal: a.grants.journal, Renewer: a.grants.renewer,
		Publisher:         publishing{a.grants.publisher},
		Dial:              a.dialGrants,
		ReconcileInterval: a.Config.ReconcileInterval,
		Concurrency:       a.Config.RefreshConcurrency,
		Log:               a.Log,
		Trace:             telemetry.Trace,
	})
	if err != nil {
		return nil, fmt.Errorf("make the sweep of grants: %w", err)
	}
	return sweep, nil
}

// publishing is a publish.Publisher as a sweep wants it.
type publishing struct{ publisher *publish.Publisher }

// Publish implements refresh.Publisher.
func (p publishing) Publish(ctx context.Context, ids []token.ID) refresh.Published {
	done := p.publisher.Run(ctx, ids)
	return refresh.Published{
		SecretWriteFailed: done.WriteFailed, Adopted: done.Adopted, Lag: done.Lag, Failed: failures(done.Failed),
	}
}

// Reconcile implements refresh.Publisher.
func (p publishing) Reconcile(ctx context.Context) (refresh.Reconciled, error) {
	done, err := p.publisher.Reconcile(ctx)
	return refresh.Reconciled{
		Adopted: done.Adopted, MassDeletion: done.MassDeletion, Failed: failures(done.Failed),
	}, err
}

func failures(failed []publish.Failure) (converted []refresh.Failure) {
	for _, f := range failed {
		converted = append(converted, refresh.Failure{Token: f.Token, Error: f.Err.Error()})
	}
	return converted
}

// uses remembers how each client's access tokens are used, as its credentials
// last said.
type uses struct {
	mu       sync.Mutex
	byClient map[string]token.Use
}

func (u *uses) learn(c token.Credentials) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.byClient == nil {
		u.byClient = map[string]token.Use{}
	}
	u.byClient[c.Client] = c.Use()
}

// of is what is known of a client. What was never read is published nowhere:
// it may be its wish.
func (u *uses) of(client string) token.Use {
	u.mu.Lock()
	defer u.mu.Unlock()
	if use, known := u.byClient[client]; known {
		return use
	}
	return token.Use{Publish: token.PublishFunction}
}
