package token

import (
	"errors"
	"slices"
	"time"
)

// The times of a put of the grant secret.
const (
	// PutWithin is how long after its claim a put may be sent and looked at. A
	// put that is not confirmed PutGrace later has nobody left who will do it.
	PutWithin = 20 * time.Second
	PutGrace  = 30 * time.Second
)

// Puts of the last day that need not wait for the write interval: those of
// consents and of refreshes that a person forced.
const (
	maxForced  = 8
	forcedSpan = 90 // write intervals: 24 hours, by default
)

// Why a put cannot be claimed or settled. Told apart with errors.Is.
var (
	// ErrPutOpen: the last put is neither confirmed nor settled.
	ErrPutOpen = errors.New("an earlier put is not settled")
	// ErrPutTaken: another publisher has settled that put, or claimed the next.
	ErrPutTaken = errors.New("another publisher has taken over")
)

// Labels is which versions of a secret the labels AWSCURRENT and AWSPREVIOUS
// name; a label that is on none is "".
type Labels struct {
	Current, Previous string
	Deleted           bool // the secret is scheduled for deletion
}

// Listed is one grant secret in a list. Lists may be minutes behind.
type Listed struct {
	ID      ID     // as the secret's name has it; Check may refuse it
	Name    string // of the secret
	Version string // that is AWSCURRENT
	Deleted bool
}

// Open reports whether the put was claimed and its outcome is not known yet.
func (p Put) Open() bool { return !p.Confirmed && p.Version != "" }

// Abandoned reports whether nobody can still be working on an open put.
func (p Put) Abandoned(now time.Time) bool {
	return p.Open() && !now.Before(p.SettleAt())
}

// SettleAt is when an open put may be settled by somebody else.
func (p Put) SettleAt() time.Time { return p.At.Add(PutWithin + PutGrace) }

// ClaimPut writes a put of the grant secret down before it is made: it replaces
// the version that the entry names and makes the one given. What it publishes
// is remembered from now on, so that it is recognised wherever it turns up.
// forced spends one of the puts that need not wait (see CanForce).
// Errors: ErrRemoved, ErrSealed, ErrPutOpen.
func (e Entry) ClaimPut(version string, forced bool, now time.Time) (Entry, error) {
	switch {
	case e.Removed, e.Parked:
		return e, ErrRemoved
	case e.Sealed != nil:
		return e, ErrSealed
	case e.Put.Open():
		return e, ErrPutOpen
	}
	e.Put = Put{Number: e.Put.Number + 1, At: now, Revision: e.Revision, Read: e.Put.Version, Version: version}
	e.Memory = e.Memory.With(e.Grant.RefreshToken, e.Revision)
	if forced {
		e = e.Force(now)
	}
	e.PublishAt = e.Put.SettleAt()
	return e, nil
}

// WithdrawPut takes the open put of that number back, which is known not to
// have been made: before is the one that the entry named until then.
// Error: ErrPutTaken.
func (e Entry) WithdrawPut(number int64, before Put) (Entry, error) {
	if e.Put.Number != number || !e.Put.Open() {
		return e, ErrPutTaken
	}
	before.Number = number // a number names one put only, whatever became of it
	e.Put = before
	return e, nil
}

// Strange lists the versions under the labels that have to be read before the
// entry can be settled, AWSPREVIOUS first: those that neither the last put made
// nor found. There are none if the secret is as the entry last saw it.
func (e Entry) Strange(labels Labels) []string {
	if e.Names(labels) {
		return nil
	}
	known := []string{"", e.Put.Version, e.Put.Read}
	var strange []string
	for _, version := range []string{labels.Previous, labels.Current} {
		if !slices.Contains(known, version) && !slices.Contains(strange, version) {
			strange = append(strange, version)
		}
	}
	return strange
}

// Names reports whether the secret is as the entry last saw it.
func (e Entry) Names(labels Labels) bool {
	return !e.Put.Open() && !labels.Deleted && labels.Current == e.Put.Version
}

// Settle brings the entry to what its secret holds: found are the grants under
// the versions that Strange listed, those that can be read. Each is judged by
// rule R, in the order in which they were written, and adopted if it is newer;
// a loser is published over. Afterwards the entry names AWSCURRENT's version,
// and an open put is confirmed or known not to have been made.
//
// Something is adopted only while nobody holds the lease: storing the returned
// entry in place of e then is taking the lease and giving it back at once.
// Error: ErrLeased.
func (e Entry) Settle(labels Labels, found map[string]Stored[Grant], now time.Time) (next Entry, adopted bool, err error) {
	next = e
	for _, version := range e.Strange(labels) {
		stored, readable := found[version]
		if !readable {
			continue
		}
		revision, standing := next.Judge(stored)
		if standing != Newer { // remembered, so that it is never judged otherwise
			next.Memory = next.Memory.With(stored.Value.RefreshToken, revision)
			continue
		}
		if e.LeasedAt(now) {
			return e, false, ErrLeased
		}
		next, adopted = next.Adopt(revision, stored.Value, now), true
		next.Lease = Lease{} // one that had run out
	}
	at := e.Put.At
	if e.Put.Open() && (labels.Current == e.Put.Version || labels.Previous == e.Put.Version) {
		at = now // it was made after its claim: the write interval runs from when it was seen
	}
	next.Put = Put{
		Number: e.Put.Number, At: at, Read: labels.Previous, Version: labels.Current,
		Revision:  next.heldBy(e.Put, adopted, labels.Current, found),
		Confirmed: labels.Current != "",
	}
	return next, adopted, nil
}

