package refresh_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

func TestUntaggedCredentialsAreNamedInEverySweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "pos")
		w.untagged = []string{"lost"}
		s := w.sweep()
		for range 20 {
			if r := w.run(s); len(r.Failed) != 1 || r.Failed[0].Token != "lost" || !strings.Contains(r.Failed[0].Error, "token-refresher:grant-type") {
				t.Fatalf("failed %v, want the untagged client", r.Failed)
			}
			time.Sleep(time.Minute)
		}
		if n := w.lookups["Untagged"]; n != 2 {
			t.Errorf("all secrets were listed %d times in 20 minutes, want 2", n)
		}
		w.untagged = nil
		time.Sleep(15 * time.Minute)
		if r := w.run(s); len(r.Failed) != 0 {
			t.Errorf("failed %v, want none once it is tagged", r.Failed)
		}
	})
}

func TestCredentialsAreUsedAsSoonAsTheyAreTagged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "pos")
		w.untagged = []string{"late", "lost"}
		s := w.sweep()
		w.run(s)
		w.addClient("late")
		r := w.run(s)
		if len(r.Failed) != 1 || r.Failed[0].Token != "lost" || r.Renewed != 1 {
			t.Errorf("report %+v, want late renewed and only lost failed", r)
		}
	})
}

func TestCredentialsThatAreGoneAreNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "pos", "gone", "deleted")
		delete(w.credentials, "gone")
		w.credentials["deleted"] = token.Stored[token.Credentials]{Err: token.ErrDeleted}
		if r := w.run(w.sweep()); r.Renewed != 1 || len(r.Failed) != 0 {
			t.Errorf("report %+v, want pos renewed and nothing failed: lists lag", r)
		}
	})
}

func TestChangedCredentialsRenewTheirTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "pos")
		s, random := w.sweep(), rand.New(rand.NewPCG(3, 3))
		w.run(s)
		time.Sleep(time.Second)
		w.addClient("pos")
		w.minutes(s, 18, random, func(int, refresh.Report) {})
		if puts := w.puts[token.ID{Client: "pos"}]; len(puts) != 2 || puts[1].Sub(puts[0]) < schedule.WriteInterval {
			t.Errorf("written at %v, want a second time, a write interval after the first", puts)
		}
	})
}
