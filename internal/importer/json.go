package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// json reads objects, one after the other or in a list.
func (r *reader) json(text []byte) {
	from := json.NewDecoder(bytes.NewReader(text))
	line := lines{text: text}
	list := bytes.TrimSpace(text)[0] == '['
	if list {
		_, _ = from.Token() // the bracket
	}
	for from.More() {
		at := line.at(next(text, int(from.InputOffset())))
		var object map[string]json.RawMessage
		err := from.Decode(&object)
		if _, other := errors.AsType[*json.UnmarshalTypeError](err); other {
			r.fault(at, "not a JSON object")
			continue
		}
		if err != nil {
			r.fault(at, "not valid JSON")
			return
		}
		r.object(at, object)
	}
	if list {
		if _, err := from.Token(); err != nil {
			r.fault(line.at(len(text)), "the list does not end")
			return
		}
	}
	if _, err := from.Token(); !errors.Is(err, io.EOF) {
		r.fault(line.at(next(text, int(from.InputOffset()))), "something follows that is not a grant")
	}
}

// object makes a row of an object of strings.
func (r *reader) object(line int, object map[string]json.RawMessage) {
	field := make(map[string]string, len(object))
	for name, raw := range object {
		var text string
		switch {
		case !slices.Contains(fields(), name):
			r.fault(line, "has a field that is not one of %s", strings.Join(fields(), ", "))
			return
		case json.Unmarshal(raw, &text) != nil: // null leaves it empty
			r.fault(line, "%s is not a string", name)
			return
		}
		field[name] = strings.TrimSpace(text)
	}
	r.add(line, field)
}

// next is where the value after an offset begins.
func next(text []byte, offset int) int {
	skipped := bytes.TrimLeft(text[offset:], " \t\r\n,")
	return len(text) - len(skipped)
}
