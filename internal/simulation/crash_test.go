package simulation_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// process renews one grant and publishes it, step by step. It reports whether
// it lived to its end.
func (w *world) process(id token.ID, s *steps) (lived bool) {
	return w.mortal(s, func(renewer *refresh.Renewer, publisher *publish.Publisher) {
		renewer.Renew(w.t.Context(), id, endpoint{w.provider, id.Client, always}, refresh.WhenDue)
		_, _ = publisher.Publish(w.t.Context(), id, publish.WhenAllowed)
	})
}

// mortal works with the hands of an instance that may die at one of the steps. It
// reports whether it lived to its end.
func (w *world) mortal(s *steps, work func(*refresh.Renewer, *publish.Publisher)) (lived bool) {
	defer func() {
		w.journal.steps, w.secrets.steps, w.provider.steps = nil, nil, nil
		if cause := recover(); cause != nil {
			if _, died := cause.(death); !died {
				panic(cause)
			}
		}
	}()
	renewer, publisher := w.hands("mortal")
	w.journal.steps, w.secrets.steps, w.provider.steps = s, s, s
	work(renewer, publisher)
	return true
}

// crashWorld has one merchant with a published 30-minute token, due for renewal.
func crashWorld(t *testing.T) (*world, token.ID) {
	w := newWorld(t, 1)
	w.addClient("reporting", 30*time.Minute, 1)
	id := w.ids[0]
	w.process(id, nil)
	time.Sleep(21 * time.Minute)
	return w, id
}

// heal lets another instance sweep for an hour.
func (w *world) heal() (total refresh.Report) {
	w.t.Helper()
	sweep := w.sweeper("healer")
	for range 60 {
		ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
		report, err := sweep.Run(ctx)
		cancel()
		if err != nil {
			w.t.Fatalf("Run: %v", err)
		}
		total.RotationLost += report.RotationLost
		total.ConsentRequired = append(total.ConsentRequired, report.ConsentRequired...)
		total.ResultAtRisk += report.ResultAtRisk
		time.Sleep(time.Minute)
	}
	return total
}

// The crash table: a process that dies before or after each of its steps, from
// the claim to the end of publishing, or to which a store or the provider says
// no, or whose answer is lost. Afterwards another one sweeps for an hour, and
// all is well; but for the answer that was on the wire while nothing was stored,
// which is called rotation lost.
func TestCrashTable(t *testing.T) {
	t.Parallel()
	var names []string
	synctest.Test(t, func(t *testing.T) {
		w, id := crashWorld(t)
		s := &steps{}
		w.process(id, s)
		names = s.names
	})
	if len(names) < 8 {
		t.Fatalf("only the steps %q, want those of a renewal and of two puts", names)
	}
	lost := map[string]bool{
		diesAfter + " refresh#1":       true, // the answer was on the wire
		answerLost + " refresh#1":      true,
		diesBefore + " journal Swap#2": true, // and here in our hands
	}
	for i, name := range names {
		for _, how := range []string{diesBefore, diesAfter, isRefused, isThrottled, answerLost} {
			if !effective(name) && (how == diesAfter || how == answerLost) {
				continue // the same as before the next step
			}
			row := how + " " + name
			t.Run(row, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { crash(t, &steps{at: i + 1, how: how}, lost[row]) })
			})
		}
	}
}

func crash(t *testing.T, s *steps, wantLost bool) {
	w, id := crashWorld(t)
	lived := w.process(id, s)
	if died := s.how == diesBefore || s.how == diesAfter; lived == died {
		t.Errorf("the process lived: %v", lived)
	}
	report := w.heal()
	if wantLost {
		if report.RotationLost+boolToInt(w.journal.entries[id].Result.RotationLost) == 0 || len(report.ConsentRequired) != 1 {
			t.Errorf("report %+v, want the loss called rotation lost and consent asked for once", report)
		}
		return
	}
	if violation := w.watch.first(); violation != "" {
		t.Errorf("violated: %s", violation)
	}
	if len(w.lost()) != 0 || report.RotationLost+len(report.ConsentRequired)+report.ResultAtRisk != 0 {
		t.Errorf("lost %v, report %+v; want nothing lost", w.lost(), report)
	}
	w.converged(id)
}

// effective reports whether a step has an effect, after which one can die.
func effective(name string) bool {
	switch name[:len(name)-2] {
	case "journal Swap", "refresh", "secrets PutGrant", "secrets PutAccessToken", "secrets KeepGrant",
		"revoke", "tell", "secrets DeleteGrant", "secrets DeleteAccessToken":
		return true
	}
	return false
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// converged checks that the stores agree with each other and the provider.
func (w *world) converged(id token.ID) {
	w.t.Helper()
	e, s := w.journal.entries[id], w.secrets.grants[id]
	if !w.provider.isLive(id, e.Grant.RefreshToken) {
		w.t.Errorf("the journal's refresh token is not the live one")
	}
	if held := s.versions[s.current]; held.Revision != e.Put.Revision || e.Revision-held.Revision > 1 || !held.StampFits() {
		w.t.Errorf("the secret holds revision %d, the journal %d and says %d is published", held.Revision, e.Revision, e.Put.Revision)
	}
	if e.Lease.Holder != "" || e.Unsettled || e.Put.Open() {
		w.t.Errorf("lease %+v, unsettled %v, put %+v; want everything settled", e.Lease, e.Unsettled, e.Put)
	}
	if left := w.secrets.access[id].Value.LifeLeftPercent(time.Now()); left < 20 {
		w.t.Errorf("the published token has %.1f %% of its life left", left)
	}
	if fmt.Sprint(w.secrets.access[id].Value.Value.Reveal()) == "" {
		w.t.Error("no access token is published")
	}
}
