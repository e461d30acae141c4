package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

func TestExchangeStoresAFirstConsent(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		id.Merchant = "DK99999999" // whom nobody knows yet
		got := w.exchange(w.renewer(), w.till(id), "code")
		e := w.entries[id]
		if got.Err != nil || got.Outcome != token.ExchangeDone || !got.Made || !w.kept(id) || e.Revision != 1 || e.Lease.Holder != "" {
			t.Fatalf("Exchange: %+v; entry %+v", got, e)
		}
		if !e.Grant.StampFits() || e.Access.Value.Empty() || e.DueAt.IsZero() || e.PublishAt.After(time.Now()) {
			t.Errorf("entry %+v, want a stamped grant and its access token, both planned", e)
		}
		if len(e.Untold) != 1 || e.Untold[0].Type != token.EventConsentGiven || e.Untold[0].Reason != token.ReasonConsented {
			t.Errorf("untold %v, want of the consent", e.Untold)
		}
	})
}

// However often a callback is repeated, on however many instances, its code is
// exchanged once, and everybody gets the outcome.
func TestExchangeIsMadeOnce(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"done": nil, "refused": refresh.ErrNotAccepted, "failed": errors.New("reset")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				d := w.till(id)
				d.takes, d.err = 5*time.Second, err
				const atOnce = 20
				results := make([]refresh.Exchanged, atOnce+1)
				var group sync.WaitGroup
				for i := range atOnce {
					group.Go(func() { results[i] = w.exchange(w.renewer(), d, "code") })
				}
				group.Wait()
				results[atOnce] = w.exchange(w.renewer(), d, "code") // a reload, later
				made := 0
				for _, got := range results {
					if got.Outcome != name {
						t.Errorf("outcome %q (%v), want %q for everybody", got.Outcome, got.Err, name)
					}
					if got.Made {
						made++
					}
				}
				if d.codes["code"] != 1 || made != 1 {
					t.Errorf("exchanged %d times, by %d; want once", d.codes["code"], made)
				}
				if e := w.entries[id]; e.Lease.Holder != "" {
					t.Errorf("the lease is still %+v", e.Lease)
				}
			})
		})
	}
}

// A consent waits for a refresh in flight, and is newer than what that brings.
func TestConsentWinsOverARefreshInFlight(t *testing.T) {
	t.Parallel()
	for _, refreshTakes := range []time.Duration{time.Second, 9 * time.Second} {
		t.Run(refreshTakes.String(), func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				w.answer = func(token.ID) answer { return answer{after: refreshTakes} }
				var group sync.WaitGroup
				group.Go(func() { w.renew(w.renewer(), id, refresh.WhenDue) })
				time.Sleep(100 * time.Millisecond)
				got := w.exchange(w.renewer(), w.till(id), "code")
				group.Wait()
				if e := w.entries[id]; got.Outcome != token.ExchangeDone || !w.kept(id) || e.Revision != 3 || e.Unsettled {
					t.Errorf("Exchange: %+v; revision %d, want the consent as 3, over the refresh as 2", got, e.Revision)
				}
			})
		})
	}
}

// A lease that is not given back is forced, and the late answer of whoever had
// it covers nothing.
func TestConsentForcesALease(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		e := w.entries[id]
		e.Lease = token.Lease{Holder: "somebody", Until: time.Now().Add(time.Minute)}
		w.entries[id] = e
		began := time.Now()
		got := w.exchange(w.renewer(), w.till(id), "code")
		if waited := time.Since(began); got.Outcome != token.ExchangeDone || !w.kept(id) || waited < 10*time.Second || waited > 12*time.Second {
			t.Errorf("Exchange: %+v after %v, want it done after ten seconds", got, waited)
		}
	})
}

// Two consents at once: the newer one stays, each code is exchanged once.
func TestTwoConsentsAtOnce(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		d := w.till(id)
		var first, second refresh.Exchanged
		var group sync.WaitGroup
		group.Go(func() { first = w.exchange(w.renewer(), d, "one") })
		time.Sleep(100 * time.Millisecond)
		group.Go(func() { second = w.exchange(w.renewer(), d, "two") })
		group.Wait()
		if first.Outcome != token.ExchangeDone || second.Outcome != token.ExchangeDone || w.entries[id].Grant.RefreshToken.Reveal() != "rt-of-two" {
			t.Errorf("outcomes %+v and %+v, holds %v; want both done and the second kept", first, second, w.entries[id].Grant)
		}
		if d.codes["one"] != 1 || d.codes["two"] != 1 {
			t.Errorf("exchanges %v, want one of each", d.codes)
		}
	})
}

