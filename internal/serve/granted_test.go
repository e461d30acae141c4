package serve_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

func latched(e *token.Entry) {
	e.Result = token.Result{Outcome: token.OutcomeRefused, Failures: 2, RefusedAt: time.Now(), Latch: &token.Latch{Since: time.Now()}}
	e.DueAt = time.Now().Add(time.Hour)
}

// What one request of a grant's token is answered, and how often the provider is
// asked for it.
func TestGranted(t *testing.T) {
	t.Parallel()
	another := func(e *token.Entry) {
		e.Lease = token.Lease{Holder: "another", Until: time.Now().Add(time.Minute)}
	}
	tests := []struct {
		name   string
		age    time.Duration // of the access token, which lives 300 s
		change func(*token.Entry)
		world  func(*world)
		asks   serve.Request
		want   string // value of the token
		code   serve.Code
		calls  int
	}{
		{name: "fresh", age: time.Minute, want: "held"},
		{name: "a moment before it is due", age: 179 * time.Second, want: "held"},
		{name: "due", age: 180 * time.Second, want: "new 1", calls: 1},
		{name: "expired", age: time.Hour, want: "new 1", calls: 1},
		{name: "idle and not due for a day", age: 200 * time.Second, change: func(e *token.Entry) { e.DueAt = time.Now().Add(20 * time.Hour) }, want: "new 1", calls: 1},
		{name: "adopted, and none was issued yet", change: func(e *token.Entry) { e.Access, e.DueAt = token.AccessToken{}, time.Now() }, want: "new 1", calls: 1},

		{name: "enough life left", age: 149 * time.Second, asks: serve.Request{MinTTL: 150 * time.Second}, want: "held"},
		{name: "more is asked for than it ever had", age: 149 * time.Second, asks: serve.Request{MinTTL: time.Hour}, want: "held"},
		{name: "and half of it is over", age: 151 * time.Second, asks: serve.Request{MinTTL: time.Hour}, want: "new 1", calls: 1},
		{name: "too little life left", age: 175 * time.Second, asks: serve.Request{MinTTL: 130 * time.Second}, want: "new 1", calls: 1},

		{name: "rejected", age: time.Minute, asks: serve.Request{Rejected: digest("held")}, want: "new 1", calls: 1},
		{name: "rejected, in capitals", age: time.Minute, asks: serve.Request{Rejected: strings.ToUpper(digest("held"))}, want: "new 1", calls: 1},
		{name: "another one was rejected", age: time.Minute, asks: serve.Request{Rejected: digest("earlier")}, want: "held"},
		{name: "what was rejected is no digest", age: time.Minute, asks: serve.Request{Rejected: "held"}, want: "held"},
		{name: "rejected within the cooldown", age: time.Minute, asks: serve.Request{Rejected: digest("held")}, want: "held", change: func(e *token.Entry) {
			e.Rejection = token.Rejection{At: time.Now().Add(-59 * time.Second), Times: 1}
		}},
		{name: "rejected after it", age: time.Minute, asks: serve.Request{Rejected: digest("held")}, want: "new 1", calls: 1, change: func(e *token.Entry) {
			e.Rejection = token.Rejection{At: time.Now().Add(-60 * time.Second), Times: 1}
		}},
		{name: "rejected within the cooldown, and due", age: 4 * time.Minute, asks: serve.Request{Rejected: digest("held")}, want: "new 1", calls: 1, change: func(e *token.Entry) {
			e.Rejection = token.Rejection{At: time.Now().Add(-time.Second), Times: 1}
		}},
		{name: "rejected while another renews", age: time.Minute, change: another, asks: serve.Request{Rejected: digest("held")}, want: "held"},

		{name: "latched, still valid", age: 290 * time.Second, change: latched, want: "held"},
		{name: "latched", age: time.Hour, change: latched, code: serve.ConsentRequired},
		{name: "refused once", age: time.Hour, change: func(e *token.Entry) { latched(e); e.Result.Latch = nil }, code: serve.ProviderUnavailable},
		{name: "suspect, though valid", age: time.Minute, change: func(e *token.Entry) { e.Suspect = true; e.DueAt = time.Time{} }, code: serve.ConsentRequired},
		{name: "the answer is for somebody else", age: time.Hour, world: func(w *world) { w.suspect = true }, code: serve.ConsentRequired, calls: 1},
		{name: "removed, though valid", age: time.Minute, change: func(e *token.Entry) { e.Removed = true }, code: serve.UnknownToken},
		{name: "parked, though valid", age: time.Minute, change: func(e *token.Entry) { e.Parked = true }, code: serve.UnknownToken},
		{name: "no such merchant", asks: serve.Request{ID: token.ID{Client: "shop", Merchant: "DK9"}}, code: serve.UnknownToken},
		{name: "no merchant's name", asks: serve.Request{ID: token.ID{Client: "shop", Merchant: "../DK1"}}, code: serve.UnknownToken},
		{name: "no such client", asks: serve.Request{ID: token.ID{Client: "nosuch", Merchant: "DK1"}}, code: serve.UnknownToken},

		{name: "the provider is down, still valid", age: 290 * time.Second, world: func(w *world) { w.refuse = down() }, want: "held", calls: 1},
		{name: "the provider is down", age: time.Hour, world: func(w *world) { w.refuse = down() }, code: serve.ProviderUnavailable, calls: 1},
		{name: "a failed one is not tried before its time", age: 290 * time.Second, want: "held", change: func(e *token.Entry) {
			e.Result = token.Result{Outcome: token.OutcomeFailed, At: time.Now().Add(-29 * time.Second), Failures: 9}
			e.DueAt = time.Now().Add(14 * time.Minute)
		}},
		{name: "a failed one is not tried before its time, and expired", age: time.Hour, code: serve.ProviderUnavailable, change: func(e *token.Entry) {
			e.Result = token.Result{Outcome: token.OutcomeFailed, At: time.Now().Add(-29 * time.Second), Failures: 9}
			e.DueAt = time.Now().Add(14 * time.Minute)
		}},
		{name: "a failed one is tried half a sweep later, whatever the sweep does", age: time.Hour, want: "new 1", calls: 1, change: func(e *token.Entry) {
			e.Result = token.Result{Outcome: token.OutcomeFailed, At: time.Now().Add(-30 * time.Second), Failures: 9}
			e.DueAt = time.Now().Add(14 * time.Minute)
		}},
		{name: "the client is refused", age: time.Hour, world: func(w *world) { w.refuse = refusedClient() }, code: serve.ClientMisconfigured, calls: 1},
		{name: "the client is refused, still valid", age: 290 * time.Second, world: func(w *world) { w.refuse = refusedClient() }, want: "held", calls: 1},
		{name: "another renews it, still valid", age: 290 * time.Second, change: another, want: "held"},
		{name: "another renews it", age: time.Hour, change: another, code: serve.ProviderUnavailable},

		{name: "the client is stopped", age: time.Hour, world: func(w *world) { w.stopped(refresh.Health{Stopped: true}) }, code: serve.ClientMisconfigured},
		{name: "the client is stopped, still valid", age: 290 * time.Second, world: func(w *world) { w.stopped(refresh.Health{Stopped: true}) }, want: "held"},
		{name: "grants were refused in mass", age: time.Hour, world: func(w *world) { w.stopped(refresh.Health{Stopped: true, Mass: true}) }, code: serve.ProviderUnavailable},
		{name: "the provider asks to wait", age: time.Hour, world: func(w *world) { w.stopped(refresh.Health{PausedUntil: time.Now().Add(time.Minute)}) }, code: serve.ProviderUnavailable},
		{name: "the client was stopped with earlier credentials", age: time.Hour, world: func(w *world) {
			w.stopped(refresh.Health{Stopped: true})
			shop := w.credentials["shop"]
			shop.Version = "c2" // new ones, since it was stopped
			w.credentials["shop"] = shop
		}, want: "new 1", calls: 1},

		{name: "credentials do not parse, still valid", age: 290 * time.Second, world: unreadable, want: "held"},
		{name: "credentials do not parse", age: time.Hour, world: unreadable, code: serve.ClientMisconfigured},
		{name: "credentials do not parse, suspect", age: time.Minute, world: unreadable, change: func(e *token.Entry) { e.Suspect = true }, code: serve.ClientMisconfigured},
		{name: "credentials do not fit", age: time.Hour, world: func(w *world) {
			w.credentials["shop"] = token.Stored[token.Credentials]{Value: token.Credentials{Client: "shop", ClientID: "broken"}, Version: "c2"}
		}, code: serve.ClientMisconfigured},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				id := w.consent(tt.age, tt.change)
				if tt.world != nil {
					tt.world(w)
				}
				if tt.asks.ID == (token.ID{}) {
					tt.asks.ID = id
				}
				got, err := w.server(t).Get(t.Context(), tt.asks)
				if got.Value.Reveal() != tt.want || codeOf(err) != tt.code || (err != nil) != (tt.code != "") {
					t.Errorf("Get: got %q and %v, want %q and %q", got.Value.Reveal(), err, tt.want, tt.code)
				}
				if w.asked != tt.calls {
					t.Errorf("the provider was asked %d times, want %d", w.asked, tt.calls)
				}
			})
		})
	}
}

