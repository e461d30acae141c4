package consent

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"token-refresher/internal/token"
)

// attemptFor is how long a merchant has to log in and say yes.
const attemptFor = 10 * time.Minute

// attempt is one merchant's way to the provider and back, bound to one browser
// by a sealed cookie. That keeps the verifier out of every URL, and a response
// that another browser began out of this one.
type attempt struct {
	id        token.ID
	returnTo  string
	state     string
	nonce     string
	verifier  token.Secret
	startedAt time.Time
}

// newAttempt begins an attempt with values that were never used before.
func newAttempt(i Invite, now time.Time) attempt {
	return attempt{
		id: i.ID, returnTo: i.ReturnTo, startedAt: now,
		state: unguessable(), nonce: unguessable(), verifier: token.NewSecret(unguessable()),
	}
}

// unguessable returns 256 random bits in 43 characters that need no escaping,
// as RFC 7636 section 4.1 recommends for a verifier.
func unguessable() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// challenge is the code_challenge of the attempt's verifier.
func (a attempt) challenge() string {
	sum := sha256.Sum256([]byte(a.verifier.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// expired reports whether the attempt has taken too long: by its own time, since
// a browser may keep a cookie longer than it was told.
func (a attempt) expired(now time.Time) bool { return !now.Before(a.startedAt.Add(attemptFor)) }
