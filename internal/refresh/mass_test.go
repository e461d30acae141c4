package refresh_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

var errInvalidGrant = &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}

// Two in five refused at once: the answers to what was in flight when the client
// was stopped do not resume it, so it is told once a stop and latches nobody.
func TestMassRejectionOfSome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		refused := map[token.ID]bool{}
		for i, id := range w.addClient("subscriptions", always, 1000) {
			refused[id] = i%5 < 2
		}
		w.answer = func(id token.ID) answer {
			if refused[id] {
				return answer{err: errInvalidGrant}
			}
			return answer{}
		}
		s := w.sweep()
		w.minutes(s, 30, func(minute int, r refresh.Report) {
			if r.MassRejection > 1 || len(r.ConsentRequired) != 0 {
				t.Errorf("minute %d: %d mass rejections, consent asked of %d; want one at most, and nobody latched", minute, r.MassRejection, len(r.ConsentRequired))
			}
		})
	})
}

// Some consents are really gone, and they are enough to look like more: the
// client is stopped for them for an hour. Then they speak for themselves, and the
// others have lost nothing.
func TestLapsedConsentsAreFoundOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		lapsed := map[token.ID]bool{}
		for i, id := range w.addClient("subscriptions", always, 30) {
			lapsed[id] = i%5 == 0
		}
		w.answer = func(id token.ID) answer {
			if lapsed[id] {
				return answer{err: errInvalidGrant}
			}
			return answer{}
		}
		s := w.sweep()
		asked, late := map[string]int{}, 0
		w.minutes(s, 180, func(minute int, r refresh.Report) {
			if minute >= 90 {
				late += r.MassRejection
			}
			for _, id := range r.ConsentRequired {
				asked[id] = minute
			}
			for id, e := range w.entries {
				if !lapsed[id] && minute > 0 && e.Access.ExpiresAt.Before(time.Now()) {
					t.Errorf("minute %d: the token of %s has expired", minute, id)
				}
			}
		})
		for id := range lapsed {
			if minute, ok := asked[id.String()]; lapsed[id] != ok || ok && minute < 60 {
				t.Errorf("%s: lapsed %v, consent asked %v in minute %d; want it of the lapsed ones, after an hour", id, lapsed[id], ok, minute)
			}
		}
		if late != 0 {
			t.Errorf("%d mass rejections after an hour and a half, want none any more", late)
		}
	})
}

// A provider that refuses everybody for hours has lost nobody's consent, whatever
// is tried meanwhile: new credentials resume the client, and each time all of its
// grants are refused once more.
func TestLongMassRejectionAsksNobody(t *testing.T) {
	t.Parallel()
	for _, merchants := range []int{8, 30, 100} {
		t.Run(fmt.Sprint(merchants), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newGrantWorld(t)
				w.addClient("subscriptions", always, merchants)
				s := w.sweep()
				w.minutes(s, 10, func(int, refresh.Report) {})
				w.answer = func(token.ID) answer { return answer{err: errInvalidGrant} }
				w.minutes(s, 180, func(minute int, r refresh.Report) {
					if minute == 80 || minute == 95 || minute == 120 {
						w.versions["subscriptions"] = fmt.Sprint("credentials of minute ", minute)
					}
					if len(r.ConsentRequired) > 0 {
						t.Errorf("minute %d: consent asked of %d, want nobody", minute, len(r.ConsentRequired))
					}
				})
				w.answer = nil
				w.minutes(s, 10, func(int, refresh.Report) {})
				if fresh := w.fresh("subscriptions"); fresh != merchants {
					t.Errorf("%d tokens are fresh when the provider is well again, want %d", fresh, merchants)
				}
			})
		})
	}
}

