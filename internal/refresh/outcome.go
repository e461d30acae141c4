package refresh

import (
	"context"
	"time"

	"token-refresher/internal/token"
)

// refused notes an invalid_grant that nothing newer could replace. A probe
// latches nothing: as far as is known, client or provider are at fault.
func (r *renewal) refused(ctx context.Context, cause error) error {
	latch := r.endpoint.Latch(r.entry.Grant.RefreshToken)
	return r.note(ctx, cause, func(e token.Entry) token.Entry {
		now := time.Now()
		next, latched := r.Schedule.Refused(e, latch, r.lost, now)
		if latched && r.occasion == Probing {
			next.Result.Latch, next.DueAt, latched = e.Result.Latch, now, false
		}
		r.done.Latched = latched
		r.done.RotationLost = r.lost && !e.Result.RotationLost
		return tellRefusal(next, r.done.RotationLost, now)
	})
}

// giveUp notes a try that brought nothing and moves the next one.
func (r *renewal) giveUp(ctx context.Context, cause error) error {
	outcome := token.OutcomeFailed
	if r.lost {
		outcome = token.OutcomeUnknown
	}
	return r.note(ctx, cause, func(e token.Entry) token.Entry {
		now := time.Now()
		next := e.Attempted(outcome, now)
		left := e.Access.ExpiresAt.Sub(now)
		switch r.occasion {
		case Probing:
			next.Result.Failures, next.DueAt = e.Result.Failures, now // behind the others, so that probes rotate
		case OnDemand: // somebody goes on asking: that must not keep sweeps from trying when the provider is well again
			next.Result.Failures = max(e.Result.Failures, 1)
			next.DueAt = now.Add(backoffFor(0, r.Schedule.SweepInterval, left))
		default:
			next.DueAt = now.Add(backoffFor(e.Result.Failures, r.Schedule.SweepInterval, left))
		}
		return next
	})
}

// nothing notes that neither store holds a grant, so that no sweep looks for one.
func (r *renewal) nothing(ctx context.Context) error {
	return r.note(ctx, token.ErrNotFound, func(e token.Entry) token.Entry {
		e.Unsettled, e.DueAt = false, time.Time{}
		return e
	})
}

// note stores what became of the revision that was sent, gives the lease back
// and returns the cause. An answer that another renewer committed late has
// superseded the try: that one did not fail.
func (r *renewal) note(ctx context.Context, cause error, became func(token.Entry) token.Entry) error {
	tried := r.entry.Revision
	stored, err := r.swap(ctx, func(e token.Entry) (token.Entry, error) {
		if err := r.held(e); err != nil {
			return e, err
		}
		if e.Revision == tried {
			e = became(e)
		}
		return e.Release(r.holder), nil
	})
	if err != nil {
		r.Log.Warn("outcome not noted", "token", r.entry.ID.String(), "error", err)
		return cause
	}
	r.entry = stored
	if stored.Revision != tried {
		r.done.Latched, r.done.RotationLost = false, false
		return token.ErrSuperseded
	}
	return cause
}

func (r *renewal) held(e token.Entry) error {
	if e.Lease.Holder != r.holder {
		return token.ErrLeased
	}
	return nil
}
