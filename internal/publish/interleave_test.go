package publish_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"token-refresher/internal/publish"
)

// start is how the world is before the publication under test.
type start struct {
	name  string
	make  func(*world)
	first bool // there is no secret yet
}

func starts() []start {
	return []start{
		{name: "ahead of its secret", make: func(w *world) { w.published(merchant) }},
		{name: "without a secret", make: func(w *world) { w.commit(merchant, "third", 5*time.Minute) }, first: true},
	}
}

// A stranger is a person or an import that writes at one step of a publication.
type stranger struct {
	name string
	act  func(*world)
	last func(*world) // later, when the publication is over
	want string       // refresh token that all hold in the end
	// where there is no secret yet, if that is another
	wantFirst string
}

func (s stranger) wants(at start) string {
	if at.first && s.wantFirst != "" {
		return s.wantFirst
	}
	return s.want
}

const (
	pasted      = `{"refresh_token":"pasted"}`
	pastedLater = `{"refresh_token":"pasted later","consented_at":"2000-02-01T00:00:00Z"}`
	spent       = `{"refresh_token":"first","consented_at":"2000-02-01T00:00:00Z"}`
)

func strangers() []stranger {
	return []stranger{
		{name: "a grant is pasted", act: func(w *world) { w.paste(merchant, pasted) }, want: "pasted"},
		{name: "two grants are pasted", act: func(w *world) { w.paste(merchant, pasted); w.paste(merchant, pastedLater) }, want: "pasted later"},
		{name: "a spent grant is pasted", act: func(w *world) { w.paste(merchant, spent) }, want: "third", wantFirst: "first"},
		{name: "a field is edited", act: func(w *world) { w.edit(merchant, "scope", "edited") }, want: "third"},
		{name: "a stamp is broken", act: func(w *world) { w.edit(merchant, "stamp", "edited") }, want: "third"},
		{name: "the label is moved back", act: func(w *world) { w.moveBack(merchant) }, want: "third"},
		{name: "an import runs twice", act: func(w *world) { w.paste(merchant, pasted) }, last: func(w *world) { w.paste(merchant, pasted) }, want: "pasted"},
		{name: "deleted and restored", act: func(w *world) { w.remove(merchant); w.restore(merchant) }, want: "third"},
		{name: "deleted, later restored", act: func(w *world) { w.remove(merchant) }, last: func(w *world) { w.restore(merchant) }, want: "third"},
		{name: "deleted, restored, then pasted", act: func(w *world) { w.remove(merchant); w.restore(merchant); w.paste(merchant, pasted) }, want: "pasted"},
	}
}

// steps are the calls of a publication that nobody disturbs.
func steps(t *testing.T, s start) []string {
	t.Helper()
	var calls []string
	inBubble(t, func(w *world) {
		s.make(w)
		publisher, p := w.start()
		if _, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed); err != nil {
			w.t.Fatalf("Publish: %v", err)
		}
		calls = p.calls
		w.wantSettled(merchant, "third")
	})
	return calls
}

func TestStepsOfAPublication(t *testing.T) {
	t.Parallel()
	want := []string{"Get", "Swap", "Labels", "PutGrant", "Labels", "Swap"}
	if got := steps(t, starts()[0]); !slices.Equal(got, want) {
		t.Errorf("steps = %v, want read, claim, look, put, look, confirm: %v", got, want)
	}
}

// No put covers a stranger: whatever a person does before, at or after any step
// of a publication, all comes to what rule R says, and nothing that was newer is
// lost.
func TestStrangerAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, s := range starts() {
		calls := append(steps(t, s), "the end")
		for step, name := range calls {
			for _, stranger := range strangers() {
				t.Run(fmt.Sprintf("%s/before %d %s/%s", s.name, step, name, stranger.name), func(t *testing.T) {
					t.Parallel()
					inBubble(t, func(w *world) {
						s.make(w)
						publisher, _ := w.start(func(p *process) {
							p.before = func(call int, _ string) {
								if call == step {
									stranger.act(w)
								}
							}
						})
						_, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed)
						if step == len(calls)-1 {
							stranger.act(w)
						}
						if stranger.last != nil {
							w.converge()
							stranger.last(w)
						}
						w.converge()
						w.wantSettled(merchant, stranger.wants(s))
						if t.Failed() {
							t.Logf("Publish: %v", err)
						}
					})
				})
			}
		}
	}
}

// Whatever a stranger did to the value that a put has covered meanwhile, it is
// judged by that very publication, not left to chance.
func TestCoveredValueIsJudgedAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		publisher, _ := w.start(func(p *process) {
			p.before = func(_ int, name string) {
				if name == "PutGrant" {
					w.paste(merchant, pasted)
				}
			}
		})
		outcome, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed)
		if err != nil || !outcome.Adopted || outcome.Entry.Grant.RefreshToken.Reveal() != "pasted" {
			w.t.Errorf("Publish = adopted %v, error %v, want the covered grant adopted", outcome.Adopted, err)
		}
		if e := outcome.Entry; e.DueAt.After(time.Now()) || !e.PublishAt.Equal(e.Put.At.Add(writeInterval)) {
			w.t.Errorf("due at %v, published at %v, want now and when the interval is over", e.DueAt, e.PublishAt)
		}
	})
}

// A process may die before or after any call: the next one settles what it left.
func TestDeathAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, s := range starts() {
		for step, name := range steps(t, s) {
			for _, answers := range []bool{false, true} {
				for _, meanwhile := range append(strangers(), stranger{name: "nobody writes", act: func(*world) {}, want: "third"}) {
					t.Run(fmt.Sprintf("%s/%d %s carried out %v/%s", s.name, step, name, answers, meanwhile.name), func(t *testing.T) {
						t.Parallel()
						inBubble(t, func(w *world) {
							s.make(w)
							publisher, _ := w.start(func(p *process) { p.dieAt, p.answers = step, answers })
							if _, err := publisher.Publish(w.t.Context(), merchant, publish.WhenAllowed); err == nil {
								w.t.Error("Publish by a dead process: no error")
							}
							meanwhile.act(w)
							if meanwhile.last != nil {
								w.converge()
								meanwhile.last(w)
							}
							w.converge()
							w.wantSettled(merchant, meanwhile.wants(s))
						})
					})
				}
			}
		}
	}
}

// Of two publishers one puts, wherever the other one is.
func TestTwoPublishersAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, s := range starts() {
		for step, name := range steps(t, s) {
			for _, pause := range []time.Duration{0, 2 * time.Minute} {
				t.Run(fmt.Sprintf("%s/at %d %s after %v", s.name, step, name, pause), func(t *testing.T) {
					t.Parallel()
					inBubble(t, func(w *world) {
						s.make(w)
						first, _ := w.start(func(p *process) {
							p.before = func(call int, _ string) {
								if call == step {
									time.Sleep(pause)
									second, _ := w.start()
									_, _ = second.Publish(w.t.Context(), merchant, publish.WhenAllowed)
								}
							}
						})
						_, _ = first.Publish(w.t.Context(), merchant, publish.WhenAllowed)
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
