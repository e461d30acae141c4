package simulation_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// providerCall is about how long a refresh lasts.
const providerCall = 400 * time.Millisecond

// provider is an authorization server with one-time refresh tokens and reuse
// detection: a spent token that turns up again revokes the whole family, which
// is all that came from one consent.
type provider struct {
	pace  *pace
	watch *watch
	mu    sync.Mutex

	lifetimes map[string]time.Duration // by client
	live      map[token.ID]string      // the refresh token that is accepted; "" once revoked
	inUse     map[string]bool          // refresh tokens in a request right now
	serial    map[token.ID]int
	family    map[token.ID]int
	refreshes int
	revoked   int // families

	answer func(id token.ID) verdict // nil: with a token
	steps  *steps                    // nil: nobody dies
}

// verdict is what becomes of one request.
type verdict struct {
	err       error // nil: a token
	processed bool  // err comes after the token was rotated
}

func newProvider(p *pace, w *watch) *provider {
	return &provider{
		pace: p, watch: w, lifetimes: map[string]time.Duration{},
		live: map[token.ID]string{}, inUse: map[string]bool{}, serial: map[token.ID]int{}, family: map[token.ID]int{},
	}
}

// consent gives the merchant's first refresh token.
func (p *provider) consent(id token.ID) token.Secret {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.family[id]++
	return token.NewSecret(p.next(id))
}

func (p *provider) next(id token.ID) string {
	p.serial[id]++
	p.live[id] = fmt.Sprintf("rt %s/%d %d", id, p.family[id], p.serial[id])
	return p.live[id]
}

// isLive reports whether the provider would accept the refresh token.
func (p *provider) isLive(id token.ID, refreshToken token.Secret) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live[id] != "" && p.live[id] == refreshToken.Reveal()
}

// endpoint is one client's way to the provider.
type endpoint struct {
	*provider
	client string
	use    token.Use
}

func (e endpoint) Provider() string { return "https://provider.example/" + e.client }
func (e endpoint) Use() token.Use   { return e.use }
func (e endpoint) Latch(s token.Secret) token.Fingerprint {
	return token.FingerprintOf(token.NewSecret(s.Reveal() + e.client))
}

func (e endpoint) Refresh(ctx context.Context, g token.Grant) (refresh.Refreshed, error) {
	sent := g.RefreshToken.Reveal()
	if e.steps.begin("refresh") != nil {
		return refresh.Refreshed{}, &oauth.Error{Class: oauth.ClassTransient, Status: 503}
	}
	v := e.arrive(g.ID, sent)
	began := time.Now()
	e.pace.take(ctx, providerCall, "refresh", g.ID.String())
	next, ok := e.process(g.ID, sent, v)
	if e.steps.end() != nil {
		return refresh.Refreshed{}, &oauth.Error{Class: oauth.ClassTransient, Status: 502}
	}
	switch {
	case v.err != nil:
		return refresh.Refreshed{}, v.err
	case !ok:
		return refresh.Refreshed{}, &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}
	}
	g.RefreshToken = token.NewSecret(next)
	return refresh.Refreshed{Grant: g, Access: token.AccessToken{
		ID: g.ID, Value: token.NewSecret("at " + next), Type: "Bearer",
		IssuedAt: began.Truncate(time.Second), ExpiresAt: began.Truncate(time.Second).Add(e.lifetimes[e.client]),
	}}, nil
}

func (p *provider) arrive(id token.ID, sent string) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inUse[sent] {
		p.watch.violated("%s: one refresh token is in two live requests", id)
	}
	p.inUse[sent] = true
	p.refreshes++
	p.pace.record("refresh %s with %s", id, sent)
	if p.answer == nil {
		return verdict{}
	}
	return p.answer(id)
}

// process rotates the token, or revokes the family of a spent one.
func (p *provider) process(id token.ID, sent string, v verdict) (next string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.inUse, sent)
	if v.err != nil && !v.processed {
		return "", false
	}
	if p.live[id] != sent {
		if strings.HasPrefix(sent, fmt.Sprintf("rt %s/%d ", id, p.family[id])) && p.live[id] != "" {
			p.live[id] = ""
			p.revoked++
			p.watch.violated("%s: a spent refresh token was sent, and its family revoked", id)
		}
		return "", false
	}
	return p.next(id), true
}
