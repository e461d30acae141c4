package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tokens runs the built command line against the sandbox. An error says what it
// printed.
func (s *running) tokens(args ...string) (stdout string, err error) {
	s.t.Helper()
	return s.tokensIn(nil, args...)
}

// bareEnvironment is that of a user who has set nothing for AWS, for this
// program or for the width of a terminal.
func bareEnvironment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(),
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
	}
}

// tokensIn is tokens with more of an environment.
func (s *running) tokensIn(environment []string, args ...string) (stdout string, err error) {
	s.t.Helper()
	dir, err := built()
	if err != nil {
		s.t.Fatal(err)
	}
	command := exec.CommandContext(s.t.Context(), filepath.Join(dir, "tokens"), args...)
	command.Env = append(bareEnvironment(), "AWS_ENDPOINT_URL="+s.facts.AWS, "AWS_REGION="+region,
		"AWS_ACCESS_KEY_ID=sandbox", "AWS_SECRET_ACCESS_KEY=sandbox")
	command.Env = append(command.Env, environment...)
	var stderr strings.Builder
	command.Stderr = &stderr
	text, err := command.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, &stderr)
	}
	return string(text), err
}

// until runs a command until it prints what is wanted: lists lag, and sweeps
// come when they come.
func (s *running) until(want string, args ...string) {
	s.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		stdout, err := s.tokens(args...)
		if err == nil && strings.Contains(stdout, want) {
			return
		}
		select {
		case <-again.C:
		case <-deadline.C:
			s.t.Fatalf("tokens %q: got %q (%v), want %q", args, stdout, err, want)
		}
	}
}

// inFile writes a file for a command to read.
func inFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// What the commands write, the shipped functions work with: a client is stored
// and its token got, a grant is imported and taken into the journal.
func TestCommandsAgainstTheSandbox(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "--provider=localhost:0", "--speed=100")
	value, _ := s.secret("mobilepay/pos/credentials")
	var pos struct {
		Provider     json.RawMessage `json:"provider"`
		ClientID     string          `json:"client_id"`
		ClientSecret string          `json:"client_secret"`
	}
	if err := json.Unmarshal([]byte(value), &pos); err != nil {
		t.Fatal(err)
	}
	put := []string{"client", "put", "shop", "--provider-file", inFile(t, string(pos.Provider)), "--client-id", pos.ClientID, "--check", "--secret-file"}
	if out, err := s.tokens(append(put, inFile(t, "wrong"))...); err == nil {
		t.Errorf("a wrong secret is stored: %q", out)
	}
	if out, err := s.tokens(append(put, inFile(t, pos.ClientSecret))...); err != nil || !strings.Contains(out, "checked: the provider gave the token shop") || !strings.HasSuffix(out, "shop: created\n") {
		t.Errorf("client put: got %q (%v), want checked and created", out, err)
	}
	s.until("fresh", "status", "shop", "--function", operatorFunction)
	s.until("shop  ", "client", "list", "--function", operatorFunction)

	grants := inFile(t, "merchant,refresh_token\nDK99999999,nobody-knows-this\n")
	if out, err := s.tokens("import", grants, "--client", longClient, "--yes"); err != nil || !strings.Contains(out, longClient+"/DK99999999: created") {
		t.Errorf("import: got %q (%v), want created", out, err)
	}
	// The provider refuses it: that is known once the journal has it.
	s.until(longClient+"/DK99999999", "status", longClient, "--trouble", "--function", operatorFunction)
	if out, err := s.tokens("import", grants, "--client", longClient, "--yes"); err != nil || !strings.Contains(out, "1 there already") {
		t.Errorf("import again: got %q (%v), want that it exists", out, err)
	}

	out, err := s.tokens("remove", longClient+"/DK99999999", "--yes", "--function", operatorFunction)
	if err != nil || !strings.HasPrefix(out, longClient+"/DK99999999: removed, ") {
		t.Errorf("remove: got %q (%v), want removed", out, err)
	}
	s.until(longClient+"/DK99999999", "status", longClient, "--state", "removed", "--function", operatorFunction)
	out, err = s.tokens("invite", longClient+"/DK55555555", "--function", operatorFunction)
	if err != nil || !strings.HasPrefix(out, s.facts.Page+"/consent?invite=") {
		t.Errorf("invite: got an answer that begins with %.60q (%v), want a link to %s/consent", out, err, s.facts.Page)
	}
	if out, _ := s.tokens("--json", "doctor", "--function", operatorFunction); !strings.Contains(out, `"state":"ok"`) {
		t.Errorf("doctor: got %q, want checks, some of which are ok", out)
	}
}

// Without a function the command line does the same itself, by the environment
// that the functions have.
func TestCommandsWithoutAFunction(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "--provider=localhost:0", "--speed=100")
	functions := append(environment(pace(100), s.facts.AWS, "localhost"), "JOURNAL_TABLE="+journalTable)
	s.until("pos  ", "status", "pos", "--state", "fresh", "--function", operatorFunction)
	s.until(longClient+"/DK12345678  ", "status", longClient, "--state", "fresh,held", "--function", operatorFunction)

	for _, args := range [][]string{{"status"}, {"status", longClient}, {"client", "list"}} {
		here, err := s.tokensIn(functions, args...)
		there, thereErr := s.tokens(append(args, "--function", operatorFunction)...)
		if names := firstWords(there); err != nil || thereErr != nil || firstWords(here) != names {
			t.Errorf("tokens %q: got %q (%v), want the names that the function tells (%v): %q", args, here, err, thereErr, names)
		}
	}
	if out, err := s.tokensIn(functions, "refresh", "--force", longClient+"/DK12345678"); err != nil || !strings.Contains(out, "renewed") {
		t.Errorf("refresh: got %q (%v), want renewed", out, err)
	}
	if out, err := s.tokensIn(functions, "get", "pos"); err == nil || !strings.Contains(err.Error(), "not_allowed") || out != "" {
		t.Errorf("get: got %q (%v), want not_allowed", out, err)
	}
	_, err := s.tokensIn(append(functions, "SWEEP_INTERVAL=x", "SECRET_PREFIX=/"), "status")
	if err == nil || !strings.Contains(err.Error(), "SECRET_PREFIX: must be") || !strings.Contains(err.Error(), "SWEEP_INTERVAL: must be") {
		t.Errorf("a faulty environment: got %v, want both faults", err)
	}
}

// firstWords are the first words of lines, sorted.
func firstWords(text string) string {
	var words []string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 && !strings.HasPrefix(line, " ") {
			words = append(words, fields[0])
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}
