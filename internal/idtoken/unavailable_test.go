package idtoken_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"token-refresher/internal/idtoken"
	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// wantUnavailable fails unless the error says that nothing is known about a token.
func wantUnavailable(t *testing.T, err error) {
	t.Helper()
	if _, refused := errors.AsType[*idtoken.Error](err); refused || !errors.Is(err, idtoken.ErrKeysUnavailable) {
		t.Errorf("got error %v, want ErrKeysUnavailable", err)
	}
}

// A key that cannot be looked for is not one that does not exist.
func TestASearchThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		verifier, p, c := newVerifier(t, idp), parse(t, ""), client("a")
		if err := verifier.Ready(t.Context(), p, c); err != nil {
			t.Fatal(err)
		}
		idp.fails()
		rotated := token.NewSecret(sign(t, jose.RS256, key2(), "2", frontClaims().json(t)))
		_, err := verifier.Front(t.Context(), p, c, front(rotated))
		wantUnavailable(t, err)
		got, err := verifier.Front(t.Context(), p, c, front(good(t, frontClaims())))
		wantCheck(t, got, err, "")
		idp.publish(public("2", key2()))
		<-time.After(5 * time.Second)
		got, err = verifier.Front(t.Context(), p, c, front(rotated))
		wantCheck(t, got, err, "")
	})
}

func TestKeysThatCannotBeHad(t *testing.T) {
	t.Parallel()
	moved := func(*http.Request) (*http.Response, error) {
		answer := reply(http.StatusFound, "")
		answer.Header.Set("Location", "https://idp.evil/keys")
		return answer, nil
	}
	for name, answer := range map[string]func(*http.Request) (*http.Response, error){
		"a redirect": moved,
		"a reset":    func(*http.Request) (*http.Response, error) { return nil, errors.New("reset") },
		"no JSON":    func(*http.Request) (*http.Response, error) { return reply(200, "<html>"), nil },
		"too large":  func(*http.Request) (*http.Response, error) { return reply(200, string(make([]byte, 64<<10+1))), nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			idp := newIDP()
			idp.answers(answer)
			verifier := newVerifier(t, idp)
			wantUnavailable(t, verifier.Ready(t.Context(), parse(t, ""), client("a")))
			_, err := verifier.Front(t.Context(), parse(t, ""), client("a"), front(good(t, frontClaims())))
			wantUnavailable(t, err)
			if idp.asked() != 1 {
				t.Errorf("got %d requests, want 1: the failure is fresh", idp.asked())
			}
		})
	}
	_, err := newVerifier(t, newIDP()).Front(t.Context(), parse(t, `,"jwks_uri":"https://idp.example/pinned"`), client("a"), front(good(t, frontClaims())))
	wantUnavailable(t, err)
}

func TestAFailureIsItsClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		idp.fails()
		verifier, p := newVerifier(t, idp), parse(t, "")
		for range 3 {
			err := verifier.Ready(t.Context(), p, client("stranger"))
			wantUnavailable(t, err)
			if found, ok := errors.AsType[*provider.DiscoveryError](err); !ok || found.Status != http.StatusServiceUnavailable {
				t.Errorf("got %v, want the *DiscoveryError in it", err)
			}
		}
		if idp.asked() != 1 {
			t.Errorf("got %d requests, want 1", idp.asked())
		}
		idp.publish(public("1", key1()))
		if err := verifier.Ready(t.Context(), p, client("a")); err != nil {
			t.Errorf("another client: got %v", err)
		}
		if err := verifier.Ready(t.Context(), p, client("stranger")); err != nil {
			t.Errorf("with keys at hand: got %v", err)
		}
	})
}

func TestReadyEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		idp.hangs()
		verifier, p := newVerifier(t, idp), parse(t, "")
		began := time.Now()
		var merchants sync.WaitGroup
		for range 10 {
			merchants.Go(func() {
				err := verifier.Ready(t.Context(), p, client("a"))
				wantUnavailable(t, err)
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
					t.Errorf("got %v after %v, want an end after 5s for all of them", err, time.Since(began))
				}
			})
		}
		merchants.Wait()
	})
}

// Who gives up, asking or waiting, leaves no failure to those who do not.
func TestGivingUpIsNobodyElsesFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		idp.hangs()
		verifier, p, c := newVerifier(t, idp), parse(t, ""), client("a")
		ctx, cancel := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		for range 2 {
			callers.Go(func() {
				err := verifier.Ready(ctx, p, c)
				wantUnavailable(t, err)
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want it cancelled", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		callers.Wait()
		idp.publish(public("1", key1()))
		if err := verifier.Ready(t.Context(), p, c); err != nil {
			t.Errorf("the next caller: got %v", err)
		}
	})
}
