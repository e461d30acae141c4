package refresh_test

import (
	"errors"
	"testing"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

func TestRefusalLatchesTheSecondTime(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.live[id] = "revoked"
		s := w.sweep()
		var consents []string
		begin := time.Now()
		for minute := range 100 {
			consents = append(consents, w.run(s).ConsentRequired...)
			if len(consents) > 0 && w.entries[id].Result.Latch == nil {
				t.Fatal("consent is asked for, but the grant is not latched")
			}
			if len(consents) > 0 && time.Since(begin) < 10*time.Minute {
				t.Fatalf("latched after %v, want ten minutes or more", time.Since(begin))
			}
			time.Sleep(time.Until(begin.Add(time.Duration(minute+1) * time.Minute)))
		}
		if len(consents) != 1 || w.calls[id] != 2 {
			t.Errorf("consent asked for %d times with %d requests, want once with two", len(consents), w.calls[id])
		}
		time.Sleep(48 * time.Hour)
		w.run(s)
		w.run(s)
		if w.calls[id] != 3 {
			t.Errorf("%d requests two days later, want one more", w.calls[id])
		}
		if got := w.renew(w.renewer(), id, refresh.OnDemand); !errors.Is(got.Err, token.ErrNotDue) {
			t.Errorf("on demand: %v, want ErrNotDue of a latched grant", got.Err)
		}
	})
}

// A token that a person put into the secret is tried once when the journal's is
// refused, and is committed before it is sent.
func TestRefusalTriesWhatThePersonPutThere(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.live[id] = "pasted"
		w.secrets[id] = token.Stored[token.Grant]{Value: token.Grant{ID: id, RefreshToken: token.NewSecret("pasted")}, Version: "v2"}
		got := w.renew(w.renewer(), id, refresh.WhenDue)
		if got.Err != nil || !got.Adopted || w.entries[id].Revision != 3 || !w.kept(id) || w.calls[id] != 2 {
			t.Errorf("%v, adopted %v, revision %d, %d requests; want it adopted as 2 and renewed as 3", got.Err, got.Adopted, w.entries[id].Revision, w.calls[id])
		}
	})
}

// Different is not newer: an old version that somebody made current again is
// never sent.
func TestSpentTokenInTheSecretIsNotSent(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		r := w.renewer()
		for range 3 {
			w.renew(r, id, refresh.OnDemand) // the secret keeps revision 1
		}
		w.live[id] = "revoked"
		calls := w.calls[id]
		got := w.renew(r, id, refresh.OnDemand)
		if got.Adopted || w.calls[id] != calls+1 || got.Latched {
			t.Errorf("adopted %v with %d requests, want the old version left alone and one request", got.Adopted, w.calls[id]-calls)
		}
	})
}

// After a timeout the token may be rotated: a refusal in a later sweep is
// "rotation lost", not "revoked".
func TestRefusalAfterATimeoutIsRotationLost(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer { return answer{after: time.Hour} }
		r := w.renewer()
		w.renew(r, id, refresh.WhenDue)
		w.live[id] = "rotated unseen"
		w.answer = nil
		if got := w.renew(r, id, refresh.OnDemand); !errors.Is(got.Err, token.ErrNotDue) {
			t.Errorf("at once after the timeout: %v, want ErrNotDue: the first request may be alive", got.Err)
		}
		time.Sleep(time.Minute)
		if got := w.renew(r, id, refresh.WhenDue); !got.RotationLost {
			t.Errorf("the refusal after it: %v, want it called rotation lost", got.Err)
		}
	})
}
