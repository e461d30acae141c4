package main

import (
	"cmp"
	"context"
	"errors"

	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// status asks how tokens are doing: all, those of a client, or one. Of more than
// one answer has room for, the parts are asked for one after the other.
func (f *operatorFlags) status(ctx context.Context, con console, id token.ID) (operate.Status, error) {
	var whole operate.Status
	event := map[string]any{"action": "status", "client": id.Client, "merchant": id.Merchant}
	for {
		var part operate.Status
		if err := f.ask(ctx, con, event, &part); err != nil {
			return operate.Status{}, err
		}
		whole.Clients = joined(whole.Clients, part.Clients)
		switch part.Next {
		case "":
			return whole, nil
		case event["after"]:
			return operate.Status{}, errors.New("the function's answer goes on where it began: its version and this one do not fit")
		}
		event["after"] = part.Next
	}
}

// joined puts what a part has of a client behind what the parts before it have.
func joined(clients, further []operate.Client) []operate.Client {
	if len(clients) > 0 && len(further) > 0 {
		if last := &clients[len(clients)-1]; last.Name == further[0].Name {
			last.Tokens = append(last.Tokens, further[0].Tokens...)
			last.Problem = cmp.Or(last.Problem, further[0].Problem) // a later token may have shown it
			further = further[1:]
		}
	}
	return append(clients, further...)
}
