package idtoken_test

import (
	"testing"

	"token-refresher/internal/token/tokentest"
)

// Keys, or a failure, that are kept while the instance is frozen are as old as
// the wall clock says. A bubble of testing/synctest has no monotonic clock.
func TestKeptTimesAreOfTheWallClock(t *testing.T) {
	t.Parallel()
	p, c := parse(t, ""), client("a")
	idp := newIDP(public("1", key1()))
	verifier := newVerifier(t, idp)
	if err := verifier.Ready(t.Context(), p, c); err != nil {
		t.Fatal(err)
	}
	if kept := tokentest.Monotonic(verifier); len(kept) > 0 {
		t.Errorf("of the monotonic clock are %q, want none", kept)
	}
}
