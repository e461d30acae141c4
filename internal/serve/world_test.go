package serve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

var schedule = token.Schedule{SweepInterval: time.Minute, WriteInterval: 16 * time.Minute}

var errStore = errors.New("store is down")

// world is Secrets Manager, the journal and the provider of client pos (client
// credentials) and client shop (grants), in memory, with a real Renewer, for a
// bubble of testing/synctest. Its lock is never held while time passes.
type world struct {
	mu          sync.Mutex
	credentials map[string]token.Stored[token.Credentials]
	access      map[token.ID]token.Stored[token.AccessToken]
	entries     map[token.ID]token.Entry
	notes       map[string][]byte
	writes      int
	reads       []string      // of the stores, in order
	fails       string        // the read or write that fails
	hangs       bool          // reading credentials
	slowRead    time.Duration // of the next access token

	lifetime time.Duration
	takes    time.Duration // a request to the provider
	refuse   *oauth.Error  // its answer; nil: a token
	sick     string        // the only client that refuse is said to; "": all
	accepts  string        // the only version of credentials that it takes; "": any
	suspect  bool
	asked    int // requests to the provider
	told     []string
	atRisk   int
	counted  []refresh.Tally
	unsaved  int // answers that the renewer has yet to store
	log      bytes.Buffer
}

func newWorld() *world {
	return &world{
		credentials: map[string]token.Stored[token.Credentials]{
			"pos":  {Value: token.Credentials{Client: "pos", Unbound: true, Merchants: []string{"DK1"}}, Version: "c1", WrittenAt: time.Now().Add(-24 * time.Hour)},
			"shop": {Value: token.Credentials{Client: "shop", Refresh: token.RefreshUsed}, Version: "c1"},
		},
		access:   map[token.ID]token.Stored[token.AccessToken]{},
		entries:  map[token.ID]token.Entry{},
		notes:    map[string][]byte{},
		lifetime: 300 * time.Second,
		takes:    100 * time.Millisecond,
	}
}

// server is one instance.
func (w *world) server(t testing.TB, allowed ...string) *serve.Server {
	t.Helper()
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	s, err := serve.New(serve.Config{
		Store: w, Journal: w, Schedule: schedule, Allowed: allowed, Log: log,
		Renewer: renewer{w, &refresh.Renewer{Journal: w, Secrets: w, Schedule: schedule, Log: log, NewID: w.newID}},
		Dial:    w.dial,
		Tell: func(_ context.Context, events []refresh.Event) {
			for _, e := range events {
				w.told = append(w.told, string(e.Type)+" "+e.ID.String()+" "+e.Reason)
			}
		},
		AtRisk: func(_ context.Context, answers int) { w.atRisk += answers },
		Count:  w.count,
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func (w *world) count(_ context.Context, t refresh.Tally) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !t.Empty() {
		w.counted = append(w.counted, t)
	}
}

// renewer is the real one, with answers that no store takes.
type renewer struct {
	*world
	*refresh.Renewer
}

func (r renewer) Settle(context.Context) int { return r.unsaved }

func (w *world) newID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	return fmt.Sprint("holder ", w.writes)
}

func (w *world) dial(c token.Credentials) (serve.Endpoint, error) {
	version := w.credentials[c.Client].Version
	switch {
	case c.ClientID == "broken":
		return serve.Endpoint{}, errors.New("provider: no preset of this name")
	case c.Client == "shop":
		return serve.Endpoint{Grants: grantEndpoint{w, version}}, nil
	default:
		return serve.Endpoint{Tokens: endpoint{w, c.Client, version}}, nil
	}
}

// consent adds a grant of shop whose access token was issued so long ago.
func (w *world) consent(age time.Duration, change func(*token.Entry)) token.ID {
	id := token.ID{Client: "shop", Merchant: "DK1"}
	at := time.Now().Add(-age)
	e := token.Entry{
		ID: id, WriteID: "first", Revision: 1,
		Grant:  token.Grant{ID: id, RefreshToken: token.NewSecret("rt"), ConsentedAt: at}.Stamped(1),
		Access: token.AccessToken{ID: id, Value: token.NewSecret("held"), Type: "Bearer", IssuedAt: at, ExpiresAt: at.Add(w.lifetime)},
		UsedAt: time.Now(), Put: token.Put{Number: 1, At: at, Revision: 1, Version: "v1", Confirmed: true},
	}
	e = schedule.Plan(e, token.Use{}, at)
	if change != nil {
		change(&e)
	}
	w.entries[id] = e
	return id
}

// publish puts a token into its secret.
func (w *world) publish(id token.ID, age time.Duration) token.ID {
	at := time.Now().Add(-age)
	w.access[id] = token.Stored[token.AccessToken]{
		Version: "v1", WrittenAt: at,
		Value: token.AccessToken{ID: id, Value: token.NewSecret("published"), IssuedAt: at, ExpiresAt: at.Add(w.lifetime)},
	}
	return id
}

func (w *world) read(call string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads = append(w.reads, call)
	if w.fails == call {
		return errStore
	}
	return nil
}

// took returns the reads since the last call of it.
func (w *world) took() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	reads := slices.Clone(w.reads)
	w.reads = nil
	return reads
}

