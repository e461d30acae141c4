// Package invocation reads the JSON object that a function is invoked with, where
// whoever wrote it expects something of every field: the action that it names and
// what else belongs to that.
//
// It owns how such an object is read and what of it may be repeated. What an
// action means is for the function.
package invocation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// Read returns the action that the event names, and puts its other fields into
// what fields points to. A field that is not known, in exactly these letters, is
// refused rather than ignored. An error shows no value.
func Read(payload []byte, fields map[string]any) (action string, err error) {
	var found map[string]json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(payload))
	if err := decoder.Decode(&found); err != nil || found == nil {
		return "", errors.New(`the event is not a JSON object such as {"action":"…"}`)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("the event is followed by something else")
	}
	for name, value := range found {
		target, known := fields[name]
		if name == "action" {
			target, known = &action, true
		}
		if !known {
			return "", fmt.Errorf("the event has an unknown field %q", Shown(name))
		}
		if json.Unmarshal(value, target) != nil { // its own error may repeat the value
			return "", fmt.Errorf("the event's field %s is of another type", name)
		}
	}
	if action == "" {
		return "", errors.New("the event names no action")
	}
	return action, nil
}

// showable is a word that can be repeated: too short and too plain to be
// somebody's secret in the wrong place.
var showable = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,19}$`)

// Shown is a word of an event as an error or a log line may repeat it.
func Shown(word string) string {
	if !showable.MatchString(word) {
		return "(not shown)"
	}
	return word
}
