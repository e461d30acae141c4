package operate_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/token"
)

func (w *world) failing(call string) error {
	if w.fails == call {
		return errStore
	}
	return nil
}

func (w *world) Credentials(_ context.Context, names []string) (map[string]token.Stored[token.Credentials], error) {
	found := map[string]token.Stored[token.Credentials]{}
	for _, name := range names {
		stored, ok := w.credentials[name]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[name] = stored
	}
	return found, w.failing("Credentials")
}

func (w *world) AccessTokens(_ context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[token.ID]token.Stored[token.AccessToken]{}
	for _, id := range ids {
		stored, ok := w.access[id]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[id] = stored
	}
	return found, w.failing("AccessTokens")
}

func (w *world) PutAccessToken(_ context.Context, _ token.GrantType, t token.AccessToken, replaces string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.putErr != nil {
		return w.putErr
	}
	if w.access[t.ID].Version != replaces {
		return token.ErrConflict
	}
	w.puts = append(w.puts, t.ID)
	w.access[t.ID] = token.Stored[token.AccessToken]{Value: t, Version: replaces + "+", WrittenAt: time.Now()}
	return nil
}

func (w *world) Get(_ context.Context, id token.ID) (token.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.entries[id]
	if !ok {
		return token.Entry{ID: id}, token.ErrNotFound
	}
	return e, w.failing("Get")
}

func (w *world) Entries(context.Context) iter.Seq2[token.Entry, error] {
	return func(yield func(token.Entry, error) bool) {
		for _, e := range w.torn {
			if !yield(e, fmt.Errorf("row: %w", token.ErrUnreadable)) {
				return
			}
		}
		for id, e := range w.entries {
			sealed := e
			sealed.ID, sealed.Grant, sealed.Access = id, token.Grant{}, token.AccessToken{}
			if !yield(sealed, w.failing("Entries")) {
				return
			}
		}
	}
}

func (w *world) Survey(context.Context) (map[string]token.GrantType, []token.Listed, error) {
	w.surveys++
	clients := maps.Clone(w.grantTypes)
	for name := range w.credentials {
		clients[name] = w.grantTypes[name] // of some there is no tag
	}
	var listed []token.Listed
	for id, stored := range w.secrets {
		deleted := errors.Is(stored.Err, token.ErrDeleted)
		listed = append(listed, token.Listed{ID: id, Name: "x/" + id.String() + "/grant", Version: stored.Version, Deleted: deleted})
	}
	return clients, listed, w.failing("Survey")
}

func (w *world) Grants(_ context.Context, ids []token.ID) (map[token.ID]token.Stored[token.Grant], error) {
	found := map[token.ID]token.Stored[token.Grant]{}
	for _, id := range ids {
		w.read = append(w.read, id.String())
		stored, ok := w.secrets[id]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[id] = stored
	}
	return found, w.failing("Grants")
}

func (w *world) Note(_ context.Context, key string) (value []byte, version string, err error) {
	if err := w.failing("Note"); err != nil {
		return nil, "", err
	}
	value, ok := w.notes[key]
	if !ok {
		return nil, "", token.ErrNotFound
	}
	return value, "1", nil
}

func (w *world) SwapNote(_ context.Context, key string, _ []byte, version string) (string, error) {
	if err := w.failing("SwapNote"); err != nil {
		return "", err
	}
	if _, ok := w.notes[key]; !ok && version != "" {
		return "", token.ErrNotFound
	}
	w.swaps++ // nobody has to store a note here
	return "2", nil
}

func (w *world) Due(context.Context, time.Time, int) ([]token.ID, error) {
	return nil, w.failing("Due")
}

func (w *world) Unpublished(context.Context, time.Time, int) ([]token.ID, error) {
	return nil, w.failing("Unpublished")
}

func (w *world) Remove(context.Context, token.ID) (token.Removal, error) {
	return w.removal, w.removeErr
}

func (w *world) Swap(_ context.Context, old, next token.Entry) (token.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	current, ok := w.entries[old.ID]
	switch {
	case !ok:
		return token.Entry{}, token.ErrNotFound
	case current.WriteID != old.WriteID:
		return current, token.ErrConflict
	}
	w.swaps++
	next.WriteID = fmt.Sprint("w", w.swaps)
	w.entries[old.ID] = next
	return next, nil
}

func (w *world) Labels(context.Context, token.ID) (token.Labels, error) {
	return token.Labels{}, cmp.Or(w.failing("Labels"), token.ErrNotFound)
}

func (w *world) GrantVersion(context.Context, token.ID, string) token.Stored[token.Grant] {
	return token.Stored[token.Grant]{Err: token.ErrNotFound}
}

func (w *world) KeepGrant(context.Context, token.Grant) error { return nil }

func (w *world) Publish(_ context.Context, id token.ID, urgency publish.Urgency) (publish.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.published = append(w.published, urgency)
	e := w.entries[id]
	if w.putErr == nil && urgency == publish.AtOnce {
		e.AccessPut = token.AccessPut{Revision: e.Revision, At: time.Now()}
		w.entries[id] = e
	}
	return publish.Outcome{Entry: e}, w.putErr
}
