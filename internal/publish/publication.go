package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// retryPart of the write interval passes before what failed is tried again: two
// minutes of sixteen. An access token has three sweeps to spare, not more: it is
// tried again by the next one.
const retryPart = 8

// Urgency says whether a publication has to wait for the write interval.
type Urgency int

// The urgencies.
const (
	WhenAllowed Urgency = iota // once per write interval
	AtOnce                     // a consent, or a refresh that a person forced: eight of these in 24 hours
)

// Outcome is what a publication did for one grant.
type Outcome struct {
	Entry       token.Entry // as it is stored now
	Written     int         // secrets
	WriteFailed int
	Adopted     bool // a grant from the secret took the journal's place
}

// Publish writes what the journal has ahead for one grant: the grant itself, and
// its access token if that is long-lived and wanted in a secret. It tells what
// is untold of it, and goes on with its removal. It may be repeated at any time,
// and after any crash.
//
// Not everything need be published when it returns nil: what the write interval
// keeps back has its PublishAt. Errors: token.ErrLeased while it is being
// renewed, token.ErrPutOpen and token.ErrPutTaken while another publisher is at
// it, token.ErrRemoved, token.ErrSealed, token.ErrUnreadable for a value that
// is never overwritten, token.ErrDeleted or token.ErrNotFound for a secret that
// is gone, and those of both stores.
func (p *Publisher) Publish(ctx context.Context, id token.ID, urgency Urgency) (Outcome, error) {
	entry, err := p.Journal.Get(ctx, id)
	if err != nil {
		return Outcome{}, fmt.Errorf("read the journal: %w", err)
	}
	r := publication{Publisher: p, use: p.Use(id.Client), urgent: urgency == AtOnce}
	r.Entry = entry
	r.tell(ctx)
	if err = r.work(ctx); err != nil && !elsewhere(err) {
		r.postpone(ctx)
	}
	return r.Outcome, err
}

// elsewhere reports whether a publication ended because somebody else is
// working on the same entry, or has ended it: nothing is wrong.
func elsewhere(err error) bool {
	return errors.Is(err, token.ErrLeased) || errors.Is(err, token.ErrRemoved) ||
		errors.Is(err, token.ErrPutOpen) || errors.Is(err, token.ErrPutTaken)
}

// publication is the work on one entry.
type publication struct {
	*Publisher
	Outcome
	use    token.Use
	urgent bool
	forced bool // a put was made that did not wait, and was noted
}

func (r *publication) work(ctx context.Context) error {
	switch e := r.Entry; {
	case e.Removing() && !e.Removal.NextAt.After(time.Now()):
		return r.remove(ctx)
	case e.Sealed != nil:
		return token.ErrSealed
	case e.Suspect, e.Removed, e.Parked:
		return r.plan(ctx)
	}
	grantErr := r.grant(ctx)
	if elsewhere(grantErr) {
		return grantErr
	}
	return errors.Join(grantErr, r.access(ctx), r.plan(ctx))
}

// plan notes when there is something to publish again, if that has changed.
func (r *publication) plan(ctx context.Context) error {
	now, planned := time.Now(), r.Entry.PublishAt
	next := r.Schedule.PublishNext(r.Entry, r.use, now)
	overdue := !next.After(now) && !planned.After(now)
	if next.IsZero() == planned.IsZero() && (overdue || next.Truncate(time.Second).Equal(planned.Truncate(time.Second))) {
		return nil
	}
	return r.become(ctx, func(e token.Entry) (token.Entry, error) { return e, nil })
}

// postpone keeps what failed from being tried again at once.
func (r *publication) postpone(ctx context.Context) {
	stored, err := r.change(ctx, r.Entry, func(e token.Entry) (token.Entry, error) {
		now := time.Now()
		e.PublishAt = r.Schedule.PublishNext(e, r.use, now)
		wait := r.Schedule.WriteInterval / retryPart
		if r.Schedule.AccessAhead(e, r.use, now) {
			wait = r.Schedule.SweepInterval / 2
		}
		if retry := now.Add(wait); !e.PublishAt.IsZero() && e.PublishAt.Before(retry) {
			e.PublishAt = retry
		}
		return e, nil
	})
	if err != nil {
		r.Log.WarnContext(ctx, "a publication that failed is not postponed", "token", r.Entry.ID.String(), "error", err)
		return
	}
	r.Entry = stored
}

// become changes the entry and plans what is left to publish of it.
func (r *publication) become(ctx context.Context, change func(token.Entry) (token.Entry, error)) error {
	stored, err := r.change(ctx, r.Entry, func(e token.Entry) (token.Entry, error) {
		next, err := change(e)
		if err == nil {
			next.PublishAt = r.Schedule.PublishNext(next, r.use, time.Now())
		}
		return next, err
	})
	r.Entry = stored
	return err
}

// allowed reports whether a secret that was last put at last may be put now, and
// whether that has to be noted as a put that did not wait.
func (r *publication) allowed(last, now time.Time) (allowed, forced bool) {
	if !now.Before(last.Add(r.Schedule.WriteInterval)) {
		return true, false
	}
	if !r.urgent {
		return false, false
	}
	return r.forced || r.Schedule.CanForce(r.Entry, now), !r.forced
}
