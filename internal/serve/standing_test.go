package serve_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// A client whose tokens are refused is stopped, told of once, tried once a sweep
// however often it is asked for, and resumed by new credentials.
func TestStoppedClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.refuse = refusedClient()
		s := w.server(t)
		ids := []token.ID{pos, {Client: "pos", Merchant: "DK1"}}
		began := time.Now()
		for ; time.Since(began) < 10*time.Minute; time.Sleep(100 * time.Millisecond) {
			for _, id := range ids {
				if _, err := s.Get(t.Context(), serve.Request{ID: id}); codeOf(err) != serve.ClientMisconfigured {
					t.Fatalf("Get: %v, want client_misconfigured", err)
				}
			}
		}
		if w.asked > 12 {
			t.Errorf("%d requests in ten minutes, want two and then one a minute", w.asked)
		}
		if want := []string{"Client Misconfigured pos invalid_client"}; !slices.Equal(w.told, want) {
			t.Errorf("told %q, want %q", w.told, want)
		}
		w.refuse = nil
		stored := w.credentials["pos"]
		stored.Version = "c2"
		w.credentials["pos"] = stored
		time.Sleep(30 * time.Second)
		for _, id := range ids {
			if _, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil {
				t.Errorf("Get with new credentials: %v", err)
			}
		}
	})
}

// A provider that fails for three tokens in a row is asked every five seconds,
// whichever token is asked for, and by all again once it answers.
func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		merchants := make([]string, 1000)
		for i := range merchants {
			merchants[i] = fmt.Sprint("DK", i)
		}
		w.credentials["pos"] = token.Stored[token.Credentials]{Version: "c1", Value: token.Credentials{Client: "pos", Merchants: merchants}}
		w.refuse = &oauth.Error{Class: oauth.ClassTransient, Status: 503}
		s := w.server(t)
		began := time.Now()
		for i := 0; time.Since(began) < time.Minute; i++ {
			_, err := s.Get(t.Context(), serve.Request{ID: token.ID{Client: "pos", Merchant: merchants[i%len(merchants)]}})
			if codeOf(err) != serve.ProviderUnavailable {
				t.Fatalf("Get: %v, want provider_unavailable", err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if w.asked > 15 {
			t.Errorf("%d requests in a minute for a thousand tokens, want 15 at most", w.asked)
		}
		w.refuse = nil
		time.Sleep(5 * time.Second)
		for _, merchant := range merchants[900:] {
			if _, err := s.Get(t.Context(), serve.Request{ID: token.ID{Client: "pos", Merchant: merchant}}); err != nil {
				t.Fatalf("Get of %s when it answers again: %v", merchant, err)
			}
		}
	})
}

// A token that must wait for its next try is no probe: the next that may be
// tried is.
func TestWhoMayNotBeTriedIsNoProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first := w.entries[w.consent(time.Hour, nil)]
		var ids []token.ID
		for i := range 4 {
			e := first
			e.ID.Merchant = fmt.Sprint("DK", i)
			w.entries[e.ID] = e
			ids = append(ids, e.ID)
		}
		w.refuse = down()
		s := w.server(t)
		for _, id := range ids[:3] {
			if _, err := s.Get(t.Context(), serve.Request{ID: id}); codeOf(err) != serve.ProviderUnavailable {
				t.Fatalf("Get: %v, want provider_unavailable", err)
			}
		}
		w.refuse = nil
		time.Sleep(5 * time.Second)
		for _, id := range ids[:3] { // each has 25 seconds to wait
			if _, err := s.Get(t.Context(), serve.Request{ID: id}); codeOf(err) != serve.ProviderUnavailable {
				t.Fatalf("Get: %v, want provider_unavailable", err)
			}
		}
		if _, err := s.Get(t.Context(), serve.Request{ID: ids[3]}); err != nil {
			t.Errorf("Get of one that may be tried: %v, want a token", err)
		}
	})
}

// The provider's Retry-After holds for every token of the client.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.refuse = &oauth.Error{Class: oauth.ClassThrottled, Status: 429, RetryAfter: 10 * time.Minute}
		s := w.server(t)
		_, _ = s.Get(t.Context(), serve.Request{ID: pos})
		time.Sleep(9 * time.Minute)
		if _, err := s.Get(t.Context(), serve.Request{ID: token.ID{Client: "pos", Merchant: "DK1"}}); codeOf(err) != serve.ProviderUnavailable || w.asked != 1 {
			t.Errorf("Get: %v after %d requests, want provider_unavailable and one", err, w.asked)
		}
	})
}
