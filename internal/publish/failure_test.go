package publish_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/publish"
	emulator "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/token"
)

// Every store call may fail without being carried out, or lose its answer: the
// grant is published by a later pass, and meanwhile tried at most every two
// minutes.
func TestStoreFailureAtEveryStep(t *testing.T) {
	t.Parallel()
	errRefused := errors.New("refused")
	for _, s := range starts() {
		for step, name := range steps(t, s) {
			for _, carriedOut := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d %s carried out %v", s.name, step, name, carriedOut), func(t *testing.T) {
					t.Parallel()
					inBubble(t, func(w *world) {
						s.make(w)
						publisher, p := w.start()
						p.refuse = func(call int, _ string) error {
							if call == step && !carriedOut {
								return errRefused
							}
							return nil
						}
						p.lose = func(call int) bool { return call == step && carriedOut }
						_, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed)
						lostPut := name == "PutGrant" && carriedOut // seen by the look after it
						if (err == nil) != lostPut {
							w.t.Errorf("Publish: error = %v", err)
						}
						w.converge()
						w.wantSettled(merchant, "third")
						if got := w.count(merchant, "third"); got != 1 {
							w.t.Errorf("%d versions hold the grant, want 1", got)
						}
					})
				})
			}
		}
	}
}

// Writes that are refused for a while cost one try every two minutes, and no
// write interval once they work again.
func TestRefusedWrites(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ThrottlingException", "LimitExceededException", "AccessDeniedException", "InternalServiceError"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.published(merchant)
				tries := 0
				w.server.SetFault(func(operation, _ string) *emulator.Fault {
					if operation != "PutSecretValue" {
						return nil
					}
					tries++
					return &emulator.Fault{Type: code, Message: "not now"}
				})
				publisher, _ := w.start()
				failed := 0
				for range 10 {
					failed += publisher.Run(w.t.Context(), nil).WriteFailed
					time.Sleep(time.Minute)
				}
				if tries != 5 || failed != 5 {
					w.t.Errorf("%d puts tried, %d told, in 10 sweeps, want 5", tries, failed)
				}
				w.server.SetFault(nil)
				if got := publisher.Run(w.t.Context(), nil); got.Written != 1 || len(got.Failed) != 0 {
					w.t.Errorf("Run = %+v, want it written at once", got)
				}
				w.wantSettled(merchant, "third")
			})
		})
	}
}

// An access token whose write was refused has a few sweeps to spare: the next
// one writes it.
func TestRefusedAccessTokenIsTriedByTheNextSweep(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.use = token.Use{}
		w.published(merchant)
		w.commit(merchant, "fourth", time.Hour)
		w.server.SetFault(func(operation, name string) *emulator.Fault {
			if (operation == "PutSecretValue" || operation == "CreateSecret") && strings.HasSuffix(name, "/access-token") {
				return &emulator.Fault{Type: "ThrottlingException", Message: "not now"}
			}
			return nil
		})
		publisher, _ := w.start()
		if got := publisher.Run(w.t.Context(), nil); got.WriteFailed != 1 {
			w.t.Fatalf("Run = %+v, want one write refused", got)
		}
		w.server.SetFault(nil)
		time.Sleep(time.Minute)
		if got := publisher.Run(w.t.Context(), nil); got.Written != 1 || len(got.Failed) != 0 {
			w.t.Errorf("the next sweep's Run = %+v, want it written", got)
		}
	})
}

// What is not a grant is reported by name and never overwritten; the journal
// goes on by itself, and so does the access token.
func TestUnreadableGrantIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.use = token.Use{}
		w.published(merchant)
		w.paste(merchant, "s3cr3t scribble")
		w.commit(merchant, "fourth", time.Hour)
		publisher, _ := w.start()
		got := publisher.Run(w.t.Context(), nil)
		if len(got.Failed) != 1 || got.Failed[0].Token != merchant.String() || !errors.Is(got.Failed[0].Err, token.ErrUnreadable) {
			w.t.Fatalf("Failed = %v, want the token with ErrUnreadable", got.Failed)
		}
		if text := got.Failed[0].Err.Error(); !strings.Contains(text, secretName(merchant)) || strings.Contains(text, "s3cr3t") {
			w.t.Errorf("error = %q, want the secret's name and nothing of its value", text)
		}
		for range 3 {
			time.Sleep(writeInterval)
			publisher.Run(w.t.Context(), nil)
			reconciled, err := publisher.Reconcile(w.t.Context())
			if err != nil || len(reconciled.Failed) != 1 {
				w.t.Errorf("Reconcile = %+v, %v, want it reported", reconciled, err)
			}
		}
		if stored := w.store.Grant(w.t.Context(), merchant); !errors.Is(stored.Err, token.ErrUnreadable) {
			w.t.Errorf("reading the secret: error = %v, want it as it was", stored.Err)
		}
		if got := w.access(merchant).Value.Value.Reveal(); got != "access of fourth" {
			w.t.Errorf("the published access token = %q, want the new one", got)
		}
		w.moveBack(merchant)
		w.converge()
		w.wantSettled(merchant, "fourth")
	})
}

