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

func TestRefusalLatchesTheSecondTime(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.live[id] = "revoked"
		s := w.sweep()
		var consents []string
		begin := time.Now()
		for minute := range 100 {
			consents = append(consents, w.run(s).ConsentRequired...)
			if len(consents) > 0 && w.entries[id].Result.Latch == nil {
				t.Fatal("consent is asked for, but the grant is not latched")
			}
			if len(consents) > 0 && time.Since(begin) < 10*time.Minute {
				t.Fatalf("latched after %v, want ten minutes or more", time.Since(begin))
			}
			time.Sleep(time.Until(begin.Add(time.Duration(minute+1) * time.Minute)))
		}
		if len(consents) != 1 || w.calls[id] != 2 {
			t.Errorf("consent asked for %d times with %d requests, want once with two", len(consents), w.calls[id])
		}
		time.Sleep(48 * time.Hour)
		w.run(s)
		w.run(s)
		if w.calls[id] != 3 {
			t.Errorf("%d requests two days later, want one more", w.calls[id])
		}
		if got := w.renew(w.renewer(), id, refresh.OnDemand); !errors.Is(got.Err, token.ErrNotDue) {
			t.Errorf("on demand: %v, want ErrNotDue of a latched grant", got.Err)
		}
	})
}

// A token that a person put into the secret is tried once when the journal's is
// refused, and is committed before it is sent.
func TestRefusalTriesWhatThePersonPutThere(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.live[id] = "pasted"
		w.secrets[id] = token.Stored[token.Grant]{Value: token.Grant{ID: id, RefreshToken: token.NewSecret("pasted")}, Version: "v2"}
		got := w.renew(w.renewer(), id, refresh.WhenDue)
		if got.Err != nil || !got.Adopted || w.entries[id].Revision != 3 || !w.kept(id) || w.calls[id] != 2 {
			t.Errorf("%v, adopted %v, revision %d, %d requests; want it adopted as 2 and renewed as 3", got.Err, got.Adopted, w.entries[id].Revision, w.calls[id])
		}
	})
}

// Different is not newer: an old version that somebody made current again is
// never sent.
func TestSpentTokenInTheSecretIsNotSent(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		r := w.renewer()
		for range 3 {
			w.renew(r, id, refresh.OnDemand) // the secret keeps revision 1
		}
		w.live[id] = "revoked"
		calls := w.calls[id]
		got := w.renew(r, id, refresh.OnDemand)
		if got.Adopted || w.calls[id] != calls+1 || got.Latched {
			t.Errorf("adopted %v with %d requests, want the old version left alone and one request", got.Adopted, w.calls[id]-calls)
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

// After a timeout the token may be rotated: a refusal in a later sweep is
// "rotation lost", not "revoked".
func TestRefusalAfterATimeoutIsRotationLost(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer { return answer{after: time.Hour} }
		r := w.renewer()
		w.renew(r, id, refresh.WhenDue)
		w.live[id] = "rotated unseen"
		w.answer = nil
		if got := w.renew(r, id, refresh.OnDemand); !errors.Is(got.Err, token.ErrNotDue) {
			t.Errorf("at once after the timeout: %v, want ErrNotDue: the first request may be alive", got.Err)
		}
		time.Sleep(time.Minute)
		if got := w.renew(r, id, refresh.WhenDue); !got.RotationLost {
			t.Errorf("the refusal after it: %v, want it called rotation lost", got.Err)
		}
	})
}

// A commit that the journal does not take goes into the secret, and from there
// back into the journal.
func TestJournalDownAfterTheAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		lost      bool // swaps are made, their answers lost
		keepFault error
		atRisk    bool
	}{
		{"refused, the secret takes it", false, nil, false},
		{"refused, the secret refuses too", false, errStore, true},
		{"made but not answered", true, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				down := func() {
					w.lostSwap = tt.lost
					if !tt.lost {
						w.journalFault = func(string) error { return errStore }
					}
				}
				w.answer = func(token.ID) answer { down(); return answer{} }
				w.keepFault = tt.keepFault
				r := w.renewer()
				got := w.renew(r, id, refresh.WhenDue)
				if got.AtRisk != tt.atRisk {
					t.Errorf("at risk %v (%v), want %v", got.AtRisk, got.Err, tt.atRisk)
				}
				if atRisk := r.Settle(t.Context()); (atRisk == 1) == tt.lost {
					t.Errorf("%d at risk while the journal is down, want the answer kept until it is stored", atRisk)
				}
				w.journalFault, w.lostSwap, w.answer = nil, false, nil
				if atRisk := r.Settle(t.Context()); atRisk != 0 || !w.kept(id) {
					t.Errorf("%d at risk after the journal is back, kept %v; want it settled", atRisk, w.kept(id))
				}
				time.Sleep(2 * time.Minute)
				if got := w.renew(w.renewer(), id, refresh.OnDemand); got.Err != nil || !w.kept(id) {
					t.Errorf("the next renewal: %v", got.Err)
				}
			})
		})
	}
}

