package simulation_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// always renews short-lived tokens whether somebody asks for them or not.
var always = token.Use{Refresh: token.RefreshAlways}

// world is everything outside of the functions, and what watches it.
type world struct {
	t        *testing.T
	pace     *pace
	watch    *watch
	journal  *journal
	secrets  *secrets
	provider *provider
	schedule token.Schedule // of the functions; the watch knows the true one
	ids      []token.ID
	told     []string // events about grants
}

func newWorld(t *testing.T, seed uint64) *world {
	p, w := newPace(seed), newWatch(16*time.Minute)
	return &world{
		t: t, pace: p, watch: w, journal: newJournal(p), secrets: newSecrets(p, w), provider: newProvider(t, p, w),
		schedule: token.Schedule{SweepInterval: time.Minute, WriteInterval: 16 * time.Minute},
	}
}

// addClient adds a client with that many consented merchants, whose grants are
// in their secrets and in the journal.
func (w *world) addClient(name string, lifetime time.Duration, merchants int) {
	if err := w.provider.addClient(name, lifetime); err != nil {
		w.t.Fatalf("addClient(%s): %v", name, err)
	}
	for i := range merchants {
		id := token.ID{Client: name, Merchant: fmt.Sprintf("DK%08d", i)}
		g := token.Grant{ID: id, RefreshToken: w.provider.consent(id), Subject: "s", ConsentedAt: time.Now()}.Stamped(1)
		w.secrets.grants[id] = &secret{versions: map[string]token.Grant{"first": g}, current: "first"}
		e := token.Entry{
			ID: id, WriteID: "first", Revision: 1, Grant: g, DueAt: time.Now(),
			CommittedAt: time.Now(), Put: token.Put{Number: 1, At: time.Now().Add(-w.schedule.WriteInterval), Revision: 1, Version: "first", Confirmed: true},
		}
		e.Memory = e.Memory.With(g.RefreshToken, 1)
		w.journal.entries[id] = e
		w.ids = append(w.ids, id)
		w.pace.add(id.String())
	}
}

// renewer is that of one instance, which does one thing at a time.
func (w *world) renewer(name string) *refresh.Renewer {
	return &refresh.Renewer{
		Journal: w.journal, Secrets: w.secrets, Schedule: w.schedule, Revoke: w.provider.revoke, Log: slog.New(slog.DiscardHandler),
		NewID: func() string { return name },
	}
}

// publisher is that of one instance.
func (w *world) publisher(concurrency int) *publish.Publisher {
	w.t.Helper()
	publisher, err := publish.New(publish.Config{
		Journal: w.journal, Secrets: w.secrets, Schedule: w.schedule, Use: func(string) token.Use { return always },
		Revoke: w.provider.revoke, Tell: w.tell,
		ReconcileInterval: 15 * time.Minute, Concurrency: concurrency, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.t.Fatalf("publish.New: %v", err)
	}
	return publisher
}

// hands are both.
func (w *world) hands(name string) (*refresh.Renewer, *publish.Publisher) {
	w.t.Helper()
	return w.renewer(name), w.publisher(1)
}

// sweeper is one instance of the refresh function.
func (w *world) sweeper(name string) *refresh.GrantSweep {
	w.t.Helper()
	var holders atomic.Int64
	renewer := w.renewer(name)
	renewer.NewID = func() string { return fmt.Sprint(name, "-", holders.Add(1)) }
	sweep, err := refresh.NewGrantSweep(refresh.GrantConfig{
		Store: w.secrets, Journal: w.journal, Publisher: adapter{w.publisher(32)}, Renewer: renewer,
		Dial: func(c token.Credentials) (refresh.GrantEndpoint, error) {
			return endpoint{w.provider, c.Client, always}, nil
		},
		ReconcileInterval: 15 * time.Minute, Concurrency: 32, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.t.Fatalf("refresh.NewGrantSweep: %v", err)
	}
	return sweep
}

// adapter is what app makes of a Publisher.
type adapter struct{ publisher *publish.Publisher }

func (a adapter) Publish(ctx context.Context, ids []token.ID) refresh.Published {
	p := a.publisher.Run(ctx, ids)
	return refresh.Published{SecretWriteFailed: p.WriteFailed, Adopted: p.Adopted, Lag: p.Lag, Failed: failures(p.Failed)}
}

func (a adapter) Reconcile(ctx context.Context) (refresh.Reconciled, error) {
	r, err := a.publisher.Reconcile(ctx)
	return refresh.Reconciled{Adopted: r.Adopted, MassDeletion: r.MassDeletion, Failed: failures(r.Failed)}, err
}

func failures(failed []publish.Failure) (converted []refresh.Failure) {
	for _, f := range failed {
		converted = append(converted, refresh.Failure{Token: f.Token, Error: f.Err.Error()})
	}
	return converted
}

// tell is where events about grants go.
func (w *world) tell(ctx context.Context, id token.ID, notices []token.Notice) error {
	w.pace.take(ctx, journalCall, "tell", id.String())
	if err := w.journal.steps.begin("tell"); err != nil {
		return err
	}
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	for _, n := range notices {
		w.told = append(w.told, id.String()+" "+n.Type+" "+n.Reason)
	}
	return w.journal.steps.end()
}

// lost are the grants whose live refresh token neither store holds.
func (w *world) lost() (ids []token.ID) {
	for _, id := range w.ids {
		e := w.journal.entries[id]
		s := w.secrets.grants[id]
		if !w.provider.isLive(id, e.Grant.RefreshToken) && (s == nil || !w.provider.isLive(id, s.versions[s.current].RefreshToken)) {
			ids = append(ids, id)
		}
	}
	return ids
}

// look checks what must hold at any time.
func (w *world) look() {
	for _, id := range w.ids {
		w.secrets.mu.Lock()
		stored, ok := w.secrets.access[id]
		w.secrets.mu.Unlock()
		if ok {
			w.watch.life(stored.Value)
		}
	}
}
