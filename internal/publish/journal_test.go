package publish_test

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"token-refresher/internal/token"
)

// journal is a journal in memory: one row per grant, replaced only by who read
// what is stored.
type journal struct {
	mu     sync.Mutex
	writes int
	rows   map[token.ID]token.Entry
	notes  map[string]note
}

type note struct {
	value   []byte
	version string
}

func newJournal() *journal {
	return &journal{rows: map[token.ID]token.Entry{}, notes: map[string]note{}}
}

func (j *journal) Get(_ context.Context, id token.ID) (token.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.rows[id]
	if !ok {
		return token.Entry{}, token.ErrNotFound
	}
	return e, nil
}

func (j *journal) Swap(_ context.Context, old, next token.Entry) (token.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	current, stored := j.rows[next.ID]
	switch {
	case !stored && old.WriteID != "":
		return token.Entry{}, token.ErrNotFound
	case current.WriteID != old.WriteID:
		return current, token.ErrConflict
	}
	next.WriteID = j.version()
	j.rows[next.ID] = next
	return next, nil
}

func (j *journal) version() string {
	j.writes++
	return strconv.Itoa(j.writes)
}

func (j *journal) Unpublished(_ context.Context, now time.Time, limit int) ([]token.ID, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	due := slices.DeleteFunc(slices.Collect(maps.Values(j.rows)), func(e token.Entry) bool {
		return e.PublishAt.IsZero() || e.PublishAt.After(now)
	})
	slices.SortFunc(due, func(a, b token.Entry) int {
		return cmp.Or(a.PublishAt.Compare(b.PublishAt), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	var ids []token.ID
	for _, e := range due[:min(limit, len(due))] {
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// Entries opens nothing, as a journal whose answers are sealed.
func (j *journal) Entries(context.Context) iter.Seq2[token.Entry, error] {
	j.mu.Lock()
	rows := slices.Collect(maps.Values(j.rows))
	j.mu.Unlock()
	return func(yield func(token.Entry, error) bool) {
		for _, e := range rows {
			e.Grant, e.Access = token.Grant{}, token.AccessToken{}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (j *journal) Note(_ context.Context, key string) (value []byte, version string, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	n, ok := j.notes[key]
	if !ok {
		return nil, "", token.ErrNotFound
	}
	return n.value, n.version, nil
}

func (j *journal) SwapNote(_ context.Context, key string, value []byte, version string) (string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.notes[key].version != version {
		return "", token.ErrConflict
	}
	j.notes[key] = note{value, j.version()}
	return j.notes[key].version, nil
}
