package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"token-refresher/internal/app"
	"token-refresher/internal/refresh"
	"token-refresher/internal/telemetry"
	"token-refresher/internal/token"
)

// sweeper is the use case behind the one action.
type sweeper interface {
	Run(ctx context.Context) (refresh.Report, error)
}

// teller tells others what happened; *telemetry.Events is one.
type teller interface {
	Send(ctx context.Context, events []telemetry.Event) (unsent []telemetry.Event, err error)
}

// maxUntold bounds what is kept of events that nobody took.
const maxUntold = 1000

// handler answers the function's events, one at a time. It lives as long as the
// instance.
type handler struct {
	sweep   sweeper
	grants  bool // the sweep is of grants
	metrics *telemetry.Metrics
	events  teller
	log     *slog.Logger

	untold []telemetry.Event // for the next sweep to tell
}

// build makes the handler of an instance.
func build(a *app.App) (any, error) {
	sweep, err := a.Sweep()
	if err != nil {
		return nil, err
	}
	grants := a.Config.GrantType == token.GrantTypeAuthorizationCode
	return (&handler{sweep: sweep, grants: grants, metrics: a.Metrics, events: a.Events, log: a.Log}).handle, nil
}

// handle runs one sweep. A token that failed is in the report; an error means
// that the sweep could do nothing, or that the event asks for something else.
func (h *handler) handle(ctx context.Context, payload json.RawMessage) (refresh.Report, error) {
	if err := checkEvent(payload); err != nil {
		h.log.ErrorContext(ctx, "event refused", "error", err)
		return refresh.Report{}, err
	}
	started := time.Now()
	report, err := h.sweep.Run(ctx)
	duration := time.Since(started)
	if err != nil {
		h.log.ErrorContext(ctx, "sweep failed", "error", err, "duration_ms", duration.Milliseconds())
		return refresh.Report{}, err
	}
	h.tell(ctx, report.Events)
	h.measure(ctx, report, duration)
	h.log.InfoContext(ctx, "sweep completed",
		"due", report.Due, "renewed", report.Renewed, "not_due", report.NotDue, "leased", report.Leased,
		"failed", len(report.Failed), "remaining", report.Remaining, "duration_ms", duration.Milliseconds())
	return report, nil
}

// measure writes the metrics of a sweep that completed. That they could not be
// written is no reason to fail it: the missing ones page.
func (h *handler) measure(ctx context.Context, report refresh.Report, duration time.Duration) {
	figures := telemetry.Sweep{
		Due:                   report.Due,
		Renewed:               report.Renewed,
		Remaining:             report.Remaining,
		FailedByClass:         report.FailedByClass,
		SecretWriteFailed:     report.SecretWriteFailed,
		LowestLifeLeftPercent: report.LowestLifeLeftPercent,
		Duration:              duration,
	}
	if h.grants {
		figures.Grants = &telemetry.Grants{
			ConsentRequired: len(report.ConsentRequired),
			Adopted:         report.Adopted,
			RotationLost:    report.RotationLost,
			MassRejection:   report.MassRejection,
			ResultAtRisk:    report.ResultAtRisk,
			Lag:             report.GrantLag,
		}
	}
	if err := h.metrics.Sweep(figures); err != nil {
		h.log.ErrorContext(ctx, "metrics not written", "error", err)
	}
}

// tell sends what happened. What is not taken is sent with the next sweep's.
func (h *handler) tell(ctx context.Context, events []refresh.Event) {
	h.untold = append(h.untold, app.Told(ctx, h.log, events)...)
	if len(h.untold) == 0 {
		return
	}
	unsent, err := h.events.Send(ctx, h.untold)
	if err != nil {
		h.log.ErrorContext(ctx, "events not sent", "error", err, "unsent", len(unsent))
	}
	h.untold = unsent[max(0, len(unsent)-maxUntold):]
}
