package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/idtoken"
	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// revokeWithin is how long it is tried to give tokens back that failed a check.
const revokeWithin = 5 * time.Second

// consentClient is one client's way to the provider that its merchants consent
// at.
type consentClient struct {
	*consents
	provider    provider.Provider
	credentials token.Credentials
}

// Issuer implements consent.Client.
func (c *consentClient) Issuer() string { return c.provider.Issuer }

// CheckMerchant implements consent.Client.
func (c *consentClient) CheckMerchant(merchant string) error {
	return c.provider.CheckMerchant(merchant)
}

// Ready implements consent.Client.
func (c *consentClient) Ready(ctx context.Context) error {
	return c.verifier.Ready(ctx, c.provider, c.credentials)
}

// AuthorizationURL implements consent.Client.
func (c *consentClient) AuthorizationURL(ctx context.Context, a consent.Authorization) (string, error) {
	return c.oauth.AuthorizationURL(ctx, c.provider, c.credentials, oauth.Authorization(a))
}

// VerifyFront implements consent.Client.
func (c *consentClient) VerifyFront(ctx context.Context, r consent.Response) (consent.Identity, error) {
	subject, err := c.verifier.Front(ctx, c.provider, c.credentials, idtoken.Front{IDToken: r.IDToken, Code: r.Code, Nonce: r.Nonce})
	if refused, ok := errors.AsType[*idtoken.Error](err); ok {
		return consent.Identity{}, &consent.Flaw{Check: refused.Check}
	}
	return consent.Identity(subject), err
}

// Redeem implements consent.Client. Everything that came is checked in memory
// before it is stored; what fails a check is given back.
func (c *consentClient) Redeem(ctx context.Context, r consent.Redemption) (token.Grant, token.AccessToken, error) {
	answer, err := c.oauth.AuthorizationCode(ctx, c.provider, c.credentials, oauth.Code{
		Value: r.Code, Verifier: r.Verifier, RedirectURI: r.RedirectURI, Merchant: r.ID.Merchant,
	})
	if err != nil {
		return token.Grant{}, token.AccessToken{}, err
	}
	if len(answer.Oddities) > 0 {
		c.Log.WarnContext(ctx, "answer was odd", "token", r.ID.String(), "oddities", answer.Oddities)
	}
	grant := token.Grant{
		ID: r.ID, RefreshToken: answer.RefreshToken, CodeVerifier: r.Verifier, Scope: answer.Scope,
		Subject: r.Front.Subject, Issuer: r.Front.Issuer, ConsentedAt: time.Now(),
	}
	if err := c.check(r, answer); err != nil {
		c.giveBack(ctx, grant)
		return token.Grant{}, token.AccessToken{}, fmt.Errorf("%w: %w", refresh.ErrNotAccepted, err)
	}
	if answer.AccessToken.Empty() {
		return grant, token.AccessToken{}, nil
	}
	return grant, accessToken(r.ID, answer), nil
}

// check reports what is wrong with the answer to a code, or nil.
func (c *consentClient) check(r consent.Redemption, answer oauth.Answer) error {
	if answer.RefreshToken.Empty() {
		return errors.New("the provider gave no refresh token")
	}
	if _, err := c.verifier.Back(c.provider, c.credentials, idtoken.Back{
		IDToken: answer.IDToken, AccessToken: answer.AccessToken, Nonce: r.Nonce, Front: idtoken.Subject(r.Front),
	}); err != nil {
		return err
	}
	return checkMerchantClaim(c.provider.MerchantParameter, answer.AccessToken, r.ID.Merchant)
}

// giveBack revokes tokens that are not kept, unless the provider may have given
// the refresh token again that the merchant's standing grant lives on. That it
// failed is logged: the merchant's next consent replaces them.
func (c *consentClient) giveBack(ctx context.Context, grant token.Grant) {
	if grant.RefreshToken.Empty() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeWithin)
	defer cancel()
	standing, err := c.grants.journal.Get(ctx, grant.ID)
	switch {
	case errors.Is(err, token.ErrNotFound):
		err = nil
	case err == nil && standing.Sealed != nil:
		err = standing.Sealed
	case err == nil && standing.Grant.RefreshToken.Equal(grant.RefreshToken):
		return
	}
	if err == nil {
		err = c.oauth.Revoke(ctx, c.provider, c.credentials, grant.RefreshToken)
	}
	if err != nil {
		c.Log.WarnContext(ctx, "tokens that are not kept could not be revoked", "token", grant.ID.String(), "error", err)
	}
}
