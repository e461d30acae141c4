package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"token-refresher/internal/app"
)

// respond answers an event in this process, by the environment that the operator
// function has and with the operator's own rights at AWS. What the function
// would log is nobody's here: the answer says what went wrong.
func (c console) respond(ctx context.Context, payload []byte) ([]byte, error) {
	handler, err := app.OpenOperator(ctx, c.lookup, io.Discard)
	if err != nil {
		return nil, err
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
