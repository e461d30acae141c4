package token_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"token-refresher/internal/token"
)

func attempt(i int) token.Fingerprint {
	return token.FingerprintOf(token.NewSecret(fmt.Sprint("state and code ", i)))
}

func begin(t *testing.T, e token.Entry, i int, now time.Time) token.Entry {
	t.Helper()
	lease := token.Lease{Holder: fmt.Sprint("consent ", i), Until: now.Add(time.Minute)}
	next, err := e.BeginExchange(attempt(i), lease, true, now)
	if err != nil {
		t.Fatalf("BeginExchange %d: %v", i, err)
	}
	return next
}

func TestExchangeBeginsOnce(t *testing.T) {
	t.Parallel()
	e := begin(t, held(), 1, noon)
	if x, known := e.Exchange(attempt(1)); !known || x.Outcome != "" || e.Lease.Holder != "consent 1" {
		t.Errorf("exchange %+v, known %v, lease %+v; want it recorded with the lease", x, known, e.Lease)
	}
	if _, err := e.BeginExchange(attempt(1), token.Lease{}, true, noon); !errors.Is(err, token.ErrExchanged) {
		t.Errorf("the same attempt again: %v, want ErrExchanged", err)
	}
	if _, err := e.BeginExchange(attempt(2), token.Lease{}, false, noon); !errors.Is(err, token.ErrLeased) {
		t.Errorf("another one without force: %v, want ErrLeased", err)
	}
	e = e.EndExchange(attempt(1), token.ExchangeRefused)
	if x, _ := e.Exchange(attempt(1)); x.Outcome != token.ExchangeRefused {
		t.Errorf("outcome %q, want the one that was recorded", x.Outcome)
	}
}

func TestExchangesAreBounded(t *testing.T) {
	t.Parallel()
	e := held()
	for i := range 16 {
		e = begin(t, e, i, noon)
	}
	if _, err := e.BeginExchange(attempt(16), token.Lease{}, true, noon); !errors.Is(err, token.ErrTooManyExchanges) {
		t.Errorf("the 17th within 15 minutes: %v, want ErrTooManyExchanges", err)
	}
	e = begin(t, e, 16, noon.Add(15*time.Minute))
	if len(e.Exchanges) != 1 {
		t.Errorf("%d exchanges kept a quarter of an hour later, want the new one only", len(e.Exchanges))
	}
}

func TestNewestConsentWins(t *testing.T) {
	t.Parallel()
	e := begin(t, begin(t, held(), 1, noon), 2, noon.Add(time.Second))
	if _, err := e.CommitExchange(attempt(1), grantWith("older"), token.AccessToken{}, noon); !errors.Is(err, token.ErrSuperseded) {
		t.Errorf("the older consent: %v, want ErrSuperseded", err)
	}
	refreshed, err := e.Commit(4, grantWith("refreshed meanwhile"), token.AccessToken{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	got, err := refreshed.CommitExchange(attempt(2), grantWith("newest"), published(time.Hour), noon)
	if err != nil || got.Revision != 6 || got.Grant.RefreshToken.Reveal() != "newest" || !got.Grant.StampFits() {
		t.Errorf("the newest consent over a refresh: %v, revision %d, holds %q; want it stored as 6", err, got.Revision, got.Grant.RefreshToken.Reveal())
	}
	removed := held()
	removed.Removed = true
	if _, err := removed.BeginExchange(attempt(1), token.Lease{}, true, noon); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("a consent that meets a removal: %v, want ErrRemoved before any exchange", err)
	}
}

// What keeps a grant from being refreshed is healed by a consent, and left alone
// by an attempt that comes to nothing.
func TestConsentHeals(t *testing.T) {
	t.Parallel()
	for name, ill := range map[string]func(*token.Entry){
		"parked":           func(e *token.Entry) { e.Parked, e.DueAt = true, time.Time{} },
		"cannot be opened": func(e *token.Entry) { e.Sealed = errors.New("its key is not known") },
		"latched":          func(e *token.Entry) { e.Result.Latch = &token.Latch{Since: noon} },
		"suspect":          func(e *token.Entry) { e.Suspect = true },
		"unsettled":        func(e *token.Entry) { e.Unsettled = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := held()
			ill(&before)
			begun := begin(t, before, 1, noon)
			failed := begun.EndExchange(attempt(1), token.ExchangeFailed).Release("consent 1")
			if failed.Parked != before.Parked || (failed.Sealed == nil) != (before.Sealed == nil) || failed.Suspect != before.Suspect ||
				failed.Result.Latch != before.Result.Latch || failed.Unsettled != before.Unsettled || failed.Revision != before.Revision {
				t.Errorf("after an attempt that failed: %+v, want it as it was, %+v", failed, before)
			}
			healed, err := begun.CommitExchange(attempt(1), grantWith("newest"), published(time.Hour), noon)
			if err != nil || healed.Parked || healed.Sealed != nil || healed.Suspect || healed.Unsettled || healed.Result.Latch != nil {
				t.Errorf("after a consent: %+v (%v), want it healed", healed, err)
			}
			if x, _ := healed.Exchange(attempt(1)); x.Outcome != token.ExchangeDone {
				t.Errorf("outcome %q, want it recorded with the commit", x.Outcome)
			}
		})
	}
}

// A consent is given up for a newer one that may still bring a grant, not for
// one that has failed.
func TestOlderConsentIsKeptIfTheNewerFails(t *testing.T) {
	t.Parallel()
	both := begin(t, begin(t, held(), 1, noon), 2, noon.Add(time.Second))
	for outcome, want := range map[string]error{
		"": token.ErrSuperseded, token.ExchangeDone: token.ErrSuperseded, token.ExchangeSuperseded: token.ErrSuperseded,
		token.ExchangeRefused: nil, token.ExchangeFailed: nil,
	} {
		if _, err := both.EndExchange(attempt(2), outcome).CommitExchange(attempt(1), grantWith("older"), token.AccessToken{}, noon); !errors.Is(err, want) {
			t.Errorf("the older consent after the newer one's outcome %q: %v, want %v", outcome, err, want)
		}
	}
	if _, err := held().CommitExchange(attempt(1), grantWith("unknown"), token.AccessToken{}, noon); !errors.Is(err, token.ErrSuperseded) {
		t.Errorf("an attempt that is not recorded: %v, want ErrSuperseded", err)
	}
}

// An attempt that is recorded again takes its place in the order in which they
// began, so that it is as new as it was.
func TestRecall(t *testing.T) {
	t.Parallel()
	e := begin(t, begin(t, held(), 1, noon), 3, noon.Add(2*time.Second))
	lost := token.Exchange{Attempt: attempt(2), At: noon.Add(time.Second)}
	got := e.Recall(lost)
	if len(got.Exchanges) != 3 || got.Exchanges[1] != lost || len(e.Exchanges) != 2 {
		t.Errorf("exchanges %+v, want the lost one between the others", got.Exchanges)
	}
	if again := got.Recall(token.Exchange{Attempt: attempt(2)}); len(again.Exchanges) != 3 || again.Exchanges[1] != lost {
		t.Errorf("recalled twice: %+v, want no change", again.Exchanges)
	}
	if last := e.Recall(token.Exchange{Attempt: attempt(4), At: noon.Add(time.Hour)}); len(last.Exchanges) != 3 || last.Exchanges[2].Attempt != attempt(4) {
		t.Errorf("exchanges %+v, want the newest last", last.Exchanges)
	}
}
