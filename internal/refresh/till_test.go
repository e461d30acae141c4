package refresh_test

import (
	"context"
	"sync"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// till is where codes are exchanged: it notes how often each was, and gives the
// grant that the provider accepts from then on.
type till struct {
	w     *grantWorld
	id    token.ID
	takes time.Duration
	err   error

	mu    sync.Mutex
	codes map[string]int
}

func (w *grantWorld) till(id token.ID) *till {
	return &till{w: w, id: id, takes: 200 * time.Millisecond, codes: map[string]int{}}
}

func (d *till) redeem(code string) refresh.Redeem {
	return func(ctx context.Context) (token.Grant, token.AccessToken, error) {
		d.mu.Lock()
		d.codes[code]++
		d.mu.Unlock()
		select {
		case <-time.After(d.takes):
		case <-ctx.Done():
			return token.Grant{}, token.AccessToken{}, &oauth.Error{Class: oauth.ClassTransient, Timeout: true}
		}
		if d.err != nil {
			return token.Grant{}, token.AccessToken{}, d.err
		}
		d.w.mu.Lock()
		defer d.w.mu.Unlock()
		d.w.live[d.id] = "rt-of-" + code
		now := time.Now()
		return token.Grant{ID: d.id, RefreshToken: token.NewSecret(d.w.live[d.id]), ConsentedAt: now},
			token.AccessToken{ID: d.id, Value: token.NewSecret("at-of-" + code), IssuedAt: now, ExpiresAt: now.Add(d.w.lifetime)}, nil
	}
}

// exchange is one callback with the code.
func (w *grantWorld) exchange(r *refresh.Renewer, d *till, code string) refresh.Exchanged {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 25*time.Second)
	defer cancel()
	return r.Exchange(ctx, d.id, token.FingerprintOf(token.NewSecret(code)), always, d.redeem(code))
}
