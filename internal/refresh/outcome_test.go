package refresh_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// A renewer that took over sends what another one has in flight, and that one's
// answer is committed late. The refusal or failure is then not of what is stored.
func TestFailureOfWhatWasSuperseded(t *testing.T) {
	t.Parallel()
	failures := map[string]error{
		"refused": errInvalidGrant,
		"failed":  &oauth.Error{Class: oauth.ClassThrottled, Status: 429},
	}
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				due := time.Now().Add(3 * time.Minute)
				w.answer = func(token.ID) answer {
					e, _ := w.entries[id].Commit(1, token.Grant{ID: id, RefreshToken: token.NewSecret("late")}, token.AccessToken{ID: id}, time.Now())
					e.DueAt, e.WriteID = due, "late commit"
					w.entries[id] = e
					return answer{err: failure}
				}
				got := w.renew(w.renewer(), id, refresh.WhenDue)
				e := w.entries[id]
				if !errors.Is(got.Err, token.ErrSuperseded) || e.Result.Outcome != token.OutcomeSucceeded || !e.DueAt.Equal(due) || e.Lease.Holder != "" {
					t.Errorf("Renew: %v, entry %+v; want ErrSuperseded, and the late answer as it was", got.Err, e)
				}
			})
		})
	}
}

// Whoever has lost the lease has nothing to say any more, unless it is an
// answer.
func TestFailureWithoutTheLease(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"refused": errInvalidGrant, "failed": &oauth.Error{Class: oauth.ClassThrottled, Status: 429}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				var taken token.Entry
				w.answer = func(token.ID) answer {
					taken = w.entries[id]
					taken.Lease, taken.WriteID = token.Lease{Holder: "other", Until: time.Now().Add(time.Minute)}, "taken over"
					w.entries[id] = taken
					return answer{err: failure}
				}
				got := w.renew(w.renewer(), id, refresh.WhenDue)
				if e := w.entries[id]; !errors.Is(got.Err, failure) || e.WriteID != taken.WriteID {
					t.Errorf("Renew: %v, entry %+v; want it as the other one has it", got.Err, e)
				}
			})
		})
	}
}

// While client or provider are known to be at fault, a second refusal latches
// nobody.
func TestProbeLatchesNobody(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer { return answer{err: errInvalidGrant} }
		r := w.renewer()
		w.renew(r, id, refresh.WhenDue)
		time.Sleep(11 * time.Minute)
		if got := w.renew(r, id, refresh.Probing); got.Latched || w.entries[id].Result.Latch != nil || w.entries[id].DueAt.After(time.Now()) {
			t.Errorf("latched %v, entry %+v; want a probe to change nothing but its turn", got.Latched, w.entries[id])
		}
		if got := w.renew(r, id, refresh.WhenDue); !got.Latched {
			t.Error("the refusal after it did not latch")
		}
	})
}

// A probe that fails is not its grant's failure: it stays due, behind the
// others.
func TestProbeFailsForNobody(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer {
			return answer{err: &oauth.Error{Class: oauth.ClassThrottled, Status: 429}}
		}
		w.renew(w.renewer(), id, refresh.Probing)
		if e := w.entries[id]; e.Result.Failures != 0 || !e.DueAt.Equal(time.Now()) {
			t.Errorf("%d failures, due at %v; want none, and now", e.Result.Failures, e.DueAt)
		}
	})
}

// Only a sweep sees that many are refused: consumers that ask meanwhile latch
// nobody.
func TestOnDemandLatchesNobody(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer { return answer{err: errInvalidGrant} }
		r := w.renewer()
		for range 60 {
			if got := w.renew(r, id, refresh.OnDemand); got.Latched {
				t.Fatal("a consumer's request latched the grant")
			}
			time.Sleep(time.Minute)
		}
		if w.calls[id] != 1 {
			t.Errorf("%d requests in an hour, want one until a sweep tries again", w.calls[id])
		}
		w.answer = nil
		if r := w.run(w.sweep()); r.Renewed != 1 {
			t.Errorf("the sweep after it: %+v, want it renewed", r)
		}
	})
}

// An answer may have been lost; that the secret cannot be read after a refusal
// makes nothing else of it.
func TestLostAnswerStaysLostWhenTheSecretCannotBeRead(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer { return answer{after: time.Hour} }
		r := w.renewer()
		w.renew(r, id, refresh.WhenDue)
		w.live[id], w.answer = "rotated unseen", nil
		w.labelsFault = errStore
		time.Sleep(time.Minute)
		w.renew(r, id, refresh.WhenDue)
		w.labelsFault = nil
		time.Sleep(15 * time.Minute)
		if got := w.renew(r, id, refresh.WhenDue); !got.RotationLost {
			t.Errorf("the next refusal: %v, want it called rotation lost", got.Err)
		}
	})
}

