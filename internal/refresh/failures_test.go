package refresh_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

var (
	errDown    = &oauth.Error{Class: oauth.ClassTransient, Status: 503}
	errRefused = &oauth.Error{Class: oauth.ClassClient, Status: 400, Code: "invalid_client"}
)

// An outage of ten minutes at the worst moment, right when everything is due:
// nothing expires, few requests are sent, and the sweep after its end renews
// all. With one client, with two and with many.
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, clients := range []int{1, 2, 5, 40} {
		t.Run(fmt.Sprint(clients), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { outage(t, clients) })
		})
	}
}

func outage(t *testing.T, clients int) {
	w := newWorld(t)
	for i := range clients {
		w.addClient(fmt.Sprintf("c%d", i), "DK12345678", "FI12345678", "DK87654321")
	}
	s, random := w.sweep(), rand.New(rand.NewPCG(4, 4))
	w.run(s)
	time.Sleep(3700*time.Second*4/5 - 4*time.Minute)
	before := w.totalCalls()
	w.answer = func(token.ID) answer { return answer{err: errDown} }
	w.minutes(s, 10, random, func(int, refresh.Report) {})
	if calls := w.totalCalls() - before; calls > 32+3*10 {
		t.Errorf("%d requests in 10 sweeps against a provider that is down, want one a sweep once the breaker is open", calls)
	}
	w.answer = nil
	w.minutes(s, 1, random, func(_ int, r refresh.Report) {
		if r.Renewed != 4*clients || len(r.Failed) != 0 || r.Remaining != 0 {
			t.Errorf("the sweep after the outage: %+v, want all %d renewed", r, 4*clients)
		}
	})
	for id, stored := range w.published {
		if len(w.puts[id]) != 2 || stored.Value.LifeLeftPercent(time.Now()) < 90 {
			t.Errorf("%s was not renewed", id)
		}
	}
}

// While one provider is down another one's clients do not notice.
func TestOutageOfOneProviderLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for i := range 20 {
			name := fmt.Sprintf("c%02d", i)
			w.addClient(name)
			w.providers[name] = fmt.Sprint("provider-", i%2)
		}
		w.answer = func(id token.ID) answer {
			if w.providers[id.Client] == "provider-0" {
				return answer{after: time.Hour}
			}
			return answer{}
		}
		s := w.sweep()
		if r := w.run(s); r.Renewed != 10 {
			t.Errorf("first sweep: %+v, want the 10 of the other provider renewed", r)
		}
		before := w.totalCalls()
		r := w.run(s)
		if calls := w.totalCalls() - before; calls != 1 || len(r.Failed) != 1 || r.Remaining != 9 {
			t.Errorf("second sweep: %d requests, %+v; want one probe", calls, r)
		}
	})
}

// Failing clients that are fewer than three do not open the breaker, and those
// that do open it keep a healthy fourth from being renewed for one sweep only.
func TestBreakerNeverStarvesAHealthyClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "bad-1", "bad-2", "bad-3", "good")
		w.answer = func(id token.ID) answer {
			if id.Client == "good" {
				return answer{}
			}
			return answer{err: errDown}
		}
		s, lowest := w.sweep(), 100.0
		w.minutes(s, 24*60, rand.New(rand.NewPCG(5, 5)), func(minute int, _ refresh.Report) {
			if stored, ok := w.published[token.ID{Client: "good"}]; ok {
				lowest = min(lowest, stored.Value.LifeLeftPercent(time.Now()))
			} else if minute > 1 {
				t.Fatalf("minute %d: the healthy client has no token yet", minute)
			}
		})
		if lowest < 20 {
			t.Errorf("the healthy client's token had %.1f %% of its life left, want 20 or more", lowest)
		}
		t.Logf("lowest life left %.1f %%, %d requests of three failing clients in a day", lowest, w.totalCalls()-w.callsOf("good"))
	})
}

// Merchants that a provider will not give tokens for, whatever it answers,
// cost the other merchants of the same and only client nothing.
func TestBadMerchantsStarveNobody(t *testing.T) {
	t.Parallel()
	for _, class := range []oauth.Class{oauth.ClassGrant, oauth.ClassClient, oauth.ClassTransient, oauth.ClassThrottled, oauth.ClassUnknown} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { badMerchants(t, class) })
		})
	}
}