// heldBy is the revision that the secret's current version is known to hold, or
// 0 if it has to be published over: a loser, or a winner without a stamp.
func (e Entry) heldBy(put Put, adopted bool, current string, found map[string]Stored[Grant]) int64 {
	if stored, strange := found[current]; strange {
		if e.Grant.same(stored.Value) {
			return e.Revision
		}
		return 0
	}
	if current == put.Version && !adopted {
		return put.Revision
	}
	return 0
}

// same reports whether a secret's value says all that g does. A secret keeps
// whole seconds.
func (g Grant) same(other Grant) bool {
	return g.Stamp == other.Stamp && g.Revision == other.Revision && other.RefreshToken.Equal(g.RefreshToken) &&
		other.CodeVerifier.Equal(g.CodeVerifier) && other.Scope == g.Scope &&
		other.Subject == g.Subject && other.Issuer == g.Issuer &&
		other.ConsentedAt.Equal(g.ConsentedAt.Truncate(time.Second))
}

// Park stops everything about an entry whose secret is gone. The sealed answer
// stays, and a secret that comes back revives it. Errors: ErrLeased, ErrRemoved.
func (e Entry) Park(now time.Time) (Entry, error) {
	switch {
	case e.Removed:
		return e, ErrRemoved
	case e.LeasedAt(now):
		return e, ErrLeased
	}
	e.Parked = true
	e.DueAt = time.Time{}
	if len(e.Untold) == 0 {
		e.PublishAt = time.Time{}
	}
	return e, nil
}

// Restorable reports whether an entry whose secret is gone holds a consent that
// was given since the secret was last known: then the secret is brought back
// instead of parking the entry.
func (e Entry) Restorable() bool {
	_, published := e.Memory.Revision(e.Grant.RefreshToken)
	return !e.Grant.RefreshToken.Empty() && !published && e.Grant.ConsentedAt.After(e.Put.At)
}

// NeverPut reports whether no secret of the entry was ever seen or made.
func (e Entry) NeverPut() bool {
	return e.Put.Version == "" || (e.Put.Open() && e.Put.Read == "")
}

// Forget makes the entry name no version: its secret does not exist.
func (e Entry) Forget() Entry {
	e.Put = Put{Number: e.Put.Number, At: e.Put.At}
	return e
}

// CanForce reports whether one more put may be made before its write interval
// is over: eight are allowed in the time of 90 intervals, 24 hours by default.
func (s Schedule) CanForce(e Entry, now time.Time) bool {
	recent := 0
	for _, at := range e.Forced {
		if now.Sub(at) < forcedSpan*s.WriteInterval {
			recent++
		}
	}
	return recent < maxForced
}

// Force notes such a put.
func (e Entry) Force(now time.Time) Entry {
	last := e.Forced[max(0, len(e.Forced)-maxForced+1):]
	e.Forced = append(slices.Clone(last), now)
	return e
}

// AccessAhead reports whether the entry's access token belongs into its secret
// and is not there yet.
func (s Schedule) AccessAhead(e Entry, use Use, now time.Time) bool {
	return e.Usable() && e.Sealed == nil &&
		e.AccessPut.Revision != e.Revision && e.Access.ExpiresAt.After(now) &&
		s.Publishes(use, e.Access.Lifetime())
}

// PublishNext is when something of the entry may next be published or told, or
// its removal goes on; zero if nothing is left of that. An open put is
// somebody's until it may be settled.
func (s Schedule) PublishNext(e Entry, use Use, now time.Time) time.Time {
	switch {
	case len(e.Untold) > 0:
		return now
	case e.Removing():
		return e.Removal.NextAt
	case !e.Usable():
		return time.Time{}
	case e.Put.Open():
		return e.Put.SettleAt()
	}
	var next time.Time
	if !e.Published() {
		next = later(now, e.Put.At.Add(s.WriteInterval))
	}
	if s.AccessAhead(e, use, now) {
		access := later(now, e.AccessPut.At.Add(s.WriteInterval))
		if next.IsZero() || access.Before(next) {
			next = access
		}
	}
	return next
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