func (w *world) Credentials(ctx context.Context, names []string) (map[string]token.Stored[token.Credentials], error) {
	if w.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	found := map[string]token.Stored[token.Credentials]{}
	for _, name := range names {
		stored, ok := w.credentials[name]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[name] = stored
	}
	return found, w.read("Credentials")
}

func (w *world) AccessTokens(_ context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error) {
	w.mu.Lock()
	slow := w.slowRead
	w.slowRead = 0
	w.mu.Unlock()
	time.Sleep(slow)
	found := map[token.ID]token.Stored[token.AccessToken]{}
	for _, id := range ids {
		stored, ok := w.access[id]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[id] = stored
	}
	return found, w.read("AccessTokens")
}

func (w *world) Get(_ context.Context, id token.ID) (token.Entry, error) {
	if err := w.read("Get"); err != nil {
		return token.Entry{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.entries[id]
	if !ok {
		return token.Entry{ID: id}, token.ErrNotFound
	}
	return e, nil
}

func (w *world) Note(_ context.Context, key string) ([]byte, string, error) {
	if err := w.read("Note"); err != nil {
		return nil, "", err
	}
	note, ok := w.notes[key]
	if !ok {
		return nil, "", token.ErrNotFound
	}
	return note, "n1", nil
}

// stopped notes what sweeps found out about shop.
func (w *world) stopped(h refresh.Health) {
	h.Version = w.credentials["shop"].Version
	note, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	w.notes["client/shop"] = note
}

func (w *world) Swap(_ context.Context, old, next token.Entry) (token.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	current, ok := w.entries[old.ID]
	switch {
	case w.fails == "Swap":
		return token.Entry{}, errStore
	case !next.DueAt.IsZero() && next.DueAt.Year() < 1971: // as the journal's index
		return token.Entry{}, errors.New("the time cannot be indexed")
	case !ok:
		return token.Entry{}, token.ErrNotFound
	case current.WriteID != old.WriteID:
		return current, token.ErrConflict
	}
	w.writes++
	next.WriteID = fmt.Sprint("w", w.writes)
	w.entries[old.ID] = next
	return next, nil
}

func (w *world) Labels(context.Context, token.ID) (token.Labels, error) {
	return token.Labels{}, token.ErrNotFound
}

func (w *world) GrantVersion(context.Context, token.ID, string) token.Stored[token.Grant] {
	return token.Stored[token.Grant]{Err: token.ErrNotFound}
}

func (w *world) KeepGrant(context.Context, token.Grant) error { return errStore }

// digest is how a consumer names a token.
func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// codeOf is the refusal's, or "" if err is none.
func codeOf(err error) serve.Code {
	if refusal, ok := errors.AsType[*serve.Refusal](err); ok {
		return refusal.Code
	}
	return ""
}
