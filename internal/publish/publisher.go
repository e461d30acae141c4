// Package publish keeps grants and their access tokens in Secrets Manager in
// step with the journal, which is ahead of it by up to the write interval: it
// writes what is ahead, takes over what people put there, tells others what has
// happened to a grant, and removes one when a person orders it.
//
// It owns four promises. No put covers a stranger's value unseen: a put is
// claimed in the journal's entry, bracketed by looks at the secret's labels, and
// whatever turns up that is neither ours nor what was there before is judged by
// rule R. No secret is written more often than its quota allows. Nothing that
// merely looks gone is given up: a deletion is confirmed directly, only parks
// the entry, and is not believed when too many come at once. A removal that was
// begun comes to its end, whatever fails or dies on the way.
//
// It leaves to others: rule R and the transitions of an entry (token), how
// secrets are named and written and the account's write rate (secretstore), and
// renewing (refresh).
package publish

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"

	"token-refresher/internal/token"
)

// storeTimeout is how long a change of the journal's entry may take, also when
// the invocation is being ended.
const storeTimeout = 5 * time.Second

// Journal is what publishing needs of the journal. Get is strongly consistent.
// Swap stores next in place of old; on token.ErrConflict it returns what is
// stored now.
type Journal interface {
	Get(ctx context.Context, id token.ID) (token.Entry, error)
	Swap(ctx context.Context, old, next token.Entry) (token.Entry, error)
	// Unpublished nominates the entries whose PublishAt has come, in that order.
	Unpublished(ctx context.Context, now time.Time, limit int) ([]token.ID, error)
	// Entries walks over all entries without opening what is sealed. One that
	// cannot be read comes with token.ErrUnreadable; any other error ends it.
	Entries(ctx context.Context) iter.Seq2[token.Entry, error]
	// Note and SwapNote keep when the last reconcile began, for all instances.
	Note(ctx context.Context, key string) (value []byte, version string, err error)
	SwapNote(ctx context.Context, key string, value []byte, version string) (string, error)
}

// Secrets is what publishing needs of Secrets Manager. Labels and reads are
// direct, a list may be minutes behind. Errors that are not of package token say
// nothing about the secret.
type Secrets interface {
	ListGrants(ctx context.Context) ([]token.Listed, error)
	Labels(ctx context.Context, id token.ID) (token.Labels, error)
	GrantVersion(ctx context.Context, id token.ID, version string) token.Stored[token.Grant]
	// PutVersion names the version that a put would make.
	PutVersion(id token.ID, read string, revision, number int64) string
	PutGrant(ctx context.Context, grant token.Grant, put token.Put) error
	RestoreGrant(ctx context.Context, id token.ID) error
	// DeleteGrant and DeleteAccessToken schedule a deletion that can be taken
	// back for 30 days. What is gone already is no error.
	DeleteGrant(ctx context.Context, id token.ID) error

	AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error)
	PutAccessToken(ctx context.Context, grantType token.GrantType, t token.AccessToken, replaces string) error
	RestoreAccessToken(ctx context.Context, id token.ID) error
	DeleteAccessToken(ctx context.Context, id token.ID) error
}

// Config is what a Publisher is made of. Every field is needed.
type Config struct {
	Journal  Journal
	Secrets  Secrets
	Schedule token.Schedule

	// Use says how a client's access tokens are used. Of a client whose
	// credentials cannot be read it should say token.PublishFunction, so that
	// nothing is published against its wish.
	Use func(client string) token.Use

	// Revoke revokes a removed refresh token at its provider. Error:
	// token.ErrNoRevocation if that cannot be done there; any other is tried again.
	Revoke func(ctx context.Context, grant token.Grant) error

	// Tell tells others what has happened to a grant. It may be told again.
	Tell func(ctx context.Context, id token.ID, notices []token.Notice) error

	ReconcileInterval time.Duration // how often all secrets are listed, by whichever instance (15 minutes)
	Concurrency       int           // secrets looked at or written at the same time (32)
	Log               *slog.Logger
}

// Publisher publishes and reconciles. It is safe for concurrent use, and any
// number of instances may work on the same journal.
type Publisher struct{ Config }

// New checks the configuration and returns a Publisher.
func New(config Config) (*Publisher, error) {
	switch {
	case config.Journal == nil, config.Secrets == nil, config.Use == nil, config.Log == nil:
		return nil, errors.New("publish: Journal, Secrets, Use and Log are needed")
	case config.Revoke == nil, config.Tell == nil:
		return nil, errors.New("publish: Revoke and Tell are needed")
	case config.Schedule.SweepInterval <= 0, config.Schedule.WriteInterval <= 0, config.ReconcileInterval <= 0:
		return nil, errors.New("publish: all intervals must be positive")
	case config.Concurrency <= 0:
		return nil, errors.New("publish: Concurrency must be positive")
	}
	return &Publisher{Config: config}, nil
}

// Failure is one token, or one secret by its name, and what went wrong.
type Failure struct {
	Token string
	Err   error
}

// change stores what an entry becomes, again on what is stored if somebody was
// faster, even if the invocation is being ended. It returns the entry as it is
// stored, or, with an error, as it was last seen.
func (p *Publisher) change(ctx context.Context, e token.Entry, become func(token.Entry) (token.Entry, error)) (token.Entry, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	for {
		next, err := become(e)
		if err != nil {
			return e, err
		}
		stored, err := p.Journal.Swap(ctx, e, next)
		if err == nil {
			return stored, nil
		}
		if !errors.Is(err, token.ErrConflict) {
			return e, err
		}
		e = stored
	}
}
