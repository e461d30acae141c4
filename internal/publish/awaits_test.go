package publish_test

import (
	"testing"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/token"
)

// A token whose successor is due is not put while the one in the secret has its
// fifth of life left: it would keep the successor out for a write interval.
func TestDueTokenIsNotPut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		age  time.Duration // of the token in the secret, which lives an hour
		want string
	}{
		{"a fifth of its life left", 48*time.Minute - time.Second, "access of first"},
		{"less than that", 48*time.Minute + time.Second, "access of second"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.use = token.Use{}
				w.commit(merchant, "first", time.Hour)
				w.publish(merchant)
				time.Sleep(writeInterval)
				due := w.commit(merchant, "second", time.Hour)
				time.Sleep(tt.age - writeInterval)
				due.DueAt = time.Now()
				w.swap(w.entry(merchant), due)
				publisher, _ := w.start()
				if _, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed); err != nil {
					w.t.Fatalf("Publish: %v", err)
				}
				if got := w.access(merchant).Value.Value.Reveal(); got != tt.want {
					w.t.Errorf("the secret holds %q, want %q", got, tt.want)
				}
			})
		})
	}
}
