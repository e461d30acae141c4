package journaltest

import (
	"errors"
	"sync"
	"testing"

	"token-refresher/internal/token"
)

func testNotes(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	if _, _, err := j.Note(t.Context(), "client/pos"); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("Note error = %v, want %v", err, token.ErrNotFound)
	}
	if _, err := j.SwapNote(t.Context(), "client/pos", []byte("x"), "gone"); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("SwapNote over what is gone: error = %v, want %v", err, token.ErrNotFound)
	}
	first := swapNote(t, j, "client/pos", `{"stopped":true}`, "")
	swapNote(t, j, "client/other", "other", "")
	expectNote(t, j, "client/pos", `{"stopped":true}`, first)

	for _, stale := range []string{"", "stale"} {
		if _, err := j.SwapNote(t.Context(), "client/pos", []byte("x"), stale); !errors.Is(err, token.ErrConflict) {
			t.Errorf("SwapNote over version %q: error = %v, want %v", stale, err, token.ErrConflict)
		}
	}
	second := swapNote(t, j, "client/pos", "", first)
	if first == second {
		t.Errorf("two writes have the version %q", first)
	}
	expectNote(t, j, "client/pos", "", second)
	if _, err := j.Get(t.Context(), token.ID{Client: "client", Merchant: "pos"}); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("Get of a note's key: error = %v, want %v", err, token.ErrNotFound)
	}
}

func swapNote(t *testing.T, j Journal, key, value, version string) string {
	t.Helper()
	next, err := j.SwapNote(t.Context(), key, []byte(value), version)
	if err != nil {
		t.Fatalf("SwapNote(%s) error = %v, want nil", key, err)
	}
	return next
}

func expectNote(t *testing.T, j Journal, key, value, version string) {
	t.Helper()
	gotValue, gotVersion, err := j.Note(t.Context(), key)
	if err != nil || string(gotValue) != value || gotVersion != version {
		t.Errorf("Note(%s) = %q, %q, %v, want %q, %q", key, gotValue, gotVersion, err, value, version)
	}
}

func testNoteOneWins(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	first := swapNote(t, j, "reconcile", "", "")
	const swappers = 8
	won := make(chan string, swappers)
	var wg sync.WaitGroup
	for range swappers {
		wg.Go(func() {
			switch version, err := j.SwapNote(t.Context(), "reconcile", []byte("mine"), first); {
			case err == nil:
				won <- version
			case !errors.Is(err, token.ErrConflict):
				t.Errorf("SwapNote error = %v, want nil or %v", err, token.ErrConflict)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d of %d swaps over one note won, want 1", len(won), swappers)
	}
	expectNote(t, j, "reconcile", "mine", <-won)
}
