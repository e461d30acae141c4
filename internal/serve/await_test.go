package serve_test

import (
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// Another instance's renewal is waited for: two seconds with a valid token, ten
// without.
func TestWaitsForAnotherInstance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		age   time.Duration
		after time.Duration // of the other's answer
		want  string
		most  time.Duration
	}{
		{"valid, and it answers", 290 * time.Second, time.Second, "theirs", 2 * time.Second},
		{"valid, and it does not in time", 290 * time.Second, 3 * time.Second, "held", 2 * time.Second},
		{"about to expire, and it answers", 299 * time.Second, 9 * time.Second, "theirs", 10 * time.Second},
		{"expired, and it answers", time.Hour, 9 * time.Second, "theirs", 10 * time.Second},
		{"expired, and it does not in time", time.Hour, 11 * time.Second, "", 10 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				id := w.consent(tt.age, func(e *token.Entry) {
					e.Lease = token.Lease{Holder: "another", Until: time.Now().Add(time.Minute)}
				})
				timer := time.AfterFunc(tt.after, func() {
					w.mu.Lock()
					defer w.mu.Unlock()
					e := w.entries[id]
					e.Revision, e.Access.Value, e.Access.ExpiresAt = 2, token.NewSecret("theirs"), time.Now().Add(5*time.Minute)
					w.entries[id] = e
				})
				defer timer.Stop()
				began := time.Now()
				got, err := w.server(t).Get(t.Context(), serve.Request{ID: id})
				if got.Value.Reveal() != tt.want || (err != nil) != (tt.want == "") || w.asked != 0 {
					t.Errorf("Get: %q, %v with %d requests; want %q and none", got.Value.Reveal(), err, w.asked, tt.want)
				}
				if took := time.Since(began); took > tt.most {
					t.Errorf("it waited %v, want %v at most", took, tt.most)
				}
			})
		})
	}
}

// The one that gave up without a token ends the wait.
func TestDoesNotWaitForWhoGaveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(time.Hour, func(e *token.Entry) {
			e.Lease = token.Lease{Holder: "another", Until: time.Now().Add(time.Minute)}
		})
		timer := time.AfterFunc(time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			e := w.entries[id].Attempted(token.OutcomeFailed, time.Now())
			e.Lease, e.DueAt = token.Lease{}, time.Now().Add(30*time.Second)
			w.entries[id] = e
		})
		defer timer.Stop()
		began := time.Now()
		_, err := w.server(t).Get(t.Context(), serve.Request{ID: id})
		if took := time.Since(began); codeOf(err) != serve.ProviderUnavailable || took > 2*time.Second {
			t.Errorf("Get: %v after %v, want provider_unavailable soon after the other gave up", err, took)
		}
	})
}
