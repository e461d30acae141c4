package publish_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/token"
)

const toldOfLoss = "subscriptions/DK12345678 Rotation Lost rotation_lost"

// untold has a grant with one event that nobody was told of.
func untold(w *world, more ...func(*token.Entry)) {
	w.t.Helper()
	w.published(merchant)
	w.publish(merchant)
	old := w.entry(merchant)
	next := old.Tell(token.EventRotationLost, token.ReasonRotationLost, time.Now())
	for _, change := range more {
		change(&next)
	}
	w.swap(old, next)
}

// pass is one publishing pass by a process of its own.
func (w *world) pass(alter ...func(*process)) publish.Published {
	w.t.Helper()
	publisher, _ := w.start(alter...)
	return publisher.Run(w.t.Context(), nil)
}

// wantTold checks who was told what, and that nothing is left to tell.
func (w *world) wantTold(want ...string) {
	w.t.Helper()
	if !slices.Equal(w.outside.told, want) {
		w.t.Errorf("told %q, want %q", w.outside.told, want)
	}
	if e := w.entry(merchant); len(e.Untold) != 0 || !e.PublishAt.IsZero() {
		w.t.Errorf("untold %v, next at %v; want nothing left", e.Untold, e.PublishAt)
	}
}

func TestToldOnce(t *testing.T) {
	t.Parallel()
	states := map[string]func(*token.Entry){
		"a live one":              func(*token.Entry) {},
		"a suspect one":           func(e *token.Entry) { e.Suspect = true },
		"a parked one":            func(e *token.Entry) { e.Parked = true },
		"a removed one":           func(e *token.Entry) { e.Removed, e.Removal.DoneAt = true, time.Now() },
		"one that is leased":      func(e *token.Entry) { e.Lease = token.Lease{Holder: "renewer", Until: time.Now().Add(time.Hour)} },
		"one of an older program": func(e *token.Entry) { e.PublishAt = time.Time{} },
	}
	for name, state := range states {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				untold(w, state)
				w.pass()
				time.Sleep(reconcileInterval)
				w.reconcile() // finds what is not nominated
				w.pass()
				w.wantTold(toldOfLoss)
			})
		})
	}
}

// Whoever dies around telling, or cannot tell, leaves it to the next pass.
func TestToldByTheNextPass(t *testing.T) {
	t.Parallel()
	at := func(name string) func(call int, got string) error {
		return func(_ int, got string) error {
			if got == name {
				return errLost
			}
			return nil
		}
	}
	tests := []struct {
		name  string
		alter func(*process)
		want  []string
	}{
		{"dies before", func(p *process) { p.dieAt = 2 }, []string{toldOfLoss}},
		{"dies after", func(p *process) { p.dieAt, p.answers = 2, true }, []string{toldOfLoss, toldOfLoss}},
		{"cannot tell", func(p *process) { p.refuse = at("Tell") }, []string{toldOfLoss}},
		{"cannot note it", func(p *process) { p.refuse = at("Swap") }, []string{toldOfLoss, toldOfLoss}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				untold(w)
				w.pass(test.alter)
				if len(w.entry(merchant).Untold) == 0 {
					w.t.Error("it is noted as told")
				}
				w.pass()
				w.pass()
				w.wantTold(test.want...)
			})
		})
	}
}

// What is added while others are told stays to be told.
func TestAddedWhileTelling(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		untold(w)
		w.pass(func(p *process) {
			p.before = func(_ int, name string) {
				if name == "Tell" {
					e := w.entry(merchant)
					w.swap(e, e.Tell(token.EventConsentGiven, token.ReasonConsented, time.Now()))
				}
			}
		})
		w.pass()
		w.wantTold(toldOfLoss, merchant.String()+" Consent Given consented")
	})
}

// Those who are told may be down: the grant is published all the same.
func TestTellingHoldsNothingUp(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		untold(w)
		time.Sleep(writeInterval)
		w.commit(merchant, "fourth", 5*time.Minute)
		w.pass(func(p *process) {
			p.refuse = func(_ int, name string) error {
				if name == "Tell" {
					return errors.New("no bus")
				}
				return nil
			}
		})
		if e := w.entry(merchant); !e.Published() || len(e.Untold) != 1 {
			w.t.Errorf("published %v, untold %v; want it published, and still to be told", e.Published(), e.Untold)
		}
	})
}
