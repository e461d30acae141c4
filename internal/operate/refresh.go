package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// Refreshed is what became of one token that was to be renewed.
type Refreshed struct {
	ID        string    `json:"token"`
	Outcome   Outcome   `json:"outcome"`
	Error     string    `json:"error,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Published bool      `json:"published"` // its secret holds this access token
}

// Outcome is what became of it, in a word.
type Outcome string

// The outcomes.
const (
	Renewed Outcome = "renewed"
	Held    Outcome = "held"   // its secret was written too recently; force writes all the same
	Leased  Outcome = "leased" // somebody else is renewing it
	Failed  Outcome = "failed"
)

// errNoTime: the invocation ends before a renewal that began now would.
var errNoTime = errors.New("not tried, the time of this call was over: ask for it again")

// Refresh renews tokens now, whether they are due or not; force publishes them
// at once instead of after the write interval. One that fails stops no other, and
// none is begun that the invocation might not see the end of.
func (o *Operator) Refresh(ctx context.Context, ids []token.ID, force bool) []Refreshed {
	if atRisk := o.Renewer.Settle(ctx); atRisk > 0 {
		o.AtRisk(ctx, atRisk)
	}
	ctx, lastStart, cancel := refresh.InTime(ctx)
	defer cancel()
	done := make([]Refreshed, len(ids))
	stored, err := o.Store.Credentials(ctx, clientsOf(ids))
	var all errgroup.Group
	all.SetLimit(o.Concurrency)
	for i, id := range ids {
		all.Go(func() error {
			switch {
			case err != nil:
				done[i] = failed(fmt.Errorf("read credentials: %w", err))
			case !lastStart.IsZero() && time.Now().After(lastStart):
				done[i] = failed(errNoTime)
			default:
				done[i] = o.refresh(ctx, stored[id.Client], id, force)
			}
			done[i].ID = id.String()
			return nil
		})
	}
	_ = all.Wait() // nothing in it returns an error
	return done
}

// clientsOf names the clients of tokens, each once.
func clientsOf(ids []token.ID) []string {
	var names []string
	for _, id := range ids {
		names = append(names, id.Client)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (o *Operator) refresh(ctx context.Context, stored token.Stored[token.Credentials], id token.ID, force bool) Refreshed {
	credentials, err := credentialsOf(stored)
	if err != nil {
		return failed(err)
	}
	endpoint, err := o.Dial(credentials)
	switch {
	case err != nil:
		return failed(refuse(serve.ClientMisconfigured, err.Error()))
	case endpoint.Grants != nil:
		return o.refreshGranted(ctx, endpoint.Grants, id, force)
	case !slices.Contains(credentials.IDs(), id):
		return failed(refuse(serve.UnknownToken, "the client's credentials ask for no such token"))
	case credentials.Publish == token.PublishFunction:
		return failed(refuse(serve.NotAllowed, "it is not published: the access-token function gets one when it is asked for"))
	default:
		return o.refreshPublished(ctx, endpoint.Tokens, id, force)
	}
}

// refreshPublished asks for a token of client credentials and writes it. One
// that could not be written would be asked for in vain.
func (o *Operator) refreshPublished(ctx context.Context, endpoint refresh.Endpoint, id token.ID, force bool) Refreshed {
	all, err := o.Store.AccessTokens(ctx, []token.ID{id})
	if err != nil {
		return failed(err)
	}
	stored := all[id]
	if stored.Err != nil && !errors.Is(stored.Err, token.ErrNotFound) {
		return failed(stored.Err)
	}
	if until := stored.WrittenAt.Add(o.Schedule.WriteInterval); stored.Err == nil && time.Now().Before(until) && !force {
		return Refreshed{
			Outcome: Held, ExpiresAt: stored.Value.ExpiresAt, Published: true,
			Error: "its secret may be written again at " + until.UTC().Format(time.RFC3339),
		}
	}
	t, err := endpoint.Request(ctx, id.Merchant)
	if err != nil {
		o.Count(ctx, refresh.TallyOf(err))
		return failed(err)
	}
	if !o.Schedule.Publishable(t.Lifetime()) {
		return failed(fmt.Errorf("it lives %s only: too short to be published", t.Lifetime()))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	err = o.Writer.PutAccessToken(ctx, token.GrantTypeClientCredentials, t, stored.Version)
	switch {
	case errors.Is(err, token.ErrConflict):
		return Refreshed{Outcome: Leased, Error: "somebody else was first to write it"}
	case err != nil:
		return failed(err)
	}
	o.Count(ctx, refresh.TallyOf(nil))
	return Refreshed{Outcome: Renewed, ExpiresAt: t.ExpiresAt, Published: true}
}

// refreshGranted renews a grant and publishes what may be published.
func (o *Operator) refreshGranted(ctx context.Context, endpoint refresh.GrantEndpoint, id token.ID, force bool) Refreshed {
	renewal := o.Renewer.Renew(ctx, id, endpoint, refresh.OnDemand)
	o.Count(ctx, renewal.Tally())
	if renewal.AtRisk {
		o.AtRisk(ctx, 1)
	}
	switch err := renewal.Err; {
	case errors.Is(err, token.ErrLeased):
		return Refreshed{Outcome: Leased, Error: "somebody else is renewing it", ExpiresAt: renewal.Entry.Access.ExpiresAt}
	case err != nil:
		if refusal := serve.RefusalOf(renewal.Entry, err); refusal != nil {
			return failed(refusal)
		}
		return failed(err)
	case renewal.Entry.Suspect:
		return failed(serve.RefusalOf(renewal.Entry, nil))
	}
	urgency := publish.WhenAllowed
	if force {
		urgency = publish.AtOnce
	}
	outcome, err := o.Publisher.Publish(ctx, id, urgency)
	done := Refreshed{Outcome: Renewed, ExpiresAt: renewal.Entry.Access.ExpiresAt, Published: outcome.Entry.AccessPut.Revision == renewal.Entry.Revision}
	if err != nil {
		done.Error = "renewed, and not published yet: " + err.Error()
	}
	return done
}

func failed(err error) Refreshed { return Refreshed{Outcome: Failed, Error: err.Error()} }
