package simulation_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// Consumers who have published tokens renewed out of turn, because an API
// refused them or they want much life left, bring no secret out of step: it has a
// token with a fifth of its life left, ticks of the schedule lost or not.
func TestConsumersOfPublishedTokens(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []time.Duration{30 * time.Minute, time.Hour} {
		for _, wish := range []serve.Request{{}, {Rejected: "the last one"}, {MinTTL: time.Hour}, {Rejected: "the last one", MinTTL: time.Hour}} {
			t.Run(fmt.Sprintf("%v, rejected %v, %v left", lifetime, wish.Rejected != "", wish.MinTTL), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 7)
					w.addClient("reporting", lifetime, 30)
					w.consumed(8, wish)
					if violation := w.watch.first(); violation != "" {
						t.Errorf("violated: %s", violation)
					}
					if lost := w.lost(); len(lost) != 0 {
						t.Errorf("lost: %v", lost)
					}
					t.Logf("%d refreshes, %d puts, lowest life left %.1f %%", w.provider.refreshes, w.secrets.puts, w.watch.lowest)
				})
			})
		}
	}
}

// consumed lets two sweepers and one consumer of each token live for hours.
func (w *world) consumed(hours int, wish serve.Request) {
	ticks, servers := w.ticks(hours), w.servers()
	var group sync.WaitGroup
	for i := range 2 {
		sweep := w.sweeper(fmt.Sprint("sweeper-", i+1))
		group.Go(func() { w.sweepAt(sweep, i+1, ticks) })
	}
	for i, id := range w.ids {
		group.Go(func() { w.demand(servers, i, id, wish, ticks[len(ticks)-1]) })
	}
	group.Wait()
}

func (w *world) demand(servers []*serve.Server, number int, id token.ID, wish serve.Request, end time.Time) {
	var last token.AccessToken
	for call := number; time.Now().Before(end) && w.watch.first() == ""; call++ {
		time.Sleep(time.Duration(w.pace.draw("pause", fmt.Sprint("consumer-", number)) % uint64(3*time.Minute)))
		r := serve.Request{ID: id, MinTTL: wish.MinTTL}
		if wish.Rejected != "" {
			r.Rejected = digest(last)
		}
		got, err := w.get(servers, call%instances, r)
		if err != nil || !time.Now().Before(got.ExpiresAt) {
			w.watch.violated("%s: token until %v, %v; want a valid one", id, got.ExpiresAt, err)
		}
		last = got
	}
}
