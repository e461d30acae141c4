package oauth

import (
	"context"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// codeTimeout is what an exchange takes at most: a merchant's browser waits for
// it, and the answer has to be stored while it still does.
const codeTimeout = 8 * time.Second

// Code is an authorization code, with what proves that whoever sends it asked
// for it.
type Code struct {
	Value       token.Secret
	Verifier    token.Secret // of PKCE (RFC 7636 section 4.1)
	RedirectURI string       // as in the authorization request, character by character
	Merchant    string       // for the provider's headers that name it
}

// AuthorizationCode exchanges an authorization code for tokens (RFC 6749 section
// 4.1.3, RFC 7636 section 4.5). A code is good once, and a second exchange may
// end what the first one brought: so it sends exactly one request, over a
// connection of its own, which cannot be one that died while it was idle. All of
// it takes 8 seconds or the provider's timeout at most. Every error is an *Error;
// whatever its Delivery, the code must not be sent again.
//
// As with Refresh, a refresh token is given up for nothing else that is wrong
// with the answer: err may be nil and AccessToken empty. RefreshToken is empty if
// none came. The ID token is handed on unverified.
func (c *Client) AuthorizationCode(ctx context.Context, p provider.Provider, credentials token.Credentials, code Code) (Answer, error) {
	if !code.Value.Storable() || !code.Verifier.Storable() || code.RedirectURI == "" {
		return Answer{}, &Error{Class: ClassUnknown, NotSent: true, problem: "not sent: the code, its verifier or its redirect_uri is missing"}
	}
	ctx, cancel := context.WithTimeout(ctx, min(p.Timeout, codeTimeout))
	defer cancel()
	return c.ask(ctx, p, credentials, question{
		merchant:   code.Merchant,
		scope:      strings.Join(consentScopesOf(p, credentials), " "),
		parameters: parameters(p, ""),
		secrets:    []token.Secret{code.Value, code.Verifier},
		oneTime:    true,
		alone:      true,
		send: func(ctx context.Context, p provider.Provider) (*oauth2.Token, error) {
			config := configOf(p, credentials)
			config.RedirectURL = code.RedirectURI
			return config.Exchange(ctx, code.Value.Reveal(), oauth2.VerifierOption(code.Verifier.Reveal()))
		},
	})
}

// unshared returns a transport for one request, with a connection of its own that
// ends with it. Several requests over one such transport would still meet on a
// connection of HTTP/2. A RoundTripper that is not net/http's has to see to that
// itself.
func unshared(transport http.RoundTripper) http.RoundTripper {
	shared, ok := transport.(*http.Transport)
	if !ok {
		return transport
	}
	own := shared.Clone()
	own.DisableKeepAlives = true
	return own
}
