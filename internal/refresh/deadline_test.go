package refresh_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/token"
)

func TestNothingStartsNearTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for i := range 1000 {
			w.addClient(fmt.Sprintf("c%d", i))
		}
		w.answer = func(token.ID) answer { return answer{after: 5 * time.Second} }
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		deadline, _ := ctx.Deadline()
		r, err := w.sweep().Run(ctx)
		if err != nil {
			t.Fatalf("Run: %v", err)
		}
		if r.Remaining == 0 || r.Renewed == 0 || r.Renewed+r.Remaining != 1000 {
			t.Errorf("%d renewed and %d remaining, want some of each and 1000 in all", r.Renewed, r.Remaining)
		}
		if last := w.calledAt[len(w.calledAt)-1].at; deadline.Sub(last) < 30*time.Second {
			t.Errorf("a request started %v before the deadline, want 30 s or more", deadline.Sub(last))
		}
	})
}

// A sweep that is still waiting for a provider when Lambda ends it has renewed
// tokens and told nobody.
func TestAnswersBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{2 * time.Minute, 30 * time.Second, 5 * time.Second} {
		t.Run(limit.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "good", "slow")
				w.patience = time.Hour // as long as the sweep lets it
				w.answer = func(id token.ID) answer {
					if id.Client == "slow" {
						return answer{after: time.Hour}
					}
					return answer{}
				}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				deadline, _ := ctx.Deadline()
				r, err := w.sweep().Run(ctx)
				if err != nil || r.Renewed != 1 || len(r.Failed) != 1 {
					t.Errorf("report %+v, error %v, want one renewed and one failed", r, err)
				}
				if left := time.Until(deadline); left < min(10*time.Second, limit/12) {
					t.Errorf("answered %v before the deadline, want time for a write and the answer", left)
				}
			})
		})
	}
}
