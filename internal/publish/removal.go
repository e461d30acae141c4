package publish

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

const (
	// removeWait is how long a removal waits for who renews or publishes the
	// grant, and removeLook how often it looks.
	removeWait = 20 * time.Second
	removeLook = 250 * time.Millisecond
	// removeLease is how long one try may take; its steps end so much earlier that
	// there is time to note it.
	removeLease  = 60 * time.Second
	removeMargin = 3 * storeTimeout
)

// errWritten: somebody wrote the secret that was just deleted.
var errWritten = errors.New("it was written meanwhile and is taken back")

// Remove ends a grant for good, since a person ordered it: it is not renewed any
// more, its refresh token is revoked, and both secrets are deleted with their
// recovery window. Whoever renews or publishes it is waited for, and never
// forced. Repeating it changes nothing, and goes on with what is left.
//
// With the zero Removal nothing was done, or the error is the journal's and
// leaves it open: token.ErrLeased and token.ErrPutOpen if it is still in use,
// token.ErrNotFound if there is neither entry nor secret, token.ErrSealed if
// there is nothing to revoke with. Otherwise the tombstone stands and the error
// says which step failed; sweeps go on with it. They also look once more, a
// minute later, whether anything was brought back, and until then it is not done.
// token.ErrSuperseded: somebody has put a newer grant there after the tombstone.
func (p *Publisher) Remove(ctx context.Context, id token.ID) (token.Removal, error) {
	r := p.removal(&publication{Publisher: p, use: p.Use(id.Client)})
	if err := r.begin(ctx, id); err != nil || r.Entry.Removal.Done() {
		return r.Entry.Removal, err
	}
	r.tell(ctx)
	err := r.steps(ctx)
	if err == nil && !r.Entry.Removed {
		err = fmt.Errorf("a newer grant was put into its secret meanwhile: %w", token.ErrSuperseded)
	}
	return r.Entry.Removal, err
}

// removal is one try at the steps of a removal, under the entry's lease.
type removal struct {
	*publication
	holder string
}

func (p *Publisher) removal(of *publication) *removal {
	return &removal{publication: of, holder: rand.Text()}
}

// remove goes on with a removal that was begun.
func (r *publication) remove(ctx context.Context) error {
	try := r.removal(r)
	if err := try.claim(ctx); err != nil {
		return err
	}
	return try.steps(ctx)
}

// begin sets the tombstone, or takes up a removal that was begun.
func (r *removal) begin(ctx context.Context, id token.ID) error {
	give := time.Now().Add(removeWait)
	for {
		err := r.tryBegin(ctx, id)
		inUse := errors.Is(err, token.ErrLeased) || errors.Is(err, token.ErrPutOpen)
		if !inUse || !time.Now().Before(give) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(removeLook):
		}
	}
}

func (r *removal) tryBegin(ctx context.Context, id token.ID) error {
	entry, err := r.Journal.Get(ctx, id)
	if errors.Is(err, token.ErrNotFound) {
		entry, err = token.Entry{ID: id}, nil
	}
	r.Entry = entry
	switch {
	case err != nil:
		return fmt.Errorf("read the journal: %w", err)
	case entry.LeasedAt(time.Now()):
		return token.ErrLeased // also of a consent on an old tombstone
	case entry.Removing():
		return r.claim(ctx)
	}
	return r.bury(ctx)
}

// bury sets the tombstone, over what the secret holds that is newer too. One
// that stands already stays, unless there is a secret again.
func (r *removal) bury(ctx context.Context) error {
	labels, there, err := r.present(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("look at the grant's secret: %w", err)
	case !there && r.Entry.Removed:
		return nil
	case !there && r.Entry.WriteID == "":
		return fmt.Errorf("grant %s: %w", r.Entry.ID, token.ErrNotFound)
	}
	found, err := r.unseen(ctx, r.Entry, labels)
	if err != nil {
		return err
	}
	r.Entry, err = r.change(ctx, r.Entry, func(e token.Entry) (token.Entry, error) {
		now := time.Now()
		return e.Remove(labels, found, token.Lease{Holder: r.holder, Until: now.Add(removeLease)}, now)
	})
	if err != nil {
		return fmt.Errorf("set the tombstone: %w", err)
	}
	r.Log.WarnContext(ctx, "tombstone set", "token", r.Entry.ID.String())
	return nil
}

// claim takes the lease of a removal that was begun.
func (r *removal) claim(ctx context.Context) error {
	stored, err := r.change(ctx, r.Entry, func(e token.Entry) (token.Entry, error) {
		now := time.Now()
		return e.ClaimRemoval(token.Lease{Holder: r.holder, Until: now.Add(removeLease)}, now)
	})
	r.Entry = stored
	if err != nil {
		return fmt.Errorf("go on with the removal: %w", err)
	}
	return nil
}

