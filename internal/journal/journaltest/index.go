package journaltest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"token-refresher/internal/token"
)

// sparse is one of the two indexes, and how an entry gets into it.
type sparse struct {
	find func(context.Context, time.Time, int) ([]token.ID, error)
	set  func(*token.Entry, time.Time)
}

func due(j Journal) sparse {
	return sparse{find: j.Due, set: func(e *token.Entry, at time.Time) { e.DueAt = at }}
}

func unpublished(j Journal) sparse {
	return sparse{find: j.Unpublished, set: func(e *token.Entry, at time.Time) { e.PublishAt = at }}
}

func testDue(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	testOrder(t, j, due(j), unpublished(j))
}

func testUnpublished(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	testOrder(t, j, unpublished(j), due(j))
}

func testOrder(t *testing.T, j Journal, x, other sparse) {
	t.Helper()
	x.expect(t, "of an empty journal", at(1000), 10)
	merchant := func(n int) token.ID { return token.ID{Client: "pos", Merchant: fmt.Sprintf("DK%08d", n)} }
	for n, second := range []int{300, 100, 200, 400} {
		e := Answered(merchant(n), 1)
		x.set(&e, at(second))
		mustSwap(t, j, token.Entry{}, e)
	}
	mustSwap(t, j, token.Entry{}, Answered(dk, 1)) // in no index

	x.expect(t, "before the first", at(100).Add(-1), 10)
	x.expect(t, "at the first", at(100), 10, merchant(1))
	x.expect(t, "in order", at(399), 10, merchant(1), merchant(2), merchant(0))
	x.expect(t, "the longest due of all", at(1000), 2, merchant(1), merchant(2))
	other.expect(t, "in the other index", at(1000), 10)
	if _, err := x.find(t.Context(), at(1000), 0); err == nil {
		t.Error("a limit of 0: error = nil, want one")
	}
}

func testIndexMoves(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	e := Answered(dk, 1)
	e.DueAt, e.PublishAt = at(100), at(50)
	e = mustSwap(t, j, token.Entry{}, e)
	beside := Answered(fi, 1)
	beside.DueAt = at(100)
	mustSwap(t, j, token.Entry{}, beside)

	e.DueAt = at(200)
	e = mustSwap(t, j, e, e)
	due(j).expect(t, "after it moved", at(150), 10, fi)
	due(j).expect(t, "where it moved", at(200), 10, fi, dk)
	unpublished(j).expect(t, "as it was", at(50), 10, dk)

	e.PublishAt = time.Time{}
	e = mustSwap(t, j, e, e)
	unpublished(j).expect(t, "after it left", at(1000), 10)
	due(j).expect(t, "as it was", at(1000), 10, fi, dk)

	e.DueAt = time.Time{}
	mustSwap(t, j, e, e)
	due(j).expect(t, "after it left", at(1000), 10, fi)
}

func (x sparse) expect(t *testing.T, doing string, now time.Time, limit int, want ...token.ID) {
	t.Helper()
	got, err := x.find(t.Context(), now, limit)
	if err != nil {
		t.Fatalf("%s: error = %v, want nil", doing, err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", doing, got, want)
	}
}

func testEntries(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	if got := listed(t, j); len(got) != 0 {
		t.Errorf("an empty journal lists %d entries", len(got))
	}
	if _, err := j.SwapNote(t.Context(), "pos", []byte("{}"), ""); err != nil {
		t.Fatalf("SwapNote error = %v, want nil", err)
	}
	const count = 205 // more than one page of the file
	for n := range count {
		mustSwap(t, j, token.Entry{}, Answered(token.ID{Client: "pos", Merchant: fmt.Sprintf("DK%08d", n)}, 1))
	}
	full := mustSwap(t, j, token.Entry{}, Full(dk))

	got := listed(t, j)
	if len(got) != count+1 {
		t.Fatalf("%d entries are listed, want %d and no note", len(got), count+1)
	}
	want := full
	want.Grant, want.Access = token.Grant{}, token.AccessToken{}
	differ(t, "the listed entry", got[dk], want)
	if got[dk].WriteID != full.WriteID || got[dk].Sealed != nil {
		t.Errorf("listed with write id %q and Sealed %v, want %q and nil", got[dk].WriteID, got[dk].Sealed, full.WriteID)
	}
	for range j.Entries(t.Context()) {
		break // a walk can be left
	}
}

func listed(t *testing.T, j Journal) map[token.ID]token.Entry {
	t.Helper()
	found := map[token.ID]token.Entry{}
	for e, err := range j.Entries(t.Context()) {
		if err != nil {
			t.Fatalf("Entries error = %v, want nil", err)
		}
		if _, twice := found[e.ID]; twice {
			t.Errorf("%s is listed twice", e.ID)
		}
		found[e.ID] = e
	}
	return found
}

func testListedSwap(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	want := mustSwap(t, j, token.Entry{}, Answered(dk, 3))
	e := listed(t, j)[dk]
	next := e
	next.UsedAt, want.UsedAt = at(500), at(500)
	stored := mustSwap(t, j, e, next)
	differ(t, "the entry that was listed", stored, want)
	differ(t, "read again", mustGet(t, j, dk), want)
}
