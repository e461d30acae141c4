package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// Removed is how far a removal has come. What is not done, sweeps go on with.
type Removed struct {
	ID      string `json:"token"`
	Removed bool   `json:"removed"` // it is renewed and handed out no more
	Revoked bool   `json:"revoked"` // at the provider
	Deleted bool   `json:"deleted"` // both secrets, with their recovery window
	Message string `json:"message,omitempty"`
}

// Remove gives up a merchant's grant for good: a tombstone, the revocation at
// the provider, the deletion of both secrets. Asked again, it goes on. A client
// that cannot be read is no hindrance: what then cannot be revoked waits for it.
// Errors: *serve.Refusal if nothing was done, and those of the stores.
func (o *Operator) Remove(ctx context.Context, id token.ID) (Removed, error) {
	if err := o.checkRemovable(ctx, id); err != nil {
		return Removed{}, err
	}
	removal, err := o.Publisher.Remove(ctx, id)
	if removal.At.IsZero() {
		return Removed{}, notRemoved(err)
	}
	o.Log.WarnContext(ctx, "removed by command", "token", id.String(), "done", removal.Done(), "error", err)
	return Removed{
		ID: id.String(), Removed: true,
		Revoked: !removal.RevokedAt.IsZero() && !removal.Unrevocable,
		Deleted: !removal.DeletedAt.IsZero(),
		Message: whatIsLeft(removal, err),
	}, nil
}

// checkRemovable refuses tokens of client credentials: there is no grant behind
// them.
func (o *Operator) checkRemovable(ctx context.Context, id token.ID) error {
	all, err := o.Store.Credentials(ctx, []string{id.Client})
	if err != nil {
		return fmt.Errorf("read credentials: %w", err)
	}
	issued := id.Merchant == ""
	if stored := all[id.Client]; stored.Err == nil && !issued {
		endpoint, err := o.Dial(stored.Value)
		issued = err == nil && endpoint.Tokens != nil
	}
	if issued {
		return refuse(serve.NotAllowed, "only a merchant's grant can be removed: to end a token of client credentials, "+
			"take the merchant out of them with `tokens client put`, or delete their secret")
	}
	return nil
}

// notRemoved is why nothing was done.
func notRemoved(err error) error {
	switch {
	case errors.Is(err, token.ErrNotFound):
		return refuse(serve.UnknownToken, "there is no grant of this merchant")
	case errors.Is(err, token.ErrLeased), errors.Is(err, token.ErrPutOpen):
		return refuse(serve.ProviderUnavailable, "it is being renewed or published right now: try again in a minute")
	case errors.Is(err, token.ErrSuperseded):
		return refuse(serve.ProviderUnavailable, "somebody has put a newer grant into its secret meanwhile: remove it again if that one is to go too")
	case err == nil:
		return refuse(serve.UnknownToken, "there is no grant of this merchant any more")
	default:
		return fmt.Errorf("remove: %w", err)
	}
}

// whatIsLeft says what else is to be known of a removal, or nothing.
func whatIsLeft(r token.Removal, err error) string {
	var sentences []string
	if r.Unrevocable {
		sentences = append(sentences, "It was not revoked: the provider has no revocation endpoint, or did not do it for a day. Only the merchant can withdraw the consent there.")
	}
	switch {
	case err != nil:
		sentences = append(sentences, "The next sweeps go on, since this failed: "+strings.ReplaceAll(err.Error(), "\n", "; ")+".")
	case !r.Done():
		sentences = append(sentences, "Sweeps look once more in about a minute whether anything came late; until then a new consent is told to try again.")
	}
	return strings.Join(sentences, " ")
}
