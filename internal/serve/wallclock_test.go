package serve_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
	"token-refresher/internal/token/tokentest"
)

// What an instance remembers while it is frozen is as old as the wall clock says.
// A bubble of testing/synctest has no monotonic clock.
func TestKeptTimesAreOfTheWallClock(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.takes = 0
	stored := w.credentials["pos"]
	stored.WrittenAt = stored.WrittenAt.Round(0) // as the store gives it
	w.credentials["pos"] = stored
	merchant := token.ID{Client: "pos", Merchant: "DK1"}
	shop := w.consent(0, func(e *token.Entry) { // as the journal gives it
		e.Access.IssuedAt, e.Access.ExpiresAt = e.Access.IssuedAt.Round(0), e.Access.ExpiresAt.Round(0)
	})
	s := w.server(t)
	get := func(id token.ID) {
		_, _ = s.Get(t.Context(), serve.Request{ID: id, Rejected: digest("new 1")})
		kept := slices.DeleteFunc(tokentest.Monotonic(s), func(path string) bool { // oauth dates tokens
			return strings.HasSuffix(path, "/AccessToken.IssuedAt") || strings.HasSuffix(path, "/AccessToken.ExpiresAt")
		})
		if len(kept) > 0 {
			t.Errorf("of the monotonic clock are %q, want none", slices.Compact(kept))
		}
	}
	get(shop)
	get(merchant)
	get(merchant)
	w.refuse = &oauth.Error{Class: oauth.ClassThrottled, Status: 429, RetryAfter: time.Nanosecond}
	get(pos)
	w.refuse = refusedClient()
	get(token.ID{Client: "pos", Merchant: "DK2"})
	get(merchant)
}
