package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"token-refresher/internal/app"
	"token-refresher/internal/importer"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// importConcurrency is how many grants are under way at the same time: enough
// for the write rate, few enough that a kill leaves little open.
const importConcurrency = 16

// importCommand is `tokens import`.
type importCommand struct {
	File    string `arg:"" help:"File of grants, or - for standard input."`
	Client  string `placeholder:"NAME" help:"Client of grants that name none."`
	DryRun  bool   `help:"Say what would be done, and do nothing."`
	Replace bool   `help:"Replace grants that are there, unless that could end a live one."`
	Yes     bool   `help:"Do not ask first."`
	Verbose bool   `help:"Print a line for each grant, on a terminal too."`
	secretsFlags
}

// Help implements kong's detailed help.
func (*importCommand) Help() string {
	return `The file is CSV with a head, or JSON: objects in a list or one after the other. Columns and
fields: client, merchant, refresh_token (needed, as is merchant), code_verifier, scope,
subject, issuer, consented_at (as in 2026-11-21T12:00:00Z). All of it is checked first; what
is wrong is told by line.

It writes with your own rights at AWS, each grant once, at SECRET_WRITES_PER_SECOND. It may be
killed at any time and run again: what is done is done, and a grant that the functions have
renewed since is left alone.

A grant that is there stays. --replace writes over it, but not
- if the functions renew it, unless the file says that it was given later (consented_at): an
  older one-time refresh token is spent, and the live one would be lost;
- if the file's is the one that the secret held before;
- if the secret was written within SECRET_WRITE_INTERVAL.
A secret that is scheduled for deletion it restores.

Stop the old system before: a one-time refresh token that two systems use is lost.

  tokens import grants.csv --client subscriptions --dry-run
  tokens import grants.csv --client subscriptions`
}

// Validate implements kong's check of a command's flags.
func (c *importCommand) Validate() error {
	if c.Client != "" {
		if err := (token.ID{Client: c.Client}).Check(); err != nil {
			return fmt.Errorf("--client: %w", err)
		}
	}
	return c.check()
}

// Run reads, says what it would do, asks, and does it.
func (c *importCommand) Run(ctx context.Context, con console) error {
	if !c.Yes && !c.DryRun && (c.File == "-" || !isTerminal(con.in)) {
		return usageError{"there is no terminal to ask at: --dry-run says what would be done, --yes does it"}
	}
	rows, err := c.read(con)
	if err != nil {
		return err
	}
	store, config, err := c.open(ctx, con)
	if err != nil {
		return err
	}
	if err := checkClients(ctx, store, config, con, rows); err != nil {
		return err
	}
	work, err := importer.New(importer.Config{
		Store: store, Replace: c.Replace, WriteInterval: config.SecretWriteInterval, Concurrency: importConcurrency,
	})
	if err != nil {
		return err
	}
	steps, err := work.Plan(ctx, rows)
	if err != nil {
		return err
	}
	log := importLog{console: con, verbose: c.Verbose}
	if c.DryRun {
		return log.dryRun(steps)
	}
	if err := c.confirm(ctx, con, steps); err != nil {
		return err
	}
	return log.run(ctx, work, steps)
}

func (c *importCommand) read(con console) ([]importer.Row, error) {
	from := con.in
	if c.File != "-" {
		file, err := openFile(c.File)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	rows, err := importer.Read(from, c.Client)
	if err != nil {
		return nil, fmt.Errorf("%s holds what cannot be imported; nothing was written:\n%w", c.File, err)
	}
	return rows, nil
}

// confirm shows what would be done and asks for it.
func (c *importCommand) confirm(ctx context.Context, con console, steps []importer.Step) error {
	if c.Yes {
		return nil
	}
	fmt.Fprintln(con.err, summary(steps, "would be "))
	typed, err := con.ask(ctx, "Do it? [y/N] ")
	if err != nil {
		return err
	}
	if typed != "y" && typed != "yes" {
		return errors.New("nothing was imported")
	}
	return nil
}

// checkClients holds the rows against the credentials of their clients. A client
// without credentials is told of: it may be about to come.
func checkClients(ctx context.Context, store *secretstore.Store, config app.Config, con console, rows []importer.Row) error {
	byClient := map[string][]importer.Row{}
	for _, row := range rows {
		byClient[row.Grant.ID.Client] = append(byClient[row.Grant.ID.Client], row)
	}
	var faults []error
	for name, rows := range byClient {
		there, err := present(ctx, store, name)
		switch {
		case errors.Is(err, secretstore.ErrDenied):
			con.note("whether grants of %s will be renewed cannot be seen from here: %v", name, err)
			continue
		case err != nil:
			return err
		case !there.readable:
			con.note("nothing renews grants of %s yet: it has no credentials (tokens client put %s)", name, name)
			continue
		}
		p, err := checkProvider(there.credentials, config, console{process: process{err: io.Discard, lookup: con.lookup}})
		switch {
		case err != nil:
			con.note("nothing renews grants of %s yet: %v", name, err)
			continue
		case p.GrantType != token.GrantTypeAuthorizationCode:
			faults = append(faults, fmt.Errorf("%s is a client of %s: it has no grants", name, p.GrantType))
			continue
		}
		for _, row := range rows {
			if err := p.CheckMerchant(row.Grant.ID.Merchant); err != nil && len(faults) < maxShownLines {
				faults = append(faults, fmt.Errorf("line %d: the merchant %w", row.Line, err))
			}
		}
	}
	return errors.Join(faults...)
}
