package serve_test

import (
	"context"
	"fmt"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// answer is the provider's.
func (w *world) answer(ctx context.Context, id token.ID, version string) (token.AccessToken, error) {
	w.mu.Lock()
	w.asked++
	number := w.asked
	w.mu.Unlock()
	select {
	case <-ctx.Done():
		return token.AccessToken{}, &oauth.Error{Class: oauth.ClassTransient, Timeout: true}
	case <-time.After(w.takes):
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.accepts != "" && w.accepts != version:
		return token.AccessToken{}, refusedClient()
	case w.refuse != nil && (w.sick == "" || w.sick == id.Client):
		return token.AccessToken{}, w.refuse
	}
	now := time.Now()
	return token.AccessToken{ID: id, Value: token.NewSecret(fmt.Sprint("new ", number)), Type: "Bearer", IssuedAt: now, ExpiresAt: now.Add(w.lifetime)}, nil
}

func refusedClient() *oauth.Error {
	return &oauth.Error{Class: oauth.ClassClient, Status: 400, Code: "invalid_client"}
}

// down is a provider that answers nothing but that it is.
func down() *oauth.Error { return &oauth.Error{Class: oauth.ClassThrottled, Status: 429} }

// endpoint is the way to the provider of client credentials.
type endpoint struct {
	*world
	client, version string
}

func (endpoint) Provider() string { return "https://provider.example/pos" }

func (e endpoint) Request(ctx context.Context, merchant string) (token.AccessToken, error) {
	return e.answer(ctx, token.ID{Client: e.client, Merchant: merchant}, e.version)
}

// grantEndpoint is the way to the provider of grants.
type grantEndpoint struct {
	*world
	version string
}

func (grantEndpoint) Provider() string                       { return "https://provider.example/shop" }
func (grantEndpoint) Use() token.Use                         { return token.Use{Refresh: token.RefreshUsed} }
func (grantEndpoint) Latch(s token.Secret) token.Fingerprint { return token.FingerprintOf(s) }

func (e grantEndpoint) Refresh(ctx context.Context, g token.Grant) (refresh.Refreshed, error) {
	access, err := e.answer(ctx, g.ID, e.version)
	if err != nil {
		return refresh.Refreshed{}, err
	}
	g.RefreshToken = token.NewSecret(g.RefreshToken.Reveal() + "+")
	return refresh.Refreshed{Grant: g, Suspect: e.suspect, Access: access}, nil
}
