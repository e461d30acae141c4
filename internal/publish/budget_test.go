package publish_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/publish"
	emulator "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// writes counts what reaches the emulator, by operation and secret.
type writes struct {
	mu sync.Mutex
	at map[string][]time.Time
}

func (w *writes) observe(operation, secret string) {
	if !strings.HasPrefix(operation, "Put") && !strings.HasPrefix(operation, "Create") {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at == nil {
		w.at = map[string][]time.Time{}
	}
	w.at[secret] = append(w.at[secret], time.Now())
}

// check fails if two writes of a secret are closer than the write interval.
func (w *writes) check(t *testing.T) {
	t.Helper()
	for secret, at := range w.at {
		for i := range at[1:] {
			if gap := at[i+1].Sub(at[i]); gap < writeInterval {
				t.Errorf("%s was put twice within %v", secret, gap)
			}
		}
	}
}

// However often grants are renewed and whoever publishes, no secret is put more
// often than its interval allows, and none waits longer than that and a sweep.
func TestWriteInterval(t *testing.T) {
	t.Parallel()
	var written writes
	inBubble(t, func(w *world) {
		w.use = token.Use{}
		ids := many(5)
		published := 0
		for minute := range 12 * 60 {
			for i, id := range ids {
				if minute%(i+3) == 0 {
					w.commit(id, fmt.Sprintf("refresh token %d", minute), 40*time.Minute)
				}
			}
			for range 2 {
				publisher, _ := w.start(func(p *process) {
					p.before = func(_ int, name string) {
						if name == "PutGrant" || name == "PutAccessToken" { // it waits its turn
							time.Sleep(time.Duration(minute*7%20) * time.Second)
						}
					}
				})
				got := publisher.Run(w.t.Context(), ids)
				if len(got.Failed) != 0 || got.Lag > writeInterval+time.Minute {
					w.t.Fatalf("minute %d: failed %v, lag %v", minute, got.Failed, got.Lag)
				}
				published += got.Written
			}
			time.Sleep(time.Minute)
		}
		if want := 2 * len(ids) * 12 * 60 / 16; published < want-2*len(ids) || published > want+2*len(ids) {
			w.t.Errorf("%d secrets written in 12 hours, want about %d", published, want)
		}
	}, func(c *emulator.Config) { c.Observe = written.observe })
	written.check(t)
}

// Many grants that are due at once are written as fast as the account allows,
// and none is refused: the store waits for its own limit.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.newStore(secretstore.DefaultWritesPerSecond)
		ids := many(400)
		for _, id := range ids {
			w.commit(id, "first of "+id.Merchant, 5*time.Minute)
		}
		publisher, _ := w.start()
		begun := time.Now()
		got := publisher.Run(w.t.Context(), nil)
		if got.Written != 400 || got.WriteFailed != 0 || len(got.Failed) != 0 || got.Lag != 0 {
			w.t.Errorf("Run: %d written, %d refused, failed %v, lag %v, want 400 and no more", got.Written, got.WriteFailed, got.Failed, got.Lag)
		}
		if took := time.Since(begun); took > 12*time.Second {
			w.t.Errorf("it took %v, want 400 at 40 a second", took)
		}
	}, func(c *emulator.Config) { c.Unthrottled = false })
}

// Consents and forced refreshes do not wait, eight of them in any 24 hours, with
// both of a grant's secrets in one.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.use = token.Use{}
		publisher, _ := w.start()
		atOnce := func(refreshToken string) int {
			w.commit(merchant, refreshToken, time.Hour)
			outcome, err := publisher.Publish(w.t.Context(), merchant, publish.AtOnce)
			if err != nil {
				w.t.Fatalf("Publish %s: %v", refreshToken, err)
			}
			return outcome.Written
		}
		for i := range 12 {
			time.Sleep(time.Second)
			want := 2
			if i > 8 { // the first one has nothing to wait for
				want = 0
			}
			if got := atOnce(fmt.Sprint(i)); got != want {
				w.t.Errorf("publication %d: %d secrets written, want %d", i, got, want)
			}
		}
		if got := len(w.entry(merchant).Forced); got != 8 {
			w.t.Errorf("%d puts noted that did not wait, want 8", got)
		}
		time.Sleep(24*time.Hour - 12*time.Second)
		if got := atOnce("a day later"); got != 2 { // has waited
			w.t.Errorf("a day later: %d secrets written, want 2", got)
		}
		time.Sleep(14 * time.Second)
		if got := atOnce("and once more"); got != 2 {
			w.t.Errorf("when some are a day old: %d secrets written, want 2", got)
		}
	})
}

