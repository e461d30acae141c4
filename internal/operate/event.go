package operate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"token-refresher/internal/token"
)

// maxTokens is how many tokens one event may name.
const maxTokens = 1000

// event is what is asked for (docs/contract.md).
type event struct {
	Action   string   `json:"action"`
	Client   string   `json:"client"`    // status, invite
	Merchant string   `json:"merchant"`  // status, invite
	ReturnTo string   `json:"return_to"` // invite
	ValidFor string   `json:"valid_for"` // invite
	Tokens   []string `json:"tokens"`    // refresh
	Force    bool     `json:"force"`     // refresh
	Token    string   `json:"token"`     // get, remove
}

// showable is a word that can be repeated in an error: too short and too plain
// to be somebody's secret in the wrong place.
var showable = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,19}$`)

// parseEvent reads an event. A field that is not known is refused rather than
// ignored: whoever sent it expects something of it. An error shows no value.
func parseEvent(payload []byte) (event, error) {
	var fields map[string]json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(payload))
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return event{}, errors.New(`the event is not a JSON object such as {"action":"status"}`)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return event{}, errors.New("the event is followed by something else")
	}
	var e event
	targets := map[string]any{
		"action": &e.Action, "client": &e.Client, "merchant": &e.Merchant, "return_to": &e.ReturnTo,
		"valid_for": &e.ValidFor, "tokens": &e.Tokens, "force": &e.Force, "token": &e.Token,
	}
	for name, raw := range fields {
		target, known := targets[name]
		if !known {
			return event{}, fmt.Errorf("the event has an unknown field%s", shown(name))
		}
		if json.Unmarshal(raw, target) != nil {
			return event{}, fmt.Errorf("the event's field %s is of another type", name)
		}
	}
	if e.Action == "" {
		return event{}, errors.New("the event names no action")
	}
	return e, nil
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

// shown is a word to repeat in an error, or nothing.
func shown(word string) string {
	if !showable.MatchString(word) {
		return ""
	}
	return fmt.Sprintf(" %q", word)
}
