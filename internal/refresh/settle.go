package refresh

import (
	"errors"
	"log/slog"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

// settle draws the consequences of one outcome for the token, its client and
// its provider.
func (r *round) settle(it *item, o outcome) {
	c := it.client
	c.running--
	if c.probe != nil && c.probe.item == it {
		c.probe.ended = true
	}
	if p := r.probes[c.endpoint.Provider()]; p != nil && p.item == it {
		p.ended = true
	}
	if o.adopted != nil && o.adopted.credentials.Version != c.credentials.Version {
		c.credentials, c.endpoint = o.adopted.credentials, o.adopted.endpoint
		c.health.Observe(c.credentials.Version)
	}
	if o.err != nil {
		r.refused(it, o)
		return
	}
	r.answered(it)
	r.kept(it, o)
}

// answered notes that the provider gave a token: whatever was held against
// client and provider is forgotten.
func (r *round) answered(it *item) {
	c := it.client
	c.failures = 0
	if c.health.Succeeded() {
		r.Log.InfoContext(r.ctx, "client resumed", "client", c.name)
	}
	provider := c.endpoint.Provider()
	if b := r.breakers[provider]; b != nil && b.succeeded() {
		r.Log.InfoContext(r.ctx, "breaker closed", "provider", provider)
	}
}

// kept reports what became of a token that the provider gave.
func (r *round) kept(it *item, o outcome) {
	switch {
	case o.stored == nil:
		r.report.Renewed++
		r.report.promise(o.token, time.Now())
		delete(r.backoffs, it.id)
		delete(r.attempted, it.id)
		r.log(it, o, slog.LevelInfo, "renewed", "")
	case errors.Is(o.stored, errShortLived):
		r.report.Due--
		lifetime := o.token.Lifetime()
		until := time.Now().Add(shortLivedSweeps * r.Schedule.SweepInterval)
		r.short[it.id] = shortLived{version: it.client.credentials.Version, lifetime: lifetime, until: until}
		r.reportShort(it.client, it.id, lifetime, r.report)
		r.log(it, o, slog.LevelInfo, "not_published", "")
	case errors.Is(o.stored, token.ErrConflict):
		r.report.Leased++
		r.retryLater(it) // a label that was moved back by hand conflicts until the next write interval
		r.log(it, o, slog.LevelInfo, "leased", "")
	default:
		r.report.SecretWriteFailed++
		r.report.fail(it.id, classStore, o.stored)
		r.retryLater(it)
		r.promiseOld(it)
		r.log(it, o, slog.LevelError, "failed", classStore)
	}
}

// refused reports a token that the provider did not give, and decides whose
// fault it is (DESIGN invariant 7).
func (r *round) refused(it *item, o outcome) {
	c, class := it.client, classOf(o.err)
	r.report.fail(it.id, string(class), o.err)
	r.log(it, o, slog.LevelWarn, "failed", string(class))
	if !c.health.Stopped && !r.breakerOpen(c) {
		r.retryLater(it) // else it is not the token's own failure
	}
	r.promiseOld(it)
	switch class {
	case oauth.ClassGrant:
	case oauth.ClassClient:
		if c.health.RefusedClient(it.id, len(c.credentials.Value.IDs()), time.Now()) {
			r.Log.ErrorContext(r.ctx, "client stopped: its provider refuses its credentials", "client", c.name)
		}
	case oauth.ClassTransient, oauth.ClassThrottled:
		c.failures++
		r.blameProvider(it, o)
	default:
		c.failures++
	}
}

func (r *round) blameProvider(it *item, o outcome) {
	c, provider := it.client, it.client.endpoint.Provider()
	if answered, ok := errors.AsType[*oauth.Error](o.err); ok && answered.RetryAfter > 0 {
		c.health.Pause(time.Now().Add(answered.RetryAfter))
	}
	b := r.breakers[provider]
	if b == nil {
		b = &breaker{}
		r.breakers[provider] = b
	}
	if b.failed(c.name, r.users[provider]) {
		r.Log.ErrorContext(r.ctx, "breaker opened: the provider fails for its clients", "provider", provider)
	}
}

// breakerOpen reports whether the client's provider is known to be down.
func (r *round) breakerOpen(c *client) bool {
	b := r.breakers[c.endpoint.Provider()]
	return b != nil && b.open
}

// retryLater moves the token's next try.
func (r *round) retryLater(it *item) {
	now := time.Now()
	b := r.backoffs[it.id]
	if b == nil {
		b = &backoff{}
		r.backoffs[it.id] = b
	}
	b.failed(now, r.Schedule.SweepInterval, it.published.ExpiresAt.Sub(now))
}

// promiseOld counts the token that is still published, unless its client is
// stopped.
func (r *round) promiseOld(it *item) {
	if it.replaces != "" && !it.client.health.Stopped {
		r.report.promise(it.published, time.Now())
	}
}

func (r *round) log(it *item, o outcome, level slog.Level, result, class string) {
	attributes := []slog.Attr{
		slog.String("token", it.id.String()),
		slog.String("outcome", result),
		slog.Int64("duration_ms", o.duration.Milliseconds()),
	}
	if class != "" {
		attributes = append(attributes, slog.String("class", class), slog.Any("error", errors.Join(o.err, o.stored)))
	}
	r.Log.LogAttrs(r.ctx, level, "token", attributes...)
}
