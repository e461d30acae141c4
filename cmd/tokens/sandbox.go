package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"token-refresher/internal/loopback"
)

// sandboxCommand is `tokens sandbox`.
type sandboxCommand struct {
	Speed     int    `default:"30" placeholder:"N" help:"How many times faster than real time tokens age and sweeps run, 1 to 600 (default: ${default})."`
	State     string `default:".sandbox" type:"path" placeholder:"DIR" help:"Folder that keeps secrets and logs from one run to the next (default: ${default})."`
	Reset     bool   `help:"Forget what earlier runs left in the state folder."`
	Functions string `type:"path" placeholder:"DIR" help:"Folder with the built functions (default: the folder of this program)."`
	AWS       string `name:"aws" default:"127.0.0.1:4566" placeholder:"ADDR" help:"Where AWS's services listen (default: ${default})."`
	Provider  string `default:"localhost:9400" placeholder:"ADDR" help:"Where the authorization server listens (default: ${default})."`
	Page      string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where merchants' pages and the status page listen (default: ${default})."`
}

// Validate implements kong's check of a command's flags.
func (c *sandboxCommand) Validate() error {
	if c.Speed < 1 || c.Speed > 600 {
		return errors.New("--speed: must be a whole number from 1 to 600")
	}
	for _, address := range []struct{ flag, value string }{
		{"--aws", c.AWS}, {"--provider", c.Provider}, {"--page", c.Page},
	} {
		if err := checkAddress(address.value); err != nil {
			return fmt.Errorf("%s: %w", address.flag, err)
		}
	}
	return nil
}

// checkAddress holds the sandbox on this machine: its Secrets Manager asks
// nobody who they are, and its provider speaks plain http.
func checkAddress(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("must be host:port, such as 127.0.0.1:8080")
	}
	if !loopback.Is(host) {
		return errors.New("must be an address of this machine only, such as 127.0.0.1 or localhost")
	}
	return nil
}

// Run starts the sandbox and keeps it running until ctx ends.
func (c *sandboxCommand) Run(ctx context.Context, out printer) (err error) {
	s, err := openSandbox(ctx, *c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	out.started(s.facts())
	return s.run(ctx, out)
}
