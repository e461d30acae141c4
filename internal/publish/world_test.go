package publish_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/journal"
	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/publish"
	emulator "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

const (
	writeInterval     = 16 * time.Minute
	reconcileInterval = 15 * time.Minute
)

var (
	schedule = token.Schedule{SweepInterval: time.Minute, WriteInterval: writeInterval}
	merchant = token.ID{Client: "subscriptions", Merchant: "DK12345678"}
)

// direct answers requests in this process: in a bubble there are no sockets.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	d.ServeHTTP(recorder, r)
	answer := recorder.Result()
	answer.Request = r
	return answer, nil
}

// world is a journal and a Secrets Manager: our emulator, behind the real SDK
// and the real store. A test also has the console's view of it.
type world struct {
	t       *testing.T
	journal *journaltest.Memory
	store   *secretstore.Store
	console *sm.Client
	server  *emulator.Server
	use     token.Use
	outside *outside
}

// outside is a provider that revokes, and those who are told.
type outside struct {
	mu      sync.Mutex
	fails   error // of the next revocations
	revoked []string
	told    []string
}

func (o *outside) revoke(_ context.Context, grant token.Grant) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fails == nil {
		o.revoked = append(o.revoked, grant.RefreshToken.Reveal())
	}
	return o.fails
}

func (o *outside) tell(id token.ID, notices []token.Notice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range notices {
		o.told = append(o.told, id.String()+" "+n.Type+" "+n.Reason)
	}
}

// inBubble runs a test in a world of simulated time.
func inBubble(t *testing.T, test func(*world), alter ...func(*emulator.Config)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	synctest.Test(t, func(t *testing.T) {
		config := emulator.Config{Path: path, ListLag: -1, Unthrottled: true}
		for _, f := range alter {
			f(&config)
		}
		server, err := emulator.Open(config)
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		defer func() {
			if err := server.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}()
		console := secretstore.NewClient(aws.Config{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://secrets.invalid"),
			Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
			HTTPClient:  &http.Client{Transport: direct{server}},
			Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		})
		w := &world{
			t: t, journal: journaltest.NewMemory(t, journaltest.Options{}), console: console, server: server,
			use: token.Use{Publish: token.PublishFunction}, outside: &outside{},
		}
		w.newStore(1e6)
		test(w)
	})
}

// newStore gives the world's processes a store with that write limit.
func (w *world) newStore(writesPerSecond float64) {
	w.t.Helper()
	store, err := secretstore.New(secretstore.Config{Client: w.console, WritesPerSecond: writesPerSecond})
	if err != nil {
		w.t.Fatalf("New: %v", err)
	}
	w.store = store
}

