package token

import (
	"errors"
	"time"
)

// The attempts to exchange an authorization code that an entry keeps.
const (
	exchangesKept = 15 * time.Minute
	maxExchanges  = 16
)

// Why a code exchange does not begin. Told apart with errors.Is.
var (
	// ErrExchanged: this attempt has begun before; Exchange tells its outcome.
	ErrExchanged = errors.New("this consent was received before")
	// ErrTooManyExchanges: 16 attempts were made within 15 minutes.
	ErrTooManyExchanges = errors.New("too many consents of this merchant at once")
)

// Exchange is one attempt to exchange the code of a consent. A code is good for
// one exchange, and repeating that destroys the tokens it gave: so the attempt
// is recorded before it is made, by the write that takes the lease.
type Exchange struct {
	Attempt Fingerprint // of what makes the attempt itself: state and code
	At      time.Time
	Outcome string // empty while it is under way
}

// Exchange finds an attempt that has begun.
func (e Entry) Exchange(attempt Fingerprint) (found Exchange, known bool) {
	for _, x := range e.Exchanges {
		if x.Attempt == attempt {
			return x, true
		}
	}
	return Exchange{}, false
}

// BeginExchange takes the lease and records the attempt, in one transition: of
// several instances that got the same callback one makes it. A parked entry is
// revived by a consent. Errors: ErrExchanged, ErrTooManyExchanges, and those of
// Claim.
func (e Entry) BeginExchange(attempt Fingerprint, lease Lease, force bool, now time.Time) (Entry, error) {
	if _, known := e.Exchange(attempt); known {
		return e, ErrExchanged
	}
	var recent []Exchange
	for _, x := range e.Exchanges {
		if now.Sub(x.At) < exchangesKept {
			recent = append(recent, x)
		}
	}
	if len(recent) >= maxExchanges {
		return e, ErrTooManyExchanges
	}
	next := e
	next.Parked = false
	next, err := next.Claim(now, lease, force)
	if err != nil {
		return e, err
	}
	next.Exchanges = append(recent, Exchange{Attempt: attempt, At: now})
	return next, nil
}

// CommitExchange stores what an exchange gave, whatever the revision is by now:
// a newer consent always wins. Only one that began later, or a removal, is newer
// still. Errors: ErrSuperseded, ErrRemoved.
func (e Entry) CommitExchange(attempt Fingerprint, grant Grant, access AccessToken, now time.Time) (Entry, error) {
	if e.Removed {
		return e, ErrRemoved
	}
	if n := len(e.Exchanges); n == 0 || e.Exchanges[n-1].Attempt != attempt {
		return e, ErrSuperseded
	}
	return e.hold(e.Revision+1, grant, access, now), nil
}

// EndExchange records the outcome of an attempt, for callbacks that repeat it.
func (e Entry) EndExchange(attempt Fingerprint, outcome string) Entry {
	exchanges := make([]Exchange, len(e.Exchanges))
	for i, x := range e.Exchanges {
		if x.Attempt == attempt {
			x.Outcome = outcome
		}
		exchanges[i] = x
	}
	e.Exchanges = exchanges
	return e
}
