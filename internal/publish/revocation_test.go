package publish_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"token-refresher/internal/token"
)

// While the provider is down both secrets go all the same, the refresh token is
// kept for its revocation, tries become rare, and no consent begins.
func TestRevocationWaitsForTheProvider(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		removable(w)
		w.outside.fails = errors.New("the provider is down")
		removal, err := w.order()
		if err == nil || !removal.RevokedAt.IsZero() || removal.DeletedAt.IsZero() {
			w.t.Errorf("Remove = %+v, %v; want only the revocation missing", removal, err)
		}
		tries := 0
		for range 23 * 60 {
			time.Sleep(time.Minute)
			publisher, _ := w.start(func(p *process) {
				p.before = func(_ int, name string) {
					if name == "Revoke" {
						tries++
					}
				}
			})
			publisher.Run(w.t.Context(), nil)
		}
		if tries < 8 || tries > 12 {
			w.t.Errorf("%d tries in 23 hours, want doubling waits", tries)
		}
		e := w.entry(merchant)
		if e.Grant.RefreshToken.Reveal() != "second" || !e.Removing() {
			w.t.Error("the refresh token that is still to be revoked is lost")
		}
		if _, err := e.BeginExchange(token.Fingerprint{1}, token.Lease{}, true, time.Now()); !errors.Is(err, token.ErrRemoved) {
			w.t.Errorf("a consent meanwhile: %v, want ErrRemoved", err)
		}
		w.outside.fails = nil
		w.sweeps(2 * 60)
		w.wantGone("second")
	})
}

func TestProviderThatCannotRevoke(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		removable(w)
		w.outside.fails = fmt.Errorf("revoke: %w", token.ErrNoRevocation)
		removal, err := w.order()
		if err != nil || !removal.Unrevocable || removal.RevokedAt.IsZero() || removal.DeletedAt.IsZero() {
			w.t.Errorf("Remove = %+v, %v; want it said that the provider cannot revoke", removal, err)
		}
		w.sweeps(2)
		w.wantGone()
	})
}

// A new grant that comes while the old one cannot be revoked waits for that: it
// would be forgotten otherwise.
func TestImportWaitsForTheRevocation(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		removable(w)
		w.outside.fails = errors.New("the provider is down")
		_, _ = w.order()
		w.restore(merchant)
		w.paste(merchant, pasted)
		w.sweeps(10)
		if e := w.entry(merchant); !e.Removed || e.Grant.RefreshToken.Reveal() != "second" {
			w.t.Errorf("removed %v with %q, want the old one kept to be revoked", e.Removed, e.Grant.RefreshToken.Reveal())
		}
		w.outside.fails = nil
		w.sweeps(30)
		w.converge()
		w.wantSettled(merchant, "pasted")
		if !slices.Equal(w.outside.revoked, []string{"second"}) {
			w.t.Errorf("revoked %q, want the removed one alone", w.outside.revoked)
		}
	})
}
