package operate

import (
	"context"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// Get returns the access token, just as the access-token function does. Errors:
// *serve.Refusal, and those of the stores.
func (o *Operator) Get(ctx context.Context, id token.ID) (token.AccessToken, error) {
	return o.Server.Get(ctx, serve.Request{ID: id, MinTTL: serve.DefaultMinTTL})
}