func unreadable(w *world) {
	w.credentials["shop"] = token.Stored[token.Credentials]{Err: token.ErrUnreadable}
}

// A latched grant says since when.
func TestConsentRequiredSaysSinceWhen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		since := time.Now().Add(-24 * time.Hour)
		id := w.consent(time.Hour, func(e *token.Entry) { latched(e); e.Result.Latch.Since = since })
		_, err := w.server(t).Get(t.Context(), serve.Request{ID: id})
		if refusal, ok := errors.AsType[*serve.Refusal](err); !ok || !refusal.Since.Equal(since) || !strings.Contains(refusal.Message, token.ReasonRevoked) {
			t.Errorf("Get: %+v, want the reason and since %v", err, since)
		}
	})
}

// A fresh token costs one read, and none for the next 30 seconds; a due one is
// never handed out without a look.
func TestReadsOfAGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(0, nil)
		s := w.server(t)
		began := time.Now()
		get := func(at time.Duration, want ...string) {
			t.Helper()
			time.Sleep(time.Until(began.Add(at)))
			if _, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil {
				t.Fatalf("Get: %v", err)
			}
			if reads := w.took(); !slices.Equal(reads, want) {
				t.Errorf("after %v it read %v, want %v", at, reads, want)
			}
		}
		get(0, "Credentials", "Note", "Get")
		get(0)
		get(29 * time.Second)
		get(30*time.Second, "Credentials", "Note", "Get")
		get(55 * time.Second)
		get(160*time.Second, "Credentials", "Note", "Get")
		get(179 * time.Second)
		get(180*time.Second, "Get") // due: the memory ends, and it is renewed
		if w.asked != 1 {
			t.Errorf("the provider was asked %d times, want once", w.asked)
		}
		if log := w.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "outcome=renewed") {
			t.Errorf("logged %q, want one line, of the renewal", log)
		}
	})
}

