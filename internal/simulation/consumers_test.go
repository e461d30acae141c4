package simulation_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// instances is how many instances of the access-token function there are.
const instances = 8

// servers are that many, on one journal.
func (w *world) servers() []*serve.Server {
	w.t.Helper()
	var servers []*serve.Server
	for i := range instances {
		var holders atomic.Int64
		log := slog.New(slog.DiscardHandler)
		server, err := serve.New(serve.Config{
			Store: w.secrets, Journal: w.journal, Schedule: w.schedule, Log: log,
			Renewer: &refresh.Renewer{
				Journal: w.journal, Secrets: w.secrets, Schedule: w.schedule, Log: log,
				NewID: func() string { return fmt.Sprint("server-", i, "-", holders.Add(1)) },
			},
			Dial: func(c token.Credentials) (serve.Endpoint, error) {
				return serve.Endpoint{Grants: endpoint{w.provider, c.Client, token.Use{}}}, nil
			},
			Tell:   func(context.Context, []refresh.Event) {},
			AtRisk: func(_ context.Context, n int) { w.watch.violated("%d answers are at risk", n) },
			Count:  func(context.Context, refresh.Tally) {},
		})
		if err != nil {
			w.t.Fatalf("serve.New: %v", err)
		}
		servers = append(servers, server)
	}
	return servers
}

// asker is the context of an invocation of that instance.
func (w *world) asker(instance int) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(w.t.Context(), sweeperKey{}, instance+1), 30*time.Second)
}

// get is one invocation.
func (w *world) get(servers []*serve.Server, instance int, r serve.Request) (token.AccessToken, error) {
	ctx, cancel := w.asker(instance)
	defer cancel()
	return servers[instance].Get(ctx, r)
}

// digest is how a consumer names a token.
func digest(t token.AccessToken) string {
	sum := sha256.Sum256([]byte(t.Value.Reveal()))
	return hex.EncodeToString(sum[:])
}

// crowd asks 200 times over all instances, within that time, and returns the
// different tokens that were given.
func (w *world) crowd(servers []*serve.Server, r serve.Request, within time.Duration) (given []token.AccessToken) {
	w.t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	tokens := map[string]token.AccessToken{}
	for i := range 200 {
		group.Go(func() {
			time.Sleep(time.Duration(w.pace.draw("arrival", fmt.Sprint("consumer-", i)) % uint64(within+1)))
			got, err := w.get(servers, i%instances, r)
			if err != nil || !time.Now().Before(got.ExpiresAt) {
				w.t.Errorf("consumer %d: token until %v, error %v; want a valid one", i, got.ExpiresAt, err)
			}
			mu.Lock()
			defer mu.Unlock()
			tokens[digest(got)] = got
		})
	}
	group.Wait()
	for _, t := range tokens {
		given = append(given, t)
	}
	return given
}

// 200 consumers of one grant over eight instances ask at the same moment, or
// within the second that a renewal takes: one refresh, and all get its token.
func TestManyConsumersOneRefresh(t *testing.T) {
	t.Parallel()
	for _, within := range []time.Duration{0, 10 * time.Millisecond, time.Second, 3 * time.Second} {
		for seed := range uint64(5) {
			t.Run(fmt.Sprintf("expired, within %v, seed %d", within, seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, seed)
					w.addClient("subscriptions", 300*time.Second, 1)
					servers := w.servers()
					first := w.crowd(servers, serve.Request{ID: w.ids[0]}, 0) // it has none yet
					time.Sleep(301 * time.Second)
					second := w.crowd(servers, serve.Request{ID: w.ids[0]}, within)
					if len(first) != 1 || len(second) != 1 || w.provider.refreshes != 2 {
						t.Errorf("%d and %d different tokens with %d refreshes, want one each with one each", len(first), len(second), w.provider.refreshes)
					}
				})
			})
			t.Run(fmt.Sprintf("rejected, within %v, seed %d", within, seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, seed)
					w.addClient("subscriptions", 300*time.Second, 1)
					servers := w.servers()
					first := w.crowd(servers, serve.Request{ID: w.ids[0]}, 0)
					time.Sleep(20 * time.Second)
					second := w.crowd(servers, serve.Request{ID: w.ids[0], Rejected: digest(first[0])}, within)
					if len(second) != 1 || second[0].Value.Equal(first[0].Value) || w.provider.refreshes != 2 {
						t.Errorf("%d different tokens with %d refreshes, want a single new one with one", len(second), w.provider.refreshes-1)
					}
				})
			})
		}
	}
}

// 10,000 calls within an hour, each of which says that the token it was given
// last is refused: as many refreshes as cooldowns fit in, one at once and then
// after 1, 3, 7, 15, 30 and 45 minutes.
func TestRejectedTokensCostACooldown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.addClient("reporting", 24*time.Hour, 1)
		servers := w.servers()
		r := serve.Request{ID: w.ids[0]}
		current, err := w.get(servers, 0, r)
		if err != nil {
			t.Fatalf("Get: %v", err)
		}
		before, began := w.provider.refreshes, time.Now()
		for i := range 10_000 {
			time.Sleep(time.Until(began.Add(time.Duration(i) * 360 * time.Millisecond)))
			r.Rejected = digest(current)
			if current, err = w.get(servers, i%instances, r); err != nil {
				t.Fatalf("Get: %v", err)
			}
		}
		if got := w.provider.refreshes - before; got != 7 {
			t.Errorf("%d refreshes, want 7", got)
		}
		t.Logf("10000 calls with rejected in %v: %d refreshes", time.Since(began).Round(time.Minute), w.provider.refreshes-before)
	})
}

// A consumer that wants more life than a token has gets a new one when half of
// it is over, and no token is renewed sooner than that, however short it lives.
func TestLongMinTTLIsNoStorm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lifetime time.Duration
		most     int // refreshes in an hour
	}{{300 * time.Second, 25}, {60 * time.Second, 121}, {24 * time.Hour, 1}} {
		t.Run(tt.lifetime.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.addClient("subscriptions", tt.lifetime, 1)
				servers, began := w.servers(), time.Now()
				for i := 0; time.Since(began) < time.Hour; i++ {
					if _, err := w.get(servers, i%instances, serve.Request{ID: w.ids[0], MinTTL: 48 * time.Hour}); err != nil {
						t.Fatalf("Get: %v", err)
					}
					time.Sleep(500 * time.Millisecond)
				}
				if w.provider.refreshes > tt.most {
					t.Errorf("%d refreshes in an hour, want %d at most", w.provider.refreshes, tt.most)
				}
				t.Logf("%d refreshes in an hour", w.provider.refreshes)
			})
		})
	}
}
