package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"token-refresher/internal/operate"
	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/eventbridge"
	"token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/statuspage"
	"token-refresher/internal/token"
)

const (
	// readyTimeout is how long the first sweep may keep `ready` waiting.
	readyTimeout = 10 * time.Second
	// pageReadTimeout is how long the status page may wait for one call.
	pageReadTimeout = 5 * time.Second
	// pageReads is how many of the journal's entries it reads at the same time.
	pageReads = 8
)

// run answers and sweeps until ctx ends or a server fails. Sweeps end first: what
// the provider answers them is to be kept somewhere.
func (s *sandbox) run(ctx context.Context, out printer) error {
	page, err := s.pages()
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	all, ctx := errgroup.WithContext(ctx)
	for _, service := range []service{{s.aws, s.awsHandler()}, {s.provider, s.authserver}, {s.page, page}} {
		all.Go(func() error { return service.serve(serving, s.log) })
	}
	all.Go(func() error {
		defer stop()
		s.sweep(ctx, out)
		return nil
	})
	return all.Wait()
}

// sweep runs the schedules. `ready` is said when the first sweep of each has
// been answered, so that whoever waited for it finds the tokens.
func (s *sandbox) sweep(ctx context.Context, out printer) {
	sweeps := make(chan statuspage.Sweep)
	var schedules sync.WaitGroup
	for _, function := range sweeping() {
		schedule := scheduler{
			invoke: s.lambda.Invoke, function: function, every: s.pace.of(sweepInterval),
			done: func(sweep statuspage.Sweep) {
				select {
				case sweeps <- sweep:
				case <-ctx.Done():
				}
			},
		}
		schedules.Go(func() { schedule.run(ctx) })
	}
	go func() {
		schedules.Wait()
		close(sweeps)
	}()
	s.tell(sweeps, out)
}

// tell says `ready` once, and what every sweep did.
func (s *sandbox) tell(sweeps <-chan statuspage.Sweep, out printer) {
	patience := time.NewTimer(readyTimeout)
	defer patience.Stop()
	var before []statuspage.Sweep // ready
	swept := map[string]bool{}
	for len(swept) < len(sweeping()) {
		select {
		case sweep, ok := <-sweeps:
			if !ok {
				return
			}
			s.history.add(sweep)
			swept[sweep.Function] = true
			before = append(before, sweep)
			continue
		case <-patience.C:
		}
		break
	}
	out.ready()
	for _, sweep := range before {
		out.swept(sweep)
	}
	for sweep := range sweeps {
		s.history.add(sweep)
		out.swept(sweep)
	}
}

// sweeping names the functions that a schedule invokes.
func sweeping() []string { return []string{integratorFunction, grantsFunction} }

// awsHandler is the port that stands for AWS. It asks nobody for a signature, so
// that it takes nothing from a page in a browser.
func (s *sandbox) awsHandler() http.Handler {
	services := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case secretsmanager.Claims(r):
			s.secrets.ServeHTTP(w, r)
		case dynamodb.Claims(r):
			s.dynamodb.ServeHTTP(w, r)
		case eventbridge.Claims(r):
			s.events.ServeHTTP(w, r)
		default:
			s.lambda.ServeHTTP(w, r)
		}
	})
	return http.NewCrossOriginProtection().Handler(services)
}

func (s *sandbox) statusPage() (http.Handler, error) {
	store, entries, err := s.openStores()
	if err != nil {
		return nil, err
	}
	b := &board{
		inventory: &operate.Inventory{
			Store: store, Journal: entries, Concurrency: pageReads,
			Schedule: token.Schedule{
				SweepInterval: s.pace.of(sweepInterval),
				WriteInterval: s.pace.of(writeInterval),
			},
		},
		speed:    s.command.Speed,
		history:  &s.history,
		provider: s.authserver,
	}
	d := desk{invoke: s.lambda.Invoke, provider: s.authserver, clients: s.clients}
	return statuspage.New(statuspage.Config{Source: b, Switch: b, Invite: d.invite, Revoke: d.revoke, Log: s.log})
}
