package refresh

import (
	"context"
	"errors"
	"time"

	"token-refresher/internal/token"
)

// compare judges by rule R what the grant's secret holds that the entry does not
// know, also under AWSPREVIOUS: a put that was late may have covered an answer
// that only the secret took. A newer grant is committed under the lease before
// it is ever sent. The row is settled by that.
func (r *renewal) compare(ctx context.Context) (newer bool, err error) {
	found, err := r.strange(ctx)
	if err != nil {
		return false, err
	}
	if _, newer = newest(r.entry, found, time.Now()); !newer {
		r.entry.Unsettled = false
		return false, nil
	}
	adopted, err := r.swap(ctx, func(e token.Entry) (token.Entry, error) {
		now := time.Now()
		next, _ := newest(e, found, now)
		return r.Schedule.Plan(next, r.endpoint.Use(), now), r.held(e)
	})
	if err != nil {
		return false, err
	}
	r.entry, r.done.Adopted, r.lost = adopted, true, false
	return true, nil
}

// strange reads the grants in the secret that the entry does not know, in the
// order in which they were written.
func (r *renewal) strange(ctx context.Context) (found []token.Stored[token.Grant], err error) {
	labels, err := r.Secrets.Labels(ctx, r.entry.ID)
	switch {
	case errors.Is(err, token.ErrNotFound), err == nil && labels.Deleted:
		return nil, nil
	case err != nil:
		return nil, err
	}
	for _, version := range r.entry.Strange(labels) {
		stored := r.Secrets.GrantVersion(ctx, r.entry.ID, version)
		switch {
		case stored.Err == nil:
			found = append(found, stored)
		case errors.Is(stored.Err, token.ErrDeleted), errors.Is(stored.Err, token.ErrUnreadable): // nothing that could be sent
		default:
			return nil, stored.Err
		}
	}
	return found, nil
}

// newest adopts what is newer of the grants found.
func newest(e token.Entry, found []token.Stored[token.Grant], now time.Time) (next token.Entry, newer bool) {
	for _, stored := range found {
		if revision, standing := e.Judge(stored); standing == token.Newer {
			e, newer = e.Adopt(revision, stored.Value, now), true
		}
	}
	return e, newer
}
