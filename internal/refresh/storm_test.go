package refresh_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// grantMinutes sweeps once a minute, anywhere in its minute.
func (w *grantWorld) minutes(s *refresh.GrantSweep, n int, look func(minute int, r refresh.Report)) {
	w.t.Helper()
	random, begin := rand.New(rand.NewPCG(7, 7)), time.Now()
	for minute := range n {
		time.Sleep(time.Until(begin.Add(time.Duration(minute)*time.Minute + time.Duration(random.Int64N(int64(time.Minute))))))
		look(minute, w.run(s))
	}
}

// Fifty dead grants among a thousand, a hundred sweeps: two requests each, then
// one a day; they are no mass rejection and starve nobody.
func TestFiftyDeadGrantsAmongAThousand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		ids := w.addClient("subscriptions", always, 1000)
		dead := map[token.ID]bool{}
		for i, id := range ids {
			if i%20 == 0 {
				dead[id], w.live[id] = true, "revoked"
			}
		}
		consents, mass := 0, 0
		w.minutes(w.sweep(), 100, func(_ int, r refresh.Report) {
			consents += len(r.ConsentRequired)
			mass += r.MassRejection
		})
		for id := range dead {
			if w.calls[id] != 2 {
				t.Errorf("%s: %d requests in 100 sweeps, want two", id, w.calls[id])
			}
		}
		if consents != 50 || mass != 0 {
			t.Errorf("%d consents asked for and %d mass rejections, want 50 and none", consents, mass)
		}
		for id, e := range w.entries {
			if !dead[id] && e.Access.ExpiresAt.Before(time.Now()) {
				t.Errorf("%s expired beside dead grants", id)
			}
		}
		t.Logf("50 dead of 1000 in 100 sweeps: %d requests for the dead, %d in all", 2*len(dead), w.totalCalls())
	})
}

// All of a thousand refused at once: nobody is latched, mass rejection is raised
// once, one probe a sweep, and all resume with the first success.
func TestMassRejection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.addClient("subscriptions", always, 1000)
		other := w.addClient("other", always, 10)
		s := w.sweep()
		w.run(s)
		refused := func(id token.ID) answer {
			if id.Client == "subscriptions" {
				return answer{err: &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}}
			}
			return answer{}
		}
		time.Sleep(3 * time.Minute)
		w.answer = refused
		mass, before := 0, w.callsFrom("subscriptions")
		first := 0
		w.minutes(s, 60, func(minute int, r refresh.Report) {
			mass += r.MassRejection
			if minute == 0 {
				first = w.callsFrom("subscriptions") - before
			}
			if len(r.ConsentRequired) != 0 {
				t.Fatalf("minute %d: consent asked of %v, want nobody latched", minute, r.ConsentRequired)
			}
		})
		if mass != 1 {
			t.Errorf("mass rejection raised %d times in 60 sweeps, want once", mass)
		}
		if first > 200+32 {
			t.Errorf("%d requests until the client was stopped, want a fifth of it and those in flight", first)
		}
		if probes := w.callsFrom("subscriptions") - before - first; probes > 60 {
			t.Errorf("%d probes in 59 sweeps, want one each", probes)
		}
		for _, id := range other {
			if w.entries[id].Access.ExpiresAt.Before(time.Now()) {
				t.Errorf("%s of another client expired", id)
			}
		}
		w.answer = nil
		time.Sleep(time.Minute)
		r := w.run(s)
		if r.Renewed < 1000 || w.fresh("subscriptions") != 1000 {
			t.Errorf("the sweep after it: %+v, %d fresh; want all 1000 renewed", r, w.fresh("subscriptions"))
		}
		if len(w.lost()) != 0 {
			t.Errorf("lost: %v", w.lost())
		}
		t.Logf("1000 refused at once: stopped after %d requests, then one probe a sweep, all renewed in the sweep after the end", first)
	})
}

// fresh counts a client's access tokens that have not expired.
func (w *grantWorld) fresh(client string) (n int) {
	for id, e := range w.entries {
		if id.Client == client && e.Access.ExpiresAt.After(time.Now()) {
			n++
		}
	}
	return n
}

