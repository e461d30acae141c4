package operate_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/oauth"
	"token-refresher/internal/operate"
	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/seal"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

var schedule = token.Schedule{SweepInterval: time.Minute, WriteInterval: 16 * time.Minute}

// world is Secrets Manager, the journal and the provider of client pos (client
// credentials) and client shop (grants), in memory, with a real Renewer.
type world struct {
	mu          sync.Mutex
	credentials map[string]token.Stored[token.Credentials]
	grantTypes  map[string]token.GrantType
	access      map[token.ID]token.Stored[token.AccessToken]
	entries     map[token.ID]token.Entry
	writes      int
	swaps       int

	secrets map[token.ID]token.Stored[token.Grant] // grants' secrets; Version is in the list
	notes   map[string][]byte

	lifetime  time.Duration
	issued    int
	refuse    *oauth.Error // the provider's answer, nil: a token
	suspect   bool
	puts      []token.ID
	read      []string // grants' secrets
	published []publish.Urgency
	putErr    error
	removal   token.Removal
	removeErr error
	served    []serve.Request
	serveErr  error
	atRisk    int
	counted   []refresh.Tally
	surveys   int           // lists of all secrets
	fails     string        // the call of a store that fails
	misdialed error         // what is wrong with all credentials
	mistagged bool          // providers have the other grant type
	torn      []token.Entry // listed with token.ErrUnreadable

	providers operate.Providers
	keyErr    error
}

var errStore = fmt.Errorf("store is down")

func newWorld() *world {
	return &world{
		credentials: map[string]token.Stored[token.Credentials]{
			"pos":  {Value: token.Credentials{Client: "pos", Unbound: true, Merchants: []string{"DK1"}}, Version: "c1", WrittenAt: time.Now().Add(-24 * time.Hour)},
			"shop": {Value: token.Credentials{Client: "shop", Refresh: token.RefreshUsed}, Version: "c1"},
		},
		grantTypes: map[string]token.GrantType{"pos": token.GrantTypeClientCredentials, "shop": token.GrantTypeAuthorizationCode},
		access:     map[token.ID]token.Stored[token.AccessToken]{},
		entries:    map[token.ID]token.Entry{},
		secrets:    map[token.ID]token.Stored[token.Grant]{},
		notes:      map[string][]byte{},
		lifetime:   time.Hour,
		providers:  operate.Providers{Discovered: 2, Told: true},
	}
}

func (w *world) operator(t *testing.T) *operate.Operator {
	t.Helper()
	o, err := operate.New(w.config(t))
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return o
}

func (w *world) config(t *testing.T) operate.Config {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	sealer, err := seal.New(seal.Config{Keys: oneKey{}})
	if err != nil {
		t.Fatal(err)
	}
	inviter, err := consent.NewInviter(consent.InviterConfig{PublicURL: "https://consent.example", Seal: sealer})
	if err != nil {
		t.Fatal(err)
	}
	return operate.Config{
		Inventory: operate.Inventory{Store: w, Journal: w, Schedule: schedule, Concurrency: 4},
		Writer:    w, Publisher: w, Server: server{w}, Inviter: inviter, Log: log,
		Renewer: &refresh.Renewer{
			Journal: w, Secrets: w, Schedule: schedule, Log: log,
			NewID: func() string { return fmt.Sprint("holder ", w.count(&w.writes)) },
		},
		Dial:       w.dial,
		Consenting: func(c token.Credentials) (operate.Merchants, error) { return merchants{}, w.consenting(c) },
		AtRisk:     func(_ context.Context, answers int) { w.atRisk += answers },
		Count: func(_ context.Context, tally refresh.Tally) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if !tally.Empty() {
				w.counted = append(w.counted, tally)
			}
		},
		Examination: operate.Examination{
			Providers:  func(context.Context, []token.Credentials) operate.Providers { return w.providers },
			SealingKey: func(context.Context) error { return w.keyErr },
			InviteKey:  func(context.Context) error { return w.keyErr },
			Journal:    w, Labels: w.Labels, ReconcileInterval: 15 * time.Minute, WritesPerSecond: 40,
		},
	}
}

// count counts a call of something that is called by many at once.
func (w *world) count(calls *int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	*calls++
	return *calls
}

// oneKey is a key that never changes.
type oneKey struct{}

func (oneKey) Current(context.Context) (string, []byte, error) {
	return "k1", []byte(strings.Repeat("k", 64)), nil
}

func (oneKey) Version(context.Context, string) ([]byte, error) { return nil, seal.ErrUnknownKey }

