package oauth_test

import (
	"net/http"
	"testing"
	"time"

	"token-refresher/internal/token/tokentest"
)

// A token that is kept while the instance is frozen expires by the wall clock. A
// bubble of testing/synctest has no monotonic clock. Whatever shows its times
// shows them in UTC (docs/contract.md).
func TestIssuedAtIsOfTheWallClock(t *testing.T) {
	t.Parallel()
	got, err := newClient(t, serving(http.StatusOK, goodAnswer)).ClientCredentials(t.Context(), parse(t, inline("")), credentials(nil), "")
	if err != nil {
		t.Fatal(err)
	}
	if found := tokentest.Monotonic(got); len(found) > 0 {
		t.Errorf("of the monotonic clock are %q, want none", found)
	}
	if zone := got.IssuedAt.Location(); zone != time.UTC {
		t.Errorf("issued in the zone %v, want UTC", zone)
	}
}
