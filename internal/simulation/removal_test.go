package simulation_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// removal is what a person orders. One that found the grant in use is ordered
// again, as the person is told to do.
func (a *actors) removal(ctx context.Context) {
	_, publisher := a.hands("remover")
	for range 10 {
		removal, err := publisher.Remove(ctx, a.id)
		if !removal.At.IsZero() {
			return
		}
		if !errors.Is(err, token.ErrLeased) && !errors.Is(err, token.ErrPutOpen) {
			a.t.Errorf("Remove: %v, want it done, or still in use", err)
			return
		}
	}
	a.t.Error("the grant was in use all the time")
}

// gone checks that nothing is left of a removed grant after some sweeps, and
// that the tombstone stands.
func (w *world) gone(id token.ID) {
	w.t.Helper()
	e, s := w.journal.entries[id], w.secrets.grants[id]
	if !e.Removed || !e.Removal.Done() || e.Lease.Holder != "" || !e.DueAt.IsZero() || !e.PublishAt.IsZero() {
		w.t.Errorf("removed %v, %+v, lease %+v, due %v, next %v; want the removal done", e.Removed, e.Removal, e.Lease, e.DueAt, e.PublishAt)
	}
	if !e.Grant.RefreshToken.Empty() || !e.Access.Value.Empty() {
		w.t.Error("the row of a removed grant holds its tokens")
	}
	if s != nil && !s.deleted {
		w.t.Error("the grant's secret is there")
	}
	if _, there := w.secrets.access[id]; there {
		w.t.Error("the access token's secret is there")
	}
	if live := w.provider.live[id]; live != "" {
		w.t.Errorf("%s lives at the provider", live)
	}
	if !slices.Contains(w.told, id.String()+" Consent Removed removed") {
		w.t.Errorf("told %v, want of the removal", w.told)
	}
}

// A removal while a sweep renews and publishes the same grant, or while another
// one is under way, in every order of their steps: gone, the newest token
// revoked, nothing brought back.
func TestRemovalAndSweep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		switches int
		before   func(*actors)
		other    func(*actors) func(context.Context)
	}{
		{"a renewal", all, nil, func(a *actors) func(context.Context) { return a.renewal }},
		{"a publication", few(3), renewed, func(a *actors) func(context.Context) { return a.publication }},
		{"a whole sweep", few(2), nil, func(a *actors) func(context.Context) { return inTurn(a.renewal, a.publication) }},
		{"another removal", few(3), nil, func(a *actors) func(context.Context) { return a.removal }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			runs := enumerate(t, test.switches, func(t *testing.T, choose func([]string) string) []string {
				a := newActors(t)
				if test.before != nil {
					test.before(a)
				}
				order := a.pace.turns
				order.run(t.Context(), map[string]func(context.Context){"removal": a.removal, "other": test.other(a)}, choose)
				a.pace.turns = nil
				if report := a.sweep(5); len(report.ConsentRequired)+report.RotationLost+report.ResultAtRisk != 0 {
					t.Errorf("report %+v, want nobody asked for anything", report)
				}
				a.gone(a.id)
				return order.order
			})
			t.Logf("%d orders", runs)
		})
	}
}

// A removal and a consent at the same time: the consent either comes first, and
// is removed, or is told to try again, before any exchange. One that hangs until
// its lease is over comes too late, and what it brought is revoked.
func TestRemovalAndConsent(t *testing.T) {
	t.Parallel()
	runs := enumerate(t, few(3), func(t *testing.T, choose func([]string) string) []string {
		a := newActors(t)
		order := a.pace.turns
		order.run(t.Context(), map[string]func(context.Context){
			"removal": a.removal, "consent": inTurn(a.consent("consent", "code"), a.urgentPublication),
		}, choose)
		a.pace.turns = nil
		got := a.exchanged["consent"]
		switch {
		case got.Outcome == token.ExchangeDone && got.Err == nil:
		case errors.Is(got.Err, token.ErrRemoved) && !got.Made && a.till.exchanges["code"] == 0:
		case got.Outcome == token.ExchangeFailed && slices.Contains(order.order, "consent"+hangs):
		default:
			t.Errorf("the consent: %+v after %d exchanges, want it done, or turned away before", got, a.till.exchanges["code"])
		}
		a.sweep(5)
		a.gone(a.id)
		return order.order
	})
	t.Logf("%d orders", runs)
}

