package refresh_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/oauth"
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

// The store of credentials.

func (w *grantWorld) Clients(context.Context, token.GrantType) ([]string, error) {
	return slices.Sorted(maps.Keys(w.clients)), nil
}

func (w *grantWorld) Untagged(context.Context) ([]string, error) { return nil, nil }

func (w *grantWorld) Credentials(_ context.Context, names []string) (map[string]token.Stored[token.Credentials], error) {
	found := map[string]token.Stored[token.Credentials]{}
	for _, name := range names {
		found[name] = token.Stored[token.Credentials]{Value: token.Credentials{Client: name}, Version: w.versions[name]}
	}
	return found, nil
}

// The journal.

func (w *grantWorld) fault(operation string) error {
	if w.journalFault == nil {
		return nil
	}
	return w.journalFault(operation)
}

func (w *grantWorld) Get(_ context.Context, id token.ID) (token.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.fault("Get"); err != nil {
		return token.Entry{}, err
	}
	e, ok := w.entries[id]
	if !ok {
		return token.Entry{}, token.ErrNotFound
	}
	return e, nil
}

func (w *grantWorld) Swap(ctx context.Context, old, next token.Entry) (token.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		return token.Entry{}, ctx.Err()
	}
	if err := w.fault("Swap"); err != nil {
		return token.Entry{}, err
	}
	current, ok := w.entries[next.ID]
	switch {
	case !ok && old.WriteID != "":
		return token.Entry{}, token.ErrNotFound
	case current.WriteID != old.WriteID:
		return current, token.ErrConflict
	}
	w.writes++
	next.WriteID = fmt.Sprint("w", w.writes)
	w.entries[next.ID] = next
	if w.lostSwap {
		return token.Entry{}, errStore
	}
	return next, nil
}

