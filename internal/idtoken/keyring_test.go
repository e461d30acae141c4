package idtoken_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"token-refresher/internal/idtoken"
	"token-refresher/internal/token"
)

func TestNewNeedsADiscoverer(t *testing.T) {
	t.Parallel()
	if _, err := idtoken.New(idtoken.Config{}); err == nil {
		t.Error("got no error")
	}
}

func TestKeysLiveForAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		verifier, p, c := newVerifier(t, idp), parse(t, ""), client("a")
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 1}, {time.Hour - time.Second, 1}, {time.Second, 2}, {0, 2}} {
			<-time.After(step.wait)
			if err := verifier.Ready(t.Context(), p, c); err != nil {
				t.Fatal(err)
			}
			got, err := verifier.Front(t.Context(), p, client("b"), front(good(t, frontClaims())))
			wantCheck(t, got, err, "")
			if idp.asked() != step.want {
				t.Errorf("after %v more: got %d requests, want %d", step.wait, idp.asked(), step.want)
			}
		}
	})
}

// Front asks for keys itself if nobody did, or too long ago.
func TestFrontIsReadyByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		verifier, p, c := newVerifier(t, idp), parse(t, ""), client("a")
		for want := 1; want <= 2; want++ {
			got, err := verifier.Front(t.Context(), p, c, front(good(t, frontClaims())))
			wantCheck(t, got, err, "")
			if idp.asked() != want {
				t.Errorf("got %d requests, want %d", idp.asked(), want)
			}
			<-time.After(time.Hour)
		}
	})
}

// A malformed token, or one of another algorithm, is no reason to ask anybody.
func TestFrontAsksNobodyAboutGarbage(t *testing.T) {
	t.Parallel()
	idp := newIDP(public("1", key1()))
	for _, text := range []string{"", "token", sign(t, jose.RS512, key1(), "1", "{}")} {
		if _, err := newVerifier(t, idp).Front(t.Context(), parse(t, ""), client("a"), front(token.NewSecret(text))); err == nil {
			t.Error("got no error")
		}
	}
	if idp.asked() != 0 {
		t.Errorf("got %d requests, want none", idp.asked())
	}
}

func TestPinnedKeysBeatDiscoveredOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		got, err := newVerifier(t, idp).Front(t.Context(), parse(t, `,"jwks_uri":"https://idp.example/pinned"`), client("a"), front(good(t, frontClaims())))
		wantCheck(t, got, err, "")
		if idp.fetched["/pinned"] != 1 || len(idp.fetched) != 1 {
			t.Errorf("got requests %v, want one for the pinned keys", idp.fetched)
		}
	})
}

// Sandbox and production have one issuer: what tells them apart is their keys.
func TestProvidersDoNotShareKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		verifier := newVerifier(t, idp)
		if err := verifier.Ready(t.Context(), parse(t, ""), client("a")); err != nil {
			t.Fatal(err)
		}
		idp.publish(public("1", key2()))
		other, token := parse(t, `,"jwks_uri":"https://idp.example/pinned"`), good(t, frontClaims())
		got, err := verifier.Front(t.Context(), other, client("b"), front(token))
		wantCheck(t, got, err, "signature")
		got, err = verifier.Front(t.Context(), parse(t, ""), client("a"), front(token))
		wantCheck(t, got, err, "")
	})
}

// TestRotation has a provider sign with a key that it published a moment ago.
func TestRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		verifier, p, c := newVerifier(t, idp), parse(t, ""), client("a")
		if err := verifier.Ready(t.Context(), p, c); err != nil {
			t.Fatal(err)
		}
		idp.publish(public("1", key1()), public("2", key2()))
		rotated := func() token.Secret { return token.NewSecret(sign(t, jose.RS256, key2(), "2", frontClaims().json(t))) }
		got, err := verifier.Back(p, c, back(rotated()))
		wantCheck(t, got, err, "kid") // it asks nobody
		var consents sync.WaitGroup
		for range 20 {
			consents.Go(func() {
				got, err := verifier.Front(t.Context(), p, c, front(rotated()))
				wantCheck(t, got, err, "")
			})
		}
		consents.Wait()
		got, err = verifier.Front(t.Context(), p, c, front(good(t, frontClaims())))
		wantCheck(t, got, err, "")
		if idp.asked() != 2 {
			t.Errorf("got %d requests, want 2", idp.asked())
		}
	})
}

// TestAFloodOfUnknownKeys has strangers make up key ids: the provider notices one
// of them every half minute, and good tokens stay good.
func TestAFloodOfUnknownKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		verifier, p, c := newVerifier(t, idp), parse(t, ""), client("a")
		forged := func() { // by 50 at once
			var flood sync.WaitGroup
			for range 50 {
				flood.Go(func() {
					got, err := verifier.Front(t.Context(), p, c, front(token.NewSecret(sign(t, jose.RS256, key2(), "made-up", frontClaims().json(t)))))
					wantCheck(t, got, err, "kid")
				})
			}
			flood.Wait()
		}
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 2}, {0, 2}, {29 * time.Second, 2}, {time.Second, 3}, {time.Second, 3}} {
			<-time.After(step.wait)
			forged()
			if idp.asked() != step.want {
				t.Errorf("after %v more: got %d requests, want %d", step.wait, idp.asked(), step.want)
			}
		}
		got, err := verifier.Front(t.Context(), p, c, front(good(t, frontClaims())))
		wantCheck(t, got, err, "")
	})
}

func TestBackWithoutKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		_, err := newVerifier(t, idp).Back(parse(t, ""), client("a"), back(good(t, backClaims())))
		wantUnavailable(t, err)
		if len(idp.fetched) != 0 {
			t.Errorf("got requests %v, want none", idp.fetched)
		}
	})
}

// An hour may pass between the last look and the second token: what is at hand is
// what Front verified with.
func TestBackUsesTheKeysAtHand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := newIDP(public("1", key1()))
		verifier, p, c := newVerifier(t, idp), parse(t, ""), client("a")
		if err := verifier.Ready(t.Context(), p, c); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		idp.hangs()
		got, err := verifier.Back(p, c, back(good(t, backClaims())))
		wantCheck(t, got, err, "")
	})
}
