package refresh_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// toldBy is what a sweep tells of, without the times.
func (w *grantWorld) toldBy(report refresh.Report) map[refresh.EventType][]string {
	got := map[refresh.EventType][]string{}
	for _, e := range w.events(report) {
		got[e.Type] = append(got[e.Type], e.ID.String()+" "+e.Reason)
	}
	return got
}

// TestEventsOfAGrant follows one grant that the merchant revokes and the
// provider takes back: each change is told once.
func TestEventsOfAGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		id := w.addClient("shop", always, 1)[0]
		s := w.sweep()
		w.run(s)
		token1 := w.live[id]
		var all []string
		sweepFor := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Minute) {
				report := w.run(s)
				events := w.events(report)
				for _, e := range events {
					all = append(all, string(e.Type)+" "+e.ID.String()+" "+e.Reason)
					if e.Since.IsZero() || time.Since(e.Since) > time.Minute {
						t.Errorf("%s: since %s", e.Type, e.Since)
					}
				}
				if len(report.ConsentRequired) > 0 && len(events) == 0 {
					t.Error("consent is required, and nobody is told")
				}
			}
		}
		w.live[id] = "revoked"
		sweepFor(time.Hour)
		w.live[id] = token1 // the merchant changed their mind
		sweepFor(26 * time.Hour)
		want := []string{"Consent Required shop/DK00000000 revoked", "Consent Recovered shop/DK00000000 refreshed"}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestEventsOfASweep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		merchants int
		arrange   func(*grantWorld)
		sweeps    int
		want      map[refresh.EventType][]string
	}{
		{name: "all well", merchants: 3, arrange: func(*grantWorld) {}, sweeps: 3, want: map[refresh.EventType][]string{}},
		{
			name: "an answer after the rotation is lost", merchants: 1, sweeps: 1,
			arrange: func(w *grantWorld) {
				w.answer = func(id token.ID) answer {
					if w.calls[id] == 1 {
						return answer{err: &oauth.Error{Class: oauth.ClassTransient}, processed: true}
					}
					return answer{}
				}
			},
			want: map[refresh.EventType][]string{token.EventRotationLost: {"shop/DK00000000 rotation_lost"}},
		},
		{
			name: "somebody else's ID token", merchants: 1, sweeps: 3,
			arrange: func(w *grantWorld) { w.suspect = true },
			want:    map[refresh.EventType][]string{token.EventConsentRequired: {"shop/DK00000000 identity_mismatch"}},
		},
		{
			name: "all are refused", merchants: 20, sweeps: 3,
			arrange: func(w *grantWorld) {
				w.answer = func(token.ID) answer {
					return answer{err: &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}}
				}
			},
			want: map[refresh.EventType][]string{refresh.MassRejection: {"shop invalid_grant"}},
		},
		{
			name: "the client is refused", merchants: 4, sweeps: 3,
			arrange: func(w *grantWorld) {
				w.answer = func(token.ID) answer {
					return answer{err: &oauth.Error{Class: oauth.ClassClient, Status: 400, Code: "invalid_client"}}
				}
			},
			want: map[refresh.EventType][]string{refresh.ClientMisconfigured: {"shop invalid_client"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newGrantWorld(t)
				w.addClient("shop", always, test.merchants)
				test.arrange(w)
				s := w.sweep()
				got := map[refresh.EventType][]string{}
				for range test.sweeps {
					for kind, events := range w.toldBy(w.run(s)) {
						got[kind] = append(got[kind], events...)
					}
					time.Sleep(time.Minute)
				}
				if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A grant that stays latched is told of again with every daily try, with the
// same time: a function that died before its first telling is made up for.
func TestLatchedGrantIsToldOfDaily(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		id := w.addClient("shop", always, 1)[0]
		w.live[id] = "revoked"
		s := w.sweep()
		var since []time.Time
		for range 3*24*60 + 20 {
			for _, e := range w.events(w.run(s)) {
				if e.Type != token.EventConsentRequired || e.Reason != token.ReasonRevoked {
					t.Errorf("event %+v, want a required consent", e)
				}
				since = append(since, e.Since)
			}
			time.Sleep(time.Minute)
		}
		if len(since) != 4 || !since[3].Equal(since[0]) {
			t.Errorf("told %d times in three days, since %v; want at once and daily, since the same time", len(since), since)
		}
	})
}

// That a client is stopped is told again by the next sweep if the process died
// before it was answered, and not if it was.
func TestStoppedClientIsToldOf(t *testing.T) {
	t.Parallel()
	failures := map[refresh.EventType]error{
		refresh.MassRejection:       errInvalidGrant,
		refresh.ClientMisconfigured: &oauth.Error{Class: oauth.ClassClient, Status: 400, Code: "invalid_client"},
	}
	for kind, failure := range failures {
		for _, dies := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, the process dies %v", kind, dies), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newGrantWorld(t)
					w.addClient("shop", always, 20)
					w.answer = func(token.ID) answer { return answer{err: failure} }
					first := w.sweep()
					stopped := w.run(first).Events
					if len(stopped) != 1 || stopped[0].Type != kind {
						t.Fatalf("told %+v, want of %s", stopped, kind)
					}
					next, want := first, 0
					if dies {
						next, want = w.sweep(), 1
					}
					var again []refresh.Event
					for range 5 {
						time.Sleep(time.Minute)
						again = append(again, w.run(next).Events...)
					}
					if len(again) != want || (want > 0 && again[0].Type != kind) {
						t.Errorf("told again %+v, want %d of the same", again, want)
					}
					time.Sleep(time.Minute)
					if third := w.run(w.sweep()).Events; len(third) != 0 {
						t.Errorf("another instance tells %+v, want all to know", third)
					}
				})
			})
		}
	}
}

// A sweep that dies in the middle has already noted a mass rejection: its grants
// were good, and no later sweep could see that.
func TestMassRejectionIsNotedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.addClient("shop", always, 20)
		w.answer = func(id token.ID) answer {
			if id.Merchant == "DK00000000" {
				return answer{err: errInvalidGrant, after: 8 * time.Second} // the sweep goes on until then
			}
			return answer{err: errInvalidGrant}
		}
		noted := false
		timer := time.AfterFunc(5*time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			noted = len(w.notes) > 0
		})
		defer timer.Stop()
		w.run(w.sweep())
		if !noted {
			t.Error("the note came with the end of the sweep")
		}
	})
}
