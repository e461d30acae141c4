package token

import (
	"errors"
	"slices"
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

// The outcomes of attempts, as an entry keeps them for callbacks that are
// repeated.
const (
	ExchangeDone       = "done"       // the consent is stored
	ExchangeRefused    = "refused"    // the provider, or a check of what it gave, said no
	ExchangeFailed     = "failed"     // it came to no end: the merchant has to begin again
	ExchangeSuperseded = "superseded" // another consent was given meanwhile
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
// several instances that got the same callback one makes it. What keeps a grant
// from being refreshed keeps no consent away: one that is parked, or whose sealed
// answer cannot be opened, is healed by the commit, and stays as it is without;
// so is one that was removed, once its removal is done. Errors: ErrExchanged,
// ErrTooManyExchanges, ErrRemoved, ErrLeased.
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
	live := e
	live.Parked, live.Sealed, live.Removed = false, nil, e.Removing()
	claimed, err := live.Claim(now, lease, force)
	if err != nil {
		return e, err
	}
	next := e
	next.Lease, next.Unsettled = claimed.Lease, claimed.Unsettled
	next.Exchanges = append(recent, Exchange{Attempt: attempt, At: now})
	return next, nil
}

// CommitExchange stores what an exchange gave, whatever the revision is by now:
// a newer consent always wins. Only one that began later and did not fail, or a
// removal since it began, is newer still. Errors: ErrSuperseded, ErrRemoved.
func (e Entry) CommitExchange(attempt Fingerprint, grant Grant, access AccessToken, now time.Time) (Entry, error) {
	if begun, known := e.Exchange(attempt); e.Removing() || e.Removed && (!known || begun.Outcome != "") {
		return e, ErrRemoved
	}
	if !e.newestExchange(attempt) {
		return e, ErrSuperseded
	}
	e = e.hold(e.Revision+1, grant, access, now)
	e.Parked, e.Sealed = false, nil
	return e.EndExchange(attempt, ExchangeDone), nil
}

// Recall records an attempt again that the entry does not know: its row was lost
// since it began, and made anew of a secret.
func (e Entry) Recall(lost Exchange) Entry {
	if _, known := e.Exchange(lost.Attempt); known {
		return e
	}
	later := slices.IndexFunc(e.Exchanges, func(x Exchange) bool { return x.At.After(lost.At) })
	if later < 0 {
		later = len(e.Exchanges)
	}
	e.Exchanges = slices.Insert(slices.Clone(e.Exchanges), later, lost)
	return e
}

// newestExchange reports whether every attempt that began later came to nothing.
func (e Entry) newestExchange(attempt Fingerprint) bool {
	for _, x := range slices.Backward(e.Exchanges) {
		switch {
		case x.Attempt == attempt:
			return true
		case x.Outcome != ExchangeRefused && x.Outcome != ExchangeFailed:
			return false
		}
	}
	return false
}

// EndExchange records the outcome of an attempt, for callbacks that repeat it.
func (e Entry) EndExchange(attempt Fingerprint, outcome string) Entry {
	exchanges := slices.Clone(e.Exchanges)
	for i, x := range exchanges {
		if x.Attempt == attempt {
			exchanges[i].Outcome = outcome
		}
	}
	e.Exchanges = exchanges
	return e
}
