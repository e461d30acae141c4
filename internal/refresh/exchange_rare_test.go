package refresh_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// A consent that comes to nothing after it forced the lease of a refresh leaves
// it to that again: the same refresh token is not sent beside it.
func TestFailedExchangeGivesAForcedLeaseBack(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer {
			if w.calls[id] == 1 { // nine seconds, and nine more: a gateway in front gave up
				return answer{after: 9 * time.Second, err: &oauth.Error{Class: oauth.ClassTransient, Status: 502}}
			}
			return answer{after: 9 * time.Second}
		}
		var slow refresh.Renewal
		var group sync.WaitGroup
		group.Go(func() { slow = w.renew(w.renewer(), id, refresh.WhenDue) })
		time.Sleep(100 * time.Millisecond)
		d := w.till(id)
		d.err = refresh.ErrNotAccepted
		if got := w.exchange(w.renewer(), d, "code"); got.Outcome != token.ExchangeRefused {
			t.Errorf("Exchange: %+v, want it refused", got)
		}
		if got := w.renew(w.renewer(), id, refresh.WhenDue); !errors.Is(got.Err, token.ErrLeased) || got.Sent {
			t.Errorf("Renew beside the slow one: %v, sent %v; want ErrLeased", got.Err, got.Sent)
		}
		group.Wait()
		if e := w.entries[id]; slow.Err != nil || !w.kept(id) || e.Lease.Holder != "" || e.Unsettled {
			t.Errorf("the slow one: %v; lease %+v, unsettled %v", slow.Err, e.Lease, e.Unsettled)
		}
	})
}

// A refresh that has ended beside the consent that forced its lease gets it back
// no more: nobody would give it back then.
func TestFailedExchangeGivesNoLeaseToWhoIsDone(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer {
			if w.calls[id] == 1 {
				return answer{after: 9 * time.Second, err: &oauth.Error{Class: oauth.ClassTransient, Status: 502}}
			}
			return answer{after: 3 * time.Second}
		}
		var slow refresh.Renewal
		var group sync.WaitGroup
		group.Go(func() { slow = w.renew(w.renewer(), id, refresh.WhenDue) })
		time.Sleep(100 * time.Millisecond)
		d := w.till(id)
		d.takes, d.err = 6*time.Second, refresh.ErrNotAccepted
		got := w.exchange(w.renewer(), d, "code")
		group.Wait()
		if e := w.entries[id]; got.Outcome != token.ExchangeRefused || slow.Err != nil || !w.kept(id) || e.Lease.Holder != "" {
			t.Errorf("Exchange: %q; the slow one: %v; lease %+v, want none", got.Outcome, slow.Err, e.Lease)
		}
	})
}

// What a code gave and only the secret took is adopted from there, and spent for
// the next. The instance that got it knows nothing of that, and must not put it
// back when the journal is well again.
func TestConsentAtRiskCoversNothingItBecame(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		first, down := w.renewer(), true
		time.AfterFunc(100*time.Millisecond, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.journalFault = func(string) error {
				if down {
					return errStore
				}
				return nil
			}
		})
		if got := w.exchange(first, w.till(id), "code"); got.Err == nil || got.AtRisk || w.keptGrants != 1 {
			t.Fatalf("Exchange: %+v; %d grants kept, want the secret alone to have it", got, w.keptGrants)
		}
		down = false
		time.Sleep(2 * time.Minute) // its lease is over
		if got := w.renew(w.renewer(), id, refresh.WhenDue); got.Err != nil || !got.Adopted || !w.kept(id) {
			t.Fatalf("Renew elsewhere: %v, adopted %v; want the grant of the secret renewed", got.Err, got.Adopted)
		}
		renewed := w.entries[id].Revision
		if atRisk := first.Settle(t.Context()); atRisk != 0 || !w.kept(id) || w.entries[id].Revision != renewed {
			t.Errorf("Settle: %d at risk, kept %v, revision %d, want %d", atRisk, w.kept(id), w.entries[id].Revision, renewed)
		}
	})
}

// A row that is lost during an exchange, and made again of its secret, takes the
// consent all the same, but for one that was given later.
func TestConsentOutlivesItsRow(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]bool{"made of the older grant": false, "made of a later consent": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				e := w.entries[id]
				e.Revision = 5 // its secret is behind
				w.entries[id] = e
				time.AfterFunc(100*time.Millisecond, func() {
					w.mu.Lock()
					defer w.mu.Unlock()
					grant := w.secrets[id].Value
					if later {
						grant.ConsentedAt = time.Now().Add(time.Minute)
					}
					w.entries[id] = token.Entry{ID: id, WriteID: "made again", Revision: 1, Grant: grant}
				})
				got := w.exchange(w.renewer(), w.till(id), "code")
				if later {
					if got.Outcome != token.ExchangeSuperseded || w.kept(id) {
						t.Errorf("Exchange: %+v, want it superseded", got)
					}
					return
				}
				if e := w.entries[id]; got.Outcome != token.ExchangeDone || !w.kept(id) || e.Revision != 6 {
					t.Errorf("Exchange: %+v; revision %d, want it kept as 6", got, e.Revision)
				}
			})
		})
	}
}

// When the answer to a code is lost, the provider may have ended the grant
// before: its refusal is a rotation that was lost, not a merchant's revocation.
func TestLostExchangeIsNoRevocation(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  *oauth.Error
		want bool
	}{
		"the answer never came": {&oauth.Error{Class: oauth.ClassTransient, Timeout: true}, true},
		"it was never sent":     {&oauth.Error{Class: oauth.ClassTransient, NotSent: true}, false},
		"the provider said no":  {&oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				d := w.till(id)
				d.err = tt.err
				if got := w.exchange(w.renewer(), d, "code"); got.Outcome == token.ExchangeDone || w.entries[id].Lease.Holder != "" {
					t.Fatalf("Exchange: %+v, want none", got)
				}
				w.live[id] = "the one that never came"
				got := w.renew(w.renewer(), id, refresh.WhenDue)
				if lost := w.entries[id].Result.RotationLost; got.Err == nil || lost != tt.want {
					t.Errorf("Renew: %v, rotation lost %v, want %v", got.Err, lost, tt.want)
				}
			})
		})
	}
}
