package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"token-refresher/internal/token"
)

// valid reports whether an API would still take the token.
func valid(t token.AccessToken, now time.Time) bool {
	return !t.Value.Empty() && now.Before(t.ExpiresAt)
}

// outlasts reports whether the token is still valid when whoever holds it has run
// out of patience with another's renewal.
func outlasts(t token.AccessToken, now time.Time) bool { return valid(t, now.Add(patience)) }

// usable reports whether the entry's access token may be handed out at all.
func usable(e token.Entry) bool {
	return e.Usable() && e.Sealed == nil
}

// enough reports whether the token is valid for as long as was asked for.
func (r Request) enough(t token.AccessToken, now time.Time) bool {
	return valid(t, now) && t.ExpiresAt.Sub(now) >= min(r.MinTTL, t.Lifetime()/2)
}

// rejects reports whether the request names this token as one that an API
// refused.
func (r Request) rejects(t token.AccessToken) bool {
	if len(r.Rejected) != hex.EncodedLen(sha256.Size) {
		return false
	}
	sum := sha256.Sum256([]byte(t.Value.Reveal()))
	return strings.EqualFold(r.Rejected, hex.EncodeToString(sum[:]))
}

// ownDueAt is when a token of client credentials is due that no sweep renews in
// time.
func ownDueAt(t token.AccessToken) time.Time { return t.ExpiresAt.Add(-t.Spare()) }
