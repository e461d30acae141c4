package refresh

import (
	"errors"
	"time"

	"token-refresher/internal/oauth"
)

// ended notes that the item's request is over.
func (r *round) ended(it *item) {
	c := it.client
	c.running--
	if c.probe != nil && c.probe.item == it {
		c.probe.ended = true
	}
	if p := r.probes[c.provider]; p != nil && p.item == it {
		p.ended = true
	}
}

// answered notes that the provider gave a token: whatever was held against
// client and provider is forgotten.
func (r *round) answered(it *item) {
	it.client.failures = 0
	if it.probing || !it.client.health.Mass { // what was in flight when grants were rejected in mass says nothing
		if it.client.health.Succeeded() {
			r.resumed(it.client)
		}
	}
	r.alive(it.client)
}

func (r *round) resumed(c *client) {
	r.log.InfoContext(r.ctx, "client resumed", "client", c.name)
}

func (r *round) alive(c *client) {
	if b := r.breakers[c.provider]; b != nil && b.succeeded() {
		r.log.InfoContext(r.ctx, "breaker closed", "provider", c.provider)
	}
}

// blame decides whose fault it is that the provider gave no token (design
// invariant 7).
func (r *round) blame(it *item, err error) {
	c := it.client
	switch classOf(err) {
	case oauth.ClassGrant: // a provider that says so is up and knows the client
		r.alive(c)
		if !c.health.Mass && c.health.Accepted() {
			r.resumed(c)
		}
	case oauth.ClassClient:
		if c.health.RefusedClient(it.id, c.tokens, time.Now().Round(0)) {
			r.log.ErrorContext(r.ctx, "client stopped: its provider refuses its credentials", "client", c.name)
			r.report.Events = append(r.report.Events, c.health.event(c.name))
		}
	case oauth.ClassTransient, oauth.ClassThrottled:
		c.failures++
		r.blameProvider(c, err)
	default:
		c.failures++
	}
}

func (r *round) blameProvider(c *client, err error) {
	if answered, ok := errors.AsType[*oauth.Error](err); ok && answered.RetryAfter > 0 {
		c.health.Pause(time.Now().Round(0).Add(answered.RetryAfter))
	}
	b := r.breakers[c.provider]
	if b == nil {
		b = &breaker{}
		r.breakers[c.provider] = b
	}
	if b.failed(c.name, r.users[c.provider]) {
		r.log.ErrorContext(r.ctx, "breaker opened: the provider fails for its clients", "provider", c.provider)
	}
}
