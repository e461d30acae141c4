package token

import (
	"fmt"
	"hash/fnv"
	"time"
)

// sweepsOfGrace is how many sweeps may be lost before a published token has less
// than its Spare left.
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
	early := t.Spare() + sweepsOfGrace*s.SweepInterval
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
	return (s.WriteInterval + sweepsOfGrace*s.SweepInterval) * spare / (spare - 1)
}

// jitter spreads ids evenly over half a sweep interval.
func (s Schedule) jitter(id ID) time.Duration {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id.String()))
	half := s.SweepInterval / 2
	return time.Duration(float64(half) * float64(hash.Sum32()) / (1 << 32))
}

// The times of tokens that are not published and of grants that are refused, in
// sweeps, so that they keep their proportion when a sandbox runs faster. Behind
// each is what it is by default.
const (
	usedFor     = 60      // an hour: how long after somebody asked a token is kept warm
	idleRenewal = 24 * 60 // a day: how often an idle one is renewed all the same
	secondTry   = 10      // ten minutes: after a first invalid_grant
	latchedTry  = 24 * 60 // a day: after the grant was latched
	pardonedFor = 60      // an hour: how long refusals are the client's or the provider's fault
)

// Use says how a client's access tokens are used; it is part of its credentials.
type Use struct {
	Publish Publish
	Refresh RefreshPolicy
}

// Publishes reports whether tokens of this lifetime are published in secrets.
func (s Schedule) Publishes(use Use, lifetime time.Duration) bool {
	return use.Publish != PublishFunction && s.Publishable(lifetime)
}

// Refuse says why tokens of this lifetime are in no secret although their
// credentials want them there, and what to do; nil if they do not, or may be. A
// lifetime of zero is not known yet.
func (s Schedule) Refuse(use Use, lifetime time.Duration) error {
	if use.Publish != PublishSecret || lifetime <= 0 || s.Publishable(lifetime) {
		return nil
	}
	return fmt.Errorf(
		"publish: secret is refused: the token lives %s and a published one must live %s or longer; leave publish out and invoke the access-token function",
		lifetime, s.ShortestPublishable())
}

// Plan sets when an entry that holds a new answer is renewed and published.
//
// A published access token is renewed at DueAt, but not before its secret may
// be written again; one that will be too old by the time it may be published is
// renewed anew at that time. Another one is kept warm, with
// a fifth of its life and one sweep to spare, while somebody asked for it within
// the last hour (or always, if the client wants that), and is renewed once a day
// otherwise: every one-time renewal that nobody needs is a risk nobody needs.
// Grant and access token are published as soon as the one's or the other's write
// interval is over.
func (s Schedule) Plan(e Entry, use Use, now time.Time) Entry {
	switch lifetime := e.Access.Lifetime(); {
	case !e.Usable():
		e.DueAt = time.Time{}
	case lifetime <= 0: // adopted: no access token is known
		e.DueAt = now
	case s.Publishes(use, lifetime):
		e.DueAt = s.publishedDueAt(e, now)
	case use.Refresh == RefreshAlways || now.Sub(e.UsedAt) < usedFor*s.SweepInterval:
		e.DueAt = s.warmAt(e.Access)
	default:
		e.DueAt = now.Add(idleRenewal*s.SweepInterval - s.jitter(e.ID))
	}
	e.PublishAt = s.PublishNext(e, use, now)
	return e
}

// publishedDueAt is when an access token is renewed that belongs into its
// secret and is not there yet. What is put there must last until the next put is
// allowed, with a fifth of its life to spare, if it is put three sweeps late and
// replaced three sweeps late.
func (s Schedule) publishedDueAt(e Entry, now time.Time) time.Time {
	put := later(now, e.AccessPut.At.Add(s.WriteInterval))
	if e.AccessPut.Revision == e.Revision || !e.Access.ExpiresAt.After(put) { // it is there already, or never will be
		return later(s.DueAt(e.Access), e.AccessPut.At.Add(s.WriteInterval))
	}
	lasts := s.WriteInterval + 2*sweepsOfGrace*s.SweepInterval + e.Access.Spare()
	if put.After(now) && e.Access.ExpiresAt.Sub(put) < lasts {
		return put
	}
	return later(s.DueAt(e.Access), put.Add(s.WriteInterval))
}

