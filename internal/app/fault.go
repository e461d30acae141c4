package app

import (
	"maps"
	"slices"
	"strings"
)

// ConfigError is everything that is wrong with a configuration, one fault for
// each. A fault names its environment variable and shows no value but numbers
// and durations that were read as such.
type ConfigError struct{ Faults []string }

// Error implements error.
func (e *ConfigError) Error() string { return "configuration: " + strings.Join(e.Faults, "; ") }

// faults is what is wrong, by variable: what was found first hides what only
// follows from it.
type faults map[string]string

func (f faults) add(name, problem string) {
	if _, known := f[name]; !known {
		f[name] = problem
	}
}

// err returns a *ConfigError, or nil if there are no faults.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	list := make([]string, 0, len(f))
	for _, name := range slices.Sorted(maps.Keys(f)) {
		list = append(list, name+": "+f[name])
	}
	return &ConfigError{Faults: list}
}
