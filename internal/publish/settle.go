package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// settle reads what the labels of an entry's secret are on that the entry does
// not know, judges it by rule R and stores the outcome. A parked entry is
// revived by it. An unreadable current value stops everything, and stays.
// Errors beside those of the stores: token.ErrUnreadable, token.ErrLeased if
// something is newer while the grant is being renewed, token.ErrPutTaken.
func (p *Publisher) settle(ctx context.Context, e token.Entry, labels token.Labels) (stored token.Entry, adopted bool, err error) {
	found, err := p.read(ctx, e, labels)
	if err != nil {
		return e, false, err
	}
	use, seen := p.Use(e.ID.Client), e.Put
	stored, err = p.change(ctx, e, func(e token.Entry) (token.Entry, error) {
		switch {
		case e.Removed:
			return e, token.ErrRemoved
		case !same(e.Put, seen):
			return e, token.ErrPutTaken
		}
		now := time.Now()
		revived := e.Parked
		e.Parked = false
		var next token.Entry
		var err error
		if next, adopted, err = e.Settle(labels, found, now); err != nil {
			return e, err
		}
		if adopted || revived {
			next = p.Schedule.Plan(next, use, now)
		}
		next.PublishAt = p.Schedule.PublishNext(next, use, now)
		return next, nil
	})
	if err != nil {
		return stored, false, fmt.Errorf("settle: %w", err)
	}
	if adopted {
		p.Log.InfoContext(ctx, "adopted a grant from its secret", "token", e.ID.String(), "revision", stored.Revision)
	}
	return stored, adopted, nil
}

// read reads the versions under the labels that the entry does not know.
func (p *Publisher) read(ctx context.Context, e token.Entry, labels token.Labels) (map[string]token.Stored[token.Grant], error) {
	found := map[string]token.Stored[token.Grant]{}
	for _, version := range e.Strange(labels) {
		stored := p.Secrets.GrantVersion(ctx, e.ID, version)
		switch {
		case stored.Err == nil:
			found[version] = stored
		case errors.Is(stored.Err, token.ErrUnreadable) && version != labels.Current:
			p.Log.WarnContext(ctx, "a value that was replaced is unreadable and cannot be judged", "token", e.ID.String(), "error", stored.Err)
		default:
			return nil, fmt.Errorf("read version %s: %w", version, stored.Err)
		}
	}
	return found, nil
}
