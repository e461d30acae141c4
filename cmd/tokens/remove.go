package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"token-refresher/internal/operate"
)

// removeCommand is `tokens remove`.
type removeCommand struct {
	Token string `arg:"" help:"Client and merchant, such as subscriptions/DK12345678."`
	Yes   bool   `help:"Do not ask first."`
	operatorFlags
}

// Help implements kong's detailed help.
func (*removeCommand) Help() string {
	return `The grant is revoked at the provider and its secrets are deleted, with a recovery window.
Only a new consent of the merchant brings it back. What cannot be done at once, the next
sweep does.

  tokens remove subscriptions/DK12345678 --stack prod`
}

// Validate implements kong's check of a command's flags.
func (c *removeCommand) Validate() error {
	if c.Token == "" {
		return nil // for kong to say
	}
	if err := checkMerchantID(c.Token); err != nil {
		return err
	}
	return c.check()
}

// Run asks, removes, and says what was done and what is left to the next sweep.
func (c *removeCommand) Run(ctx context.Context, con console) error {
	if err := c.confirm(ctx, con); err != nil {
		return err
	}
	var answer operate.Removed
	if err := c.ask(ctx, con, map[string]any{"action": "remove", "token": c.Token}, &answer); err != nil {
		return err
	}
	if !answer.Removed {
		return errStrange
	}
	return con.answer(answer, func(w io.Writer) {
		fmt.Fprintf(w, "%s: removed, %s, %s\n", printable(c.Token),
			step(answer.Revoked, "revoked at the provider", "not revoked yet"), step(answer.Deleted, "its secrets are deleted", "its secrets are not deleted yet"))
		if answer.Message != "" {
			fmt.Fprintln(w, printable(answer.Message))
		}
	})
}

func step(done bool, yes, no string) string {
	if done {
		return yes
	}
	return no
}

// confirm has the person type the id: removing cannot be taken back.
func (c *removeCommand) confirm(ctx context.Context, con console) error {
	if c.Yes {
		return nil
	}
	if !isTerminal(con.in) {
		return usageError{"there is no terminal to ask at: --yes removes without asking"}
	}
	typed, err := con.ask(ctx, fmt.Sprintf("The merchant has to consent again to undo this. Type %s to remove it: ", c.Token))
	if err != nil {
		return err
	}
	if typed != c.Token {
		return errors.New("nothing was removed")
	}
	return nil
}
