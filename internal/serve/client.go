package serve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

const (
	// credentialsFor is how long a client's credentials are used without a look:
	// half a sweep, but no longer than this. A provider that refuses the client
	// has them looked at once.
	credentialsFor = 30 * time.Second
	// loadTimeout is what reading them may take, if there are none from before.
	loadTimeout = 10 * time.Second
)

// client is what is known about one client. It does not change.
type client struct {
	credentials token.Stored[token.Credentials]
	endpoint    Endpoint
	refusal     *Refusal       // why nothing can be asked for it
	shared      refresh.Health // of a client of grants, as sweeps noted it
	readAt      time.Time
}

func (c *client) use() token.Use { return c.credentials.Value.Use() }

// clientOf finds the client, in memory if it was looked at lately. Errors:
// *Refusal, and the store's.
func (s *Server) clientOf(ctx context.Context, name string) (*client, error) {
	s.mu.Lock()
	known := s.clients[name]
	s.mu.Unlock()
	if known != nil && time.Since(known.readAt) < min(credentialsFor, s.Schedule.SweepInterval/2) {
		return known, nil
	}
	return s.load(ctx, name, known)
}

// load reads the credentials, once for all who ask at the same time. While the
// store fails or is slow, those that are known are used.
func (s *Server) load(ctx context.Context, name string, known *client) (*client, error) {
	within := loadTimeout
	if known != nil {
		within = patience
	}
	loaded := s.loads.DoChan(name, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
		defer cancel()
		return s.read(ctx, name)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case l := <-loaded:
		if l.Err == nil {
			return l.Val.(*client), nil //nolint:errcheck // read returns no other
		}
		if _, refused := errors.AsType[*Refusal](l.Err); refused || known == nil {
			return nil, l.Err
		}
		s.Log.WarnContext(ctx, "credentials not read; those from before are used", "client", name, "error", l.Err)
		return s.prolong(name, known), nil
	}
}

// prolong has the known credentials used for as long again as if they had been
// read: a store that is down is waited for once in that time, not by everybody.
func (s *Server) prolong(name string, known *client) *client {
	prolonged := *known
	prolonged.readAt = time.Now().Round(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[name] == known { // else somebody has read them since
		s.clients[name] = &prolonged
	}
	return &prolonged
}

func (s *Server) read(ctx context.Context, name string) (*client, error) {
	all, err := s.Store.Credentials(ctx, []string{name})
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	c := &client{credentials: all[name], readAt: time.Now().Round(0)}
	switch err := c.credentials.Err; {
	case token.Absent(err):
		s.forget(name)
		return nil, refuse(UnknownToken, "there is no client of this name")
	case errors.Is(err, token.ErrUnreadable):
		c.refusal = refuse(ClientMisconfigured, err.Error())
	case err != nil:
		return nil, err
	default:
		s.dial(ctx, c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[name] = c
	return c, nil
}

func (s *Server) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, name)
}

// dial makes the client's endpoint, and reads what sweeps know about it.
func (s *Server) dial(ctx context.Context, c *client) {
	endpoint, err := s.Dial(c.credentials.Value)
	if err != nil {
		c.refusal = refuse(ClientMisconfigured, err.Error())
		return
	}
	c.endpoint = endpoint
	if endpoint.Grants == nil {
		return
	}
	name := c.credentials.Value.Client
	if c.shared, err = refresh.ReadHealth(ctx, s.Journal, name); err != nil {
		s.Log.WarnContext(ctx, "client's health not read", "client", name, "error", err)
	}
}

// again reads the credentials anew, for a provider that refuses the client: they
// may have been changed a moment ago. It returns nil if they were not.
func (d *demand) again(ctx context.Context) *client {
	c, err := d.load(ctx, d.ID.Client, nil)
	if err != nil || c.refusal != nil || c.credentials.Version == d.client.credentials.Version {
		return nil
	}
	return c
}

// grants is the client's endpoint of grants, which reads the credentials again
// when the provider refuses them: it did nothing, so the refresh token may be
// sent once more.
type grants struct {
	refresh.GrantEndpoint
	demand *demand
}

// Refresh implements refresh.GrantEndpoint.
func (g *grants) Refresh(ctx context.Context, grant token.Grant) (refresh.Refreshed, error) {
	answer, err := g.GrantEndpoint.Refresh(ctx, grant)
	if classOf(err) != oauth.ClassClient {
		return answer, err
	}
	c := g.demand.again(ctx)
	if c == nil || c.endpoint.Grants == nil {
		return answer, err
	}
	g.demand.client, g.GrantEndpoint = c, c.endpoint.Grants
	return g.GrantEndpoint.Refresh(ctx, grant)
}

// request asks for a token of client credentials, likewise.
func (d *demand) request(ctx context.Context) (token.AccessToken, error) {
	t, err := d.client.endpoint.Tokens.Request(ctx, d.ID.Merchant)
	if classOf(err) != oauth.ClassClient {
		return t, err
	}
	c := d.again(ctx)
	if c == nil || c.endpoint.Tokens == nil {
		return t, err
	}
	d.client = c
	return c.endpoint.Tokens.Request(ctx, d.ID.Merchant)
}

func classOf(err error) oauth.Class {
	if failure, ok := errors.AsType[*oauth.Error](err); ok {
		return failure.Class
	}
	return ""
}
