package token

import (
	"hash/fnv"
	"time"
)

// lifeLeft is the part of its lifetime that a published token always has left
// while the provider is up: one fifth.
const lifeLeft = 5

// sweepsOfGrace is how many sweeps may be lost before a published token has
// less than that.
const sweepsOfGrace = 3

// Schedule decides when a published token is renewed. The two intervals are
// facts of the deployment; everything else follows from them.
type Schedule struct {
	SweepInterval time.Duration // how often a sweep looks (1 minute)
	WriteInterval time.Duration // how often one secret may be written (16 minutes)
}

// State is what a look at a published token found.
type State int

// The states of a published token.
const (
	Fresh State = iota // not due
	Held               // due, but its secret was written less than WriteInterval ago
	Due                // to be renewed now
)

// Judge says what to do at now about a published token whose secret was last
// written at writtenAt, for credentials that were last written at
// credentialsAt. A token that was issued before its credentials were changed
// is due: it may be another environment's. Published times have whole seconds.
func (s Schedule) Judge(now time.Time, published AccessToken, writtenAt, credentialsAt time.Time) State {
	stale := published.IssuedAt.Before(credentialsAt.Truncate(time.Second))
	switch {
	case !stale && now.Before(s.DueAt(published)):
		return Fresh
	case now.Before(writtenAt.Add(s.WriteInterval)):
		return Held
	default:
		return Due
	}
}

// DueAt is when a token is renewed: a fifth of its lifetime and three sweeps
// before its expiry, less a jitter of up to half a sweep that its id decides,
// so that tokens issued together are not renewed together for ever.
func (s Schedule) DueAt(t AccessToken) time.Time {
	early := t.Lifetime()/lifeLeft + sweepsOfGrace*s.SweepInterval
	return t.ExpiresAt.Add(-early - s.jitter(t.ID))
}

// Publishable reports whether a token of this lifetime can live in Secrets
// Manager: four fifths of it must cover the write interval and three sweeps.
func (s Schedule) Publishable(lifetime time.Duration) bool {
	return lifetime >= s.ShortestPublishable()
}

// ShortestPublishable is the shortest lifetime that can be published: 1425 s
// with the default intervals.
func (s Schedule) ShortestPublishable() time.Duration {
	return (s.WriteInterval + sweepsOfGrace*s.SweepInterval) * lifeLeft / (lifeLeft - 1)
}

// jitter spreads ids evenly over half a sweep interval.
func (s Schedule) jitter(id ID) time.Duration {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id.String()))
	half := s.SweepInterval / 2
	return time.Duration(float64(half) * float64(hash.Sum32()) / (1 << 32))
}
