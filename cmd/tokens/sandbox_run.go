package main

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"golang.org/x/sync/errgroup"

	"token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/statuspage"
	"token-refresher/internal/token"
)

const (
	// readyTimeout is how long the first sweep may keep `ready` waiting.
	readyTimeout = 10 * time.Second
	// pageReadTimeout is how long the status page may wait for one call.
	pageReadTimeout = 5 * time.Second
)

// run answers and sweeps until ctx ends or a server fails.
func (s *sandbox) run(ctx context.Context, out printer) error {
	page, err := s.statusPage()
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	for _, service := range []service{{s.aws, s.awsHandler()}, {s.provider, s.authserver}, {s.page, page}} {
		all.Go(func() error { return service.serve(ctx, s.log) })
	}
	all.Go(func() error {
		s.sweep(ctx, out)
		return nil
	})
	return all.Wait()
}

// sweep runs the schedule. `ready` is said when the first sweep has been
// answered, so that whoever waited for it finds the tokens.
func (s *sandbox) sweep(ctx context.Context, out printer) {
	sweeps := make(chan statuspage.Sweep)
	schedule := scheduler{invoke: s.lambda.Invoke, every: s.pace.of(sweepInterval), done: func(sweep statuspage.Sweep) {
		s.history.add(sweep)
		select {
		case sweeps <- sweep:
		case <-ctx.Done():
		}
	}}
	go func() {
		defer close(sweeps)
		schedule.run(ctx)
	}()
	patience := time.NewTimer(readyTimeout)
	defer patience.Stop()
	select {
	case sweep, ok := <-sweeps:
		if !ok {
			return
		}
		out.ready()
		out.swept(sweep)
	case <-patience.C:
		out.ready()
	}
	for sweep := range sweeps {
		out.swept(sweep)
	}
}

// awsHandler is the port that stands for AWS.
func (s *sandbox) awsHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if secretsmanager.Claims(r) {
			s.secrets.ServeHTTP(w, r)
			return
		}
		s.lambda.ServeHTTP(w, r)
	})
}

func (s *sandbox) statusPage() (http.Handler, error) {
	store, err := secretstore.New(secretstore.Config{
		Client: secretstore.NewClient(aws.Config{
			Region:       region,
			Credentials:  credentials.NewStaticCredentialsProvider(accessKey, accessKey, ""),
			BaseEndpoint: aws.String(s.awsURL()),
			HTTPClient:   &http.Client{Timeout: pageReadTimeout},
		}),
		Prefix: secretPrefix,
	})
	if err != nil {
		return nil, err
	}
	b := &board{
		store: store,
		schedule: token.Schedule{
			SweepInterval: s.pace.of(sweepInterval),
			WriteInterval: s.pace.of(writeInterval),
		},
		speed:    s.command.Speed,
		history:  &s.history,
		provider: s.authserver,
	}
	return statuspage.New(statuspage.Config{Source: b, Switch: b, Log: s.log})
}
