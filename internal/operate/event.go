package operate

import (
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/invocation"
	"token-refresher/internal/token"
)

// maxTokens is how many tokens one event may name.
const maxTokens = 1000

// event is what is asked for (docs/contract.md).
type event struct {
	Action   string
	Client   string   // status, invite
	Merchant string   // status, invite
	After    string   // status
	ReturnTo string   // invite
	ValidFor string   // invite
	Tokens   []string // refresh
	Force    bool     // refresh
	Token    string   // get, remove
}

// parseEvent reads an event. An error shows no value.
func parseEvent(payload []byte) (e event, err error) {
	e.Action, err = invocation.Read(payload, map[string]any{
		"client": &e.Client, "merchant": &e.Merchant, "after": &e.After, "return_to": &e.ReturnTo,
		"valid_for": &e.ValidFor, "tokens": &e.Tokens, "force": &e.Force, "token": &e.Token,
	})
	return e, err
}

// filter is what a status is asked of.
func (e event) filter() (token.ID, error) {
	id := token.ID{Client: e.Client, Merchant: e.Merchant}
	if id == (token.ID{}) {
		return id, nil
	}
	return id, id.Check()
}

// invited is who is asked to consent.
func (e event) invited() (token.ID, error) {
	id := token.ID{Client: e.Client, Merchant: e.Merchant}
	if id.Merchant == "" {
		return id, errors.New("the event names no merchant")
	}
	return id, id.Check()
}

// validFor is how long an invite is to be good for.
func (e event) validFor() (time.Duration, error) {
	if e.ValidFor == "" {
		return DefaultValidFor, nil
	}
	d, err := time.ParseDuration(e.ValidFor)
	if err != nil {
		return 0, errValidFor // its own error repeats the text
	}
	return d, nil
}

// named is the token that a get or a removal is about.
func (e event) named() (token.ID, error) {
	id, err := token.ParseID(e.Token)
	if err != nil {
		return token.ID{}, fmt.Errorf("token: %w", err)
	}
	return id, nil
}

// ids are the tokens that a refresh names, each once.
func (e event) ids() ([]token.ID, error) {
	if len(e.Tokens) == 0 || len(e.Tokens) > maxTokens {
		return nil, fmt.Errorf("tokens: name 1 to %d", maxTokens)
	}
	seen := map[token.ID]bool{}
	var ids []token.ID
	for i, text := range e.Tokens {
		id, err := token.ParseID(text)
		if err != nil {
			return nil, fmt.Errorf("tokens[%d]: %w", i, err)
		}
		if !seen[id] {
			ids = append(ids, id)
		}
		seen[id] = true
	}
	return ids, nil
}
