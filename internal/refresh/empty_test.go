package refresh_test

import (
	"errors"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// A first consent that came to nothing leaves a row without a grant: there is
// nothing to renew, for whoever asks and for sweeps.
func TestNothingIsRenewedWithoutAGrant(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"refused":     &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"},
		"answer lost": &oauth.Error{Class: oauth.ClassTransient, Timeout: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				id.Merchant = "DK99999999" // whom nobody knows yet
				d := w.till(id)
				d.err = failure
				w.exchange(w.renewer(), d, "code")
				w.answer = func(token.ID) answer { t.Error("something was sent"); return answer{} }
				var seen token.Entry
				for range 2 {
					time.Sleep(time.Minute)
					seen = w.entries[id]
					got := w.renewer().Demand(t.Context(), seen, grantEndpoint{w, id.Client}, func(e token.Entry) token.Entry {
						return schedule.Used(e, always, time.Now())
					})
					if !errors.Is(got.Err, token.ErrNotFound) || got.Sent || got.Tally() != (refresh.Tally{}) {
						t.Errorf("asked for it: %v, sent %v, counted %+v; want token.ErrNotFound", got.Err, got.Sent, got.Tally())
					}
				}
				if e := w.entries[id]; !e.DueAt.IsZero() || e.Result != (token.Result{}) || e.Lease.Holder != "" || e.Unsettled {
					t.Errorf("due at %v, %+v, lease %+v, unsettled %v; want it due never, with no outcome, lease or doubt", e.DueAt, e.Result, e.Lease, e.Unsettled)
				}
				if w.entries[id].WriteID != seen.WriteID {
					t.Error("who asks again makes the journal write again")
				}
			})
		})
	}
}

// What only the secret took of a first consent is found by whoever asks.
func TestUnsettledFirstConsentIsFound(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		kept := w.secrets[id]
		w.entries[id] = token.Entry{ID: id, WriteID: w.entries[id].WriteID, Unsettled: true}
		if got := w.renew(w.renewer(), id, refresh.OnDemand); got.Err != nil || !got.Adopted || !w.kept(id) {
			t.Errorf("Renew: %v, adopted %v; want the grant of the secret, %v, renewed", got.Err, got.Adopted, kept.Version)
		}
	})
}

// A row without a grant that was in doubt is due no more once neither store is
// found to hold one.
func TestNoGrantInEitherStoreIsDueNoMore(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		delete(w.secrets, id)
		w.entries[id] = token.Entry{ID: id, WriteID: w.entries[id].WriteID, Unsettled: true, DueAt: time.Now()}
		w.answer = func(token.ID) answer { t.Error("something was sent"); return answer{} }
		if got := w.renew(w.renewer(), id, refresh.WhenDue); !errors.Is(got.Err, token.ErrNotFound) {
			t.Errorf("Renew: %v, want token.ErrNotFound", got.Err)
		}
		if e := w.entries[id]; !e.DueAt.IsZero() || e.Unsettled || e.Lease.Holder != "" {
			t.Errorf("due at %v, unsettled %v, lease %+v; want none of it", e.DueAt, e.Unsettled, e.Lease)
		}
	})
}
