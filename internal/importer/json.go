package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
		var object json.RawMessage
		if from.Decode(&object) != nil {
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

// object makes a row of an object of strings. It is read name by name: of two
// values of one name a decoder takes the last in silence, and which of two
// refresh tokens is meant is not for this program to guess.
func (r *reader) object(line int, object []byte) {
	from := json.NewDecoder(bytes.NewReader(object))
	if start, _ := from.Token(); start != json.Delim('{') {
		r.fault(line, "not a JSON object")
		return
	}
	field := map[string]string{}
	for from.More() {
		name, _ := from.Token()
		known := slices.Index(fields(), fmt.Sprint(name))
		if known < 0 {
			r.fault(line, "has a field that is not one of %s", strings.Join(fields(), ", "))
			return
		}
		key := fields()[known]
		if _, twice := field[key]; twice {
			r.fault(line, "has %s twice", key)
			return
		}
		var text string
		if from.Decode(&text) != nil { // null leaves it empty
			r.fault(line, "%s is not a string", key)
			return
		}
		field[key] = strings.TrimSpace(text)
	}
	r.add(line, field)
}

// next is where the value after an offset begins.
func next(text []byte, offset int) int {
	skipped := bytes.TrimLeft(text[offset:], " \t\r\n,")
	return len(text) - len(skipped)
}
