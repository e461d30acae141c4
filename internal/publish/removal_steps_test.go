package publish_test

import (
	"fmt"
	"slices"
	"testing"

	"token-refresher/internal/token"
)

// removalSteps are the calls of a removal that nobody disturbs.
func removalSteps(t *testing.T) (calls []string) {
	t.Helper()
	inBubble(t, func(w *world) {
		removable(w)
		if _, err := w.order(func(p *process) { p.before = func(_ int, name string) { calls = append(calls, name) } }); err != nil {
			w.t.Errorf("Remove: %v", err)
		}
	})
	return calls
}

func TestStepsOfARemoval(t *testing.T) {
	t.Parallel()
	want := []string{
		"Get", "Labels", "Swap", "Tell", "Swap", "Revoke", "Swap",
		"Labels", "DeleteGrant", "Labels", "DeleteAccessToken", "Swap",
	}
	if got := removalSteps(t); !slices.Equal(got, want) {
		t.Errorf("steps = %v, want %v", got, want)
	}
}

// A step that fails, or whose process dies there, is taken up by the next sweeps.
func TestRemovalIsFinished(t *testing.T) {
	t.Parallel()
	calls := removalSteps(t)
	begun := slices.Index(calls, "Swap")
	for step, name := range calls {
		ways := map[string]func(*process){
			"dies before it":     func(p *process) { p.dieAt = step },
			"dies after it":      func(p *process) { p.dieAt, p.answers = step, true },
			"it fails":           func(p *process) { p.refuse = func(call int, _ string) error { return failAt(call, step) } },
			"its answer is lost": func(p *process) { p.lose = func(call int) bool { return call == step } },
		}
		for way, alter := range ways {
			t.Run(fmt.Sprintf("%d %s, %s", step, name, way), func(t *testing.T) {
				t.Parallel()
				inBubble(t, func(w *world) {
					removable(w)
					_, _ = w.order(alter)
					if removed := w.entry(merchant).Removed; removed != (step > begun) && step != begun {
						w.t.Errorf("removed %v after step %d", removed, step)
					}
					if !w.entry(merchant).Removed {
						return
					}
					w.sweeps(5)
					w.wantGone("second")
					if len(w.outside.told) == 0 {
						w.t.Error("nobody was told")
					}
				})
			})
		}
	}
}

func failAt(call, step int) error {
	if call == step {
		return errLost
	}
	return nil
}

// A person or an import that puts a new grant at any step: before the tombstone
// it is removed with the rest, afterwards it lives.
func TestImportAtEveryStepOfARemoval(t *testing.T) {
	t.Parallel()
	calls := append(removalSteps(t), "the end")
	for step, name := range calls {
		t.Run(fmt.Sprintf("before %d %s", step, name), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				removable(w)
				bring := func() { w.restore(merchant); w.paste(merchant, pasted) }
				_, err := w.order(func(p *process) {
					p.before = func(call int, _ string) {
						if call == step {
							bring()
						}
					}
				})
				if step == len(calls)-1 {
					bring()
				}
				w.sweeps(3)
				w.converge()
				if slices.Contains(calls[step:], "Swap") && slices.Index(calls, "Labels") >= step {
					w.wantGone("pasted")
				} else {
					w.wantSettled(merchant, "pasted")
					if slices.Contains(w.outside.revoked, "pasted") || !slices.Contains(w.outside.revoked, "second") {
						w.t.Errorf("revoked %q, want what was removed and nothing else", w.outside.revoked)
					}
				}
				if t.Failed() {
					t.Logf("Remove: %v", err)
				}
			})
		})
	}
}

// A process that hangs at any step of a removal until its lease is over, while
// sweeps finish it and an import brings a new grant, harms that no more.
func TestHangingRemovalHarmsNothing(t *testing.T) {
	t.Parallel()
	calls := removalSteps(t)
	for step := slices.Index(calls, "Swap") + 1; step < len(calls); step++ {
		t.Run(fmt.Sprintf("at %d %s", step, calls[step]), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				removable(w)
				_, err := w.order(func(p *process) {
					p.before = func(call int, _ string) {
						if call == step {
							w.sweeps(5)
							w.restore(merchant)
							w.paste(merchant, pasted)
							w.converge()
						}
					}
				})
				w.converge()
				w.wantSettled(merchant, "pasted")
				if removal := w.entry(merchant).Removal; slices.Contains(w.outside.revoked, "pasted") || removal != (token.Removal{}) {
					w.t.Errorf("revoked %q, %+v; want the new grant spared", w.outside.revoked, removal)
				}
				if t.Failed() {
					t.Logf("Remove: %v", err)
				}
			})
		})
	}
}
