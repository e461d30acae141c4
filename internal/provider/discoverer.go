package provider

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"token-refresher/internal/token"
)

// DiscovererConfig configures a Discoverer.
type DiscovererConfig struct {
	Transport http.RoundTripper // required: shared with the token requests
}

// Discoverer finds endpoints that a provider object does not pin. It keeps each
// document for an hour and each failure for half a minute, and lets one caller
// at a time ask for a document, so that a sweep of a hundred clients asks once.
// It is safe for concurrent use.
type Discoverer struct {
	client *http.Client

	mu     sync.Mutex
	places map[string]*place
}

// place is one discovery URL, used by whoever holds its turn. Its times are
// without the monotonic clock (Round(0)), which Lambda freezes with the instance.
type place struct {
	turn     chan struct{}
	document document
	fetched  time.Time
	failures map[string]failure // by client; under "" what befalls all of them
}

type failure struct {
	err error
	at  time.Time
}

// NewDiscoverer makes a Discoverer with nothing in it.
func NewDiscoverer(config DiscovererConfig) (*Discoverer, error) {
	if config.Transport == nil {
		return nil, errors.New("making a discoverer: no transport is given")
	}
	client := &http.Client{
		Transport:     config.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Discoverer{client: client, places: map[string]*place{}}, nil
}

// Resolve returns the provider with the needed endpoints filled in. Those that
// are pinned stay; if all are, nothing is asked. It waits for the provider's
// timeout at most, and for whoever is asking already. Errors are
// *DiscoveryError.
func (d *Discoverer) Resolve(ctx context.Context, p Provider, c token.Credentials, needed ...Endpoint) (Provider, error) {
	missing := slices.DeleteFunc(slices.Clone(needed), func(name Endpoint) bool { return *p.endpoint(name) != "" })
	if len(missing) == 0 {
		return p, nil
	}
	if p.DiscoveryURL == "" {
		return Provider{}, absent(missing[0], string(missing[0])+" is not pinned, and there is no discovery_url")
	}
	place := d.place(p.DiscoveryURL)
	select {
	case place.turn <- struct{}{}:
		defer func() { <-place.turn }()
	case <-ctx.Done():
		return Provider{}, networkProblem(ctx, ctx.Err())
	}
	return d.resolve(ctx, place, p, c, missing)
}

// Keys gets the provider's JSON Web Key Set (RFC 7517 section 5) from its
// jwks_uri, which is discovered if it is not pinned: 64 KiB at most, as it came.
// Nothing of it is kept. It waits for the provider's timeout twice at most.
// Errors are *DiscoveryError.
func (d *Discoverer) Keys(ctx context.Context, p Provider, c token.Credentials) ([]byte, error) {
	p, err := d.Resolve(ctx, p, c, JWKSURI)
	if err != nil {
		return nil, err
	}
	return d.get(ctx, p, c, string(JWKSURI), p.JWKSURI, maxKeys)
}

func (d *Discoverer) place(url string) *place {
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.places[url]
	if !ok {
		known = &place{turn: make(chan struct{}, 1), failures: map[string]failure{}}
		d.places[url] = known
	}
	return known
}

func (d *Discoverer) resolve(ctx context.Context, place *place, p Provider, c token.Credentials, missing []Endpoint) (Provider, error) {
	resolved, err := p.adopt(place.document, missing)
	// A document that does not serve is asked for again soon, one that does
	// after its hour.
	age := time.Since(place.fetched)
	if (err == nil && age < documentLife) || age < failureLife {
		return resolved, err
	}
	if err := place.failure(c.Client); err != nil {
		return Provider{}, err
	}
	fetched, err := d.fetch(ctx, p, c)
	if err != nil {
		if ctx.Err() == nil {
			place.remember(c.Client, err)
		}
		return Provider{}, err
	}
	place.document, place.fetched = fetched, time.Now().Round(0)
	return p.adopt(fetched, missing)
}

// failure is a recent failure of this client, or of all.
func (p *place) failure(client string) error {
	for _, key := range []string{"", client} {
		if known, ok := p.failures[key]; ok && time.Since(known.at) < failureLife {
			return known.err
		}
	}
	return nil
}

// remember keeps a failure. What the server says about one client's request,
// such as 401, is kept from the others.
func (p *place) remember(client string, err error) {
	key := ""
	if problem, ok := errors.AsType[*DiscoveryError](err); ok && problem.Status >= 400 && problem.Status < 500 && !problem.Temporary {
		key = client
	}
	p.failures[key] = failure{err: err, at: time.Now().Round(0)}
}
