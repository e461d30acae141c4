package serve_test

import (
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// That somebody asks is written down every ten minutes, which keeps a
// short-lived token warm, and with a renewal at no further cost.
func TestUseIsNoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.lifetime = 20 * time.Minute
		id := w.consent(0, func(e *token.Entry) { e.UsedAt = time.Time{}; e.DueAt = time.Now().Add(20 * time.Hour) })
		s := w.server(t)
		began, writes := time.Now(), 0
		for ; time.Since(began) < 14*time.Minute; time.Sleep(10 * time.Second) {
			if _, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil {
				t.Fatalf("Get: %v", err)
			}
			writes = w.writes
		}
		e := w.entries[id]
		if writes != 2 || time.Since(e.UsedAt) > 5*time.Minute {
			t.Errorf("%d writes in 14 minutes, used at %v; want two, the last ten minutes after the first", writes, e.UsedAt)
		}
		if want := e.Access.ExpiresAt.Add(-5 * time.Minute); !e.DueAt.Equal(want) {
			t.Errorf("due at %v, want a fifth and a sweep before the expiry, %v", e.DueAt, want)
		}
	})
}

// The renewal of an idle token notes its use in the write that it makes anyway.
func TestUseIsNotedByTheRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(time.Hour, func(e *token.Entry) { e.UsedAt = time.Time{} })
		if _, err := w.server(t).Get(t.Context(), serve.Request{ID: id}); err != nil {
			t.Fatalf("Get: %v", err)
		}
		e := w.entries[id]
		if want := e.Access.ExpiresAt.Add(-2 * time.Minute); e.UsedAt.IsZero() || !e.DueAt.Equal(want) {
			t.Errorf("used at %v and due at %v, want it kept warm from now on: due at %v", e.UsedAt, e.DueAt, want)
		}
	})
}

// A published token needs nobody to keep it warm.
func TestUseOfAPublishedTokenIsNotNoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.lifetime = time.Hour
		id := w.consent(0, func(e *token.Entry) { e.UsedAt = time.Time{} })
		if _, err := w.server(t).Get(t.Context(), serve.Request{ID: id}); err != nil || w.writes != 0 {
			t.Errorf("Get: %v with %d writes, want none", err, w.writes)
		}
	})
}
