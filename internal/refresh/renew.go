package refresh

import (
	"context"
	"errors"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

const (
	// storeTimeout is what one write may take, retries included.
	storeTimeout = 10 * time.Second
	// startMargin is what must be left of the invocation to start a request: a
	// provider's longest timeout and a write.
	startMargin = 20*time.Second + storeTimeout
	// writeShare is the part of that which a request leaves to the write, and to
	// the answer: a discovery, a rate limit or a second try can take longer than
	// one timeout, and a sweep that is killed reports nothing.
	writeShare = startMargin / storeTimeout
	// pausingFailures is how many failures in a row end a client's turn in a
	// sweep, so that a hanging one costs its neighbours little.
	pausingFailures = 3
	// clientShare is the part of the workers that one client may keep busy
	// while others wait.
	clientShare = 4
)

// round is the renewal phase of one sweep. Only the goroutine that dispatches
// touches it.
type round struct {
	*Sweep
	ctx       context.Context
	report    *Report
	lastStart time.Time         // nothing is started after it; zero if there is no deadline
	perClient int               // requests in flight of one client
	users     map[string]int    // clients in use, by provider
	probes    map[string]*probe // by provider whose breaker was open at the start
}

// probe is the one item that is tried in a sweep to see whether a stopped
// client or an open breaker is well again.
type probe struct {
	item  *item
	ended bool
}

// gate lets the probe pass, and everyone else know what to do.
func (p *probe) gate(it *item) verdict {
	switch {
	case p == nil || p.ended:
		return skip
	case p.item == it:
		return start
	default:
		return wait
	}
}

// outcome is what became of one item.
type outcome struct {
	token    token.AccessToken
	err      error   // the provider's refusal, or nil
	stored   error   // why the answer was not stored, or nil
	adopted  *client // the client anew, if its credentials changed meanwhile
	duration time.Duration
}

// errShortLived: the token is good, but lives too short to be published.
var errShortLived = errors.New("too short-lived to be published")

// renewAll renews what is due, with bounded concurrency. An item that fails
// cancels nothing.
func (s *Sweep) renewAll(ctx context.Context, due []*item, clients map[string]*client, report *Report) {
	r := &round{Sweep: s, ctx: ctx, report: report, users: map[string]int{}, probes: map[string]*probe{}}
	if deadline, ok := ctx.Deadline(); ok {
		margin := min(startMargin, time.Until(deadline)/4)
		r.lastStart = deadline.Add(-margin)
		var cancel context.CancelFunc
		r.ctx, cancel = context.WithDeadline(ctx, deadline.Add(-margin/writeShare))
		defer cancel()
	}
	for _, c := range clients {
		if !c.health.Stopped {
			r.users[c.endpoint.Provider()]++
		}
	}
	waiting := map[string]bool{}
	for _, it := range due {
		waiting[it.id.Client] = true
		r.nominate(it)
	}
	r.perClient = max(1, s.Concurrency/clientShare, s.Concurrency/max(1, len(waiting)))
	skipped := dispatch(due, s.Concurrency, r.gate, r.run, r.settle)
	report.Remaining += len(skipped)
	for _, it := range skipped {
		r.promiseOld(it)
	}
}

// nominate makes the item the probe of its stopped client, or of its provider
// whose breaker is open, if its last try is longer ago than the others'.
func (r *round) nominate(it *item) {
	c := it.client
	if time.Now().Before(c.health.PausedUntil) {
		return
	}
	if c.health.Stopped {
		c.probe = r.rather(c.probe, it)
		return
	}
	if provider := c.endpoint.Provider(); r.breakerOpen(c) {
		r.probes[provider] = r.rather(r.probes[provider], it)
	}
}

func (r *round) rather(p *probe, it *item) *probe {
	if p == nil || r.attempted[it.id].Before(r.attempted[p.item.id]) {
		return &probe{item: it}
	}
	return p
}

// gate says whether an item may be asked for now.
func (r *round) gate(it *item) verdict {
	now, c := time.Now(), it.client
	if r.ctx.Err() != nil || (!r.lastStart.IsZero() && now.After(r.lastStart)) || now.Before(c.health.PausedUntil) {
		return skip
	}
	switch b := r.backoffs[it.id]; {
	case c.health.Stopped:
		return r.start(it, c.probe.gate(it))
	case r.breakerOpen(c):
		return r.start(it, r.probes[c.endpoint.Provider()].gate(it))
	case b != nil && now.Before(b.until), c.failures >= pausingFailures:
		return skip
	case c.running >= r.perClient:
		return wait
	default:
		return r.start(it, start)
	}
}

// start prepares the item, if the verdict is to start it.
func (r *round) start(it *item, v verdict) verdict {
	if v == start {
		it.endpoint, it.version = it.client.endpoint, it.client.credentials.Version
		it.client.running++
		r.attempted[it.id] = time.Now()
	}
	return v
}

// run asks for the token and stores it. It runs beside others and changes
// nothing that they share.
func (r *round) run(it *item) outcome {
	began := time.Now()
	o := r.request(it)
	if o.err == nil {
		o.stored = r.store(it, o.token)
	}
	o.duration = time.Since(began)
	return o
}

// request asks for the token. When the provider refuses the client, the
// credentials are read once more: they may have been changed since the sweep
// began.
func (r *round) request(it *item) outcome {
	t, err := it.endpoint.Request(r.ctx, it.id.Merchant)
	if classOf(err) != oauth.ClassClient {
		return outcome{token: t, err: err}
	}
	stored, readErr := r.Store.Credentials(r.ctx, []string{it.id.Client})
	again := stored[it.id.Client]
	if readErr != nil || again.Err != nil || again.Version == it.version {
		return outcome{err: err}
	}
	endpoint, dialErr := r.Dial(again.Value)
	if dialErr != nil {
		return outcome{err: err}
	}
	t, err = endpoint.Request(r.ctx, it.id.Merchant)
	return outcome{token: t, err: err, adopted: &client{credentials: again, endpoint: endpoint}}
}

// store writes what was received even if the sweep is being ended.
func (r *round) store(it *item, t token.AccessToken) error {
	if !r.Schedule.Publishable(t.Lifetime()) {
		return errShortLived
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), storeTimeout)
	defer cancel()
	return r.Store.PutAccessToken(ctx, token.GrantTypeClientCredentials, t, it.replaces)
}

func classOf(err error) oauth.Class {
	if err == nil {
		return ""
	}
	if answered, ok := errors.AsType[*oauth.Error](err); ok {
		return answered.Class
	}
	return oauth.ClassUnknown
}
