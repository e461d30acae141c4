package publish_test

import (
	"errors"
	"testing"
	"time"

	"token-refresher/internal/journal"
	"token-refresher/internal/publish"
	"token-refresher/internal/token"
)

// What a stranger put before a publication is seen before the put, with the
// value that was under it: the put would have covered that one for good.
func TestStrangersBeforeThePutAreSeen(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		w.paste(merchant, pasted)
		w.paste(merchant, spent)
		outcome := w.publish(merchant)
		if !outcome.Adopted || outcome.Entry.Grant.RefreshToken.Reveal() != "pasted" {
			w.t.Errorf("adopted %v, the journal holds %q, want the pasted grant", outcome.Adopted, outcome.Entry.Grant.RefreshToken.Reveal())
		}
		w.wantSettled(merchant, "pasted")
		if got := w.count(merchant, "third"); got != 0 {
			w.t.Errorf("%d versions hold the grant that lost, want 0", got)
		}
	})
}

// While a put is open, others leave it alone; when it has become old, whoever
// claimed it does not make it any more.
func TestOpenPut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		pause  time.Duration // between the claim and the put
		second error         // of a second publisher at that moment
		puts   int           // of the first
	}{
		{name: "young", pause: 0, second: token.ErrPutOpen, puts: 1},
		{name: "almost too old to be made", pause: token.PutWithin - time.Second, second: token.ErrPutOpen, puts: 1},
		{name: "too old to be made", pause: token.PutWithin + time.Millisecond, second: token.ErrPutOpen, puts: 0},
		{name: "not old enough to be settled", pause: token.PutWithin + token.PutGrace - time.Second, second: token.ErrPutOpen, puts: 0},
		{name: "old enough to be settled", pause: token.PutWithin + token.PutGrace, puts: 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.published(merchant)
				var second error
				first, _ := w.start(func(p *process) {
					p.before = func(_ int, name string) {
						if name == "PutGrant" {
							time.Sleep(tt.pause)
							other, _ := w.start()
							_, second = other.Publish(w.t.Context(), merchant, publish.WhenAllowed)
						}
					}
				})
				_, err := first.Publish(w.t.Context(), merchant, publish.WhenAllowed)
				if !errors.Is(second, tt.second) {
					w.t.Errorf("second publisher: error = %v, want %v", second, tt.second)
				}
				if got := w.count(merchant, "third"); got != tt.puts || (err == nil) != (tt.puts == 1) {
					w.t.Errorf("%d puts, error %v, want %d", got, err, tt.puts)
				}
				w.converge()
				w.wantSettled(merchant, "third")
			})
		})
	}
}

// A grant that the journal did not take stands in its secret already when the
// journal takes it later: it is not put again. If the journal never takes it,
// it is adopted.
func TestFallback(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{true, false} {
		inBubble(t, func(w *world) {
			w.published(merchant)
			w.publish(merchant)
			time.Sleep(writeInterval)
			kept := grant(merchant, "kept").Stamped(w.entry(merchant).Revision + 1)
			if err := w.store.KeepGrant(w.t.Context(), kept); err != nil {
				w.t.Fatalf("KeepGrant: %v", err)
			}
			if taken {
				w.commit(merchant, "kept", 5*time.Minute)
				w.publish(merchant)
			} else {
				w.converge()
			}
			w.wantSettled(merchant, "kept")
			if got := w.count(merchant, "kept"); got != 1 {
				w.t.Errorf("taken %v: %d versions hold it, want 1", taken, got)
			}
		})
	}
}

// A newer grant is not adopted while a renewal may be sending the old one; the
// renewal's answer and the stranger's grant are both kept, and the stranger's is
// the newer.
func TestNothingIsAdoptedUnderALease(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		publisher, _ := w.start(func(p *process) {
			p.before = func(_ int, name string) {
				if name != "PutGrant" {
					return
				}
				w.paste(merchant, pasted)
				e := w.entry(merchant)
				leased, err := e.Claim(time.Now(), token.Lease{Holder: "renewer", Until: time.Now().Add(time.Minute)}, false)
				if err != nil {
					w.t.Fatalf("Claim: %v", err)
				}
				w.swap(e, leased)
			}
		})
		_, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed)
		e := w.entry(merchant)
		if !errors.Is(err, token.ErrLeased) || e.Grant.RefreshToken.Reveal() != "third" || !e.Put.Open() {
			w.t.Fatalf("error = %v, the journal holds %q, put %+v; want ErrLeased, nothing adopted, the put open", err, e.Grant.RefreshToken.Reveal(), e.Put)
		}
		next, err := e.Commit(e.Revision, grant(merchant, "fourth"), token.AccessToken{}, time.Now())
		if err != nil {
			w.t.Fatalf("Commit: %v", err)
		}
		w.swap(e, schedule.Plan(next.Release("renewer"), w.use, time.Now()))
		w.converge()
		w.wantSettled(merchant, "pasted")
	})
}

// A publication gives way to a renewal: what it would put may be spent soon.
func TestLeasedEntryIsLeftAlone(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		e := w.entry(merchant)
		e.Lease = token.Lease{Holder: "renewer", Until: time.Now().Add(time.Minute)}
		w.swap(w.entry(merchant), e)
		publisher, p := w.start()
		if _, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed); !errors.Is(err, token.ErrLeased) || len(p.calls) != 1 {
			w.t.Errorf("error = %v after calls %v, want ErrLeased after one read", err, p.calls)
		}
	})
}

// What is suspect or ended is not published, and asks for no more looks.
func TestNotPublished(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*token.Entry){
		"suspect": func(e *token.Entry) { e.Suspect = true },
		"removed": func(e *token.Entry) { e.Removed = true },
		"parked":  func(e *token.Entry) { e.Parked = true },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.use = token.Use{}
				e := w.commit(merchant, "first", time.Hour)
				changed := e
				change(&changed)
				w.swap(e, changed)
				if outcome := w.publish(merchant); outcome.Written != 0 || !outcome.Entry.PublishAt.IsZero() {
					w.t.Errorf("%d secrets written, next at %v, want none and never", outcome.Written, outcome.Entry.PublishAt)
				}
			})
		})
	}
}

// A sealed answer that cannot be opened is not published, and reported.
func TestSealedEntryIsReported(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.commit(merchant, "first", time.Hour)
		w.corrupt(merchant, func(row *journal.Row) { row.Sealed[len(row.Sealed)-1] ^= 1 })
		publisher, _ := w.start()
		outcome, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed)
		if !errors.Is(err, token.ErrSealed) || outcome.Written != 0 || !outcome.Entry.PublishAt.After(time.Now()) {
			w.t.Errorf("error = %v, %d written, next at %v, want ErrSealed, none, later", err, outcome.Written, outcome.Entry.PublishAt)
		}
	})
}
