package simulation_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/fnv"
	"sync"
	"time"
)

// pace is the seeded scheduler: it decides how long every call takes, and so
// what comes first. Its lock is never held while time passes.
type pace struct {
	seed   uint64
	mu     sync.Mutex
	counts map[string]uint64
	ranks  map[string]int64 // of the subjects
	trace  hash.Hash
	events int
	turns  *turns // of processes whose steps are put in order one by one; nil: all run freely
}

func newPace(seed uint64) *pace {
	return &pace{seed: seed, counts: map[string]uint64{}, ranks: map[string]int64{}, trace: sha256.New()}
}

// add makes a subject known.
func (p *pace) add(subject string) { p.ranks[subject] = int64(len(p.ranks) + 1) }

// Calls about different subjects, or by different sweepers, end at times that
// are different modulo grid, whenever they began: never at the same nanosecond.
const (
	grid        = 1 << 13
	maxSweepers = 8
)

// sweeperKey is under which a context says which sweeper is at work, from 1.
type sweeperKey struct{}

// take lets a call last from half of about to one and a half of it.
func (p *pace) take(ctx context.Context, about time.Duration, operation, subject string) {
	if p.turns.take(ctx) {
		return
	}
	sweeper, _ := ctx.Value(sweeperKey{}).(int)
	end := time.Now().Add(about/2 + time.Duration(p.draw(operation, subject)%uint64(about)))
	wanted := p.ranks[subject]*maxSweepers + int64(sweeper)
	end = end.Add(time.Duration(((wanted-end.UnixNano())%grid + grid) % grid))
	time.Sleep(time.Until(end))
}

// draw gives the next number for an operation on a subject.
func (p *pace) draw(operation, subject string) uint64 {
	key := operation + " " + subject
	p.mu.Lock()
	p.counts[key]++
	count := p.counts[key]
	p.mu.Unlock()
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%d %s %d", p.seed, key, count)
	return mix(sum.Sum64())
}

// mix spreads what a hash of similar texts left close together (the finalizer
// of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// record adds an event to the trace.
func (p *pace) record(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events++
	fmt.Fprintf(p.trace, "%d ", time.Now().UnixNano())
	fmt.Fprintf(p.trace, format+"\n", args...)
}

func (p *pace) sum() string { return hex.EncodeToString(p.trace.Sum(nil)[:8]) }
