package publish

import (
	"context"

	"token-refresher/internal/token"
)

// tell tells others what is untold of the entry, and notes that in it. If that
// fails, the next pass tells it.
func (r *publication) tell(ctx context.Context) {
	untold := r.Entry.Untold
	if len(untold) == 0 {
		return
	}
	err := r.Tell(ctx, r.Entry.ID, untold)
	if err == nil {
		err = r.become(ctx, func(e token.Entry) (token.Entry, error) { return e.Told(untold), nil })
	}
	if err != nil {
		r.Log.WarnContext(ctx, "events of a grant are told again", "token", r.Entry.ID.String(), "error", err)
	}
}
