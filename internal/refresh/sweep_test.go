package refresh_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

func TestSweepRenewsWhatIsDueAndNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.addClient("pos", "DK12345678", "FI12345678")
		s := w.sweep()
		if r := w.run(s); r.Due != 3 || r.Renewed != 3 || r.NotDue != 0 || len(r.Failed) != 0 || *r.LowestLifeLeftPercent != 100 {
			t.Errorf("first sweep: %+v, want 3 due and renewed", r)
		}
		time.Sleep(time.Minute)
		if r := w.run(s); r.Due != 0 || r.NotDue != 3 || w.totalCalls() != 3 {
			t.Errorf("second sweep: %+v after %d requests, want nothing due and 3 requests", r, w.totalCalls())
		}
		if r := w.run(w.sweep()); r.Due != 0 || r.NotDue != 3 {
			t.Errorf("sweep of another instance: %+v, want nothing due", r)
		}
	})
}

// A day of sweeps, anywhere in their minutes, one in twenty lost but never two
// in a row: every token keeps a fifth of its life, no secret is written twice
// within 16 minutes, and not more is asked for than life and margin demand.
func TestDayOfSweeps(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []time.Duration{1425 * time.Second, 3700 * time.Second, 24 * time.Hour} {
		t.Run(lifetime.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { dayOfSweeps(t, lifetime) })
		})
	}
}

func dayOfSweeps(t *testing.T, lifetime time.Duration) {
	const clients, hours, seed = 20, 24, 1
	w := newWorld(t)
	w.lifetime = lifetime
	for i := range clients {
		w.addClient(fmt.Sprintf("client-%d", i), "DK12345678", "FI12345678")
	}
	s, random := w.sweep(), rand.New(rand.NewPCG(seed, seed))
	lowest, lost := 100.0, false
	w.run(s)
	begin := time.Now()
	for minute := range hours * 60 {
		time.Sleep(time.Until(begin.Add(time.Duration(minute)*time.Minute + time.Duration(random.Int64N(int64(time.Minute))))))
		for _, stored := range w.published {
			lowest = min(lowest, stored.Value.LifeLeftPercent(time.Now()))
		}
		if lost = !lost && random.IntN(20) == 0; !lost {
			w.run(s)
		}
	}
	if lowest < 20 {
		t.Errorf("a token had %.1f %% of its life left, want 20 or more", lowest)
	}
	for id, puts := range w.puts {
		for i := range puts[1:] {
			if gap := puts[i+1].Sub(puts[i]); gap < schedule.WriteInterval {
				t.Fatalf("%s was written twice within %v", id, gap)
			}
		}
	}
	// At the earliest a token is renewed a fifth and three and a half sweeps
	// before its expiry.
	shortest := max(schedule.WriteInterval, lifetime*4/5-3*time.Minute-30*time.Second)
	if most := 3 * clients * int(1+hours*time.Hour/shortest); w.totalCalls() > most {
		t.Errorf("%d requests, want %d at most", w.totalCalls(), most)
	}
	t.Logf("lifetime %v, %d tokens, %d hours: lowest life left %.1f %%, %d requests", lifetime, 3*clients, hours, lowest, w.totalCalls())
}

// The hundred: one hangs, one answers 500, one is refused, one cannot
// be parsed. The other 96 are fresh after one sweep, and it takes no longer
// than the hanging one's timeout.
func TestHundredClientsFourOfThemBad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for i := range 100 {
			w.addClient(fmt.Sprintf("c%02d", i))
		}
		w.answer = func(id token.ID) answer {
			switch id.Client {
			case "c10":
				return answer{after: time.Hour}
			case "c20":
				return answer{err: &oauth.Error{Class: oauth.ClassTransient, Status: 500}}
			case "c30":
				return answer{err: &oauth.Error{Class: oauth.ClassClient, Status: 401}}
			}
			return answer{}
		}
		w.credentials["c40"] = token.Stored[token.Credentials]{Err: fmt.Errorf("secret mobilepay/c40/credentials: %w", token.ErrUnreadable)}
		began := time.Now()
		r := w.run(w.sweep())
		if r.Renewed != 96 || w.fresh() != 96 || len(r.Failed) != 4 || r.Due != 99 || r.Remaining != 0 {
			t.Errorf("report %+v with %d fresh, want 96 renewed and fresh, 4 failed", r, w.fresh())
		}
		for i, want := range []string{"c10", "c20", "c30", "c40"} {
			if r.Failed[i].Token != want {
				t.Errorf("failed[%d] = %v, want %s", i, r.Failed[i], want)
			}
		}
		if took := time.Since(began); took > 11*time.Second {
			t.Errorf("the sweep took %v, want no more than the timeout of the one that hangs", took)
		}
		for class, want := range map[string]int{"transient": 2, "client": 1, "credentials": 1} {
			if got := r.FailedByClass[class]; got != want {
				t.Errorf("%d failures of class %s, want %d", got, class, want)
			}
		}
	})
}

