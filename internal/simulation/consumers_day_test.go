package simulation_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// outage is a time during which the provider answers 503.
type outage struct{ from, to time.Time }

// market is merchants with one-time tokens of 300 seconds, consumers that ask
// for them, sweeps, and a provider that fails now and then.
type market struct {
	*world
	hours   int
	pauses  time.Duration // of a consumer between two calls, at most
	shared  bool          // another client uses the provider, and has nothing due that would fail
	outages []outage

	mu      sync.Mutex
	calls   int
	refused int           // calls that were answered that the provider is unavailable
	without time.Duration // longest time after an outage until a call got a token
}

func newMarket(t *testing.T, seed uint64, hours int) *market {
	m := &market{world: newWorld(t, seed), hours: hours, pauses: time.Minute}
	m.addClient("subscriptions", 300*time.Second, 40)
	m.provider.answer = func(token.ID) verdict {
		if m.down(time.Now()) {
			return verdict{status: 503}
		}
		return verdict{}
	}
	return m
}

// plan has outages of that length at most, about that far from each other.
func (m *market) plan(length, apart time.Duration, exactly bool) {
	end := time.Now().Add(time.Duration(m.hours) * time.Hour)
	for at := time.Now().Add(apart / 2); at.Before(end.Add(-length - apart/2)); {
		lasts := length
		if !exactly {
			lasts = time.Duration(m.pace.draw("lasts", "outage") % uint64(length))
		}
		m.outages = append(m.outages, outage{at, at.Add(lasts)})
		at = at.Add(lasts + apart/2 + time.Duration(m.pace.draw("apart", "outage")%uint64(apart)))
	}
}

func (m *market) down(now time.Time) bool {
	for _, o := range m.outages {
		if !now.Before(o.from) && now.Before(o.to) {
			return true
		}
	}
	return false
}

// sharedEndpoint is at a provider that other clients use too: what fails for one
// of them alone opens no breaker.
type sharedEndpoint struct{ endpoint }

func (sharedEndpoint) Provider() string { return "https://" + host }

// run lets the market live.
func (m *market) run() {
	ticks := m.ticks(m.hours)
	servers := m.servers()
	var group sync.WaitGroup
	for i := range 2 {
		sweep := m.sweeper(fmt.Sprint("sweeper-", i+1))
		sweep.Dial = func(c token.Credentials) (refresh.GrantEndpoint, error) {
			e := endpoint{m.provider, c.Client, token.Use{}} // kept warm only while somebody asks
			if m.shared {
				return sharedEndpoint{e}, nil
			}
			return e, nil
		}
		group.Go(func() { m.sweepAt(sweep, i+1, ticks) })
	}
	end := time.Now().Add(time.Duration(m.hours) * time.Hour)
	for i, id := range m.ids {
		group.Go(func() { m.consume(servers, i, id, end) })
	}
	group.Wait()
}

// consume is one consumer's life: it asks any instance, works with the token for
// a while, and asks again.
func (m *market) consume(servers []*serve.Server, number int, id token.ID, end time.Time) {
	name := fmt.Sprint("consumer-", number)
	for call := number; m.watch.first() == ""; call++ {
		time.Sleep(time.Duration(m.pace.draw("pause", name) % uint64(m.pauses)))
		began := time.Now()
		if !began.Before(end) {
			return
		}
		got, err := m.get(servers, call%instances, serve.Request{ID: id, MinTTL: serve.DefaultMinTTL})
		m.answered(id, began, got, err)
	}
}

// answered checks an answer: a valid token, or during an outage longer than a
// token's spare life, and one sweep longer, the typed error.
func (m *market) answered(id token.ID, asked time.Time, got token.AccessToken, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	now := time.Now()
	if err == nil {
		if !now.Before(got.ExpiresAt) || got.ID != id {
			m.watch.violated("%s: an expired token, or another's, until %v", id, got.ExpiresAt)
		}
		return
	}
	m.refused++
	refusal, ok := errors.AsType[*serve.Refusal](err)
	if !ok || refusal.Code != serve.ProviderUnavailable {
		m.watch.violated("%s: %v, want provider_unavailable", id, err)
	}
	for _, o := range m.outages {
		if asked.Sub(o.from) >= 0 && asked.Sub(o.to) < m.schedule.SweepInterval && o.to.Sub(o.from) > time.Minute {
			m.without = max(m.without, asked.Sub(o.to))
			return
		}
	}
	m.watch.violated("%s: %v outside of a long outage", id, err)
}

// Ten hours of consumers over 300-second one-time tokens that are renewed by
// two sweepers or on demand, whoever comes first, with lost ticks, and outages
// of up to 30 seconds: never an expired token, never an error.
func TestTenHoursOfConsumers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMarket(t, seed, 10)
				m.plan(30*time.Second, 4*time.Minute, false)
				m.run()
				if violation := m.watch.first(); violation != "" || m.refused > 0 {
					t.Errorf("violated: %q, %d errors", violation, m.refused)
				}
				if lost := m.lost(); len(lost) != 0 {
					t.Errorf("lost: %v", lost)
				}
				t.Logf("%d calls, %d outages, %d refreshes, %d journal writes, no error; trace %s", m.calls, len(m.outages), m.provider.refreshes, m.journal.writes, m.pace.sum())
			})
		})
	}
}

// Outages of ten minutes: the typed error, and a fresh token within one sweep of
// their end, whether the sweeps know that the provider was down or believe that
// it was these grants.
func TestLongOutagesOfConsumers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMarket(t, seed, 5)
				m.shared = seed%2 == 1
				m.plan(10*time.Minute, 20*time.Minute, true)
				m.run()
				if violation := m.watch.first(); violation != "" || m.refused == 0 {
					t.Errorf("violated: %q, %d refusals; want none violated, and some refused", violation, m.refused)
				}
				if lost := m.lost(); len(lost) != 0 {
					t.Errorf("lost: %v", lost)
				}
				t.Logf("%d calls, %d outages of ten minutes, %d answers provider_unavailable, the last %v after an outage's end, %d requests",
					m.calls, len(m.outages), m.refused, m.without, m.provider.refreshes)
			})
		})
	}
}
