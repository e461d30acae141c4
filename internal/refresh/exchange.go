package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

const (
	// leaseWait is how long a consent waits for a renewal to end before it takes
	// the lease by force: the merchant is waiting too.
	leaseWait = 10 * time.Second
	// journalLook is how often a consent looks whether a renewal, or the attempt
	// that it repeats, has ended, or tries a store again that failed.
	journalLook = 250 * time.Millisecond
)

// ErrNotAccepted is what a redemption says if what the provider gave failed a
// check: the code is spent, and nothing of it is kept.
var ErrNotAccepted = errors.New("the consent was not accepted")

// Redeem exchanges an authorization code, once, and checks what came.
type Redeem func(context.Context) (token.Grant, token.AccessToken, error)

// Exchanged is what became of the exchange of one authorization code.
type Exchanged struct {
	Entry   token.Entry // as it is stored now
	Outcome string      // of the attempt, as it is recorded: one of token.Exchange…; empty if it is still under way elsewhere
	Made    bool        // by this call; else the attempt was known and its outcome waited for
	AtRisk  bool        // the grant is neither in the journal nor in its secret
	Err     error       // why there is no grant, if this call made the attempt; why none was made otherwise
}

// Exchange stores the grant that an authorization code gives. One conditional
// write takes the lease and records the attempt before redeem is called, so that
// of all instances one calls it, once; whoever comes with the same attempt later
// gets its outcome. Without the journal nothing is exchanged.
//
// A renewal that has the lease is waited for, then the lease is forced. The
// grant is committed on the revision of that moment: a newer consent always
// wins. Errors: token.ErrRemoved and token.ErrTooManyExchanges before anything
// is sent, the journal's, and those of redeem.
func (r *Renewer) Exchange(ctx context.Context, id token.ID, attempt token.Fingerprint, use token.Use, redeem Redeem) Exchanged {
	r.Settle(ctx)
	x := exchange{renewal: renewal{Renewer: r, holder: r.NewID()}, attempt: attempt, use: use}
	err := x.begin(ctx, id)
	switch {
	case errors.Is(err, token.ErrExchanged):
		return x.await(ctx)
	case err != nil:
		return Exchanged{Entry: x.entry, Err: fmt.Errorf("begin the exchange: %w", err)}
	}
	return x.make(context.WithoutCancel(ctx), redeem)
}

// exchange is one attempt's way through Exchange.
type exchange struct {
	renewal
	attempt   token.Fingerprint
	use       token.Use
	displaced token.Lease // that ours took the place of
}

// begin takes the lease and records the attempt.
func (x *exchange) begin(ctx context.Context, id token.ID) error {
	force := time.Now().Add(leaseWait)
	for {
		err := x.tryBegin(ctx, id, !time.Now().Before(force))
		if err == nil || errors.Is(err, token.ErrExchanged) || errors.Is(err, token.ErrRemoved) || errors.Is(err, token.ErrTooManyExchanges) {
			return err
		}
		if !errors.Is(err, token.ErrLeased) && !time.Now().Before(force) {
			return err
		}
		if pauseErr := pause(ctx); pauseErr != nil {
			return errors.Join(err, pauseErr)
		}
	}
}

// tryBegin tries once. An attempt that is recorded with our own lease is ours:
// the confirmation of an earlier try was lost.
func (x *exchange) tryBegin(ctx context.Context, id token.ID, force bool) error {
	entry, err := x.Journal.Get(ctx, id)
	if errors.Is(err, token.ErrNotFound) {
		entry, err = token.Entry{ID: id}, nil
	}
	for {
		if err != nil {
			return err
		}
		x.entry = entry
		if _, known := entry.Exchange(x.attempt); known && entry.Lease.Holder == x.holder {
			return nil
		}
		now := time.Now()
		begun, refusal := entry.BeginExchange(x.attempt, token.Lease{Holder: x.holder, Until: now.Add(leaseFor)}, force, now)
		if refusal != nil {
			return refusal
		}
		x.displaced = entry.Lease
		entry, err = x.Journal.Swap(ctx, entry, begun)
		if err == nil {
			x.entry = entry
			return nil
		}
		if errors.Is(err, token.ErrConflict) {
			err = nil // look at what is stored now
		}
	}
}

