package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"token-refresher/internal/token"
)

// demand is one request's way through Get.
type demand struct {
	*Server
	Request
	client *client
	did    string // what was done beside looking
	cause  error  // why it brought nothing
}

func (d *demand) answer(ctx context.Context) (token.AccessToken, error) {
	if len(d.Allowed) > 0 && !slices.Contains(d.Allowed, d.ID.Client) {
		return token.AccessToken{}, refuse(NotAllowed, "tokens of this client are not handed out here (ALLOWED_CLIENTS)")
	}
	if err := d.ID.Check(); err != nil {
		return token.AccessToken{}, refuse(UnknownToken, err.Error())
	}
	var err error
	if d.client, err = d.clientOf(ctx, d.ID.Client); err != nil {
		return token.AccessToken{}, err
	}
	switch {
	case d.client.refusal != nil:
		return d.stored(ctx, d.client.refusal)
	case d.client.endpoint.Grants != nil:
		return d.granted(ctx)
	default:
		return d.issued(ctx)
	}
}

// stored is the token that some store or this instance still has of a client that
// cannot be used, or the refusal. What the journal says must not be handed out is
// not looked for elsewhere.
func (d *demand) stored(ctx context.Context, refusal *Refusal) (token.AccessToken, error) {
	now := time.Now()
	if d.ID.Merchant != "" {
		switch e, err := d.Journal.Get(ctx, d.ID); {
		case err != nil: // that of a grant is in its secret alone, or it is none
		case !usable(e):
			if t, err := d.sealed(ctx, e); err == nil {
				return t, nil
			}
			return token.AccessToken{}, refusal
		case valid(e.Access, now):
			return e.Access, nil
		}
	}
	if t, err := d.published(ctx); err == nil && valid(t, now) {
		return t, nil
	}
	if last := d.issuanceOf(d.ID).last; valid(last, now) {
		return last, nil
	}
	return token.AccessToken{}, refusal
}

// published is the token in its secret; the zero one if there is none.
func (d *demand) published(ctx context.Context) (token.AccessToken, error) {
	all, err := d.Store.AccessTokens(ctx, []token.ID{d.ID})
	if err != nil {
		return token.AccessToken{}, fmt.Errorf("read the access token: %w", err)
	}
	stored := all[d.ID]
	if token.Absent(stored.Err) {
		return token.AccessToken{}, nil
	}
	return stored.Value, stored.Err
}

// hold notes why a valid token is handed out that should have been renewed. That
// nobody tried is not worth a line.
func (d *demand) hold(err error) {
	_, refused := errors.AsType[*Refusal](err)
	if !refused && !errors.Is(err, token.ErrNotDue) {
		d.cause = err
	}
}

// record writes the one log line of a request that did something, or was
// refused.
func (d *demand) record(ctx context.Context, err error, took time.Duration) {
	level, outcome := slog.LevelInfo, d.did
	attributes := []slog.Attr{slog.String("token", d.ID.String()), slog.Int64("duration_ms", took.Milliseconds())}
	refusal, refused := errors.AsType[*Refusal](err)
	switch {
	case refused:
		outcome = "refused"
		attributes = append(attributes, slog.String("code", string(refusal.Code)), slog.Any("error", err))
	case err != nil: // the function's error, which its handler logs
		return
	case d.cause != nil:
		level, outcome = slog.LevelWarn, "valid, not renewed"
		attributes = append(attributes, slog.Any("error", d.cause))
	case outcome == "":
		return
	}
	d.Log.LogAttrs(ctx, level, "token", append(attributes, slog.String("outcome", outcome))...)
}
