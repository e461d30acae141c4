package refresh_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

var always = token.Use{Refresh: token.RefreshAlways}

// inGrantWorld runs a test in a bubble with one client and one merchant.
func inGrantWorld(t *testing.T, test func(t *testing.T, w *grantWorld, id token.ID)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		test(t, w, w.addClient("subscriptions", always, 1)[0])
	})
}

func (w *grantWorld) renew(r *refresh.Renewer, id token.ID, occasion refresh.Occasion) refresh.Renewal {
	w.t.Helper()
	return r.Renew(w.t.Context(), id, grantEndpoint{w, id.Client}, occasion)
}

func TestRenewCommitsTheAnswer(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		began := time.Now()
		got := w.renew(w.renewer(), id, refresh.WhenDue)
		e := w.entries[id]
		if got.Err != nil || !w.kept(id) || e.Revision != 2 || e.Lease.Holder != "" || e.Unsettled {
			t.Fatalf("Renew: %v; entry %+v", got.Err, e)
		}
		if !e.Grant.StampFits() || e.Access.Value.Empty() || e.Result.Outcome != token.OutcomeSucceeded {
			t.Errorf("entry %+v, want a stamped grant, its access token and a success", e)
		}
		if due := e.Access.ExpiresAt.Add(-120 * time.Second); !e.DueAt.Equal(due) {
			t.Errorf("due at %v, want a fifth and a sweep before the expiry, %v", e.DueAt, due)
		}
		if e.PublishAt.Before(began) || e.PublishAt.After(time.Now()) {
			t.Errorf("to be published at %v, want at once", e.PublishAt)
		}
		if again := w.renew(w.renewer(), id, refresh.WhenDue); !errors.Is(again.Err, token.ErrNotDue) || w.calls[id] != 1 {
			t.Errorf("Renew again: %v after %d requests, want ErrNotDue and one", again.Err, w.calls[id])
		}
	})
}

func TestOneRenewerPerGrant(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		var group sync.WaitGroup
		results := make([]refresh.Renewal, 50)
		for i := range results {
			group.Go(func() { results[i] = w.renew(w.renewer(), id, refresh.OnDemand) })
		}
		group.Wait()
		renewed := 0
		for _, result := range results {
			if result.Err == nil {
				renewed++
			} else if !errors.Is(result.Err, token.ErrLeased) {
				t.Errorf("Renew: %v, want ErrLeased", result.Err)
			}
		}
		if renewed != 1 || w.calls[id] != 1 {
			t.Errorf("%d renewed with %d requests, want one", renewed, w.calls[id])
		}
	})
}

// A lease whose holder died is taken over 30 s after its end, and the secret is
// compared before anything is sent: it may hold the dead one's answer.
func TestTakeOverComparesFirst(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		e := w.entries[id]
		e.Lease = token.Lease{Holder: "dead", Until: time.Now().Add(time.Minute)}
		w.entries[id] = e
		next, _ := w.rotate(id, w.live[id]) // the dead one's answer, put into the secret
		rotated := token.Grant{ID: id, RefreshToken: token.NewSecret(next)}.Stamped(2)
		w.secrets[id] = token.Stored[token.Grant]{Value: rotated, Version: "v2"}

		time.Sleep(time.Minute + token.LeaseGrace - time.Second)
		if got := w.renew(w.renewer(), id, refresh.WhenDue); !errors.Is(got.Err, token.ErrLeased) || w.calls[id] != 0 {
			t.Fatalf("within the grace: %v after %d requests, want ErrLeased and none", got.Err, w.calls[id])
		}
		time.Sleep(time.Second)
		got := w.renew(w.renewer(), id, refresh.WhenDue)
		if got.Err != nil || !got.Adopted || !w.kept(id) || w.entries[id].Revision != 3 || w.calls[id] != 1 {
			t.Errorf("after it: %v, adopted %v, revision %d, %d requests; want it adopted, then renewed once", got.Err, got.Adopted, w.entries[id].Revision, w.calls[id])
		}
	})
}

