package operate_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

func TestGet(t *testing.T) {
	t.Parallel()
	down := &oauth.Error{Class: oauth.ClassTransient, Status: 503}
	latched := func(e *token.Entry) {
		e.Result = token.Result{Outcome: token.OutcomeRefused, Failures: 2, Latch: &token.Latch{Since: time.Now()}}
		e.DueAt = time.Now().Add(time.Hour)
	}
	tests := []struct {
		name    string
		id      token.ID
		arrange func(w *world)
		want    string       // value of the token
		code    operate.Code // or why there is none
		calls   int          // of the provider
	}{
		{name: "published", id: token.ID{Client: "pos"}, arrange: func(w *world) { w.publishAccess(token.ID{Client: "pos"}, time.Minute, time.Minute) }, want: "published pos"},
		{name: "not published yet", id: token.ID{Client: "pos"}, code: operate.ProviderUnavailable},
		{name: "published and expired", id: token.ID{Client: "pos"}, arrange: func(w *world) { w.publishAccess(token.ID{Client: "pos"}, time.Hour, time.Hour) }, code: operate.ProviderUnavailable},
		{name: "not among the credentials", id: token.ID{Client: "pos", Merchant: "DK9"}, code: operate.UnknownToken},
		{name: "unknown client", id: token.ID{Client: "nosuch"}, code: operate.UnknownToken},
		{name: "credentials cannot be read", id: token.ID{Client: "pos"}, code: operate.ClientMisconfigured, arrange: func(w *world) {
			w.credentials["pos"] = token.Stored[token.Credentials]{Err: token.ErrUnreadable}
		}},
		{name: "credentials without a tag", id: token.ID{Client: "pos"}, code: operate.ClientMisconfigured, arrange: func(w *world) { delete(w.grantTypes, "pos") }},

		{name: "fresh", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) { w.consent("DK1", time.Minute, nil) }, want: "at-DK1"},
		{name: "a fifth of its life left", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) { w.consent("DK1", 50*time.Minute, nil) }, want: "new", calls: 1},
		{name: "expired", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) { w.consent("DK1", 2*time.Hour, nil) }, want: "new", calls: 1},
		{name: "no such grant", id: token.ID{Client: "shop", Merchant: "DK9"}, code: operate.UnknownToken},
		{name: "removed", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) {
			w.consent("DK1", time.Minute, func(e *token.Entry) { e.Removed = true })
		}, code: operate.UnknownToken},
		{name: "somebody else's", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) {
			w.consent("DK1", time.Minute, func(e *token.Entry) { e.Suspect = true; e.DueAt = time.Time{} })
		}, code: operate.ConsentRequired},
		{name: "latched, the token still valid", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) { w.consent("DK1", 55*time.Minute, latched) }, want: "at-DK1"},
		{name: "latched and expired", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) { w.consent("DK1", 2*time.Hour, latched) }, code: operate.ConsentRequired},
		{name: "the provider is down, the token still valid", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) {
			w.consent("DK1", 55*time.Minute, nil)
			w.refuse = down
		}, want: "at-DK1", calls: 3},
		{name: "the provider is down", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) {
			w.consent("DK1", 2*time.Hour, nil)
			w.refuse = down
		}, code: operate.ProviderUnavailable, calls: 3},
		{name: "the client is refused", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) {
			w.consent("DK1", 2*time.Hour, nil)
			w.refuse = &oauth.Error{Class: oauth.ClassClient, Status: 400, Code: "invalid_client"}
		}, code: operate.ClientMisconfigured, calls: 1},
		{name: "the answer is for somebody else", id: token.ID{Client: "shop", Merchant: "DK1"}, arrange: func(w *world) {
			w.consent("DK1", 2*time.Hour, nil)
			w.suspect = true
		}, code: operate.ConsentRequired, calls: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				if test.arrange != nil {
					test.arrange(w)
				}
				got, err := w.operator(t).Get(t.Context(), test.id)
				refusal, _ := errors.AsType[*operate.Refusal](err)
				var code operate.Code
				if refusal != nil {
					code = refusal.Code
				}
				if got.Value.Reveal() != test.want || code != test.code || (err != nil) != (test.code != "") {
					t.Errorf("Get: got %q and %v, want %q and %q", got.Value.Reveal(), err, test.want, test.code)
				}
				if w.issued != test.calls {
					t.Errorf("the provider was asked %d times, want %d", w.issued, test.calls)
				}
			})
		})
	}
}

// A store that fails is not taken for a missing token.
func TestGetFailsWithItsStores(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Clients", "Credentials", "AccessTokens", "Get"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			id := token.ID{Client: "pos"}
			if call == "Get" {
				id = w.consent("DK1", 2*time.Hour, nil)
			}
			w.fails = call
			if _, err := w.operator(t).Get(t.Context(), id); !errors.Is(err, errStore) {
				t.Errorf("Get: got %v, want the store's error", err)
			}
		})
	}
}

// While another renewer has the lease, its answer is waited for.
func TestGetWaitsForAnother(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		after time.Duration // of the other's answer
		want  string
		code  operate.Code
	}{
		{"it answers", time.Second, "theirs", ""},
		{"it does not", time.Hour, "", operate.ProviderUnavailable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				id := w.consent("DK1", 2*time.Hour, func(e *token.Entry) {
					e.Lease = token.Lease{Holder: "another", Until: time.Now().Add(time.Minute)}
				})
				timer := time.AfterFunc(test.after, func() {
					w.mu.Lock()
					defer w.mu.Unlock()
					e := w.entries[id]
					e.Revision, e.Access.Value, e.Access.ExpiresAt = 2, token.NewSecret("theirs"), time.Now().Add(time.Hour)
					w.entries[id] = e
				})
				defer timer.Stop()
				began := time.Now()
				got, err := w.operator(t).Get(t.Context(), id)
				refusal, _ := errors.AsType[*operate.Refusal](err)
				if got.Value.Reveal() != test.want || (refusal != nil) != (test.code != "") || w.issued != 0 {
					t.Errorf("Get: got %q, %v after %d requests; want %q, %q and none", got.Value.Reveal(), err, w.issued, test.want, test.code)
				}
				if took := time.Since(began); took > 6*time.Second {
					t.Errorf("it waited %s", took)
				}
			})
		})
	}
}

// What is asked for is kept warm: its use is noted, and not with every request.
func TestGetNotesUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.lifetime = 300 * time.Second
		id := w.consent("DK1", time.Minute, func(e *token.Entry) { e.UsedAt = time.Time{}; e.DueAt = time.Now().Add(20 * time.Hour) })
		o := w.operator(t)
		for range 5 {
			if _, err := o.Get(t.Context(), id); err != nil {
				t.Fatalf("Get: %v", err)
			}
		}
		e := w.entries[id]
		if w.swaps != 1 || !e.UsedAt.Equal(time.Now()) || e.DueAt.After(e.Access.ExpiresAt) {
			t.Errorf("%d writes, used at %s, due at %s; want one, now, and before %s", w.swaps, e.UsedAt, e.DueAt, e.Access.ExpiresAt)
		}
	})
}
