package invocation_test

import (
	"strings"
	"testing"

	"token-refresher/internal/invocation"
)

// read reads an event that may name tokens and be forced.
func read(payload string) (action string, tokens []string, force bool, err error) {
	action, err = invocation.Read([]byte(payload), map[string]any{"tokens": &tokens, "force": &force})
	return action, tokens, force, err
}

func TestRead(t *testing.T) {
	t.Parallel()
	action, tokens, force, err := read(`{"tokens":["pos"],"action":"refresh","force":true}` + "\n")
	if err != nil || action != "refresh" || strings.Join(tokens, " ") != "pos" || !force {
		t.Errorf("Read: got %q of %q, force %v (%v), want refresh of pos, by force", action, tokens, force, err)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.c2ln"
	tests := []struct{ name, payload, want string }{
		{"nothing", ``, "not a JSON object"},
		{"null", `null`, "not a JSON object"},
		{"a list", `[{"action":"status"}]`, "not a JSON object"},
		{"a string", `"` + secret + `"`, "not a JSON object"},
		{"no JSON", secret, "not a JSON object"},
		{"two events", `{"action":"status"}{"action":"get"}`, "followed by something else"},
		{"something behind it", `{"action":"status"}` + secret, "followed by something else"},
		{"no action", `{"force":true}`, "names no action"},
		{"an empty action", `{"action":""}`, "names no action"},
		{"null for an action", `{"action":null}`, "names no action"},
		{"a number for an action", `{"action":1}`, "field action is of another type"},
		{"a field of another type", `{"action":"refresh","force":"` + secret + `"}`, "field force is of another type"},
		{"a list of others", `{"action":"refresh","tokens":["` + secret + `",1]}`, "field tokens is of another type"},
		{"an unknown field", `{"action":"status","all":true}`, `unknown field "all"`},
		{"an unknown field that may be a secret", `{"action":"status","` + secret + `":1}`, `unknown field "(not shown)"`},
		{"a field in other letters", `{"action":"status","Force":true}`, `unknown field "Force"`},
		{"the action in other letters", `{"Action":"status"}`, `unknown field "Action"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			action, _, _, err := read(test.payload)
			if err == nil || !strings.Contains(err.Error(), test.want) || action != "" {
				t.Fatalf("Read: got %q and error %v, want an error with %q", action, err, test.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("Read: the error %q shows a value", err)
			}
		})
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"sweep": "sweep", "valid_for": "valid_for", "detail-type": "detail-type", "Sweep": "Sweep", strings.Repeat("a", 20): strings.Repeat("a", 20),
		"": "(not shown)", "s3cr3t": "(not shown)", "two words": "(not shown)", "sweep\n": "(not shown)", strings.Repeat("a", 21): "(not shown)",
	} {
		if got := invocation.Shown(word); got != want {
			t.Errorf("Shown(%q): got %q, want %q", word, got, want)
		}
	}
}