// dial goes by the tag, as the providers of this world do.
func (w *world) dial(c token.Credentials) (serve.Endpoint, error) {
	if (w.grantTypes[c.Client] == token.GrantTypeAuthorizationCode) != w.mistagged {
		return serve.Endpoint{Grants: grantEndpoint{w}}, w.misdialed
	}
	return serve.Endpoint{Tokens: endpoint{w, c.Client}}, w.misdialed
}

func (w *world) consenting(c token.Credentials) error {
	if w.grantTypes[c.Client] != token.GrantTypeAuthorizationCode {
		return errors.New("provider: its grant_type is client_credentials")
	}
	return w.misdialed
}

// merchants are those of a provider in Denmark.
type merchants struct{}

func (merchants) CheckMerchant(merchant string) error {
	if !strings.HasPrefix(merchant, "DK") {
		return errors.New("does not match the provider's merchant_pattern")
	}
	return nil
}

// server is what hands out tokens.
type server struct{ *world }

func (s server) Get(_ context.Context, r serve.Request) (token.AccessToken, error) {
	s.served = append(s.served, r)
	at := time.Date(2026, 11, 21, 12, 0, 0, 999, time.UTC)
	if s.serveErr != nil {
		return token.AccessToken{}, s.serveErr
	}
	return token.AccessToken{ID: r.ID, Value: token.NewSecret(secretValue), Type: "Bearer", IssuedAt: at, ExpiresAt: at.Add(5 * time.Minute)}, nil
}

// secretValue looks like a token and is none.
const secretValue = "At-handed-out-0123456789"

// consent adds a grant whose access token was issued so long ago.
func (w *world) consent(merchant string, age time.Duration, change func(*token.Entry)) token.ID {
	id := token.ID{Client: "shop", Merchant: merchant}
	at := time.Now().UTC().Add(-age) // as the journal decodes it
	e := token.Entry{
		ID: id, WriteID: "first", Revision: 1,
		Grant:  token.Grant{ID: id, RefreshToken: token.NewSecret("rt-" + merchant), ConsentedAt: at}.Stamped(1),
		Access: token.AccessToken{ID: id, Value: token.NewSecret("at-" + merchant), Type: "Bearer", IssuedAt: at, ExpiresAt: at.Add(w.lifetime)},
		DueAt:  at.Add(w.lifetime / 2), UsedAt: time.Now(),
		Put: token.Put{Number: 1, Revision: 1, Version: "v1", Confirmed: true},
	}
	if change != nil {
		change(&e)
	}
	w.entries[id] = e
	w.secrets[id] = token.Stored[token.Grant]{Value: e.Grant, Version: e.Put.Version}
	return id
}

// publishAccess puts a token of pos into its secret.
func (w *world) publishAccess(id token.ID, age, written time.Duration) {
	at := time.Now().UTC().Add(-age) // as the journal decodes it
	w.access[id] = token.Stored[token.AccessToken]{
		Version: "v1", WrittenAt: time.Now().Add(-written),
		Value: token.AccessToken{ID: id, Value: token.NewSecret("published " + id.String()), IssuedAt: at, ExpiresAt: at.Add(w.lifetime)},
	}
}

// endpoint is the way to the provider of client credentials.
type endpoint struct {
	*world
	client string
}

func (endpoint) Provider() string { return "https://provider.example" }

func (e endpoint) Request(_ context.Context, merchant string) (token.AccessToken, error) {
	e.count(&e.issued)
	if e.refuse != nil {
		return token.AccessToken{}, e.refuse
	}
	now := time.Now().UTC()
	return token.AccessToken{
		ID: token.ID{Client: e.client, Merchant: merchant}, Value: token.NewSecret("new"), IssuedAt: now, ExpiresAt: now.Add(e.lifetime),
	}, nil
}

// grantEndpoint is the way to the provider of grants.
type grantEndpoint struct{ *world }

func (grantEndpoint) Provider() string                       { return "https://provider.example" }
func (grantEndpoint) Use() token.Use                         { return token.Use{} }
func (grantEndpoint) Latch(s token.Secret) token.Fingerprint { return token.FingerprintOf(s) }

func (e grantEndpoint) Refresh(_ context.Context, g token.Grant) (refresh.Refreshed, error) {
	e.count(&e.issued)
	if e.refuse != nil {
		return refresh.Refreshed{}, e.refuse
	}
	now := time.Now().UTC()
	g.RefreshToken = token.NewSecret(g.RefreshToken.Reveal() + "+")
	return refresh.Refreshed{Grant: g, Suspect: e.suspect, Access: token.AccessToken{
		ID: g.ID, Value: token.NewSecret("new"), IssuedAt: now, ExpiresAt: now.Add(e.lifetime),
	}}, nil
}
