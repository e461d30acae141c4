package refresh_test

import (
	"slices"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
	"token-refresher/internal/token/tokentest"
)

// What a sweep remembers until the next one is as old as the wall clock says:
// the instance is frozen in between. A wait of half a minute would take half an
// hour of sweeps otherwise. A bubble of testing/synctest has no monotonic clock.
func TestKeptTimesAreOfTheWallClock(t *testing.T) {
	t.Parallel()
	failures := map[string]answer{
		"throttled":      {err: &oauth.Error{Class: oauth.ClassThrottled, Status: 429, RetryAfter: time.Minute}},
		"down":           {err: &oauth.Error{Class: oauth.ClassTransient, Status: 503}},
		"invalid client": {err: &oauth.Error{Class: oauth.ClassClient, Status: 400, Code: "invalid_client"}},
		"short-lived":    {lifetime: time.Minute},
	}
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "pos")
			w.answer = func(token.ID) answer { return failure }
			s := w.sweep()
			w.run(s)
			if kept := slices.Compact(tokentest.Monotonic(s)); len(kept) > 0 {
				t.Errorf("of the monotonic clock are %q, want none", kept)
			}
		})
	}
}

func TestKeptTimesOfGrantsAreOfTheWallClock(t *testing.T) {
	t.Parallel()
	w := newGrantWorld(t)
	w.addClient("subscriptions", always, 1)
	w.answer = func(token.ID) answer {
		return answer{err: &oauth.Error{Class: oauth.ClassThrottled, Status: 429, RetryAfter: time.Minute}}
	}
	s := w.sweep()
	w.run(s)
	if kept := slices.Compact(tokentest.Monotonic(s)); len(kept) > 0 {
		t.Errorf("of the monotonic clock are %q, want none", kept)
	}
}