func (w *grantWorld) Due(_ context.Context, now time.Time, limit int) ([]token.ID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.fault("Due"); err != nil {
		return nil, err
	}
	var due []token.Entry
	for _, e := range w.entries {
		if !e.DueAt.IsZero() && !e.DueAt.After(now) {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b token.Entry) int {
		if byTime := a.DueAt.Compare(b.DueAt); byTime != 0 {
			return byTime
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	var ids []token.ID
	for _, e := range due[:min(limit, len(due))] {
		ids = append(ids, e.ID)
	}
	return ids, nil
}

func (w *grantWorld) Note(_ context.Context, key string) ([]byte, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, ok := w.notes[key]
	if !ok {
		return nil, "", token.ErrNotFound
	}
	return n.value, n.version, nil
}

func (w *grantWorld) SwapNote(_ context.Context, key string, value []byte, version string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.notes[key].version != version {
		return "", token.ErrConflict
	}
	w.writes++
	w.notes[key] = note{value, fmt.Sprint("n", w.writes)}
	return w.notes[key].version, nil
}

// Secrets Manager and the publisher.

func (w *grantWorld) Labels(_ context.Context, id token.ID) (token.Labels, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	stored, ok := w.secrets[id]
	if !ok {
		return token.Labels{}, token.ErrNotFound
	}
	return token.Labels{Current: stored.Version, Deleted: errors.Is(stored.Err, token.ErrDeleted)}, w.labelsFault
}

func (w *grantWorld) GrantVersion(_ context.Context, id token.ID, _ string) token.Stored[token.Grant] {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.secrets[id]
}

func (w *grantWorld) KeepGrant(_ context.Context, grant token.Grant) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.keepFault != nil {
		return w.keepFault
	}
	w.keptGrants++
	w.secrets[grant.ID] = token.Stored[token.Grant]{Value: grant, Version: "kept"}
	return nil
}

func (w *grantWorld) Publish(_ context.Context, ids []token.ID) refresh.Published {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.publishedIDs = append(w.publishedIDs, ids...)
	for _, id := range ids {
		w.tell(id)
	}
	return w.published
}

// tell tells what is untold of an entry, as a publisher does.
func (w *grantWorld) tell(id token.ID) {
	e, ok := w.entries[id]
	if !ok || len(e.Untold) == 0 {
		return
	}
	for _, n := range e.Untold {
		w.told = append(w.told, refresh.Event{Type: refresh.EventType(n.Type), ID: id, Reason: n.Reason, Since: n.Since})
	}
	e = e.Told(e.Untold)
	w.writes++
	e.WriteID = fmt.Sprint("w", w.writes)
	w.entries[id] = e
}

// events are what others were told of since it was last asked: by the sweep of
// this report about clients, and by its publishing pass about grants.
func (w *grantWorld) events(report refresh.Report) []refresh.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	told := append(w.told, report.Events...)
	w.told = nil
	return told
}

func (w *grantWorld) Reconcile(context.Context) (refresh.Reconciled, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reconciles++
	return w.reconciled, nil
}

// The provider.

func (w *grantWorld) dial(c token.Credentials) (refresh.GrantEndpoint, error) {
	return grantEndpoint{w, c.Client}, nil
}

type grantEndpoint struct {
	w      *grantWorld
	client string
}

func (e grantEndpoint) Provider() string { return "provider of " + e.client }
func (e grantEndpoint) Use() token.Use   { return e.w.clients[e.client] }

func (e grantEndpoint) Latch(refreshToken token.Secret) token.Fingerprint {
	sum := sha256.Sum256([]byte(refreshToken.Reveal() + e.client + e.w.versions[e.client]))
	return token.Fingerprint(sum[:16])
}

func (e grantEndpoint) Refresh(ctx context.Context, grant token.Grant) (refresh.Refreshed, error) {
	w, sent := e.w, grant.RefreshToken.Reveal()
	a := w.arrivedWith(grant.ID, sent)
	defer w.doneWith(sent)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case <-time.After(max(a.after, 200*time.Millisecond)):
	case <-ctx.Done():
		return refresh.Refreshed{}, &oauth.Error{Class: oauth.ClassTransient, Timeout: true}
	}
	if a.err != nil && !a.processed {
		return refresh.Refreshed{}, a.err
	}
	next, ok := w.rotate(grant.ID, sent)
	switch {
	case !ok:
		return refresh.Refreshed{}, &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}
	case a.err != nil:
		return refresh.Refreshed{}, a.err
	}
	grant.RefreshToken = token.NewSecret(next)
	now := time.Now()
	if w.noAccess {
		return refresh.Refreshed{Grant: grant, Suspect: w.suspect, Access: token.AccessToken{ID: grant.ID, IssuedAt: now, ExpiresAt: now}}, nil
	}
	return refresh.Refreshed{
		Grant: grant, Suspect: w.suspect,
		Access: token.AccessToken{ID: grant.ID, Value: token.NewSecret("at"), IssuedAt: now, ExpiresAt: now.Add(w.lifetime)},
	}, nil
}

func (w *grantWorld) arrivedWith(id token.ID, sent string) answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inUse[sent] {
		w.t.Errorf("%s: one refresh token in two live requests", id)
	}
	w.inUse[sent] = true
	w.calls[id]++
	if w.answer == nil {
		return answer{}
	}
	return w.answer(id)
}

func (w *grantWorld) doneWith(sent string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.inUse, sent)
}

// rotate spends a refresh token for the next one.
func (w *grantWorld) rotate(id token.ID, sent string) (next string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.live[id] != sent {
		return "", false
	}
	w.writes++
	w.live[id] = fmt.Sprintf("rt-%s-%d", id, w.writes)
	return w.live[id], true
}

// kept reports whether the journal holds the refresh token that the provider
// accepts.
func (w *grantWorld) kept(id token.ID) bool {
	return w.entries[id].Grant.RefreshToken.Reveal() == w.live[id]
}

// lost are the grants whose live refresh token neither store holds.
func (w *grantWorld) lost() (ids []token.ID) {
	for id, live := range w.live {
		if !w.kept(id) && w.secrets[id].Value.RefreshToken.Reveal() != live {
			ids = append(ids, id)
		}
	}
	return ids
}

func (w *grantWorld) totalCalls() (n int) {
	for _, calls := range w.calls {
		n += calls
	}
	return n
}

// callsFrom counts the requests for one client's grants.
func (w *grantWorld) callsFrom(client string) (n int) {
	for id, calls := range w.calls {
		if id.Client == client {
			n += calls
		}
	}
	return n
}
