package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"token-refresher/internal/sandbox/lock"
	"token-refresher/internal/token"
)

// state is the folder that outlives a run. Secrets lie in it in clear, as
// everything in a sandbox does: only its owner may read it.
type state struct {
	dir  string
	lock *lock.Lock
}

// Files of the folder.
const (
	lockFile        = "sandbox.lock"
	secretsFile     = "secrets.db"
	journalFile     = "journal.db"
	consentsFile    = "consents.db"
	providerFile    = "provider.json"
	functionLogFile = "functions.log"
	sandboxLogFile  = "sandbox.log"
)

func (s state) path(file string) string { return filepath.Join(s.dir, file) }

// openState makes the folder and takes it, until close, before it or anybody
// else changes anything in it. It is refused while another sandbox has it.
func openState(dir string, reset bool) (s state, err error) {
	s.dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, fmt.Errorf("make the state folder: %w", err)
	}
	s.lock, err = lock.Take(s.path(lockFile))
	if errors.Is(err, lock.ErrHeld) {
		return s, fmt.Errorf("another sandbox runs in %s: stop it, or choose another folder with --state", dir)
	}
	if err != nil {
		return s, fmt.Errorf("take the state folder: %w", err)
	}
	if reset {
		err = s.reset()
	}
	if err != nil {
		err = errors.Join(err, s.close())
	}
	return s, err
}

func (s state) close() error { return s.lock.Close() }

// reset removes the files that an earlier run left, and no others: the folder
// may be somebody's.
func (s state) reset() error {
	for _, file := range []string{secretsFile, journalFile, consentsFile, providerFile} {
		if err := os.Remove(s.path(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reset the state folder: %w", err)
		}
	}
	return nil
}

// openLog begins a log; the last run's is kept beside it, with ".1".
func (s state) openLog(file string) (*os.File, error) {
	path := s.path(file)
	if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keep the last run's log: %w", err)
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // a file of the state folder that the person chose
	if err != nil {
		return nil, fmt.Errorf("begin a log: %w", err)
	}
	return log, nil
}

// registration is what the sandbox's provider knows of one client.
type registration struct {
	ClientID string
	Secret   token.Secret
}

// registrations are the provider's clients, by our names, and where they were
// last told to find it. They are the provider's own: what a person makes of a
// credentials secret does not change them.
type registrations struct {
	Clients map[string]registration
	URL     string // base URL of the provider; empty if nobody was told yet
}

// storedRegistrations is the file's layout.
type storedRegistrations struct {
	URL     string                        `json:"url,omitempty"`
	Clients map[string]storedRegistration `json:"clients"`
}

type storedRegistration struct {
	ClientID string `json:"client_id"`
	Secret   string `json:"client_secret"`
}

// registrations reads the provider's file, and makes up what it lacks.
func (s state) registrations() (registrations, error) {
	stored, err := s.readRegistrations()
	if err != nil {
		return registrations{}, err
	}
	known := registrations{Clients: map[string]registration{}, URL: stored.URL}
	for name, one := range stored.Clients {
		known.Clients[name] = registration{ClientID: one.ClientID, Secret: token.NewSecret(one.Secret)}
	}
	for _, client := range seededClients() {
		if _, found := known.Clients[client.name]; !found {
			known.Clients[client.name] = registration{ClientID: "sandbox-" + client.name, Secret: token.NewSecret(rand.Text())}
		}
	}
	return known, s.keep(known)
}

func (s state) readRegistrations() (stored storedRegistrations, err error) {
	data, err := os.ReadFile(s.path(providerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return stored, nil
	}
	if err != nil {
		return stored, fmt.Errorf("read the provider's clients: %w", err)
	}
	sound := json.Unmarshal(data, &stored) == nil && len(stored.Clients) > 0
	for _, one := range stored.Clients {
		sound = sound && one.ClientID != "" && one.Secret != ""
	}
	if !sound {
		return stored, fmt.Errorf("%s is not what the sandbox wrote: begin anew with --reset", s.path(providerFile))
	}
	return stored, nil
}

// keep writes the provider's file, in one step: a kill leaves the old one or
// the new one.
func (s state) keep(known registrations) error {
	stored := storedRegistrations{URL: known.URL, Clients: map[string]storedRegistration{}}
	for name, one := range known.Clients {
		stored.Clients[name] = storedRegistration{ClientID: one.ClientID, Secret: one.Secret.Reveal()}
	}
	data, err := json.Marshal(stored)
	if err != nil {
		return fmt.Errorf("keep the provider's clients: %w", err)
	}
	draft := s.path(providerFile + ".new")
	if err := os.WriteFile(draft, data, 0o600); err != nil {
		return fmt.Errorf("keep the provider's clients: %w", err)
	}
	if err := os.Rename(draft, s.path(providerFile)); err != nil {
		return fmt.Errorf("keep the provider's clients: %w", err)
	}
	return nil
}
