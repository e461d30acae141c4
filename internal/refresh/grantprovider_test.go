package refresh_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

func (w *grantWorld) dial(c token.Credentials) (refresh.GrantEndpoint, error) {
	return grantEndpoint{w, c.Client}, nil
}

type grantEndpoint struct {
	w      *grantWorld
	client string
}

func (e grantEndpoint) Provider() string { return "provider of " + e.client }
func (e grantEndpoint) Use() token.Use   { return e.w.clients[e.client] }

func (e grantEndpoint) Latch(refreshToken token.Secret) token.Fingerprint {
	sum := sha256.Sum256([]byte(refreshToken.Reveal() + e.client + e.w.versions[e.client]))
	return token.Fingerprint(sum[:16])
}

func (e grantEndpoint) Refresh(ctx context.Context, grant token.Grant) (refresh.Refreshed, error) {
	w, sent := e.w, grant.RefreshToken.Reveal()
	a := w.arrivedWith(grant.ID, sent)
	defer w.doneWith(sent)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case <-time.After(max(a.after, 200*time.Millisecond)):
	case <-ctx.Done():
		return refresh.Refreshed{}, &oauth.Error{Class: oauth.ClassTransient, Timeout: true}
	}
	if a.err != nil && !a.processed {
		return refresh.Refreshed{}, a.err
	}
	next, ok := w.rotate(grant.ID, sent)
	switch {
	case !ok:
		return refresh.Refreshed{}, &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}
	case a.err != nil:
		return refresh.Refreshed{}, a.err
	}
	grant.RefreshToken = token.NewSecret(next)
	now := time.Now()
	if w.noAccess {
		return refresh.Refreshed{Grant: grant, Suspect: w.suspect, Access: token.AccessToken{ID: grant.ID, IssuedAt: now, ExpiresAt: now}}, nil
	}
	return refresh.Refreshed{
		Grant: grant, Suspect: w.suspect,
		Access: token.AccessToken{ID: grant.ID, Value: token.NewSecret("at"), IssuedAt: now, ExpiresAt: now.Add(w.lifetime)},
	}, nil
}

func (w *grantWorld) arrivedWith(id token.ID, sent string) answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inUse[sent] {
		w.t.Errorf("%s: one refresh token in two live requests", id)
	}
	w.inUse[sent] = true
	w.calls[id]++
	if w.answer == nil {
		return answer{}
	}
	return w.answer(id)
}

func (w *grantWorld) doneWith(sent string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.inUse, sent)
}

// rotate spends a refresh token for the next one.
func (w *grantWorld) rotate(id token.ID, sent string) (next string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.live[id] != sent {
		return "", false
	}
	w.writes++
	w.live[id] = fmt.Sprintf("rt-%s-%d", id, w.writes)
	return w.live[id], true
}

// kept reports whether the journal holds the refresh token that the provider
// accepts.
func (w *grantWorld) kept(id token.ID) bool {
	return w.entries[id].Grant.RefreshToken.Reveal() == w.live[id]
}

// lost are the grants whose live refresh token neither store holds.
func (w *grantWorld) lost() (ids []token.ID) {
	for id, live := range w.live {
		if !w.kept(id) && w.secrets[id].Value.RefreshToken.Reveal() != live {
			ids = append(ids, id)
		}
	}
	return ids
}

func (w *grantWorld) totalCalls() (n int) {
	for _, calls := range w.calls {
		n += calls
	}
	return n
}

// callsFrom counts the requests for one client's grants.
func (w *grantWorld) callsFrom(client string) (n int) {
	for id, calls := range w.calls {
		if id.Client == client {
			n += calls
		}
	}
	return n
}
