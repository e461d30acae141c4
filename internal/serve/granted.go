package serve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

const (
	// usedEvery is how often it is written down that somebody asks for a token,
	// in sweeps: ten minutes.
	usedEvery = 10
	// journalLook is how often another instance's renewal is looked for.
	journalLook = 150 * time.Millisecond
	// storeTimeout is what one write may take, also when the invocation is being
	// ended.
	storeTimeout = 5 * time.Second
)

// granted hands out the access token of a grant: one consistent read if it is
// fresh, a renewal under the lease otherwise.
func (d *demand) granted(ctx context.Context) (token.AccessToken, error) {
	if atRisk := d.Renewer.Settle(ctx); atRisk > 0 {
		d.AtRisk(ctx, atRisk)
	}
	e, err := d.Journal.Get(ctx, d.ID)
	switch {
	case errors.Is(err, token.ErrNotFound):
		return token.AccessToken{}, refuse(UnknownToken, "there is no grant of this merchant")
	case err != nil:
		return d.unread(ctx, fmt.Errorf("read the journal: %w", err))
	case e.Sealed != nil:
		return d.sealed(ctx, e)
	case !usable(e):
		return d.give(e, nil)
	case !d.lacks(e, time.Now()):
		d.used(ctx, e)
		return d.give(e, nil)
	}
	if refusal := d.barred(time.Now()); refusal != nil {
		return d.give(e, refusal)
	}
	o := d.share(ctx, e.Access, func(ctx context.Context, d *demand) outcome { return d.renew(ctx, e) })
	d.did = o.did
	if o.entry.ID == (token.ID{}) { // nobody waited for it to the end
		o.entry = e
	}
	return d.give(o.entry, o.err)
}

// unread is the token that its secret holds while the journal cannot be read:
// whoever may ask here could read it there. A grant that was removed has none.
func (d *demand) unread(ctx context.Context, err error) (token.AccessToken, error) {
	if t, unpublished := d.published(ctx); unpublished == nil && valid(t, time.Now()) {
		d.hold(err)
		return t, nil
	}
	return token.AccessToken{}, err
}

// sealed is the published token of an entry that cannot be opened, if its secret
// holds that very answer: nothing falls back to an older one.
func (d *demand) sealed(ctx context.Context, e token.Entry) (token.AccessToken, error) {
	if e.Revision > 0 && e.AccessPut.Revision == e.Revision && e.Usable() {
		if t, err := d.published(ctx); err == nil && valid(t, time.Now()) {
			return t, nil
		}
	}
	if refusal := RefusalOf(e, nil); refusal != nil {
		return token.AccessToken{}, refusal
	}
	return token.AccessToken{}, e.Sealed
}

// lacks reports whether the entry's access token is one to renew: too old for
// the sweep, for the request, or for an API that refused it.
func (d *demand) lacks(e token.Entry, now time.Time) bool {
	if !d.fresh(e, now) {
		return true
	}
	if !d.rejects(e.Access) {
		return false
	}
	_, acts := d.Schedule.Reject(e.Rejection, now)
	return acts || e.LeasedAt(now) // another one's rejection may be acted on right now
}

// fresh reports whether nothing but a rejection speaks against the entry's
// access token.
func (d *demand) fresh(e token.Entry, now time.Time) bool {
	return d.enough(e.Access, now) && now.Before(d.dueAt(e, now))
}

// dueAt is when the entry's access token is due for who asks: for an idle one
// that is earlier than the journal says, for one that failed it is its next try.
// No token is due in the first half of its life, or very short-lived ones would
// be renewed with every request.
func (d *demand) dueAt(e token.Entry, now time.Time) time.Time {
	due := d.Schedule.Used(e, d.client.use(), now).DueAt
	if half := e.Access.IssuedAt.Add(e.Access.Lifetime() / 2); half.After(due) {
		return half
	}
	return due
}

// renew renews the entry that was read, or waits for whoever does.
func (d *demand) renew(ctx context.Context, seen token.Entry) outcome {
	renewal := d.Renewer.Demand(ctx, seen, &grants{d.client.endpoint.Grants, d}, d.note)
	d.Count(ctx, renewal.Tally())
	if renewal.AtRisk {
		d.AtRisk(ctx, 1)
	}
	if renewal.Sent {
		d.blame(ctx, renewal.Err)
	}
	o := outcome{entry: renewal.Entry, did: "renewed", err: renewal.Err}
	switch {
	case errors.Is(o.err, token.ErrLeased):
		o.did = "waited"
		o.entry, o.err = d.await(ctx, renewal.Entry)
	case errors.Is(o.err, token.ErrSuperseded):
		o.did, o.err = "shared", nil
	case errors.Is(o.err, token.ErrNotDue): // its next try is later
		o.did = ""
	}
	return o
}

// note notes in the claim that somebody asked, and why.
func (d *demand) note(e token.Entry) token.Entry {
	now := time.Now()
	e = d.Schedule.Used(e, d.client.use(), now)
	if d.rejects(e.Access) {
		e.Rejection, _ = d.Schedule.Reject(e.Rejection, now)
	}
	return e
}

// await looks whether the renewer that has the lease brings a token: for two
// seconds, or ten if there is no valid one.
func (d *demand) await(ctx context.Context, before token.Entry) (token.Entry, error) {
	within := waitForToken
	if outlasts(before.Access, time.Now()) {
		within = patience
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	look := time.NewTicker(journalLook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return before, token.ErrLeased
		case <-look.C:
		}
		e, err := d.Journal.Get(ctx, before.ID)
		switch {
		case err != nil: // there is time to look again
		case e.Revision != before.Revision:
			return e, nil
		case !e.LeasedAt(time.Now()): // it brought nothing
			return e, token.ErrNotDue
		}
	}
}

// give is the entry's access token while it is valid, else why there is none.
func (d *demand) give(e token.Entry, err error) (token.AccessToken, error) {
	now := time.Now()
	if usable(e) && valid(e.Access, now) {
		if due := d.dueAt(e, now); now.Before(due) {
			d.memory.remember(d.ID, e.Access, due, now)
		}
		d.hold(err)
		return e.Access, nil
	}
	if refusal := RefusalOf(e, err); refusal != nil {
		return token.AccessToken{}, refusal
	}
	if err == nil {
		err = refuse(ProviderUnavailable, "the provider gave no access token")
	}
	return token.AccessToken{}, err
}

// used notes that somebody asked, so that sweeps keep a short-lived token warm.
// If it cannot be noted, a later request notes it.
func (d *demand) used(ctx context.Context, e token.Entry) {
	now := time.Now()
	if d.Schedule.Publishes(d.client.use(), e.Access.Lifetime()) || e.LeasedAt(now) || now.Sub(e.UsedAt) < usedEvery*d.Schedule.SweepInterval {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	_, err := d.Journal.Swap(ctx, e, d.Schedule.Used(e, d.client.use(), now))
	if err != nil && !errors.Is(err, token.ErrConflict) {
		d.Log.WarnContext(ctx, "use not noted", "token", e.ID.String(), "error", err)
	}
}
