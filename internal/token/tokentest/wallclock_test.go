package tokentest_test

import (
	"slices"
	"testing"
	"time"

	"token-refresher/internal/token"
	"token-refresher/internal/token/tokentest"
)

func TestMonotonic(t *testing.T) {
	t.Parallel()
	now := time.Now()
	entries := map[string]*token.Entry{
		"kept":  {DueAt: now, Result: token.Result{At: now.Round(0)}},
		"again": {Forced: []time.Time{now.Round(0)}, Untold: []token.Notice{{Since: now.Add(time.Hour)}}},
	}
	found := tokentest.Monotonic(entries)
	slices.Sort(found)
	if want := []string{"/Entry.DueAt", "/Entry.Untold/Notice.Since"}; !slices.Equal(found, want) {
		t.Errorf("Monotonic = %q, want %q", found, want)
	}
}
