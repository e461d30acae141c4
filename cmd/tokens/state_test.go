package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRegistrationsOutliveARun(t *testing.T) {
	t.Parallel()
	s, err := openState(filepath.Join(t.TempDir(), "new", "state"), false)
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.registrations()
	if err != nil {
		t.Fatal(err)
	}
	first.URL = "http://localhost:9400"
	if err := s.keep(first); err != nil {
		t.Fatal(err)
	}
	again, err := s.registrations()
	if err != nil {
		t.Fatal(err)
	}
	if again.URL != first.URL || len(again.Clients) != len(seededClients()) {
		t.Errorf("after a restart: got %d clients at %q", len(again.Clients), again.URL)
	}
	for name, r := range first.Clients {
		if again.Clients[name].ClientID != r.ClientID || !again.Clients[name].Secret.Equal(r.Secret) {
			t.Errorf("the registration of %s changed from one run to the next", name)
		}
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if s, err = openState(s.dir, true); err != nil {
		t.Fatal(err)
	}
	defer s.close()
	anew, err := s.registrations()
	if err != nil {
		t.Fatal(err)
	}
	if anew.Clients["pos"].Secret.Equal(first.Clients["pos"].Secret) || anew.URL != "" {
		t.Error("after a reset the client secret is still the old one")
	}
}

func TestStateIsItsOwnersOnly(t *testing.T) {
	t.Parallel()
	s, err := openState(filepath.Join(t.TempDir(), "state"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.registrations(); err != nil {
		t.Fatal(err)
	}
	log, err := s.openLog(functionLogFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{s.dir, s.path(providerFile), s.path(functionLogFile)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if open := info.Mode().Perm() & 0o077; open != 0 {
			t.Errorf("%s: got mode %s, want nothing for others", path, info.Mode())
		}
	}
}

func TestResetRemovesNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{secretsFile, journalFile, consentsFile, providerFile, "thesis.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openState(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 2 || left[0].Name() != lockFile || left[1].Name() != "thesis.txt" {
		t.Errorf("after a reset: got %v, want thesis.txt and the lock alone", left)
	}
}

func TestStateIsOneSandboxes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := openState(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	known, err := first.registrations()
	if err != nil {
		t.Fatal(err)
	}
	for _, reset := range []bool{false, true} {
		if _, err := openState(dir, reset); err == nil || !strings.Contains(err.Error(), "choose another folder with --state") {
			t.Errorf("a second one (reset: %v): got %v, want it to name --state", reset, err)
		}
	}
	again, err := first.registrations()
	if err != nil || !again.Clients["pos"].Secret.Equal(known.Clients["pos"].Secret) {
		t.Errorf("the first one's clients are gone (%v)", err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	second, err := openState(dir, false)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := second.close(); err != nil {
		t.Error(err)
	}
}

func TestLogsOfTheLastRunAreKept(t *testing.T) {
	t.Parallel()
	s := state{dir: t.TempDir()}
	for _, run := range []string{"first", "second", "third"} {
		log, err := s.openLog(sandboxLogFile)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.WriteString(run); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{sandboxLogFile: "third", sandboxLogFile + ".1": "second"} {
		got, err := os.ReadFile(s.path(file))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q (%v), want %q", file, got, err, want)
		}
	}
}