// A provider that is down gets few requests, nobody is latched, another one's
// clients notice nothing, and the first sweep after it renews all.
func TestProviderStorms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer answer
		most   int // requests in ten sweeps
	}{
		{"hanging", answer{after: time.Hour}, 32 + 10},
		{"500", answer{err: &oauth.Error{Class: oauth.ClassTransient, Status: 500}}, 3 * (32 + 10)},
		{"429", answer{err: &oauth.Error{Class: oauth.ClassThrottled, Status: 429}}, 32 + 10},
		{"429 with Retry-After", answer{err: &oauth.Error{Class: oauth.ClassThrottled, Status: 429, RetryAfter: 2 * time.Minute}}, 32 + 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newGrantWorld(t)
				w.addClient("down", always, 500)
				w.addClient("up", always, 100)
				s := w.sweep()
				w.run(s)
				time.Sleep(3 * time.Minute)
				before := w.callsFrom("down")
				w.answer = func(id token.ID) answer {
					if id.Client == "down" {
						return tt.answer
					}
					return answer{}
				}
				w.minutes(s, 10, func(minute int, r refresh.Report) {
					if len(r.ConsentRequired)+r.MassRejection+r.RotationLost != 0 {
						t.Fatalf("minute %d: %+v, want no consent, no mass rejection, no rotation lost", minute, r)
					}
					if w.fresh("up") != 100 {
						t.Fatalf("minute %d: %d of the other provider are fresh, want 100", minute, w.fresh("up"))
					}
				})
				calls := w.callsFrom("down") - before
				if calls > tt.most {
					t.Errorf("%d requests in ten sweeps, want %d at most", calls, tt.most)
				}
				w.answer = nil
				time.Sleep(3 * time.Minute)
				w.run(s)
				if w.fresh("down") != 500 || len(w.lost()) != 0 {
					t.Errorf("after it %d of 500 are fresh, lost %v", w.fresh("down"), w.lost())
				}
				t.Logf("%s: %d requests for 500 grants in ten sweeps", tt.name, calls)
			})
		})
	}
}

// A journal that refuses everything for ten minutes: no grant's token is spent.
func TestJournalStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.addClient("subscriptions", always, 1000)
		s := w.sweep()
		w.run(s)
		time.Sleep(3 * time.Minute)
		before := w.totalCalls()
		w.journalFault = func(string) error { return errStore }
		for range 10 {
			if _, err := s.Run(t.Context()); err == nil {
				t.Fatal("Run succeeded, want the error of a sweep that can do nothing")
			}
			time.Sleep(time.Minute)
		}
		if calls := w.totalCalls() - before; calls != 0 {
			t.Errorf("%d requests while the journal refuses, want none", calls)
		}
		w.journalFault = nil
		if r := w.run(s); r.Renewed != 1000 || len(w.lost()) != 0 {
			t.Errorf("after it: %+v, want all renewed and none lost", r)
		}
	})
}

// Four instances share what they know about a stopped client.
func TestInstancesShareHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.addClient("subscriptions", always, 20)
		w.answer = func(token.ID) answer {
			return answer{err: &oauth.Error{Class: oauth.ClassClient, Status: 400, Code: "invalid_client"}}
		}
		w.run(w.sweep())
		first := w.totalCalls()
		for range 3 {
			time.Sleep(time.Minute)
			w.run(w.sweep()) // a new instance each time
		}
		if calls := w.totalCalls() - first; calls != 3 {
			t.Errorf("%d requests of three other instances, want one probe each", calls)
		}
		w.answer = nil
		w.versions["subscriptions"] = "credentials-2"
		time.Sleep(time.Minute)
		if r := w.run(w.sweep()); r.Renewed != 20 {
			t.Errorf("after new credentials: %+v, want all 20 renewed", r)
		}
	})
}

// Twenty merchants whose tokens live half an hour have one due a minute: no
// sweep sees five refused, but several in a row do. Nobody is latched.
func TestMassRejectionOfASmallClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.lifetime = 30 * time.Minute
		ids := w.addClient("reporting", always, 20)
		for i, id := range ids {
			e := w.entries[id]
			e.DueAt = e.DueAt.Add(time.Duration(i) * time.Minute)
			w.entries[id] = e
		}
		s, mass := w.sweep(), 0
		w.minutes(s, 21, func(int, refresh.Report) {})
		w.answer = func(token.ID) answer {
			return answer{err: &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}}
		}
		w.minutes(s, 45, func(minute int, r refresh.Report) {
			mass += r.MassRejection
			if len(r.ConsentRequired) != 0 {
				t.Fatalf("minute %d: consent asked of %v, want nobody latched", minute, r.ConsentRequired)
			}
		})
		if mass != 1 {
			t.Errorf("mass rejection raised %d times, want once", mass)
		}
		w.answer = nil
		time.Sleep(time.Minute)
		if r := w.run(s); w.fresh("reporting") != 20 || len(w.lost()) != 0 {
			t.Errorf("the sweep after it: %+v, %d fresh, lost %v; want all 20", r, w.fresh("reporting"), w.lost())
		}
	})
}