func TestBrokenAnswersAreAskedForAgain(t *testing.T) {
	t.Parallel()
	html500 := &oauth.Error{Class: oauth.ClassTransient, Status: 502}
	reset := &oauth.Error{Class: oauth.ClassTransient}
	tests := []struct {
		name         string
		answers      []answer
		calls        int
		rotationLost bool
		outcome      token.Outcome
	}{
		{"one 5xx before the rotation", []answer{{err: html500}, {}}, 2, false, token.OutcomeSucceeded},
		{"two 5xx before the rotation", []answer{{err: html500}, {err: html500}, {}}, 3, false, token.OutcomeSucceeded},
		{"three 5xx", []answer{{err: html500}, {err: html500}, {err: html500}}, 3, false, token.OutcomeUnknown},
		{"5xx after the rotation", []answer{{err: html500, processed: true}, {}}, 2, true, token.OutcomeRefused},
		{"a timeout", []answer{{after: time.Hour}}, 1, false, token.OutcomeUnknown},
		{"a 429", []answer{{err: &oauth.Error{Class: oauth.ClassThrottled, Status: 429}}}, 1, false, token.OutcomeFailed},
		{"an unknown 4xx", []answer{{err: &oauth.Error{Class: oauth.ClassUnknown, Status: 418}}}, 1, false, token.OutcomeFailed},
		{"no connection", []answer{{err: &oauth.Error{Class: oauth.ClassTransient, NotSent: true}}}, 1, false, token.OutcomeFailed},
		{"no connection in time", []answer{{err: &oauth.Error{Class: oauth.ClassTransient, NotSent: true, Timeout: true}}}, 1, false, token.OutcomeFailed},
		{"a reset before the rotation", []answer{{err: reset}, {}}, 2, false, token.OutcomeSucceeded},
		{"a reset after the rotation", []answer{{err: reset, processed: true}, {}}, 2, true, token.OutcomeRefused},
		{"an unreadable answer after the rotation", []answer{{err: &oauth.Error{Class: oauth.ClassUnknown, Status: 200}, processed: true}, {}}, 2, true, token.OutcomeRefused},
		{"an answer that says to come back", []answer{{err: &oauth.Error{Class: oauth.ClassTransient, Status: 200, Code: "temporarily_unavailable"}}}, 1, false, token.OutcomeFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				w.answer = func(id token.ID) answer { return tt.answers[w.calls[id]-1] }
				got := w.renew(w.renewer(), id, refresh.WhenDue)
				if w.calls[id] != tt.calls || got.RotationLost != tt.rotationLost || w.entries[id].Result.Outcome != tt.outcome {
					t.Errorf("%d requests, rotation lost %v, outcome %s (%v); want %d, %v, %s", w.calls[id], got.RotationLost, w.entries[id].Result.Outcome, got.Err, tt.calls, tt.rotationLost, tt.outcome)
				}
				if w.entries[id].Lease.Holder != "" {
					t.Error("the lease was not given back")
				}
			})
		})
	}
}

func TestSuspectAnswerIsKeptAndNotUsed(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.suspect = true
		w.renew(w.renewer(), id, refresh.WhenDue)
		e := w.entries[id]
		if !e.Suspect || !w.kept(id) || !e.DueAt.IsZero() || len(e.Untold) != 1 {
			t.Errorf("entry %+v, want it kept, suspect, not due, and told of", e)
		}
		if next := schedule.PublishNext(e.Told(e.Untold), always, time.Now()); !next.IsZero() {
			t.Errorf("it is to be published at %v, want never", next)
		}
		if got := w.renew(w.renewer(), id, refresh.OnDemand); !errors.Is(got.Err, token.ErrNotDue) {
			t.Errorf("on demand: %v, want ErrNotDue", got.Err)
		}
	})
}

// An answer that brought a refresh token and nothing else is a failure that is
// kept: the token is committed, and the next try backs off.
func TestAnswerWithoutAccessToken(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.noAccess = true
		s := w.sweep()
		for range 60 {
			w.run(s)
			if !w.kept(id) {
				t.Fatal("the refresh token was not kept")
			}
			time.Sleep(time.Minute)
		}
		if w.calls[id] > 9 {
			t.Errorf("%d requests in an hour, want them to back off", w.calls[id])
		}
		w.noAccess = false
		time.Sleep(15 * time.Minute)
		if r := w.run(s); r.Renewed != 1 || w.entries[id].Access.Value.Empty() {
			t.Errorf("afterwards: %+v, want it renewed", r)
		}
	})
}

func TestSealedEntryIsNotRenewed(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		e := w.entries[id]
		e.Sealed = token.ErrSealed
		w.entries[id] = e
		if r := w.run(w.sweep()); r.ResultAtRisk != 1 || w.calls[id] != 0 || len(r.Failed) != 1 {
			t.Errorf("report %+v after %d requests, want it at risk and none", r, w.calls[id])
		}
	})
}
