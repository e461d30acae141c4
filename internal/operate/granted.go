package operate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"token-refresher/internal/token"
)

// sighting is what the two stores know about one grant.
type sighting struct {
	entry     token.Entry
	entryErr  error // why the journal has no entry to show
	secret    bool  // Secrets Manager has a secret of it
	secretErr error // why that secret holds no grant
}

// findGrants tells the clients of grants which they have: those that the journal
// knows, and those that only their secrets do. It returns the current versions of
// the secrets.
func (i *Inventory) findGrants(
	ctx context.Context, clients map[string]*subject, listed []token.Listed, filter token.ID,
) (map[token.ID]string, error) {
	if len(clients) == 0 {
		return nil, nil
	}
	versions := versionsOf(clients, listed, filter)
	ids, err := i.entries(ctx, clients, filter)
	if err != nil {
		return nil, err
	}
	ids = slices.AppendSeq(ids, maps.Keys(versions))
	slices.SortFunc(ids, byID)
	for _, id := range slices.Compact(ids) {
		clients[id.Client].ids = append(clients[id.Client].ids, id)
	}
	return versions, nil
}

// showGrants looks at grants. The journal's answers are opened only for the times
// in them. A secret is read only if the journal does not name its version.
func (i *Inventory) showGrants(ctx context.Context, places []place, listed map[token.ID]string, tokens map[token.ID]Token) error {
	if len(places) == 0 {
		return nil
	}
	seen := i.load(ctx, places)
	if err := i.readStrange(ctx, listed, seen); err != nil {
		return err
	}
	now := time.Now()
	for _, p := range places {
		i.showRefused(p.subject, seen[p.id].entry)
		if shown, ok := i.showGrant(p.id, *seen[p.id], now); ok {
			tokens[p.id] = shown
		}
	}
	return nil
}

// showRefused says of a client that its tokens cannot be where its credentials
// want them.
func (i *Inventory) showRefused(s *subject, e token.Entry) {
	refusal := i.Schedule.Refuse(s.credentials.Value.Use(), e.Access.Lifetime())
	if refusal != nil && s.Problem == "" && !e.Removed {
		s.Problem = refusal.Error()
	}
}

// versionsOf are the current versions of the grants' secrets; the one that is
// asked for by name is read, whatever its version.
func versionsOf(clients map[string]*subject, listed []token.Listed, filter token.ID) map[token.ID]string {
	if filter.Merchant != "" {
		return map[token.ID]string{filter: ""}
	}
	versions := map[token.ID]string{}
	for _, grant := range listed {
		if !grant.Deleted && clients[grant.ID.Client] != nil {
			versions[grant.ID] = grant.Version
		}
	}
	return versions
}

// entries names the journal's entries of these clients, or the one that is asked
// for.
func (i *Inventory) entries(ctx context.Context, clients map[string]*subject, filter token.ID) ([]token.ID, error) {
	if filter.Merchant != "" {
		return []token.ID{filter}, nil
	}
	var ids []token.ID
	for entry, err := range i.Journal.Entries(ctx) {
		if err != nil && !errors.Is(err, token.ErrUnreadable) {
			return nil, fmt.Errorf("read the journal: %w", err)
		}
		if clients[entry.ID.Client] != nil {
			ids = append(ids, entry.ID)
		}
	}
	return ids, nil
}

// load reads entries. One that cannot be read stops no other.
func (i *Inventory) load(ctx context.Context, places []place) map[token.ID]*sighting {
	var mu sync.Mutex
	seen := make(map[token.ID]*sighting, len(places))
	var all errgroup.Group
	all.SetLimit(i.Concurrency)
	for _, p := range places {
		all.Go(func() error {
			entry, err := i.Journal.Get(ctx, p.id)
			mu.Lock()
			defer mu.Unlock()
			seen[p.id] = &sighting{entry: entry, entryErr: err}
			return nil
		})
	}
	_ = all.Wait() // nothing in it returns an error
	return seen
}

// readStrange reads the secrets that hold what the journal does not name.
func (i *Inventory) readStrange(ctx context.Context, listed map[token.ID]string, seen map[token.ID]*sighting) error {
	var strange []token.ID
	for id, s := range seen {
		version, found := listed[id]
		if !found {
			continue
		}
		s.secret = true
		if s.entryErr != nil || version == "" || !s.entry.Names(token.Labels{Current: version}) {
			strange = append(strange, id)
		}
	}
	stored, err := i.Store.Grants(ctx, strange)
	if err != nil {
		return fmt.Errorf("read grants: %w", err)
	}
	for _, id := range strange {
		seen[id].secret, seen[id].secretErr = !token.Absent(stored[id].Err), stored[id].Err
	}
	return nil
}

// showGrant says how a grant is doing; ok is false if there is none.
func (i *Inventory) showGrant(id token.ID, s sighting, now time.Time) (shown Token, ok bool) {
	switch {
	case s.entryErr == nil:
		shown = i.showEntry(s.entry, now)
	case !errors.Is(s.entryErr, token.ErrNotFound):
		shown = Token{ID: id.String(), State: StateUnreadable, Problem: s.entryErr.Error()}
	case !s.secret: // gone meanwhile, or never there
		return Token{}, false
	case s.secretErr != nil:
		return Token{ID: id.String(), State: StateUnreadable, Problem: s.secretErr.Error()}, true
	default: // the next reconcile adopts it
		return Token{ID: id.String(), State: StateMissing}, true
	}
	if s.secret && s.secretErr != nil {
		shown.Problem = cmp.Or(shown.Problem, s.secretErr.Error())
	}
	return shown, true
}
