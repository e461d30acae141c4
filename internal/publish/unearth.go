package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// unearth judges what turned up in the secret of a removed grant, and stores
// what follows: a newer one brings the grant back to life, an answer that came
// late begins the removal again. It changes nothing while somebody other than
// holder has the lease. Errors beside those of the stores: token.ErrLeased,
// token.ErrUnrevoked, token.ErrPutTaken if the grant is not removed any more.
func (p *Publisher) unearth(ctx context.Context, e token.Entry, labels token.Labels, holder string) (stored token.Entry, revived bool, err error) {
	found, err := p.unseen(ctx, e, labels)
	if err != nil {
		return e, false, err
	}
	use := p.Use(e.ID.Client)
	stored, err = p.change(ctx, e, func(e token.Entry) (next token.Entry, err error) {
		now, free := time.Now(), e.Release(holder)
		switch {
		case !e.Removed:
			return e, token.ErrPutTaken
		case free.LeasedAt(now):
			return e, token.ErrLeased
		}
		if next, revived, err = free.Unearth(labels, found, now); err != nil {
			return e, err
		}
		if revived {
			next = p.Schedule.Plan(next, use, now)
		} else {
			next.Lease = e.Lease
		}
		next.PublishAt = p.Schedule.PublishNext(next, use, now)
		return next, nil
	})
	if err != nil {
		return stored, false, fmt.Errorf("judge what the secret of a removed grant holds: %w", err)
	}
	if revived {
		p.Log.WarnContext(ctx, "a removed grant lives again: its secret holds a newer one", "token", e.ID.String(), "revision", stored.Revision)
	}
	return stored, revived, nil
}

// unseen reads the versions under the labels that the entry does not know, as
// far as they are grants: what is none keeps nothing from being removed.
func (p *Publisher) unseen(ctx context.Context, e token.Entry, labels token.Labels) (map[string]token.Stored[token.Grant], error) {
	if labels.Deleted {
		return nil, nil
	}
	found := map[string]token.Stored[token.Grant]{}
	for _, version := range e.Strange(labels) {
		switch stored := p.Secrets.GrantVersion(ctx, e.ID, version); {
		case stored.Err == nil:
			found[version] = stored
		case !errors.Is(stored.Err, token.ErrUnreadable):
			return nil, fmt.Errorf("read version %s: %w", version, stored.Err)
		}
	}
	return found, nil
}
