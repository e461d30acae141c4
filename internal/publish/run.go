package publish

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"token-refresher/internal/token"
)

// nominations is how many entries one pass takes from the index.
const nominations = 20_000

// Published are the figures of a pass.
type Published struct {
	Written     int // secrets
	WriteFailed int
	Adopted     int           // grants from secrets that took the journal's place
	Remaining   int           // not begun before the deadline
	Lag         time.Duration // age of the oldest answer that no secret holds yet, as far as was seen
	Failed      []Failure
}

// Run publishes these entries and those that the journal names, the longest
// waiting first. One that fails stops no other, and nothing is begun near the
// context's deadline.
func (p *Publisher) Run(ctx context.Context, ids []token.ID) Published {
	var pass pass
	nominated, err := p.Journal.Unpublished(ctx, time.Now(), nominations)
	if err != nil {
		pass.fail("journal", err)
	}
	all := unique(slices.Concat(nominated, ids))
	pass.Remaining = p.each(ctx, all, func(id token.ID) {
		outcome, err := p.Publish(ctx, id, WhenAllowed)
		pass.add(id, outcome, err)
	})
	if pass.Lag == 0 {
		pass.Lag = p.waiting(ctx)
	}
	slices.SortFunc(pass.Failed, byToken)
	return pass.Published
}

// waiting is the lag of the entry that waits longest for its write interval,
// while none is overdue.
func (p *Publisher) waiting(ctx context.Context) time.Duration {
	ids, err := p.Journal.Unpublished(ctx, time.Now().Add(p.Schedule.WriteInterval), 1)
	if err != nil || len(ids) == 0 {
		return 0
	}
	entry, err := p.Journal.Get(ctx, ids[0])
	if err != nil {
		return 0
	}
	return lag(entry, time.Now())
}

// pass collects what a pass did.
type pass struct {
	mu sync.Mutex
	Published
}

func (p *pass) fail(name string, err error) {
	p.Failed = append(p.Failed, Failure{Token: name, Err: err})
}

func (p *pass) add(id token.ID, outcome Outcome, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && !elsewhere(err) {
		p.fail(id.String(), err)
	}
	p.Written += outcome.Written
	p.WriteFailed += outcome.WriteFailed
	if outcome.Adopted {
		p.Adopted++
	}
	p.Lag = max(p.Lag, lag(outcome.Entry, time.Now()))
}

// lag is how long the journal has held what no secret holds. When it has moved
// on several times since its last put, all that is known is that it was after
// that.
func lag(e token.Entry, now time.Time) time.Duration {
	if e.Revision == 0 || !e.Usable() || e.Published() {
		return 0
	}
	if ahead := e.Revision - e.Put.Revision; ahead > 1 && e.Put.Revision > 0 && e.Put.Confirmed {
		return now.Sub(e.Put.At)
	}
	return now.Sub(e.CommittedAt)
}

// each calls work for every item, with bounded concurrency, and returns how many
// were left when the deadline came near. Nothing that work does cancels another.
func (p *Publisher) each(ctx context.Context, ids []token.ID, work func(token.ID)) (left int) {
	lastStart, limited := startUntil(ctx)
	var skipped atomic.Int64
	var group errgroup.Group
	group.SetLimit(p.Concurrency)
	for _, id := range ids {
		group.Go(func() error {
			if ctx.Err() != nil || (limited && !time.Now().Before(lastStart)) {
				skipped.Add(1)
			} else {
				work(id)
			}
			return nil
		})
	}
	_ = group.Wait() // nothing in it returns an error
	return int(skipped.Load())
}

// startUntil is until when work may begin: a put and what is noted after it must
// fit in before the deadline, or a quarter of the time if that is short.
func startUntil(ctx context.Context) (until time.Time, limited bool) {
	deadline, limited := ctx.Deadline()
	margin := min(token.PutWithin+storeTimeout, time.Until(deadline)/4)
	return deadline.Add(-margin), limited
}

// unique drops repetitions and keeps the order.
func unique(ids []token.ID) []token.ID {
	seen := make(map[token.ID]bool, len(ids))
	return slices.DeleteFunc(ids, func(id token.ID) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}

func byToken(a, b Failure) int { return cmp.Compare(a.Token, b.Token) }
