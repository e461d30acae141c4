package refresh

import (
	"errors"
	"log/slog"
	"time"

	"token-refresher/internal/token"
)

// settle draws the consequences of one outcome for the token, its client and
// its provider.
func (r tokenRound) settle(it *item, o outcome) {
	c := it.client
	r.ended(it)
	if o.adopted != nil && o.adopted.credentials.Version != c.credentials.Version {
		c.credentials, c.endpoint, c.provider = o.adopted.credentials, o.adopted.endpoint, o.adopted.endpoint.Provider()
		c.health.Observe(c.credentials.Version)
	}
	if o.err != nil {
		r.refused(it, o)
		return
	}
	r.answered(it)
	r.kept(it, o)
}

// kept reports what became of a token that the provider gave.
func (r tokenRound) kept(it *item, o outcome) {
	switch {
	case o.stored == nil:
		r.report.Renewed++
		r.report.promise(o.token, time.Now())
		delete(r.backoffs, it.id)
		delete(r.attempted, it.id)
		r.logToken(it, o, slog.LevelInfo, "renewed", "")
	case errors.Is(o.stored, errShortLived):
		r.report.Due--
		lifetime := o.token.Lifetime()
		until := time.Now().Round(0).Add(shortLivedSweeps * r.sweep.Schedule.SweepInterval)
		r.sweep.short[it.id] = shortLived{version: it.client.credentials.Version, lifetime: lifetime, until: until}
		r.sweep.reportShort(r.ctx, it.client, it.id, lifetime, r.report)
		r.logToken(it, o, slog.LevelInfo, "not_published", "")
	case errors.Is(o.stored, token.ErrConflict):
		r.report.Leased++
		r.retryLater(it) // a label that was moved back by hand conflicts until the next write interval
		r.logToken(it, o, slog.LevelInfo, "leased", "")
	default:
		r.report.SecretWriteFailed++
		r.report.fail(it.id, classStore, o.stored)
		r.retryLater(it)
		r.promiseOld(it)
		r.logToken(it, o, slog.LevelError, "failed", classStore)
	}
}

// refused reports a token that the provider did not give.
func (r tokenRound) refused(it *item, o outcome) {
	class := string(classOf(o.err))
	r.report.fail(it.id, class, o.err)
	r.logToken(it, o, slog.LevelWarn, "failed", class)
	if !it.client.health.Stopped && !r.breakerOpen(it.client) {
		r.retryLater(it) // else it is not the token's own failure
	}
	r.promiseOld(it)
	r.blame(it, o.err)
}

// retryLater moves the token's next try.
func (r tokenRound) retryLater(it *item) {
	now := time.Now().Round(0)
	b := r.backoffs[it.id]
	if b == nil {
		b = &backoff{}
		r.backoffs[it.id] = b
	}
	b.failed(now, r.sweep.Schedule.SweepInterval, it.published.ExpiresAt.Sub(now))
}

// promiseOld counts the token that is still published, unless its client is
// stopped.
func (r tokenRound) promiseOld(it *item) {
	if it.replaces != "" && !it.client.health.Stopped {
		r.report.promise(it.published, time.Now())
	}
}

func (r tokenRound) logToken(it *item, o outcome, level slog.Level, result, class string) {
	r.record(it.id, errors.Join(o.err, o.stored), o.duration, level, result, class)
}

// record writes the one log line of an item.
func (r *round) record(id token.ID, err error, took time.Duration, level slog.Level, result, class string) {
	attributes := []slog.Attr{
		slog.String("token", id.String()),
		slog.String("outcome", result),
		slog.Int64("duration_ms", took.Milliseconds()),
	}
	if class != "" {
		attributes = append(attributes, slog.String("class", class), slog.Any("error", err))
	}
	r.log.LogAttrs(r.ctx, level, "token", attributes...)
}
