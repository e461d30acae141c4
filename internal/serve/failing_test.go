package serve_test

import (
	"fmt"
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
