package oauth

import (
	"context"
	"slices"

	"golang.org/x/oauth2"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// Authorization is what one authorization request is made of, beyond what the
// provider and the credentials say.
type Authorization struct {
	Merchant    string
	RedirectURI string
	State       string
	Nonce       string
	Challenge   string // S256 of the PKCE verifier (RFC 7636 section 4.2)
}

// AuthorizationURL is where the merchant's browser is sent to give consent
// (OpenID Connect Core section 3.3.2.1). It may have to discover the endpoint;
// errors are *Error.
func (c *Client) AuthorizationURL(ctx context.Context, p provider.Provider, credentials token.Credentials, a Authorization) (string, error) {
	p, err := c.discoverer.Resolve(ctx, p, credentials, provider.AuthorizationEndpoint)
	if err != nil {
		return "", undiscovered(err)
	}
	options := []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("response_type", p.ResponseType),
		oauth2.SetAuthURLParam("response_mode", p.ResponseMode),
		oauth2.SetAuthURLParam("nonce", a.Nonce),
		oauth2.SetAuthURLParam("code_challenge", a.Challenge),
		oauth2.SetAuthURLParam("code_challenge_method", "S256"),
	}
	for name, value := range p.AuthorizeParameters {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	if p.MerchantParameter != "" {
		options = append(options, oauth2.SetAuthURLParam(p.MerchantParameter, a.Merchant))
	}
	config := oauth2.Config{
		ClientID:    credentials.ClientID,
		Endpoint:    oauth2.Endpoint{AuthURL: p.AuthorizationEndpoint},
		RedirectURL: a.RedirectURI,
		Scopes:      consentScopesOf(p, credentials),
	}
	return config.AuthCodeURL(a.State, options...), nil
}

// consentScopesOf are the scopes to consent to. Two are asked for whatever the
// credentials say: without the first there is no ID token, without the second no
// refresh token (OpenID Connect Core sections 3.1.2.1 and 11).
func consentScopesOf(p provider.Provider, c token.Credentials) []string {
	var scopes []string
	for _, scope := range slices.Concat([]string{"openid", "offline_access"}, p.EffectiveScopes(c)) {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// Discoverer is what the client finds endpoints with, for whoever needs more of
// the same documents: keys are got there too.
func (c *Client) Discoverer() *provider.Discoverer { return c.discoverer }
