package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"token-refresher/internal/token"
)

const (
	// spare is the part of its life that a token handed out has left if that can
	// be had: a fifth.
	spare = 5
	// usedEvery is how often it is written down that somebody asks for a token.
	usedEvery = 5 * time.Minute
	// another renewer's answer is waited for this long, and looked for so often.
	leaseWait = 5 * time.Second
	leaseLook = 200 * time.Millisecond
)

// Get returns the access token. That of a grant is renewed first if it has less
// than a fifth of its life left; a still valid one is preferred to an error.
// Errors: *Refusal, and those of the stores.
func (o *Operator) Get(ctx context.Context, id token.ID) (token.AccessToken, error) {
	c, err := o.clientOf(ctx, id)
	if err != nil {
		return token.AccessToken{}, err
	}
	if c.grantType == token.GrantTypeClientCredentials {
		return o.getPublished(ctx, c.credentials, id)
	}
	return o.getGranted(ctx, c.credentials, id)
}

func (o *Operator) getPublished(ctx context.Context, c token.Credentials, id token.ID) (token.AccessToken, error) {
	if !slices.Contains(c.IDs(), id) {
		return token.AccessToken{}, refuse(UnknownToken, "the client's credentials ask for no such token")
	}
	all, err := o.Store.AccessTokens(ctx, []token.ID{id})
	if err != nil {
		return token.AccessToken{}, fmt.Errorf("read the access token: %w", err)
	}
	stored := all[id]
	switch {
	case errors.Is(stored.Err, token.ErrNotFound), errors.Is(stored.Err, token.ErrDeleted):
		return token.AccessToken{}, refuse(ProviderUnavailable, "it is not published yet")
	case stored.Err != nil:
		return token.AccessToken{}, stored.Err
	case !time.Now().Before(stored.Value.ExpiresAt):
		return token.AccessToken{}, refuse(ProviderUnavailable, "the published one has expired")
	}
	return stored.Value, nil
}

func (o *Operator) getGranted(ctx context.Context, c token.Credentials, id token.ID) (token.AccessToken, error) {
	entry, err := o.Journal.Get(ctx, id)
	if err != nil {
		return answerOr(entry, err)
	}
	if usable(entry) && lifeLeft(entry, spare) {
		o.used(ctx, entry, c)
		return entry.Access, nil
	}
	endpoint, err := o.DialGrants(c)
	if err != nil {
		return token.AccessToken{}, refuse(ClientMisconfigured, err.Error())
	}
	renewal := o.renew(ctx, id, endpoint)
	entry, err = renewal.Entry, renewal.Err
	if errors.Is(err, token.ErrLeased) {
		entry, err = o.await(ctx, entry)
	}
	o.used(ctx, entry, c)
	return answerOr(entry, err)
}

// await looks whether the renewer that has the lease brings a token.
func (o *Operator) await(ctx context.Context, before token.Entry) (token.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, leaseWait)
	defer cancel()
	look := time.NewTicker(leaseLook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return before, token.ErrLeased
		case <-look.C:
		}
		entry, err := o.Journal.Get(ctx, before.ID)
		if err == nil && entry.Revision != before.Revision {
			return entry, nil
		}
	}
}

// answerOr is the entry's access token while it is valid, else why there is
// none.
func answerOr(e token.Entry, err error) (token.AccessToken, error) {
	if usable(e) && lifeLeft(e, 0) {
		return e.Access, nil
	}
	if refusal := refusalOf(e, err); refusal != nil {
		return token.AccessToken{}, refusal
	}
	if err == nil {
		return token.AccessToken{}, refuse(ProviderUnavailable, "the provider gave no access token")
	}
	return token.AccessToken{}, err
}

// usable reports whether the entry's access token may be handed out at all.
func usable(e token.Entry) bool {
	return e.Sealed == nil && !e.Suspect && !e.Removed && !e.Access.Value.Empty()
}

// lifeLeft reports whether that part of the access token's life is left, one in
// so many; 0 asks for any.
func lifeLeft(e token.Entry, part int) bool {
	end := e.Access.ExpiresAt
	if part > 0 {
		end = end.Add(-e.Access.Lifetime() / time.Duration(part))
	}
	return time.Now().Before(end)
}

// used notes that somebody asked, so that sweeps keep the token warm. If it
// cannot be noted, the next request renews once more.
func (o *Operator) used(ctx context.Context, e token.Entry, c token.Credentials) {
	now := time.Now()
	if e.WriteID == "" || e.Sealed != nil || e.LeasedAt(now) || now.Sub(e.UsedAt) < usedEvery {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	use := token.Use{Publish: c.Publish, Refresh: c.Refresh}
	_, err := o.Swapper.Swap(ctx, e, o.Schedule.Used(e, use, now))
	if err != nil && !errors.Is(err, token.ErrConflict) {
		o.Log.WarnContext(ctx, "use not noted", "token", e.ID.String(), "error", err)
	}
}
