package refresh

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"token-refresher/internal/token"
)

const (
	// commitPause is the wait between two tries to commit.
	commitPause = 200 * time.Millisecond
	// revokeTimeout is how long a late answer is tried to be revoked.
	revokeTimeout = 10 * time.Second
)

// errNoAccessToken: the refresh token of the answer is kept.
var errNoAccessToken = errors.New("the answer holds no access token that can be used")

// commit stores the answer to a refresh.
func (r *renewal) commit(ctx context.Context, answer Refreshed) error {
	err := r.keep(ctx, result{
		answer: answer, loaded: r.entry, holder: r.holder, use: r.endpoint.Use(), wasLatched: r.done.WasLatched,
	})
	if err == nil && answer.Access.Value.Empty() {
		return errNoAccessToken
	}
	return err
}

// keep stores an answer: in the journal within five seconds, else in the grant's
// secret, and goes on trying the journal while the instance lives. Nothing comes
// before it, and nothing cancels it.
func (r *renewal) keep(ctx context.Context, answered result) error {
	ctx = context.WithoutCancel(ctx)
	err := r.persist(ctx, &answered)
	if final(err) {
		r.entry = answered.stored
		r.giveBack(ctx, answered, err)
		return err
	}
	r.risks.add(answered)
	kept := answered.answer.Grant.Stamped(answered.loaded.Revision + 1)
	keepCtx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if keepErr := r.Secrets.KeepGrant(keepCtx, kept); keepErr != nil {
		r.done.AtRisk = true
		r.Log.Error("result at risk: neither journal nor secret took it", "token", kept.ID.String(), "journal", err, "secret", keepErr)
		return fmt.Errorf("commit: %w", errors.Join(err, keepErr))
	}
	r.Log.Error("the journal did not take a result; its secret did", "token", kept.ID.String(), "error", err)
	return fmt.Errorf("commit: %w", err)
}

// final reports whether a commit is over: it succeeded, or there is nothing to
// commit to any more.
func final(err error) bool {
	return err == nil || errors.Is(err, token.ErrSuperseded) || errors.Is(err, token.ErrRemoved)
}

// giveBack revokes an answer that came too late for its grant, which was removed
// meanwhile. It is tried once: nobody else knows these tokens.
func (r *Renewer) giveBack(ctx context.Context, answered result, cause error) {
	if !errors.Is(cause, token.ErrRemoved) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	id := answered.answer.Grant.ID.String()
	if err := r.Revoke(ctx, answered.answer.Grant); err != nil {
		r.Log.ErrorContext(ctx, "a late answer for a removed grant is not revoked", "token", id, "error", err)
		return
	}
	r.Log.WarnContext(ctx, "a late answer for a removed grant is revoked", "token", id)
}

// result is an answer on its way into the journal.
type result struct {
	answer  Refreshed
	loaded  token.Entry // as claimed; its revision is what the answer to a refresh belongs to
	stored  token.Entry // the journal's entry once it took the answer, or something newer
	holder  string
	use     token.Use
	attempt *token.Fingerprint // of the code exchange that gave it; nil for a refresh

	wasLatched bool // the provider had refused the grant for good
}

// withoutAccess makes an answer that brought a refresh token only what it is: a
// failure, whose refresh token is kept.
func (r *Renewer) withoutAccess(e token.Entry, failures int) token.Entry {
	now := time.Now()
	e.Result = token.Result{Outcome: token.OutcomeFailed, At: now, Failures: failures + 1}
	e.DueAt = now.Add(backoffFor(failures, r.Schedule.SweepInterval, 0))
	return e
}

// storedIn reports whether the entry holds the answer already: an earlier try
// was stored and only its confirmation lost. What a code gave may also have been
// adopted since, of the secret that took it: it may be spent by now, and what it
// was exchanged for must not be covered.
func (r *result) storedIn(e token.Entry) bool {
	if r.attempt != nil {
		made, _ := e.Exchange(*r.attempt)
		adopted, _ := e.Memory.Revision(r.answer.Grant.RefreshToken)
		return made.Outcome == token.ExchangeDone || adopted > r.loaded.Revision
	}
	return e.Revision == r.loaded.Revision+1 && e.Grant.RefreshToken.Equal(r.answer.Grant.RefreshToken) &&
		e.Access.Value.Equal(r.answer.Access.Value)
}

