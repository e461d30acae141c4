package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// plan is one simulated stretch of time.
type plan struct {
	seed     uint64
	hours    int
	short    int // merchants with one-time tokens of 300 seconds
	long     int // merchants with one-time tokens of 30 minutes, published
	sweepers int
	people   bool // somebody moves labels back now and then
	sabotage func(w *world)
}

// tenHours is the issue's.
var tenHours = plan{seed: 1, hours: 10, short: 500, long: 200, sweepers: 4, people: true}

func (p plan) run(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, p.seed)
	w.addClient("subscriptions", 300*time.Second, p.short)
	w.addClient("reporting", 30*time.Minute, p.long)
	if p.sabotage != nil {
		p.sabotage(w)
	}
	ticks := w.ticks(p.hours)
	var group sync.WaitGroup
	for i := range p.sweepers {
		sweep := w.sweeper(fmt.Sprint("sweeper-", i+1))
		group.Go(func() { w.sweepAt(sweep, i+1, ticks) })
	}
	if p.people {
		group.Go(func() { w.people(ticks[len(ticks)-1]) })
	}
	group.Wait()
	w.look()
	return w
}

// ticks are the times at which the schedule fires: anywhere in each minute, one
// in twenty lost, never two in a row.
func (w *world) ticks(hours int) (ticks []time.Time) {
	begin, lost := time.Now(), false
	for minute := range hours * 60 {
		if lost = !lost && w.pace.draw("lost", "tick")%20 == 0; lost {
			continue
		}
		offset := time.Duration(w.pace.draw("offset", "tick") % uint64(time.Minute))
		ticks = append(ticks, begin.Add(time.Duration(minute)*time.Minute+offset))
	}
	return ticks
}

// sweepAt is one instance's life: all get the same ticks, a little apart, and
// each sweeps as long as it needs.
func (w *world) sweepAt(sweep *refresh.GrantSweep, number int, ticks []time.Time) {
	name := fmt.Sprint("sweeper-", number)
	for _, tick := range ticks {
		at := tick.Add(time.Duration(w.pace.draw("skew", name) % uint64(3*time.Second)))
		if w.watch.first() != "" {
			return
		}
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		w.look()
		ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), sweeperKey{}, number), 2*time.Minute)
		report, err := sweep.Run(ctx)
		cancel()
		if err != nil && !errors.Is(err, refresh.ErrBusy) {
			w.watch.violated("%s: %v", name, err)
		}
		if len(report.ConsentRequired)+report.RotationLost+report.MassRejection+report.ResultAtRisk > 0 {
			w.watch.violated("%s: %+v", name, report)
		}
	}
}

// people make older versions of grant secrets current again.
func (w *world) people(until time.Time) {
	for time.Now().Before(until) && w.watch.first() == "" {
		time.Sleep(time.Minute + time.Duration(w.pace.draw("pause", "people")%uint64(10*time.Minute)))
		w.secrets.moveBack(w.ids[w.pace.draw("choice", "people")%uint64(len(w.ids))])
	}
}

// Ten hours of 700 merchants with one-time tokens and reuse detection, four
// overlapping sweepers, lost ticks, people who move labels: no refresh token in
// two live requests, no grant lost, no secret put twice within 16 minutes,
// every published token with a fifth of its life.
func TestTenHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := tenHours.run(t)
		if violation := w.watch.first(); violation != "" {
			t.Errorf("violated: %s", violation)
		}
		if lost := w.lost(); len(lost) != 0 {
			t.Errorf("lost: %v", lost)
		}
		t.Logf("%d refreshes, %d puts, %d journal writes, %d families revoked, lowest life left %.1f %%, shortest time between two puts %v, %d events, trace %s",
			w.provider.refreshes, w.secrets.puts, w.journal.writes, w.provider.revoked, w.watch.lowest, w.watch.shortest, w.pace.events, w.pace.sum())
	})
}

// The same seed gives the same trace, another one another.
func TestSeedDecidesTheOrder(t *testing.T) {
	t.Parallel()
	var traces []string
	for _, seed := range []uint64{1, 1, 2} {
		synctest.Test(t, func(t *testing.T) {
			p := tenHours
			p.seed, p.hours, p.short, p.long = seed, 1, 50, 20
			traces = append(traces, p.run(t).pace.sum())
		})
	}
	if traces[0] != traces[1] || traces[0] == traces[2] {
		t.Errorf("seeds 1, 1 and 2 gave the traces %q, want the first two alike only", traces)
	}
}

// Each safeguard, taken away, is missed: the run stops at a violation.
func TestWithoutASafeguard(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		sabotage func(w *world)
	}{
		{"the lease", func(w *world) {
			w.journal.sabotage = func(_, next token.Entry) token.Entry {
				next.Lease = token.Lease{}
				return next
			}
		}},
		{"the write rule", func(w *world) { w.schedule.WriteInterval = time.Minute }},
		{"rule R", func(w *world) {
			w.secrets.blind = true // no stamp to go by
			w.journal.sabotage = func(_, next token.Entry) token.Entry {
				next.Memory = nil // no fingerprint either: whatever differs is newer
				return next
			}
		}},
		{"committing before publishing", func(w *world) {
			w.journal.beforeCommit = func(e token.Entry) {
				_ = w.secrets.PutGrant(w.t.Context(), e.Grant, token.Put{Read: "first", Version: "early " + e.Grant.Stamp[:16]})
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := tenHours
				p.short, p.long, p.sabotage = 50, 20, tt.sabotage
				w := p.run(t)
				if w.watch.first() == "" {
					t.Fatalf("nothing was violated in %d hours", p.hours)
				}
				t.Log("violated: " + w.watch.first())
			})
		})
	}
}
