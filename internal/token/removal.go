package token

import (
	"errors"
	"slices"
	"time"
)

// What a removal may meet. Told apart with errors.Is.
var (
	// ErrNoRevocation: the provider has no endpoint for it, and trying again is
	// in vain.
	ErrNoRevocation = errors.New("the provider has no revocation endpoint")
	// ErrUnrevoked: something else has to wait until the removed refresh token is
	// revoked, which would be lost by it.
	ErrUnrevoked = errors.New("the removed refresh token is not revoked yet")
)

// removalGrace is how long after its tombstone somebody who began before it may
// still bring a secret back: a publisher, or a renewer that keeps its answer.
const removalGrace = PutWithin + PutGrace

// longestRemovalWait, in sweeps, is the longest time between two tries of a
// removal's steps: a day.
const longestRemovalWait = 24 * 60

// revokeFor, in sweeps, is how long a removed refresh token is tried to be
// revoked: a day. Until then its merchant cannot consent again.
const revokeFor = 24 * 60

// Removal is how far the removal of a grant has come that a person ordered. Its
// steps are independent; one that failed is tried again.
type Removal struct {
	At          time.Time // of the tombstone
	RevokedAt   time.Time // the refresh token is revoked
	DeletedAt   time.Time // both secrets are scheduled for deletion, or gone
	DoneAt      time.Time // looked at once more after everybody who began before it
	NextAt      time.Time // the next try
	Unrevocable bool      // RevokedAt stands for: the provider has no revocation endpoint, or all tries failed
}

// Done reports whether all of it is done.
func (r Removal) Done() bool { return !r.DoneAt.IsZero() }

// Removing reports whether a removal is under way: nothing begins before it is
// done. A later consent or import then begins anew.
func (e Entry) Removing() bool { return e.Removed && !e.Removal.Done() }

// Remove sets the tombstone and takes the lease for the steps that follow, in
// one transition: who has the lease, or a put, is waited for. What the secret
// holds that is newer (see Settle) is removed with it. The revision moves on, so
// that an answer that comes late is recognised; consents under way end.
// Errors: ErrSealed, ErrLeased, ErrPutOpen.
func (e Entry) Remove(labels Labels, found map[string]Stored[Grant], lease Lease, now time.Time) (Entry, error) {
	switch {
	case e.Sealed != nil:
		return e, ErrSealed
	case e.LeasedAt(now):
		return e, ErrLeased
	case e.Put.Open() && !e.Put.Abandoned(now):
		return e, ErrPutOpen
	}
	next, _, err := e.Settle(labels, found, now)
	if err != nil {
		return e, err
	}
	if !next.Grant.RefreshToken.Empty() {
		next.Memory = next.Memory.With(next.Grant.RefreshToken, next.Revision)
	}
	next.Revision++
	next.Lease, next.Unsettled = lease, false
	next.DueAt, next.Result = time.Time{}, Result{}
	next.Parked, next.Suspect = false, false
	next.Removed, next.Removal = true, Removal{At: now, NextAt: now}
	next.Exchanges = slices.Clone(e.Exchanges)
	for i, x := range next.Exchanges {
		if x.Outcome == "" {
			next.Exchanges[i].Outcome = ExchangeFailed
		}
	}
	next.PublishAt = now
	return next.Tell(EventConsentRemoved, ReasonRemoved, now), nil
}

// ClaimRemoval takes the lease of a removal that is under way, to go on with it.
// Errors: ErrRemoved if there is none, ErrLeased.
func (e Entry) ClaimRemoval(lease Lease, now time.Time) (Entry, error) {
	switch {
	case !e.Removing():
		return e, ErrRemoved
	case e.LeasedAt(now):
		return e, ErrLeased
	}
	e.Lease = lease
	return e, nil
}

// Revoked notes that the refresh token is revoked, or that it cannot be. The
// answer is not kept any longer.
func (e Entry) Revoked(unrevocable bool, now time.Time) Entry {
	e.Removal.RevokedAt, e.Removal.Unrevocable = now, unrevocable
	e.Grant, e.Access, e.Blob, e.Sealed = Grant{}, AccessToken{}, nil, nil
	return e
}

// RevokedInVain notes that the refresh token is given up, and tells it: a day of
// tries has failed. Its merchant could never consent again otherwise.
func (e Entry) RevokedInVain(now time.Time) Entry {
	return e.Revoked(true, now).Tell(EventConsentRemoved, ReasonNotRevoked, now)
}

// RevokeUntil is when a refresh token that cannot be revoked is given up.
func (s Schedule) RevokeUntil(r Removal) time.Time { return r.At.Add(revokeFor * s.SweepInterval) }

// RemovalTried notes whether both secrets are gone, and plans what is left to
// do. If a step failed, that is after as long as it has taken until now, from
// half a sweep to a day; if none did, when everybody is over who began before
// the tombstone. Then both secrets are looked at once more, and it is done.
func (s Schedule) RemovalTried(e Entry, deleted bool, now time.Time) Entry {
	r, quiet := &e.Removal, e.Removal.At.Add(removalGrace)
	r.DeletedAt = time.Time{}
	if deleted {
		r.DeletedAt = now
	}
	switch {
	case !deleted || r.RevokedAt.IsZero():
		r.NextAt = now.Add(min(max(now.Sub(r.At), s.SweepInterval/2), longestRemovalWait*s.SweepInterval))
		if until := s.RevokeUntil(*r); r.RevokedAt.IsZero() && until.After(now) && until.Before(r.NextAt) {
			r.NextAt = until
		}
	case now.Before(quiet):
		r.NextAt = quiet
	default:
		r.DoneAt, r.NextAt = now, time.Time{}
		e = e.Forget()
	}
	return e
}

// Unearth judges what the secret of a removed grant holds, as Settle does that
// of a live one: found are the grants under the versions that Strange listed.
//
// What a person or an import put there since is newer, and brings the grant back
// to life. What the entry remembers was removed, and stays as dead as it is.
// An answer of the removed revision that the entry does not remember came late:
// it is taken up to be revoked, and the removal begins again. Neither is done
// before the removed refresh token is revoked. Errors: ErrLeased, ErrUnrevoked.
func (e Entry) Unearth(labels Labels, found map[string]Stored[Grant], now time.Time) (next Entry, revived bool, err error) {
	late := e.late(labels, found)
	next, revived, err = e.Settle(labels, found, now)
	switch {
	case err != nil:
		return e, false, err
	case (revived || late != nil) && e.Removal.RevokedAt.IsZero():
		return e, false, ErrUnrevoked
	case revived || late == nil:
		return next, revived, nil
	}
	next.Grant, next.Access, next.Blob = *late, AccessToken{}, nil
	next.Removal = Removal{At: now, NextAt: now}
	return next, false, nil
}

// late finds an answer to what was sent before the tombstone: it has its revision,
// or the one before if the removal found a newer grant, and was never seen here.
func (e Entry) late(labels Labels, found map[string]Stored[Grant]) (late *Grant) {
	for _, version := range e.Strange(labels) {
		stored, readable := found[version]
		_, remembered := e.Memory.Revision(stored.Value.RefreshToken)
		revision, standing := e.Judge(stored)
		if readable && !remembered && standing == Older && revision >= e.Revision-1 {
			late = &stored.Value
		}
	}
	return late
}