// steps does what is left to do, while the lease lasts. The steps are
// independent: a provider that is down keeps no secret from being deleted.
func (r *removal) steps(ctx context.Context) error {
	end := r.Entry.Lease.Until.Add(-removeMargin)
	if deadline, limited := ctx.Deadline(); limited && deadline.Add(-storeTimeout).Before(end) {
		end = deadline.Add(-storeTimeout)
	}
	if r.Entry.Lease.Holder != r.holder || !time.Now().Before(end) {
		return token.ErrLeased // others have gone on with it
	}
	within, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	revokeErr := r.revoke(within)
	if r.Entry.Lease.Holder != r.holder {
		return revokeErr
	}
	clearErr := r.clear(within)
	return errors.Join(revokeErr, clearErr, r.end(ctx, clearErr == nil))
}

// revoke revokes the removed refresh token, if that is still to be done. What
// could not be revoked for a day is given up.
func (r *removal) revoke(ctx context.Context) error {
	grant := r.Entry.Grant
	if !r.Entry.Removal.RevokedAt.IsZero() {
		return nil
	}
	err := r.Entry.Sealed
	if err == nil && !grant.RefreshToken.Empty() {
		err = r.Revoke(ctx, grant)
	}
	unrevocable := errors.Is(err, token.ErrNoRevocation)
	if err != nil && !unrevocable {
		if now := time.Now(); !now.Before(r.Schedule.RevokeUntil(r.Entry.Removal)) {
			r.Log.ErrorContext(ctx, "a removed refresh token is given up: it was never revoked", "token", r.Entry.ID.String(), "error", err)
			return r.note(ctx, func(e token.Entry) token.Entry { return e.RevokedInVain(now) })
		}
		return fmt.Errorf("revoke: %w", err)
	}
	return r.note(ctx, func(e token.Entry) token.Entry { return e.Revoked(unrevocable, time.Now()) })
}

// clear deletes both secrets, unless somebody has put a newer grant there.
func (r *removal) clear(ctx context.Context) error {
	labels, there, err := r.present(ctx)
	if err != nil {
		return fmt.Errorf("look at the grant's secret: %w", err)
	}
	if there {
		if err := r.judge(ctx, labels); err != nil || !r.Entry.Removed {
			return err
		}
		if err := r.delete(ctx, labels); err != nil {
			return fmt.Errorf("delete the grant: %w", err)
		}
	}
	if err := r.Secrets.DeleteAccessToken(ctx, r.Entry.ID); err != nil {
		return fmt.Errorf("delete the access token: %w", err)
	}
	return nil
}

// judge judges what the secret holds that the entry does not know. An answer
// that came late is revoked at once.
func (r *removal) judge(ctx context.Context, labels token.Labels) error {
	if r.Entry.Names(labels) {
		return nil
	}
	stored, _, err := r.unearth(ctx, r.Entry, labels, r.holder)
	if err != nil {
		return err
	}
	r.Entry = stored
	if !stored.Removed {
		return nil
	}
	return r.revoke(ctx)
}

// delete deletes the grant's secret. If it was written since it was looked at,
// it is taken back, for the next try to judge.
func (r *removal) delete(ctx context.Context, seen token.Labels) error {
	if err := r.Secrets.DeleteGrant(ctx, r.Entry.ID); err != nil {
		return err
	}
	labels, err := r.Secrets.Labels(ctx, r.Entry.ID)
	switch {
	case errors.Is(err, token.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("look at what was deleted: %w", err)
	case labels.Current != seen.Current:
		return errors.Join(errWritten, r.Secrets.RestoreGrant(ctx, r.Entry.ID))
	}
	return nil
}

// end notes what became of the try, and gives the lease back.
func (r *removal) end(ctx context.Context, deleted bool) error {
	if r.Entry.Lease.Holder != r.holder {
		return nil // somebody brought the grant back
	}
	return r.note(ctx, func(e token.Entry) token.Entry {
		return r.Schedule.RemovalTried(e, deleted, time.Now()).Release(r.holder)
	})
}

// note changes the entry while the lease is ours.
func (r *removal) note(ctx context.Context, change func(token.Entry) token.Entry) error {
	err := r.become(ctx, func(e token.Entry) (token.Entry, error) {
		if e.Lease.Holder != r.holder {
			return e, token.ErrLeased
		}
		return change(e), nil
	})
	if err != nil {
		return fmt.Errorf("note the removal: %w", err)
	}
	return nil
}

// present reads the labels of the grant's secret, and whether it is there at all.
func (r *removal) present(ctx context.Context) (labels token.Labels, there bool, err error) {
	labels, err = r.Secrets.Labels(ctx, r.Entry.ID)
	if errors.Is(err, token.ErrNotFound) {
		return token.Labels{}, false, nil
	}
	return labels, err == nil && !labels.Deleted, err
}
