package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"token-refresher/internal/invocation"
	"token-refresher/internal/serve"
)

// HandlerConfig is what a Handler is made of. Operator and Log are needed.
type HandlerConfig struct {
	Operator *Operator
	AllowGet bool // whether it hands out tokens
	Log      *slog.Logger
}

// Handler answers operators' events: the operator function's and, without a
// function, the command line's. It is safe for concurrent use.
type Handler struct{ HandlerConfig }

// NewHandler checks the configuration and returns a Handler.
func NewHandler(config HandlerConfig) (*Handler, error) {
	if config.Operator == nil || config.Log == nil {
		return nil, errors.New("operate: Operator and Log are needed")
	}
	return &Handler{config}, nil
}

// Handle does what the event asks for (docs/contract.md, "Operator function").
// That something is not done is a normal answer, a *serve.Refusal; an error
// means that the event is wrong or a store failed, and shows no value of the
// event. The answer is one for encoding/json.
func (h *Handler) Handle(ctx context.Context, payload json.RawMessage) (answer any, err error) {
	e, err := parseEvent(payload)
	if err != nil {
		h.Log.ErrorContext(ctx, "event refused", "error", err)
		return nil, err
	}
	started := time.Now()
	answer, err = h.answer(ctx, e)
	attributes := []any{"action", invocation.Shown(e.Action), "duration_ms", time.Since(started).Milliseconds()}
	if refusal, ok := errors.AsType[*serve.Refusal](err); ok {
		h.Log.InfoContext(ctx, "refused", append(attributes, "code", string(refusal.Code))...)
		return refusal, nil
	}
	if err != nil {
		h.Log.ErrorContext(ctx, "action failed", append(attributes, "error", err)...)
		return nil, err
	}
	h.Log.InfoContext(ctx, "action done", attributes...)
	return answer, nil
}

func (h *Handler) answer(ctx context.Context, e event) (any, error) {
	switch e.Action {
	case "status":
		filter, err := e.filter()
		if err != nil {
			return nil, err
		}
		return h.Operator.Page(ctx, filter, cursor(e.After))
	case "refresh":
		return h.refresh(ctx, e)
	case "get":
		return h.get(ctx, e)
	case "invite":
		return h.invite(ctx, e)
	case "remove":
		id, err := e.named()
		if err != nil {
			return nil, err
		}
		return h.Operator.Remove(ctx, id)
	case "doctor":
		return h.Operator.Examine(ctx), nil
	default:
		return nil, fmt.Errorf("the event asks for an unknown action %q: invite, status, refresh, get, remove and doctor are known", invocation.Shown(e.Action))
	}
}

// refreshAnswer is the answer to refresh, in the order of the event.
type refreshAnswer struct {
	Tokens []Refreshed `json:"tokens"`
}

func (h *Handler) refresh(ctx context.Context, e event) (any, error) {
	ids, err := e.ids()
	if err != nil {
		return nil, err
	}
	return refreshAnswer{h.Operator.Refresh(ctx, ids, e.Force)}, nil
}

func (h *Handler) invite(ctx context.Context, e event) (any, error) {
	id, err := e.invited()
	if err != nil {
		return nil, err
	}
	validFor, err := e.validFor()
	if err != nil {
		return nil, err
	}
	invitation, err := h.Operator.Invite(ctx, id, e.ReturnTo, validFor)
	if err != nil {
		return nil, err
	}
	h.Log.InfoContext(ctx, "invite made", "token", id.String(), "expires_at", invitation.ExpiresAt)
	return invitation, nil
}

// get hands out a token: it is asked for by name, and only in a stack that
// allows it.
func (h *Handler) get(ctx context.Context, e event) (any, error) {
	id, err := e.named()
	if err != nil {
		return nil, err
	}
	if !h.AllowGet {
		return nil, refuse(serve.NotAllowed, "this stack hands out no token here (ALLOW_GET)")
	}
	t, err := h.Operator.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	h.Log.WarnContext(ctx, "token handed out", "token", id.String())
	return serve.AnswerOf(t), nil
}
