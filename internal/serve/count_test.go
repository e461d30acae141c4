package serve_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// Each renewal counts once, whoever waits for it, as the same would count in a
// sweep; what is only handed out counts for nothing.
func TestRenewalsAreCounted(t *testing.T) {
	t.Parallel()
	grants := func(change func(*refresh.Tally)) []refresh.Tally {
		tally := refresh.Tally{GrantType: token.GrantTypeAuthorizationCode}
		change(&tally)
		return []refresh.Tally{tally}
	}
	issued := func(change func(*refresh.Tally)) []refresh.Tally {
		list := grants(change)
		list[0].GrantType = token.GrantTypeClientCredentials
		return list
	}
	renewed := func(tally *refresh.Tally) { tally.Renewed = true }
	failed := func(class string) func(*refresh.Tally) {
		return func(tally *refresh.Tally) { tally.Class = class }
	}
	shop, pos := token.ID{Client: "shop", Merchant: "DK1"}, token.ID{Client: "pos"}
	tests := []struct {
		name    string
		id      token.ID
		age     time.Duration // of the grant's access token
		change  func(*token.Entry)
		arrange func(*world)
		want    []refresh.Tally
	}{
		{name: "fresh", id: shop, age: time.Minute},
		{name: "renewed", id: shop, age: time.Hour, want: grants(renewed)},
		{name: "another one's lease", id: shop, age: time.Hour, change: func(e *token.Entry) {
			e.Lease = token.Lease{Holder: "x", Until: time.Now().Add(time.Minute)}
		}},
		{name: "the next try is later", id: shop, age: time.Hour, change: func(e *token.Entry) {
			e.Result = token.Result{Outcome: token.OutcomeFailed, At: time.Now(), Failures: 1}
			e.DueAt = time.Now().Add(time.Minute)
		}},
		{name: "the provider fails", id: shop, age: time.Hour, want: grants(failed("transient")), arrange: func(w *world) {
			w.refuse = &oauth.Error{Class: oauth.ClassTransient, Status: 503}
		}},
		{name: "the provider refuses the client", id: shop, age: time.Hour, want: grants(failed("client")), arrange: func(w *world) {
			w.refuse = &oauth.Error{Class: oauth.ClassClient, Status: 401, Code: "invalid_client"}
		}},
		{name: "revoked", id: shop, age: time.Hour, want: grants(failed("grant")), arrange: func(w *world) {
			w.refuse = &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}
		}},
		{
			name: "a rotation lost", id: shop, age: time.Hour,
			change: func(e *token.Entry) {
				e.Result = token.Result{Outcome: token.OutcomeUnknown, At: time.Now().Add(-time.Hour), Failures: 1}
			},
			arrange: func(w *world) { w.refuse = &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"} },
			want:    grants(func(tally *refresh.Tally) { tally.Class, tally.RotationLost = "grant", true }),
		},
		{
			name: "an answer for somebody else", id: shop, age: time.Hour, arrange: func(w *world) { w.suspect = true },
			want: grants(func(tally *refresh.Tally) { tally.Renewed, tally.ConsentRequired = true, true }),
		},
		{name: "no store", id: shop, age: time.Hour, arrange: func(w *world) { w.fails = "Swap" }},
		{name: "no store any more", id: shop, age: time.Hour, want: grants(failed("store")), arrange: func(w *world) {
			time.AfterFunc(w.takes/2, func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.fails = "Swap"
			})
		}},
		{name: "published", id: pos, arrange: func(w *world) { w.publish(pos, time.Second) }},
		{name: "issued", id: pos, want: issued(renewed)},
		{name: "not issued", id: pos, want: issued(failed("throttled")), arrange: func(w *world) {
			w.refuse = &oauth.Error{Class: oauth.ClassThrottled, Status: 429}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.consent(test.age, test.change)
				if test.arrange != nil {
					test.arrange(w)
				}
				s := w.server(t)
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() { _, _ = s.Get(t.Context(), serve.Request{ID: test.id}) })
				}
				all.Wait()
				_, _ = s.Get(t.Context(), serve.Request{ID: test.id}) // out of memory, or not yet again
				if diff := cmp.Diff(test.want, w.counted); diff != "" {
					t.Errorf("counted (-want +got):\n%s", diff)
				}
			})
		})
	}
}
