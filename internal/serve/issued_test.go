package serve_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

var pos = token.ID{Client: "pos"}

// What one request of a client-credentials token is answered, and how often the
// provider is asked for it.
func TestIssued(t *testing.T) {
	t.Parallel()
	byFunction := func(w *world) {
		stored := w.credentials["pos"]
		stored.Value.Publish = token.PublishFunction
		w.credentials["pos"] = stored
	}
	tests := []struct {
		name  string
		age   time.Duration // of the published token, which lives an hour; negative: none is published
		world func(*world)
		asks  serve.Request
		want  string
		code  serve.Code
		calls int
	}{
		{name: "published", age: time.Minute, want: "published"},
		{name: "published for a merchant", age: time.Minute, asks: serve.Request{ID: token.ID{Client: "pos", Merchant: "DK1"}}, want: "new 1", calls: 1},
		{name: "published, with more than a fifth of its life left", age: 47 * time.Minute, want: "published"},
		{name: "published, with less than a fifth of its life left", age: 49 * time.Minute, want: "new 1", calls: 1},
		{name: "published and expired", age: 2 * time.Hour, want: "new 1", calls: 1},
		{name: "published before the credentials were changed", age: 25 * time.Hour, world: func(w *world) { w.lifetime = 100 * time.Hour }, want: "new 1", calls: 1},
		{name: "published after the credentials were changed", age: 23 * time.Hour, world: func(w *world) { w.lifetime = 100 * time.Hour }, want: "published"},
		{name: "not published", age: -1, want: "new 1", calls: 1},
		{name: "published nowhere, by wish", age: time.Minute, world: byFunction, want: "new 1", calls: 1},
		{name: "rejected", age: time.Minute, asks: serve.Request{Rejected: digest("published")}, want: "new 1", calls: 1},
		{name: "more life is asked for than half", age: 31 * time.Minute, asks: serve.Request{MinTTL: time.Hour}, want: "new 1", calls: 1},
		{name: "not among the credentials", age: time.Minute, asks: serve.Request{ID: token.ID{Client: "pos", Merchant: "DK9"}}, code: serve.UnknownToken},
		{name: "the secret cannot be read", age: time.Minute, world: func(w *world) { w.fails = "AccessTokens" }, want: "new 1", calls: 1},
		{name: "the provider is down, still valid", age: 50 * time.Minute, world: func(w *world) { w.refuse = down() }, want: "published", calls: 1},
		{name: "the provider is down", age: -1, world: func(w *world) { w.refuse = down() }, code: serve.ProviderUnavailable, calls: 1},
		{name: "the client is refused", age: -1, world: func(w *world) { w.refuse = refusedClient() }, code: serve.ClientMisconfigured, calls: 1},
		{name: "the client is refused, still valid", age: 50 * time.Minute, world: func(w *world) { w.refuse = refusedClient() }, want: "published", calls: 1},
		{name: "credentials do not parse, still valid", age: 50 * time.Minute, want: "published", world: func(w *world) {
			w.credentials["pos"] = token.Stored[token.Credentials]{Err: token.ErrUnreadable}
		}},
		{name: "credentials were deleted, still valid", age: time.Minute, code: serve.UnknownToken, world: func(w *world) {
			w.credentials["pos"] = token.Stored[token.Credentials]{Err: token.ErrDeleted}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.lifetime = time.Hour
				if tt.world != nil {
					tt.world(w)
				}
				if tt.age >= 0 {
					w.publish(pos, tt.age)
				}
				if tt.asks.ID == (token.ID{}) {
					tt.asks.ID = pos
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

// A short-lived token is asked for once per instance and fifth of its life, and
// then costs no more than a look at the credentials.
func TestShortLivedTokenIsKeptInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.server(t)
		began := time.Now()
		reads := map[string]int{}
		for ; time.Since(began) < time.Hour; time.Sleep(time.Second) {
			got, err := s.Get(t.Context(), serve.Request{ID: pos, MinTTL: serve.DefaultMinTTL})
			if err != nil || time.Until(got.ExpiresAt) < time.Minute {
				t.Fatalf("Get: token for %v, %v; want one for a minute", time.Until(got.ExpiresAt), err)
			}
			for _, read := range w.took() {
				reads[read]++
			}
		}
		if w.asked != 15 {
			t.Errorf("%d requests in an hour, want one in 240 s", w.asked)
		}
		if reads["AccessTokens"] != 1 || reads["Credentials"] > 121 {
			t.Errorf("reads %v; want its secret looked for once, the credentials twice a minute", reads)
		}
	})
}

// One request per instance and token at a time, for whoever asks meanwhile.
func TestOneRequestAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.server(t)
		var group sync.WaitGroup
		tokens := make([]token.AccessToken, 100)
		for i := range tokens {
			group.Go(func() {
				time.Sleep(time.Duration(i) * 2 * time.Millisecond) // some while it is asked for, some after
				tokens[i], _ = s.Get(t.Context(), serve.Request{ID: pos})
			})
		}
		group.Wait()
		for _, got := range tokens {
			if got.Value.Reveal() != "new 1" {
				t.Fatalf("Get: %q, want the same token for all", got.Value.Reveal())
			}
		}
		if w.asked != 1 {
			t.Errorf("%d requests, want one", w.asked)
		}
	})
}

