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
	// pausingFailures is how many failures in a row end a client's turn in a
	// sweep, so that a hanging one costs its neighbours little.
	pausingFailures = 3
	// clientShare is the part of the workers that one client may keep busy
	// while others wait.
	clientShare = 4
)

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

// tokenRound renews access tokens that client credentials ask for.
type tokenRound struct {
	*round
	sweep *Sweep
}

// renewAll renews what is due, with bounded concurrency. An item that fails
// cancels nothing.
func (s *Sweep) renewAll(ctx context.Context, due []*item, clients map[string]*client, report *Report) {
	round, cancel := s.newRound(ctx, s.Concurrency, due, clients, report)
	defer cancel()
	r := tokenRound{round: round, sweep: s}
	skipped := dispatch(due, s.Concurrency, r.gate, r.run, r.settle)
	report.Remaining += len(skipped)
	for _, it := range skipped {
		r.promiseOld(it)
	}
}

// run asks for the token and stores it. It runs beside others and changes
// nothing that they share.
func (r tokenRound) run(it *item) outcome {
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
func (r tokenRound) request(it *item) outcome {
	t, err := it.endpoint.Request(r.ctx, it.id.Merchant)
	if classOf(err) != oauth.ClassClient {
		return outcome{token: t, err: err}
	}
	stored, readErr := r.sweep.Store.Credentials(r.ctx, []string{it.id.Client})
	again := stored[it.id.Client]
	if readErr != nil || again.Err != nil || again.Version == it.version {
		return outcome{err: err}
	}
	endpoint, dialErr := r.sweep.Dial(again.Value)
	if dialErr != nil {
		return outcome{err: err}
	}
	t, err = endpoint.Request(r.ctx, it.id.Merchant)
	return outcome{token: t, err: err, adopted: &client{credentials: again, endpoint: endpoint}}
}

// store writes what was received even if the sweep is being ended.
func (r tokenRound) store(it *item, t token.AccessToken) error {
	if !r.sweep.Schedule.Publishable(t.Lifetime()) {
		return errShortLived
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), storeTimeout)
	defer cancel()
	return r.sweep.Store.PutAccessToken(ctx, token.GrantTypeClientCredentials, t, it.replaces)
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
