package seal_test

import (
	"testing"

	"token-refresher/internal/token/tokentest"
)

// A key that is kept while the instance is frozen is as old as the wall clock
// says: a new one is seen in time.
func TestKeptTimesAreOfTheWallClock(t *testing.T) {
	t.Parallel()
	s := newSealer(t, &fakeKeys{current: "v1", texts: map[string]string{"v1": key1}})
	mustSeal(t, s, label, "x")
	if kept := tokentest.Monotonic(s); len(kept) > 0 {
		t.Errorf("of the monotonic clock are %q, want none", kept)
	}
}
