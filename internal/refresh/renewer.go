package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

const (
	// leaseFor is how long one renewal may take from claim to commit.
	leaseFor = 60 * time.Second
	// commitWithin is how long an answer is tried to be committed before it is
	// put into its secret instead, and what a send leaves of the lease for it.
	commitWithin = 5 * time.Second
	sendMargin   = 2 * commitWithin
	// promptSends is how often a refresh is sent at once when answers break off.
	promptSends = 3
)

// Journal is what a renewal needs of the journal: a consistent read, and a
// write that succeeds only if nobody else wrote since old was read. On
// token.ErrConflict Swap returns what is stored now.
type Journal interface {
	Get(ctx context.Context, id token.ID) (token.Entry, error)
	Swap(ctx context.Context, old, next token.Entry) (token.Entry, error)
}

// GrantSecrets is what a renewal needs of Secrets Manager.
type GrantSecrets interface {
	// Labels reads which versions of the grant's secret are current and previous,
	// GrantVersion the grant under one of them.
	Labels(ctx context.Context, id token.ID) (token.Labels, error)
	GrantVersion(ctx context.Context, id token.ID, version string) token.Stored[token.Grant]
	// KeepGrant writes a grant that the journal did not take, whatever the
	// secret holds: it is the only live one.
	KeepGrant(ctx context.Context, grant token.Grant) error
}

// GrantEndpoint is one client's way to a provider that its merchants gave
// consent at.
type GrantEndpoint interface {
	// Provider names the authorization server by the URL that tokens come from.
	Provider() string
	// Use says how the client's access tokens are used.
	Use() token.Use
	// Latch recognises a refresh token together with client and endpoint.
	Latch(refreshToken token.Secret) token.Fingerprint
	// Refresh sends the refresh token, once. Errors are of type *oauth.Error.
	Refresh(ctx context.Context, grant token.Grant) (Refreshed, error)
}

// Refreshed is the answer to a refresh.
type Refreshed struct {
	Grant   token.Grant // with the new refresh token, or the old one if none came
	Access  token.AccessToken
	Suspect bool // the ID token names another issuer, audience or subject
}

// Renewer renews one grant at a time: claim, call, commit. It is safe for
// concurrent use; the journal's lease keeps two from renewing the same grant.
type Renewer struct {
	Journal  Journal
	Secrets  GrantSecrets
	Schedule token.Schedule
	NewID    func() string // names a lease's holder

	// Revoke revokes what a late answer brought for a grant that was removed
	// meanwhile.
	Revoke func(ctx context.Context, grant token.Grant) error

	Log *slog.Logger

	risks risks
}

// Renewal is what became of one grant.
type Renewal struct {
	Entry        token.Entry // as it is stored now
	Err          error       // why there is no new access token
	Sent         bool        // a refresh token was sent
	WasGood      bool        // the previous outcome was a success
	PardonedAt   time.Time   // when the previous outcome, a refusal, was first taken back
	WasLatched   bool        // the provider had refused it for good
	Adopted      bool        // a grant from the secret took the journal's place
	Latched      bool        // this refusal latched the grant
	RotationLost bool        // the provider has rotated the token and its answer was lost
	AtRisk       bool        // the answer is neither in the journal nor in its secret
}

// Occasion is why a grant is renewed.
type Occasion int

// The occasions of a renewal.
const (
	WhenDue  Occasion = iota // a sweep: only what is due
	Probing                  // a sweep that looks whether client or provider is well again: a failure is not the grant's
	OnDemand                 // somebody needs a token now: due or not, but not right after a failure
)

// Renew claims the grant, sends its refresh token and commits the answer.
//
// Errors: token.ErrLeased, token.ErrNotDue, token.ErrRemoved, token.ErrSealed,
// token.ErrNotFound, the journal's, and *oauth.Error.
func (r *Renewer) Renew(ctx context.Context, id token.ID, endpoint GrantEndpoint, occasion Occasion) Renewal {
	renewal := renewal{Renewer: r, endpoint: endpoint, occasion: occasion}
	return renewal.proceed(ctx, renewal.claim(ctx, id))
}

// renewal is one grant's way through Renew.
type renewal struct {
	*Renewer
	endpoint GrantEndpoint
	occasion Occasion
	asked    func(token.Entry) (token.Entry, error) // what the claim notes beside; nil: nothing
	entry    token.Entry                            // as it was last read or stored
	holder   string
	lost     bool // an answer to this refresh token broke off, now or before
	done     Renewal
}

// claim takes the lease. The entry that it stores is the load: nothing else is
// read before the refresh token is sent.
func (r *renewal) claim(ctx context.Context, id token.ID) error {
	entry, err := r.Journal.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	return r.claimFrom(ctx, entry)
}

