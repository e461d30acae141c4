package journaltest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/journal"
	"token-refresher/internal/token"
)

// Memory is a journal in memory, with the rows of the real ones. It is safe for
// concurrent use, and works in a bubble of testing/synctest.
type Memory struct {
	codec *journal.Codec

	mu    sync.Mutex
	rows  map[string]journal.Row
	notes map[string]note
}

type note struct {
	value   []byte
	version string
}

// NewMemory makes an empty journal in memory. The zero Options do.
func NewMemory(t testing.TB, o Options) *Memory {
	t.Helper()
	if o.Seal == nil {
		o.Seal = Sealer(t)
	}
	codec, err := journal.NewCodec(o.Seal, o.NewID)
	if err != nil {
		t.Fatalf("NewCodec: %v", err)
	}
	return &Memory{codec: codec, rows: map[string]journal.Row{}, notes: map[string]note{}}
}

// Get implements Journal.
func (m *Memory) Get(ctx context.Context, id token.ID) (token.Entry, error) {
	row, ok := m.row(journal.Key(id))
	switch {
	case ctx.Err() != nil:
		return token.Entry{}, ctx.Err()
	case !ok:
		return token.Entry{}, fmt.Errorf("entry %s: %w", id, token.ErrNotFound)
	}
	return m.codec.Decode(ctx, row)
}

func (m *Memory) row(key string) (journal.Row, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.rows[key]
	return row, ok
}

// Swap implements Journal.
func (m *Memory) Swap(ctx context.Context, old, next token.Entry) (token.Entry, error) {
	w, err := m.codec.Encode(ctx, old, next)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return w.Unknown, err
	}
	current, swapped := m.swap(old.WriteID, w.Row)
	if !swapped {
		return m.codec.Refused(ctx, w, current)
	}
	return w.Stored, nil
}

func (m *Memory) swap(replaces string, row journal.Row) (current *journal.Row, swapped bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	standing, ok := m.rows[row.Key]
	if ok {
		current = &standing
	}
	if standing.WriteID != replaces {
		return current, false
	}
	m.rows[row.Key] = row
	return nil, true
}

// Due implements Journal.
func (m *Memory) Due(ctx context.Context, now time.Time, limit int) ([]token.ID, error) {
	return m.indexed(ctx, func(r journal.Row) int64 { return r.DueAt }, now, limit)
}

// Unpublished implements Journal.
func (m *Memory) Unpublished(ctx context.Context, now time.Time, limit int) ([]token.ID, error) {
	return m.indexed(ctx, func(r journal.Row) int64 { return r.PublishAt }, now, limit)
}

func (m *Memory) indexed(ctx context.Context, at func(journal.Row) int64, now time.Time, limit int) ([]token.ID, error) {
	if limit < 1 {
		return nil, fmt.Errorf("index: a limit of %d", limit)
	}
	rows := slices.DeleteFunc(m.Rows(), func(r journal.Row) bool { return at(r) == 0 || at(r) > now.UnixNano() })
	slices.SortStableFunc(rows, func(a, b journal.Row) int { return cmp.Compare(at(a), at(b)) })
	var ids []token.ID
	for _, row := range rows[:min(limit, len(rows))] {
		if id, err := journal.ParseKey(row.Key); err == nil { // Entries reports the others
			ids = append(ids, id)
		}
	}
	return ids, ctx.Err()
}

// Entries implements Journal.
func (m *Memory) Entries(ctx context.Context) iter.Seq2[token.Entry, error] {
	return func(yield func(token.Entry, error) bool) {
		for _, row := range m.Rows() {
			if ctx.Err() != nil {
				yield(token.Entry{}, ctx.Err())
				return
			}
			if !yield(m.codec.List(row)) {
				return
			}
		}
	}
}

// Note implements Journal.
func (m *Memory) Note(ctx context.Context, key string) (value []byte, version string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.notes[key]
	switch {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case !ok:
		return nil, "", fmt.Errorf("note %s: %w", key, token.ErrNotFound)
	}
	return bytes.Clone(n.value), n.version, nil
}

// SwapNote implements Journal.
func (m *Memory) SwapNote(ctx context.Context, key string, value []byte, version string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	current, ok := m.notes[key]
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case !ok && version != "":
		return "", fmt.Errorf("note %s: %w", key, token.ErrNotFound)
	case current.version != version:
		return "", fmt.Errorf("note %s: %w", key, token.ErrConflict)
	}
	m.notes[key] = note{value: bytes.Clone(value), version: m.codec.NewID()}
	return m.notes[key].version, nil
}

// Rows are all entries as they are stored, in the order of their keys.
func (m *Memory) Rows() []journal.Row {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.rows), func(a, b journal.Row) int { return cmp.Compare(a.Key, b.Key) })
}

// SetRow stores a row as if somebody else had.
func (m *Memory) SetRow(row journal.Row) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[row.Key] = row
}

// RemoveRow takes a row away as if it had never been.
func (m *Memory) RemoveRow(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, key)
}
