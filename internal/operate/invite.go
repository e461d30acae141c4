package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// DefaultValidFor is how long an invite is good for that an event does not say
// it of.
const DefaultValidFor = 168 * time.Hour

// How long an invite may be good for.
const (
	MinValidFor = time.Minute
	MaxValidFor = 720 * time.Hour
)

var errValidFor = errors.New("valid_for: must be a duration from 1m to 720h, such as 72h")

// Invitation is the link that is sent to a merchant. Who has it can begin a
// consent: it belongs into no log.
type Invitation struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Invite makes a link by which the merchant consents to the client, and may go
// to returnTo afterwards, if that is not empty. validFor is a minute to 720
// hours. Errors: *serve.Refusal, and those of the stores; none repeats returnTo.
func (o *Operator) Invite(ctx context.Context, id token.ID, returnTo string, validFor time.Duration) (Invitation, error) {
	if validFor < MinValidFor || validFor > MaxValidFor {
		return Invitation{}, errValidFor
	}
	if o.Inviter == nil {
		return Invitation{}, refuse(serve.NotAllowed, "this deployment has no consent pages (PUBLIC_URL)")
	}
	if err := o.checkInvited(ctx, id); err != nil {
		return Invitation{}, err
	}
	now := time.Now().UTC() // to the fraction: a consent of this second may be older
	invite := consent.Invite{ID: id, ReturnTo: returnTo, IssuedAt: now, ExpiresAt: now.Add(validFor).Truncate(time.Second)}
	link, err := o.Inviter.NewInvite(ctx, invite)
	switch {
	case errors.Is(err, consent.ErrInvalidInvite):
		return Invitation{}, refuse(serve.NotAllowed, err.Error())
	case err != nil:
		return Invitation{}, err
	}
	return Invitation{URL: link, ExpiresAt: invite.ExpiresAt}, nil
}

// checkInvited reports why the merchant cannot consent to the client, or nil.
func (o *Operator) checkInvited(ctx context.Context, id token.ID) error {
	all, err := o.Store.Credentials(ctx, []string{id.Client})
	if err != nil {
		return fmt.Errorf("read credentials: %w", err)
	}
	credentials, err := credentialsOf(all[id.Client])
	if err != nil {
		return err
	}
	merchants, err := o.Consenting(credentials)
	if err != nil {
		return refuse(serve.ClientMisconfigured, err.Error())
	}
	if err := merchants.CheckMerchant(id.Merchant); err != nil {
		return refuse(serve.UnknownToken, "the merchant "+err.Error())
	}
	return nil
}
