package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"

	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/refresh"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/telemetry"
	"token-refresher/internal/token"
)

// Function is what one main hands over: where its environment and its standard
// output are, what it needs, and how its handler is built.
type Function struct {
	Lookup   Lookup
	Output   io.Writer // log lines and metrics
	Required []string  // variables it cannot do without
	// Build makes the handler, in a form that lambda.NewHandler takes.
	Build func(*App) (any, error)
}

// App is an instance of a function: one set of clients, built once.
type App struct {
	Config  Config
	Log     *slog.Logger
	Metrics *telemetry.Metrics
	Events  *telemetry.Events

	store  *secretstore.Store
	oauth  *oauth.Client
	grants *grants // nil without a JOURNAL_TABLE
}

// Run starts the function and answers invocations until Lambda ends the
// process. An error is one of the start, and has been logged: the process exits
// with a code other than zero, which Lambda reports as a failed init.
func Run(ctx context.Context, f Function) error {
	handler, err := Start(ctx, f)
	if err != nil {
		return err
	}
	telemetry.SilenceTracing()
	lambda.StartWithOptions(handler, lambda.WithContext(ctx))
	return nil
}

// Start does what comes before the first invocation, without a network call:
// it reads the configuration, builds the collaborators and then the handler. A
// failure is logged as one line; of a configuration, that line has all faults.
func Start(ctx context.Context, f Function) (any, error) {
	a, err := newApp(ctx, f)
	if err != nil {
		logFailure(ctx, telemetry.NewLogger(f.Output, slog.LevelInfo), err)
		return nil, err
	}
	for _, warning := range a.Config.Warnings() {
		a.Log.WarnContext(ctx, "configuration is risky", "warning", warning)
	}
	handler, err := f.Build(a)
	if err != nil {
		logFailure(ctx, a.Log, err)
		return nil, fmt.Errorf("build the handler: %w", err)
	}
	return handler, nil
}

func logFailure(ctx context.Context, log *slog.Logger, err error) {
	if config, ok := errors.AsType[*ConfigError](err); ok {
		log.ErrorContext(ctx, "configuration has faults", "faults", config.Faults)
		return
	}
	log.ErrorContext(ctx, "start failed", "error", err)
}

func newApp(ctx context.Context, f Function) (*App, error) {
	found := faults{}
	config := parseConfig(f.Lookup, f.Required, found)
	awsConfig := loadAWS(ctx, config.RefreshConcurrency, found)
	if err := found.err(); err != nil {
		return nil, err
	}
	a := &App{Config: config, Log: telemetry.NewLogger(f.Output, config.LogLevel)}
	var storeErr, metricsErr, eventsErr, oauthErr, grantsErr error
	a.store, storeErr = newStore(config, awsConfig)
	a.Metrics, metricsErr = telemetry.NewMetrics(telemetry.MetricsConfig{
		Writer:       f.Output,
		GrantType:    string(cmp.Or(config.GrantType, token.GrantTypeAuthorizationCode)), // what is at risk are grants
		SecretPrefix: config.SecretPrefix,
	})
	a.Events, eventsErr = telemetry.NewEvents(telemetry.NewEventsClient(awsConfig))
	a.oauth, oauthErr = oauth.New(oauth.Config{})
	if config.JournalTable != "" {
		a.grants, grantsErr = a.newGrants(awsConfig)
	}
	if err := errors.Join(storeErr, metricsErr, eventsErr, oauthErr, grantsErr); err != nil {
		return nil, err
	}
	return a, nil
}

// Sweeper renews what is due, once per call.
type Sweeper interface {
	Run(ctx context.Context) (refresh.Report, error)
}

// Sweep returns the sweep of the function's grant type. It is made once per
// instance, since it remembers what failed.
func (a *App) Sweep() (Sweeper, error) {
	if a.Config.GrantType == token.GrantTypeAuthorizationCode {
		return a.grantSweep()
	}
	return a.tokenSweep()
}

// schedule is when tokens are renewed, by the intervals of the deployment.
func (a *App) schedule() token.Schedule {
	return token.Schedule{SweepInterval: a.Config.SweepInterval, WriteInterval: a.Config.SecretWriteInterval}
}

// tokenSweep returns the sweep of client credentials.
func (a *App) tokenSweep() (*refresh.Sweep, error) {
	sweep, err := refresh.NewSweep(refresh.Config{
		Store:             a.store,
		Schedule:          a.schedule(),
		Dial:              a.dial,
		ReconcileInterval: a.Config.ReconcileInterval,
		Concurrency:       a.Config.RefreshConcurrency,
		Log:               a.Log,
		Trace:             telemetry.Trace,
	})
	if err != nil {
		return nil, fmt.Errorf("make the sweep: %w", err)
	}
	return sweep, nil
}

// defaultHosts are those of the presets, which are known to be sound.
func defaultHosts() provider.Hosts {
	hosts, _ := provider.NewHosts(provider.PresetHosts())
	return hosts
}
