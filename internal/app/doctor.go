package app

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"token-refresher/internal/oauth"
	"token-refresher/internal/operate"
	"token-refresher/internal/provider"
	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// examination is what an operator examines this deployment with.
func (a *App) examination() operate.Examination {
	return operate.Examination{
		Providers:         a.lookAtProviders,
		SealingKey:        a.tryKey(sealingKey),
		InviteKey:         a.tryKey(inviteKey),
		Journal:           a.grants.journal,
		Labels:            a.store.Labels,
		ReconcileInterval: a.Config.ReconcileInterval,
		WritesPerSecond:   a.Config.SecretWritesPerSecond,
	}
}

// tryKey returns what reads a key, nothing of which is in memory yet, and seals
// and opens something with it.
func (a *App) tryKey(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		sealer, err := newSealer(a.store, name)
		if err != nil {
			return err
		}
		label, text := seal.Label{Purpose: "doctor"}, []byte("doctor")
		sealed, err := sealer.Seal(ctx, label, text)
		if err != nil {
			return err
		}
		opened, err := sealer.Open(ctx, label, sealed)
		if err == nil && !bytes.Equal(opened, text) {
			err = errors.New("it opens to something else")
		}
		return err
	}
}

// lookAtProviders asks the providers of clients for their documents, or, if they
// have none, whether they answer at all. No secret of the client is sent, and
// nothing that is known from before is used.
func (a *App) lookAtProviders(ctx context.Context, clients []token.Credentials) operate.Providers {
	transport := oauth.NewTransport()
	defer transport.CloseIdleConnections()
	clock := &clock{next: transport}
	discoverer, err := provider.NewDiscoverer(provider.DiscovererConfig{Transport: clock})
	look := &look{hosts: a.Config.ProviderHosts, transport: clock, discoverer: discoverer}
	found := operate.Providers{Failed: map[string]error{}}
	var mu sync.Mutex
	var all errgroup.Group
	all.SetLimit(a.Config.RefreshConcurrency)
	for _, credentials := range clients {
		all.Go(func() error {
			discovered, err := false, err
			if err == nil {
				discovered, err = look.at(ctx, credentials)
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				found.Failed[credentials.Client] = err
			case discovered:
				found.Discovered++
			}
			return nil
		})
	}
	_ = all.Wait() // nothing in it returns an error
	found.Clock, found.Told = clock.read()
	return found
}

// look is one look at all providers. Each is asked once, however many clients it
// has.
type look struct {
	hosts      provider.Hosts
	transport  http.RoundTripper
	discoverer *provider.Discoverer
	reached    sync.Map // func() error, by address
}

// at looks at one client's provider.
func (l *look) at(ctx context.Context, credentials token.Credentials) (discovered bool, err error) {
	p, err := provider.Parse([]byte(credentials.Provider.Reveal()), l.hosts)
	if err != nil {
		return false, err
	}
	if p.DiscoveryURL == "" {
		once, _ := l.reached.LoadOrStore(p.Address(), sync.OnceValue(func() error { return reach(ctx, l.transport, p) }))
		return false, once.(func() error)() //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	p.TokenEndpoint = "" // a document is only read for what is not pinned
	needed := []provider.Endpoint{provider.TokenEndpoint}
	if p.GrantType == token.GrantTypeAuthorizationCode && p.CheckConsent() == nil {
		needed = append(needed, provider.AuthorizationEndpoint, provider.JWKSURI)
	}
	_, err = l.discoverer.Resolve(ctx, p, credentials, needed...)
	return err == nil, err
}

// reach reports why the token endpoint's host does not answer, or nil: whatever
// it says is an answer.
func reach(ctx context.Context, transport http.RoundTripper, p provider.Provider) error {
	if err := p.CheckURL(p.TokenEndpoint); err != nil {
		return errors.New("token_endpoint " + err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, p.TokenEndpoint, http.NoBody)
	if err != nil {
		return errors.New("token_endpoint is not a URL")
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return errors.New("the token endpoint does not answer") // the error itself may quote addresses
	}
	return response.Body.Close()
}

// clock is a transport that compares our clock with those of the servers.
type clock struct {
	next http.RoundTripper

	mu    sync.Mutex
	ahead time.Duration // of ours, the server's that differs most
	told  bool
}

// RoundTrip implements http.RoundTripper.
func (c *clock) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := time.Now()
	response, err := c.next.RoundTrip(r)
	if err == nil {
		c.compare(sent, time.Now(), response.Header)
	}
	return response, err
}

// compare notes by how much an answer's Date is outside of the time that the
// request took. A date has whole seconds; a cache's copy is as old as its Age
// (RFC 9110 section 6.6.1, RFC 9111 section 5.1).
func (c *clock) compare(sent, received time.Time, header http.Header) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	if age, err := strconv.Atoi(header.Get("Age")); err == nil {
		date = date.Add(time.Duration(age) * time.Second)
	}
	var ahead time.Duration
	switch end := date.Add(time.Second); {
	case date.After(received):
		ahead = date.Sub(received)
	case end.Before(sent):
		ahead = end.Sub(sent)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = true
	if ahead.Abs() > c.ahead.Abs() {
		c.ahead = ahead
	}
}

func (c *clock) read() (ahead time.Duration, told bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead, c.told
}
