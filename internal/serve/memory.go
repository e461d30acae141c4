package serve

import (
	"maps"
	"sync"
	"time"

	"token-refresher/internal/token"
)

const (
	// rememberedFor is how long a token is handed out without a look, unless it
	// is due before: half a sweep, but no longer than this.
	rememberedFor = 30 * time.Second
	// rememberedTokens bounds the memory of an instance.
	rememberedTokens = 10_000
)

// memory is what an instance hands out without any call.
type memory struct {
	span time.Duration

	mu     *sync.Mutex
	tokens map[token.ID]remembered
}

// remembered is a token, and until when it need not be looked at.
type remembered struct {
	access token.AccessToken
	until  time.Time
}

func newMemory(s token.Schedule) memory {
	return memory{span: min(rememberedFor, s.SweepInterval/2), mu: &sync.Mutex{}, tokens: map[token.ID]remembered{}}
}

// recall returns the token, unless it is not what the request wants.
func (m memory) recall(r Request, now time.Time) (token.AccessToken, bool) {
	m.mu.Lock()
	known := m.tokens[r.ID]
	m.mu.Unlock()
	if !now.Before(known.until) || !r.enough(known.access, now) || r.rejects(known.access) {
		return token.AccessToken{}, false
	}
	return known.access, true
}

// remember keeps a token that was just looked at, until it is due at the latest.
func (m memory) remember(id token.ID, t token.AccessToken, due, now time.Time) {
	until := now.Add(m.span).Round(0)
	for _, end := range []time.Time{due, t.ExpiresAt} {
		if end.Before(until) {
			until = end
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.tokens) >= rememberedTokens {
		maps.DeleteFunc(m.tokens, func(_ token.ID, r remembered) bool { return !now.Before(r.until) })
	}
	if len(m.tokens) >= rememberedTokens {
		clear(m.tokens)
	}
	m.tokens[id] = remembered{t, until}
}
