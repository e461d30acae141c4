package simulation_test

import (
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/token"
)

// People in the console do what they do at every step of a renewal and its
// publication. Each time what rule R says is the outcome: what they took from a
// new consent is used, everything else is published over, and nothing is lost.
func TestPeopleInTheConsole(t *testing.T) {
	t.Parallel()
	actions := []struct {
		name string
		act  func(w *world, id token.ID)
	}{
		{"pastes the grant of a new consent", func(w *world, id token.ID) {
			w.secrets.byHand(id, token.Grant{ID: id, RefreshToken: w.provider.consent(id), Subject: "s"})
		}},
		{"imports a new consent twice", func(w *world, id token.ID) {
			g := token.Grant{ID: id, RefreshToken: w.provider.consent(id), ConsentedAt: time.Now()}
			w.secrets.byHand(id, g)
			w.secrets.byHand(id, g)
		}},
		{"edits a field", func(w *world, id token.ID) {
			s := w.secrets.grants[id]
			g := s.versions[s.current]
			g.Scope = "edited"
			w.secrets.byHand(id, g)
		}},
		{"pastes the first grant again", func(w *world, id token.ID) {
			w.secrets.byHand(id, w.secrets.grants[id].versions["first"])
		}},
		{"moves the label back to the first version", func(w *world, id token.ID) {
			s := w.secrets.grants[id]
			s.previous, s.current = s.current, "first"
		}},
		{"moves the label to the version before", func(w *world, id token.ID) {
			s := w.secrets.grants[id]
			s.previous, s.current = s.current, s.previous
		}},
		{"deletes the secret, and restores it 20 minutes later", func(w *world, id token.ID) {
			w.secrets.grants[id].deleted = true
			w.watch.expiring = true
			time.AfterFunc(20*time.Minute, func() { w.secrets.restored(id) })
		}},
	}
	var names []string
	synctest.Test(t, func(t *testing.T) {
		w, id := crashWorld(t)
		s := &steps{}
		w.process(id, s)
		names = s.names
	})
	for _, action := range actions {
		for i, name := range names {
			t.Run(action.name+" before "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w, id := crashWorld(t)
					w.process(id, &steps{at: i + 1, how: personActs, act: func() { action.act(w, id) }})
					report := w.heal()
					w.heal() // once more: a loser waits for its write interval
					if violation := w.watch.first(); violation != "" {
						t.Errorf("violated: %s", violation)
					}
					if len(w.lost()) != 0 || len(report.ConsentRequired)+report.RotationLost != 0 {
						t.Errorf("lost %v, report %+v; want nothing lost", w.lost(), report)
					}
					w.converged(id)
					if e := w.journal.entries[id]; e.Grant.Scope != "" {
						t.Errorf("the journal took the field %q from a loser", e.Grant.Scope)
					}
				})
			})
		}
	}
}

// Somebody deletes half of all grant secrets, at every step of a renewal of one
// of them, and restores them 20 minutes later: so many deletions are not
// believed, nobody is parked, and all goes on.
func TestHalfOfAllSecretsGone(t *testing.T) {
	t.Parallel()
	const merchants = 10
	prepared := func(t *testing.T) (*world, token.ID) {
		w := newWorld(t, 1)
		w.addClient("reporting", 30*time.Minute, merchants)
		w.heal() // all renewed and published, and the first due again
		for w.journal.entries[w.ids[0]].DueAt.After(time.Now()) {
			time.Sleep(time.Minute)
		}
		return w, w.ids[0]
	}
	var names []string
	synctest.Test(t, func(t *testing.T) {
		w, id := prepared(t)
		s := &steps{}
		w.process(id, s)
		names = s.names
	})
	for i, name := range names {
		t.Run("before "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, id := prepared(t)
				w.watch.expiring = true
				w.journal.sabotage = func(_, next token.Entry) token.Entry {
					if next.Parked {
						w.watch.violated("%s was parked", next.ID)
					}
					return next
				}
				gone := w.ids[:merchants/2]
				w.process(id, &steps{at: i + 1, how: personActs, act: func() {
					for _, id := range gone {
						w.secrets.grants[id].deleted = true
						time.AfterFunc(20*time.Minute, func() { w.secrets.restored(id) })
					}
				}})
				report := w.heal()
				w.heal()
				if violation := w.watch.first(); violation != "" {
					t.Errorf("violated: %s", violation)
				}
				if len(w.lost()) != 0 || len(report.ConsentRequired)+report.RotationLost != 0 {
					t.Errorf("lost %v, report %+v; want nothing lost", w.lost(), report)
				}
				if report.ResultAtRisk == 0 {
					t.Error("the mass deletion pages nobody")
				}
				for _, id := range w.ids {
					w.converged(id)
				}
			})
		})
	}
}
