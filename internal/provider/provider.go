package provider

import (
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"time"

	"token-refresher/internal/token"
)

// TokenRequest is the shape of a token request.
type TokenRequest string

// The shapes of a token request.
const (
	// RequestForm is RFC 6749: parameters in a form-encoded body.
	RequestForm TokenRequest = "form"
	// RequestHeaders has an empty body and credentials in headers (Vipps
	// MobilePay).
	RequestHeaders TokenRequest = "headers"
)

// AuthMethod is how a client authenticates at the token endpoint
// (OpenID Connect Core section 9).
type AuthMethod string

// The methods of client authentication.
const (
	AuthBasic AuthMethod = "client_secret_basic"
	AuthPost  AuthMethod = "client_secret_post"
	AuthNone  AuthMethod = "none"
)

// Defaults and limits of a provider object.
const (
	DefaultExpiresIn = 300 * time.Second // when an answer does not say how long a token lives
	DefaultTimeout   = 10 * time.Second  // of one whole exchange
	MaxTimeout       = 20 * time.Second  // a lease must outlive every exchange
	MaxExpiresIn     = 30 * 24 * time.Hour
)

// Provider is an authorization server, as Parse found it in a preset or an
// inline object: checked, with defaults filled in. Parameters and headers may
// hold what an operator considers secret, so a Provider prints its name only.
type Provider struct {
	Name         string // of the preset; "inline" for an object
	GrantType    token.GrantType
	TokenRequest TokenRequest

	Issuer                string // compared, never contacted
	DiscoveryURL          string // empty: everything needed is pinned
	TokenEndpoint         string // empty: to be discovered
	AuthorizationEndpoint string
	JWKSURI               string
	RevocationEndpoint    string

	AuthMethod            AuthMethod
	MerchantParameter     string         // carries the merchant in a token or authorization request; may be empty
	MerchantPattern       *regexp.Regexp // anchored at both ends
	Scopes                []string       // unless the credentials name their own
	AuthorizeParameters   map[string]string
	TokenParameters       map[string]string
	ResponseType          string
	ResponseMode          string
	CodeVerifierOnRefresh bool
	DefaultExpiresIn      time.Duration
	RequestsPerSecond     float64 // 0: no limit
	Timeout               time.Duration

	headers []header
	hosts   Hosts
}

// String names the provider and shows nothing that was configured.
func (p Provider) String() string { return "provider " + p.Name }

// Format implements fmt.Formatter: see String.
func (p Provider) Format(state fmt.State, _ rune) { _, _ = fmt.Fprint(state, p.String()) }

// LogValue implements slog.LogValuer: see String.
func (p Provider) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Address tells one provider from another: the token endpoint, or where it will
// be discovered, without a query (which may hold a key).
func (p Provider) Address() string {
	address := p.TokenEndpoint
	if address == "" {
		address = p.DiscoveryURL
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: parsed.Scheme, Host: parsed.Host, Path: parsed.Path}).String()
}

// CheckURL reports why no credential may be sent to the URL, or nil: it is not
// https (or http on loopback), or its host is not allowed for this provider. A
// Provider that Parse did not make allows none. The error shows the host at
// most.
func (p Provider) CheckURL(raw string) error { return p.hosts.check(raw) }

// EffectiveScopes are the scopes to ask for: the credentials' own, or else the
// provider's.
func (p Provider) EffectiveScopes(c token.Credentials) []string {
	if len(c.Scopes) > 0 {
		return c.Scopes
	}
	return p.Scopes
}
