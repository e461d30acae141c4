package simulation_test

import (
	"context"
	"maps"
	"slices"
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
	order   []string // who made each step
	hangs   int      // how often those at a step may hang there for a while
}

// hanging is the choice that nobody makes a step while time passes for those that
// sleep, so long that a lease is forced.
const hanging = "time passes"

const hangs = 11 * time.Second

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

// next lets one of those that wait go on.
func (t *turns) next(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.waiting[name])
	delete(t.waiting, name)
	t.order = append(t.order, name)
}

// choices are the processes at a step, and, if others sleep, that those hang.
func (t *turns) choices() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	ready := slices.Sorted(maps.Keys(t.waiting))
	if len(ready) > 0 && len(ready) < t.working && t.hangs > 0 {
		ready = append(ready, hanging)
	}
	return ready
}

func (t *turns) hang() {
	t.hangs--
	t.order = append(t.order, hanging)
	time.Sleep(hangs)
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
// that sleeps, unless that is what choose says.
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
			if chosen := choose(ready); chosen == hanging {
				t.hang()
			} else {
				t.next(chosen)
			}
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
