package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

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
func (c *refreshCommand) Run(ctx context.Context, con console) error {
	var answer struct {
		Tokens []operate.Refreshed `json:"tokens"`
	}
	if err := c.ask(ctx, con, map[string]any{"action": "refresh", "tokens": c.Tokens, "force": c.Force}, &answer); err != nil {
		return err
	}
	if len(answer.Tokens) == 0 {
		return errStrange
	}
	err := con.answer(answer, func(w io.Writer) {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, one := range answer.Tokens {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", printable(one.ID), printable(string(one.Outcome)), clock(one.ExpiresAt), printable(one.Error))
		}
		_ = table.Flush() // it writes to memory
	})
	for _, one := range answer.Tokens {
		if one.Outcome == operate.Failed && err == nil {
			err = errors.New("not all were renewed")
		}
	}
	return err
}

// clock writes a time, or a dash for none.
func clock(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format(time.RFC3339)
}
