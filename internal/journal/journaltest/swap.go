package journaltest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"token-refresher/internal/token"
)

func testWhole(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	want := Full(dk)
	stored := mustSwap(t, j, token.Entry{}, want)
	differ(t, "Swap", stored, want)
	got := mustGet(t, j, dk)
	differ(t, "Get", got, want)
	if stored.WriteID == "" || stored.WriteID != got.WriteID || stored.Schema != got.Schema {
		t.Errorf("stored as %q of schema %d, read as %q of schema %d", stored.WriteID, stored.Schema, got.WriteID, got.Schema)
	}
	again := mustSwap(t, j, stored, Answered(dk, 8))
	differ(t, "Get of the bare entry", mustGet(t, j, dk), Answered(dk, 8))
	if again.WriteID == stored.WriteID {
		t.Errorf("two writes have the write id %q", again.WriteID)
	}
}

func testNotFound(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	if _, err := j.Get(t.Context(), dk); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("Get error = %v, want %v", err, token.ErrNotFound)
	}
	mustSwap(t, j, token.Entry{}, Answered(fi, 1))
	if _, err := j.Get(t.Context(), dk); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("Get beside another entry error = %v, want %v", err, token.ErrNotFound)
	}
}

func testMadeOnce(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	first := mustSwap(t, j, token.Entry{}, Answered(dk, 1))
	conflict(t, j, token.Entry{}, Answered(dk, 2), first)
	differ(t, "Get", mustGet(t, j, dk), Answered(dk, 1))
}

func testReplace(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	first := mustSwap(t, j, token.Entry{}, Answered(dk, 1))
	leased, err := first.Claim(at(0), token.Lease{Holder: "one", Until: at(60)}, false)
	if err != nil {
		t.Fatalf("Claim error = %v, want nil", err)
	}
	second := mustSwap(t, j, first, leased)
	differ(t, "the claimed entry", second, leased)

	current := conflict(t, j, first, first.Release("one"), second)
	third := mustSwap(t, j, current, current.Release("one"))
	if got := mustGet(t, j, dk); got.Lease.Holder != "" || got.WriteID != third.WriteID {
		t.Errorf("after the release: lease %v, write id %q, want none and %q", got.Lease, got.WriteID, third.WriteID)
	}
	mustSwap(t, j, token.Entry{}, Answered(fi, 1)) // beside it
	differ(t, "after a write beside it", mustGet(t, j, dk), third)
}

// conflict swaps in vain and returns the current entry.
func conflict(t *testing.T, j Journal, old, next, current token.Entry) token.Entry {
	t.Helper()
	got, err := j.Swap(t.Context(), old, next)
	if !errors.Is(err, token.ErrConflict) {
		t.Fatalf("Swap error = %v, want %v", err, token.ErrConflict)
	}
	differ(t, "the current entry", got, current)
	if got.WriteID != current.WriteID {
		t.Errorf("current entry has write id %q, want %q", got.WriteID, current.WriteID)
	}
	return got
}

func testGone(t *testing.T, open opener) {
	b := open(t, Options{Seal: Sealer(t)})
	if b.RemoveRow == nil {
		t.Skip("SKIPPED: rows cannot be removed")
	}
	first := mustSwap(t, b.Journal, token.Entry{}, Answered(dk, 1))
	b.RemoveRow(t, dk)
	tried, err := b.Journal.Swap(t.Context(), first, Answered(dk, 2))
	if !errors.Is(err, token.ErrNotFound) || errors.Is(err, token.ErrConflict) {
		t.Fatalf("Swap over a row that is gone: error = %v, want %v", err, token.ErrNotFound)
	}
	differ(t, "what found no row", tried, Answered(dk, 2))
	mustSwap(t, b.Journal, token.Entry{}, Answered(dk, 2))
	differ(t, "made again", mustGet(t, b.Journal, dk), Answered(dk, 2))
}

