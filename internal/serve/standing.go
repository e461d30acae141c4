package serve

import (
	"context"
	"errors"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

const (
	// severalTokens: a client of grants is not stopped for what one of them was
	// told.
	severalTokens = 2
	// breakerFailures is how many failures of the provider in a row, whatever
	// token of the client was asked for, keep this instance from asking for any of
	// them more often than every twelfth of a sweep (five seconds).
	breakerFailures = 3
	breakerProbes   = 12
)

// standing is what this instance found out about a client since its sweep noted
// the last.
type standing struct {
	refresh.Health
	probeAt time.Time // when a stopped client may be tried again

	// What protects a provider that is down from consumers who go on asking. It is
	// the client's alone: a provider that fails for one may be well for others.
	failures int       // in a row
	retryAt  time.Time // when the provider may be tried again after too many of them
}

// barred says why the provider is not asked right now; nil if it may be, to see
// whether it is well again.
func (d *demand) barred(now time.Time) *Refusal {
	if d.client.shared.Version == d.client.credentials.Version {
		if refusal := barredBy(d.client.shared, now); refusal != nil { // the sweep's probe resumes it
			return refusal
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.standingOf(d.client)
	if refusal := barredBy(h.Health, now); refusal != nil && (!h.Stopped || now.Before(h.probeAt)) {
		return refusal
	}
	if h.failures >= breakerFailures && now.Before(h.retryAt) {
		return refuse(ProviderUnavailable, "the provider fails for the client's other tokens too; it is tried again in a moment")
	}
	return nil
}

func barredBy(h refresh.Health, now time.Time) *Refusal {
	switch {
	case h.Stopped && h.Mass:
		return &Refusal{Code: ProviderUnavailable, Message: "the provider refuses many grants of this client at once", Since: h.Since}
	case h.Stopped:
		return &Refusal{Code: ClientMisconfigured, Message: "the provider refuses the client's credentials", Since: h.Since}
	case now.Before(h.PausedUntil):
		return refuse(ProviderUnavailable, "the provider asks to wait until "+h.PausedUntil.UTC().Format(time.RFC3339))
	default:
		return nil
	}
}

// standingOf returns the client's, told which credentials are in use. The lock
// is held.
func (s *Server) standingOf(c *client) *standing {
	name := c.credentials.Value.Client
	h := s.standings[name]
	if h == nil {
		h = &standing{}
		s.standings[name] = h
	}
	h.Observe(c.credentials.Version)
	return h
}

// blame draws the consequences of an answer, or of none, for client and
// provider. A client that this stops is told of.
func (d *demand) blame(ctx context.Context, err error) {
	if event, stopped := d.judge(err, time.Now().Round(0)); stopped {
		d.Log.ErrorContext(ctx, "client stopped: its provider refuses its credentials", "client", d.ID.Client)
		d.Tell(ctx, []refresh.Event{event})
	}
}

func (d *demand) judge(err error, now time.Time) (event refresh.Event, stopped bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.standingOf(d.client)
	switch class := classOf(err); {
	case err == nil:
		h.Succeeded()
		h.failures = 0
	case class == oauth.ClassGrant: // a provider that says so is up and knows the client
		h.Accepted()
		h.failures = 0
	case class == oauth.ClassClient:
		tokens := severalTokens
		if d.client.endpoint.Tokens != nil {
			tokens = len(d.client.credentials.Value.IDs())
		}
		stopped = h.RefusedClient(d.ID, tokens, now)
		h.probeAt = now.Add(d.Schedule.SweepInterval)
		if stopped {
			id := token.ID{Client: d.ID.Client}
			return refresh.Event{Type: refresh.ClientMisconfigured, ID: id, Reason: refresh.ReasonInvalidClient, Since: h.Since}, true
		}
	case class == oauth.ClassTransient, class == oauth.ClassThrottled:
		d.failed(h, err, now)
	}
	return refresh.Event{}, false
}

// failed notes that the provider failed. The lock is held.
func (s *Server) failed(h *standing, err error, now time.Time) {
	if failure, ok := errors.AsType[*oauth.Error](err); ok && failure.RetryAfter > 0 {
		h.Pause(now.Add(failure.RetryAfter))
	}
	h.failures++
	h.retryAt = now.Add(s.Schedule.SweepInterval / breakerProbes)
}
