package oauth

import (
	"context"
	"net/url"

	"golang.org/x/oauth2"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// Refresh asks for a new access token by a refresh token (RFC 6749 section 6),
// which may be a one-time one: it sends exactly one request, which net/http does
// not repeat either, and takes as long as ClientCredentials at most. Every error
// is an *Error; its Delivery says when the token may be sent again.
//
// The answer's RefreshToken is the one to keep, new or not. It is given up for
// nothing else that is wrong with the answer: if the answer holds a new one but
// no access token that can be used, or breaks off after it, err is nil and
// AccessToken may be empty. The ID token is handed on unverified.
func (c *Client) Refresh(ctx context.Context, p provider.Provider, credentials token.Credentials, g token.Grant) (Answer, error) {
	if !g.RefreshToken.Storable() {
		return Answer{}, &Error{Class: ClassUnknown, NotSent: true, problem: "not sent: there is no refresh token"}
	}
	answer, err := c.ask(ctx, p, credentials, question{
		merchant:   g.ID.Merchant,
		scope:      g.Scope,
		parameters: refreshParameters(p, g),
		secrets:    []token.Secret{g.RefreshToken, g.CodeVerifier},
		oneTime:    true,
		send: func(ctx context.Context, p provider.Provider) (*oauth2.Token, error) {
			config := configOf(p, credentials)
			return config.TokenSource(ctx, &oauth2.Token{RefreshToken: g.RefreshToken.Reveal()}).Token()
		},
	})
	if err != nil {
		return Answer{}, err
	}
	answer.Rotated = !answer.RefreshToken.Equal(g.RefreshToken)
	return answer, nil
}

// refreshParameters are those that x/oauth2 does not send. There is no scope
// among them: the grant's is meant (RFC 6749 section 6).
func refreshParameters(p provider.Provider, g token.Grant) url.Values {
	values := parameters(p, "")
	if p.CodeVerifierOnRefresh && !g.CodeVerifier.Empty() {
		values.Set("code_verifier", g.CodeVerifier.Reveal())
	}
	return values
}
