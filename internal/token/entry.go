package token

import (
	"encoding/json"
	"errors"
	"time"
)

// Why an entry cannot be claimed or committed to. Told apart with errors.Is.
var (
	// ErrLeased: somebody else is renewing it.
	ErrLeased = errors.New("leased by another renewer")
	// ErrNotDue: it was renewed, or its next try moved, since it was nominated.
	ErrNotDue = errors.New("not due any more")
	// ErrSuperseded: another answer was stored since it was loaded.
	ErrSuperseded = errors.New("superseded by a newer answer")
	// ErrRemoved: it was removed, or its secret is gone.
	ErrRemoved = errors.New("removed")
	// ErrSealed: the sealed answer cannot be opened, and nothing takes its place.
	ErrSealed = errors.New("the journal's answer cannot be opened")
)

// LeaseGrace is how long after its written end a lease is still respected: two
// clocks, and the time a call needs to die.
const LeaseGrace = 30 * time.Second

// Entry is what the journal knows about one grant: what it is, who renews it,
// how that went, and what of it is published. It is a value: transitions return
// a changed copy, and the journal stores it if nobody was faster.
type Entry struct {
	ID      ID
	WriteID string // of the write that stored it; empty if it never was
	Schema  int    // of the row it was read from

	// The newest answer. It is sealed in the journal; if it cannot be opened,
	// Grant and Access are zero and Sealed says why.
	Revision    int64
	Grant       Grant
	Access      AccessToken
	CommittedAt time.Time
	Sealed      error
	Suspect     bool // its ID token named somebody else: neither published, served nor refreshed

	// Renewing.
	DueAt     time.Time // zero: no sweep looks at it
	Lease     Lease
	Unsettled bool // a lease was taken over or forced: compare with the secret before sending
	Result    Result
	UsedAt    time.Time // when somebody last asked for its access token
	Rejection Rejection // of its access token, by an API

	// Publishing.
	PublishAt time.Time // zero: nothing to publish
	Memory    Memory
	Put       Put         // the last put of the grant secret
	AccessPut AccessPut   // the last put of the access-token secret
	Forced    []time.Time // puts of the last 24 h that did not wait for the write interval

	// Consenting.
	Exchanges []Exchange // of the last 15 minutes, in the order in which they began

	// Ending.
	Parked  bool // its secret was found deleted
	Removed bool // a tombstone: it was removed by command
	Removal Removal

	Untold []Notice // events that others have still to be told of

	// Extra holds the fields of a newer schema, so that writing does not lose them.
	Extra map[string]json.RawMessage

	// For the journal alone; transitions leave both as they are.
	Blob    Blob    // the newest answer as it is stored: kept when the rest of the entry changes
	Attempt Attempt // the write of this entry that may or may not have happened
}

// Lease says who may send the refresh token, and until when.
type Lease struct {
	Holder string    // empty: nobody
	Until  time.Time // the holder commits before
}

// Result is how the last attempts went.
type Result struct {
	Outcome   Outcome
	At        time.Time
	Failures  int       // in a row
	RefusedAt time.Time // of the first invalid_grant since the last success
	Latch     *Latch

	// PardonedAt is when refusals since the last success were first taken back,
	// as those of a mass rejection.
	PardonedAt time.Time

	// RotationLost is set when a refusal follows a request whose answer never
	// came: the provider has rotated the token, it was not revoked.
	RotationLost bool
}

// Outcome is what became of an attempt.
type Outcome string

// The outcomes of attempts.
const (
	OutcomeSucceeded Outcome = "succeeded"
	OutcomeRefused   Outcome = "refused" // invalid_grant
	OutcomeFailed    Outcome = "failed"  // the provider did not do it, for whatever reason
	OutcomeUnknown   Outcome = "unknown" // no complete answer came: it may have done it
)

// Latch keeps a grant that the provider refused for good from being sent, but
// for one try a day. It holds for one refresh token, client and endpoint.
type Latch struct {
	Fingerprint Fingerprint
	Since       time.Time
}

// Put is a put of the grant secret, written down before it is made.
type Put struct {
	Number    int64
	At        time.Time
	Revision  int64  // that it publishes
	Read      string // version that was AWSCURRENT before it
	Version   string // that it makes
	Confirmed bool   // Version was seen as AWSCURRENT and Read as AWSPREVIOUS
}

// AccessPut is a put of the access-token secret.
type AccessPut struct {
	Revision int64
	At       time.Time
}

// Claim takes the lease. A lease that was not given back is taken over 30 s
// after its written end, or at once if force is set; either leaves the entry
// unsettled. Errors: ErrRemoved, ErrSealed, ErrLeased.
func (e Entry) Claim(now time.Time, lease Lease, force bool) (Entry, error) {
	switch {
	case e.Removed, e.Parked:
		return e, ErrRemoved
	case e.Sealed != nil:
		return e, ErrSealed
	case e.LeasedAt(now) && !force:
		return e, ErrLeased
	}
	e.Unsettled = e.Unsettled || e.Lease.Holder != ""
	e.Lease = lease
	return e, nil
}

// LeasedAt reports whether somebody's lease is to be respected at now.
func (e Entry) LeasedAt(now time.Time) bool {
	return e.Lease.Holder != "" && now.Before(e.Lease.Until.Add(LeaseGrace))
}

// Release gives the lease back if holder still has it.
func (e Entry) Release(holder string) Entry {
	if e.Lease.Holder == holder {
		e.Lease = Lease{}
	}
	return e
}

// Commit stores an answer to a request that was made with the revision loaded:
// the grant with its new refresh token, and the access token. The lease does
// not matter: an answer that arrives late while the revision is unchanged is
// the only live one. Errors: ErrRemoved, ErrSuperseded.
func (e Entry) Commit(loaded int64, grant Grant, access AccessToken, now time.Time) (Entry, error) {
	switch {
	case e.Removed:
		return e, ErrRemoved
	case e.Revision != loaded:
		return e, ErrSuperseded
	}
	return e.hold(e.Revision+1, grant, access, now), nil
}

// Adopt stores a grant that Judge called newer, with the revision it gave. Its
// access token is not known.
func (e Entry) Adopt(revision int64, found Grant, now time.Time) Entry {
	e = e.hold(revision, found, AccessToken{}, now)
	e.Memory = e.Memory.With(found.RefreshToken, revision)
	return e
}

func (e Entry) hold(revision int64, grant Grant, access AccessToken, now time.Time) Entry {
	e.Revision = revision
	e.Grant = grant.Stamped(revision)
	e.Access = access
	e.CommittedAt = now
	e.Result = Result{Outcome: OutcomeSucceeded, At: now}
	e.Unsettled = false
	e.Suspect = false
	e.Removed, e.Removal = false, Removal{}
	return e
}

// Attempted notes the outcome of an attempt that stored nothing.
func (e Entry) Attempted(outcome Outcome, now time.Time) Entry {
	e.Result.Outcome, e.Result.At = outcome, now
	e.Result.Failures++
	return e
}

// Usable reports whether the newest answer may be published and handed out: not
// if the grant was removed or parked, or if its ID token named somebody else.
// Whether it can be opened is for Sealed to say.
func (e Entry) Usable() bool { return !e.Suspect && !e.Removed && !e.Parked }

// Published reports whether the grant secret is known to hold the newest answer.
func (e Entry) Published() bool { return e.Put.Confirmed && e.Put.Revision == e.Revision }
