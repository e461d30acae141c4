package publish_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/token"
)

// errDead is what a process gets of the world once it has died.
var errDead = errors.New("the process is dead")

// errLost is what a process gets when the answer to a call is lost.
var errLost = errors.New("the answer is lost")

// process stands between a publisher and its two stores. It numbers the calls
// from 0, lets a test act before each, and dies where it is told to.
type process struct {
	journal  publish.Journal
	secrets  publish.Secrets
	provider *outside

	mu      sync.Mutex
	calls   []string
	before  func(call int, name string)       // acts before a call is made; may be nil
	refuse  func(call int, name string) error // makes a call fail without doing anything; may be nil
	lose    func(call int) bool               // carries a call out and loses its answer; may be nil
	dieAt   int                               // number of the last call that is begun; <0: it lives
	answers bool                              // that call is carried out, but its answer is lost
}

// call makes one call, unless the process is dead.
func call[T any](p *process, name string, do func() (T, error)) (T, error) {
	p.mu.Lock()
	number := len(p.calls)
	p.calls = append(p.calls, name)
	p.mu.Unlock()
	var none T
	if p.dieAt >= 0 && (number > p.dieAt || (number == p.dieAt && !p.answers)) {
		return none, errDead
	}
	if p.before != nil {
		p.before(number, name)
	}
	if p.refuse != nil {
		if err := p.refuse(number, name); err != nil {
			return none, err
		}
	}
	answer, err := do()
	if p.lose != nil && p.lose(number) {
		return none, errLost
	}
	if p.dieAt >= 0 && number == p.dieAt {
		return none, errDead
	}
	return answer, err
}

func act(p *process, name string, do func() error) error {
	_, err := call(p, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

func (p *process) Get(ctx context.Context, id token.ID) (token.Entry, error) {
	return call(p, "Get", func() (token.Entry, error) { return p.journal.Get(ctx, id) })
}

func (p *process) Swap(ctx context.Context, old, next token.Entry) (token.Entry, error) {
	if err := ctx.Err(); err != nil {
		return token.Entry{}, err
	}
	return call(p, "Swap", func() (token.Entry, error) { return p.journal.Swap(ctx, old, next) })
}

func (p *process) Unpublished(ctx context.Context, now time.Time, limit int) ([]token.ID, error) {
	return call(p, "Unpublished", func() ([]token.ID, error) { return p.journal.Unpublished(ctx, now, limit) })
}

func (p *process) Entries(ctx context.Context) iter.Seq2[token.Entry, error] {
	entries, err := call(p, "Entries", func() (iter.Seq2[token.Entry, error], error) { return p.journal.Entries(ctx), nil })
	if err != nil {
		return func(yield func(token.Entry, error) bool) { yield(token.Entry{}, err) }
	}
	return entries
}

func (p *process) Note(ctx context.Context, key string) (value []byte, version string, err error) {
	err = act(p, "Note", func() error {
		value, version, err = p.journal.Note(ctx, key)
		return err
	})
	return value, version, err
}

func (p *process) SwapNote(ctx context.Context, key string, value []byte, version string) (string, error) {
	return call(p, "SwapNote", func() (string, error) { return p.journal.SwapNote(ctx, key, value, version) })
}

func (p *process) ListGrants(ctx context.Context) ([]token.Listed, error) {
	return call(p, "ListGrants", func() ([]token.Listed, error) { return p.secrets.ListGrants(ctx) })
}

func (p *process) Labels(ctx context.Context, id token.ID) (token.Labels, error) {
	return call(p, "Labels", func() (token.Labels, error) { return p.secrets.Labels(ctx, id) })
}

func (p *process) GrantVersion(ctx context.Context, id token.ID, version string) token.Stored[token.Grant] {
	stored, err := call(p, "GrantVersion", func() (token.Stored[token.Grant], error) {
		return p.secrets.GrantVersion(ctx, id, version), nil
	})
	if err != nil {
		stored.Err = err
	}
	return stored
}

func (p *process) PutVersion(id token.ID, read string, revision, number int64) string {
	return p.secrets.PutVersion(id, read, revision, number)
}

func (p *process) PutGrant(ctx context.Context, grant token.Grant, put token.Put) error {
	return act(p, "PutGrant", func() error { return p.secrets.PutGrant(ctx, grant, put) })
}

func (p *process) RestoreGrant(ctx context.Context, id token.ID) error {
	return act(p, "RestoreGrant", func() error { return p.secrets.RestoreGrant(ctx, id) })
}

func (p *process) DeleteGrant(ctx context.Context, id token.ID) error {
	return act(p, "DeleteGrant", func() error { return p.secrets.DeleteGrant(ctx, id) })
}

func (p *process) AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error) {
	return call(p, "AccessTokens", func() (map[token.ID]token.Stored[token.AccessToken], error) {
		return p.secrets.AccessTokens(ctx, ids)
	})
}

func (p *process) PutAccessToken(ctx context.Context, grantType token.GrantType, t token.AccessToken, replaces string) error {
	return act(p, "PutAccessToken", func() error { return p.secrets.PutAccessToken(ctx, grantType, t, replaces) })
}

func (p *process) RestoreAccessToken(ctx context.Context, id token.ID) error {
	return act(p, "RestoreAccessToken", func() error { return p.secrets.RestoreAccessToken(ctx, id) })
}

func (p *process) DeleteAccessToken(ctx context.Context, id token.ID) error {
	return act(p, "DeleteAccessToken", func() error { return p.secrets.DeleteAccessToken(ctx, id) })
}

// revoke and tell are what a publisher reaches beside its stores.
func (p *process) revoke(ctx context.Context, grant token.Grant) error {
	return act(p, "Revoke", func() error { return p.provider.revoke(ctx, grant) })
}

func (p *process) tell(_ context.Context, id token.ID, notices []token.Notice) error {
	return act(p, "Tell", func() error { p.provider.tell(id, notices); return nil })
}
