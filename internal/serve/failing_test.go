package serve_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// A provider that fails for one client alone costs its other clients nothing.
func TestFailingClientIsNobodyElses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.lifetime = 10 * time.Second
		merchants := make([]string, 100)
		for i := range merchants {
			merchants[i] = fmt.Sprint("DK", i)
		}
		for _, name := range []string{"sick", "well"} {
			w.credentials[name] = token.Stored[token.Credentials]{Version: "c1", Value: token.Credentials{Client: name, Merchants: merchants}}
		}
		w.refuse, w.sick = &oauth.Error{Class: oauth.ClassTransient, Status: 503}, "sick"
		s := w.server(t)
		began, refused, asked := time.Now(), 0, 0
		for i := 0; time.Since(began) < 5*time.Minute; i++ {
			_, _ = s.Get(t.Context(), serve.Request{ID: token.ID{Client: "sick", Merchant: merchants[i%len(merchants)]}})
			if i%5 == 0 {
				asked++
				if _, err := s.Get(t.Context(), serve.Request{ID: token.ID{Client: "well", Merchant: merchants[i%3]}}); err != nil {
					refused++
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
		if refused > 0 {
			t.Errorf("%d of %d requests for the client that is well were refused", refused, asked)
		}
	})
}

// A Secrets Manager that hangs is waited for once in half a minute, two seconds:
// the credentials from before are used.
func TestHangingStoreHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.takes = 0
		client := token.Credentials{Client: "pos", Publish: token.PublishFunction}
		for i := range 20 {
			client.Merchants = append(client.Merchants, fmt.Sprint("DK", i))
		}
		w.credentials["pos"] = token.Stored[token.Credentials]{Version: "c1", Value: client}
		s := w.server(t)
		get := func(merchant string) {
			if _, err := s.Get(t.Context(), serve.Request{ID: token.ID{Client: "pos", Merchant: merchant}}); err != nil {
				t.Errorf("Get: %v", err)
			}
		}
		get(client.Merchants[0])
		w.hangs = true
		time.Sleep(time.Minute)
		began := time.Now()
		for _, merchant := range client.Merchants {
			get(merchant)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("20 requests took %v, want 2s for all of them", took)
		}
		w.hangs = false
		time.Sleep(30 * time.Second)
		w.took()
		if get(client.Merchants[1]); !slices.Contains(w.took(), "Credentials") {
			t.Error("the credentials were not read again")
		}
	})
}

// While the journal cannot be read, the token that its secret holds is better
// than an error, as long as it is valid.
func TestPublishedTokenWhileTheJournalIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.lifetime = time.Hour
		id := w.publish(w.consent(time.Minute, nil), time.Minute)
		w.fails = "Get"
		s := w.server(t)
		if got, err := s.Get(t.Context(), serve.Request{ID: id}); err != nil || got.Value.Reveal() != "published" {
			t.Errorf("Get: %q, %v; want the published token", got.Value.Reveal(), err)
		}
		time.Sleep(time.Hour)
		if _, err := s.Get(t.Context(), serve.Request{ID: id}); !errors.Is(err, errStore) {
			t.Errorf("after it has expired: %v, want the store's error", err)
		}
	})
}