func badMerchants(t *testing.T, class oauth.Class) {
	const merchants, bad, hours = 200, 20, 12
	w := newWorld(t)
	var names []string
	for i := range merchants {
		names = append(names, fmt.Sprintf("DK%08d", i))
	}
	w.addClient("pos", names...)
	isBad := func(id token.ID) bool { return id.Merchant != "" && id.Merchant < fmt.Sprintf("DK%08d", bad) }
	w.answer = func(id token.ID) answer {
		if isBad(id) {
			return answer{err: &oauth.Error{Class: class, Status: 400}}
		}
		return answer{}
	}
	s, lowest := w.sweep(), 100.0
	w.minutes(s, hours*60, rand.New(rand.NewPCG(6, 6)), func(minute int, _ refresh.Report) {
		for _, stored := range w.published {
			lowest = min(lowest, stored.Value.LifeLeftPercent(time.Now()))
		}
		if minute == 30 && w.fresh() != merchants+1-bad {
			t.Errorf("half an hour after the start %d are fresh, want all %d good ones", w.fresh(), merchants+1-bad)
		}
	})
	if lowest < 20 {
		t.Errorf("a good merchant's token had %.1f %% of its life left, want 20 or more", lowest)
	}
	calls := 0
	for id, n := range w.calls {
		if isBad(id) {
			calls += n
		}
	}
	if perHour := float64(calls) / bad / hours; perHour > 10 {
		t.Errorf("%.1f requests an hour for each bad merchant, want 10 at most", perHour)
	}
	t.Logf("%s: lowest life left %.1f %%, %d requests for %d bad merchants in %d hours", class, lowest, calls, bad, hours)
}

// A client whose credentials are refused is stopped: one probe a sweep, a
// different token each time, until one succeeds or the credentials change.
func TestRefusedClientIsStoppedAndProbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "good")
		w.addClient("bad", "DK00000001", "DK00000002", "DK00000003", "DK00000004")
		w.answer = func(id token.ID) answer {
			if id.Client == "bad" {
				return answer{err: errRefused}
			}
			return answer{}
		}
		s := w.sweep()
		w.run(s)
		first := w.callsOf("bad")
		if first < 2 || first > 5 {
			t.Fatalf("%d requests until the client is stopped, want 2 to 5", first)
		}
		for range 10 {
			time.Sleep(time.Minute)
			if r := w.run(s); len(r.Failed) != 1 || r.Remaining != 4 {
				t.Fatalf("while stopped: %+v, want one probe", r)
			}
		}
		if calls := w.callsOf("bad"); calls != first+10 {
			t.Errorf("%d requests in 10 sweeps of a stopped client, want 10", calls-first)
		}
		for id, calls := range w.calls {
			if id.Client == "bad" && calls < 2 {
				t.Errorf("%s was asked for %d times: the probe does not rotate", id, calls)
			}
		}
		w.answer = nil
		time.Sleep(time.Minute)
		if r := w.run(s); r.Renewed != 5 || r.Remaining != 0 {
			t.Errorf("the sweep after its recovery: %+v, want all 5 renewed", r)
		}
	})
}

func TestNewCredentialsResumeAStoppedClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.addClient("pos", "DK00000001", "DK00000002")
		wrong := w.credentials["pos"].Version
		w.answer = func(token.ID) answer {
			if w.credentials["pos"].Version == wrong {
				return answer{err: errRefused}
			}
			return answer{}
		}
		s := w.sweep()
		w.run(s)
		time.Sleep(time.Minute)
		w.addClient("pos", "DK00000001", "DK00000002")
		if r := w.run(s); r.Renewed != 3 || len(r.Failed) != 0 {
			t.Errorf("after new credentials: %+v, want all 3 renewed at once", r)
		}
	})
}

// Credentials that are replaced while a sweep runs are read again before the
// client is blamed.
func TestCredentialsReplacedDuringASweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.addClient("pos", "DK00000001", "DK00000002")
		old := w.credentials["pos"].Version
		w.answer = func(token.ID) answer {
			if w.credentials["pos"].Version == old {
				w.addClient("pos", "DK00000001", "DK00000002")
				return answer{err: errRefused}
			}
			return answer{}
		}
		if r := w.run(w.sweep()); r.Renewed != 3 || len(r.Failed) != 0 {
			t.Errorf("report %+v, want all 3 renewed with the new credentials", r)
		}
	})
}

func TestRetryAfterIsHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b")
		w.addClient("slow", "DK00000001", "DK00000002")
		w.answer = func(id token.ID) answer {
			if id.Client == "slow" {
				return answer{err: &oauth.Error{Class: oauth.ClassThrottled, Status: 429, RetryAfter: 5 * time.Minute}}
			}
			return answer{}
		}
		s := w.sweep()
		w.run(s)
		first := w.callsOf("slow")
		for range 4 {
			time.Sleep(time.Minute)
			w.run(s)
		}
		if calls := w.callsOf("slow"); calls != first {
			t.Errorf("%d requests within the provider's Retry-After, want none", calls-first)
		}
		w.answer = nil
		time.Sleep(time.Minute + time.Second)
		if r := w.run(s); r.Renewed != 3 {
			t.Errorf("after the wait: %+v, want all 3 renewed", r)
		}
	})
}
