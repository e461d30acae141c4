package serve_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

func TestNewChecksItsConfig(t *testing.T) {
	t.Parallel()
	w := newWorld()
	whole := serve.Config{
		Store: w, Journal: w, Renewer: renewer{}, Schedule: schedule, Dial: w.dial, Log: slog.New(slog.DiscardHandler),
		Tell: func(context.Context, []refresh.Event) {}, AtRisk: func(context.Context, int) {}, Count: func(context.Context, refresh.Tally) {},
	}
	if _, err := serve.New(whole); err != nil {
		t.Fatalf("New: %v", err)
	}
	for name, take := range map[string]func(*serve.Config){
		"Store": func(c *serve.Config) { c.Store = nil }, "Journal": func(c *serve.Config) { c.Journal = nil },
		"Renewer": func(c *serve.Config) { c.Renewer = nil }, "Dial": func(c *serve.Config) { c.Dial = nil },
		"Tell": func(c *serve.Config) { c.Tell = nil }, "AtRisk": func(c *serve.Config) { c.AtRisk = nil }, "Count": func(c *serve.Config) { c.Count = nil },
		"Log": func(c *serve.Config) { c.Log = nil }, "intervals": func(c *serve.Config) { c.Schedule = token.Schedule{} },
	} {
		lacking := whole
		take(&lacking)
		if _, err := serve.New(lacking); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("New without %s: %v, want an error that names it", name, err)
		}
	}
}

// Only the clients that the stack allows are served, and nothing is read of
// others.
func TestAllowedClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(0, nil)
		w.publish(pos, 0)
		s := w.server(t, "shop")
		if _, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil {
			t.Errorf("Get of an allowed client: %v", err)
		}
		w.took()
		if _, err := s.Get(t.Context(), serve.Request{ID: pos}); codeOf(err) != serve.NotAllowed || len(w.took()) != 0 {
			t.Errorf("Get of another: %v, want not_allowed and no read", err)
		}
	})
}

// The consumer that began a renewal is cancelled: the others get its token.
func TestCancellationIsNobodyElses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(time.Hour, nil)
		s := w.server(t)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := s.Get(ctx, serve.Request{ID: id}); !errors.Is(err, context.Canceled) {
				t.Errorf("Get of the cancelled one: %v, want its cancellation", err)
			}
		})
		time.Sleep(10 * time.Millisecond)
		group.Go(func() {
			if got, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil || got.Value.Reveal() != "new 1" {
				t.Errorf("Get of the other: %q, %v; want the new token", got.Value.Reveal(), err)
			}
		})
		time.Sleep(10 * time.Millisecond)
		cancel()
		group.Wait()
		if w.asked != 1 {
			t.Errorf("%d requests, want one", w.asked)
		}
	})
}

// A slow provider: who began the renewal stays with it, since an instance is
// frozen once it has answered; others with a valid token wait two seconds, and
// those without until it is there.
func TestSlowProvider(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		age  time.Duration
		want time.Duration // that the second consumer waits
	}{
		{"valid", 290 * time.Second, 2 * time.Second},
		{"about to expire", 298 * time.Second, 4 * time.Second},
		{"expired", time.Hour, 4 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.takes = 5 * time.Second
				id := w.consent(tt.age, nil)
				s := w.server(t)
				var group sync.WaitGroup
				wait := func(after, want time.Duration) {
					group.Go(func() {
						time.Sleep(after)
						began := time.Now()
						got, err := s.Get(t.Context(), serve.Request{ID: id})
						if took := time.Since(began); err != nil || took != want || !time.Now().Before(got.ExpiresAt) {
							t.Errorf("consumer after %v: valid until %v, %v, after %v; want a valid token after %v", after, got.ExpiresAt, err, took, want)
						}
					})
				}
				wait(0, 5*time.Second)
				wait(time.Second, tt.want)
				group.Wait()
				if w.asked != 1 {
					t.Errorf("%d requests, want one", w.asked)
				}
			})
		})
	}
}

// Nothing is begun near the invocation's end, and what was begun ends before it.
func TestDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		within time.Duration
		takes  time.Duration
		code   serve.Code
		calls  int
	}{
		{"too little time to begin", 3 * time.Second, 0, serve.ProviderUnavailable, 0},
		{"the provider hangs", 30 * time.Second, time.Hour, serve.ProviderUnavailable, 1},
		{"enough time", 30 * time.Second, 10 * time.Second, "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.takes = tt.takes
				id := w.consent(time.Hour, nil)
				ctx, cancel := context.WithTimeout(t.Context(), tt.within)
				defer cancel()
				began := time.Now()
				_, err := w.server(t).Get(ctx, serve.Request{ID: id})
				if codeOf(err) != tt.code || (err != nil) != (tt.code != "") || w.asked != tt.calls {
					t.Errorf("Get: %v with %d requests, want %q and %d", err, w.asked, tt.code, tt.calls)
				}
				if took := time.Since(began); took > tt.within/2 {
					t.Errorf("it took %v of %v, which leaves too little to store the answer", took, tt.within)
				}
			})
		})
	}
}

// One log line for a request that did something or was refused, none for one
// that only looked; no line shows a token.
func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(0, nil)
		s := w.server(t)
		get := func(r serve.Request, want string) {
			t.Helper()
			w.log.Reset()
			_, _ = s.Get(t.Context(), r)
			log := w.log.String()
			if lines := strings.Count(log, "\n"); (want == "") != (lines == 0) || lines > 1 || !strings.Contains(log, want) {
				t.Errorf("logged %q, want one line with %q, or none", log, want)
			}
			for _, value := range []string{"held", "new 1", "new 2", "rt"} {
				if strings.Contains(log, value) {
					t.Errorf("the log shows a token: %q", log)
				}
			}
		}
		get(serve.Request{ID: id}, "")
		get(serve.Request{ID: id}, "")
		get(serve.Request{ID: id, Rejected: digest("held")}, "outcome=renewed")
		get(serve.Request{ID: id, Rejected: digest("new 1")}, "")
		get(serve.Request{ID: pos}, "outcome=issued")
		get(serve.Request{ID: token.ID{Client: "nosuch"}}, "code=unknown_token")
		time.Sleep(4 * time.Minute)
		w.refuse = down()
		get(serve.Request{ID: id}, `level=WARN msg=token token=shop/DK1`)
		time.Sleep(time.Hour)
		get(serve.Request{ID: id}, "code=provider_unavailable")
	})
}

// The memory of an instance is bounded.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		id := w.consent(0, nil)
		s := w.server(t)
		if _, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil {
			t.Fatalf("Get: %v", err)
		}
		first := w.entries[id]
		for i := range 10_001 {
			e := first
			e.ID.Merchant = "DK" + string(rune('A'+i%26)) + strings.Repeat("x", i/26%60) + string(rune('A'+i/1560))
			e.Access.ID, e.Grant.ID = e.ID, e.ID
			w.entries[e.ID] = e
			if got, err := s.Get(t.Context(), serve.Request{ID: e.ID}); err != nil || got.ID != e.ID {
				t.Fatalf("Get: %v, %v", got.ID, err)
			}
		}
		w.took()
		if _, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil || len(w.took()) != 1 {
			t.Errorf("Get after ten thousand others: %v, want it looked at again", err)
		}
	})
}

// BenchmarkMemoryHit is a request that costs no call.
func BenchmarkMemoryHit(b *testing.B) {
	w := newWorld()
	id := w.consent(0, nil)
	s := w.server(b)
	r := serve.Request{ID: id, MinTTL: serve.DefaultMinTTL}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}
