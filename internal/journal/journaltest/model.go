package journaltest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"token-refresher/internal/token"
)

// modelSteps is short because a step may be a call over the wire; sequences go
// on where the one before ended.
const modelSteps = 6

// model is what a journal should hold: the entries as they were last stored,
// and the newest write ids.
type model struct {
	journal Journal
	entries map[token.ID]token.Entry
	stale   map[token.ID]token.Entry // one that was read earlier
}

// testModel compares a journal with a map, over sequences that rapid draws.
func testModel(t *testing.T, open opener) {
	m := &model{
		journal: open(t, Options{Seal: Sealer(t)}).Journal,
		entries: map[token.ID]token.Entry{}, stale: map[token.ID]token.Entry{},
	}
	// Without t.Deadline, which a bubble of testing/synctest does not have.
	rapid.Check(struct{ rapid.TB }{t}, func(r *rapid.T) {
		for range modelSteps {
			m.step(t, r)
		}
		m.compare(t, r)
	})
}

func (m *model) step(t *testing.T, r *rapid.T) {
	id := rapid.SampledFrom([]token.ID{dk, fi, se}).Draw(r, "id")
	current, held := m.entries[id]
	old := current
	if rapid.IntRange(0, 3).Draw(r, "stale") == 0 {
		old = m.stale[id]
	}
	next := m.change(r, id, old)
	stored, err := m.journal.Swap(t.Context(), old, next)
	switch {
	case old.WriteID == current.WriteID:
		if err != nil {
			r.Fatalf("Swap over the current entry: error = %v, want nil", err)
		}
		m.stale[id], m.entries[id] = current, stored
	case !held:
		r.Fatalf("the model holds a stale entry of %s and no current one", id)
	default:
		if !errors.Is(err, token.ErrConflict) || stored.WriteID != current.WriteID {
			r.Fatalf("Swap over a stale entry: %q, error = %v, want %q and %v", stored.WriteID, err, current.WriteID, token.ErrConflict)
		}
	}
}

// change draws the next state of an entry: a new answer or another field, and
// other places in the indexes.
func (m *model) change(r *rapid.T, id token.ID, old token.Entry) token.Entry {
	next := old
	if next.ID = id; rapid.Bool().Draw(r, "answer") {
		answered := Answered(id, old.Revision+1)
		next.Grant, next.Access, next.Revision = answered.Grant, answered.Access, answered.Revision
	}
	place := func(name string) time.Time {
		if n := rapid.IntRange(0, 5).Draw(r, name); n > 0 {
			return at(n)
		}
		return time.Time{}
	}
	next.DueAt, next.PublishAt = place("due"), place("publish")
	next.Result.Failures++
	return next
}

func (m *model) compare(t *testing.T, r *rapid.T) {
	for id, want := range m.entries {
		got, err := m.journal.Get(t.Context(), id)
		if err != nil || got.WriteID != want.WriteID {
			r.Fatalf("Get(%s) = %q, %v, want %q", id, got.WriteID, err, want.WriteID)
		}
		differ(t, "Get", got, want)
	}
	now, limit := at(rapid.IntRange(0, 6).Draw(r, "now")), rapid.IntRange(1, 4).Draw(r, "limit")
	m.compareIndex(t, r, due(m.journal), func(e token.Entry) time.Time { return e.DueAt }, now, limit)
	m.compareIndex(t, r, unpublished(m.journal), func(e token.Entry) time.Time { return e.PublishAt }, now, limit)
	if got := listed(t, m.journal); len(got) != len(m.entries) {
		r.Fatalf("%d entries are listed, want %d", len(got), len(m.entries))
	}
}

// compareIndex compares times, not ids: entries of one time have no order.
func (m *model) compareIndex(t *testing.T, r *rapid.T, x sparse, at func(token.Entry) time.Time, now time.Time, limit int) {
	var want []time.Time
	for _, e := range m.entries {
		if !at(e).IsZero() && !at(e).After(now) {
			want = append(want, at(e))
		}
	}
	slices.SortFunc(want, time.Time.Compare)
	ids, err := x.find(t.Context(), now, limit)
	if err != nil {
		r.Fatalf("index error = %v, want nil", err)
	}
	var got []time.Time
	for _, id := range ids {
		got = append(got, at(m.entries[id]))
	}
	if slices.CompareFunc(got, want[:min(limit, len(want))], time.Time.Compare) != 0 {
		r.Fatalf("index at %v, limit %d: got %v, want %v", now, limit, got, want)
	}
}
