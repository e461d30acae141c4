package token

import "time"

// AccessToken is a bearer token and what is known about it.
type AccessToken struct {
	ID        ID
	Value     Secret
	Type      string // token_type (RFC 6749 section 5.1), such as "Bearer"
	Scope     string // space-separated
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Lifetime is the whole span from issue to expiry.
func (t AccessToken) Lifetime() time.Duration { return t.ExpiresAt.Sub(t.IssuedAt) }

// spare is the part of its lifetime that a published token always has left while
// the provider is up: one fifth.
const spare = 5

// Spare is the life that a token should have left when it is renewed: a fifth of
// its lifetime.
func (t AccessToken) Spare() time.Duration { return t.Lifetime() / spare }

// LifeLeftPercent is how much of the lifetime is left at now, 0 to 100.
func (t AccessToken) LifeLeftPercent(now time.Time) float64 {
	if t.Lifetime() <= 0 {
		return 0
	}
	left := float64(t.ExpiresAt.Sub(now)) / float64(t.Lifetime()) * 100
	return min(max(left, 0), 100)
}
