package provider_test

import (
	"net/http"
	"testing"

	"token-refresher/internal/provider"
	"token-refresher/internal/token/tokentest"
)

// A document, or a failure, that is kept while the instance is frozen is as old
// as the wall clock says. A bubble of testing/synctest has no monotonic clock.
func TestKeptTimesAreOfTheWallClock(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusInternalServerError} {
		d := discoverer(t, serving(status, goodDocument))
		_, _ = d.Resolve(t.Context(), parse(t, discovered), client("pos"), provider.TokenEndpoint)
		if kept := tokentest.Monotonic(d); len(kept) > 0 {
			t.Errorf("after %d: of the monotonic clock are %q, want none", status, kept)
		}
	}
}