// commitTo commits the answer onto what is stored now. A grant that was adopted
// with the revision that was loaded has superseded it all the same, since its
// consent is later. A row that was lost and made again of a secret that is
// behind has not.
func (r *result) commitTo(current token.Entry) (token.Entry, error) {
	if r.attempt != nil {
		return r.commitExchangeTo(current)
	}
	loaded := r.loaded
	switch {
	case current.Sealed != nil:
	case current.Revision == loaded.Revision && !current.Grant.RefreshToken.Equal(loaded.Grant.RefreshToken):
		return current, token.ErrSuperseded
	case current.Revision < loaded.Revision && !current.Grant.ConsentedAt.After(loaded.Grant.ConsentedAt):
		current.Revision = loaded.Revision
	}
	return current.Commit(loaded.Revision, r.answer.Grant, r.answer.Access, time.Now())
}

// commitExchangeTo commits what a code gave. That its attempt is not known any
// more discards nothing, unless a later consent is there: the row was lost and
// made again, and every other was given before.
func (r *result) commitExchangeTo(current token.Entry) (token.Entry, error) {
	if _, known := current.Exchange(*r.attempt); !known && !current.Removed {
		if current.Grant.ConsentedAt.After(r.answer.Grant.ConsentedAt) {
			return current, token.ErrSuperseded
		}
		begun, _ := r.loaded.Exchange(*r.attempt)
		current = current.Recall(begun)
		current.Revision = max(current.Revision, r.loaded.Revision)
	}
	return current.CommitExchange(*r.attempt, r.answer.Grant, r.answer.Access, time.Now())
}

// persist tries for five seconds.
func (r *Renewer) persist(ctx context.Context, res *result) error {
	ctx, cancel := context.WithTimeout(ctx, commitWithin)
	defer cancel()
	for {
		err := r.tryCommit(ctx, res)
		if final(err) {
			return err
		}
		select {
		case <-time.After(commitPause):
		case <-ctx.Done():
			return err
		}
	}
}

// tryCommit commits onto what was loaded, or onto what has taken its place with
// the same revision. A row that is gone is made again: its absence discards
// nothing.
func (r *Renewer) tryCommit(ctx context.Context, res *result) error {
	current := res.loaded
	for {
		if res.storedIn(current) {
			res.stored = current
			return nil
		}
		next, err := res.commitTo(current)
		if err != nil {
			res.stored = current
			return err
		}
		now := time.Now()
		next.Suspect = res.answer.Suspect
		next = r.Schedule.Plan(res.tell(next, now).Release(res.holder), res.use, now)
		if res.answer.Access.Value.Empty() && !next.Suspect {
			next = r.withoutAccess(next, res.loaded.Result.Failures)
		}
		stored, err := r.Journal.Swap(ctx, current, next)
		switch {
		case err == nil:
			res.stored = stored
			return nil
		case errors.Is(err, token.ErrConflict):
			current = stored
		case errors.Is(err, token.ErrNotFound):
			current.WriteID = ""
		default:
			return err
		}
	}
}

// risks are the answers of this instance that the journal has not taken yet.
type risks struct {
	mu      sync.Mutex
	results []result
}

func (r *risks) add(res result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, res)
}

func (r *risks) take() []result {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.results
	r.results = nil
	return taken
}

// Settle tries once more to commit the answers that the journal did not take.
// It returns how many are still at risk.
func (r *Renewer) Settle(ctx context.Context) (atRisk int) {
	for _, res := range r.risks.take() {
		err := r.tryCommit(ctx, &res)
		if !final(err) {
			r.risks.add(res)
			atRisk++
			continue
		}
		r.giveBack(ctx, res, err)
	}
	return atRisk
}