// What is in memory is looked at again by who wants more of it.
func TestMemoryIsNotEnough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(159*time.Second, nil)
		s := w.server(t)
		for _, want := range []string{"held", "held", "new 1"} {
			got, err := s.Get(t.Context(), serve.Request{ID: id, MinTTL: serve.DefaultMinTTL})
			if want == "new 1" {
				got, err = s.Get(t.Context(), serve.Request{ID: id, MinTTL: 150 * time.Second})
			}
			if err != nil || got.Value.Reveal() != want {
				t.Errorf("Get: %q, %v; want %q", got.Value.Reveal(), err, want)
			}
		}
	})
}

// An entry that cannot be opened is answered with its published token if that is
// the same answer, and with nothing older.
func TestSealedEntry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		revision int64 // published
		want     string
	}{{"the same answer is published", 7, "published"}, {"an older one is", 6, ""}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				id := w.publish(w.consent(0, func(e *token.Entry) {
					e.Revision, e.Access, e.Grant, e.Sealed = 7, token.AccessToken{}, token.Grant{}, token.ErrSealed
					e.AccessPut.Revision = tt.revision
				}), time.Minute)
				got, err := w.server(t).Get(t.Context(), serve.Request{ID: id})
				if got.Value.Reveal() != tt.want || errors.Is(err, token.ErrSealed) != (tt.want == "") || w.asked != 0 {
					t.Errorf("Get: %q, %v; want %q, or ErrSealed", got.Value.Reveal(), err, tt.want)
				}
			})
		})
	}
}

// A store that fails is not taken for a missing token; answers that no store
// took page.
func TestStoresThatFail(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Credentials", "Get", "Swap"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				id := w.consent(time.Hour, nil)
				w.fails = call
				if _, err := w.server(t).Get(t.Context(), serve.Request{ID: id}); !errors.Is(err, errStore) || w.asked != 0 {
					t.Errorf("Get: %v with %d requests, want the store's error and none", err, w.asked)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(0, nil)
		w.unsaved = 3
		if _, err := w.server(t).Get(t.Context(), serve.Request{ID: id}); err != nil || w.atRisk != 3 {
			t.Errorf("Get: %v, %d at risk; want a token, and three paged", err, w.atRisk)
		}
	})
}

// While Secrets Manager fails, the credentials from before are used.
func TestCredentialsFromBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(0, nil)
		s := w.server(t)
		if _, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil {
			t.Fatalf("Get: %v", err)
		}
		w.fails = "Credentials"
		time.Sleep(time.Hour)
		if got, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil || got.Value.Reveal() != "new 1" {
			t.Errorf("Get: %q, %v; want a new token", got.Value.Reveal(), err)
		}
	})
}
