package app

import (
	"context"
	"log/slog"
	"strings"

	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// grantEndpoint is one client's way to a provider that merchants gave consent
// at.
type grantEndpoint struct {
	client      *oauth.Client
	provider    provider.Provider
	credentials token.Credentials
	log         *slog.Logger
}

// dialGrants makes an endpoint of credentials that are tagged for grants, or
// says what is wrong with them. It makes no call.
func (a *App) dialGrants(credentials token.Credentials) (refresh.GrantEndpoint, error) {
	a.grants.uses.learn(credentials)
	p, err := a.parseProvider(credentials, token.GrantTypeAuthorizationCode)
	if err != nil {
		return nil, err
	}
	return &grantEndpoint{client: a.oauth, provider: p, credentials: credentials, log: a.Log}, nil
}

// Provider implements refresh.GrantEndpoint.
func (e *grantEndpoint) Provider() string { return e.provider.Address() }

// Use implements refresh.GrantEndpoint.
func (e *grantEndpoint) Use() token.Use { return e.credentials.Use() }

// Latch implements refresh.GrantEndpoint. New credentials or another provider
// make it another one, so that a refusal by the old says nothing any more.
func (e *grantEndpoint) Latch(refreshToken token.Secret) token.Fingerprint {
	parts := []string{refreshToken.Reveal(), e.credentials.ClientID, e.provider.Address()}
	return token.FingerprintOf(token.NewSecret(strings.Join(parts, "\x00")))
}

// Refresh implements refresh.GrantEndpoint. What was odd about an answer is
// logged: it was healed, and may tell of a change on the provider's side.
func (e *grantEndpoint) Refresh(ctx context.Context, grant token.Grant) (refresh.Refreshed, error) {
	answer, err := e.client.Refresh(ctx, e.provider, e.credentials, grant)
	if err != nil {
		return refresh.Refreshed{}, err
	}
	identity := identity{issuer: grant.Issuer, subject: grant.Subject, audience: e.credentials.ClientID}
	if identity.issuer == "" {
		identity.issuer = e.provider.Issuer
	}
	mismatch, unreadable := identity.compare(answer.IDToken)
	oddities := answer.Oddities
	if unreadable {
		oddities = append(oddities, "id_token unreadable")
	}
	if len(oddities) > 0 {
		e.log.WarnContext(ctx, "answer was odd", "token", grant.ID.String(), "oddities", oddities)
	}
	if mismatch != "" {
		e.log.ErrorContext(ctx, "identity mismatch: the answer is kept and not used", "token", grant.ID.String(), "claim", mismatch)
	}
	return refreshed(grant, answer, mismatch != ""), nil
}

// refreshed is what is kept of an answer. Without an access token in it, the
// next renewal brings one.
func refreshed(grant token.Grant, answer oauth.Answer, suspect bool) refresh.Refreshed {
	grant.RefreshToken = answer.RefreshToken
	if answer.Scope != "" {
		grant.Scope = answer.Scope
	}
	result := refresh.Refreshed{Grant: grant, Suspect: suspect}
	if !answer.AccessToken.Empty() {
		result.Access = accessToken(grant.ID, answer)
	}
	return result
}

// accessToken is the access token of an answer.
func accessToken(id token.ID, answer oauth.Answer) token.AccessToken {
	return token.AccessToken{
		ID:        id,
		Value:     answer.AccessToken,
		Type:      answer.TokenType,
		Scope:     answer.Scope,
		IssuedAt:  answer.IssuedAt,
		ExpiresAt: answer.IssuedAt.Add(answer.ExpiresIn),
	}
}
