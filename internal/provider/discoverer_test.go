package provider_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

func client(name string) token.Credentials {
	return credentials(func(c *token.Credentials) { c.Client = name })
}

func TestAHundredClientsAskOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := serving(http.StatusOK, goodDocument)
		quick := idp.answer
		idp.answer = func(request *http.Request) (*http.Response, error) {
			<-time.After(time.Second)
			return quick(request)
		}
		d, p := discoverer(t, idp), parse(t, discovered)
		var sweep sync.WaitGroup
		for range 100 {
			sweep.Go(func() {
				if _, err := d.Resolve(t.Context(), p, client("pos"), provider.TokenEndpoint); err != nil {
					t.Error(err)
				}
			})
		}
		sweep.Wait()
		if idp.asked() != 1 {
			t.Errorf("got %d requests, want 1", idp.asked())
		}
	})
}

func TestDocumentLivesForAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := serving(http.StatusOK, goodDocument)
		d, p := discoverer(t, idp), parse(t, discovered)
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 1}, {59 * time.Minute, 1}, {2 * time.Minute, 2}} {
			<-time.After(step.wait)
			if _, err := d.Resolve(t.Context(), p, client("pos"), provider.TokenEndpoint); err != nil || idp.asked() != step.want {
				t.Errorf("after %v more: got %d requests and error %v, want %d and none", step.wait, idp.asked(), err, step.want)
			}
		}
	})
}

// A document that was wrong for a while is asked for again soon, not after its
// hour; a failing server is left alone in between.
func TestDiscoveryRecovers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status int
		body   string
	}{{"from a wrong document", 200, seedDocument}, {"from a failing server", 500, ""}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				idp := serving(test.status, test.body)
				d, p := discoverer(t, idp), parse(t, discovered)
				for _, name := range []string{"a", "b", "a"} {
					if _, err := d.Resolve(t.Context(), p, client(name), provider.TokenEndpoint); err == nil {
						t.Fatal("got no error")
					}
				}
				if idp.asked() != 1 {
					t.Errorf("got %d requests while it fails, want 1", idp.asked())
				}
				idp.now(http.StatusOK, goodDocument)
				<-time.After(31 * time.Second)
				if _, err := d.Resolve(t.Context(), p, client("a"), provider.TokenEndpoint); err != nil {
					t.Errorf("half a minute later: got %v", err)
				}
			})
		})
	}
}

// What a gateway says about one client's headers must not stop another.
func TestOneClientsRefusalIsItsOwn(t *testing.T) {
	t.Parallel()
	idp := serving(http.StatusUnauthorized, "")
	d, p := discoverer(t, idp), parse(t, discovered)
	for range 2 {
		if _, err := d.Resolve(t.Context(), p, client("stranger"), provider.TokenEndpoint); err == nil {
			t.Fatal("got no error for the stranger")
		}
	}
	if idp.asked() != 1 {
		t.Errorf("got %d requests, want the stranger's failure to be kept", idp.asked())
	}
	idp.now(http.StatusOK, goodDocument)
	if _, err := d.Resolve(t.Context(), p, client("pos"), provider.TokenEndpoint); err != nil {
		t.Errorf("the next client: got %v", err)
	}
}

func TestDiscoveryTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := &server{}
		idp.hangs()
		d, p := discoverer(t, idp), parse(t, discovered)
		started := time.Now()
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errors.New(pasted))
		defer cancel()
		_, err := d.Resolve(ctx, p, client("a"), provider.TokenEndpoint)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != 3*time.Second {
			t.Errorf("with less time left: got %v after %v", err, time.Since(started))
		}
		started = time.Now()
		_, err = d.Resolve(t.Context(), p, client("a"), provider.TokenEndpoint)
		found, ok := errors.AsType[*provider.DiscoveryError](err)
		if !ok || !found.Timeout || !found.Temporary || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %#v, want a timeout", err)
		}
		if got := time.Since(started); got != provider.DefaultTimeout {
			t.Errorf("got an end after %v, want %v", got, provider.DefaultTimeout)
		}
	})
}

// A caller who gives up, asking or waiting, leaves no failure to the others.
func TestGivingUpIsNobodyElsesFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := &server{}
		idp.hangs()
		d, p := discoverer(t, idp), parse(t, discovered)
		ctx, cancel := context.WithCancelCause(t.Context())
		var callers sync.WaitGroup
		for range 2 {
			callers.Go(func() {
				_, err := d.Resolve(ctx, p, client("a"), provider.TokenEndpoint)
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want it cancelled", err)
				}
			})
		}
		synctest.Wait()
		cancel(errors.New(pasted))
		callers.Wait()
		idp.now(http.StatusOK, goodDocument)
		if _, err := d.Resolve(t.Context(), p, client("a"), provider.TokenEndpoint); err != nil {
			t.Errorf("the next caller: got %v", err)
		}
	})
}
