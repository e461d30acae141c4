package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
)

// consoleIn is a console of nobody's terminal, in an environment.
func consoleIn(environment map[string]string) (console, *bytes.Buffer) {
	var told bytes.Buffer
	lookup := func(name string) (string, bool) { value, ok := environment[name]; return value, ok }
	return console{process: process{in: strings.NewReader(""), out: io.Discard, err: &told, lookup: lookup}, color: "auto"}, &told
}

func TestWidthOfAPipe(t *testing.T) {
	t.Parallel()
	for columns, want := range map[string]int{"": 80, "160": 160, "20": minWidth, "100000": maxWidth, "-1": 80, "wide": 80} {
		con, _ := consoleIn(map[string]string{"COLUMNS": columns})
		if got := con.width(); got != want {
			t.Errorf("COLUMNS=%s: width %d, want %d", columns, got, want)
		}
	}
}

func TestColorsOfAPipe(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]bool{"auto": false, "always": true, "never": false} {
		con, _ := consoleIn(map[string]string{"NO_COLOR": "1"})
		con.color = mode
		if got := con.colored(); got != want {
			t.Errorf("--color %s: %v, want %v", mode, got, want)
		}
	}
}

// A question ends with the signal that ends the program, although the read of
// its answer does not.
func TestQuestionEnds(t *testing.T) {
	t.Parallel()
	con, told := consoleIn(nil)
	never, _ := io.Pipe()
	con.in = never
	ctx, end := context.WithCancel(t.Context())
	end()
	if _, err := con.ask(ctx, "Do it? "); err == nil || err.Error() != "interrupted" {
		t.Errorf("ask: %v, want interrupted", err)
	}
	if got := told.String(); got != "Do it? \n" {
		t.Errorf("asked %q", got)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"yes\n": "yes", " yes \r\n": "yes", "yes": "yes", "\n": ""} {
		con, _ := consoleIn(nil)
		con.in = strings.NewReader(typed)
		if got, err := con.ask(t.Context(), "? "); err != nil || got != want {
			t.Errorf("typed %q: got %q (%v), want %q", typed, got, err, want)
		}
	}
	con, _ := consoleIn(nil)
	if _, err := con.ask(t.Context(), "? "); !errors.Is(err, io.EOF) {
		t.Errorf("no answer: %v, want io.EOF", err)
	}
	if _, err := con.askSecret(t.Context(), "? "); err == nil {
		t.Error("a secret is asked for where there is no terminal")
	}
}

// failing is a standard output that takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// An answer that did not get out is no success; one whose reader has gone, as
// with head, is none of our business.
func TestAnswerThatDoesNotGetOut(t *testing.T) {
	t.Parallel()
	for _, asJSON := range []bool{false, true} {
		for _, fault := range []error{nil, syscall.ENOSPC, syscall.EPIPE} {
			con, _ := consoleIn(nil)
			con.json, con.out = asJSON, failing{fault}
			want := fault
			if errors.Is(fault, syscall.EPIPE) {
				want = nil
			}
			if err := con.answer("a", func(w io.Writer) { _, _ = io.WriteString(w, "a") }); !errors.Is(err, want) {
				t.Errorf("--json %v, output fails with %v: %v, want %v", asJSON, fault, err, want)
			}
		}
	}
}
