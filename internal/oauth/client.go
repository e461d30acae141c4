package oauth

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// Config configures a Client. The zero value works.
type Config struct {
	// Transport is NewTransport's if nil. A code is exchanged over a copy of an
	// *http.Transport that keeps no connection.
	Transport http.RoundTripper
}

// Client asks token endpoints for tokens. It is safe for concurrent use, and
// one of it serves all clients and providers: they share connections, and
// discovered documents, but no failure.
type Client struct {
	transport  http.RoundTripper
	discoverer *provider.Discoverer
	limits     limits
}

// New makes a Client.
func New(config Config) (*Client, error) {
	transport := config.Transport
	if transport == nil {
		transport = NewTransport()
	}
	discoverer, err := provider.NewDiscoverer(provider.DiscovererConfig{Transport: transport})
	if err != nil {
		return nil, err
	}
	return &Client{transport: transport, discoverer: discoverer}, nil
}

// ClientCredentials asks for an access token by the client credentials grant
// (RFC 6749 section 4.4): bound to the merchant, or to none if it is empty. It
// sends one request and takes the provider's timeout at most, plus what
// discovery and the provider's requests_per_second take first. Every error is
// an *Error.
func (c *Client) ClientCredentials(ctx context.Context, p provider.Provider, credentials token.Credentials, merchant string) (Answer, error) {
	if merchant != "" {
		if err := p.CheckMerchant(merchant); err != nil {
			return Answer{}, misconfigured("the merchant " + err.Error())
		}
	}
	scopes := p.EffectiveScopes(credentials)
	return c.ask(ctx, p, credentials, question{
		merchant: merchant,
		scope:    strings.Join(scopes, " "),
		send: func(ctx context.Context, p provider.Provider) (*oauth2.Token, error) {
			id, secret, style := authentication(p, credentials)
			config := clientcredentials.Config{
				ClientID:       id,
				ClientSecret:   secret,
				TokenURL:       p.TokenEndpoint,
				Scopes:         scopes,
				EndpointParams: parameters(p, merchant),
				AuthStyle:      style,
			}
			return config.Token(ctx)
		},
	})
}

// question is what differs between the grants.
type question struct {
	merchant   string         // for the headers that name it
	scope      string         // of an answer that does not say (RFC 6749 section 5.1)
	parameters url.Values     // beyond those that send sends
	secrets    []token.Secret // that it sends, beyond the credentials
	oneTime    bool           // the answer may hold a refresh token that cannot be had again
	alone      bool           // it goes over a connection of its own

	// send sends one token request to the provider, through the HTTP client
	// that ctx carries.
	send func(ctx context.Context, p provider.Provider) (*oauth2.Token, error)
}

// ask does for every grant what is the same for all of them.
func (c *Client) ask(ctx context.Context, p provider.Provider, credentials token.Credentials, q question) (Answer, error) {
	p, headers, err := c.prepare(ctx, p, credentials, q.merchant, provider.TokenEndpoint)
	if err != nil {
		return Answer{}, err
	}
	exchange := &exchange{
		next:       c.transport,
		headers:    headers,
		parameters: q.parameters,
		emptyBody:  p.TokenRequest == provider.RequestHeaders,
		oneTime:    q.oneTime,
		fallback:   p.DefaultExpiresIn,
		secrets:    append(secretsOf(credentials, headers), q.secrets...),
	}
	if q.alone {
		exchange.next = unshared(c.transport)
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	issuedAt := time.Now().UTC().Round(0) // before sending: a token never outlives what we say
	received, err := q.send(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: exchange}), p)
	var answer Answer
	switch {
	case err == nil:
		answer = newAnswer(received, issuedAt, exchange.oddities)
	case exchange.rescued.RefreshToken != "":
		answer = rescued(exchange.rescued, issuedAt, exchange.oddities)
	default:
		return Answer{}, asError(err)
	}
	answer.Scope = cmp.Or(answer.Scope, q.scope)
	return answer, nil
}

// prepare finds the endpoint and the headers, refuses what must not be sent, and
// waits until the provider's requests_per_second allow it.
func (c *Client) prepare(ctx context.Context, p provider.Provider, credentials token.Credentials, merchant string, endpoint provider.Endpoint) (provider.Provider, map[string]token.Secret, error) {
	p, err := c.discoverer.Resolve(ctx, p, credentials, endpoint)
	if err != nil {
		return p, nil, undiscovered(err)
	}
	url := p.TokenEndpoint
	if endpoint == provider.RevocationEndpoint {
		url = p.RevocationEndpoint
	}
	if err := p.CheckURL(url); err != nil {
		return p, nil, misconfigured(string(endpoint) + " " + err.Error())
	}
	headers, err := p.Headers(credentials, merchant)
	if err != nil {
		return p, nil, misconfigured(err.Error())
	}
	return p, headers, c.limits.wait(ctx, p)
}

// authentication is how the client authenticates, always said explicitly:
// x/oauth2 would otherwise find out by sending a failed request twice.
func authentication(p provider.Provider, credentials token.Credentials) (id, secret string, style oauth2.AuthStyle) {
	switch {
	case p.TokenRequest == provider.RequestHeaders:
		return "", "", oauth2.AuthStyleInParams
	case p.AuthMethod == provider.AuthBasic:
		return credentials.ClientID, credentials.ClientSecret.Reveal(), oauth2.AuthStyleInHeader
	case p.AuthMethod == provider.AuthPost:
		return credentials.ClientID, credentials.ClientSecret.Reveal(), oauth2.AuthStyleInParams
	default:
		return credentials.ClientID, "", oauth2.AuthStyleInParams
	}
}

// configOf is how x/oauth2 reaches the token endpoint as the client.
func configOf(p provider.Provider, credentials token.Credentials) oauth2.Config {
	id, secret, style := authentication(p, credentials)
	return oauth2.Config{ClientID: id, ClientSecret: secret, Endpoint: oauth2.Endpoint{TokenURL: p.TokenEndpoint, AuthStyle: style}}
}

func parameters(p provider.Provider, merchant string) url.Values {
	values := url.Values{}
	for name, value := range p.TokenParameters {
		values.Set(name, value)
	}
	if merchant != "" && p.MerchantParameter != "" {
		values.Set(p.MerchantParameter, merchant)
	}
	return values
}

// asError finds the classified error under what net/http and x/oauth2 wrapped
// around it. What has none never reached the wire.
func asError(err error) *Error {
	if classified, ok := errors.AsType[*Error](err); ok {
		return classified
	}
	return &Error{Class: ClassUnknown, NotSent: true, problem: "the request could not be made"}
}
