package serve

import (
	"context"
	"errors"
	"slices"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// The waits after failures to get a token of client credentials, in sweeps: two
// seconds doubling to a minute. They are this instance's.
const (
	firstBackoff   = 30 // one 30th
	longestBackoff = 1
)

// issuance is what this instance knows about a token of client credentials that
// it asked for itself.
type issuance struct {
	access    token.AccessToken
	version   string            // of the credentials it was got with
	last      token.AccessToken // whatever credentials it was got with: better than an error
	rejection token.Rejection
	failures  int // in a row
	retryAt   time.Time
	err       error // the last failure
}

// issued hands out a token of client credentials: that in its secret, if it is
// published and good, or one that is asked for now and kept in memory only.
func (d *demand) issued(ctx context.Context) (token.AccessToken, error) {
	if !slices.Contains(d.client.credentials.Value.IDs(), d.ID) {
		return token.AccessToken{}, refuse(UnknownToken, "the client's credentials ask for no such token")
	}
	held := d.held(ctx)
	if now := time.Now(); d.good(held, now) && !d.rejectionActs(held, now) {
		d.memory.remember(d.ID, held, ownDueAt(held), now)
		return held, nil
	}
	o := d.share(ctx, held, func(ctx context.Context, d *demand) outcome { return d.issue(ctx, held) })
	d.did = o.did
	if o.err == nil {
		now := time.Now()
		d.memory.remember(d.ID, o.access, ownDueAt(o.access), now)
		return o.access, nil
	}
	for _, t := range []token.AccessToken{held, d.issuanceOf(d.ID).last} {
		if valid(t, time.Now()) {
			d.hold(o.err)
			return t, nil
		}
	}
	if refusal := RefusalOf(token.Entry{}, o.err); refusal != nil {
		return token.AccessToken{}, refusal
	}
	return token.AccessToken{}, o.err
}

// held is the token that this instance got itself while that is good, else the
// one of it and the published one that is valid for longer; the zero one if there
// is neither.
func (d *demand) held(ctx context.Context) token.AccessToken {
	var own token.AccessToken
	if known := d.issuanceOf(d.ID); known.version == d.client.credentials.Version {
		own = known.access
	}
	short := !own.Value.Empty() && !d.Schedule.Publishable(own.Lifetime())
	if short || d.good(own, time.Now()) || d.client.credentials.Value.Publish == token.PublishFunction {
		return own
	}
	published, err := d.published(ctx)
	if err != nil {
		d.Log.WarnContext(ctx, "published token not read", "token", d.ID.String(), "error", err)
	}
	if published.ExpiresAt.After(own.ExpiresAt) {
		return published
	}
	return own
}

func (s *Server) issuanceOf(id token.ID) issuance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issuances[id]
}

// good reports whether nothing but a rejection speaks against the token. Who
// changed the credentials since it was issued may have turned to another
// environment; published times have whole seconds.
func (d *demand) good(t token.AccessToken, now time.Time) bool {
	outdated := t.IssuedAt.Before(d.client.credentials.WrittenAt.Truncate(time.Second))
	return d.enough(t, now) && now.Before(ownDueAt(t)) && !outdated
}

func (d *demand) rejectionActs(t token.AccessToken, now time.Time) bool {
	if !d.rejects(t) {
		return false
	}
	_, acts := d.Schedule.Reject(d.issuanceOf(d.ID).rejection, now)
	return acts
}

// issue asks the provider, unless somebody just did.
func (d *demand) issue(ctx context.Context, held token.AccessToken) outcome {
	now := time.Now().Round(0)
	known := d.issuanceOf(d.ID)
	switch current := known.version == d.client.credentials.Version; {
	case current && d.good(known.access, now) && !known.access.Value.Equal(held.Value):
		return outcome{access: known.access, did: "shared"}
	case current && now.Before(known.retryAt) && (d.suffices(held, now) || !errors.Is(known.err, errSlow)):
		return outcome{err: known.err}
	}
	if d.rejects(held) {
		rejection, acts := d.Schedule.Reject(known.rejection, now)
		if !acts && d.good(held, now) {
			return outcome{access: held}
		}
		known.rejection = rejection
	}
	if refusal := d.barred(now); refusal != nil {
		return outcome{err: refusal}
	}
	t, err := d.ask(ctx, held)
	d.Count(ctx, refresh.TallyOf(err))
	d.blame(ctx, err)
	d.keep(known, t, err)
	return outcome{access: t, did: "issued", err: err}
}

// errSlow: the provider took longer than a request is waited for while a valid
// token is in hand. That is no fault of it.
var errSlow = errors.New("the provider takes long")

// suffices reports whether the token in hand is good enough to give a request up
// for: it is still valid then, and it is not what an API has just refused.
func (d *demand) suffices(held token.AccessToken, now time.Time) bool {
	return outlasts(held, now) && !d.rejects(held)
}

// ask makes the request. It is given up after two seconds if the token in hand
// suffices: another can be asked for at any time.
func (d *demand) ask(ctx context.Context, held token.AccessToken) (token.AccessToken, error) {
	if !d.suffices(held, time.Now()) {
		return d.request(ctx)
	}
	short, cancel := context.WithTimeoutCause(ctx, patience, errSlow)
	defer cancel()
	t, err := d.request(short)
	if err != nil && context.Cause(short) == errSlow { //nolint:errorlint // ours, and nothing wraps it
		return token.AccessToken{}, errSlow
	}
	return t, err
}

// keep notes what a request brought.
func (d *demand) keep(known issuance, t token.AccessToken, err error) {
	next := issuance{access: t, version: d.client.credentials.Version, last: t, rejection: known.rejection}
	if err != nil {
		sweep := d.Schedule.SweepInterval
		next.access, next.last, next.err = known.access, known.last, err
		if known.version != next.version {
			next.access = token.AccessToken{}
		} else {
			next.failures = known.failures
		}
		next.retryAt = time.Now().Round(0).Add(min(sweep/firstBackoff<<min(next.failures, 16), longestBackoff*sweep))
		next.failures++
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.issuances[d.ID] = next
}
