package simulation_test

import (
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// A renewer whose journal fails puts its answer into the secret and dies. A put
// of the revision before, claimed earlier, comes in after it: now the answer is
// under AWSPREVIOUS only. Whoever takes over finds it there all the same, and
// sends nothing that is spent.
func TestPutComesInAfterAKeptAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.addClient("subscriptions", 300*time.Second, 1)
		id := w.ids[0]
		w.process(id, nil)
		time.Sleep(17 * time.Minute) // it may be put again
		renewer, publisher := w.hands("first")
		if got := renewer.Renew(t.Context(), id, endpoint{w.provider, id.Client, always}, refresh.WhenDue); got.Err != nil {
			t.Fatalf("Renew: %v", got.Err)
		}
		time.Sleep(3 * time.Minute) // it is due again
		s := &steps{at: 4, how: personActs, act: func() { w.keepsAndDies(id) }}
		w.secrets.steps, w.journal.steps = s, s
		_, _ = publisher.Publish(t.Context(), id, publish.WhenAllowed)
		w.secrets.steps, w.journal.steps = nil, nil
		if secret := w.secrets.grants[id]; !w.provider.isLive(id, secret.versions[secret.previous].RefreshToken) {
			t.Fatalf("the live token is not under AWSPREVIOUS: %q", s.names)
		}
		report := w.heal()
		if violation := w.watch.first(); violation != "" {
			t.Errorf("violated: %s", violation)
		}
		if len(w.lost()) != 0 || report.RotationLost != 0 {
			t.Errorf("lost %v, report %+v; want nothing lost", w.lost(), report)
		}
	})
}

// keepsAndDies lets another instance renew, whose journal fails once it has the
// answer.
func (w *world) keepsAndDies(id token.ID) {
	w.provider.answer = func(token.ID) verdict {
		w.journal.mu.Lock()
		defer w.journal.mu.Unlock()
		w.journal.fault = func(string, token.ID) error { return errRefused }
		return verdict{}
	}
	renewer, _ := w.hands("second")
	renewer.Renew(w.t.Context(), id, endpoint{w.provider, id.Client, always}, refresh.WhenDue)
	w.provider.answer, w.journal.fault = nil, nil
}
