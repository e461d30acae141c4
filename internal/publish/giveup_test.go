package publish_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"token-refresher/internal/journal"
	"token-refresher/internal/token"
)

// A refresh token that nobody can revoke keeps its merchant from consenting
// again for a day, not for ever.
func TestRevocationIsGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		arrange func(w *world)
	}{
		{"the provider stays down, or the client's credentials are gone", func(*world) {}},
		{"the row's answer cannot be opened any more", func(w *world) {
			w.corrupt(merchant, func(r *journal.Row) { r.Sealed[len(r.Sealed)-1] ^= 1 })
			w.outside.fails = nil
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				removable(w)
				w.outside.fails = errors.New("the provider is down")
				_, _ = w.order()
				test.arrange(w)
				w.sweeps(10)
				if removal, err := w.order(); err == nil || !removal.RevokedAt.IsZero() || removal.DeletedAt.IsZero() {
					w.t.Errorf("once more: %+v, %v; want only the revocation missing", removal, err)
				}
				w.sweeps(23 * 60)
				e := w.entry(merchant)
				if _, err := e.BeginExchange(token.Fingerprint{1}, token.Lease{}, true, time.Now()); !errors.Is(err, token.ErrRemoved) {
					w.t.Errorf("a consent within the day: %v, want ErrRemoved", err)
				}
				w.sweeps(60)
				w.wantGone()
				if !w.entry(merchant).Removal.Unrevocable {
					w.t.Error("it is not said that nothing was revoked")
				}
				if want := merchant.String() + " Consent Removed not_revoked"; !slices.Contains(w.outside.told, want) {
					w.t.Errorf("told %q, want %q too", w.outside.told, want)
				}
				if _, err := w.entry(merchant).BeginExchange(token.Fingerprint{1}, token.Lease{}, false, time.Now()); err != nil {
					w.t.Errorf("a consent after it: %v, want it begun", err)
				}
			})
		})
	}
}