// make exchanges the code and stores what it gave. Nothing cancels it: a person
// who closes the browser has consented all the same.
func (x *exchange) make(ctx context.Context, redeem Redeem) Exchanged {
	grant, access, err := x.redeem(ctx, redeem)
	if err != nil {
		outcome := token.ExchangeFailed
		if errors.Is(err, ErrNotAccepted) || classOf(err) == oauth.ClassGrant {
			outcome = token.ExchangeRefused
		}
		failure, _ := errors.AsType[*oauth.Error](err)
		x.end(ctx, outcome, failure != nil && lost(failure))
		return Exchanged{Entry: x.entry, Outcome: outcome, Made: true, Err: err}
	}
	err = x.keep(ctx, result{
		answer: Refreshed{Grant: grant, Access: access}, loaded: x.entry, holder: x.holder, use: x.use, attempt: &x.attempt,
	})
	done := Exchanged{Outcome: token.ExchangeDone, Made: true, AtRisk: x.done.AtRisk, Err: err}
	if errors.Is(err, token.ErrSuperseded) {
		done.Outcome = token.ExchangeSuperseded
		x.end(ctx, done.Outcome, false)
	}
	if errors.Is(err, token.ErrRemoved) || done.AtRisk {
		done.Outcome = token.ExchangeFailed
	}
	done.Entry = x.entry
	return done
}

// redeem has as long as the lease leaves to the commit.
func (x *exchange) redeem(ctx context.Context, redeem Redeem) (token.Grant, token.AccessToken, error) {
	ctx, cancel := context.WithDeadline(ctx, x.entry.Lease.Until.Add(-sendMargin))
	defer cancel()
	return redeem(ctx)
}

// end records what became of an attempt that stored nothing, and gives the lease
// back: to a renewal that it was forced from, since that may still be waiting for
// the provider, unless its answer has come meanwhile. If that fails, whoever
// repeats the callback is told so when the lease has run out.
//
// If the answer is lost, the provider may have made the consent all the same,
// and ended the grant before it: that is unsettled then, and a refusal of it is
// no revocation.
func (x *exchange) end(ctx context.Context, outcome string, lost bool) {
	stored, err := x.swap(ctx, func(e token.Entry) (token.Entry, error) {
		if e.Revision == x.entry.Revision && e.Lease.Holder == x.holder {
			e.Lease = x.displaced
		}
		e = e.Release(x.holder)
		e.Unsettled = e.Unsettled || lost
		return e.EndExchange(x.attempt, outcome), nil
	})
	if err != nil {
		x.Log.WarnContext(ctx, "outcome of a consent not noted", "token", x.entry.ID.String(), "error", err)
		return
	}
	x.entry = stored
}

// await looks for the outcome of an attempt that somebody else makes, as long as
// the caller has time, or until that one's lease has run out.
func (x *exchange) await(ctx context.Context) Exchanged {
	for {
		made, known := x.entry.Exchange(x.attempt)
		switch {
		case !known: // forgotten: it is longer ago than any callback is repeated
			return Exchanged{Entry: x.entry, Outcome: token.ExchangeFailed}
		case made.Outcome != "":
			return Exchanged{Entry: x.entry, Outcome: made.Outcome}
		case !time.Now().Before(made.At.Add(leaseFor)):
			return Exchanged{Entry: x.entry, Outcome: token.ExchangeFailed} // it died on the way
		}
		if err := pause(ctx); err != nil {
			return Exchanged{Entry: x.entry, Err: err}
		}
		if entry, err := x.Journal.Get(ctx, x.entry.ID); err == nil {
			x.entry = entry
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(journalLook):
		return nil
	}
}
