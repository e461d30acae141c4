package simulation_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// turns puts the steps of several processes in one order: each waits before a
// step until it is its turn. A nil *turns lets everybody pass.
type turns struct {
	mu      sync.Mutex
	waiting map[string]chan struct{} // by process
	working int
	mayHang bool     // one of those at a step may hang there until all others are done
	hung    string   // the one that does
	order   []string // who made each step
}

// hangs is what is chosen for a process that hangs, behind its name.
const hangs = " hangs"

// processKey is under which a context says which process is at work.
type processKey struct{}

// take waits for the caller's turn. It reports false to whoever is not a process
// of these.
func (t *turns) take(ctx context.Context) bool {
	name, named := ctx.Value(processKey{}).(string)
	if t == nil || !named {
		return false
	}
	turn := make(chan struct{})
	t.mu.Lock()
	t.waiting[name] = turn
	t.mu.Unlock()
	<-turn
	return true
}

// choices are the processes at a step; and, if others sleep, waiting for a lease
// perhaps, that one of these hangs.
func (t *turns) choices() (choices []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(t.waiting)) {
		if name != t.hung || t.working == 1 {
			choices = append(choices, name)
		}
	}
	if t.mayHang && len(choices) > 0 && len(choices) < t.working {
		for _, name := range slices.Clone(choices) {
			choices = append(choices, name+hangs)
		}
	}
	return choices
}

// choose lets one go on, or hang.
func (t *turns) choose(choice string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.order = append(t.order, choice)
	if name, hung := strings.CutSuffix(choice, hangs); hung {
		t.hung, t.mayHang = name, false
		return
	}
	close(t.waiting[choice])
	delete(t.waiting, choice)
}

func (t *turns) ended() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.working--
}

// look is how often it is looked for who is ready while all processes sleep.
const look = 50 * time.Millisecond

// run lets the processes work until all are done. Whenever one or more wait at a
// step, choose says which goes on; while one waits, no time passes for another
// that sleeps, unless choose says that the first one hangs.
func (t *turns) run(ctx context.Context, processes map[string]func(context.Context), choose func(ready []string) string) {
	t.working = len(processes)
	var working sync.WaitGroup
	for name, process := range processes {
		working.Go(func() {
			defer t.ended()
			process(context.WithValue(ctx, processKey{}, name))
		})
	}
	done := make(chan struct{})
	go func() {
		working.Wait()
		close(done)
	}()
	for {
		synctest.Wait()
		if ready := t.choices(); len(ready) > 0 {
			t.choose(choose(ready))
			continue
		}
		select {
		case <-done:
			return
		case <-time.After(look):
		}
	}
}

// enumerate runs a test once for every sequence of choices there is, with at
// most so many switches from a process that could have gone on to another one.
// It returns how many there were.
func enumerate(t *testing.T, switches int, run func(t *testing.T, choose func(ready []string) string) (order []string)) (runs int) {
	t.Helper()
	var path []int
	for {
		var widths []int
		synctest.Test(t, func(t *testing.T) {
			last, left := "", switches
			order := run(t, func(ready []string) string {
				options := ready
				if i := slices.Index(ready, last); i >= 0 {
					options = append([]string{last}, slices.Delete(slices.Clone(ready), i, i+1)...)
					if left == 0 {
						options = options[:1]
					}
				}
				depth := len(widths)
				if depth == len(path) {
					path = append(path, 0)
				}
				widths = append(widths, len(options))
				chosen := options[path[depth]]
				if slices.Contains(ready, last) && chosen != last {
					left--
				}
				last = chosen
				return chosen
			})
			if t.Failed() {
				t.Logf("in this order: %v", order)
			}
		})
		runs++
		if t.Failed() {
			return runs
		}
		path = path[:len(widths)]
		for len(path) > 0 && path[len(path)-1]+1 == widths[len(path)-1] {
			path = path[:len(path)-1]
		}
		if len(path) == 0 {
			return runs
		}
		path[len(path)-1]++
	}
}
