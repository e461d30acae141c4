package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"token-refresher/internal/app"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// server is the use case; *serve.Server has it.
type server interface {
	Get(ctx context.Context, r serve.Request) (token.AccessToken, error)
}

// handler answers the function's events. It lives as long as the instance.
type handler struct {
	server server
	log    *slog.Logger
}

// build makes the handler of an instance.
func build(a *app.App) (any, error) {
	server, err := a.Server()
	if err != nil {
		return nil, err
	}
	return (&handler{server: server, log: a.Log}).handle, nil
}

// handle answers with the token, or says why there is none, which is a normal
// answer too. An error means that the event is wrong or a store failed.
func (h *handler) handle(ctx context.Context, payload json.RawMessage) (any, error) {
	r, err := parseEvent(payload)
	if err != nil {
		h.log.ErrorContext(ctx, "event refused", "error", err)
		return nil, err
	}
	t, err := h.server.Get(ctx, r)
	if refusal, ok := errors.AsType[*serve.Refusal](err); ok {
		return refusal, nil
	}
	if err != nil {
		h.log.ErrorContext(ctx, "token not handed out", "client", r.ID.Client, "error", err)
		return nil, err
	}
	return serve.AnswerOf(t), nil
}
