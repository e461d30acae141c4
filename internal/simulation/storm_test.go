package simulation_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// sweepOnce runs one sweep within the time that the function has.
func (w *world) sweepOnce(sweep *refresh.GrantSweep) refresh.Report {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	report, err := sweep.Run(ctx)
	if err != nil {
		w.t.Fatalf("Run: %v", err)
	}
	return report
}

var errThrottled = errors.New("throttled")

// unpublished counts the grants that no secret holds in their newest revision.
func (w *world) unpublished() (n int) {
	for _, id := range w.ids {
		if !w.journal.entries[id].Published() {
			n++
		}
	}
	return n
}

// Secrets Manager takes 50 writes a second, and a thousand one-time grants are
// due at once: all are committed in that sweep, none is lost, and all are
// published soon after.
func TestSecretsManagerIsThrottled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.addClient("reporting", 30*time.Minute, 1000)
		var second time.Time
		writes, throttled := 0, 0
		w.secrets.fault = func(operation string, _ token.ID) error {
			if !isPut(operation) {
				return nil
			}
			if now := time.Now(); now.Sub(second) >= time.Second {
				second, writes = now, 0
			}
			if writes++; writes > 50 {
				throttled++
				return errThrottled
			}
			return nil
		}
		sweep := w.sweeper("sweeper")
		began := time.Now()
		report := w.sweepOnce(sweep)
		committed, took := 0, time.Since(began)
		for _, id := range w.ids {
			if w.journal.entries[id].Revision == 2 {
				committed++
			}
		}
		if committed != 1000 || len(w.lost()) != 0 {
			t.Errorf("%d committed in the sweep, lost %v; want all and none", committed, w.lost())
		}
		sweeps := 1
		for ; w.unpublished() > 0 && sweeps < 30; sweeps++ {
			time.Sleep(time.Minute)
			w.sweepOnce(sweep)
		}
		if n := w.unpublished(); n > 0 {
			t.Errorf("%d are not published after %d sweeps", n, sweeps)
		}
		if violation := w.watch.first(); violation != "" {
			t.Errorf("violated: %s", violation)
		}
		t.Logf("1000 due at once: %d renewed, %d committed, 0 lost in a sweep of %v; %d writes throttled; all published after %d sweeps", report.Renewed, committed, took, throttled, sweeps)
	})
}

// Every secret write is refused for ten minutes: the journal keeps all, and all
// is published afterwards.
func TestSecretWritesAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.addClient("subscriptions", 300*time.Second, 500)
		w.addClient("reporting", 30*time.Minute, 500)
		w.watch.expiring = true
		w.secrets.fault = func(operation string, _ token.ID) error {
			if isPut(operation) {
				return errRefused
			}
			return nil
		}
		sweep := w.sweeper("sweeper")
		var failed int
		var lag time.Duration
		for range 10 {
			report := w.sweepOnce(sweep)
			failed += report.SecretWriteFailed
			lag = max(lag, report.GrantLag)
			time.Sleep(time.Minute)
		}
		if len(w.lost()) != 0 || failed == 0 || lag < 5*time.Minute {
			t.Errorf("lost %v, %d writes failed, lag %v; want none lost, and both reported", w.lost(), failed, lag)
		}
		w.secrets.fault = nil
		for range 20 {
			w.sweepOnce(sweep)
			time.Sleep(time.Minute)
		}
		overdue := 0
		for _, id := range w.ids {
			if e := w.journal.entries[id]; !e.Published() && time.Since(e.Put.At) > 18*time.Minute {
				overdue++
			}
		}
		if overdue > 0 || len(w.lost()) != 0 {
			t.Errorf("%d not published 20 minutes later, lost %v", overdue, w.lost())
		}
		if violation := w.watch.first(); violation != "" {
			t.Errorf("violated: %s", violation)
		}
		t.Logf("writes refused for ten minutes: %d refused, lag of %v reported, 0 lost", failed, lag.Round(time.Second))
	})
}

// The journal refuses everything for ten minutes: no refresh token is spent.
func TestJournalIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.addClient("subscriptions", 300*time.Second, 1000)
		sweep := w.sweeper("sweeper")
		w.sweepOnce(sweep)
		time.Sleep(3 * time.Minute)
		w.journal.fault = func(string, token.ID) error { return errRefused }
		before := w.provider.refreshes
		for range 10 {
			if _, err := sweep.Run(t.Context()); !errors.Is(err, errRefused) {
				t.Errorf("Run: %v, want the journal's error", err)
			}
			time.Sleep(time.Minute)
		}
		w.journal.fault = nil
		if spent := w.provider.refreshes - before; spent != 0 {
			t.Errorf("%d refresh tokens were sent while the journal refused, want none", spent)
		}
		if report := w.sweepOnce(sweep); report.Renewed != 1000 || len(w.lost()) != 0 {
			t.Errorf("afterwards %d renewed, lost %v; want all and none", report.Renewed, w.lost())
		}
	})
}
