package importer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"token-refresher/internal/token"
)

// Store is what an import needs of Secrets Manager.
type Store interface {
	Grants(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.Grant], error)
	Grant(ctx context.Context, id token.ID) token.Stored[token.Grant]
	GrantVersion(ctx context.Context, id token.ID, version string) token.Stored[token.Grant]
	Labels(ctx context.Context, id token.ID) (token.Labels, error)
	ImportGrant(ctx context.Context, grant token.Grant, replaces string) error
	RestoreGrant(ctx context.Context, id token.ID) error
}

// Config is what an Importer is made of. Every field but Replace is needed.
type Config struct {
	Store         Store         // holds the account's write rate
	Replace       bool          // whether grants that are there may be written over
	WriteInterval time.Duration // how often one secret is written
	Concurrency   int           // grants under way at the same time
}

// Importer imports grants. It is safe for concurrent use.
type Importer struct{ Config }

// New checks the configuration and returns an Importer.
func New(config Config) (*Importer, error) {
	if config.Store == nil || config.WriteInterval <= 0 || config.Concurrency <= 0 {
		return nil, errors.New("importer: Store, WriteInterval and Concurrency are needed")
	}
	return &Importer{config}, nil
}

// Outcome is what an import does with a grant, or did.
type Outcome string

// The outcomes. A failed grant may succeed when the import is run again.
const (
	Created  Outcome = "created"
	Exists   Outcome = "exists" // the same, one that the functions have renewed since, or another one
	Replaced Outcome = "replaced"
	Failed   Outcome = "failed"
)

// Step is one grant of an import.
type Step struct {
	Row
	Outcome Outcome
	Err     error  // why it failed
	read    string // version that is replaced
	deleted bool   // its secret is scheduled for deletion and is restored first
}

// Plan says what an import would do now, in the order of the rows. It writes
// nothing. An error means that the secrets cannot be read.
//
// A grant that is there stays, unless it may be replaced and
//   - the functions never had it, or the file's was given later (consented_at):
//     whatever else the file says of a grant that they renew is an old export,
//     and putting it there would end the live one;
//   - the file's is not the one that the secret held before;
//   - the secret was not written within the write interval.
//
// A secret that is scheduled for deletion is restored if it may be replaced.
func (i *Importer) Plan(ctx context.Context, rows []Row) ([]Step, error) {
	ids := make([]token.ID, len(rows))
	for n, row := range rows {
		ids[n] = row.Grant.ID
	}
	stored, err := i.Store.Grants(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read the grants that are there: %w", err)
	}
	steps := make([]Step, len(rows))
	var all errgroup.Group
	all.SetLimit(i.Concurrency)
	for n, row := range rows {
		all.Go(func() error {
			steps[n] = i.judge(ctx, row, stored[row.Grant.ID])
			return nil
		})
	}
	_ = all.Wait() // nothing in it returns an error
	return steps, ctx.Err()
}

// Run does the steps that create or replace, and reports each when it is done,
// one at a time. When ctx ends, what is under way is finished or can be
// repeated for free, and the rest is not begun: remaining is how many.
func (i *Importer) Run(ctx context.Context, steps []Step, report func(Step)) (remaining int) {
	var mu sync.Mutex
	var all errgroup.Group
	all.SetLimit(i.Concurrency)
	remaining = len(steps)
	for _, step := range steps {
		if ctx.Err() != nil {
			break
		}
		all.Go(func() error {
			done := i.do(ctx, step)
			if done.Err != nil && ctx.Err() != nil {
				return nil // it did not fail, it was ended
			}
			mu.Lock()
			defer mu.Unlock()
			remaining--
			report(done)
			return nil
		})
	}
	_ = all.Wait() // nothing in it returns an error
	return remaining
}

// do makes one step. A replacement is judged again by what its secret holds by
// now: between plan and write a person may have thought for long.
func (i *Importer) do(ctx context.Context, step Step) Step {
	if step.Outcome == Replaced {
		step = i.judge(ctx, step.Row, i.Store.Grant(ctx, step.Grant.ID))
	}
	if step.Outcome != Created && step.Outcome != Replaced {
		return step
	}
	err := i.write(ctx, step)
	switch {
	case err == nil:
	case step.Outcome == Created && errors.Is(err, token.ErrConflict):
		step.Outcome = Exists // somebody was faster
	default:
		step.Outcome, step.Err = Failed, err
	}
	return step
}

// write makes the write of a step. What a deleted secret held is nobody's any
// more: it is not judged.
func (i *Importer) write(ctx context.Context, step Step) error {
	if step.deleted {
		if err := i.Store.RestoreGrant(ctx, step.Grant.ID); err != nil {
			return err
		}
		there := i.Store.Grant(ctx, step.Grant.ID)
		if there.Err != nil {
			return there.Err
		}
		step.read = there.Version
	}
	return i.Store.ImportGrant(ctx, step.Grant, step.read)
}