// The same, with the instance gone: the next one finds the answer in the secret.
func TestInstanceDiesWithTheJournalDown(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer {
			w.journalFault = func(string) error { return errStore }
			return answer{}
		}
		w.renew(w.renewer(), id, refresh.WhenDue)
		w.journalFault, w.answer = nil, nil
		time.Sleep(5 * time.Minute)
		if got := w.renew(w.renewer(), id, refresh.WhenDue); got.Err != nil || !got.Adopted || !w.kept(id) || len(w.lost()) != 0 {
			t.Errorf("the next instance: %v, adopted %v; want the secret's grant adopted and renewed", got.Err, got.Adopted)
		}
	})
}

func TestCommitOnWhatWasLoaded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		during  func(w *grantWorld, id token.ID) // while the provider works
		wantErr error
		kept    bool
	}{
		{"somebody published meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Put.Number, e.WriteID = 7, "publisher"
			w.entries[id] = e
		}, nil, true},
		{"the lease was taken over meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Lease, e.WriteID = token.Lease{Holder: "other", Until: time.Now().Add(time.Minute)}, "other"
			w.entries[id] = e
		}, nil, true},
		{"the row is gone", func(w *grantWorld, id token.ID) { delete(w.entries, id) }, nil, true},
		{"a consent was stored meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Revision, e.WriteID = e.Revision+1, "consent"
			w.entries[id] = e
		}, token.ErrSuperseded, false},
		{"a later consent of the same revision was adopted meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			found := token.Grant{ID: id, RefreshToken: token.NewSecret("consented"), ConsentedAt: time.Now()}
			e = e.Adopt(e.Revision, found, time.Now())
			e.WriteID = "settled"
			w.entries[id] = e
		}, token.ErrSuperseded, false},
		{"the row was lost, and made again of a secret that is behind", func(w *grantWorld, id token.ID) {
			behind := token.Entry{ID: id, WriteID: "reconcile"}
			w.entries[id] = behind.Adopt(0, token.Grant{ID: id, RefreshToken: token.NewSecret("spent")}, time.Now())
		}, nil, true},
		{"the row cannot be opened meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Grant, e.Access, e.Sealed, e.WriteID = token.Grant{}, token.AccessToken{}, token.ErrSealed, "another key"
			w.entries[id] = e
		}, nil, true},
		{"it was removed meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Revision, e.Removed, e.WriteID = e.Revision+1, true, "removal"
			w.entries[id] = e
		}, token.ErrRemoved, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				w.answer = func(id token.ID) answer { tt.during(w, id); return answer{} }
				got := w.renew(w.renewer(), id, refresh.WhenDue)
				if !errors.Is(got.Err, tt.wantErr) || w.kept(id) != tt.kept {
					t.Errorf("Renew: %v, kept %v; want %v, %v", got.Err, w.kept(id), tt.wantErr, tt.kept)
				}
				if e := w.entries[id]; tt.kept && (e.Revision != 2 || e.Grant.RefreshToken.Empty()) {
					t.Errorf("entry %+v, want revision 2", e)
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

// The claim is the canary: a journal that cannot be written burns no token.
func TestUnwritableJournalBurnsNoToken(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.journalFault = func(operation string) error {
			if operation == "Swap" {
				return errStore
			}
			return nil
		}
		s := w.sweep()
		for range 10 {
			w.run(s)
			time.Sleep(time.Minute)
		}
		if w.calls[id] != 0 {
			t.Errorf("%d requests while the journal refuses writes, want none", w.calls[id])
		}
		w.journalFault = nil
		if r := w.run(s); r.Renewed != 1 {
			t.Errorf("after it: %+v, want it renewed", r)
		}
	})
}
