package oauth

import (
	"context"
	"sync"

	"golang.org/x/time/rate"

	"token-refresher/internal/provider"
)

// limits keeps requests_per_second of every token endpoint. Clients that name
// the same rate for one endpoint share it; one that names another has its own,
// so that a mistake of one does not slow its neighbours. The zero value works.
type limits struct {
	mu       sync.Mutex
	limiters map[limitKey]*rate.Limiter
}

type limitKey struct {
	endpoint  string
	perSecond float64
}

// wait returns when the next request may be sent, at once with an *Error if
// that is later than ctx ends.
func (l *limits) wait(ctx context.Context, p provider.Provider) error {
	if p.RequestsPerSecond == 0 {
		return nil
	}
	if err := l.limiter(p).Wait(ctx); err != nil {
		return &Error{
			Class:   ClassThrottled,
			NotSent: true,
			problem: "not sent: the provider's requests_per_second leaves no room in the time left",
			cause:   ctx.Err(),
		}
	}
	return nil
}

func (l *limits) limiter(p provider.Provider) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := limitKey{endpoint: p.TokenEndpoint, perSecond: p.RequestsPerSecond}
	limiter, ok := l.limiters[key]
	if !ok {
		if l.limiters == nil {
			l.limiters = map[limitKey]*rate.Limiter{}
		}
		limiter = rate.NewLimiter(rate.Limit(p.RequestsPerSecond), 1) // a burst of 1: evenly spaced
		l.limiters[key] = limiter
	}
	return limiter
}
