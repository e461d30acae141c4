package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strings"
	"sync"
	"time"

	"token-refresher/internal/statuspage"
)

// facts are what a person who just started the sandbox wants to know.
type facts struct {
	Speed       int    `json:"speed"`
	AWS         string `json:"aws"`
	Provider    string `json:"provider"`
	Page        string `json:"page"`
	State       string `json:"state"`
	FunctionLog string `json:"function_log"`
	Read        string `json:"read"`    // a command that reads a token
	Get         string `json:"get"`     // a command that gets one too short-lived for secrets
	Consent     string `json:"consent"` // a link by which a new merchant consents
	Break       string `json:"break"`   // a command that makes the provider fail
}

// printer shows what happens in the sandbox.
type printer interface {
	started(f facts)
	ready()
	swept(sweep statuspage.Sweep) // says nothing of a sweep that did nothing
}

func newPrinter(w io.Writer, asJSON bool) printer {
	if asJSON {
		return &jsonPrinter{encoder: json.NewEncoder(w)}
	}
	return &textPrinter{w: w, told: map[told]string{}}
}

// textPrinter writes for people.
type textPrinter struct {
	mu   sync.Mutex
	w    io.Writer
	told map[told]string // the error that was shown last
}

// told is what an error was shown of: a token, or with none the sweep itself.
type told struct{ function, token string }

func (p *textPrinter) started(f facts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, `The sandbox runs %d times faster than real time.

  status page                %s (and merchants' pages)
  AWS                        %s
  authorization server       %s
  secrets and logs           %s
  log of the functions       %s

Read a token:
  %s

Get one that is too short-lived to be a secret:
  %s

Give consent as a new merchant, in a browser:
  %s

Make the provider fail three times:
  %s

Ctrl-C stops it.

`, f.Speed, f.Page, f.AWS, f.Provider, f.State, f.FunctionLog, f.Read, f.Get, f.Consent, f.Break)
}

func (p *textPrinter) ready() {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.w, "ready")
}

// correlation is the part of an error that differs from one request to the next.
var correlation = regexp.MustCompile(`correlation id [^,)]+`)

// swept shows what changed: an error that stays the same is shown once, until
// something was renewed.
func (p *textPrinter) swept(sweep statuspage.Sweep) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if sweep.Renewed > 0 {
		maps.DeleteFunc(p.told, func(of told, _ string) bool { return of.function == sweep.Function })
	}
	if p.tell(sweep) || sweep.Renewed > 0 {
		fmt.Fprintf(p.w, "%s  %s: %s\n", sweep.At.Local().Format(time.TimeOnly), sweep.Function, describe(sweep))
	}
}

// tell remembers the sweep's errors and reports whether one is new.
func (p *textPrinter) tell(sweep statuspage.Sweep) (news bool) {
	failures := sweep.Failures
	if sweep.Problem != "" {
		failures = []statuspage.Failure{{Error: sweep.Problem}}
	}
	for _, failure := range failures {
		of, problem := told{sweep.Function, failure.Token}, correlation.ReplaceAllString(failure.Error, "")
		news = news || p.told[of] != problem
		p.told[of] = problem
	}
	return news
}

// describe says what a sweep did, in one line and one more for each failure.
func describe(sweep statuspage.Sweep) string {
	if sweep.Problem != "" {
		return "sweep failed: " + sweep.Problem
	}
	lines := []string{strings.Join(tally(sweep), ", ")}
	for _, failure := range sweep.Failures {
		lines = append(lines, failure.Token+": "+failure.Error)
	}
	return strings.Join(lines, "\n          ")
}

// tally counts what a sweep did, leaving out what it did not.
func tally(sweep statuspage.Sweep) []string {
	var parts []string
	for _, part := range []struct {
		count int
		of    string
	}{{sweep.Renewed, "renewed"}, {len(sweep.Failures), "failed"}, {sweep.NotDue, "not due"}} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.of))
		}
	}
	return parts
}

// plainWord is what a shell takes as it is.
var plainWord = regexp.MustCompile(`^[\pL\pN/._+@%:,-]+$`)

// shellWord quotes a word for a shell, where it needs that.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func idle(sweep statuspage.Sweep) bool {
	return sweep.Renewed == 0 && len(sweep.Failures) == 0 && sweep.Problem == ""
}

// jsonPrinter writes for programs, one object a line.
type jsonPrinter struct {
	mu      sync.Mutex
	encoder *json.Encoder
}

func (p *jsonPrinter) print(line any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.encoder.Encode(line) // whoever read it is gone
}

func (p *jsonPrinter) started(f facts) {
	p.print(struct {
		Event string `json:"event"`
		facts
	}{"started", f})
}

func (p *jsonPrinter) ready() {
	p.print(struct {
		Event string `json:"event"`
	}{"ready"})
}

func (p *jsonPrinter) swept(sweep statuspage.Sweep) {
	if idle(sweep) {
		return
	}
	sweep.Failures = append([]statuspage.Failure{}, sweep.Failures...) // a list, empty or not
	p.print(struct {
		Event string `json:"event"`
		statuspage.Sweep
	}{"sweep", sweep})
}