// claimFrom takes the lease of the entry that was read, or of what has taken its
// place since.
func (r *renewal) claimFrom(ctx context.Context, entry token.Entry) error {
	for {
		r.entry = entry
		claimed, err := r.claimed(entry, time.Now())
		if err != nil {
			return err
		}
		entry, err = r.Journal.Swap(ctx, entry, claimed)
		if err == nil {
			r.entry = entry
			r.done.WasGood = r.Schedule.WasGood(entry, time.Now())
			if entry.Result.Outcome == "" {
				r.done.PardonedAt = entry.Result.PardonedAt
			}
			r.done.WasLatched = entry.Result.Latch != nil
			r.lost = entry.Result.Outcome == token.OutcomeUnknown || entry.Unsettled
			return nil
		}
		if !errors.Is(err, token.ErrConflict) { // else look at what is stored now
			return fmt.Errorf("claim: %w", err)
		}
	}
}

// claimed is the entry with the lease taken, if it may be.
func (r *renewal) claimed(entry token.Entry, now time.Time) (token.Entry, error) {
	if !r.mayTry(entry, now) {
		return entry, token.ErrNotDue
	}
	r.holder = r.NewID()
	claimed, err := entry.Claim(now, token.Lease{Holder: r.holder, Until: now.Add(leaseFor)}, false)
	switch {
	case err != nil:
		return entry, err
	case claimed.Grant.RefreshToken.Empty() && !claimed.Unsettled: // a consent was begun and brought nothing
		return entry, token.ErrNotFound
	case r.asked == nil:
		return claimed, nil
	}
	return r.asked(claimed)
}

// mayTry: what the provider refused is for sweeps alone to try again, which see
// whether it refuses many.
func (r *renewal) mayTry(e token.Entry, now time.Time) bool {
	due := !e.DueAt.IsZero() && !e.DueAt.After(now)
	if r.occasion != OnDemand {
		return due
	}
	refused := e.Suspect || !e.Result.RefusedAt.IsZero() || e.Result.Latch != nil
	return !refused && (due || e.Result.Failures == 0 || r.rested(e, now))
}

// rested reports whether the last try is long enough ago for somebody who waits
// for a token: half a sweep, however far out the sweeps' own back-off is. A
// provider that was down for minutes must not cost a quarter of an hour.
func (r *renewal) rested(e token.Entry, now time.Time) bool {
	return now.Sub(e.Result.At) >= backoffFor(0, r.Schedule.SweepInterval, 0)
}

// proceed does the work if the claim brought the lease, and returns what became
// of the grant.
func (r *renewal) proceed(ctx context.Context, err error) Renewal {
	if err == nil {
		err = r.work(ctx)
	}
	r.done.Entry, r.done.Err = r.entry, err
	return r.done
}

// work does what the lease was taken for.
func (r *renewal) work(ctx context.Context) error {
	if r.entry.Unsettled {
		if _, err := r.compare(ctx); err != nil {
			return r.giveUp(ctx, fmt.Errorf("compare with the secret: %w", err))
		}
	}
	if r.entry.Grant.RefreshToken.Empty() {
		return r.nothing(ctx)
	}
	answer, err := r.send(ctx)
	if classOf(err) == oauth.ClassGrant {
		newer, compareErr := r.compare(ctx)
		if compareErr != nil {
			return r.giveUp(ctx, fmt.Errorf("compare with the secret after a refusal: %w", compareErr))
		}
		if !newer {
			return r.refused(ctx, err)
		}
		if answer, err = r.send(ctx); classOf(err) == oauth.ClassGrant {
			return r.refused(ctx, err)
		}
	}
	if err != nil {
		return r.giveUp(ctx, err)
	}
	return r.commit(ctx, answer)
}

// send sends the refresh token while the lease lasts. An answer that broke off
// is asked for again at once, with the same token: it is all there is. After a
// timeout the first request may still be alive, and the next try is the next
// sweep's.
func (r *renewal) send(ctx context.Context) (Refreshed, error) {
	ctx, cancel := context.WithDeadline(ctx, r.entry.Lease.Until.Add(-sendMargin))
	defer cancel()
	for sends := 1; ; sends++ {
		r.done.Sent = true
		answer, err := r.endpoint.Refresh(ctx, r.entry.Grant)
		failure, ok := errors.AsType[*oauth.Error](err)
		if !ok {
			return answer, err
		}
		r.lost = r.lost || lost(failure)
		if sends == promptSends || failure.Timeout || !lost(failure) || ctx.Err() != nil {
			return answer, err
		}
	}
}

// lost reports whether the provider may have done what was asked although no
// answer came, or none that can be read.
func lost(failure *oauth.Error) bool {
	switch failure.Delivery() {
	case oauth.NotSent:
		return false
	case oauth.Answered:
		unread := failure.Status/100 == 2 && failure.Class == oauth.ClassUnknown
		return unread || failure.Status >= 500 && failure.Class == oauth.ClassTransient
	default:
		return true
	}
}

// swap changes the entry, again on what is stored if somebody was faster, even
// if the sweep is being ended.
func (r *renewal) swap(ctx context.Context, change func(token.Entry) (token.Entry, error)) (token.Entry, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWithin)
	defer cancel()
	current := r.entry
	for {
		next, err := change(current)
		if err != nil {
			return current, err
		}
		stored, err := r.Journal.Swap(ctx, current, next)
		if !errors.Is(err, token.ErrConflict) {
			return stored, err
		}
		current = stored
	}
}
