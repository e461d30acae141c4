package refresh

import (
	"context"

	"token-refresher/internal/token"
)

// Demand renews a grant that somebody needs a token of, due or not, as Renew
// does OnDemand. It starts from the entry that was just read, with a consistent
// read, and tries only while that one's answer is the newest: of many who found
// it lacking one renews it, and the others get token.ErrSuperseded together with
// what is stored now. Another one's lease is token.ErrLeased.
//
// asked notes in the write that takes the lease what was asked for.
func (r *Renewer) Demand(ctx context.Context, seen token.Entry, endpoint GrantEndpoint, asked func(token.Entry) token.Entry) Renewal {
	renewal := renewal{Renewer: r, endpoint: endpoint, occasion: OnDemand}
	renewal.asked = func(e token.Entry) (token.Entry, error) {
		if e.Revision != seen.Revision {
			return e, token.ErrSuperseded
		}
		return asked(e), nil
	}
	return renewal.proceed(ctx, renewal.claimFrom(ctx, seen))
}
