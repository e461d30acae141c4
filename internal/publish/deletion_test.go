package publish_test

import (
	"context"
	"testing"
	"time"

	"token-refresher/internal/publish"
	emulator "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/token"
)

// Secrets that are gone park their entries, unless they are too many at once; a
// restored one revives its entry, and what was put there since is judged.
func TestReconcileDeletions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		all     int
		deleted int
		want    publish.Reconciled
	}{
		{name: "one of one", all: 1, deleted: 1, want: publish.Reconciled{Parked: 1}},
		{name: "all of four", all: 4, deleted: 4, want: publish.Reconciled{Parked: 4}},
		{name: "five of 26", all: 26, deleted: 5, want: publish.Reconciled{Parked: 5}},
		{name: "five of 25", all: 25, deleted: 5, want: publish.Reconciled{Gone: 5, MassDeletion: true}},
		{name: "half of all", all: 20, deleted: 10, want: publish.Reconciled{Gone: 10, MassDeletion: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				gone := w.publishedMany(tt.all)[:tt.deleted]
				for _, id := range gone {
					w.remove(id)
				}
				w.wantReconciled(tt.want)
				for _, id := range gone {
					e := w.entry(id)
					if e.Parked == tt.want.MassDeletion || e.Grant.RefreshToken.Empty() {
						w.t.Errorf("%s: parked %v, grant kept %v", id, e.Parked, !e.Grant.RefreshToken.Empty())
					}
					if e.Parked && (!e.DueAt.IsZero() || !e.PublishAt.IsZero()) {
						w.t.Errorf("%s is parked and due at %v, published at %v, want never", id, e.DueAt, e.PublishAt)
					}
				}
				parkedAgain := tt.want
				parkedAgain.Parked = 0
				w.wantReconciled(parkedAgain) // nothing new, but it still pages
				for _, id := range gone {
					w.restore(id)
				}
				w.wantReconciled(publish.Reconciled{Revived: tt.want.Parked})
				w.converge()
				for _, id := range gone {
					w.wantSettled(id, "first of "+id.Merchant)
					if e := w.entry(id); e.Parked || e.DueAt.IsZero() {
						w.t.Errorf("%s: parked %v, due at %v, want revived", id, e.Parked, e.DueAt)
					}
				}
			})
		})
	}
}

func TestRevivedByRuleR(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		w.publish(merchant)
		w.remove(merchant)
		w.wantReconciled(publish.Reconciled{Parked: 1})
		w.restore(merchant)
		w.paste(merchant, pasted)
		w.wantReconciled(publish.Reconciled{Revived: 1, Adopted: 1})
		w.converge()
		w.wantSettled(merchant, "pasted")
	})
}

// Only not-found and a deletion date mean gone: nothing else parks.
func TestAccessErrorIsNotGone(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"AccessDeniedException", "ThrottlingException", "InternalServiceError", "InvalidRequestException"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				ids := w.publishedMany(2)
				for _, id := range ids {
					w.remove(id)
				}
				w.server.SetFault(func(operation, _ string) *emulator.Fault {
					if operation != "DescribeSecret" {
						return nil
					}
					return &emulator.Fault{Type: code, Message: "not now"}
				})
				got := w.reconcile()
				if got.Parked != 0 || got.Gone != 0 || len(got.Failed) != 2 || w.entry(ids[0]).Parked {
					w.t.Errorf("Reconcile = %+v, want both reported and none parked", got)
				}
			})
		})
	}
}

// An entry is parked only while nobody renews it, and only as it was when its
// secret was looked at.
func TestParkingGivesWay(t *testing.T) {
	t.Parallel()
	lease := func(w *world) {
		e := w.entry(merchant)
		leased := e
		leased.Lease = token.Lease{Holder: "renewer", Until: time.Now().Add(time.Minute)}
		w.swap(e, leased)
	}
	tests := []struct {
		name string
		at   string // call before which it happens
		act  func(w *world)
	}{
		{name: "to a lease", at: "ListGrants", act: lease},
		{name: "to a lease taken meanwhile", at: "Labels", act: lease},
		{name: "to a commit", at: "Labels", act: func(w *world) { w.commit(merchant, "fourth", 5*time.Minute) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.published(merchant)
				w.publish(merchant)
				w.remove(merchant)
				time.Sleep(reconcileInterval)
				publisher, _ := w.start(func(p *process) {
					p.before = func(_ int, name string) {
						if name == tt.at {
							tt.act(w)
						}
					}
				})
				got, err := publisher.Reconcile(w.t.Context())
				if err != nil || got.Parked != 0 || got.Gone != 1 || w.entry(merchant).Parked {
					w.t.Errorf("Reconcile = %+v, %v, want it left for the next one", got, err)
				}
				time.Sleep(2 * time.Minute)
				w.wantReconciled(publish.Reconciled{Parked: 1})
			})
		})
	}
}

// First consents that failed leave entries without a grant. They make no mass
// deletion look small.
func TestFailedConsentsAreNoLiveGrants(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		ids := many(60)
		for _, id := range w.publishedMany(10) {
			w.remove(id)
		}
		for i, id := range ids[10:] {
			lease := token.Lease{Holder: "consent", Until: time.Now().Add(time.Minute)}
			begun, err := token.Entry{ID: id}.BeginExchange(token.Fingerprint{byte(i)}, lease, false, time.Now())
			if err != nil {
				w.t.Fatal(err)
			}
			w.swap(token.Entry{}, begun.EndExchange(token.Fingerprint{byte(i)}, token.ExchangeFailed).Release("consent"))
		}
		w.wantReconciled(publish.Reconciled{Gone: 10, MassDeletion: true})
	})
}

// A reconcile that could not look at everything parks nothing: how many are gone
// is not known.
func TestPartialReconcileParksNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		for _, id := range w.publishedMany(20)[:10] {
			w.remove(id)
		}
		publisher, _ := w.start(func(p *process) {
			p.before = func(_ int, name string) {
				if name == "Labels" {
					time.Sleep(10 * time.Second)
				}
			}
		})
		ctx, cancel := context.WithTimeout(w.t.Context(), 12*time.Second)
		defer cancel()
		got, err := publisher.Reconcile(ctx)
		if err != nil || got.Remaining == 0 || got.Parked != 0 {
			w.t.Errorf("Reconcile = %+v, %v, want some remaining and none parked", got, err)
		}
		other, _ := w.start()
		if got, err := other.Reconcile(w.t.Context()); err != nil || got.Remaining != 0 || !got.MassDeletion {
			w.t.Errorf("the next one = %+v, %v, want it to look at all at once", got, err)
		}
	})
}