// An attempt that comes to nothing leaves the grant as it was: it goes on being
// renewed.
func TestFailedExchangeLeavesTheGrant(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		d := w.till(id)
		d.err = &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}
		if got := w.exchange(w.renewer(), d, "code"); got.Outcome != token.ExchangeRefused || !errors.Is(got.Err, d.err) {
			t.Errorf("Exchange: %+v, want it refused", got)
		}
		if got := w.renew(w.renewer(), id, refresh.WhenDue); got.Err != nil || !w.kept(id) {
			t.Errorf("Renew afterwards: %v", got.Err)
		}
	})
}

// No journal, no exchange.
func TestNothingIsExchangedWithoutTheJournal(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"Get", "Swap"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				w.journalFault = func(called string) error {
					if called == operation {
						return errStore
					}
					return nil
				}
				d := w.till(id)
				if got := w.exchange(w.renewer(), d, "code"); !errors.Is(got.Err, errStore) || got.Outcome != "" || len(d.codes) != 0 {
					t.Errorf("Exchange: %+v after %v exchanges, want the journal's error and none", got, d.codes)
				}
			})
		})
	}
}

// A write whose confirmation is lost has been made: the attempt is still ours.
func TestExchangeKnowsItsOwnClaim(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.lostSwap = true
		time.AfterFunc(100*time.Millisecond, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.lostSwap = false
		})
		d := w.till(id)
		if got := w.exchange(w.renewer(), d, "code"); got.Outcome != token.ExchangeDone || d.codes["code"] != 1 || !w.kept(id) {
			t.Errorf("Exchange: %+v after %v exchanges, want it done with one", got, d.codes)
		}
	})
}

// What the journal does not take goes into the secret, and into the journal as
// soon as it can.
func TestConsentOutlivesTheJournal(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		r, d := w.renewer(), w.till(id)
		down := time.Now().Add(100 * time.Millisecond)
		w.journalFault = func(string) error {
			if time.Now().After(down) {
				return errStore
			}
			return nil
		}
		got := w.exchange(r, d, "code")
		if w.secrets[id].Value.RefreshToken.Reveal() != w.live[id] || got.AtRisk || got.Outcome != token.ExchangeDone || got.Err == nil {
			t.Errorf("Exchange: %+v, want the grant in its secret, and why", got)
		}
		w.journalFault = nil
		if again := w.exchange(r, d, "code"); again.Outcome != token.ExchangeDone || !w.kept(id) || d.codes["code"] != 1 {
			t.Errorf("the callback again: %+v, want the journal to have it", again)
		}
	})
}

// Whoever repeats a callback whose maker died is told so, and nothing is sent.
func TestExchangeOfADeadInstance(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		attempt := token.FingerprintOf(token.NewSecret("code"))
		begun, err := w.entries[id].BeginExchange(attempt, token.Lease{Holder: "dead", Until: time.Now().Add(time.Minute)}, false, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		w.entries[id] = begun
		d := w.till(id)
		if got := w.exchange(w.renewer(), d, "code"); !errors.Is(got.Err, context.DeadlineExceeded) || got.Outcome != "" {
			t.Errorf("while it may be alive: %+v, want no outcome in time", got)
		}
		time.Sleep(time.Minute)
		if got := w.exchange(w.renewer(), d, "code"); got.Outcome != token.ExchangeFailed || len(d.codes) != 0 {
			t.Errorf("when it is surely dead: %+v after %v exchanges, want failed and none", got, d.codes)
		}
	})
}

func TestExchangeRefusals(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		d := w.till(id)
		d.err = errors.New("reset")
		for i := range 16 {
			w.exchange(w.renewer(), d, fmt.Sprint(i))
		}
		if got := w.exchange(w.renewer(), d, "the 17th"); !errors.Is(got.Err, token.ErrTooManyExchanges) || d.codes["the 17th"] != 0 {
			t.Errorf("the 17th within a quarter of an hour: %+v, want ErrTooManyExchanges and nothing sent", got)
		}
		e := w.entries[id]
		e.Removed, e.Exchanges = true, nil
		w.entries[id] = e
		if got := w.exchange(w.renewer(), d, "removed"); !errors.Is(got.Err, token.ErrRemoved) || d.codes["removed"] != 0 {
			t.Errorf("of a removed grant: %+v, want ErrRemoved and nothing sent", got)
		}
	})
}

// A merchant who closes the browser has consented all the same.
func TestExchangeOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		got := w.renewer().Exchange(ctx, id, token.Fingerprint{1}, always, w.till(id).redeem("code"))
		if got.Outcome != token.ExchangeDone || !w.kept(id) {
			t.Errorf("Exchange: %+v, want the consent kept", got)
		}
	})
}
