// Package tokentest holds what the tests of several packages share about times
// that are kept. It owns nothing that is shipped.
package tokentest

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// module is the prefix of the packages whose values are looked into.
const module = "token-refresher/internal/"

// hasMonotonic is the bit of time.Time's first field that says that it holds a
// reading of the monotonic clock.
const hasMonotonic = 1 << 63

// Monotonic names the times within a value, however deep, that hold a reading of
// the monotonic clock. Lambda freezes an instance between two invocations, and
// that clock with it: of a time that is kept only the wall clock is true.
func Monotonic(of any) []string {
	w := walk{seen: map[uintptr]bool{}}
	w.value("", reflect.ValueOf(of))
	return w.found
}

type walk struct {
	seen  map[uintptr]bool
	found []string
}

func (w *walk) value(path string, v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // others hold no times
	case reflect.Pointer:
		if !v.IsNil() && !w.seen[v.Pointer()] {
			w.seen[v.Pointer()] = true
			w.value(path, v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			w.value(path, v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.value(path, v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			w.value(path, v.MapIndex(key))
		}
	case reflect.Struct:
		w.fields(path, v)
	}
}

func (w *walk) fields(path string, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		if v.Field(0).Uint()&hasMonotonic != 0 {
			w.found = append(w.found, path)
		}
		return
	}
	if name := v.Type().PkgPath(); !strings.HasPrefix(name, module) || strings.HasSuffix(name, "_test") {
		return
	}
	for i := range v.NumField() {
		w.value(fmt.Sprintf("%s/%s.%s", path, v.Type().Name(), v.Type().Field(i).Name), v.Field(i))
	}
}