// A slow provider costs who has a valid token two seconds, and no more than one
// request a minute; who has none gets one, however long it takes.
func TestSlowProviderOfIssued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.lifetime, w.takes = time.Hour, 5*time.Second
		w.publish(pos, 50*time.Minute)
		s := w.server(t)
		began, slow := time.Now(), 0
		for time.Since(began) < 10*time.Minute-3*time.Second {
			asked := time.Now()
			got, err := s.Get(t.Context(), serve.Request{ID: pos})
			switch took := time.Since(asked); {
			case err != nil || got.Value.Reveal() != "published":
				t.Fatalf("after %s: %q, %v; want the published token", time.Since(began), got.Value.Reveal(), err)
			case took == 2*time.Second:
				slow++
			case took != 0:
				t.Fatalf("after %s: it took %s, want two seconds or none", time.Since(began), took)
			}
			time.Sleep(time.Second)
		}
		if slow < 10 || slow > 15 {
			t.Errorf("%d waited, want about one a minute", slow)
		}
		time.Sleep(2 * time.Second)
		if got, err := s.Get(t.Context(), serve.Request{ID: pos}); err != nil || got.Value.Reveal() == "published" {
			t.Errorf("when it ends: %q, %v; want a new one", got.Value.Reveal(), err)
		}
		if len(w.told) != 0 {
			t.Errorf("told %v, want nothing: a slow provider is not blamed", w.told)
		}
	})
}

// A token that an API refused is not worth giving up a slow provider for, and who
// meets somebody's giving up without a token is told so.
func TestSlowProviderOfRejectedToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.lifetime, w.takes = time.Hour, 5*time.Second
		w.publish(pos, 50*time.Minute)
		s := w.server(t)
		fails := func(call string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.fails = call
		}
		var given sync.WaitGroup
		given.Go(func() {
			if got, err := s.Get(t.Context(), serve.Request{ID: pos}); err != nil || got.Value.Reveal() != "published" {
				t.Errorf("with a token: %q, %v; want it", got.Value.Reveal(), err)
			}
		})
		time.Sleep(time.Second)
		fails("AccessTokens")
		if _, err := s.Get(t.Context(), serve.Request{ID: pos}); codeOf(err) != serve.ProviderUnavailable {
			t.Errorf("without one: %v, want %s", err, serve.ProviderUnavailable)
		}
		given.Wait()
		fails("")
		got, err := s.Get(t.Context(), serve.Request{ID: pos, Rejected: digest("published")})
		if err != nil || got.Value.Reveal() == "published" {
			t.Errorf("rejected: %q, %v; want a new one", got.Value.Reveal(), err)
		}
	})
}

// Who looked before another's request and asks after it gets that one's token.
func TestNoSecondRequestForWhoLookedBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.server(t)
		w.slowRead = time.Second
		var group sync.WaitGroup
		for after := range 2 {
			group.Go(func() {
				time.Sleep(time.Duration(after) * 10 * time.Millisecond)
				if got, err := s.Get(t.Context(), serve.Request{ID: pos}); err != nil || got.Value.Reveal() != "new 1" {
					t.Errorf("Get: %q, %v; want the same token for both", got.Value.Reveal(), err)
				}
			})
		}
		group.Wait()
		if w.asked != 1 {
			t.Errorf("%d requests, want one", w.asked)
		}
	})
}