// AccessPublished notes that the access-token secret holds the token of a
// revision since at. If it is the entry's own, that is not renewed before its
// secret may be written again. If the entry has moved on, its token waits for
// that: one that will be too old by then is renewed anew at that time.
func (s Schedule) AccessPublished(e Entry, use Use, revision int64, at time.Time) Entry {
	e.AccessPut = AccessPut{Revision: revision, At: at}
	if e.DueAt.IsZero() || e.Result.Failures > 0 || !s.Publishes(use, e.Access.Lifetime()) {
		return e
	}
	if revision == e.Revision {
		e.DueAt = later(e.DueAt, at.Add(s.WriteInterval))
	} else if due := s.publishedDueAt(e, at); due.Before(e.DueAt) {
		e.DueAt = due
	}
	return e
}

// Used notes at now that somebody asked for the access token, which brings an
// idle one's renewal forward, but not the next try of one that failed. While no
// access token is known, as of an adopted grant, nothing can be kept warm.
func (s Schedule) Used(e Entry, use Use, now time.Time) Entry {
	e.UsedAt = now
	if e.Access.ExpiresAt.IsZero() || e.DueAt.IsZero() || e.Result.Failures > 0 || s.Publishes(use, e.Access.Lifetime()) {
		return e
	}
	if warm := s.warmAt(e.Access); warm.Before(e.DueAt) {
		e.DueAt = warm
	}
	return e
}

func (s Schedule) warmAt(t AccessToken) time.Time {
	return t.ExpiresAt.Add(-t.Spare() - s.SweepInterval)
}

// Refused notes an invalid_grant: a second one, ten minutes or more after the
// first, latches the grant. rotationLost says that the answer to an earlier
// request may have been lost, which explains the refusal.
func (s Schedule) Refused(e Entry, latch Fingerprint, rotationLost bool, now time.Time) (next Entry, latched bool) {
	next = e.Attempted(OutcomeRefused, now)
	next.Result.RotationLost = e.Result.RotationLost || rotationLost
	first := e.Result.RefusedAt
	if old := e.Result.Latch; old != nil {
		if old.Fingerprint == latch {
			next.DueAt = now.Add(latchedTry * s.SweepInterval)
			return next, false
		}
		next.Result.Latch, first = nil, time.Time{} // another client or endpoint: it was not refused yet
	}
	if first.IsZero() {
		next.Result.RefusedAt = now
		next.DueAt = now.Add(secondTry * s.SweepInterval)
		return next, false
	}
	if now.Before(first.Add(secondTry * s.SweepInterval)) {
		next.DueAt = first.Add(secondTry * s.SweepInterval)
		return next, false
	}
	next.Result.Latch = &Latch{Fingerprint: latch, Since: now}
	next.DueAt = now.Add(latchedTry * s.SweepInterval)
	return next, true
}

// Pardon takes a refusal back that was one of many: the grant is good, and due.
func (e Entry) Pardon(now time.Time) Entry {
	since := e.Result.PardonedAt
	if since.IsZero() {
		since = now.Round(0)
	}
	e.Result, e.DueAt = Result{PardonedAt: since}, now
	return e
}

// WasGood reports whether a grant that is refused now is a sign that something
// is wrong with its client or the provider. One that was pardoned an hour ago and
// did not succeed since, while others did, speaks for itself only.
func (s Schedule) WasGood(e Entry, now time.Time) bool {
	pardoned := e.Result.PardonedAt
	switch e.Result.Outcome {
	case OutcomeSucceeded:
		return true
	case "":
		return pardoned.IsZero() || now.Before(pardoned.Add(pardonedFor*s.SweepInterval))
	default:
		return false
	}
}
