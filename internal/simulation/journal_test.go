package simulation_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"token-refresher/internal/token"
)

// journal is a DynamoDB table in memory: consistent reads, conditional writes,
// two sparse indexes.
type journal struct {
	pace    *pace
	mu      sync.Mutex
	entries map[token.ID]token.Entry
	notes   map[string]note
	writes  int

	fault        func(operation string, id token.ID) error // nil: none
	sabotage     func(old, next token.Entry) token.Entry   // nil: none
	beforeCommit func(next token.Entry)                    // nil: nothing
	steps        *steps                                    // nil: nobody dies
}

type note struct {
	value   []byte
	version string
}

func newJournal(p *pace) *journal {
	return &journal{pace: p, entries: map[token.ID]token.Entry{}, notes: map[string]note{}}
}

// journalCall is about how long a call to the journal lasts.
const journalCall = 4 * time.Millisecond

func (j *journal) call(ctx context.Context, operation string, id token.ID) error {
	j.pace.take(ctx, journalCall, "journal "+operation, id.String())
	if err := j.steps.begin("journal " + operation); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault == nil {
		return nil
	}
	return j.fault(operation, id)
}

func (j *journal) Get(ctx context.Context, id token.ID) (token.Entry, error) {
	if err := j.call(ctx, "Get", id); err != nil {
		return token.Entry{}, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.entries[id]
	if !ok {
		return token.Entry{}, token.ErrNotFound
	}
	return e, nil
}

func (j *journal) Swap(ctx context.Context, old, next token.Entry) (token.Entry, error) {
	if j.beforeCommit != nil && next.Revision > old.Revision {
		j.beforeCommit(next)
	}
	if err := j.call(ctx, "Swap", next.ID); err != nil {
		return token.Entry{}, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	current, ok := j.entries[next.ID]
	switch {
	case !ok && old.WriteID != "":
		return token.Entry{}, token.ErrNotFound
	case current.WriteID != old.WriteID:
		return current, token.ErrConflict
	}
	if j.sabotage != nil {
		next = j.sabotage(old, next)
	}
	j.writes++
	next.WriteID = fmt.Sprint("w", j.writes)
	j.entries[next.ID] = next
	j.pace.record("swap %s revision %d due %d lease %q put %d", next.ID, next.Revision, next.DueAt.Unix(), next.Lease.Holder, next.Put.Number)
	if err := j.steps.end(); err != nil {
		return token.Entry{}, err
	}
	return next, nil
}

func (j *journal) Due(ctx context.Context, now time.Time, limit int) ([]token.ID, error) {
	return j.index(ctx, "Due", now, limit, func(id token.ID) time.Time { return j.entries[id].DueAt })
}

func (j *journal) Unpublished(ctx context.Context, now time.Time, limit int) ([]token.ID, error) {
	return j.index(ctx, "Unpublished", now, limit, func(id token.ID) time.Time { return j.entries[id].PublishAt })
}

// index copies no entry: sweeps ask for it all the time.
func (j *journal) index(ctx context.Context, name string, now time.Time, limit int, at func(token.ID) time.Time) ([]token.ID, error) {
	if err := j.call(ctx, name, token.ID{}); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []token.ID
	for id := range j.entries {
		if when := at(id); !when.IsZero() && !when.After(now) {
			found = append(found, id)
		}
	}
	slices.SortFunc(found, func(a, b token.ID) int {
		if byTime := at(a).Compare(at(b)); byTime != 0 {
			return byTime
		}
		return strings.Compare(a.String(), b.String())
	})
	return found[:min(limit, len(found))], nil
}

func (j *journal) Entries(ctx context.Context) iter.Seq2[token.Entry, error] {
	return func(yield func(token.Entry, error) bool) {
		if err := j.call(ctx, "Entries", token.ID{}); err != nil {
			yield(token.Entry{}, err)
			return
		}
		for _, e := range j.all() {
			e.Grant, e.Access = token.Grant{}, token.AccessToken{}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// all returns the entries in the order of their ids.
func (j *journal) all() []token.Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	entries := make([]token.Entry, 0, len(j.entries))
	for _, e := range j.entries {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b token.Entry) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	return entries
}

func (j *journal) Note(ctx context.Context, key string) ([]byte, string, error) {
	if err := j.call(ctx, "Note", token.ID{Client: key}); err != nil {
		return nil, "", err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	n, ok := j.notes[key]
	if !ok {
		return nil, "", token.ErrNotFound
	}
	return n.value, n.version, nil
}

func (j *journal) SwapNote(ctx context.Context, key string, value []byte, version string) (string, error) {
	if err := j.call(ctx, "SwapNote", token.ID{Client: key}); err != nil {
		return "", err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.notes[key].version != version {
		return "", token.ErrConflict
	}
	j.writes++
	j.notes[key] = note{value, fmt.Sprint("n", j.writes)}
	return j.notes[key].version, nil
}
