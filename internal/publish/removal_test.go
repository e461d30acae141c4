package publish_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"token-refresher/internal/journal"
	"token-refresher/internal/publish"
	emulator "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/token"
)

// order removes the merchant's grant in a process of its own.
func (w *world) order(alter ...func(*process)) (token.Removal, error) {
	w.t.Helper()
	publisher, _ := w.start(alter...)
	return publisher.Remove(w.t.Context(), merchant)
}

// sweeps lets publishing passes come by, every minute as sweeps do.
func (w *world) sweeps(minutes int) {
	w.t.Helper()
	for range minutes {
		time.Sleep(time.Minute)
		publisher, _ := w.start()
		publisher.Run(w.t.Context(), nil)
	}
}

// wantGone checks that a removal is done, and what was revoked by it.
func (w *world) wantGone(revoked ...string) {
	w.t.Helper()
	e := w.entry(merchant)
	if !e.Removed || !e.Removal.Done() || e.Lease.Holder != "" || !e.PublishAt.IsZero() || !e.DueAt.IsZero() {
		w.t.Errorf("removed %v, %+v, lease %+v, next at %v; want it done", e.Removed, e.Removal, e.Lease, e.PublishAt)
	}
	if len(e.Blob) != 0 || !e.Grant.RefreshToken.Empty() {
		w.t.Error("the row still holds a sealed answer")
	}
	labels, err := w.store.Labels(w.t.Context(), merchant)
	if !errors.Is(err, token.ErrNotFound) && !labels.Deleted {
		w.t.Errorf("the grant's secret: %+v, %v; want it deleted", labels, err)
	}
	if got := w.access(merchant).Err; !errors.Is(got, token.ErrNotFound) && !errors.Is(got, token.ErrDeleted) {
		w.t.Errorf("the access token's secret: %v, want it deleted", got)
	}
	slices.Sort(w.outside.revoked)
	if got := slices.Compact(w.outside.revoked); !slices.Equal(got, revoked) {
		w.t.Errorf("revoked %q, want %q", got, revoked)
	}
}

// removable has a grant that is ahead of its secret, and a published token.
func removable(w *world) {
	w.use = token.Use{}
	w.commit(merchant, "first", time.Hour)
	w.publish(merchant)
	time.Sleep(writeInterval)
	w.commit(merchant, "second", time.Hour)
}

func TestRemove(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		removable(w)
		removal, err := w.order()
		if err != nil || removal.RevokedAt.IsZero() || removal.DeletedAt.IsZero() || removal.Unrevocable || removal.Done() {
			w.t.Errorf("Remove = %+v, %v; want both steps done, and a last look to come", removal, err)
		}
		if e := w.entry(merchant); e.Revision != 3 || len(e.Blob) != 0 {
			w.t.Errorf("revision %d with %d sealed bytes, want 3 and none: it is revoked", e.Revision, len(e.Blob))
		}
		w.sweeps(2)
		w.wantGone("second")
		if want := []string{merchant.String() + " Consent Removed removed"}; !slices.Equal(w.outside.told, want) {
			w.t.Errorf("told %q, want %q", w.outside.told, want)
		}
		again, err := w.order()
		if err != nil || !again.Done() || len(w.outside.told) != 1 {
			w.t.Errorf("once more: %+v, %v, told %q; want nothing changed", again, err, w.outside.told)
		}
	})
}

