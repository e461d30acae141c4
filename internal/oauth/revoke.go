package oauth

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// revocation is what a failed one is called in its error.
const revocation = "revocation"

// Revoke tells the provider that a refresh token is not used any more (RFC
// 7009): it, and what was issued by it, ends. A provider that does not know the
// token reports success too. It sends one request and takes as long as
// ClientCredentials at most. Every error is an *Error.
func (c *Client) Revoke(ctx context.Context, p provider.Provider, credentials token.Credentials, refreshToken token.Secret) error {
	err := c.revoke(ctx, p, credentials, refreshToken)
	if err == nil {
		return nil
	}
	failure := asError(err)
	failure.request = revocation
	return failure
}

func (c *Client) revoke(ctx context.Context, p provider.Provider, credentials token.Credentials, refreshToken token.Secret) error {
	if !refreshToken.Storable() {
		return &Error{Class: ClassUnknown, NotSent: true, problem: "not sent: there is no refresh token"}
	}
	p, headers, err := c.prepare(ctx, p, credentials, "", provider.RevocationEndpoint)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	request, err := revocationRequest(ctx, p, credentials, refreshToken)
	if err != nil {
		return err
	}
	exchange := &exchange{next: c.transport, headers: headers, secrets: append(secretsOf(credentials, headers), refreshToken)}
	answer, err := exchange.send(request)
	if err != nil {
		return err
	}
	fields, _ := readFields(answer.header.Get("Content-Type"), answer.body)
	if answer.good() && knownCode(fields["error"]) == "" {
		return nil
	}
	return exchange.refused(answer, fields, "")
}

// revocationRequest is RFC 7009 section 2.1, with the client's authentication as
// x/oauth2 has it in a token request.
func revocationRequest(ctx context.Context, p provider.Provider, credentials token.Credentials, refreshToken token.Secret) (*http.Request, error) {
	form := url.Values{"token": {refreshToken.Reveal()}, "token_type_hint": {"refresh_token"}}
	id, secret, style := authentication(p, credentials)
	if style == oauth2.AuthStyleInParams {
		form.Set("client_id", id)
	}
	if style == oauth2.AuthStyleInParams && secret != "" {
		form.Set("client_secret", secret)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.RevocationEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if style == oauth2.AuthStyleInHeader {
		request.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) // RFC 6749 section 2.3.1
	}
	return request, nil
}
