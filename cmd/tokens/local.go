package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"token-refresher/internal/app"
	"token-refresher/internal/operate"
)

// respond answers an event in this process, by the environment that the operator
// function has and with the operator's own rights at AWS. What the function
// would log is nobody's here: the answer says what went wrong.
func (c console) respond(ctx context.Context, payload []byte) ([]byte, error) {
	built, err := app.Start(ctx, app.Function{
		Lookup: c.lookup, Output: io.Discard, Required: []string{"JOURNAL_TABLE"}, Build: buildHandler,
	})
	if err != nil {
		return nil, err
	}
	handler, ok := built.(*operate.Handler)
	if !ok {
		return nil, errors.New("start: another handler was built")
	}
	answer, err := handler.Handle(ctx, payload)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return text, nil
}

// buildHandler is what the operator function builds.
func buildHandler(a *app.App) (any, error) {
	operator, err := a.Operator()
	if err != nil {
		return nil, err
	}
	return operate.NewHandler(operate.HandlerConfig{Operator: operator, AllowGet: a.Config.AllowGet, Log: a.Log})
}
