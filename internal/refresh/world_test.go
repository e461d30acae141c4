package refresh_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

var schedule = token.Schedule{SweepInterval: time.Minute, WriteInterval: 16 * time.Minute}

// world is a Secrets Manager and its authorization servers, in memory, for a
// bubble of testing/synctest: its lock is never held while time passes. Tests
// set and read its fields between sweeps.
type world struct {
	t  *testing.T
	mu sync.Mutex

	clients     []string // in the order of the list
	credentials map[string]token.Stored[token.Credentials]
	published   map[token.ID]token.Stored[token.AccessToken]
	untagged    []string
	providers   map[string]string        // by client; "provider" if not named
	lifetime    time.Duration            // of every token
	patience    time.Duration            // of a request; 0: 10 seconds
	answer      func(id token.ID) answer // how the provider treats a request; nil: with a token
	fail        map[string]error         // by the store's operation

	calls    map[token.ID]int
	calledAt []call
	inFlight int
	most     int // requests in flight at the same time
	puts     map[token.ID][]time.Time
	restored []token.ID
	versions int
	lookups  map[string]int // calls of the store's operations
	log      logBuffer      // of the sweeps, to be read between them
}

type call struct {
	id token.ID
	at time.Time
}

// answer is what the provider does with one request.
type answer struct {
	after    time.Duration
	err      error
	lifetime time.Duration // instead of the world's

	processed bool // of a refresh: err comes after the token was rotated
}

func newWorld(t *testing.T, names ...string) *world {
	w := &world{
		t: t, lifetime: 3700 * time.Second,
		credentials: map[string]token.Stored[token.Credentials]{},
		published:   map[token.ID]token.Stored[token.AccessToken]{},
		providers:   map[string]string{}, fail: map[string]error{},
		calls: map[token.ID]int{}, puts: map[token.ID][]time.Time{}, lookups: map[string]int{},
	}
	for _, name := range names {
		w.addClient(name)
	}
	return w
}

// addClient adds a client with an unbound token and one for each merchant, or
// gives it new credentials.
func (w *world) addClient(name string, merchants ...string) {
	if !slices.Contains(w.clients, name) {
		w.clients = append(w.clients, name)
	}
	w.credentials[name] = token.Stored[token.Credentials]{
		Value:   token.Credentials{Client: name, ClientID: name, Unbound: true, Merchants: merchants},
		Version: w.version(), WrittenAt: time.Now(),
	}
}

func (w *world) version() string {
	w.versions++
	return "v" + strconv.Itoa(w.versions)
}

func (w *world) sweep() *refresh.Sweep {
	w.t.Helper()
	s, err := refresh.NewSweep(refresh.Config{
		Store: w, Dial: w.dial, Schedule: schedule, ReconcileInterval: 15 * time.Minute,
		Concurrency: 32, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	if err != nil {
		w.t.Fatalf("NewSweep: %v", err)
	}
	return s
}

// run sweeps once, within the time that the function has.
func (w *world) run(s *refresh.Sweep) refresh.Report {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	report, err := s.Run(ctx)
	if err != nil {
		w.t.Fatalf("Run: %v", err)
	}
	return report
}

// minutes sweeps once a minute, anywhere in its minute, and calls look after each.
func (w *world) minutes(s *refresh.Sweep, n int, random *rand.Rand, look func(minute int, report refresh.Report)) {
	w.t.Helper()
	begin := time.Now()
	for minute := range n {
		at := begin.Add(time.Duration(minute)*time.Minute + time.Duration(random.Int64N(int64(time.Minute))))
		time.Sleep(time.Until(at))
		look(minute, w.run(s))
	}
}

func (w *world) Clients(context.Context, token.GrantType) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lookups["Clients"]++
	return w.clients, w.fail["Clients"]
}

func (w *world) Untagged(context.Context) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lookups["Untagged"]++
	return w.untagged, w.fail["Untagged"]
}

func (w *world) Credentials(_ context.Context, names []string) (map[string]token.Stored[token.Credentials], error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lookups["Credentials"]++
	found := map[string]token.Stored[token.Credentials]{}
	for _, name := range names {
		stored, ok := w.credentials[name]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[name] = stored
	}
	return found, w.fail["Credentials"]
}

func (w *world) AccessTokens(_ context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[token.ID]token.Stored[token.AccessToken]{}
	for _, id := range ids {
		stored, ok := w.published[id]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[id] = stored
	}
	return found, w.fail["AccessTokens"]
}

func (w *world) PutAccessToken(_ context.Context, grantType token.GrantType, t token.AccessToken, replaces string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.fail["PutAccessToken"]; err != nil {
		return err
	}
	if grantType != token.GrantTypeClientCredentials {
		w.t.Errorf("%s is stored with grant type %q", t.ID, grantType)
	}
	if w.published[t.ID].Version != replaces {
		return token.ErrConflict
	}
	w.published[t.ID] = token.Stored[token.AccessToken]{Value: t, Version: w.version(), WrittenAt: time.Now()}
	w.puts[t.ID] = append(w.puts[t.ID], time.Now())
	return nil
}

func (w *world) RestoreAccessToken(_ context.Context, id token.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.fail["RestoreAccessToken"]; err != nil {
		return err
	}
	w.restored = append(w.restored, id)
	stored := w.published[id]
	stored.Err = nil
	w.published[id] = stored
	return nil
}

func (w *world) dial(c token.Credentials) (refresh.Endpoint, error) {
	if c.ClientID == "" {
		return nil, errors.New("client_id is missing")
	}
	return endpoint{w, c}, nil
}

type endpoint struct {
	w           *world
	credentials token.Credentials
}

func (e endpoint) Provider() string {
	if name := e.w.providers[e.credentials.Client]; name != "" {
		return name
	}
	return "provider"
}

func (e endpoint) Request(ctx context.Context, merchant string) (token.AccessToken, error) {
	w, id := e.w, token.ID{Client: e.credentials.Client, Merchant: merchant}
	a := w.arrived(id)
	defer w.left()
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(w.patience, 10*time.Second))
	defer cancel()
	select {
	case <-time.After(max(a.after, 200*time.Millisecond)):
	case <-ctx.Done():
		return token.AccessToken{}, &oauth.Error{Class: oauth.ClassTransient, Timeout: true}
	}
	lifetime := w.lifetime
	if a.lifetime > 0 {
		lifetime = a.lifetime
	}
	now := time.Now()
	return token.AccessToken{ID: id, Value: token.NewSecret("t"), Type: "Bearer", IssuedAt: now, ExpiresAt: now.Add(lifetime)}, a.err
}

// arrived counts a request and says how it is answered.
func (w *world) arrived(id token.ID) answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[id]++
	w.calledAt = append(w.calledAt, call{id, time.Now()})
	w.inFlight++
	w.most = max(w.most, w.inFlight)
	if w.answer != nil {
		return w.answer(id)
	}
	return answer{}
}

func (w *world) left() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFlight--
}

// totalCalls is how many requests the providers got.
func (w *world) totalCalls() int { return len(w.calledAt) }

// callsOf counts the requests for one client's tokens.
func (w *world) callsOf(client string) (n int) {
	for _, c := range w.calledAt {
		if c.id.Client == client {
			n++
		}
	}
	return n
}

// fresh counts published tokens that have at least a fifth of their life left.
func (w *world) fresh() (n int) {
	for _, stored := range w.published {
		if stored.Err == nil && stored.Value.LifeLeftPercent(time.Now()) >= 20 {
			n++
		}
	}
	return n
}
