package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// The store of credentials.

func (w *grantWorld) Clients(context.Context, token.GrantType) ([]string, error) {
	return slices.Sorted(maps.Keys(w.clients)), nil
}

func (w *grantWorld) Untagged(context.Context) ([]string, error) { return nil, nil }

func (w *grantWorld) Credentials(_ context.Context, names []string) (map[string]token.Stored[token.Credentials], error) {
	found := map[string]token.Stored[token.Credentials]{}
	for _, name := range names {
		found[name] = token.Stored[token.Credentials]{Value: token.Credentials{Client: name}, Version: w.versions[name], Err: w.unusable[name]}
	}
	return found, nil
}

// The journal.

func (w *grantWorld) fault(operation string) error {
	if w.journalFault == nil {
		return nil
	}
	return w.journalFault(operation)
}

func (w *grantWorld) Get(_ context.Context, id token.ID) (token.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.fault("Get"); err != nil {
		return token.Entry{}, err
	}
	e, ok := w.entries[id]
	if !ok {
		return token.Entry{}, token.ErrNotFound
	}
	return e, nil
}

func (w *grantWorld) Swap(ctx context.Context, old, next token.Entry) (token.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		return token.Entry{}, ctx.Err()
	}
	if err := w.fault("Swap"); err != nil {
		return token.Entry{}, err
	}
	current, ok := w.entries[next.ID]
	switch {
	case !ok && old.WriteID != "":
		return token.Entry{}, token.ErrNotFound
	case current.WriteID != old.WriteID:
		return current, token.ErrConflict
	}
	w.writes++
	next.WriteID = fmt.Sprint("w", w.writes)
	w.entries[next.ID] = next
	if w.lostSwap {
		return token.Entry{}, errStore
	}
	return next, nil
}

func (w *grantWorld) Due(_ context.Context, now time.Time, limit int) ([]token.ID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.fault("Due"); err != nil {
		return nil, err
	}
	var due []token.Entry
	for _, e := range w.entries {
		if !e.DueAt.IsZero() && !e.DueAt.After(now) {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b token.Entry) int {
		if byTime := a.DueAt.Compare(b.DueAt); byTime != 0 {
			return byTime
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	var ids []token.ID
	for _, e := range due[:min(limit, len(due))] {
		ids = append(ids, e.ID)
	}
	return ids, nil
}

func (w *grantWorld) Note(_ context.Context, key string) ([]byte, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, ok := w.notes[key]
	if !ok {
		return nil, "", token.ErrNotFound
	}
	return n.value, n.version, nil
}

func (w *grantWorld) SwapNote(_ context.Context, key string, value []byte, version string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.notes[key].version != version {
		return "", token.ErrConflict
	}
	w.writes++
	w.notes[key] = note{value, fmt.Sprint("n", w.writes)}
	return w.notes[key].version, nil
}

// Secrets Manager and the publisher.

func (w *grantWorld) Labels(_ context.Context, id token.ID) (token.Labels, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	stored, ok := w.secrets[id]
	if !ok {
		return token.Labels{}, token.ErrNotFound
	}
	return token.Labels{Current: stored.Version, Deleted: errors.Is(stored.Err, token.ErrDeleted)}, w.labelsFault
}

func (w *grantWorld) GrantVersion(_ context.Context, id token.ID, _ string) token.Stored[token.Grant] {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.secrets[id]
}

func (w *grantWorld) KeepGrant(_ context.Context, grant token.Grant) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.keepFault != nil {
		return w.keepFault
	}
	w.keptGrants++
	w.secrets[grant.ID] = token.Stored[token.Grant]{Value: grant, Version: "kept"}
	return nil
}

func (w *grantWorld) Publish(_ context.Context, ids []token.ID) refresh.Published {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.publishedIDs = append(w.publishedIDs, ids...)
	for _, id := range ids {
		w.tell(id)
	}
	return w.published
}

// tell tells what is untold of an entry, as a publisher does.
func (w *grantWorld) tell(id token.ID) {
	e, ok := w.entries[id]
	if !ok || len(e.Untold) == 0 {
		return
	}
	for _, n := range e.Untold {
		w.told = append(w.told, refresh.Event{Type: refresh.EventType(n.Type), ID: id, Reason: n.Reason, Since: n.Since})
	}
	e = e.Told(e.Untold)
	w.writes++
	e.WriteID = fmt.Sprint("w", w.writes)
	w.entries[id] = e
}

// events are what others were told of since it was last asked: by the sweep of
// this report about clients, and by its publishing pass about grants.
func (w *grantWorld) events(report refresh.Report) []refresh.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	told := append(w.told, report.Events...)
	w.told = nil
	return told
}

func (w *grantWorld) Reconcile(context.Context) (refresh.Reconciled, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reconciles++
	return w.reconciled, nil
}
