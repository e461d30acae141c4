package serve

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"token-refresher/internal/token"
)

const (
	// patience is how long a consumer whose token is valid for as long waits for a
	// renewal that somebody else makes.
	patience = 2 * time.Second
	// waitForToken is how long one without waits for a renewal of another
	// instance.
	waitForToken = 10 * time.Second
	// reserve is what a renewal leaves of the invocation to store what it got,
	// and to answer; half of it, if there is less than twice as much.
	reserve = 15 * time.Second
	// startMargin is what must be left of the invocation to begin one.
	startMargin = 4 * time.Second
	// renewFor is how long a renewal may take that no invocation bounds.
	renewFor = time.Minute
)

// errImpatient: somebody else's renewal takes longer than who has a valid token
// waits for it.
var errImpatient = errors.New("it is being renewed right now")

// errTooLate: the invocation ends soon.
var errTooLate = refuse(ProviderUnavailable, "there is too little time left to ask the provider")

// outcome is what became of a renewal.
type outcome struct {
	entry  token.Entry       // of a grant, as it is stored now
	access token.AccessToken // of client credentials
	did    string
	err    error
}

// share makes one renewal for all who ask for the token at the same time. It
// outlives the request that began it if that one is cancelled, but not otherwise:
// a Lambda instance is frozen as soon as its invocation is answered, and with it
// the request to the provider. Others who have a valid token wait 2 s.
func (d *demand) share(ctx context.Context, held token.AccessToken, renew func(context.Context, *demand) outcome) outcome {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < startMargin {
		return outcome{err: errTooLate}
	}
	var led atomic.Bool
	own := *d // of the renewal, which may outlive the request
	renewed := d.flights.DoChan(d.ID.String(), func() (any, error) {
		led.Store(true)
		ctx, cancel := detached(ctx)
		defer cancel()
		return renew(ctx, &own), nil
	})
	var impatient <-chan time.Time
	if outlasts(held, time.Now()) {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		impatient = timer.C
	}
	for {
		select {
		case r := <-renewed:
			o := r.Val.(outcome) //nolint:errcheck // made above
			if !led.Load() && o.err == nil {
				o.did = "shared"
			}
			return o
		case <-ctx.Done():
			return outcome{err: ctx.Err()}
		case <-impatient:
			if !led.Load() {
				return outcome{err: errImpatient}
			}
			impatient = nil
		}
	}
}

// detached is a context that a consumer's cancellation does not end, but that
// ends in time before the invocation does.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	within := renewFor
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		within = min(within, left-min(reserve, left/2))
	}
	return context.WithTimeout(context.WithoutCancel(ctx), within)
}
