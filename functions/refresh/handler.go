package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"token-refresher/internal/app"
	"token-refresher/internal/refresh"
	"token-refresher/internal/telemetry"
)

// sweeper is the use case behind the one action.
type sweeper interface {
	Run(ctx context.Context) (refresh.Report, error)
}

// handler answers the function's events. It lives as long as the instance.
type handler struct {
	sweep   sweeper
	metrics *telemetry.Metrics
	log     *slog.Logger
}

// build makes the handler of an instance.
func build(a *app.App) (any, error) {
	sweep, err := a.Sweep()
	if err != nil {
		return nil, err
	}
	return (&handler{sweep: sweep, metrics: a.Metrics, log: a.Log}).handle, nil
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
	h.measure(ctx, report, duration)
	h.log.InfoContext(ctx, "sweep completed",
		"due", report.Due, "renewed", report.Renewed, "not_due", report.NotDue, "leased", report.Leased,
		"failed", len(report.Failed), "remaining", report.Remaining, "duration_ms", duration.Milliseconds())
	return report, nil
}

// measure writes the metrics of a sweep that completed. That they could not be
// written is no reason to fail it: the missing ones page.
func (h *handler) measure(ctx context.Context, report refresh.Report, duration time.Duration) {
	err := h.metrics.Sweep(telemetry.Sweep{
		Due:                   report.Due,
		Renewed:               report.Renewed,
		Remaining:             report.Remaining,
		FailedByClass:         report.FailedByClass,
		SecretWriteFailed:     report.SecretWriteFailed,
		LowestLifeLeftPercent: report.LowestLifeLeftPercent,
		Duration:              duration,
	})
	if err != nil {
		h.log.ErrorContext(ctx, "metrics not written", "error", err)
	}
}
