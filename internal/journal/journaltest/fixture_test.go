package journaltest_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/token"
)

// The contract compares what was stored with what is read, so it says nothing of
// a field that the fixture leaves empty. A field that is new in token.Entry is
// missed here first: fill it in Full, and see that the codec keeps it.
func TestFixtureIsFull(t *testing.T) {
	t.Parallel()
	journalsOwn := []string{".WriteID", ".Schema", ".Sealed", ".Blob", ".Attempt.WriteID", ".Attempt.Over"}
	e := journaltest.Full(token.ID{Client: "pos", Merchant: "DK12345678"})
	for _, path := range empty(reflect.ValueOf(e), "") {
		if !slices.Contains(journalsOwn, path) {
			t.Errorf("the fixture leaves %s empty", path)
		}
	}
	bare := empty(reflect.ValueOf(token.Entry{Put: token.Put{Number: 1}}), "")
	if !slices.Contains(bare, ".Put.Version") || !slices.Contains(bare, ".DueAt") || slices.Contains(bare, ".Put.Number") {
		t.Errorf("empty fields are not found: %v", bare)
	}
}

// empty returns the paths of all fields that are zero, also in what is nested.
func empty(v reflect.Value, path string) (paths []string) {
	switch v.Interface().(type) {
	case time.Time, token.Secret:
		if v.IsZero() {
			return []string{path}
		}
		return nil
	}
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return empty(v.Elem(), path)
	case v.Kind() == reflect.Slice && v.Len() > 0:
		return empty(v.Index(0), path)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			paths = append(paths, empty(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
		return paths
	case v.IsZero():
		return []string{path}
	}
	return nil
}
