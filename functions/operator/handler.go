package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"token-refresher/internal/app"
	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// operator is the use cases behind the actions; *operate.Operator has them.
type operator interface {
	Status(ctx context.Context, filter token.ID) (operate.Status, error)
	Refresh(ctx context.Context, ids []token.ID, force bool) []operate.Refreshed
	Get(ctx context.Context, id token.ID) (token.AccessToken, error)
}

// handler answers the function's events. It lives as long as the instance.
type handler struct {
	operator operator
	allowGet bool
	log      *slog.Logger
}

// build makes the handler of an instance.
func build(a *app.App) (any, error) {
	operator, err := a.Operator()
	if err != nil {
		return nil, err
	}
	return (&handler{operator: operator, allowGet: a.Config.AllowGet, log: a.Log}).handle, nil
}

// handle does what the event asks for. That there is no token to give is a
// normal answer; an error means that the event is wrong or a store failed.
func (h *handler) handle(ctx context.Context, payload json.RawMessage) (any, error) {
	e, err := parseEvent(payload)
	if err != nil {
		h.log.ErrorContext(ctx, "event refused", "error", err)
		return nil, err
	}
	started := time.Now()
	answer, err := h.answer(ctx, e)
	attributes := []any{"action", strings.TrimSpace(shown(e.Action)), "duration_ms", time.Since(started).Milliseconds()}
	if refusal, ok := errors.AsType[*operate.Refusal](err); ok {
		h.log.InfoContext(ctx, "refused", append(attributes, "code", string(refusal.Code))...)
		return refusal, nil
	}
	if err != nil {
		h.log.ErrorContext(ctx, "action failed", append(attributes, "error", err)...)
		return nil, err
	}
	h.log.InfoContext(ctx, "action done", attributes...)
	return answer, nil
}

func (h *handler) answer(ctx context.Context, e event) (any, error) {
	switch e.Action {
	case "status":
		filter, err := e.filter()
		if err != nil {
			return nil, err
		}
		return h.operator.Status(ctx, filter)
	case "refresh":
		return h.refresh(ctx, e)
	case "get":
		return h.get(ctx, e)
	case "invite", "remove", "doctor":
		return nil, fmt.Errorf("%s: not in this version", e.Action)
	default:
		return nil, fmt.Errorf("the event asks for an unknown action%s: status, refresh and get are known", shown(e.Action))
	}
}

// refreshAnswer is the answer to refresh, in the order of the event.
type refreshAnswer struct {
	Tokens []operate.Refreshed `json:"tokens"`
}

func (h *handler) refresh(ctx context.Context, e event) (any, error) {
	ids, err := e.ids()
	if err != nil {
		return nil, err
	}
	return refreshAnswer{h.operator.Refresh(ctx, ids, e.Force)}, nil
}

// tokenAnswer is the answer that carries a token: it is asked for by name, and
// only in a stack that allows it.
type tokenAnswer struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	Scope       string    `json:"scope,omitempty"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	Client      string    `json:"client"`
	Merchant    string    `json:"merchant,omitempty"`
}

func (h *handler) get(ctx context.Context, e event) (any, error) {
	id, err := token.ParseID(e.Token)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	if !h.allowGet {
		return nil, &operate.Refusal{Code: operate.NotAllowed, Message: "this stack hands out no token here (ALLOW_GET)"}
	}
	t, err := h.operator.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	h.log.WarnContext(ctx, "token handed out", "token", id.String())
	return tokenAnswer{
		AccessToken: t.Value.Reveal(), TokenType: t.Type, Scope: t.Scope,
		IssuedAt: t.IssuedAt.UTC().Truncate(time.Second), ExpiresAt: t.ExpiresAt.UTC().Truncate(time.Second),
		Client: t.ID.Client, Merchant: t.ID.Merchant,
	}, nil
}
