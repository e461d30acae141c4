package refresh_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

func (w *grantWorld) demand(seen token.Entry) refresh.Renewal {
	w.t.Helper()
	return w.renewer().Demand(w.t.Context(), seen, grantEndpoint{w, seen.ID.Client}, func(e token.Entry) token.Entry {
		e.UsedAt = time.Now()
		return e
	})
}

// Whoever saw the same answer and comes late gets the newer one, and sends
// nothing.
func TestDemandRenewsWhatWasSeen(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		seen := w.entries[id]
		var group sync.WaitGroup
		results := make([]refresh.Renewal, 20)
		for i := range results {
			group.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond) // some while it is renewed, some after
				results[i] = w.demand(seen)
			})
		}
		group.Wait()
		outcomes := map[error]int{}
		for _, got := range results {
			switch {
			case got.Err == nil, errors.Is(got.Err, token.ErrSuperseded):
				if got.Entry.Revision != 2 || got.Entry.Access.Value.Empty() {
					t.Errorf("entry of revision %d, want the new one", got.Entry.Revision)
				}
			case !errors.Is(got.Err, token.ErrLeased):
				t.Errorf("Demand: %v", got.Err)
			}
			outcomes[got.Err]++
		}
		if outcomes[nil] != 1 || outcomes[token.ErrSuperseded] == 0 || w.calls[id] != 1 {
			t.Errorf("%d requests, outcomes %v; want one request, one renewed, some superseded", w.calls[id], outcomes)
		}
		if w.entries[id].UsedAt.IsZero() {
			t.Error("the claim did not note what was asked")
		}
	})
}

// However often somebody asks while the provider is down: half a sweep later it
// may be tried again, and a sweep's own back-off begins at its first failure.
func TestDemandDoesNotMoveTheNextTryFarOut(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer { return answer{err: &oauth.Error{Class: oauth.ClassThrottled, Status: 429}} }
		for range 10 {
			got := w.demand(w.entries[id])
			if wait := time.Until(w.entries[id].DueAt); got.Err == nil || wait > schedule.SweepInterval/2 {
				t.Fatalf("Demand: %v, next try in %v; want a failure and at most half a sweep", got.Err, wait)
			}
			if again := w.demand(w.entries[id]); !errors.Is(again.Err, token.ErrNotDue) {
				t.Fatalf("Demand at once again: %v, want ErrNotDue", again.Err)
			}
			time.Sleep(time.Until(w.entries[id].DueAt))
		}
		w.renew(w.renewer(), id, refresh.WhenDue)
		if wait := time.Until(w.entries[id].DueAt); wait > schedule.SweepInterval {
			t.Errorf("a sweep's next try is in %v, want a sweep at most", wait)
		}
	})
}
