package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// access publishes the access token, if it belongs into a secret. A value there
// that is none is reported and never overwritten.
func (r *publication) access(ctx context.Context) error {
	now := time.Now()
	if !r.Schedule.AccessAhead(r.Entry, r.use, now) {
		return nil
	}
	if allowed, _ := r.allowed(r.Entry.AccessPut.At, now); !allowed {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, token.PutWithin)
	defer cancel()
	stored, err := r.accessStored(ctx)
	if err != nil {
		return fmt.Errorf("look at the access token: %w", err)
	}
	if stored.Err != nil { // there is none yet
		return r.putAccess(ctx, stored, now)
	}
	e := r.Entry
	switch {
	case stored.Value.Value.Equal(e.Access.Value):
		return r.accessPublished(ctx, e.Revision, stored.WrittenAt, false)
	case r.awaitsRenewal(stored.Value, now):
		return nil
	case stored.Value.IssuedAt.After(e.Access.IssuedAt):
		if overtaken, err := r.overtaken(ctx); overtaken || err != nil {
			return err
		}
	}
	return r.putAccess(ctx, stored, now)
}

// putAccess puts the access token in the place of what is stored, as far as the
// write interval allows it.
func (r *publication) putAccess(ctx context.Context, stored token.Stored[token.AccessToken], now time.Time) error {
	e, last := r.Entry, stored.WrittenAt
	if e.AccessPut.At.After(last) {
		last = e.AccessPut.At
	}
	allowed, forced := r.allowed(last, now)
	if !allowed {
		return r.accessPublished(ctx, e.AccessPut.Revision, stored.WrittenAt, false)
	}
	err := r.Secrets.PutAccessToken(ctx, token.GrantTypeAuthorizationCode, e.Access, stored.Version)
	switch {
	case errors.Is(err, token.ErrConflict):
		return nil // another publisher's is there now: the next pass looks
	case err != nil:
		r.WriteFailed++
		return fmt.Errorf("put the access token: %w", err)
	}
	r.Written++
	return r.accessPublished(ctx, e.Revision, time.Now(), forced)
}

// awaitsRenewal reports whether a younger token will be there in a moment: the
// entry is due, and what is published still has its fifth of life left. Putting
// the older one now would keep the younger out for a write interval.
func (r *publication) awaitsRenewal(published token.AccessToken, now time.Time) bool {
	e := r.Entry
	return !e.DueAt.IsZero() && !e.DueAt.After(now) && published.ExpiresAt.Sub(now) >= published.Spare()
}

// accessStored reads the access-token secret. It is restored if it is scheduled
// for deletion: it is wanted.
func (r *publication) accessStored(ctx context.Context) (token.Stored[token.AccessToken], error) {
	stored, err := r.accessRead(ctx)
	if errors.Is(err, token.ErrDeleted) {
		if err = r.Secrets.RestoreAccessToken(ctx, r.Entry.ID); err == nil {
			stored, err = r.accessRead(ctx)
		}
	}
	return stored, err
}

// accessRead reads it once. That there is none is no error.
func (r *publication) accessRead(ctx context.Context) (token.Stored[token.AccessToken], error) {
	all, err := r.Secrets.AccessTokens(ctx, []token.ID{r.Entry.ID})
	if err != nil {
		return token.Stored[token.AccessToken]{}, err
	}
	stored := all[r.Entry.ID]
	if stored.Err != nil && !errors.Is(stored.Err, token.ErrNotFound) {
		return stored, stored.Err
	}
	return stored, nil
}

// overtaken reports whether the journal has moved on since the entry was read,
// so that a token in the secret that was issued later is its.
func (r *publication) overtaken(ctx context.Context) (bool, error) {
	current, err := r.Journal.Get(ctx, r.Entry.ID)
	if err != nil {
		return false, fmt.Errorf("read the journal again: %w", err)
	}
	return current.Revision != r.Entry.Revision, nil
}

// accessPublished notes what the access-token secret holds.
func (r *publication) accessPublished(ctx context.Context, revision int64, at time.Time, forced bool) error {
	err := r.become(ctx, func(e token.Entry) (token.Entry, error) {
		if forced {
			e = e.Force(at)
		}
		return r.Schedule.AccessPublished(e, r.use, revision, at), nil
	})
	if err != nil {
		return fmt.Errorf("note the access token: %w", err)
	}
	r.forced = r.forced || forced
	return nil
}