// Consumers that go on asking while the provider is down: the waits double to a
// minute, and its return is noticed within one.
func TestStormOfAProviderThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.refuse = down()
		s := w.server(t)
		began := time.Now()
		for ; time.Since(began) < 10*time.Minute; time.Sleep(100 * time.Millisecond) {
			if _, err := s.Get(t.Context(), serve.Request{ID: pos}); codeOf(err) != serve.ProviderUnavailable {
				t.Fatalf("Get: %v, want provider_unavailable", err)
			}
		}
		if w.asked > 16 {
			t.Errorf("%d requests in ten minutes of 6000 calls, want 16 at most", w.asked)
		}
		w.refuse = nil
		began = time.Now()
		for {
			if _, err := s.Get(t.Context(), serve.Request{ID: pos}); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(began); took > schedule.SweepInterval {
			t.Errorf("a token %v after the provider's return, want a sweep at most", took)
		}
	})
}

// A token that an API refuses again and again costs one request per cooldown.
func TestIssuedAndRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.lifetime = 24 * time.Hour
		w.publish(pos, 0)
		s := w.server(t)
		began, current := time.Now(), "published"
		for ; time.Since(began) < time.Hour; time.Sleep(time.Second) {
			got, err := s.Get(t.Context(), serve.Request{ID: pos, Rejected: digest(current)})
			if err != nil {
				t.Fatalf("Get: %v", err)
			}
			current = got.Value.Reveal()
		}
		if w.asked != 7 {
			t.Errorf("%d requests in an hour, want 7", w.asked)
		}
	})
}

// New credentials are used at once when the provider refuses the old ones, and
// within half a minute otherwise: no token of the old is handed out then.
func TestNewCredentials(t *testing.T) {
	t.Parallel()
	change := func(w *world, client string) {
		stored := w.credentials[client]
		stored.Version, stored.WrittenAt = "c2", time.Now()
		w.credentials[client] = stored
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.publish(pos, 0)
			s, id := w.server(t), w.consent(0, nil)
			for _, id := range []token.ID{pos, id} {
				_, _ = s.Get(t.Context(), serve.Request{ID: id}) // the credentials are in memory now
			}
			for _, id := range []token.ID{pos, id} {
				change(w, id.Client)
			}
			w.accepts = "c2"
			for _, tt := range []struct {
				id       token.ID
				rejected string
			}{{pos, digest("published")}, {id, digest("held")}} {
				if got, err := s.Get(t.Context(), serve.Request{ID: tt.id, Rejected: tt.rejected}); err != nil || got.Value.Reveal()[:3] != "new" {
					t.Errorf("Get of %s: %q, %v; want a new token at once", tt.id, got.Value.Reveal(), err)
				}
			}
			if w.asked != 4 {
				t.Errorf("%d requests, want each sent twice", w.asked)
			}
		})
	})
	t.Run("not refused", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			s := w.server(t)
			_, _ = s.Get(t.Context(), serve.Request{ID: pos})
			change(w, "pos")
			time.Sleep(30 * time.Second)
			if got, err := s.Get(t.Context(), serve.Request{ID: pos}); err != nil || got.Value.Reveal() != "new 2" {
				t.Errorf("Get: %q, %v; want a token of the new credentials", got.Value.Reveal(), err)
			}
		})
	})
}

// Credentials that somebody mistypes end no token that an instance has got with
// those before.
func TestMistypedCredentials(t *testing.T) {
	t.Parallel()
	for name, credentials := range map[string]token.Stored[token.Credentials]{
		"refused":      {Version: "c2", Value: token.Credentials{Client: "pos", Unbound: true}},
		"unreadable":   {Version: "c2", Err: token.ErrUnreadable},
		"of no preset": {Version: "c2", Value: token.Credentials{Client: "pos", ClientID: "broken", Unbound: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.accepts = "c1"
				s := w.server(t)
				_, _ = s.Get(t.Context(), serve.Request{ID: pos})
				credentials.WrittenAt = time.Now()
				w.credentials["pos"] = credentials
				for range 4 {
					time.Sleep(time.Minute)
					if got, err := s.Get(t.Context(), serve.Request{ID: pos}); err != nil || got.Value.Reveal() != "new 1" {
						t.Errorf("Get: %q, %v; want the token from before", got.Value.Reveal(), err)
					}
				}
				time.Sleep(time.Minute)
				if _, err := s.Get(t.Context(), serve.Request{ID: pos}); codeOf(err) != serve.ClientMisconfigured {
					t.Errorf("after it has expired: %v, want %s", err, serve.ClientMisconfigured)
				}
			})
		})
	}
}
