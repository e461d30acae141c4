package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// rounds is how often a publication begins anew because a stranger wrote: more
// often in a row only happens to somebody who fights us, and the next pass goes
// on.
const rounds = 3

// grant publishes the grant itself.
func (r *publication) grant(ctx context.Context) error {
	if r.Entry.Put.Open() {
		if !r.Entry.Put.Abandoned(time.Now()) {
			return token.ErrPutOpen
		}
		if err := r.recover(ctx); err != nil {
			return fmt.Errorf("settle an earlier put: %w", err)
		}
	}
	if r.Entry.Restorable() {
		if err := r.restore(ctx); err != nil {
			return fmt.Errorf("bring the grant's secret back: %w", err)
		}
	}
	for range rounds {
		if r.Entry.Published() {
			return nil
		}
		allowed, forced := r.allowed(r.Entry.Put.At, time.Now())
		if !allowed {
			return nil
		}
		if err := r.put(ctx, forced); err != nil {
			return err
		}
	}
	return nil
}

// recover settles a put that somebody began and did not end.
func (r *publication) recover(ctx context.Context) error {
	labels, err := r.look(ctx)
	if err != nil {
		return err
	}
	return r.settle(ctx, labels)
}

// restore makes room for a consent whose secret is gone: the deletion was meant
// for the grant before it.
func (r *publication) restore(ctx context.Context) error {
	labels, err := r.Secrets.Labels(ctx, r.Entry.ID)
	switch {
	case errors.Is(err, token.ErrNotFound):
		if r.Entry.NeverPut() {
			return nil
		}
		return r.settle(ctx, token.Labels{}) // names no version: the next put makes a secret
	case err != nil:
		return err
	case labels.Deleted:
		return r.Secrets.RestoreGrant(ctx, r.Entry.ID)
	}
	return nil
}

// put makes one bracketed put, or finds that a stranger was first and settles
// that instead.
func (r *publication) put(ctx context.Context, forced bool) error {
	now, before := time.Now(), r.Entry.Put
	ctx, cancel := context.WithDeadline(ctx, now.Add(token.PutWithin))
	defer cancel()
	if err := r.claim(ctx, before, forced, now); err != nil {
		return err
	}
	claimed := r.Entry
	labels, err := r.look(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("look before a put: %w", err), r.withdraw(ctx, claimed.Put.Number, before))
	}
	if labels.Current != claimed.Put.Read {
		if err := r.withdraw(ctx, claimed.Put.Number, before); err != nil {
			return err
		}
		return r.settle(ctx, labels)
	}
	r.forced = r.forced || forced
	putErr := r.Secrets.PutGrant(ctx, claimed.Grant, claimed.Put)
	if putErr == nil {
		r.Written++
	}
	return r.verify(ctx, before, putErr)
}

// claim writes the put down. It gives way if anything else was put meanwhile, or
// a renewal has begun: what would be put may be spent in a moment.
func (r *publication) claim(ctx context.Context, before token.Put, forced bool, now time.Time) error {
	stored, err := r.change(ctx, r.Entry, func(e token.Entry) (token.Entry, error) {
		switch {
		case !same(e.Put, before):
			return e, token.ErrPutTaken
		case e.LeasedAt(now):
			return e, token.ErrLeased
		case e.Suspect:
			return e, token.ErrPutTaken
		}
		version := r.Secrets.PutVersion(e.ID, e.Put.Version, e.Revision, e.Put.Number+1)
		return e.ClaimPut(version, forced, now)
	})
	r.Entry = stored
	if err != nil {
		return fmt.Errorf("claim a put: %w", err)
	}
	return nil
}

// verify looks at what a put has become. One that failed may have been made all
// the same, and one that was made may have covered a stranger's value.
func (r *publication) verify(ctx context.Context, before token.Put, putErr error) error {
	if putErr != nil {
		putErr = fmt.Errorf("put: %w", putErr)
	}
	claimed := r.Entry.Put
	labels, err := r.look(ctx)
	if err != nil {
		r.WriteFailed++
		return errors.Join(putErr, fmt.Errorf("look after a put: %w", err)) // the claim stays, to be settled later
	}
	if putErr != nil && labels.Current == claimed.Read {
		r.WriteFailed++
		return errors.Join(putErr, r.withdraw(ctx, claimed.Number, before))
	}
	if err := r.settle(ctx, labels); err != nil {
		return errors.Join(putErr, err)
	}
	if putErr != nil && labels.Current == claimed.Version {
		r.Written++ // its answer was lost, no more
	}
	return nil
}

// withdraw takes back a put that was not made.
func (r *publication) withdraw(ctx context.Context, number int64, before token.Put) error {
	err := r.become(ctx, func(e token.Entry) (token.Entry, error) { return e.WithdrawPut(number, before) })
	if err != nil {
		return fmt.Errorf("withdraw a put: %w", err)
	}
	return nil
}

// look reads the labels of a secret that is there. One that was never made has
// none.
func (r *publication) look(ctx context.Context) (token.Labels, error) {
	labels, err := r.Secrets.Labels(ctx, r.Entry.ID)
	switch {
	case errors.Is(err, token.ErrNotFound) && r.Entry.NeverPut():
		return token.Labels{}, nil
	case err != nil:
		return token.Labels{}, err
	case labels.Deleted:
		return token.Labels{}, fmt.Errorf("the grant's secret: %w", token.ErrDeleted)
	}
	return labels, nil
}

// settle judges what strangers wrote, adopts what is newer, and names what the
// secret holds now.
func (r *publication) settle(ctx context.Context, labels token.Labels) error {
	settled, adopted, err := r.Publisher.settle(ctx, r.Entry, labels)
	r.Entry, r.Adopted = settled, r.Adopted || adopted
	return err
}

// same reports whether an entry still has the put that was seen.
func same(a, b token.Put) bool {
	return a.Number == b.Number && a.Version == b.Version && a.Confirmed == b.Confirmed
}
