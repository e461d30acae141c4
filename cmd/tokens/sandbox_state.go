package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"token-refresher/internal/token"
)

// state is the folder that outlives a run. Secrets lie in it in clear, as
// everything in a sandbox does: only its owner may read it.
type state struct{ dir string }

// Files of the folder.
const (
	secretsFile     = "secrets.db"
	providerFile    = "provider.json"
	functionLogFile = "refresh.log"
	sandboxLogFile  = "sandbox.log"
)

func (s state) path(file string) string { return filepath.Join(s.dir, file) }

// openState makes the folder. With reset it removes the files that an earlier
// run left, and no others: the folder may be somebody's.
func openState(dir string, reset bool) (state, error) {
	s := state{dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, fmt.Errorf("make the state folder: %w", err)
	}
	if !reset {
		return s, nil
	}
	for _, file := range []string{secretsFile, providerFile} {
		if err := os.Remove(s.path(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s, fmt.Errorf("reset the state folder: %w", err)
		}
	}
	return s, nil
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

// registration is what the sandbox's provider knows of its client, and where
// the client was last told to find it. It is the provider's own: what a person
// makes of the credentials secret does not change it.
type registration struct {
	ClientID string
	Secret   token.Secret
	URL      string // base URL of the provider; empty if nobody was told yet
}

// storedRegistration is the file's layout.
type storedRegistration struct {
	ClientID string `json:"client_id"`
	Secret   string `json:"client_secret"`
	URL      string `json:"url,omitempty"`
}

// registration reads the provider's file, or makes up a client on first use.
func (s state) registration() (registration, error) {
	data, err := os.ReadFile(s.path(providerFile))
	if errors.Is(err, fs.ErrNotExist) {
		fresh := registration{ClientID: "sandbox-pos", Secret: token.NewSecret(rand.Text())}
		return fresh, s.keep(fresh)
	}
	if err != nil {
		return registration{}, fmt.Errorf("read the provider's client: %w", err)
	}
	var stored storedRegistration
	if json.Unmarshal(data, &stored) != nil || stored.ClientID == "" || stored.Secret == "" {
		return registration{}, fmt.Errorf("%s is not what the sandbox wrote: begin anew with --reset", s.path(providerFile))
	}
	return registration{ClientID: stored.ClientID, Secret: token.NewSecret(stored.Secret), URL: stored.URL}, nil
}

// keep writes the provider's file, in one step: a kill leaves the old one or
// the new one.
func (s state) keep(r registration) error {
	data, err := json.Marshal(storedRegistration{ClientID: r.ClientID, Secret: r.Secret.Reveal(), URL: r.URL})
	if err != nil {
		return fmt.Errorf("keep the provider's client: %w", err)
	}
	draft := s.path(providerFile + ".new")
	if err := os.WriteFile(draft, data, 0o600); err != nil {
		return fmt.Errorf("keep the provider's client: %w", err)
	}
	if err := os.Rename(draft, s.path(providerFile)); err != nil {
		return fmt.Errorf("keep the provider's client: %w", err)
	}
	return nil
}
