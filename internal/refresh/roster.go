package refresh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"token-refresher/internal/token"
)

// ClientStore is what finding the clients needs of Secrets Manager.
type ClientStore interface {
	// Clients names the clients whose credentials carry the grant type's tag.
	Clients(ctx context.Context, grantType token.GrantType) ([]string, error)
	// Untagged names the clients whose credentials carry no usable tag.
	Untagged(ctx context.Context) ([]string, error)
	// Credentials holds an entry for everything that was asked for; an error
	// of the call itself means that nothing could be read.
	Credentials(ctx context.Context, clients []string) (map[string]token.Stored[token.Credentials], error)
}

// client is one client in one sweep.
type client struct {
	name        string
	credentials token.Stored[token.Credentials]
	endpoint    Endpoint      // of client credentials
	grants      GrantEndpoint // of grants
	provider    string        // of its endpoint
	tokens      int           // that it has in all, as far as is known
	due         int           // of its grants
	elsewhere   int           // of these, that turned out to be somebody else's to renew
	renewed     int           // of these
	health      *Health
	running     int    // requests in flight
	failures    int    // in a row, in this sweep
	probe       *probe // while it is stopped
}

// roster finds the clients of one grant type.
type roster struct {
	*memory
	store         ClientStore
	grantType     token.GrantType
	auditInterval time.Duration
	untagged      []string  // found by the last audit
	audited       time.Time // when that was
}

// load reads the credentials of every client and has them dialled. What cannot
// be used is reported, once, by the client's name.
func (s *roster) load(ctx context.Context, dial func(*client) error, report *Report) (map[string]*client, error) {
	names, err := s.store.Clients(ctx, s.grantType)
	if err != nil {
		return nil, fmt.Errorf("listing credentials: %w", err)
	}
	s.audit(ctx, names, report)
	stored, err := s.store.Credentials(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	clients := map[string]*client{}
	for _, name := range names {
		c := &client{name: name, credentials: stored[name]}
		err := c.credentials.Err
		if err == nil {
			err = dial(c)
		}
		switch {
		case token.Absent(err):
			s.log.InfoContext(ctx, "credentials are gone", "client", name) // lists lag
		case err != nil:
			s.unusable(ctx, name, err, report)
		default:
			s.join(c)
			clients[name] = c
		}
	}
	return clients, nil
}

// join gives the client its Health. New credentials clear what was held against
// the old ones.
func (s *roster) join(c *client) {
	health, renewed := s.healthOf(c.name, c.credentials.Version)
	if renewed {
		s.forgive(c.credentials.Value.IDs())
	}
	c.health = health
}

// audit looks through all secrets now and then for credentials that nobody can
// use for want of a tag, and reports those found last in every sweep, until they
// are among the tagged ones. What it cannot list it leaves to the next sweep:
// tokens matter more.
func (s *roster) audit(ctx context.Context, tagged []string, report *Report) {
	if now := time.Now().Round(0); s.audited.IsZero() || now.Sub(s.audited) >= s.auditInterval {
		untagged, err := s.store.Untagged(ctx)
		if err != nil {
			s.log.WarnContext(ctx, "secrets could not be listed", "error", err)
		} else {
			s.untagged, s.audited = untagged, now
		}
	}
	s.untagged = slices.DeleteFunc(s.untagged, func(name string) bool { return slices.Contains(tagged, name) })
	for _, name := range s.untagged {
		s.unusable(ctx, name, errors.New(
			"the credentials carry no tag token-refresher:grant-type (client_credentials or authorization_code): nothing uses them until they do"), report)
	}
}

// unusable reports a client's credentials.
func (s *roster) unusable(ctx context.Context, client string, err error, report *Report) {
	report.fail(token.ID{Client: client}, classCredentials, err)
	s.log.ErrorContext(ctx, "credentials cannot be used", "client", client, "error", err)
}
