package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// getCommand is `tokens get`.
type getCommand struct {
	Token string `arg:"" help:"Id of the token, such as pos or pos/DK12345678."`
	operatorFlags
}

// Help implements kong's detailed help.
func (*getCommand) Help() string {
	return `Only a stack that allows it (its parameter OperatorMayGet) answers. Standard
output has the token alone:

  curl -H "Authorization: Bearer $(tokens get pos/DK12345678 --stack prod)" …`
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

// Run prints the token: it is what the person asked for.
func (c *getCommand) Run(ctx context.Context, con console) error {
	var got serve.Answer
	if err := c.ask(ctx, con, map[string]any{"action": "get", "token": c.Token}, &got); err != nil {
		return err
	}
	if got.AccessToken == "" || strings.ContainsFunc(got.AccessToken, unlikely) {
		return errors.New("what came is no access token: it is empty, or holds characters that none has")
	}
	if isTerminal(con.out) {
		con.note("the access token appears on this screen: who reads it can use it until it expires")
	}
	return con.answer(got, func(w io.Writer) { fmt.Fprintln(w, got.AccessToken) })
}

// unlikely is what no access token and no URL holds: it could not be sent in a
// header (RFC 6750 section 2.1), and must not reach a terminal.
func unlikely(r rune) bool { return r <= ' ' || r > '~' }
