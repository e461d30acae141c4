package simulation_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/token"
)

// Every order there is has more switches than there are steps.
const all = 1 << 10

// few is for pairs that have too many orders for every day; `make soak` tries
// those with two switches more.
func few(switches int) int {
	if os.Getenv("SOAK") != "" {
		return switches + 2
	}
	return switches
}

// A consent and a sweep of the same merchant, in every order of their steps at
// the journal, at Secrets Manager and at the provider; of the longest pairs with
// three switches at most.
func TestConsentAndSweep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		switches int
		before   func(*actors) // what has happened already
		first    func(*actors) func(context.Context)
		second   func(*actors) func(context.Context)
	}{
		{"a consent, and a renewal", all, nil,
			func(a *actors) func(context.Context) { return a.consent("consent", "code") },
			func(a *actors) func(context.Context) { return a.renewal }},
		{"a consent, and a publication", all, renewed,
			func(a *actors) func(context.Context) { return a.consent("consent", "code") },
			func(a *actors) func(context.Context) { return a.publication }},
		{"a consent that is published, and a publication", few(3), renewed,
			func(a *actors) func(context.Context) {
				return inTurn(a.consent("consent", "code"), a.urgentPublication)
			},
			func(a *actors) func(context.Context) { return a.publication }},
		{"a consent that is published, and a renewal", all, nil,
			func(a *actors) func(context.Context) {
				return inTurn(a.consent("consent", "code"), a.urgentPublication)
			},
			func(a *actors) func(context.Context) { return a.renewal }},
		{"a consent that is published, and a whole sweep", few(3), nil,
			func(a *actors) func(context.Context) {
				return inTurn(a.consent("consent", "code"), a.urgentPublication)
			},
			func(a *actors) func(context.Context) { return inTurn(a.renewal, a.publication) }},
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
				order.run(t.Context(), map[string]func(context.Context){"consent": test.first(a), "sweep": test.second(a)}, choose)
				if got := a.exchanged["consent"]; got.Outcome != token.ExchangeDone {
					t.Errorf("the consent: %+v, want it done", got)
				}
				a.check("code")
				return order.order
			})
			t.Logf("%d orders", runs)
		})
	}
}

// Two consents of one merchant at once, in two tabs or at two instances: each
// code is exchanged once, the newest grant stays, and nobody is asked again. One
// whose code is refused takes nothing from the other.
func TestTwoConsents(t *testing.T) {
	t.Parallel()
	for _, refused := range []string{"", "one", "two"} {
		t.Run("refused "+refused, func(t *testing.T) {
			t.Parallel()
			runs := enumerate(t, few(2), func(t *testing.T, choose func([]string) string) []string {
				a := newActors(t)
				a.till.refused[refused] = true
				order := a.pace.turns
				order.run(t.Context(), map[string]func(context.Context){
					"first":  inTurn(a.consent("first", "one"), a.urgentPublication),
					"second": inTurn(a.consent("second", "two"), a.urgentPublication),
				}, choose)
				for name, code := range map[string]string{"first": "one", "second": "two"} {
					want := token.ExchangeDone
					if code == refused {
						want = token.ExchangeRefused
					}
					got := a.exchanged[name]
					if slices.Contains(order.order, name+hangs) && (got.Outcome == token.ExchangeSuperseded || got.Outcome == token.ExchangeFailed) {
						continue // the lease was forced meanwhile by a newer consent, or the provider gave no answer in time
					}
					if got.Outcome != want {
						t.Errorf("%s: %+v, want %s", name, got, want)
					}
				}
				a.check()
				if a.till.exchanges["one"] > 1 || a.till.exchanges["two"] > 1 {
					t.Errorf("exchanges %v, want one of each code at most", a.till.exchanges)
				}
				return order.order
			})
			t.Logf("%d orders", runs)
		})
	}
}

// The same callback at two instances: one exchanges the code, both answer alike,
// or, if that one hangs, the other has no answer in time and gets it later.
func TestSameCallbackTwice(t *testing.T) {
	t.Parallel()
	runs := enumerate(t, all, func(t *testing.T, choose func([]string) string) []string {
		a := newActors(t)
		order := a.pace.turns
		order.run(t.Context(), map[string]func(context.Context){
			"first": a.consent("first", "code"), "second": a.consent("second", "code"),
		}, choose)
		a.pace.turns = nil
		a.consent("again", "code")(t.Context())
		hung := slices.ContainsFunc(order.order, func(step string) bool { return strings.HasSuffix(step, hangs) })
		want, made := token.ExchangeDone, 0
		if hung {
			want = a.exchanged["again"].Outcome
		}
		for name, got := range a.exchanged {
			if got.Outcome != want && (!hung || got.Outcome != "") {
				t.Errorf("%s: %+v, want %q", name, got, want)
			}
			if got.Made {
				made++
			}
		}
		if made != 1 || a.till.exchanges["code"] > 1 {
			t.Errorf("made by %d, exchanged %d times; want one", made, a.till.exchanges["code"])
		}
		a.check()
		return order.order
	})
	t.Logf("%d orders", runs)
}