// A secret that is gone is not made anew by a publication: the reconcile judges.
func TestGoneSecretIsNotMadeAnew(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		w.remove(merchant)
		publisher, _ := w.start()
		outcome, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed)
		if !errors.Is(err, token.ErrDeleted) || outcome.Written != 0 || outcome.Entry.Put.Open() {
			w.t.Errorf("error = %v, %d written, put %+v, want ErrDeleted, none, no open put", err, outcome.Written, outcome.Entry.Put)
		}
		if !outcome.Entry.PublishAt.Equal(time.Now().Add(writeInterval / 8)) {
			w.t.Errorf("next try at %v, want in two minutes", outcome.Entry.PublishAt)
		}
	})
}

// A consent restores a deleted secret and makes a missing one.
func TestConsentBringsTheSecretBack(t *testing.T) {
	t.Parallel()
	for _, window := range []string{"deleted", "gone for good"} {
		t.Run(window, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.published(merchant)
				w.publish(merchant)
				w.remove(merchant)
				time.Sleep(time.Minute)
				if window == "gone for good" {
					time.Sleep(8 * 24 * time.Hour)
				}
				old := w.entry(merchant)
				consent := grant(merchant, "consented")
				consent.ConsentedAt = time.Now()
				next, err := old.Commit(old.Revision, consent, token.AccessToken{}, time.Now())
				if err != nil {
					w.t.Fatalf("Commit: %v", err)
				}
				w.swap(old, schedule.Plan(next, w.use, time.Now()))
				publisher, _ := w.start()
				if reconciled, err := publisher.Reconcile(w.t.Context()); err != nil || reconciled.Parked != 0 {
					w.t.Errorf("Reconcile = %+v, %v, want nothing parked", reconciled, err)
				}
				if _, err := publisher.Publish(w.t.Context(), merchant, publish.AtOnce); err != nil {
					w.t.Errorf("Publish: %v", err)
				}
				w.wantSettled(merchant, "consented")
			})
		})
	}
}

// Nothing is begun when too little time is left, and nothing is cancelled.
func TestDeadline(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		var ids []token.ID
		for i := range 8 {
			id := token.ID{Client: "subscriptions", Merchant: fmt.Sprintf("DK%08d", i)}
			w.commit(id, "first", 5*time.Minute)
			ids = append(ids, id)
		}
		publisher, _ := w.start(func(p *process) {
			p.before = func(_ int, name string) {
				if name == "PutGrant" {
					time.Sleep(16 * time.Second)
				}
			}
		})
		ctx, cancel := context.WithTimeout(w.t.Context(), 40*time.Second)
		defer cancel()
		got := publisher.Run(ctx, ids)
		if got.Written != 8 || got.Remaining != 0 {
			w.t.Errorf("in 40 s: %d written, %d remaining, want 8 and 0", got.Written, got.Remaining)
		}
		for _, id := range ids {
			w.commit(id, "second", 5*time.Minute)
		}
		time.Sleep(writeInterval)
		ctx, cancel = context.WithTimeout(w.t.Context(), 20*time.Second)
		defer cancel()
		got = publisher.Run(ctx, ids)
		if got.Written != 4 || got.Remaining != 4 || len(got.Failed) != 0 {
			w.t.Errorf("in 20 s: %d written, %d remaining, failed %v, want 4, 4 and none", got.Written, got.Remaining, got.Failed)
		}
	})
}

// The lag is the age of what only the journal holds, however often that is
// renewed meanwhile.
func TestLag(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.commit(merchant, "first", 5*time.Minute)
		publisher, _ := w.start()
		if got := publisher.Run(w.t.Context(), nil).Lag; got != 0 {
			w.t.Errorf("all is published: lag %v", got)
		}
		put := time.Now()
		time.Sleep(20 * time.Minute)
		w.server.SetFault(func(string, string) *emulator.Fault {
			return &emulator.Fault{Type: "AccessDeniedException", Message: "not now"}
		})
		for i, want := range []time.Duration{3 * time.Minute, 26 * time.Minute, 29 * time.Minute} {
			w.commit(merchant, fmt.Sprint("later ", i), 5*time.Minute)
			time.Sleep(3 * time.Minute)
			if got := publisher.Run(w.t.Context(), nil).Lag; got != want {
				w.t.Errorf("%v after the put: lag %v, want %v", time.Since(put), got, want)
			}
		}
		w.server.SetFault(nil)
		time.Sleep(3 * time.Minute)
		if got := publisher.Run(w.t.Context(), nil).Lag; got != 0 {
			w.t.Errorf("in the end: lag %v", got)
		}
		w.commit(merchant, "waiting", 5*time.Minute)
		time.Sleep(4 * time.Minute)
		if got := publisher.Run(w.t.Context(), nil).Lag; got != 4*time.Minute {
			w.t.Errorf("waiting for its write interval: lag %v, want 4 minutes", got)
		}
	})
}
