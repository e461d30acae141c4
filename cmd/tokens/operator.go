package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// output is where a command's answer goes, and how it is written.
type output struct {
	w    io.Writer
	json bool
}

// write prints an answer: as JSON, or as text does.
func (o output) write(answer any, text func(io.Writer)) error {
	if o.json {
		return json.NewEncoder(o.w).Encode(answer)
	}
	text(o.w)
	return nil
}

// getCommand is `tokens get`.
type getCommand struct {
	Token string `arg:"" help:"Id of the token, such as pos or pos/DK12345678."`
	operatorFlags
}

// Validate implements kong's check of a command's flags. A missing token is for
// kong to say.
func (c *getCommand) Validate() error {
	if c.Token == "" {
		return nil
	}
	if _, err := token.ParseID(c.Token); err != nil {
		return err
	}
	return c.check()
}

// gotToken is the access-token JSON of docs/contract.md.
type gotToken struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	Scope       string    `json:"scope,omitempty"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	Client      string    `json:"client"`
	Merchant    string    `json:"merchant,omitempty"`
}

// Run prints the token: it is what the person asked for.
func (c *getCommand) Run(ctx context.Context, out output) error {
	var got gotToken
	if err := c.ask(ctx, map[string]any{"action": "get", "token": c.Token}, &got); err != nil {
		return err
	}
	return out.write(got, func(w io.Writer) { fmt.Fprintln(w, got.AccessToken) })
}

// refreshCommand is `tokens refresh`.
type refreshCommand struct {
	Tokens []string `arg:"" help:"Ids of the tokens to renew now, such as pos/DK12345678."`
	Force  bool     `help:"Publish at once instead of after the write interval; eight times in 24 hours for a grant."`
	operatorFlags
}

// Validate implements kong's check of a command's flags.
func (c *refreshCommand) Validate() error {
	if len(c.Tokens) == 0 {
		return nil // for kong to say
	}
	for _, text := range c.Tokens {
		if _, err := token.ParseID(text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return c.check()
}

// Run renews, prints what became of each, and fails if one did.
func (c *refreshCommand) Run(ctx context.Context, out output) error {
	var answer struct {
		Tokens []operate.Refreshed `json:"tokens"`
	}
	if err := c.ask(ctx, map[string]any{"action": "refresh", "tokens": c.Tokens, "force": c.Force}, &answer); err != nil {
		return err
	}
	err := out.write(answer, func(w io.Writer) {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, one := range answer.Tokens {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", one.ID, one.Outcome, clock(one.ExpiresAt), one.Error)
		}
		_ = table.Flush() // whoever read it is gone
	})
	for _, one := range answer.Tokens {
		if one.Outcome == operate.Failed && err == nil {
			err = errors.New("not all were renewed")
		}
	}
	return err
}

// statusCommand is `tokens status`.
type statusCommand struct {
	Token string `arg:"" optional:"" help:"A client, or one token such as pos/DK12345678; all if none is named."`
	operatorFlags
}

// Validate implements kong's check of a command's flags.
func (c *statusCommand) Validate() error {
	if c.Token != "" {
		if _, err := token.ParseID(c.Token); err != nil {
			return err
		}
	}
	return c.check()
}

// Run prints how the tokens are doing.
func (c *statusCommand) Run(ctx context.Context, out output) error {
	id, _ := token.ParseID(c.Token) // checked by Validate
	var status operate.Status
	event := map[string]any{"action": "status", "client": id.Client, "merchant": id.Merchant}
	if err := c.ask(ctx, event, &status); err != nil {
		return err
	}
	return out.write(status, func(w io.Writer) { printStatus(w, status) })
}

func printStatus(w io.Writer, status operate.Status) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tSTATE\tEXPIRES\tDUE\tREVISION\tPUBLISHED\tPROBLEM")
	for _, client := range status.Clients {
		if client.Problem != "" {
			fmt.Fprintf(table, "%s\tclient\t-\t-\t-\t-\t%s\n", client.Name, client.Problem)
		}
		for _, t := range client.Tokens {
			problem := t.Problem
			if t.Reason != "" {
				problem = t.Reason + " since " + clock(t.Since)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.State, clock(t.ExpiresAt), clock(t.DueAt),
				number(t.Revision), number(t.PublishedRevision), problem)
		}
	}
	_ = table.Flush() // whoever read it is gone
}

// clock writes a time, or a dash for none.
func clock(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format(time.RFC3339)
}

// number writes a number, or a dash for none.
func number(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
