package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// errStore is what a store that is down answers.
var errStore = errors.New("store is down")

// grantWorld is a journal, a Secrets Manager and an authorization server with
// one-time refresh tokens, in memory, for a bubble of testing/synctest. Its lock
// is never held while time passes.
type grantWorld struct {
	t  *testing.T
	mu sync.Mutex

	clients  map[string]token.Use
	versions map[string]string // of the clients' credentials
	unusable map[string]error  // clients' credentials
	entries  map[token.ID]token.Entry
	notes    map[string]note
	secrets  map[token.ID]token.Stored[token.Grant]
	writes   int

	lifetime time.Duration
	live     map[token.ID]string // the refresh token that the provider accepts
	inUse    map[string]bool     // refresh tokens in a request right now
	calls    map[token.ID]int
	answer   func(id token.ID) answer // nil: with a token
	suspect  bool
	noAccess bool // answers bring a refresh token only

	journalFault func(operation string) error // nil: none
	lostSwap     bool                         // swaps are made but not answered
	keptGrants   int
	keepFault    error
	labelsFault  error
	published    refresh.Published
	reconciled   refresh.Reconciled
	publishedIDs []token.ID
	reconciles   int
	told         []refresh.Event // about grants
	revoked      []string        // refresh tokens
	revokeFault  error
	log          logBuffer // of the sweeps, to be read between them
}

type note struct {
	value   []byte
	version string
}

func newGrantWorld(t *testing.T) *grantWorld {
	return &grantWorld{
		t: t, lifetime: 300 * time.Second,
		clients: map[string]token.Use{}, versions: map[string]string{},
		entries: map[token.ID]token.Entry{}, notes: map[string]note{},
		secrets: map[token.ID]token.Stored[token.Grant]{},
		live:    map[token.ID]string{}, inUse: map[string]bool{}, calls: map[token.ID]int{},
	}
}

// addClient adds a client and that many merchants with a consent each.
func (w *grantWorld) addClient(name string, use token.Use, merchants int) []token.ID {
	w.clients[name], w.versions[name] = use, "credentials-1"
	var ids []token.ID
	for i := range merchants {
		id := token.ID{Client: name, Merchant: fmt.Sprintf("DK%08d", i)}
		w.consent(id)
		ids = append(ids, id)
	}
	return ids
}

// consent gives the merchant a grant that is stored and due.
func (w *grantWorld) consent(id token.ID) {
	w.live[id] = "rt-" + id.String() + "-1"
	grant := token.Grant{ID: id, RefreshToken: token.NewSecret(w.live[id]), ConsentedAt: time.Now()}.Stamped(1)
	w.writes++
	w.entries[id] = token.Entry{ID: id, WriteID: fmt.Sprint("w", w.writes), Revision: 1, Grant: grant, DueAt: time.Now()}
	w.secrets[id] = token.Stored[token.Grant]{Value: grant, Version: "v1"}
}

func (w *grantWorld) renewer() *refresh.Renewer {
	return &refresh.Renewer{
		Journal: w, Secrets: w, Schedule: schedule, NewID: w.newID, Revoke: w.revoke,
		Log: slog.New(slog.DiscardHandler),
	}
}

func (w *grantWorld) revoke(_ context.Context, grant token.Grant) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.revokeFault == nil {
		w.revoked = append(w.revoked, grant.RefreshToken.Reveal())
	}
	return w.revokeFault
}

func (w *grantWorld) newID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	return fmt.Sprint("holder-", w.writes)
}

func (w *grantWorld) sweep() *refresh.GrantSweep {
	w.t.Helper()
	s, err := refresh.NewGrantSweep(refresh.GrantConfig{
		Store: w, Journal: w, Renewer: w.renewer(), Publisher: w, Dial: w.dial,
		ReconcileInterval: 15 * time.Minute, Concurrency: 32, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	if err != nil {
		w.t.Fatalf("NewGrantSweep: %v", err)
	}
	return s
}

func (w *grantWorld) run(s *refresh.GrantSweep) refresh.Report {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	report, err := s.Run(ctx)
	if err != nil {
		w.t.Fatalf("Run: %v", err)
	}
	return report
}