// start begins a process of its own, with its publisher.
func (w *world) start(alter ...func(*process)) (*publish.Publisher, *process) {
	w.t.Helper()
	p := &process{journal: w.journal, secrets: w.store, provider: w.outside, dieAt: -1}
	for _, f := range alter {
		f(p)
	}
	publisher, err := publish.New(publish.Config{
		Journal: p, Secrets: p, Schedule: schedule, Use: func(string) token.Use { return w.use },
		Revoke: p.revoke, Tell: p.tell,
		ReconcileInterval: reconcileInterval, Concurrency: 4, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.t.Fatalf("New: %v", err)
	}
	return publisher, p
}

// grant is a grant of the merchant without revision and stamp.
func grant(id token.ID, refreshToken string) token.Grant {
	return token.Grant{
		ID: id, RefreshToken: token.NewSecret(refreshToken), CodeVerifier: token.NewSecret("verifier"),
		Scope: "openid", Subject: "sub", Issuer: "https://issuer.invalid", ConsentedAt: time.Date(1999, 1, 1, 0, 0, 0, 5, time.UTC),
	}
}

// commit stores an answer in the journal, as a renewal does: the next revision.
func (w *world) commit(id token.ID, refreshToken string, lifetime time.Duration) token.Entry {
	w.t.Helper()
	now := time.Now()
	access := token.AccessToken{
		ID: id, Value: token.NewSecret("access of " + refreshToken), Type: "Bearer", IssuedAt: now, ExpiresAt: now.Add(lifetime),
	}
	old := w.entry(id)
	next, err := old.Commit(old.Revision, grant(id, refreshToken), access, now)
	if err != nil {
		w.t.Fatalf("Commit: %v", err)
	}
	return w.swap(old, schedule.Plan(next, w.use, now))
}

// entry is the journal's entry, or one that was never stored.
func (w *world) entry(id token.ID) token.Entry {
	e, err := w.journal.Get(w.t.Context(), id)
	if err != nil {
		return token.Entry{ID: id}
	}
	return e
}

func (w *world) swap(old, next token.Entry) token.Entry {
	w.t.Helper()
	stored, err := w.journal.Swap(w.t.Context(), old, next)
	if err != nil {
		w.t.Fatalf("Swap: %v", err)
	}
	return stored
}

// corrupt changes what is stored of the journal's entry.
func (w *world) corrupt(id token.ID, change func(*journal.Row)) {
	w.t.Helper()
	for _, row := range w.journal.Rows() {
		if row.Key == journal.Key(id) {
			change(&row)
			w.journal.SetRow(row)
			return
		}
	}
	w.t.Fatalf("no row of %s", id)
}

// publish publishes one grant in a process of its own.
func (w *world) publish(id token.ID) publish.Outcome {
	w.t.Helper()
	publisher, _ := w.start()
	outcome, err := publisher.Publish(w.t.Context(), id, publish.WhenAllowed)
	if err != nil {
		w.t.Fatalf("Publish: %v", err)
	}
	return outcome
}

// published makes a grant that has been published twice and is ahead again.
func (w *world) published(id token.ID) {
	w.t.Helper()
	for _, refreshToken := range []string{"first", "second"} {
		w.commit(id, refreshToken, 5*time.Minute)
		w.publish(id)
		time.Sleep(writeInterval)
	}
	w.commit(id, "third", 5*time.Minute)
}

// converge lets sweeps pass: what one puts off, a later one does.
func (w *world) converge() {
	w.t.Helper()
	for range 4 {
		time.Sleep(writeInterval)
		publisher, _ := w.start()
		publisher.Run(w.t.Context(), nil)
		if _, err := publisher.Reconcile(w.t.Context()); err != nil {
			w.t.Errorf("Reconcile: %v", err)
		}
	}
}

// wantSettled checks that journal and secret hold the same grant, with that
// refresh token, as ours.
func (w *world) wantSettled(id token.ID, refreshToken string) {
	w.t.Helper()
	e := w.entry(id)
	if got := e.Grant.RefreshToken.Reveal(); got != refreshToken {
		w.t.Errorf("the journal holds %q, want %q", got, refreshToken)
	}
	if !e.Published() || !e.PublishAt.IsZero() {
		w.t.Errorf("not published: revision %d, put %+v, next at %v", e.Revision, e.Put, e.PublishAt)
	}
	stored := w.store.Grant(w.t.Context(), id)
	if stored.Err != nil {
		w.t.Errorf("reading the secret: %v", stored.Err)
		return
	}
	got := stored.Value
	if got.RefreshToken.Reveal() != refreshToken || !got.StampFits() || got.Revision != e.Revision || got.Scope != e.Grant.Scope {
		w.t.Errorf("the secret holds %q (%s) at revision %d, want %q (%s) at %d with a stamp that fits",
			got.RefreshToken.Reveal(), got.Scope, got.Revision, refreshToken, e.Grant.Scope, e.Revision)
	}
}

// count is how many versions of the secret hold a refresh token.
func (w *world) count(id token.ID, refreshToken string) (held int) {
	w.t.Helper()
	versions, err := w.console.ListSecretVersionIds(w.t.Context(), &sm.ListSecretVersionIdsInput{
		SecretId: aws.String(secretName(id)), IncludeDeprecated: aws.Bool(true),
	})
	if err != nil {
		w.t.Fatalf("ListSecretVersionIds: %v", err)
	}
	for _, version := range versions.Versions {
		if w.store.GrantVersion(w.t.Context(), id, *version.VersionId).Value.RefreshToken.Reveal() == refreshToken {
			held++
		}
	}
	return held
}

// access reads the published access token.
func (w *world) access(id token.ID) token.Stored[token.AccessToken] {
	w.t.Helper()
	all, err := w.store.AccessTokens(w.t.Context(), []token.ID{id})
	if err != nil {
		w.t.Fatalf("AccessTokens: %v", err)
	}
	return all[id]
}
