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

// client is one client in one sweep.
type client struct {
	name        string
	credentials token.Stored[token.Credentials]
	endpoint    Endpoint
	health      *Health
	running     int    // requests in flight
	failures    int    // in a row, in this sweep
	probe       *probe // while it is stopped
}

// item is one token that is due.
type item struct {
	id        token.ID
	client    *client
	endpoint  Endpoint // the client's when the item was started
	version   string   // of the credentials that endpoint was made from
	published token.AccessToken
	replaces  string // version of the published value; empty if there is none
	turn      time.Time
}

// loadClients reads the credentials of every client and dials them. What
// cannot be used is reported, once, by the client's name.
func (s *Sweep) loadClients(ctx context.Context, report *Report) (map[string]*client, error) {
	names, err := s.Store.Clients(ctx, token.GrantTypeClientCredentials)
	if err != nil {
		return nil, fmt.Errorf("listing credentials: %w", err)
	}
	s.audit(ctx, names, report)
	stored, err := s.Store.Credentials(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	clients := map[string]*client{}
	for _, name := range names {
		c, err := s.dial(name, stored[name])
		switch {
		case errors.Is(err, token.ErrNotFound), errors.Is(err, token.ErrDeleted):
			s.Log.InfoContext(ctx, "credentials are gone", "client", name) // lists lag
		case err != nil:
			report.fail(token.ID{Client: name}, classCredentials, err)
			s.Log.ErrorContext(ctx, "credentials cannot be used", "client", name, "error", err)
		default:
			clients[name] = c
		}
	}
	return clients, nil
}

// audit looks through all secrets now and then for credentials that nobody can
// use for want of a tag, and reports those found last in every sweep, until they
// are among the tagged ones. What it cannot list it leaves to the next sweep:
// tokens matter more.
func (s *Sweep) audit(ctx context.Context, tagged []string, report *Report) {
	if now := time.Now(); s.audited.IsZero() || now.Sub(s.audited) >= s.ReconcileInterval {
		untagged, err := s.Store.Untagged(ctx)
		if err != nil {
			s.Log.WarnContext(ctx, "secrets could not be listed", "error", err)
		} else {
			s.untagged, s.audited = untagged, now
		}
	}
	s.untagged = slices.DeleteFunc(s.untagged, func(name string) bool { return slices.Contains(tagged, name) })
	for _, name := range s.untagged {
		report.fail(token.ID{Client: name}, classCredentials, errors.New(
			"the credentials carry no tag token-refresher:grant-type (client_credentials or authorization_code): nothing uses them until they do"))
	}
}

// dial makes a client of what was read. New credentials clear what was held
// against the old ones.
func (s *Sweep) dial(name string, stored token.Stored[token.Credentials]) (*client, error) {
	if stored.Err != nil {
		return nil, stored.Err
	}
	endpoint, err := s.Dial(stored.Value)
	if err != nil {
		return nil, err
	}
	health := s.health[name]
	if health == nil {
		health = &Health{}
		s.health[name] = health
	}
	if health.Version != stored.Version {
		health.Observe(stored.Version)
		s.forgive(stored.Value.IDs())
	}
	return &client{name: name, credentials: stored, endpoint: endpoint, health: health}, nil
}

// plan reads what is published and returns what is due, in turn: by due time,
// or by the end of the back-off where that is later.
func (s *Sweep) plan(ctx context.Context, clients map[string]*client, report *Report) ([]*item, error) {
	var wanted []token.ID
	for _, name := range slices.Sorted(maps.Keys(clients)) {
		wanted = append(wanted, s.publishable(clients[name], report)...)
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
		if it := s.judge(clients[id.Client], id, published[id], report); it != nil {
			due = append(due, it)
		}
	}
	report.Due = len(due)
	slices.SortStableFunc(due, func(a, b *item) int { return a.turn.Compare(b.turn) })
	return due, nil
}

// publishable lists the client's tokens that belong into secrets, as far as is
// known before they are asked for.
func (s *Sweep) publishable(c *client, report *Report) []token.ID {
	if c.credentials.Value.Publish == token.PublishFunction {
		return nil
	}
	return slices.DeleteFunc(c.credentials.Value.IDs(), func(id token.ID) bool {
		short, known := s.short[id]
		if !known || short.version != c.credentials.Version || !time.Now().Before(short.until) {
			return false
		}
		s.reportShort(c, id, short.lifetime, report)
		return true
	})
}

// reportShort says of a short-lived token that it is not published: as asked
// for, or against what the credentials demand.
func (s *Sweep) reportShort(c *client, id token.ID, lifetime time.Duration, report *Report) {
	if c.credentials.Value.Publish != token.PublishSecret {
		report.NotDue++
		return
	}
	report.fail(id, classCredentials, fmt.Errorf(
		"publish: secret is refused: the token lives %s and a published one must live %s or longer; leave publish out and invoke the access-token function",
		lifetime, s.Schedule.ShortestPublishable()))
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
func (s *Sweep) judge(c *client, id token.ID, stored token.Stored[token.AccessToken], report *Report) *item {
	it := &item{id: id, client: c, turn: c.credentials.WrittenAt}
	switch {
	case stored.Err == nil:
	case errors.Is(stored.Err, token.ErrNotFound):
		return s.delay(it)
	default:
		report.fail(id, classStore, stored.Err)
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

// forgive forgets the failures of tokens whose cause is gone.
func (s *Sweep) forgive(ids []token.ID) {
	for _, id := range ids {
		delete(s.backoffs, id)
	}
}
