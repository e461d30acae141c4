package refresh

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"token-refresher/internal/token"
)

// item is one token that is due.
type item struct {
	id        token.ID
	client    *client
	endpoint  Endpoint // the client's when the item was started
	version   string   // of the credentials that endpoint was made from
	published token.AccessToken
	replaces  string // version of the published value; empty if there is none
	turn      time.Time
	probing   bool // started to see whether its client or provider is well again
}

// plan reads what is published and returns what is due, in turn: by due time,
// or by the end of the back-off where that is later.
func (s *Sweep) plan(ctx context.Context, clients map[string]*client, report *Report) ([]*item, error) {
	var wanted []token.ID
	for _, name := range slices.Sorted(maps.Keys(clients)) {
		wanted = append(wanted, s.publishable(ctx, clients[name], report)...)
	}
	published, err := s.Store.AccessTokens(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("reading access tokens: %w", err)
	}
	if err := s.restore(ctx, published); err != nil {
		return nil, err
	}
	var due []*item
	for _, id := range wanted {
		if it := s.judge(ctx, clients[id.Client], id, published[id], report); it != nil {
			due = append(due, it)
		}
	}
	report.Due = len(due)
	slices.SortStableFunc(due, func(a, b *item) int { return a.turn.Compare(b.turn) })
	return due, nil
}

// publishable lists the client's tokens that belong into secrets, as far as is
// known before they are asked for.
func (s *Sweep) publishable(ctx context.Context, c *client, report *Report) []token.ID {
	if c.credentials.Value.Publish == token.PublishFunction {
		return nil
	}
	return slices.DeleteFunc(c.credentials.Value.IDs(), func(id token.ID) bool {
		short, known := s.short[id]
		if !known || short.version != c.credentials.Version || !time.Now().Before(short.until) {
			return false
		}
		s.reportShort(ctx, c, id, short.lifetime, report)
		return true
	})
}

// reportShort says of a short-lived token that it is not published: as asked
// for, or against what the credentials demand.
func (s *Sweep) reportShort(ctx context.Context, c *client, id token.ID, lifetime time.Duration, report *Report) {
	refusal := s.Schedule.Refuse(c.credentials.Value.Use(), lifetime)
	if refusal == nil {
		report.NotDue++
		return
	}
	s.notTried(ctx, id, classCredentials, refusal, report)
}

// notTried reports a token, in the log as well: where a schedule starts the
// sweep, nobody reads its answer.
func (s *Sweep) notTried(ctx context.Context, id token.ID, class string, err error, report *Report) {
	report.fail(id, class, err)
	s.Log.WarnContext(ctx, "token not tried", "token", id.String(), "class", class, "error", err)
}

// restore takes secrets back that are wanted and scheduled for deletion, and
// reads them again.
func (s *Sweep) restore(ctx context.Context, published map[token.ID]token.Stored[token.AccessToken]) error {
	var restored []token.ID
	for id, stored := range published {
		if !errors.Is(stored.Err, token.ErrDeleted) {
			continue
		}
		if err := s.Store.RestoreAccessToken(ctx, id); err != nil {
			published[id] = token.Stored[token.AccessToken]{Err: fmt.Errorf("restoring the secret: %w", err)}
			continue
		}
		s.Log.WarnContext(ctx, "a wanted secret was scheduled for deletion and is restored", "token", id.String())
		restored = append(restored, id)
	}
	again, err := s.Store.AccessTokens(ctx, restored)
	if err != nil {
		return fmt.Errorf("reading restored access tokens: %w", err)
	}
	maps.Copy(published, again)
	return nil
}

// judge returns the token as an item if it is due, and reports it if not.
func (s *Sweep) judge(ctx context.Context, c *client, id token.ID, stored token.Stored[token.AccessToken], report *Report) *item {
	it := &item{id: id, client: c, turn: c.credentials.WrittenAt}
	switch {
	case stored.Err == nil:
	case errors.Is(stored.Err, token.ErrNotFound):
		return s.delay(it)
	default:
		s.notTried(ctx, id, classStore, stored.Err, report)
		return nil
	}
	now := time.Now()
	if s.Schedule.Judge(now, stored.Value, stored.WrittenAt, c.credentials.WrittenAt) != token.Due {
		report.NotDue++
		if !c.health.Stopped {
			report.promise(stored.Value, now)
		}
		return nil
	}
	it.published, it.replaces = stored.Value, stored.Version
	if due, stale := s.Schedule.DueAt(stored.Value), stored.Value.IssuedAt.Before(it.turn); !stale || due.Before(it.turn) {
		it.turn = due
	}
	return s.delay(it)
}

// delay moves an item's turn behind its back-off.
func (s *Sweep) delay(it *item) *item {
	if b := s.backoffs[it.id]; b != nil && b.until.After(it.turn) {
		it.turn = b.until
	}
	return it
}
