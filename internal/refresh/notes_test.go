package refresh_test

import (
	"testing"
	"testing/synctest"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

// An instance that stopped the client is not overruled by one that began before
// and knows of less.
func TestFasterInstanceHasTheWord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.addClient("subscriptions", always, 2)
		stopped := note{[]byte(`{"Version":"credentials-1","Stopped":true,"Mass":true}`), "other"}
		w.answer = func(token.ID) answer {
			w.notes["client/subscriptions"] = stopped
			return answer{err: &oauth.Error{Class: oauth.ClassThrottled, Status: 429, RetryAfter: 1e9}}
		}
		w.run(w.sweep())
		if got := w.notes["client/subscriptions"]; got.version != "other" {
			t.Errorf("note %s, want the other instance's", got.value)
		}
	})
}

// What was held against old credentials is not held against new ones: not even
// a probe has to come first.
func TestNewCredentialsBeginAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.addClient("subscriptions", always, 20)
		w.notes["client/subscriptions"] = note{[]byte(`{"Version":"credentials-0","Stopped":true,"Mass":true}`), "n"}
		w.answer = func(token.ID) answer { return answer{err: errInvalidGrant} }
		w.run(w.sweep())
		if calls := w.totalCalls(); calls != 20 {
			t.Errorf("%d requests, want all 20 tried at the same time", calls)
		}
	})
}
