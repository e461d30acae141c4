package simulation_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A process that latches a grant and dies at any step before others are told:
// the next sweep tells them.
func TestToldWhateverDies(t *testing.T) {
	t.Parallel()
	refusedTwice := func(t *testing.T, s *steps) *world {
		t.Helper()
		w, id := crashWorld(t)
		w.watch.expiring = true
		w.provider.live[id] = "" // the merchant has revoked it
		w.process(id, nil)
		time.Sleep(11 * time.Minute)
		w.process(id, s)
		return w
	}
	var names []string
	synctest.Test(t, func(t *testing.T) {
		s := &steps{}
		refusedTwice(t, s)
		names = s.names
	})
	if !slices.Contains(names, "tell#1") {
		t.Fatalf("steps %q, want one that tells", names)
	}
	for i, name := range names {
		for _, how := range []string{diesBefore, diesAfter, isRefused, answerLost} {
			if !effective(name) && (how == diesAfter || how == answerLost) {
				continue // the same as before the next step
			}
			t.Run(how+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := refusedTwice(t, &steps{at: i + 1, how: how})
					w.heal()
					told := w.ids[0].String() + " Consent Required "
					required := slices.ContainsFunc(w.told, func(event string) bool {
						return event == told+"revoked" || event == told+"rotation_lost" // a request that died may have been carried out
					})
					if !required {
						t.Errorf("told %q, want that a consent is required", w.told)
					}
				})
			})
		}
	}
}
