package operate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// granted looks at grants: those that the journal knows, and those that only
// their secrets do. The journal's answers are opened only for the times in them.
// A secret is read only if the journal does not name its version.
func (i *Inventory) granted(
	ctx context.Context, names []string, _ map[string]token.Stored[token.Credentials], filter token.ID,
) (map[string][]Token, error) {
	if len(names) == 0 {
		return nil, nil
	}
	listed, err := i.listed(ctx, names, filter)
	if err != nil {
		return nil, err
	}
	ids, err := i.entries(ctx, names, filter)
	if err != nil {
		return nil, err
	}
	for id := range listed {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b token.ID) int { return cmp.Compare(a.String(), b.String()) })
	ids = slices.Compact(ids)
	seen := i.load(ctx, ids)
	if err := i.readStrange(ctx, listed, seen); err != nil {
		return nil, err
	}
	tokens, now := map[string][]Token{}, time.Now()
	for _, id := range ids {
		if shown, ok := i.showGrant(id, *seen[id], now); ok {
			tokens[id.Client] = append(tokens[id.Client], shown)
		}
	}
	return tokens, nil
}

// listed are the current versions of the grants' secrets; the one that is asked
// for by name is read, whatever its version.
func (i *Inventory) listed(ctx context.Context, names []string, filter token.ID) (map[token.ID]string, error) {
	if filter.Merchant != "" {
		return map[token.ID]string{filter: ""}, nil
	}
	all, err := i.Store.ListGrants(ctx)
	if err != nil {
		return nil, fmt.Errorf("list grants: %w", err)
	}
	listed := map[token.ID]string{}
	for _, grant := range all {
		if !grant.Deleted && slices.Contains(names, grant.ID.Client) {
			listed[grant.ID] = grant.Version
		}
	}
	return listed, nil
}

// entries names the journal's entries of these clients, or the one that is asked
// for.
func (i *Inventory) entries(ctx context.Context, names []string, filter token.ID) ([]token.ID, error) {
	if filter.Merchant != "" {
		return []token.ID{filter}, nil
	}
	var ids []token.ID
	for entry, err := range i.Journal.Entries(ctx) {
		if err != nil && !errors.Is(err, token.ErrUnreadable) {
			return nil, fmt.Errorf("read the journal: %w", err)
		}
		if slices.Contains(names, entry.ID.Client) {
			ids = append(ids, entry.ID)
		}
	}
	return ids, nil
}

// load reads entries. One that cannot be read stops no other.
func (i *Inventory) load(ctx context.Context, ids []token.ID) map[token.ID]*sighting {
	var mu sync.Mutex
	seen := make(map[token.ID]*sighting, len(ids))
	var all errgroup.Group
	all.SetLimit(i.Concurrency)
	for _, id := range ids {
		all.Go(func() error {
			entry, err := i.Journal.Get(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			seen[id] = &sighting{entry: entry, entryErr: err}
			return nil
		})
	}
	_ = all.Wait() // nothing in it returns an error
	return seen
}

// readStrange reads the secrets that hold what the journal does not name.
func (i *Inventory) readStrange(ctx context.Context, listed map[token.ID]string, seen map[token.ID]*sighting) error {
	var strange []token.ID
	for id, version := range listed {
		s := seen[id]
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