// A published access token is long-lived, wanted, and that of the entry.
func TestAccessToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		use      token.Use
		lifetime time.Duration
		change   func(*token.Entry)
		want     string
	}{
		{name: "long", lifetime: schedule.ShortestPublishable(), want: "access of first"},
		{name: "short", lifetime: schedule.ShortestPublishable() - time.Second},
		{name: "kept out of secrets", use: token.Use{Publish: token.PublishFunction}, lifetime: time.Hour},
		{name: "suspect", lifetime: time.Hour, change: func(e *token.Entry) { e.Suspect = true }},
		{name: "removed", lifetime: time.Hour, change: func(e *token.Entry) { e.Removed = true }},
		{name: "parked", lifetime: time.Hour, change: func(e *token.Entry) { e.Parked = true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.use = tt.use
				e := w.commit(merchant, "first", tt.lifetime)
				if tt.change != nil {
					changed := e
					tt.change(&changed)
					w.swap(e, changed)
				}
				w.publish(merchant)
				stored := w.access(merchant)
				if got := stored.Value.Value.Reveal(); got != tt.want || (tt.want == "") != errors.Is(stored.Err, token.ErrNotFound) {
					w.t.Errorf("the secret holds %q, error %v, want %q", got, stored.Err, tt.want)
				}
				if outcome := w.publish(merchant); outcome.Written != 0 || !outcome.Entry.PublishAt.IsZero() {
					w.t.Errorf("again: %d written, next at %v, want none and never", outcome.Written, outcome.Entry.PublishAt)
				}
			})
		})
	}
}

const accessName = "mobilepay/subscriptions/DK12345678/access-token"

// What stands in the access-token secret decides how it is replaced.
func TestAccessTokenInThePlaceOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		before  func(w *world) // when the second token is in the journal, its interval over
		want    string         // in the secret; empty: it is unreadable
		written int
		waits   bool
		err     error
	}{
		{name: "the one before", before: func(*world) {}, want: "access of second", written: 1},
		{name: "a deleted one", before: func(w *world) { w.removeSecret(accessName) }, want: "access of second", written: 1},
		{name: "a scribble", before: func(w *world) { w.write(accessName, "s3cr3t") }, waits: true, err: token.ErrUnreadable},
		{name: "one that was put just now", before: func(w *world) {
			w.write(accessName, `{"access_token":"of a person","issued_at":"1999-01-01T00:00:00Z","expires_at":"2030-01-01T00:00:00Z"}`)
		}, want: "of a person", waits: true},
		{name: "the same, of a process that died", before: func(w *world) {
			e := w.entry(merchant)
			if err := w.store.PutAccessToken(w.t.Context(), token.GrantTypeAuthorizationCode, e.Access, w.access(merchant).Version); err != nil {
				w.t.Fatalf("PutAccessToken: %v", err)
			}
		}, want: "access of second"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.use = token.Use{}
				w.commit(merchant, "first", time.Hour)
				w.publish(merchant)
				time.Sleep(writeInterval)
				w.commit(merchant, "second", time.Hour)
				tt.before(w)
				publisher, _ := w.start()
				outcome, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed)
				if !errors.Is(err, tt.err) || outcome.Written != 1+tt.written { // the grant, too
					w.t.Errorf("%d written, error %v, want %d and %v", outcome.Written, err, 1+tt.written, tt.err)
				}
				if waits := !outcome.Entry.PublishAt.IsZero(); waits != tt.waits {
					w.t.Errorf("next publication at %v, want one: %v", outcome.Entry.PublishAt, tt.waits)
				}
				stored := w.access(merchant)
				if got := stored.Value.Value.Reveal(); got != tt.want || !errors.Is(stored.Err, tt.err) {
					w.t.Errorf("the secret holds %q, error %v, want %q", got, stored.Err, tt.want)
				}
				w.converge()
				if got := w.access(merchant).Value.Value.Reveal(); tt.err == nil && got != "access of second" {
					w.t.Errorf("in the end it holds %q, want the second", got)
				}
			})
		})
	}
}

// Of two publishers that hold different answers the newer one's token stays.
func TestOlderAccessTokenDoesNotReplaceANewer(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.use = token.Use{}
		w.commit(merchant, "first", time.Hour)
		w.publish(merchant)
		time.Sleep(writeInterval)
		w.commit(merchant, "second", time.Hour)
		once := true
		slow, _ := w.start(func(p *process) {
			p.before = func(_ int, name string) {
				if name != "AccessTokens" || !once {
					return
				}
				once = false
				time.Sleep(time.Second)
				w.commit(merchant, "third", time.Hour)
				fast, _ := w.start()
				if _, err := fast.Publish(w.t.Context(), merchant, publish.AtOnce); err != nil {
					w.t.Errorf("Publish: %v", err)
				}
			}
		})
		if _, err := slow.Publish(w.t.Context(), merchant, publish.AtOnce); err != nil {
			w.t.Errorf("Publish: %v", err)
		}
		if got := w.access(merchant).Value.Value.Reveal(); got != "access of third" {
			w.t.Errorf("the secret holds %q, want the third", got)
		}
	})
}
