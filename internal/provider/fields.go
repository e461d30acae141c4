package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// fieldPattern is what a field's name may look like to be shown in an error.
var fieldPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,39}$`)

// faults collects what is wrong, so that all of it is told at once.
type faults []string

func (f *faults) add(field, problem string) { *f = append(*f, field+" "+problem) }

func (f *faults) err() error {
	if len(*f) == 0 {
		return nil
	}
	return errors.New(strings.Join(*f, "; "))
}

// object takes the fields out of a JSON object one by one. A field that is null
// is absent. What is left at the end is unknown.
type object struct {
	fields map[string]json.RawMessage
	faults
}

// newObject splits a JSON object. encoding/json's own errors may quote the
// input, so none of them is passed on.
func newObject(raw []byte) (*object, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return nil, errors.New("provider is neither the name of a preset nor a JSON object")
	}
	return &object{fields: fields}, nil
}

// read decodes a field into target and reports whether it was there and fit.
func (o *object) read(field, expected string, target any) bool {
	raw, ok := o.fields[field]
	delete(o.fields, field)
	if !ok || string(raw) == "null" {
		return false
	}
	if json.Unmarshal(raw, target) != nil {
		o.add(field, "is not "+expected)
		return false
	}
	return true
}

func (o *object) text(field string) string {
	var text string
	o.read(field, "a string", &text)
	return text
}

func (o *object) choice(field, fallback string, allowed ...string) string {
	var text string
	if !o.read(field, "a string", &text) {
		return fallback
	}
	if !slices.Contains(allowed, text) {
		o.add(field, "must be one of "+strings.Join(allowed, ", "))
	}
	return text
}

func (o *object) flag(field string, fallback bool) bool {
	flag := fallback
	o.read(field, "true or false", &flag)
	return flag
}

func (o *object) list(field string) []string {
	var list []string
	o.read(field, "a list of strings", &list)
	return list
}

func (o *object) table(field string) map[string]string {
	var table map[string]string
	o.read(field, "an object of strings", &table)
	return table
}

// duration reads "10s", or a number of seconds as OAuth writes lifetimes.
func (o *object) duration(field string, fallback, limit time.Duration) time.Duration {
	var raw json.RawMessage
	if !o.read(field, "", &raw) {
		return fallback
	}
	duration, ok := parseDuration(raw)
	switch {
	case !ok:
		o.add(field, `is neither a duration such as "10s" nor a number of seconds`)
	case duration <= 0:
		o.add(field, "must be more than zero")
	case duration > limit:
		o.add(field, fmt.Sprintf("must be %s at most", limit))
	}
	return duration
}

func parseDuration(raw json.RawMessage) (time.Duration, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		duration, err := time.ParseDuration(text)
		return duration, err == nil
	}
	var seconds float64
	if json.Unmarshal(raw, &seconds) != nil || math.Abs(seconds) > math.MaxInt32 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

func (o *object) rate(field string) float64 {
	var rate float64
	if o.read(field, "a number", &rate) && rate <= 0 {
		o.add(field, "must be more than zero; leave it out for no limit")
	}
	return rate
}

// unknown reports every field that nobody took.
func (o *object) unknown() {
	for _, field := range slices.Sorted(maps.Keys(o.fields)) {
		if !fieldPattern.MatchString(field) {
			field = "a field with an unusual name"
		}
		o.add(field, "is not a field of a provider object")
	}
}