// What a removal finds, and what it says of it.
func TestRemoveOf(t *testing.T) {
	t.Parallel()
	change := func(w *world, become func(*token.Entry)) {
		old := w.entry(merchant)
		next := old
		become(&next)
		w.swap(old, next)
	}
	tests := []struct {
		name    string
		arrange func(w *world)
		want    error
		revoked []string
	}{
		{"nothing", func(*world) {}, token.ErrNotFound, nil},
		{"a secret that nobody knows yet", func(w *world) { w.paste(merchant, pasted) }, nil, []string{"pasted"}},
		{"a deleted secret that nobody knows", func(w *world) { w.paste(merchant, pasted); w.remove(merchant) }, token.ErrNotFound, nil},
		{"a grant without a secret", func(w *world) { w.commit(merchant, "first", time.Hour) }, nil, []string{"first"}},
		{"one that a person has put another over", func(w *world) { removable(w); w.paste(merchant, pasted) }, nil, []string{"pasted"}},
		{"one whose secret is unreadable", func(w *world) { removable(w); w.paste(merchant, "no grant") }, nil, []string{"second"}},
		{"a parked one", func(w *world) {
			removable(w)
			w.remove(merchant)
			w.wantReconciled(publish.Reconciled{Parked: 1})
		}, nil, []string{"second"}},
		{"a suspect one", func(w *world) {
			removable(w)
			change(w, func(e *token.Entry) { e.Suspect, e.DueAt = true, time.Time{} })
		}, nil, []string{"second"}},
		{"one that cannot be opened", func(w *world) {
			removable(w)
			w.corrupt(merchant, func(r *journal.Row) { r.Sealed[len(r.Sealed)-1] ^= 1 })
		}, token.ErrSealed, nil},
		{"one that is renewed all the time", func(w *world) {
			removable(w)
			change(w, func(e *token.Entry) { e.Lease = token.Lease{Holder: "renewer", Until: time.Now().Add(time.Hour)} })
		}, token.ErrLeased, nil},
		{"one that is being published", func(w *world) {
			removable(w)
			change(w, func(e *token.Entry) {
				e.Put = token.Put{Number: 2, At: time.Now(), Read: e.Put.Version, Version: "open"}
			})
		}, token.ErrPutOpen, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				test.arrange(w)
				removal, err := w.order()
				if !errors.Is(err, test.want) || removal.At.IsZero() != (test.want != nil) {
					w.t.Fatalf("Remove = %+v, %v; want %v", removal, err, test.want)
				}
				if test.want != nil {
					if w.entry(merchant).Removed || len(w.outside.revoked)+len(w.outside.told) != 0 {
						w.t.Errorf("removed %v, revoked %q, told %q; want nothing done", w.entry(merchant).Removed, w.outside.revoked, w.outside.told)
					}
					return
				}
				w.sweeps(2)
				w.wantGone(test.revoked...)
			})
		})
	}
}

// A secret that may not be deleted keeps nothing from being revoked.
func TestDeletionIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{secretName(merchant), "mobilepay/" + merchant.String() + "/access-token"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				removable(w)
				w.server.SetFault(func(operation, secret string) *emulator.Fault {
					if operation != "DeleteSecret" || secret != name {
						return nil
					}
					return &emulator.Fault{Type: "AccessDeniedException", Message: "not now"}
				})
				removal, err := w.order()
				if err == nil || removal.RevokedAt.IsZero() || !removal.DeletedAt.IsZero() {
					w.t.Errorf("Remove = %+v, %v; want only the deletion missing", removal, err)
				}
				w.sweeps(3)
				if w.entry(merchant).Removal.Done() {
					w.t.Error("the removal is done, and a secret is there")
				}
				w.server.SetFault(nil)
				w.sweeps(10)
				w.wantGone("second")
			})
		})
	}
}

// A removal that an older program has taken out of the index is found by the
// reconcile.
func TestStrayRemoval(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		removable(w)
		_, _ = w.order(func(p *process) { p.dieAt = 3 })
		e := w.entry(merchant)
		stray := e
		stray.PublishAt = time.Time{}
		w.swap(e, stray)
		time.Sleep(reconcileInterval)
		w.reconcile()
		w.sweeps(2)
		w.wantGone("second")
	})
}

// While a consent is under way, nothing is done about what turns up in the
// secret of a removed grant.
func TestReconcileOfATombstoneNeedsTheLease(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		removable(w)
		_, _ = w.order()
		w.sweeps(2)
		w.wantGone("second")
		late := grant(merchant, "late").Stamped(w.entry(merchant).Revision)
		if err := w.store.KeepGrant(w.t.Context(), late); err != nil {
			w.t.Fatalf("KeepGrant: %v", err)
		}
		e := w.entry(merchant)
		leased, err := e.BeginExchange(token.Fingerprint{1}, token.Lease{Holder: "consent", Until: time.Now().Add(time.Hour)}, false, time.Now())
		if err != nil {
			w.t.Fatalf("BeginExchange: %v", err)
		}
		w.swap(e, leased)
		time.Sleep(reconcileInterval)
		w.reconcile()
		if w.entry(merchant).Removing() {
			w.t.Error("the removal began again while a consent was under way")
		}
		time.Sleep(time.Hour)
		w.reconcile()
		w.sweeps(2)
		w.wantGone("late", "second")
	})
}