// remover is a process that removes a grant, step by step, and dies at one.
func (w *world) remover(id token.ID, s *steps) (lived bool) {
	return w.mortal(s, func(_ *refresh.Renewer, publisher *publish.Publisher) {
		_, _ = publisher.Remove(w.t.Context(), id)
	})
}

// A removal whose process dies before or after any of its steps, or to which a
// store or the provider says no: sweeps bring it to its end. Only one that was
// not written down yet is no removal.
func TestRemovalCrashTable(t *testing.T) {
	t.Parallel()
	var names []string
	synctest.Test(t, func(t *testing.T) {
		w, id := crashWorld(t)
		s := &steps{}
		w.remover(id, s)
		names = s.names
	})
	if len(names) < 8 {
		t.Fatalf("only the steps %q, want those of a removal", names)
	}
	written := slices.Index(names, "journal Swap#1")
	for i, name := range names {
		for _, how := range []string{diesBefore, diesAfter, isRefused, answerLost} {
			if !effective(name) && (how == diesAfter || how == answerLost) {
				continue // the same as before the next step
			}
			t.Run(how+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w, id := crashWorld(t)
					w.remover(id, &steps{at: i + 1, how: how})
					begun := i > written || (i == written && (how == diesAfter || how == answerLost))
					if got := w.journal.entries[id].Removed; got != begun {
						t.Errorf("removed %v, want %v", got, begun)
					}
					w.heal()
					if begun {
						w.gone(id)
					} else {
						w.converged(id)
					}
				})
			})
		}
	}
}

// Whatever comes back after a removal: what is newer lives, what was removed
// does not.
func TestAfterARemoval(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		act   func(w *world, id token.ID)
		lives bool
	}{
		{"a person restores the secret", func(w *world, id token.ID) { w.secrets.restored(id) }, false},
		{"a person restores it and pastes an old grant", func(w *world, id token.ID) {
			w.secrets.restored(id)
			w.secrets.byHand(id, w.secrets.grants[id].versions["first"])
		}, false},
		{"an import of a new consent", func(w *world, id token.ID) {
			w.secrets.restored(id)
			w.secrets.byHand(id, token.Grant{ID: id, RefreshToken: w.provider.consent(id), Subject: "s"})
		}, true},
		{"a new consent", func(w *world, id token.ID) {
			a := &actors{world: w, id: id, till: &till{w: w, exchanges: map[string]int{}, refused: map[string]bool{}}, exchanged: map[string]refresh.Exchanged{}}
			w.watch.interval = 0
			a.consent("consent", "code")(w.t.Context())
			a.publish(w.t.Context(), publish.AtOnce)
		}, true},
		{"an answer that came late and only the secret took", func(w *world, id token.ID) {
			w.provider.consent(id) // as if the provider had rotated it
			e := w.journal.entries[id]
			g := token.Grant{ID: id, RefreshToken: token.NewSecret(w.provider.live[id]), Subject: "s", ConsentedAt: time.Now()}
			if err := w.secrets.KeepGrant(w.t.Context(), g.Stamped(e.Revision)); err != nil {
				w.t.Errorf("KeepGrant: %v", err)
			}
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, id := crashWorld(t)
				w.remover(id, nil)
				w.heal()
				w.gone(id)
				test.act(w, id)
				w.heal()
				switch restored := !w.secrets.grants[id].deleted; {
				case test.lives:
					w.converged(id)
				case restored: // what a person restored stays, and does nothing
					w.secrets.grants[id].deleted = true
					w.gone(id)
				default:
					w.gone(id)
				}
			})
		})
	}
}
