package authserver

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"token-refresher/internal/token"
)

// Client is one registered client. Any client may use any of the token
// endpoints that its fields suffice for.
type Client struct {
	ID     string
	Secret token.Secret
	// IBMClientID is the x-ibm-client-id that the gateway of the integrator
	// server knows the client's application by; ID when empty.
	IBMClientID string
	// SubscriptionKey is the Ocp-Apim-Subscription-Key of the Vipps endpoint;
	// a client without one cannot use it.
	SubscriptionKey token.Secret

	// What follows is for merchants' consents.

	// Name is what merchants read; ID when empty.
	Name string
	// RedirectURIs are those that an authorize request may name, character for
	// character.
	RedirectURIs []string
	// RefreshTokens says what becomes of a used refresh token; OneTime when
	// empty.
	RefreshTokens RefreshUse
	// MerchantLifetime is what access tokens live, in whole seconds, and
	// ConsentLifetime what a refresh token lives that nobody uses. Zero means
	// the real server's. The sandbox divides the former by its speed.
	MerchantLifetime, ConsentLifetime time.Duration
	// DetectReuse ends a consent when a spent refresh token of it is presented.
	DetectReuse bool
	// DemandVerifier refuses a refresh without the consent's code_verifier. The
	// real server ignores it.
	DemandVerifier bool
	// OmitIDToken leaves the ID token out of answers to refreshes, as some
	// servers do. Signing is what takes the longest in a simulation.
	OmitIDToken bool
}

// AddClient registers a client. It fails when the id is empty or taken, and on
// settings that make no sense.
func (s *Server) AddClient(client Client) error {
	if err := s.clients.add(client); err != nil {
		return fmt.Errorf("authserver: %w", err)
	}
	return nil
}

// registry holds the registered clients.
type registry struct {
	mu      sync.Mutex
	clients map[string]Client
	ibm     map[string]bool
}

func newRegistry() *registry {
	return &registry{clients: map[string]Client{}, ibm: map[string]bool{}}
}

func (r *registry) add(client Client) error {
	if client.ID == "" {
		return errors.New("a client has no id")
	}
	if client.IBMClientID == "" {
		client.IBMClientID = client.ID
	}
	client, err := client.withDefaults()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.clients[client.ID]; taken {
		return fmt.Errorf("client %q is registered already", client.ID)
	}
	r.clients[client.ID] = client
	r.ibm[client.IBMClientID] = true
	return nil
}

// authenticate returns the client with this id if the secret is its own. A
// client that was registered without a secret cannot authenticate.
func (r *registry) authenticate(id string, secret token.Secret) (Client, bool) {
	client, known := r.find(id)
	return client, known && !client.Secret.Empty() && client.Secret.Equal(secret)
}

func (r *registry) find(id string) (Client, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	client, known := r.clients[id]
	return client, known
}

// admits reports whether the gateway knows this x-ibm-client-id.
func (r *registry) admits(ibmClientID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ibm[ibmClientID]
}

// subscribed reports whether any client has this subscription key.
func (r *registry) subscribed(key token.Secret) bool {
	return !key.Empty() && slices.ContainsFunc(r.all(), func(c Client) bool { return c.SubscriptionKey.Equal(key) })
}

// all returns the clients by id.
func (r *registry) all() []Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	clients := make([]Client, 0, len(r.clients))
	for _, id := range slices.Sorted(maps.Keys(r.clients)) {
		clients = append(clients, r.clients[id])
	}
	return clients
}
