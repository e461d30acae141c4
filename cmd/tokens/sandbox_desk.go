package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/lambda"
	"token-refresher/internal/statuspage"
)

// desk does what the status page's buttons say.
type desk struct {
	invoke   func(ctx context.Context, function string, event []byte) (lambda.Result, error)
	provider *authserver.Server
	clients  map[string]registration // the provider's
}

// invite asks the operator function for a link, as `tokens invite` does.
func (d desk) invite(ctx context.Context, client, merchant string) (link string, err error) {
	event, err := json.Marshal(map[string]string{"action": "invite", "client": client, "merchant": merchant})
	if err != nil {
		return "", fmt.Errorf("encode the event: %w", err)
	}
	result, err := d.invoke(ctx, operatorFunction, event)
	if err != nil {
		return "", err
	}
	if result.FunctionError != "" {
		return "", errors.New(failure(result))
	}
	var answer struct{ URL, Error, Message string }
	if err := json.Unmarshal(result.Payload, &answer); err != nil {
		return "", errors.New("the function's answer is no link")
	}
	if answer.Error != "" {
		return "", &statuspage.Refusal{Reason: answer.Message}
	}
	return answer.URL, nil
}

// revoke takes a consent back at the provider, as a merchant does there.
func (d desk) revoke(_ context.Context, client, merchant string) error {
	clientID := d.clients[client].ClientID
	if _, live := d.provider.Live(clientID, merchant); !live {
		return &statuspage.Refusal{Reason: "the provider has no consent of this merchant to this client"}
	}
	return d.provider.RevokeConsent(clientID, merchant)
}
