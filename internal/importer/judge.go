package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// Why a grant that is there is not replaced.
var (
	errLive    = errors.New("the functions renew a grant that is there, and the file does not say that this one was given later (consented_at)")
	errEarlier = errors.New("it was given before the one that is there (consented_at)")
	errBefore  = errors.New("it is the one that the secret held before the present one")
	errDeleted = errors.New("its secret is scheduled for deletion: only where grants may be replaced it is restored")
)

// judge says what is to be done with a row, by what its secret holds.
func (i *Importer) judge(ctx context.Context, row Row, there token.Stored[token.Grant]) Step {
	step := Step{Row: row, Outcome: Exists}
	switch {
	case errors.Is(there.Err, token.ErrNotFound):
		step.Outcome = Created
		return step
	case errors.Is(there.Err, token.ErrDeleted) && i.Replace:
		step.Outcome, step.deleted = Replaced, true
		return step
	case errors.Is(there.Err, token.ErrDeleted):
		return step.failed(errDeleted)
	case there.Err != nil:
		return step.failed(there.Err)
	case !i.Replace || done(row.Grant, there.Value):
		return step
	}
	if err := i.replaceable(ctx, row.Grant, there); err != nil {
		return step.failed(err)
	}
	step.Outcome, step.read = Replaced, there.Version
	return step
}

func (s Step) failed(err error) Step {
	s.Outcome, s.Err = Failed, err
	return s
}

// done reports whether the secret holds what the file says. What the functions
// know of a refresh token that they keep is newer than the file.
func done(row, there token.Grant) bool {
	if !row.RefreshToken.Equal(there.RefreshToken) {
		return false
	}
	return there.StampFits() || row.CodeVerifier.Equal(there.CodeVerifier) && row.Scope == there.Scope &&
		row.Subject == there.Subject && row.Issuer == there.Issuer && row.ConsentedAt.Equal(there.ConsentedAt)
}

// replaceable says why the grant that is there must stay, or nil. A consent
// ends the grant before it, never one after it; and a grant of the functions
// that says nothing of its consent was good when they wrote it.
func (i *Importer) replaceable(ctx context.Context, row token.Grant, there token.Stored[token.Grant]) error {
	live := there.Value.StampFits()
	given := there.Value.ConsentedAt
	if live && given.IsZero() {
		given = there.WrittenAt
	}
	switch {
	case live && !row.ConsentedAt.After(given):
		return errLive
	case !row.ConsentedAt.IsZero() && row.ConsentedAt.Before(given):
		return errEarlier
	}
	if until := there.WrittenAt.Add(i.WriteInterval); time.Now().Before(until) {
		return fmt.Errorf("its secret was written too recently: run the import again after %s", until.UTC().Format(time.RFC3339))
	}
	return i.notBefore(ctx, row)
}

// notBefore refuses the refresh token that the secret held before its present
// one: going back to it is what an older file does.
func (i *Importer) notBefore(ctx context.Context, row token.Grant) error {
	labels, err := i.Store.Labels(ctx, row.ID)
	if err != nil {
		return fmt.Errorf("look at its secret: %w", err)
	}
	if labels.Previous == "" {
		return nil
	}
	previous := i.Store.GrantVersion(ctx, row.ID, labels.Previous)
	switch {
	case errors.Is(previous.Err, token.ErrUnreadable), errors.Is(previous.Err, token.ErrNotFound):
		return nil // nothing that this could be
	case previous.Err != nil:
		return fmt.Errorf("look at its secret: %w", previous.Err)
	case previous.Value.RefreshToken.Equal(row.RefreshToken):
		return errBefore
	}
	return nil
}
