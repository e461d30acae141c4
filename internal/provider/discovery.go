package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"token-refresher/internal/token"
)

// Endpoint is one of the addresses of an authorization server, by its name in
// discovery documents (RFC 8414 section 2) and provider objects.
type Endpoint string

// The endpoints that can be pinned or discovered.
const (
	TokenEndpoint         Endpoint = "token_endpoint"
	AuthorizationEndpoint Endpoint = "authorization_endpoint"
	JWKSURI               Endpoint = "jwks_uri"
	RevocationEndpoint    Endpoint = "revocation_endpoint"
)

// The sizes in bytes of the largest documents that are read.
const (
	maxDocument = 256 << 10
	maxKeys     = 64 << 10
)

// How long a document is used, and how long a failure is.
const (
	documentLife = time.Hour
	failureLife  = 30 * time.Second
)

// DiscoveryError says why an endpoint could not be discovered, or the keys not be
// had, in fixed words: never a body, a URL or a header.
type DiscoveryError struct {
	Temporary bool // the network, or a server that may recover
	Timeout   bool
	Status    int // of the answer; 0 without one

	problem string
	cause   error
}

// Error implements error.
func (e *DiscoveryError) Error() string { return "discovery: " + e.problem }

// Unwrap returns context.DeadlineExceeded, context.Canceled,
// token.ErrNoRevocation or nil.
func (e *DiscoveryError) Unwrap() error { return e.cause }

// absent is an endpoint that the provider has not.
func absent(name Endpoint, problem string) *DiscoveryError {
	e := &DiscoveryError{problem: problem}
	if name == RevocationEndpoint {
		e.cause = token.ErrNoRevocation
	}
	return e
}

// document is what is used of a discovery document.
type document struct {
	Issuer        string `json:"issuer"`
	Token         string `json:"token_endpoint"`
	Authorization string `json:"authorization_endpoint"`
	JWKS          string `json:"jwks_uri"`
	Revocation    string `json:"revocation_endpoint"`
}

func (d document) endpoint(name Endpoint) string {
	return map[Endpoint]string{
		TokenEndpoint: d.Token, AuthorizationEndpoint: d.Authorization, JWKSURI: d.JWKS, RevocationEndpoint: d.Revocation,
	}[name]
}

func (p *Provider) endpoint(name Endpoint) *string {
	return map[Endpoint]*string{
		TokenEndpoint: &p.TokenEndpoint, AuthorizationEndpoint: &p.AuthorizationEndpoint,
		JWKSURI: &p.JWKSURI, RevocationEndpoint: &p.RevocationEndpoint,
	}[name]
}

// adopt fills the missing endpoints from the document. The document must name
// the pinned issuer (RFC 8414 section 3.3), and each endpoint must be one that
// credentials may be sent to.
func (p Provider) adopt(d document, missing []Endpoint) (Provider, error) {
	if d.Issuer != p.Issuer {
		return Provider{}, &DiscoveryError{problem: "the document names another issuer than the provider object"}
	}
	for _, name := range missing {
		discovered := d.endpoint(name)
		if discovered == "" {
			return Provider{}, absent(name, "the document names no "+string(name))
		}
		if err := p.CheckURL(discovered); err != nil {
			return Provider{}, &DiscoveryError{problem: "the document's " + string(name) + " " + err.Error()}
		}
		*p.endpoint(name) = discovered
	}
	return p, nil
}

// fetch gets the document that the provider's discovery_url points to.
func (d *Discoverer) fetch(ctx context.Context, p Provider, c token.Credentials) (document, error) {
	body, err := d.get(ctx, p, c, "discovery_url", p.DiscoveryURL, maxDocument)
	if err != nil {
		return document{}, err
	}
	var parsed document
	if json.Unmarshal(body, &parsed) != nil {
		return document{}, &DiscoveryError{Status: http.StatusOK, problem: "the document is not JSON of the expected form"}
	}
	return parsed, nil
}

// get gets a public document of the provider, of limit bytes at most, within the
// provider's timeout. The request carries the provider's headers but not the
// client's secret.
func (d *Discoverer) get(ctx context.Context, p Provider, c token.Credentials, field, url string, limit int) ([]byte, error) {
	if err := p.CheckURL(url); err != nil {
		return nil, &DiscoveryError{problem: field + " " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, &DiscoveryError{problem: field + " is not a URL"}
	}
	request.Header.Set("Accept", "application/json")
	for name, value := range p.discoveryHeaders(c) {
		request.Header.Set(name, value.Reveal())
	}
	response, err := d.client.Do(request)
	if err != nil {
		return nil, networkProblem(ctx, err)
	}
	defer response.Body.Close()
	return readDocument(ctx, response, limit)
}

func readDocument(ctx context.Context, response *http.Response, limit int) ([]byte, error) {
	if response.StatusCode != http.StatusOK {
		temporary := response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests
		return nil, &DiscoveryError{
			Temporary: temporary, Status: response.StatusCode,
			problem: fmt.Sprintf("the answer is not the document but status %d", response.StatusCode),
		}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(limit)+1))
	if err != nil {
		return nil, networkProblem(ctx, err)
	}
	if len(body) > limit {
		return nil, &DiscoveryError{Status: response.StatusCode, problem: fmt.Sprintf("the document is larger than %d KiB", limit>>10)}
	}
	return body, nil
}

// networkProblem keeps of an error only whether time ran out: the rest may
// quote addresses. A context that was given a cause of its own ends with that,
// so it is asked itself.
func networkProblem(ctx context.Context, err error) *DiscoveryError {
	slow, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &DiscoveryError{Temporary: true, problem: "was cancelled", cause: context.Canceled}
	case ctx.Err() != nil, ok && slow.Timeout():
		return &DiscoveryError{Temporary: true, Timeout: true, problem: "no answer in time", cause: context.DeadlineExceeded}
	}
	return &DiscoveryError{Temporary: true, problem: "the connection failed"}
}
