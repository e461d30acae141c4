package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// actionSweep is the one action: look at every token, renew what is due.
const actionSweep = "sweep"

// showable is a word that can be repeated in an error: too short and too plain
// to be somebody's secret in the wrong place.
var showable = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,19}$`)

// checkEvent reports why payload is not the event `{"action":"sweep"}`, or nil.
// A field that is not known is refused rather than ignored: whoever sent it
// expects something of it.
func checkEvent(payload []byte) error {
	var fields map[string]json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(payload))
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return errors.New(`the event is not a JSON object such as {"action":"sweep"}`)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the event is followed by something else")
	}
	for name := range fields {
		if name != "action" {
			return fmt.Errorf("the event has an unknown field%s: only action is known", shown(name))
		}
	}
	var action string
	raw, ok := fields["action"]
	if !ok {
		return errors.New(`the event names no action: only "sweep" is known`)
	}
	if err := json.Unmarshal(raw, &action); err != nil {
		return errors.New(`the event's action is not a string: only "sweep" is known`)
	}
	if action != actionSweep {
		return fmt.Errorf(`the event asks for an unknown action%s: only "sweep" is known`, shown(action))
	}
	return nil
}

// shown is a word to repeat in an error, or nothing.
func shown(word string) string {
	if !showable.MatchString(word) {
		return ""
	}
	return fmt.Sprintf(" %q", word)
}
