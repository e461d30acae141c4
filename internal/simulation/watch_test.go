package simulation_test

import (
	"fmt"
	"sync"
	"time"

	"token-refresher/internal/token"
)

// watch holds what must never happen, and the first time that it did.
type watch struct {
	interval  time.Duration // between two puts of one secret
	mu        sync.Mutex
	violation string
	expiring  bool    // published tokens may expire: a store is down, or a person deleted the grant
	lowest    float64 // life left of a published token, in percent
	shortest  time.Duration
}

func newWatch(interval time.Duration) *watch {
	return &watch{interval: interval, lowest: 100, shortest: 1 << 62}
}

func (w *watch) violated(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.violation == "" {
		w.violation = fmt.Sprintf(format, args...)
	}
}

func (w *watch) first() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.violation
}

// gap is the time between two puts of one secret.
func (w *watch) gap(id token.ID, gap time.Duration) {
	w.mu.Lock()
	w.shortest = min(w.shortest, gap)
	w.mu.Unlock()
	if gap < w.interval {
		w.violated("%s: a secret was put twice within %v", id, gap)
	}
}

// life is that of a published token at the moment it is replaced or looked at.
func (w *watch) life(t token.AccessToken) {
	left := t.LifeLeftPercent(time.Now())
	w.mu.Lock()
	w.lowest = min(w.lowest, left)
	w.mu.Unlock()
	if left < 20 && !w.expiring {
		w.violated("%s: a published token has %.1f %% of its life left", t.ID, left)
	}
}
