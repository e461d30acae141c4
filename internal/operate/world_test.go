package operate_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/operate"
	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
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

	lifetime  time.Duration
	issued    int
	refuse    *oauth.Error // the provider's answer, nil: a token
	suspect   bool
	puts      []token.ID
	published []publish.Urgency
	putErr    error
	told      []string
	fails     string // the call of the store that fails
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
		lifetime:   time.Hour,
	}
}

func (w *world) operator(t *testing.T) *operate.Operator {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	o, err := operate.New(operate.Config{
		Inventory: operate.Inventory{Store: w, Journal: w, Schedule: schedule, Concurrency: 4},
		Writer:    w, Swapper: w, Publisher: w, Log: log,
		Renewer: &refresh.Renewer{
			Journal: w, Secrets: w, Schedule: schedule, Log: log,
			NewID: func() string { w.writes++; return fmt.Sprint("holder ", w.writes) },
		},
		Tell: func(_ context.Context, events []refresh.Event) {
			for _, e := range events {
				w.told = append(w.told, string(e.Type)+" "+e.ID.String()+" "+e.Reason)
			}
		},
		Dial:       func(c token.Credentials) (refresh.Endpoint, error) { return endpoint{w, c.Client}, nil },
		DialGrants: func(token.Credentials) (refresh.GrantEndpoint, error) { return grantEndpoint{w}, nil },
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return o
}

// consent adds a grant whose access token was issued so long ago.
func (w *world) consent(merchant string, age time.Duration, change func(*token.Entry)) token.ID {
	id := token.ID{Client: "shop", Merchant: merchant}
	at := time.Now().Add(-age)
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
	return id
}

// publishAccess puts a token of pos into its secret.
func (w *world) publishAccess(id token.ID, age, written time.Duration) {
	at := time.Now().Add(-age)
	w.access[id] = token.Stored[token.AccessToken]{
		Version: "v1", WrittenAt: time.Now().Add(-written),
		Value: token.AccessToken{ID: id, Value: token.NewSecret("published " + id.String()), IssuedAt: at, ExpiresAt: at.Add(w.lifetime)},
	}
}

func (w *world) failing(call string) error {
	if w.fails == call {
		return errStore
	}
	return nil
}

func (w *world) Clients(_ context.Context, grantType token.GrantType) ([]string, error) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(w.grantTypes)) {
		if w.grantTypes[name] == grantType {
			names = append(names, name)
		}
	}
	return names, w.failing("Clients")
}

func (w *world) Credentials(_ context.Context, names []string) (map[string]token.Stored[token.Credentials], error) {
	found := map[string]token.Stored[token.Credentials]{}
	for _, name := range names {
		stored, ok := w.credentials[name]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[name] = stored
	}
	return found, w.failing("Credentials")
}

func (w *world) AccessTokens(_ context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error) {
	found := map[token.ID]token.Stored[token.AccessToken]{}
	for _, id := range ids {
		stored, ok := w.access[id]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[id] = stored
	}
	return found, w.failing("AccessTokens")
}

func (w *world) PutAccessToken(_ context.Context, _ token.GrantType, t token.AccessToken, replaces string) error {
	if w.putErr != nil {
		return w.putErr
	}
	if w.access[t.ID].Version != replaces {
		return token.ErrConflict
	}
	w.puts = append(w.puts, t.ID)
	w.access[t.ID] = token.Stored[token.AccessToken]{Value: t, Version: replaces + "+", WrittenAt: time.Now()}
	return nil
}

func (w *world) Get(_ context.Context, id token.ID) (token.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.entries[id]
	if !ok {
		return token.Entry{ID: id}, token.ErrNotFound
	}
	return e, w.failing("Get")
}

func (w *world) Entries(context.Context) iter.Seq2[token.Entry, error] {
	return func(yield func(token.Entry, error) bool) {
		for id, e := range w.entries {
			sealed := token.Entry{ID: id, Revision: e.Revision}
			if !yield(sealed, w.failing("Entries")) {
				return
			}
		}
	}
}

func (w *world) Swap(_ context.Context, old, next token.Entry) (token.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	current, ok := w.entries[old.ID]
	switch {
	case !ok:
		return token.Entry{}, token.ErrNotFound
	case current.WriteID != old.WriteID:
		return current, token.ErrConflict
	}
	w.swaps++
	next.WriteID = fmt.Sprint("w", w.swaps)
	w.entries[old.ID] = next
	return next, nil
}

func (w *world) Labels(context.Context, token.ID) (token.Labels, error) {
	return token.Labels{}, token.ErrNotFound
}

func (w *world) GrantVersion(context.Context, token.ID, string) token.Stored[token.Grant] {
	return token.Stored[token.Grant]{Err: token.ErrNotFound}
}

func (w *world) KeepGrant(context.Context, token.Grant) error { return nil }

func (w *world) Publish(_ context.Context, id token.ID, urgency publish.Urgency) (publish.Outcome, error) {
	w.published = append(w.published, urgency)
	e := w.entries[id]
	if w.putErr == nil && urgency == publish.AtOnce {
		e.AccessPut = token.AccessPut{Revision: e.Revision, At: time.Now()}
		w.entries[id] = e
	}
	return publish.Outcome{Entry: e}, w.putErr
}

// endpoint is the way to the provider of client credentials.
type endpoint struct {
	*world
	client string
}

func (endpoint) Provider() string { return "https://provider.example" }

func (e endpoint) Request(_ context.Context, merchant string) (token.AccessToken, error) {
	e.issued++
	if e.refuse != nil {
		return token.AccessToken{}, e.refuse
	}
	now := time.Now()
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
	e.issued++
	if e.refuse != nil {
		return refresh.Refreshed{}, e.refuse
	}
	now := time.Now()
	g.RefreshToken = token.NewSecret(g.RefreshToken.Reveal() + "+")
	return refresh.Refreshed{Grant: g, Suspect: e.suspect, Access: token.AccessToken{
		ID: g.ID, Value: token.NewSecret("new"), IssuedAt: now, ExpiresAt: now.Add(e.lifetime),
	}}, nil
}