// One client with a thousand hanging tokens costs the others nothing.
func TestHangingClientBlocksNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var merchants []string
		for i := range 1000 {
			merchants = append(merchants, fmt.Sprintf("DK%08d", i))
		}
		w.addClient("big", merchants...)
		time.Sleep(time.Second) // the hanging one's turn comes first
		for i := range 100 {
			w.addClient(fmt.Sprintf("c%02d", i))
		}
		w.answer = func(id token.ID) answer {
			if id.Client == "big" {
				return answer{after: time.Hour}
			}
			return answer{}
		}
		began := time.Now()
		r := w.run(w.sweep())
		if r.Renewed != 100 {
			t.Errorf("%d renewed, want the 100 of the others", r.Renewed)
		}
		if n := w.callsOf("big"); n > 10 {
			t.Errorf("the hanging client was asked for %d times, want 10 at most", n)
		}
		if took := time.Since(began); took > 21*time.Second {
			t.Errorf("the sweep took %v", took)
		}
		if r.Due != r.Renewed+len(r.Failed)+r.Remaining {
			t.Errorf("%d due, but %d renewed, %d failed and %d remaining", r.Due, r.Renewed, len(r.Failed), r.Remaining)
		}
		if w.most > 32 {
			t.Errorf("%d requests in flight, want 32 at most", w.most)
		}
	})
}

func TestWhatCannotBeReadIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "pos", "other")
		bad := token.Stored[token.AccessToken]{Err: fmt.Errorf("secret mobilepay/pos/access-token: %w", token.ErrUnreadable)}
		w.published[token.ID{Client: "pos"}] = bad
		r := w.run(w.sweep())
		if r.Renewed != 1 || len(r.Failed) != 1 || r.Failed[0].Token != "pos" || r.FailedByClass["store"] != 1 {
			t.Errorf("report %+v, want other renewed and pos failed", r)
		}
		if w.published[token.ID{Client: "pos"}] != bad || w.calls[token.ID{Client: "pos"}] != 0 {
			t.Error("an unreadable secret was overwritten or asked for")
		}
	})
}

func TestWantedSecretIsRestored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "pos")
		s, id := w.sweep(), token.ID{Client: "pos"}
		w.run(s)
		deleted := w.published[id]
		deleted.Err = token.ErrDeleted
		w.published[id] = deleted
		if r := w.run(s); len(w.restored) != 1 || r.NotDue != 1 || len(w.puts[id]) != 1 {
			t.Errorf("restored %v, report %+v: want it restored and, being fresh, not written again", w.restored, r)
		}
		w.published[id] = deleted
		w.fail["RestoreAccessToken"] = errors.New("denied")
		if r := w.run(s); len(r.Failed) != 1 || !strings.Contains(r.Failed[0].Error, "restoring") {
			t.Errorf("report %+v, want the restore's failure", r)
		}
	})
}

func TestStoreFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b")
		s, denied := w.sweep(), errors.New("denied")
		for _, operation := range []string{"Clients", "Credentials", "AccessTokens"} {
			w.fail = map[string]error{operation: denied}
			if _, err := s.Run(t.Context()); !errors.Is(err, denied) {
				t.Errorf("%s refused: Run returned %v, want that error", operation, err)
			}
		}
		w.fail = map[string]error{"PutAccessToken": denied}
		if r := w.run(s); r.SecretWriteFailed != 2 || len(r.Failed) != 2 || r.FailedByClass["store"] != 2 {
			t.Errorf("puts refused: %+v, want both counted", r)
		}
		if r := w.run(s); r.Remaining != 2 || w.totalCalls() != 2 {
			t.Errorf("at once again: %+v after %d requests, want both to wait", r, w.totalCalls())
		}
		w.fail = map[string]error{"PutAccessToken": token.ErrConflict}
		time.Sleep(time.Minute)
		if r := w.run(s); r.Leased != 2 || len(r.Failed) != 0 {
			t.Errorf("another writer was first: %+v, want 2 leased and no failure", r)
		}
		if r := w.run(s); r.Remaining != 2 {
			t.Errorf("at once after the conflict: %+v, want both to wait", r)
		}
		w.fail = map[string]error{"Untagged": denied}
		if r := w.run(w.sweep()); r.Renewed != 2 {
			t.Errorf("the audit refused: %+v, want both renewed all the same", r)
		}
	})
}

func TestShortLivedTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "short", "demanded", "function")
		w.lifetime = 900 * time.Second
		for name, publish := range map[string]token.Publish{"demanded": token.PublishSecret, "function": token.PublishFunction} {
			stored := w.credentials[name]
			stored.Value.Publish = publish
			w.credentials[name] = stored
		}
		s := w.sweep()
		w.minutes(s, 120, rand.New(rand.NewPCG(2, 2)), func(minute int, r refresh.Report) {
			if len(r.Failed) != 1 || r.Failed[0].Token != "demanded" || !strings.Contains(r.Failed[0].Error, "23m45s") {
				t.Fatalf("minute %d: failed %v, want only what demands a secret, with the reason", minute, r.Failed)
			}
			if r.Due != 0 || r.NotDue != 1 || r.LowestLifeLeftPercent != nil {
				t.Fatalf("minute %d: %+v, want short to be no part of due or promised tokens", minute, r)
			}
		})
		if len(w.published) != 0 || w.callsOf("function") != 0 {
			t.Errorf("%d published, %d requests for publish: function; want none", len(w.published), w.callsOf("function"))
		}
		if n := w.callsOf("short"); n < 2 || n > 3 {
			t.Errorf("%d requests in two hours for a token that cannot be published, want one an hour", n)
		}
	})
}

func TestRunRefusesToOverlapItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "pos")
		s := w.sweep()
		go func() { _, _ = s.Run(t.Context()) }()
		synctest.Wait()
		if _, err := s.Run(t.Context()); !errors.Is(err, refresh.ErrBusy) {
			t.Errorf("Run beside Run: %v, want ErrBusy", err)
		}
		time.Sleep(time.Second)
	})
}

func TestNewSweepRefusesWhatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := refresh.NewSweep(refresh.Config{}); err == nil {
		t.Error("NewSweep took an empty configuration")
	}
}