// A provider that refuses nearly everybody for hours has lost nobody's consent
// either: that one of many succeeds now and then says nothing of the others.
func TestMassRejectionWithASuccessNowAndThen(t *testing.T) {
	t.Parallel()
	for _, every := range []int{7, 20, 45} {
		t.Run(fmt.Sprint(every), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newGrantWorld(t)
				w.addClient("subscriptions", always, 30)
				s := w.sweep()
				w.minutes(s, 10, func(int, refresh.Report) {})
				succeed := false
				w.answer = func(token.ID) answer {
					if succeed {
						succeed = false
						return answer{}
					}
					return answer{err: errInvalidGrant}
				}
				w.minutes(s, 240, func(minute int, r refresh.Report) {
					succeed = minute%every == 0
					if len(r.ConsentRequired) > 0 {
						t.Errorf("minute %d: consent asked of %d, want nobody", minute, len(r.ConsentRequired))
					}
				})
			})
		})
	}
}

// A bad import stops its client, and costs those who are well nothing: the probe
// is one of them as soon as one is due, and its success renews all.
func TestMassRejectionOfABadImport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		good := map[token.ID]bool{}
		for _, id := range w.addClient("subscriptions", always, 3) {
			good[id] = true
		}
		w.answer = func(id token.ID) answer {
			if good[id] {
				return answer{}
			}
			return answer{err: errInvalidGrant}
		}
		s := w.sweep()
		w.minutes(s, 10, func(int, refresh.Report) {})
		for i := range 200 {
			w.consent(token.ID{Client: "subscriptions", Merchant: fmt.Sprintf("FI%08d", i)})
		}
		stopped := 0
		w.minutes(s, 120, func(minute int, r refresh.Report) {
			stopped += r.MassRejection
			for id := range good {
				if w.entries[id].Access.ExpiresAt.Before(time.Now()) {
					t.Errorf("minute %d: the token of %s has expired", minute, id)
				}
			}
		})
		if stopped == 0 {
			t.Error("the client was never stopped: this says nothing of probes")
		}
	})
}

// Eight overlapping sweepers share what is due, and so the refusals: each counts
// its own part, and the client is stopped all the same.
func TestMassRejectionOfManySweepers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.addClient("subscriptions", always, 400)
		w.answer = func(token.ID) answer { return answer{err: errInvalidGrant} }
		var sweepers []*refresh.GrantSweep
		for range 8 {
			sweepers = append(sweepers, w.sweep())
		}
		mass, latched := 0, 0
		for range 25 {
			reports := make([]refresh.Report, len(sweepers))
			var group sync.WaitGroup
			for i, s := range sweepers {
				group.Go(func() { reports[i] = w.run(s) })
			}
			group.Wait()
			for _, r := range reports {
				mass += r.MassRejection
				latched += len(r.ConsentRequired)
			}
			time.Sleep(time.Minute)
		}
		if mass == 0 || latched != 0 {
			t.Errorf("%d mass rejections, %d latched; want it seen and nobody latched", mass, latched)
		}
	})
}

// What somebody else has renewed or is renewing since its refusal is not touched
// when a mass rejection is taken back.
func TestMassRejectionIsTakenBackWhereItStands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		ids := w.addClient("subscriptions", always, 10)
		renewed, leased := ids[0], ids[1]
		w.answer = func(token.ID) answer { return answer{err: errInvalidGrant} }
		reads := 0
		w.journalFault = func(operation string) error {
			if operation != "Get" {
				return nil
			}
			if reads++; reads == len(ids)+1 { // all were claimed: the first that is taken back
				e := w.entries[renewed]
				e.Result, e.DueAt, e.WriteID = token.Result{Outcome: token.OutcomeSucceeded}, time.Now().Add(time.Hour), "renewed"
				w.entries[renewed] = e
				e = w.entries[leased]
				e.Lease, e.WriteID = token.Lease{Holder: "other", Until: time.Now().Add(time.Minute)}, "leased"
				w.entries[leased] = e
			}
			return nil
		}
		if r := w.run(w.sweep()); r.MassRejection != 1 {
			t.Fatalf("report %+v, want a mass rejection", r)
		}
		if got := w.entries[renewed].WriteID; got != "renewed" {
			t.Errorf("what was renewed was written again by %q", got)
		}
		if got := w.entries[leased].WriteID; got != "leased" {
			t.Errorf("what is being renewed was written by %q", got)
		}
		if e := w.entries[ids[2]]; e.Result.Outcome != "" || e.DueAt.After(time.Now()) {
			t.Errorf("entry %+v, want it good and due again", e)
		}
	})
}