// A suspect answer stays away from the provider, whatever else it lacks.
func TestSuspectAnswerWithoutAccessToken(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.suspect, w.noAccess = true, true
		w.renew(w.renewer(), id, refresh.WhenDue)
		if e := w.entries[id]; !e.Suspect || !e.DueAt.IsZero() {
			t.Errorf("entry %+v, want it suspect and not due", e)
		}
	})
}

// deadlines notes until when a request may last.
type deadlines struct {
	grantEndpoint
	seen *time.Time
}

func (e deadlines) Refresh(ctx context.Context, grant token.Grant) (refresh.Refreshed, error) {
	*e.seen, _ = ctx.Deadline()
	return e.grantEndpoint.Refresh(ctx, grant)
}

// What is sent ends ten seconds before the lease does: its answer has to be
// committed before somebody else may send the same token.
func TestSendEndsBeforeTheLease(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		var seen, lease time.Time
		w.answer = func(token.ID) answer {
			lease = w.entries[id].Lease.Until
			return answer{}
		}
		got := w.renewer().Renew(t.Context(), id, deadlines{grantEndpoint{w, id.Client}, &seen}, refresh.WhenDue)
		if got.Err != nil || !seen.Equal(lease.Add(-10*time.Second)) || lease.After(time.Now().Add(time.Minute)) {
			t.Errorf("Renew: %v, sent until %v of a lease until %v; want ten seconds less", got.Err, seen, lease)
		}
	})
}

// ended ends the sweep while the answer is on its way back.
type ended struct {
	grantEndpoint
	end context.CancelFunc
}

func (e ended) Refresh(ctx context.Context, grant token.Grant) (refresh.Refreshed, error) {
	defer e.end()
	return e.grantEndpoint.Refresh(ctx, grant)
}

// What a request brought is stored although the sweep is being ended.
func TestSweepIsEndedBeforeTheCommit(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"an answer": nil, "a refusal": errInvalidGrant, "a failure": &oauth.Error{Class: oauth.ClassThrottled, Status: 429}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				w.answer = func(token.ID) answer { return answer{err: failure} }
				ctx, cancel := context.WithCancel(t.Context())
				w.renewer().Renew(ctx, id, ended{grantEndpoint{w, id.Client}, cancel}, refresh.WhenDue)
				if e := w.entries[id]; !w.kept(id) || e.Lease.Holder != "" || e.Result.Outcome == "" || w.keptGrants != 0 {
					t.Errorf("entry %+v, want the outcome stored and the lease given back", e)
				}
			})
		})
	}
}

// A journal that is back within five seconds takes the answer, and one that has
// taken it is recognised: the secret is left alone.
func TestCommitOutlivesAShortOutage(t *testing.T) {
	t.Parallel()
	tests := map[string]func(w *grantWorld) func(operation string) error{
		"refused for four seconds": func(*grantWorld) func(string) error {
			back := time.Now().Add(4 * time.Second)
			return func(string) error {
				if time.Now().Before(back) {
					return errStore
				}
				return nil
			}
		},
		"made, and not answered once": func(w *grantWorld) func(string) error {
			w.lostSwap = true
			again := false
			return func(string) error {
				w.lostSwap, again = !again, true
				return nil
			}
		},
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				w.answer = func(token.ID) answer {
					w.journalFault = fault(w)
					return answer{}
				}
				got := w.renew(w.renewer(), id, refresh.WhenDue)
				if got.Err != nil || !w.kept(id) || w.entries[id].Revision != 2 || w.keptGrants != 0 {
					t.Errorf("Renew: %v, entry %+v, %d kept; want it committed, and nothing in the secret", got.Err, w.entries[id], w.keptGrants)
				}
			})
		})
	}
}

// A sweep begins with the answers that the last one could not store.
func TestSweepStoresWhatIsAtRisk(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		s := w.sweep()
		w.keepFault = errStore
		w.answer = func(token.ID) answer {
			w.journalFault = func(string) error { return errStore }
			return answer{}
		}
		w.run(s)
		w.journalFault, w.answer = nil, nil
		time.Sleep(time.Minute)
		if r := w.run(s); !w.kept(id) || w.calls[id] != 1 || r.ResultAtRisk != 0 {
			t.Errorf("report %+v, entry %+v; want the answer of the last sweep stored", r, w.entries[id])
		}
	})
}