func testLostAnswer(t *testing.T, open opener) {
	b := open(t, Options{Seal: Sealer(t)})
	if b.LoseAnswer == nil {
		t.Skip("SKIPPED: no answer can be lost on the way")
	}
	b.LoseAnswer()
	first := mustSwap(t, b.Journal, token.Entry{}, Answered(dk, 1))
	b.LoseAnswer()
	second := mustSwap(t, b.Journal, first, Answered(dk, 2))
	if got := mustGet(t, b.Journal, dk); got.WriteID != second.WriteID || string(got.Blob) != string(second.Blob) {
		t.Errorf("stored as %q with %v, read as %q with %v", second.WriteID, second.Blob, got.WriteID, got.Blob)
	}
	b.LoseAnswer()
	conflict(t, b.Journal, first, Answered(dk, 3), second) // refused, and that answer was lost: still a conflict

	b.LoseAnswer()
	version, err := b.Journal.SwapNote(t.Context(), "note", []byte("1"), "")
	if err != nil {
		t.Fatalf("SwapNote error = %v, want nil", err)
	}
	if _, read, err := b.Journal.Note(t.Context(), "note"); err != nil || read != version {
		t.Errorf("Note version = %q, %v, want %q", read, err, version)
	}
}

func testAttempt(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	first := mustSwap(t, j, token.Entry{}, Answered(dk, 1))
	next := Answered(dk, 2)
	second := mustSwap(t, j, first, next)

	next.Attempt = token.Attempt{WriteID: second.WriteID, Over: first.WriteID}
	again := mustSwap(t, j, first, next)
	differ(t, "the repeated write", again, second)
	if got := mustGet(t, j, dk); got.WriteID != second.WriteID || again.WriteID != second.WriteID || string(again.Blob) != string(got.Blob) {
		t.Errorf("repeated as %q, read as %q, want %q and the same sealed answer", again.WriteID, got.WriteID, second.WriteID)
	}
	other := Answered(dk, 3)
	other.Attempt = next.Attempt
	conflict(t, j, first, other, second) // another entry is another write

	third := mustSwap(t, j, second, other) // over another one it is a new write
	if third.WriteID == second.WriteID {
		t.Errorf("two writes have the write id %q", third.WriteID)
	}
	conflict(t, j, first, next, third)
}

func testOneWins(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	first := mustSwap(t, j, token.Entry{}, Answered(dk, 1))
	const swappers = 8
	winners := make(chan token.Entry, swappers)
	var wg sync.WaitGroup
	for n := range swappers {
		wg.Go(func() {
			next := first
			next.Result.Failures = n + 1
			switch stored, err := j.Swap(t.Context(), first, next); {
			case err == nil:
				winners <- stored
			case !errors.Is(err, token.ErrConflict):
				t.Errorf("Swap error = %v, want nil or %v", err, token.ErrConflict)
			}
		})
	}
	wg.Wait()
	if len(winners) != 1 {
		t.Fatalf("%d of %d swaps over one entry won, want 1", len(winners), swappers)
	}
	differ(t, "the winner", mustGet(t, j, dk), <-winners)
}

func testNothingLost(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	mustSwap(t, j, token.Entry{}, Answered(dk, 1))
	const workers, changes = 4, 5
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			current, err := j.Get(t.Context(), dk)
			for done := 0; done < changes; {
				if err != nil && !errors.Is(err, token.ErrConflict) {
					t.Errorf("error = %v, want nil or %v", err, token.ErrConflict)
					return
				}
				next := current
				next.Result.Failures++
				if current, err = j.Swap(t.Context(), current, next); err == nil {
					done++
				}
			}
		})
	}
	wg.Wait()
	if got := mustGet(t, j, dk).Result.Failures; got != workers*changes {
		t.Errorf("%d changes are stored, want %d", got, workers*changes)
	}
}

func testCancelled(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	first := mustSwap(t, j, token.Entry{}, Answered(dk, 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	next := Answered(dk, 2)
	tried, err := j.Swap(ctx, first, next)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Swap error = %v, want %v", err, context.Canceled)
	}
	differ(t, "the entry of a call with unknown outcome", tried, next)
	differ(t, "after a cancelled Swap", mustGet(t, j, dk), first)
	stored := mustSwap(t, j, first, tried)
	if tried.Attempt.WriteID != stored.WriteID || stored.Attempt != (token.Attempt{}) {
		t.Errorf("attempted as %q, stored as %q with attempt %v", tried.Attempt.WriteID, stored.WriteID, stored.Attempt)
	}
	_, getErr := j.Get(ctx, dk)
	_, dueErr := j.Due(ctx, at(0), 1)
	_, _, noteErr := j.Note(ctx, "note")
	_, swapErr := j.SwapNote(ctx, "note", nil, "")
	for doing, err := range map[string]error{"Get": getErr, "Due": dueErr, "Note": noteErr, "SwapNote": swapErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s error = %v, want %v", doing, err, context.Canceled)
		}
	}
}
